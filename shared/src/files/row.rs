//! One row's fields to a declaration: every rule, all problems at once.

use jiff::civil::Date;

use super::column::{Column, Header};
use super::problem::{Problem, RowRule};
use super::reader::Depositor;
use crate::domain::birth_date::BirthDate;
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::commune::{CommuneCode, CommuneSource, commune_of_study};
use crate::domain::enrolment::{Declaration, Enrolment};
use crate::domain::establishment::Establishment;
use crate::domain::ine::Ine;
use crate::domain::name::PersonName;
use crate::domain::regime::Regime;
use crate::domain::sex::Sex;
use crate::domain::status::Status;
use crate::domain::uai::Uai;

/// Longest value of a code or number (`diplome`, `numeroEtudiant`…), in characters. A MEFSTAT11 has 11.
const LONGEST_CODE: usize = 64;

/// Reads a row, which has as many fields as the header.
pub(super) fn parse(fields: &[&str], header: &Header, depositor: &Depositor) -> Result<Box<Declaration>, Vec<Problem>> {
    let mut row = Row { fields, header, problems: Vec::new() };

    let identity = identity(&mut row);
    let ine = row.optional(Column::Ine, RowRule::IneInvalide, |text| Ine::parse(text).ok());
    let student_number = row.code(Column::NumeroEtudiant);
    let enrolment = enrolment(&mut row, depositor);

    match (identity, ine, student_number, enrolment) {
        (Some(identite), Some(ine), Some(numero_etudiant), Some(inscription)) if row.problems.is_empty() => {
            Ok(Box::new(Declaration { ine, numero_etudiant, identite, inscription }))
        }
        _ => Err(row.problems),
    }
}

fn identity(row: &mut Row<'_>) -> Option<CivilIdentity> {
    let name = |text: &str| PersonName::parse(text).ok();
    let nom_famille = row.required(Column::NomFamille, RowRule::NomInvalide, name);
    let nom_usage = row.optional(Column::NomUsage, RowRule::NomInvalide, name);
    // Some software writes every given name in the first field, separated by commas (domain.md §9): the first
    // is the one that look-ups compare.
    let given = row.required(Column::Prenom1, RowRule::NomInvalide, |text| {
        text.split(',').filter(|name| !name.trim().is_empty()).map(name).collect::<Option<Vec<_>>>()
    });
    let second = row.optional(Column::Prenom2, RowRule::NomInvalide, name);
    let third = row.optional(Column::Prenom3, RowRule::NomInvalide, name);
    let sexe = row.required(Column::Sexe, RowRule::SexeInvalide, |text| Sex::parse_forgiving(text).ok());
    let date_naissance = row.required(Column::DateNaissance, RowRule::DateInvalide, |text| BirthDate::parse(text).ok());
    let lieu_naissance =
        row.optional(Column::LieuNaissance, RowRule::CommuneInvalide, |text| CommuneCode::parse(text).ok());

    let mut given = given?.into_iter();
    let Some(prenom1) = given.next() else {
        row.reject(Column::Prenom1, RowRule::ValeurManquante);
        return None;
    };
    Some(CivilIdentity {
        nom_famille: nom_famille?,
        nom_usage: nom_usage?,
        prenom1,
        autres_prenoms: given.chain(second?).chain(third?).collect(),
        sexe: sexe?,
        date_naissance: date_naissance?,
        lieu_naissance: lieu_naissance?,
    })
}

