//! What a file is made of.

use jiff::civil::Date;

use crate::fault::Fault;

/// Everything that decides a file's rows: the same settings give the same rows.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Two seeds give two populations, whose INEs and student numbers may coincide.
    pub seed: u64,
    /// How many rows, broken ones included, the header left out.
    pub rows: u64,
    /// The day the file is made: enrolments are those of its academic year, ages are counted from
    /// it.
    pub day: Date,
    /// Whose students they are.
    pub establishments: Vec<Establishment>,
    /// How often what happens.
    pub rates: Rates,
    /// How often a row is broken, and how. Shares of all rows.
    pub faults: Vec<(Fault, f64)>,
    /// Write régimes as Apogée numbers them, which an establishment must have registered, instead
    /// of their labels.
    pub regime_codes: bool,
}

/// An establishment, as far as rows tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Establishment {
    /// Its number.
    pub uai: String,
    /// What it teaches.
    pub kind: Kind,
    /// The COG code of its commune; blank to leave the column blank.
    pub commune: String,
    /// Its postal code, which some of its rows give instead; blank for none.
    pub postal_code: String,
}

/// What an establishment teaches, which decides diplomas, ages and how many students it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Licences, masters and doctorates.
    University,
    /// A school: its own diplomas.
    School,
    /// Higher technician certificates and preparatory classes.
    Lycee,
}

/// Shares, from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates {
    /// People whose row has no INE.
    pub without_ine: f64,
    /// People whose establishment gives its own student number.
    pub student_number: f64,
    /// People with a surname in use besides the one at birth.
    pub usage_name: f64,
    /// People born abroad.
    pub born_abroad: f64,
    /// People whose birth date is not known to the day.
    pub partial_birth_date: f64,
    /// People followed by their twin.
    pub twins: f64,
    /// People who have the names and sex of another, unrelated person.
    pub homonyms: f64,
    /// People with a second enrolment.
    pub second_enrolment: f64,
    /// Rows that give the establishment's postal code as the commune.
    pub postal_code: f64,
    /// Labels of status and régime in another case or without accents.
    pub free_spelling: f64,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            without_ine: 0.06,
            student_number: 0.7,
            usage_name: 0.03,
            born_abroad: 0.12,
            partial_birth_date: 0.001,
            twins: 0.002,
            homonyms: 0.002,
            second_enrolment: 0.04,
            postal_code: 0.1,
            free_spelling: 0.2,
        }
    }
}

impl Rates {
    pub(crate) fn all(&self) -> [f64; 10] {
        let Self {
            without_ine,
            student_number,
            usage_name,
            born_abroad,
            partial_birth_date,
            twins,
            homonyms,
            second_enrolment,
            postal_code,
            free_spelling,
        } = *self;
        [
            without_ine,
            student_number,
            usage_name,
            born_abroad,
            partial_birth_date,
            twins,
            homonyms,
            second_enrolment,
            postal_code,
            free_spelling,
        ]
    }
}

impl Settings {
    /// A file without any broken row, at the usual rates.
    #[must_use]
    pub fn new(seed: u64, rows: u64, day: Date, establishments: Vec<Establishment>) -> Self {
        Self {
            seed,
            rows,
            day,
            establishments,
            rates: Rates::default(),
            faults: Vec::new(),
            regime_codes: false,
        }
    }

    /// The same file with a `share` of its rows broken, in every way equally often.
    #[must_use]
    pub fn with_faults(self, share: f64) -> Self {
        #[expect(
            clippy::cast_precision_loss,
            reason = "there are fewer than 2⁵² ways to break a row"
        )]
        let each = share / Fault::ALL.len() as f64;
        Self { faults: Fault::ALL.map(|fault| (fault, each)).to_vec(), ..self }
    }
}

/// Why there is no such file.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Nobody to study at.
    #[error("a file needs at least one establishment")]
    NoEstablishment,
    /// A share is not a share.
    #[error("a rate is between 0 and 1, this is {0}")]
    Rate(f64),
    /// More rows are to be broken than there are.
    #[error("the shares of broken rows add up to {0}, which is more than 1")]
    Faults(f64),
    /// The embedded lists can't be read.
    #[error("the reference lists can't be read")]
    Lists(#[from] std::io::Error),
}
