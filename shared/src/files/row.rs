//! One row's fields to a declaration: every rule, all problems at once.

use jiff::civil::Date;

use super::column::Column;
use super::depositor::Depositor;
use super::problem::{Problem, RowRule, Severity};
use super::reader::Order;
use crate::domain::academic_year::AcademicYear;
use crate::domain::commune::{CommuneCode, CommuneSource};
use crate::domain::enrolment::Declaration;
use crate::domain::name::is_invisible;
use crate::domain::regime::Regime;
use crate::domain::status::Status;
use crate::domain::uai::Uai;
use crate::identity::digest::Subject;

mod dates;
mod enrolment;
mod person;
mod places;
mod recent;

pub use dates::DateForm;
pub(super) use dates::date_order;
use places::Birthplace;
pub(super) use places::is_only_postal;
use recent::Recent;

/// Longest value of a code or number (`diplome`, `numeroEtudiant`…), in characters. A MEFSTAT11 has
/// 11.
const LONGEST_CODE: usize = 64;

/// The value is wrong, and the row's problems say so already.
#[derive(Debug, Clone, Copy)]
struct Reported;

/// The values of a row, by column, wherever they come from: a line of a file, a cell range, a JSON
/// body.
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
pub enum RowOutcome {
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
        /// What it is about, when that much can be read: a complete file that has a broken row
        /// about an enrolment doesn't mean to cancel it.
        about: Option<Box<Subject<'static>>>,
    },
}

/// Reads a row. Every value is looked at before any is given up on, so that all problems are told
/// at once.
#[must_use]
pub fn read(values: &impl Values, setting: Setting<'_>) -> RowOutcome {
    read_with(values, setting, &mut Memory::none(), Vec::new())
}

/// Reads one row of many of the same setting; `problems` are those that were found while its values
/// were told apart.
pub(super) fn read_with(
    values: &impl Values,
    setting: Setting<'_>,
    memory: &mut Memory,
    problems: Vec<Problem>,
) -> RowOutcome {
    let mut row = Row { values, setting, memory, problems, blank: [false; Column::ALL.len()] };
    row.pass_over_words_for_nothing();
    let who = person::read(&mut row);
    let what = enrolment::read(&mut row);
    person::check_against(&mut row, &who, &what);

    let rejected = row.problems.iter().any(|problem| problem.rule.severity() == Severity::Reject);
    let about = if rejected { about(&who, &what) } else { None };
    let problems = row.problems;
    match (who.declared(), what.declared()) {
        (Some(who), Some(inscription)) if !rejected => {
            let (ine, numero_etudiant, identite) = who;
            let declaration = Box::new(Declaration { ine, numero_etudiant, identite, inscription });
            RowOutcome::Accepted { declaration, warnings: problems }
        }
        _ => RowOutcome::Rejected { problems, about },
    }
}

/// What a rejected row is about: the same as if it had been accepted, or nothing when that is in
/// doubt.
fn about(who: &person::Who, what: &enrolment::What<'_>) -> Option<Box<Subject<'static>>> {
    let diplome = what.diplome.clone().ok()?.map(Into::into);
    let (Ok(establishment), Ok(first_day)) = (what.establishment, what.first_day) else {
        return None;
    };
    let year = AcademicYear::starting_on(first_day);
    Some(Box::new(Subject { uai: establishment.uai, year, student: who.named()?, diplome }))
}

/// What the rows of a file have in common, found out once.
#[derive(Debug)]
pub(super) struct Memory {
    statuses: Recent<Result<Status, RowRule>>,
    regimes: Recent<Result<Regime, RowRule>>,
    /// By the establishment's number and what was written.
    communes: Recent<Result<(CommuneCode, CommuneSource, bool), RowRule>>,
    birthplaces: Recent<Birthplace>,
    uais: Recent<Option<Uai>>,
    dates: [bool; 3],
    /// Whether the file shows that its dates have the day first.
    day_first: bool,
    /// Whether the file gives postal codes for birthplaces.
    postal_birthplaces: bool,
}

impl Memory {
    /// For a file.
    pub(super) fn new() -> Self {
        Self {
            statuses: Recent::new(16),
            regimes: Recent::new(32),
            communes: Recent::new(256),
            birthplaces: Recent::new(4096),
            uais: Recent::new(256),
            dates: [false; 3],
            day_first: false,
            postal_birthplaces: false,
        }
    }

    /// For a single row.
    pub(super) fn none() -> Self {
        Self {
            statuses: Recent::new(0),
            regimes: Recent::new(0),
            communes: Recent::new(0),
            birthplaces: Recent::new(0),
            uais: Recent::new(0),
            dates: [false; 3],
            day_first: false,
            postal_birthplaces: false,
        }
    }

    /// What the first pass over the file found: that its dates show that the day is first, and that
    /// it gives postal codes for birthplaces.
    pub(super) fn follow(&mut self, day_first: bool, postal_birthplaces: bool) {
        self.day_first = day_first;
        self.postal_birthplaces = postal_birthplaces;
    }

    /// The forms of the dates that were read.
    pub(super) fn date_forms(&self) -> impl Iterator<Item = DateForm> {
        let forms = [DateForm::Iso, DateForm::French, DateForm::FrenchHyphens];
        forms.into_iter().filter(|form| self.dates[*form as usize])
    }

    /// Notes that dates of this form were read.
    pub(super) fn saw(&mut self, form: DateForm) {
        self.dates[form as usize] = true;
    }
}

/// A value without what keeps a spreadsheet from taking it for a number: `="01234567"`.
fn unwrapped(text: &str) -> &str {
    text.strip_prefix("=\"").and_then(|text| text.strip_suffix('"')).map_or(text, str::trim)
}

/// Longest word for nothing, in bytes.
const LONGEST_NOTHING: usize = 8;

/// Whether a value says that there is none: `NEANT`, `N/A`, dashes, or what a spreadsheet shows for
/// a failed formula.
fn is_word_for_nothing(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_NOTHING
        && (text.chars().all(|sign| matches!(sign, '-' | '–' | '—' | '/' | '.' | '_'))
            || matches!(
                text,
                "NULL" | "(null)" | "#REF!" | "#VALUE!" | "#NAME?" | "#DIV/0!" | "#NUM!" | "#NULL!"
            )
            || ["N/A", "#N/A", "NEANT", "NÉANT", "Néant", "néant"]
                .iter()
                .any(|word| word.eq_ignore_ascii_case(text)))
}

/// Whether a code is a number as a spreadsheet or a table of numbers writes it, so that its first
/// zeros, or its last digits, may be lost: `1,03E+10`, `2400123.0`.
fn is_spreadsheets_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['E', 'e']) {
        Some((mantissa, exponent)) => match exponent.strip_prefix('+') {
            Some(exponent) => (mantissa, Some(exponent)),
            None => return false,
        },
        None => (text, None),
    };
    let (whole, fraction) = mantissa
        .split_once(['.', ','])
        .map_or((mantissa, None), |(whole, part)| (whole, Some(part)));
    digits(whole)
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
        && (fraction.is_some() || exponent.is_some())
}

