//! The command line of `statut establishment`.

use clap::{Args, Subcommand};
use shared::domain::academic_year::AcademicYear;
use shared::domain::uai::Uai;

const EXAMPLES: &str = "\
Rows without INE about people whom nobody knows have INES asked to immatriculate them: 200 for an establishment and
academic year, or 20 for a hundred of its students whom INES confirmed, whichever is more (new_identities_floor and
new_identities_percent in Terraform). Beyond that they wait, and an alarm rings. To let them through, once the establishment
has said that they are real:

  statut establishment quota 0751967F --year 2026                           what was taken, and what is allowed
  statut establishment quota 0751967F --year 2026 --new-identities 3000     3000 in all for 2026-2027

Nothing has to be sent again: the rows that wait go through within a quarter of an hour. A number below what was taken stops
the next ones, and takes nothing back.";

/// Options of `establishment`.
#[derive(Debug, Args)]
pub(crate) struct Establishment {
    /// What to do.
    #[command(subcommand)]
    pub(crate) action: Action,
}

/// What is done to an establishment.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Show how many new people an establishment may send in an academic year, or say how many
    Quota(Quota),
}

/// Options of `quota`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Quota {
    /// The establishment that the people are enrolled in
    #[arg(value_parser = |text: &str| Uai::parse(text))]
    pub(crate) uai: Uai,
    /// The academic year, by the civil year that it starts in: 2026 is 2026-2027
    #[arg(long, value_name = "YEAR", value_parser = year)]
    pub(crate) year: AcademicYear,
    /// How many people INES may be asked to immatriculate in all, those that were taken included; without it nothing changes
    #[arg(long, value_name = "COUNT")]
    pub(crate) new_identities: Option<u32>,
}

fn year(text: &str) -> Result<AcademicYear, &'static str> {
    const FORM: &str = "a year is four digits, such as 2026";
    let first: i16 = text.parse().ok().filter(|first| (1_000..=9_998).contains(first)).ok_or(FORM)?;
    AcademicYear::parse(&format!("{first}-{}", first + 1)).map_err(|_| FORM)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Arguments, Command};

    #[test]
    fn a_quota_is_of_an_establishment_and_a_year() {
        let line = "statut establishment quota 0751967F --year 2026 --new-identities 3000";
        let Command::Establishment(Establishment { action: Action::Quota(quota) }) =
            Arguments::try_parse_from(line.split(' ')).unwrap().command
        else {
            panic!("another command")
        };
        assert_eq!((quota.uai.as_str(), quota.year.to_string().as_str()), ("0751967F", "2026-2027"));
        assert_eq!(quota.new_identities, Some(3_000));
        for refused in ["--year 26", "--year 2026-2027", "", "--year 2026 --new-identities -1"] {
            let line = format!("statut establishment quota 0751967F {refused}");
            assert!(Arguments::try_parse_from(line.split_whitespace()).is_err(), "{refused}");
        }
    }
}
