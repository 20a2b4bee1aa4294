//! One row's fields to a declaration: every rule, all problems at once.

use std::collections::BTreeMap;

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

/// The value is wrong, and the row's problems say so already.
struct Reported;

/// Reads a row, which has as many fields as the header. Every value is looked at before any is given up on, so
/// that all problems are told at once.
pub(super) fn parse(fields: &[&str], header: &Header, depositor: &Depositor) -> Result<Box<Declaration>, Vec<Problem>> {
    let mut row = Row { fields, header, problems: Vec::new() };

    let person = identity(&mut row);
    let ine = row.optional(Column::Ine, RowRule::IneInvalide, |text| Ine::parse(text).ok());
    let student_number = row.code(Column::NumeroEtudiant);
    let enrolment = enrolment(&mut row, depositor);

    match (person, ine, student_number, enrolment) {
        (Ok(identite), Ok(ine), Ok(numero_etudiant), Ok(inscription)) if row.problems.is_empty() => {
            Ok(Box::new(Declaration { ine, numero_etudiant, identite, inscription }))
        }
        _ => Err(row.problems),
    }
}

fn identity(row: &mut Row<'_>) -> Result<CivilIdentity, Reported> {
    let name = |text: &str| PersonName::parse(text).ok();
    let family = row.required(Column::NomFamille, RowRule::NomInvalide, name);
    let usage = row.optional(Column::NomUsage, RowRule::NomInvalide, name);
    // Some software writes every given name in the first field, separated by commas (domain.md §9): the first
    // is the one that look-ups compare.
    let given = row.required(Column::Prenom1, RowRule::NomInvalide, |text| {
        text.split(',').filter(|name| !name.trim().is_empty()).map(name).collect::<Option<Vec<_>>>()
    });
    let second = row.optional(Column::Prenom2, RowRule::NomInvalide, name);
    let third = row.optional(Column::Prenom3, RowRule::NomInvalide, name);
    let sex = row.required(Column::Sexe, RowRule::SexeInvalide, |text| Sex::parse_forgiving(text).ok());
    let birth_date = row.required(Column::DateNaissance, RowRule::DateInvalide, |text| BirthDate::parse(text).ok());
    let birthplace =
        row.optional(Column::LieuNaissance, RowRule::CommuneInvalide, |text| CommuneCode::parse(text).ok());

    let mut given = given?.into_iter();
    let first = given.next().ok_or_else(|| row.reject(Column::Prenom1, RowRule::ValeurManquante))?;
    Ok(CivilIdentity {
        nom_famille: family?,
        nom_usage: usage?,
        prenom1: first,
        autres_prenoms: given.chain(second?).chain(third?).collect(),
        sexe: sex?,
        date_naissance: birth_date?,
        lieu_naissance: birthplace?,
    })
}

fn enrolment(row: &mut Row<'_>, depositor: &Depositor) -> Result<Enrolment, Reported> {
    let first_day = row.required(Column::DateDebutInscription, RowRule::DateInvalide, date);
    let last_day = row.required(Column::DateFinInscription, RowRule::DateInvalide, date);
    if let (Ok(first), Ok(last)) = (&first_day, &last_day)
        && last < first
    {
        row.reject(Column::DateFinInscription, RowRule::DatesInversees);
    }
    // The numbers are those of the depositor's own software, whichever establishment the row is about.
    let Establishment { status_codes, regime_codes, .. } = depositor.establishment();
    let status = row.required(Column::Statut, RowRule::StatutInconnu, Some);
    let status = status.and_then(|text| {
        row.coded(Column::Statut, text, RowRule::StatutInconnu, status_codes, |text| Status::parse_label(text).ok())
    });
    let regime = match row.value(Column::Regime) {
        "" => Ok(Regime::UNSAID),
        text => {
            row.coded(Column::Regime, text, RowRule::RegimeInconnu, regime_codes, |text| Regime::parse_label(text).ok())
        }
    };
    let establishment = establishment(row, depositor);
    let commune = match &establishment {
        Ok(establishment) => commune(row, establishment),
        Err(Reported) => Err(Reported),
    };
    let cursus = row.code(Column::Cursus);
    let diploma = row.code(Column::Diplome);
    let level = row.code(Column::NiveauDiplome);

    let establishment = establishment?;
    let (code_commune, code_commune_brut) = commune?;
    Ok(Enrolment {
        date_debut: first_day?,
        date_fin: last_day?,
        statut: status?,
        regime: regime?,
        code_commune,
        code_commune_brut,
        uai: establishment.uai,
        nom_etablissement: establishment.name.clone(),
        cursus: cursus?,
        diplome: diploma?,
        niveau_diplome: level?,
    })
}

fn establishment<'a>(row: &mut Row<'_>, depositor: &'a Depositor) -> Result<&'a Establishment, Reported> {
    let uai = row.required(Column::Uai, RowRule::UaiInvalide, |text| Uai::parse(text).ok())?;
    depositor.may_send_for(uai).ok_or_else(|| row.reject(Column::Uai, RowRule::UaiNonAutorise))
}

/// The commune of study, and what the feed wrote when that was a postal code.
fn commune(row: &mut Row<'_>, establishment: &Establishment) -> Result<(CommuneCode, Option<String>), Reported> {
    let given = row.value(Column::CodeCommune);
    let (code, source) = commune_of_study(given, establishment.place())
        .map_err(|_| row.reject(Column::CodeCommune, RowRule::CommuneInvalide))?;
    Ok((code, (source == CommuneSource::PostalCode).then(|| given.to_owned())))
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

    fn reject(&mut self, column: Column, rule: RowRule) -> Reported {
        self.problems.push(Problem { column: Some(column), rule });
        Reported
    }

    fn required<T>(
        &mut self,
        column: Column,
        rule: RowRule,
        parse: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, Reported> {
        match self.value(column) {
            "" => Err(self.reject(column, RowRule::ValeurManquante)),
            text => parse(text).ok_or_else(|| self.reject(column, rule)),
        }
    }

    fn optional<T>(
        &mut self,
        column: Column,
        rule: RowRule,
        parse: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<Option<T>, Reported> {
        if self.value(column).is_empty() { Ok(None) } else { self.required(column, rule, parse).map(Some) }
    }

    fn code(&mut self, column: Column) -> Result<Option<String>, Reported> {
        self.optional(column, RowRule::ValeurInvalide, |text| {
            let fits = text.chars().count() <= LONGEST_CODE && !text.chars().any(char::is_control);
            fits.then(|| text.to_owned())
        })
    }

    /// A label, or a number of the depositor's software. Numbers differ from one software to another, so without
    /// a table they mean nothing (domain.md §2.2).
    fn coded<T: Copy>(
        &mut self,
        column: Column,
        text: &str,
        unknown: RowRule,
        codes: &BTreeMap<String, T>,
        label: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Reported> {
        codes.get(text).copied().or_else(|| label(text)).ok_or_else(|| {
            let numeric = text.bytes().all(|byte| byte.is_ascii_digit());
            self.reject(column, if numeric { RowRule::CodeSansTable } else { unknown })
        })
    }
}