/// Whether a text is a date in one of the forms, whatever its hour.
pub(super) fn is_date(text: &str) -> bool {
    text.get(..10).is_some_and(|day| dates::date(day).is_some())
}

struct Row<'a, 's, V> {
    values: &'a V,
    setting: Setting<'s>,
    memory: &'a mut Memory,
    problems: Vec<Problem>,
    /// Columns whose value is a word for nothing.
    blank: [bool; Column::ALL.len()],
}

impl<'a, V: Values> Row<'a, '_, V> {
    fn value(&self, column: Column) -> &'a str {
        if self.blank[column.index()] { "" } else { unwrapped(self.values.value(column)) }
    }

    /// Finds values such as `N/A` where a column may be blank. They would be codes and names like
    /// any other.
    fn pass_over_words_for_nothing(&mut self) {
        for column in Column::ALL {
            let required = Column::REQUIRED.contains(&column) || Column::IDENTITY.contains(&column);
            if !required && is_word_for_nothing(unwrapped(self.values.value(column))) {
                self.blank[column.index()] = true;
                self.note(column, RowRule::ValeurNeant);
            }
        }
    }

    /// Notes that a column breaks a rule, whatever its severity.
    fn note(&mut self, column: Column, rule: RowRule) -> Reported {
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
            "" => Err(self.note(column, RowRule::ValeurManquante)),
            text => parse(text).ok_or_else(|| self.note(column, rule)),
        }
    }

    fn dated<T>(
        &mut self,
        column: Column,
        parse: impl FnOnce(&'a str) -> Option<(T, DateForm)>,
    ) -> Result<T, Reported> {
        let rule = if dates::has_hour(self.value(column)) {
            RowRule::DateAvecHeure
        } else {
            RowRule::DateInvalide
        };
        let (date, form) = self.required(column, rule, parse)?;
        self.memory.saw(form);
        if form != DateForm::Iso
            && !self.memory.day_first
            && date_order(self.value(column)) == Some(Order::Either)
        {
            self.note(column, RowRule::JourAvantMois);
        }
        Ok(date)
    }

    /// The value of a column of codes that the contract lists, without the `.0` that a table of
    /// numbers puts after one: its digits are those that were written.
    fn code_value(&mut self, column: Column) -> &'a str {
        let text = self.value(column);
        let whole = text.strip_suffix(".0").or_else(|| text.strip_suffix(",0"));
        match whole
            .filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        {
            Some(digits) => {
                self.note(column, RowRule::CodeDecimal);
                digits
            }
            None => text,
        }
    }

    fn code(&mut self, column: Column) -> Result<Option<String>, Reported> {
        let text = self.value(column);
        // Excel's sign that a number is to be left as it is written.
        let text = text.strip_prefix('\'').unwrap_or(text);
        let fits = text.len() <= LONGEST_CODE || text.chars().count() <= LONGEST_CODE;
        let rule = if text.is_empty() {
            return Ok(None);
        } else if text.chars().any(is_invisible) {
            RowRule::CaractereInvisible
        } else if !fits {
            RowRule::ValeurInvalide
        } else if is_spreadsheets_number(text) {
            RowRule::NombreDeTableur
        } else {
            return Ok(Some(text.to_owned()));
        };
        Err(self.note(column, rule))
    }
}

#[cfg(test)]
mod tests;
