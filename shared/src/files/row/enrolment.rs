//! The enrolment that a row is about.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::places::completed;
use super::{Reported, Row, Values, dates};
use crate::domain::academic_year::AcademicYear;
use crate::domain::commune::{CommuneCode, CommuneSource, commune_of_study};
use crate::domain::enrolment::{Enrolment, Unsaid};
use crate::domain::establishment::Establishment;
use crate::domain::fold::fold;
use crate::domain::regime::Regime;
use crate::domain::status::Status;
use crate::domain::uai::Uai;
use crate::files::column::Column;
use crate::files::problem::RowRule;

/// Longest period of an enrolment. The contract's own sample has 14 months; more than 18 is a slip
/// in the year, and would have someone told a student long after.
const LONGEST_PERIOD_MONTHS: i32 = 18;
/// How far ahead an enrolment may plausibly begin.
const AHEAD_MONTHS: i32 = 18;
/// How long ago it may plausibly have begun: corrections of old years happen.
const BEHIND_MONTHS: i32 = 120;

/// What a row says of the enrolment, value by value.
pub(super) struct What<'s> {
    pub(super) first_day: Result<Date, Reported>,
    pub(super) establishment: Result<&'s Establishment, Reported>,
    pub(super) diplome: Result<Option<String>, Reported>,
    last_day: Result<Date, Reported>,
    status: Result<Status, Reported>,
    /// None where the row leaves it out.
    regime: Result<Option<Regime>, Reported>,
    /// None where the row leaves it out.
    commune: Result<Option<(CommuneCode, Option<String>)>, Reported>,
    cursus: Result<Option<String>, Reported>,
    level: Result<Option<String>, Reported>,
}

impl What<'_> {
    /// The enrolment, if every value is well formed.
    pub(super) fn declared(self) -> Option<Enrolment> {
        let establishment = self.establishment.ok()?;
        let (regime, commune) = (self.regime.ok()?, self.commune.ok()?);
        let non_dit = Unsaid { regime: regime.is_none(), commune: commune.is_none() };
        let (code_commune, code_commune_brut) = commune.unwrap_or((establishment.commune, None));
        Some(Enrolment {
            date_debut: self.first_day.ok()?,
            date_fin: self.last_day.ok()?,
            statut: self.status.ok()?,
            regime: regime.unwrap_or(Regime::UNSAID),
            code_commune,
            code_commune_brut,
            uai: establishment.uai,
            nom_etablissement: establishment.name.clone(),
            cursus: self.cursus.ok()?,
            diplome: self.diplome.ok()?,
            niveau_diplome: self.level.ok()?,
            non_dit,
        })
    }
}

pub(super) fn read<'s, V: Values>(row: &mut Row<'_, 's, V>) -> What<'s> {
    let first_day = row.dated(Column::DateDebutInscription, dates::date);
    let last_day = row.dated(Column::DateFinInscription, dates::date);
    if let (Ok(first), Ok(last)) = (first_day, last_day) {
        check_period(row, first, last);
    }
    let status = status(row);
    let regime = regime(row);
    let establishment = establishment(row);
    let commune = establishment.and_then(|establishment| commune(row, establishment));
    let cursus = row.code(Column::Cursus);
    let diplome = row.code(Column::Diplome);
    let level = row.code(Column::NiveauDiplome);
    What { first_day, establishment, diplome, last_day, status, regime, commune, cursus, level }
}

fn check_period<V: Values>(row: &mut Row<'_, '_, V>, first: Date, last: Date) {
    let year = AcademicYear::starting_on(first);
    if last < first {
        row.note(Column::DateFinInscription, RowRule::DatesInversees);
    } else if months(first, last) > LONGEST_PERIOD_MONTHS {
        row.note(Column::DateFinInscription, RowRule::PeriodeTropLongue);
    } else if last.year() > year.first_year() + 1 {
        row.note(Column::DateFinInscription, RowRule::PeriodeHorsAnnee);
    }
    let today = row.setting.today;
    if row.setting.year.is_some_and(|expected| expected != year) {
        row.note(Column::DateDebutInscription, RowRule::AnneeHorsFichier);
    } else if !(-BEHIND_MONTHS..=AHEAD_MONTHS).contains(&months(today, first)) {
        row.note(Column::DateDebutInscription, RowRule::PeriodeImprobable);
    }
}

/// From the month of one day to that of another.
fn months(from: Date, to: Date) -> i32 {
    i32::from(to.year() - from.year()) * 12 + i32::from(to.month()) - i32::from(from.month())
}

fn status<V: Values>(row: &mut Row<'_, '_, V>) -> Result<Status, Reported> {
    let text = row.code_value(Column::Statut);
    if text.is_empty() {
        return Err(row.note(Column::Statut, RowRule::ValeurManquante));
    }
    let codes = &row.setting.depositor.establishment().status_codes;
    row.memory
        .statuses
        .get(text, || coded(text, codes, RowRule::StatutInconnu, status_label))
        .map_err(|rule| row.note(Column::Statut, rule))
}