fn enrolment(row: &mut Row<'_>, depositor: &Depositor) -> Option<Enrolment> {
    let date_debut = row.required(Column::DateDebutInscription, RowRule::DateInvalide, date);
    let date_fin = row.required(Column::DateFinInscription, RowRule::DateInvalide, date);
    if let (Some(first), Some(last)) = (date_debut, date_fin)
        && last < first
    {
        row.reject(Column::DateFinInscription, RowRule::DatesInversees);
    }
    let software = depositor.establishment();
    let statut = coded(row, Column::Statut, RowRule::StatutInconnu, &software.status_codes, |text| {
        Status::parse_label(text).ok()
    });
    if row.value(Column::Statut).is_empty() {
        row.reject(Column::Statut, RowRule::ValeurManquante);
    }
    let regime = coded(row, Column::Regime, RowRule::RegimeInconnu, &software.regime_codes, |text| {
        Regime::parse_label(text).ok()
    });
    let establishment = establishment(row, depositor);
    let commune = establishment.and_then(|establishment| {
        let given = row.value(Column::CodeCommune);
        let found = commune_of_study(given, establishment.place()).ok();
        if found.is_none() {
            row.reject(Column::CodeCommune, RowRule::CommuneInvalide);
        }
        found.map(|(code, source)| (code, (source == CommuneSource::PostalCode).then(|| given.to_owned())))
    });
    let cursus = row.code(Column::Cursus);
    let diplome = row.code(Column::Diplome);
    let niveau_diplome = row.code(Column::NiveauDiplome);

    let establishment = establishment?;
    let (code_commune, code_commune_brut) = commune?;
    Some(Enrolment {
        date_debut: date_debut?,
        date_fin: date_fin?,
        statut: statut??,
        regime: regime?.unwrap_or(Regime::UNSAID),
        code_commune,
        code_commune_brut,
        uai: establishment.uai,
        nom_etablissement: establishment.name.clone(),
        cursus: cursus?,
        diplome: diplome?,
        niveau_diplome: niveau_diplome?,
    })
}

fn establishment<'a>(row: &mut Row<'_>, depositor: &'a Depositor) -> Option<&'a Establishment> {
    let uai = row.required(Column::Uai, RowRule::UaiInvalide, |text| Uai::parse(text).ok())?;
    let establishment = depositor.may_send_for(uai);
    if establishment.is_none() {
        row.reject(Column::Uai, RowRule::UaiNonAutorise);
    }
    establishment
}

/// A label, or a number of the depositor's software. Numbers differ from one software to another, so without a
/// table they mean nothing (domain.md §2.2). `Some(None)` when blank.
fn coded<T: Copy>(
    row: &mut Row<'_>,
    column: Column,
    unknown: RowRule,
    codes: &std::collections::BTreeMap<String, T>,
    label: impl Fn(&str) -> Option<T>,
) -> Option<Option<T>> {
    let text = row.value(column);
    if text.is_empty() {
        return Some(None);
    }
    if let Some(value) = codes.get(text).copied().or_else(|| label(text)) {
        return Some(Some(value));
    }
    let numeric = text.bytes().all(|byte| byte.is_ascii_digit());
    row.reject(column, if numeric { RowRule::CodeSansTable } else { unknown });
    None
}

/// `AAAA-MM-JJ` and nothing else: jiff alone would also take a time or a basic form.
fn date(text: &str) -> Option<Date> {
    let form = text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    form.then(|| text.parse().ok()).flatten()
}

struct Row<'a> {
    fields: &'a [&'a str],
    header: &'a Header,
    problems: Vec<Problem>,
}

impl<'a> Row<'a> {
    /// The trimmed value; blank when the file has no such column.
    fn value(&self, column: Column) -> &'a str {
        self.header.position(column).and_then(|position| self.fields.get(position)).map_or("", |field| field.trim())
    }

    fn reject(&mut self, column: Column, rule: RowRule) {
        self.problems.push(Problem { column: Some(column), rule });
    }

    fn required<T>(&mut self, column: Column, rule: RowRule, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.value(column);
        if text.is_empty() {
            self.reject(column, RowRule::ValeurManquante);
            return None;
        }
        let value = parse(text);
        if value.is_none() {
            self.reject(column, rule);
        }
        value
    }

    /// `None` when it is wrong, `Some(None)` when it is blank.
    fn optional<T>(
        &mut self,
        column: Column,
        rule: RowRule,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.value(column).is_empty() { Some(None) } else { self.required(column, rule, parse).map(Some) }
    }

    fn code(&mut self, column: Column) -> Option<Option<String>> {
        self.optional(column, RowRule::ValeurInvalide, |text| {
            let fits = text.chars().count() <= LONGEST_CODE && !text.chars().any(char::is_control);
            fits.then(|| text.to_owned())
        })
    }
}
