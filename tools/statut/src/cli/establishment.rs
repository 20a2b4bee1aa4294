//! The command line of `statut establishment`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{ArgAction, ArgGroup, Args, Subcommand};
use shared::domain::academic_year::AcademicYear;
use shared::domain::regime::Regime;
use shared::domain::status::Status;
use shared::domain::uai::Uai;

use crate::establishments::Kind;

const QUOTA_EXAMPLES: &str = "\
Rows without INE about people whom nobody knows have INES asked to immatriculate them: 200 for an establishment and
academic year, or 20 for a hundred of its students whom INES confirmed, whichever is more (new_identities_floor and
new_identities_percent in Terraform). Beyond that they wait, and an alarm rings. To let them through, once the establishment
has said that they are real:

  statut establishment quota 0751967F --year 2026                           what was taken, and what is allowed
  statut establishment quota 0751967F --year 2026 --new-identities 3000     3000 in all for 2026-2027

Nothing has to be sent again: the rows that wait go through within a quarter of an hour. A number below what was taken stops
the next ones, and takes nothing back.";

const LOAD_EXAMPLES: &str = "\
The list is CSV in UTF-8, separated by semicolons, commas or tabs, with a heading. Known as they are downloaded:
  fr-esr-principaux-etablissements-enseignement-superieur   data.enseignementsup-recherche.gouv.fr
  fr-en-annuaire-education                                  data.education.gouv.fr; open lycées are taken
or any file that has these columns: uai, nom, type (universite, ecole, lycee), code commune (INSEE's), code postal, siret
(which may be missing).

It shows what it would add and change, and asks. A new establishment sends for itself, once it has a key (`statut client
create`). Whom it sends for and what its codes mean is never changed by a list (`statut establishment set`).

Who is absent from the list stays. --retire --kind lycee retires, after another question, the lycées that are absent: nothing
is accepted from them or for them any more, and what they sent stays.

Examples:
  statut establishment load principaux-etablissements.csv
  statut establishment load annuaire.csv --dry-run --json > plan.json
  statut establishment load annuaire.csv --retire --kind lycee --deployment statut-etudiant-production";

const SET_EXAMPLES: &str = "\
Examples:
  statut establishment set 0010006B --sends-for 0010006B,0010814E
  statut establishment set 0751967F --regime-codes 1=RF2,2=RF5,3=RF3,4=RF4,5=RF6,6=RF7 --status-codes 1=inscrit,2=admis
  statut establishment set 0751967F --status-codes none
  statut establishment set 0010814E --retired

Functions remember an establishment for a minute.";

/// Options of `establishment`.
#[derive(Debug, Args)]
pub(crate) struct Establishment {
    #[command(subcommand)]
    pub(crate) action: Action,
}

/// What is done to an establishment.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Register establishments from a list, once you agreed to what it would add and change
    Load(Load),
    /// Show every establishment
    List {
        /// Of one kind only
        #[arg(long, value_enum)]
        kind: Option<Kind>,
    },
    /// Show one establishment
    Show {
        /// The establishment
        #[arg(value_parser = uai)]
        uai: Uai,
    },
    /// Say whom an establishment sends for, what its codes mean, and whether it is retired
    Set(Set),
    /// Show how many new people an establishment may send in an academic year, or say how many
    Quota(Quota),
}

/// Options of `load`.
#[derive(Debug, Args)]
#[command(after_help = LOAD_EXAMPLES)]
pub(crate) struct Load {
    /// The list, CSV
    pub(crate) file: PathBuf,
    /// Write without asking, for a script
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// Write nothing: show what would be written
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Retire those of --kind that are absent from the list
    #[arg(long, requires = "kind")]
    pub(crate) retire: bool,
    /// Whose absence counts
    #[arg(long, value_enum, requires = "retire")]
    pub(crate) kind: Option<Kind>,
}

/// Options of `set`: what isn't given stays.
#[derive(Debug, Args)]
#[command(after_help = SET_EXAMPLES, group = ArgGroup::new("changes").required(true).multiple(true))]
pub(crate) struct Set {
    /// The establishment
    #[arg(value_parser = uai)]
    pub(crate) uai: Uai,
    /// The establishments that it may send for, itself included if it may: UAIs between commas, or
    /// `none`
    #[arg(long, group = "changes", value_name = "UAIS", value_parser = uais)]
    pub(crate) sends_for: Option<Uais>,
    /// What the régimes of its software mean, RF1 to RF7: `1=RF2,2=RF5`, or `none`
    #[arg(long, group = "changes", value_name = "CODES", value_parser = regimes)]
    pub(crate) regime_codes: Option<Regimes>,
    /// What the statuses of its software mean: `1=inscrit,2=admis`, or `none`
    #[arg(long, group = "changes", value_name = "CODES", value_parser = statuses)]
    pub(crate) status_codes: Option<Statuses>,
    /// Accept nothing from it or for it any more; `--retired=false` brings it back
    #[arg(long, group = "changes", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", action = ArgAction::Set)]
    pub(crate) retired: Option<bool>,
}

