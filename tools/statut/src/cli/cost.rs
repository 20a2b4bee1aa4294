//! Options of `cost`.

use std::path::PathBuf;

use clap::Args;

use crate::cost::Load;

const EXAMPLES: &str = "\
Examples:
  statut cost                                    a country: three million students
  statut cost --students 60000 --resent 1        one university that sends everything every night
  statut cost --assumptions prices.json --json   with prices of your own; tools/statut/src/cost/assumptions.json has the form

A share is a number from 0 to 1.";

/// Options of `cost`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Cost {
    /// Students of a year
    #[arg(long, default_value_t = 3_000_000)]
    students: u32,
    /// Enrolments of a student
    #[arg(long, value_name = "NUMBER", default_value = "1.1", value_parser = number)]
    enrolments_per_student: f64,
    /// Questions about a student, in an ordinary month
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = number)]
    questions_per_student: f64,
    /// How many times more questions the month of the rentrée has
    #[arg(long, value_name = "NUMBER", default_value = "4", value_parser = number)]
    rentree_questions: f64,
    /// The share of the enrolments that the month of the rentrée brings
    #[arg(long, value_name = "SHARE", default_value = "0.8", value_parser = share)]
    rentree_share: f64,
    /// The share of the enrolments whose establishment sends everything again every night
    #[arg(long, value_name = "SHARE", default_value = "0.3", value_parser = share)]
    resent: f64,
    /// The share of what is sent again that has changed
    #[arg(long, value_name = "SHARE", default_value = "0.005", value_parser = share)]
    changed: f64,
    /// How many times the mean the busiest second has
    #[arg(long, value_name = "NUMBER", default_value = "10", value_parser = number)]
    peak: f64,
    /// The share of the questions that the largest client asks
    #[arg(long, value_name = "SHARE", default_value = "0.6", value_parser = share)]
    largest_client: f64,
    /// Prices, counts of work and limits, instead of those that the tool carries
    #[arg(long, value_name = "FILE")]
    pub(crate) assumptions: Option<PathBuf>,
}

impl Cost {
    pub(crate) fn load(&self) -> Load {
        Load {
            students: self.students.into(),
            enrolments_per_student: self.enrolments_per_student,
            questions_per_student: self.questions_per_student,
            rentree_questions: self.rentree_questions,
            rentree_share: self.rentree_share,
            resent_share: self.resent,
            changed_share: self.changed,
            peak: self.peak,
            largest_client_share: self.largest_client,
        }
    }
}

fn number(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if f64::is_finite(number) && number >= 0.0 => Ok(number),
        _ => Err("a number of at least 0 is expected".to_owned()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    number(text)
        .ok()
        .filter(|share| *share <= 1.0)
        .ok_or_else(|| "a share is a number from 0 to 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_shares_are_bounded() {
        assert_eq!(share("0.5"), Ok(0.5));
        for refused in ["1.1", "-0.1", "NaN", "inf", "half"] {
            assert!(share(refused).is_err(), "{refused}");
        }
        assert!(number("-1").is_err());
        assert_eq!(number("12"), Ok(12.0));
    }
}