fn regime<V: Values>(row: &mut Row<'_, '_, V>) -> Result<Option<Regime>, Reported> {
    let text = row.code_value(Column::Regime);
    if text.is_empty() {
        return Ok(None);
    }
    let codes = &row.setting.depositor.establishment().regime_codes;
    row.memory
        .regimes
        .get(text, || coded(text, codes, RowRule::RegimeInconnu, regime_label))
        .map(Some)
        .map_err(|rule| row.note(Column::Regime, rule))
}

/// A label, or a number of the depositor's software, whichever establishment the row is about.
/// Numbers differ from one software to another, so without a table they mean nothing (domain.md
/// §2.2).
fn coded<T: Copy>(
    text: &str,
    codes: &BTreeMap<String, T>,
    unknown: RowRule,
    label: impl Fn(&str) -> Option<T>,
) -> Result<T, RowRule> {
    codes.get(text).copied().or_else(|| label(text)).ok_or_else(|| {
        let numeric = text.bytes().all(|byte| byte.is_ascii_digit());
        if numeric { RowRule::CodeSansTable } else { unknown }
    })
}

/// `inscrit` and what grammar makes of it: `Inscrite`, `ADMISES`, `annulée`; or a state of Pégase.
fn status_label(text: &str) -> Option<Status> {
    let folded = fold(text);
    // `StatutInscription` of Pégase 1.1.5, in EsupPortail's esup-siscol; what each means here is
    // domain.md §2.3. Its TERMINEE is none: an enrolment that is over was one, or was given up.
    match folded.as_str() {
        "AUTORISEE" | "DEBUTEE" => return Some(Status::Admis),
        "VALIDEE" => return Some(Status::Inscrit),
        _ => {}
    }
    Status::ALL.into_iter().find(|status| {
        let label = fold(status.label());
        folded
            .strip_prefix(label.as_str())
            .is_some_and(|ending| matches!(ending, "" | "E" | "S" | "ES"))
    })
}

fn regime_label(text: &str) -> Option<Regime> {
    Regime::parse_label(text).or_else(|_| Regime::parse_code(&text.to_ascii_uppercase())).ok()
}

fn establishment<'s, V: Values>(row: &mut Row<'_, 's, V>) -> Result<&'s Establishment, Reported> {
    let text = row.value(Column::Uai);
    if text.is_empty() {
        return Err(row.note(Column::Uai, RowRule::ValeurManquante));
    }
    let depositor = row.setting.depositor;
    let uai = row
        .memory
        .uais
        .get(text, || Uai::parse(text).ok())
        .ok_or_else(|| row.note(Column::Uai, RowRule::UaiInvalide))?;
    depositor.may_send_for(uai).ok_or_else(|| row.note(Column::Uai, RowRule::UaiNonAutorise))
}

/// The commune of study, and what the feed wrote when that was a postal code.
fn commune<V: Values>(
    row: &mut Row<'_, '_, V>,
    establishment: &Establishment,
) -> Result<Option<(CommuneCode, Option<String>)>, Reported> {
    let given = row.code_value(Column::CodeCommune);
    if given.is_empty() {
        return Ok(None);
    }
    // The establishment decides what a postal code means.
    let mut key = [0; Uai::LENGTH + 8];
    let (uai, rest) = key.split_at_mut(Uai::LENGTH);
    uai.copy_from_slice(establishment.uai.as_str().as_bytes());
    let found = match rest.get_mut(..given.len()) {
        Some(rest) => {
            rest.copy_from_slice(given.as_bytes());
            let key = std::str::from_utf8(&key[..Uai::LENGTH + given.len()]).unwrap_or_default();
            row.memory.communes.get(key, || find_commune(given, establishment))
        }
        None => Err(RowRule::CommuneInvalide),
    };
    let (code, source, elsewhere) = found.map_err(|rule| row.note(Column::CodeCommune, rule))?;
    let from_post = source == CommuneSource::PostalCode;
    if from_post {
        row.note(Column::CodeCommune, RowRule::CommuneCodePostal);
    } else if code.as_str() != given && given.len() < CommuneCode::LENGTH {
        row.note(Column::CodeCommune, RowRule::ZeroInitialPerdu);
    }
    if elsewhere {
        row.note(Column::CodeCommune, RowRule::CommuneAutreDepartement);
    }
    Ok(Some((code, from_post.then(|| given.to_owned()))))
}

/// The commune, how it was found, and whether it is in another département than the establishment.
fn find_commune(
    given: &str,
    establishment: &Establishment,
) -> Result<(CommuneCode, CommuneSource, bool), RowRule> {
    let (code, source) = match completed(given) {
        Some(code) => (code, CommuneSource::Given),
        None => {
            commune_of_study(given, establishment.place()).map_err(|_| RowRule::CommuneInvalide)?
        }
    };
    let elsewhere = match source {
        // Postal codes and COG codes begin with the same two digits nearly everywhere.
        CommuneSource::PostalCode => given.get(..2) != establishment.postal_code.get(..2),
        CommuneSource::Given | CommuneSource::Unsaid => {
            department(&code) != department(&establishment.commune)
        }
    };
    Ok((code, source, elsewhere))
}

/// `44`, `2A`, `974`.
fn department(code: &CommuneCode) -> &str {
    let code = code.as_str();
    &code[..if code.starts_with("97") || code.starts_with("98") { 3 } else { 2 }]
}