/// Options of `quota`.
#[derive(Debug, Args)]
#[command(after_help = QUOTA_EXAMPLES)]
pub(crate) struct Quota {
    /// The establishment that the people are enrolled in
    #[arg(value_parser = uai)]
    pub(crate) uai: Uai,
    /// The academic year, by the civil year that it starts in: 2026 is 2026-2027
    #[arg(long, value_name = "YEAR", value_parser = year)]
    pub(crate) year: AcademicYear,
    /// How many people INES may be asked to immatriculate in all, those that were taken included;
    /// without it nothing changes
    #[arg(long, value_name = "COUNT")]
    pub(crate) new_identities: Option<u32>,
}

/// A list of establishments.
pub(crate) type Uais = Vec<Uai>;
/// What codes mean.
pub(crate) type Regimes = BTreeMap<String, Regime>;
/// What codes mean.
pub(crate) type Statuses = BTreeMap<String, Status>;

fn uai(text: &str) -> Result<Uai, String> {
    Uai::parse(text).map_err(|error| error.to_string())
}

fn uais(text: &str) -> Result<Uais, String> {
    if text == "none" {
        return Ok(Vec::new());
    }
    let mut uais: Uais = Vec::new();
    for part in text.split(',').map(str::trim) {
        let uai = uai(part).map_err(|error| format!("{part:?}: {error}"))?;
        if !uais.contains(&uai) {
            uais.push(uai);
        }
    }
    Ok(uais)
}

fn regimes(text: &str) -> Result<Regimes, String> {
    codes(text, |meaning| {
        Regime::parse_code(meaning).map_err(|_| "a régime is RF1 to RF7".to_owned())
    })
}

fn statuses(text: &str) -> Result<Statuses, String> {
    codes(text, |meaning| Status::parse_label(meaning).map_err(|error| error.to_string()))
}

/// `code=meaning` between commas.
fn codes<T>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<BTreeMap<String, T>, String> {
    let mut codes = BTreeMap::new();
    if text == "none" {
        return Ok(codes);
    }
    for part in text.split(',') {
        let (code, meaning) =
            part.split_once('=').ok_or_else(|| format!("{part:?} is not code=meaning"))?;
        let (code, meaning) = (code.trim(), meaning.trim());
        if code.is_empty() {
            return Err(format!("{part:?} has no code"));
        }
        if codes
            .insert(code.to_owned(), parse(meaning).map_err(|error| format!("{part:?}: {error}"))?)
            .is_some()
        {
            return Err(format!("{code:?} is there twice"));
        }
    }
    Ok(codes)
}

fn year(text: &str) -> Result<AcademicYear, &'static str> {
    const FORM: &str = "a year is four digits, such as 2026";
    let first: i16 =
        text.parse().ok().filter(|first| (1_000..=9_998).contains(first)).ok_or(FORM)?;
    AcademicYear::parse(&format!("{first}-{}", first + 1)).map_err(|_| FORM)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Arguments, Command};

    fn parse(words: &str) -> Result<Action, String> {
        let line = format!("statut establishment {words}");
        match Arguments::try_parse_from(line.split_whitespace())
            .map_err(|error| error.to_string())?
            .command
        {
            Command::Establishment(Establishment { action }) => Ok(action),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_quota_is_of_an_establishment_and_a_year() {
        let Action::Quota(quota) =
            parse("quota 0751967F --year 2026 --new-identities 3000").unwrap()
        else {
            panic!()
        };
        assert_eq!(
            (quota.uai.as_str(), quota.year.to_string().as_str()),
            ("0751967F", "2026-2027")
        );
        assert_eq!(quota.new_identities, Some(3_000));
        for refused in ["--year 26", "--year 2026-2027", "", "--year 2026 --new-identities -1"] {
            assert!(parse(&format!("quota 0751967F {refused}")).is_err(), "{refused}");
        }
    }

    #[test]
    fn terms_are_read_whole_or_refused() {
        let words = "set 0010006B --sends-for 0010006B,0010814E --regime-codes 1=RF2,2=RF5 --status-codes 1=inscrit --retired=false";
        let Action::Set(set) = parse(words).unwrap() else { panic!() };
        assert_eq!(set.sends_for.map(|uais| uais.len()), Some(2));
        assert_eq!(set.regime_codes.unwrap()["2"], Regime::FormationContinue);
        assert_eq!(set.status_codes.unwrap()["1"], Status::Inscrit);
        assert_eq!(set.retired, Some(false));
        let Action::Set(set) = parse("set 0010006B --status-codes none --retired").unwrap() else {
            panic!()
        };
        assert_eq!((set.status_codes.map(|codes| codes.len()), set.retired), (Some(0), Some(true)));
        for (refused, named) in [
            ("", "--sends-for"),
            ("--sends-for 0010006A", "0010006A"),
            ("--regime-codes 1=RF8", "1=RF8"),
            ("--regime-codes 1", "code=meaning"),
            ("--status-codes 1=admis,1=inscrit", "twice"),
            ("--status-codes =admis", "no code"),
        ] {
            let said = parse(&format!("set 0010006B {refused}")).unwrap_err();
            assert!(said.contains(named), "{refused}: {said}");
        }
    }

    #[test]
    fn retiring_names_a_kind() {
        for refused in ["--retire", "--kind lycee", "--yes --dry-run", "--retire --kind college"] {
            assert!(parse(&format!("load a.csv {refused}")).is_err(), "{refused}");
        }
        assert!(matches!(
            parse("load a.csv --retire --kind lycee").unwrap(),
            Action::Load(Load { retire: true, kind: Some(Kind::Lycee), yes: false, .. })
        ));
    }
}
