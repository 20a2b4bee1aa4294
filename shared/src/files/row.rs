//! One row's fields to a declaration: every rule, all problems at once.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::column::Column;
use super::problem::{Problem, RowRule};
use super::reader::Depositor;
use crate::domain::academic_year::AcademicYear;
use crate::domain::birth_date::BirthDate;
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::commune::{CommuneCode, CommuneSource, commune_of_study};
use crate::domain::enrolment::{Declaration, Enrolment, Pair, Person};
use crate::domain::establishment::Establishment;
use crate::domain::ine::Ine;
use crate::domain::name::PersonName;
use crate::domain::regime::Regime;
use crate::domain::sex::Sex;
use crate::domain::status::Status;
use crate::domain::uai::Uai;
use crate::identity::digest::Subject;

/// Longest value of a code or number (`diplome`, `numeroEtudiant`…), in characters. A MEFSTAT11 has 11.
const LONGEST_CODE: usize = 64;

/// The value is wrong, and the row's problems say so already.
struct Reported;

/// The values of a row, by column, wherever they come from: a line of a file, a cell range, a JSON body.
pub trait Values {
    /// The value without outer blanks; blank when there is none.
    fn value(&self, column: Column) -> &str;
}

/// What a row is read against.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Who sends it, and for whom.
    pub depositor: &'a Depositor,
    /// The day it is in France, which tells plausible dates from slips.
    pub today: Date,
    /// The only academic year that the rows may be about, for a complete file.
    pub year: Option<AcademicYear>,
}

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It says this; some of it may be odd.
    Accepted {
        /// What it says.
        declaration: Box<Declaration>,
        /// What the establishment should look at.
        warnings: Vec<Problem>,
    },
    /// It breaks a rule.
    Rejected {
        /// All the rules that it breaks, and what else is odd.
        problems: Vec<Problem>,
        /// What it is about, when that much can be read: a complete file that has a broken row about an enrolment
        /// doesn't mean to cancel it.
        about: Option<Box<Subject<'static>>>,
    },
}

/// Reads a row. Every value is looked at before any is given up on, so that all problems are told at once.
pub fn read(values: &impl Values, setting: Setting<'_>) -> Outcome {
    let mut row = Row { values, problems: Vec::new() };

    let person = if names_nobody(values) { pair(&mut row) } else { identity(&mut row).map(Person::Civil) };
    let ine = row.optional(Column::Ine, RowRule::IneInvalide, |text| Ine::parse(text).ok());
    let student_number = row.code(Column::NumeroEtudiant);
    let enrolment = enrolment(&mut row, setting.depositor);

    match (person, ine, student_number, enrolment) {
        (Ok(identite), Ok(ine), Ok(numero_etudiant), Ok(inscription)) if row.problems.is_empty() => {
            let declaration = Box::new(Declaration { ine, numero_etudiant, identite, inscription });
            Outcome::Accepted { declaration, warnings: Vec::new() }
        }
        _ => Outcome::Rejected { problems: row.problems, about: None },
    }
}

/// Whether the INE and the birth date alone name the person, as in the write contract.
fn names_nobody(values: &impl Values) -> bool {
    const NAMES: [Column; 5] =
        [Column::NomFamille, Column::NomUsage, Column::Prenom1, Column::Prenom2, Column::Prenom3];
    !values.value(Column::Ine).is_empty() && NAMES.into_iter().all(|column| values.value(column).is_empty())
}

fn pair<V: Values>(row: &mut Row<'_, V>) -> Result<Person, Reported> {
    let birth = row.required(Column::DateNaissance, RowRule::DateInvalide, |text| BirthDate::parse(text).ok())?;
    Ok(Person::Pair(Pair { date_naissance: birth, registre: None }))
}

fn identity<V: Values>(row: &mut Row<'_, V>) -> Result<CivilIdentity, Reported> {
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

fn enrolment<V: Values>(row: &mut Row<'_, V>, depositor: &Depositor) -> Result<Enrolment, Reported> {
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

fn establishment<'a, V: Values>(row: &mut Row<'_, V>, depositor: &'a Depositor) -> Result<&'a Establishment, Reported> {
    let uai = row.required(Column::Uai, RowRule::UaiInvalide, |text| Uai::parse(text).ok())?;
    depositor.may_send_for(uai).ok_or_else(|| row.reject(Column::Uai, RowRule::UaiNonAutorise))
}

/// The commune of study, and what the feed wrote when that was a postal code.
fn commune<V: Values>(
    row: &mut Row<'_, V>,
    establishment: &Establishment,
) -> Result<(CommuneCode, Option<String>), Reported> {
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

struct Row<'a, V> {
    values: &'a V,
    problems: Vec<Problem>,
}

impl<'a, V: Values> Row<'a, V> {
    fn value(&self, column: Column) -> &'a str {
        self.values.value(column)
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
