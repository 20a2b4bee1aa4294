//! One row of a file, before it is written.

use std::borrow::Cow;

use crate::column::Column;
use crate::enrolment::Enrolment;
use crate::fault::Fault;
use crate::person::GeneratedPerson;
use crate::settings::Establishment;

/// A row: a value per column, and how it is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedRow {
    /// Its rank among the file's rows, from 1. Its line depends on the format:
    /// [`crate::Format::line`].
    pub number: u64,
    /// Whom it is about: rows of one person have the same number, and nobody else's.
    pub person: u64,
    /// How it is broken, if it is.
    pub fault: Option<Fault>,
    /// Who it truly is about, whatever the row says.
    pub(crate) truth: Box<GeneratedPerson>,
    values: [Cow<'static, str>; Column::ALL.len()],
}

impl GeneratedRow {
    pub(crate) fn new(number: u64, person: &GeneratedPerson, enrolment: &Enrolment) -> Self {
        let [first, second, third] = &person.given_names;
        // In the order of `Column::ALL`.
        let values = [
            person.ine.clone().into(),
            person.birth.text().into(),
            person.family_name.clone().into(),
            person.usage_name.clone().into(),
            first.clone().into(),
            second.clone().into(),
            third.clone().into(),
            if person.woman { "2" } else { "1" }.into(),
            person.birthplace.clone().into(),
            enrolment.first_day.to_string().into(),
            enrolment.last_day.to_string().into(),
            enrolment.status.clone(),
            enrolment.regime.clone(),
            enrolment.commune.clone().into(),
            enrolment.uai.clone().into(),
            enrolment.cursus.into(),
            enrolment.diploma.clone().into(),
            enrolment.level.into(),
            person.student_number.clone().into(),
        ];
        Self { number, person: person.rank, fault: None, truth: Box::new(person.clone()), values }
    }

    /// What the row says in a column, dates as `YYYY-MM-DD` whatever the file writes; blank for
    /// nothing.
    #[must_use]
    pub fn value(&self, column: Column) -> &str {
        &self.values[column.index()]
    }

    /// Whether it cancels its enrolment, as people type it: in capitals, without its accent.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.value(Column::Statut).to_lowercase().starts_with("annul")
    }

    /// All of its values, in the order of [`Column::ALL`].
    pub fn values(&self) -> impl Iterator<Item = (Column, &str)> {
        Column::ALL.into_iter().zip(self.values.iter().map(AsRef::as_ref))
    }

    /// Breaks the row. Faults of writing only leave their mark: the writer breaks the line.
    pub(crate) fn spoil(&mut self, fault: Fault, establishments: &[Establishment]) {
        self.fault = Some(fault);
        match fault {
            Fault::MissingFamilyName => self.set(Column::NomFamille, ""),
            Fault::MissingGivenName => self.set(Column::Prenom1, ""),
            Fault::FamilyNameWithoutLetter => self.set(Column::NomFamille, "123"),
            Fault::UnknownSex => self.set(Column::Sexe, "3"),
            Fault::ImpossibleBirthDate => self.set(Column::DateNaissance, "2004-02-30"),
            Fault::ShortIne => self.set(Column::Ine, "07057826"),
            Fault::NamedCommune => self.set(Column::CodeCommune, "Paris"),
            Fault::ImpossibleFirstDay => {
                let year = self.value(Column::DateDebutInscription)[..4].to_owned();
                self.set(Column::DateDebutInscription, format!("{year}-09-31"));
            }
            Fault::ReversedDates => {
                let year = self.value(Column::DateDebutInscription)[..4].to_owned();
                self.set(Column::DateFinInscription, format!("{year}-06-30"));
            }
            Fault::UnknownStatus => self.set(Column::Statut, "préinscrit"),
            Fault::UnknownRegime => self.set(Column::Regime, "autofinancement"),
            Fault::UnmappedRegimeCode => self.set(Column::Regime, "97"),
            Fault::WrongUaiLetter => {
                // I is no control letter.
                let digits = self.value(Column::Uai)[..7].to_owned();
                self.set(Column::Uai, format!("{digits}I"));
            }
            Fault::ForeignUai => {
                let foreign = FOREIGN
                    .into_iter()
                    .find(|uai| establishments.iter().all(|ours| ours.uai != *uai));
                self.set(Column::Uai, foreign.unwrap_or_default());
            }
            Fault::ControlCharacter => self.set(Column::Diplome, "2000\u{7}01"),
            Fault::OpenQuotationMark | Fault::ExtraField => {}
        }
    }

    fn set(&mut self, column: Column, value: impl Into<Cow<'static, str>>) {
        self.values[column.index()] = value.into();
    }
}

/// Real establishments, at least one of which is none of a file's unless it has them all.
const FOREIGN: [&str; 4] = ["0313124C", "0332870R", "0691774D", "0731499H"];
