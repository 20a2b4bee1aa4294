//! Reads a list of establishments: CSV in UTF-8, separated by semicolons, commas or tabs.
//!
//! Three lists are known by their heading, with the labels or the technical names that the portals
//! export them by: the ministry of higher education's main establishments
//! (`fr-esr-principaux-etablissements-enseignement-superieur`), the ministry of education's
//! directory (`fr-en-annuaire-education`), of which lycées that are open are taken, and any other
//! file that has the columns.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result, bail};
use csv::{ReaderBuilder, StringRecord};
use serde::Serialize;
use shared::domain::commune::CommuneCode;
use shared::domain::fold::fold;
use shared::domain::siret::Siret;
use shared::domain::uai::Uai;

use super::Kind;

/// Names of each column, folded, those that are preferred first.
const UAI: &[&str] = &[
    "UAIIDENTIFIANT",
    "IDENTIFIANTDELETABLISSEMENT",
    "UAI",
    "CODEUAI",
    "NUMEROUAI",
    "RNE",
    "CODERNE",
];
const NAME: &[&str] = &[
    "UOLIBOFFICIEL",
    "LIBELLE",
    "UOLIB",
    "NOMETABLISSEMENT",
    "APPELLATIONOFFICIELLE",
    "NOM",
    "NAME",
];
const TYPE: &[&str] = &["TYPEDETABLISSEMENT", "TYPEETABLISSEMENT", "TYPE", "KIND"];
const COMMUNE_CODE: &[&str] =
    &["CODECOMMUNE", "COMCODE", "CODEINSEE", "CODECOMMUNEINSEE", "CODECOGINSEE"];
const COMMUNE: &[&str] = &["COMMUNE", "NOMCOMMUNE", "COMNOM"];
const POSTAL_CODE: &[&str] = &["CODEPOSTAL", "CODEPOSTALUAI", "POSTALCODE", "CP"];
const SIRET: &[&str] = &["SIRET", "SIRENSIRET", "NUMEROSIRET", "NSIRET", "IDENTIFIANTSIRET"];
const STATE: &[&str] = &["ETAT"];
/// The column that only this list has.
const OF_HIGHER_EDUCATION: [&str; 2] = ["UAIIDENTIFIANT", "UOLIB"];
const OF_THE_DIRECTORY: &str = "IDENTIFIANTDELETABLISSEMENT";

/// What a list tells of an establishment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) uai: Uai,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) commune: CommuneCode,
    pub(crate) postal_code: String,
    pub(crate) siret: Option<Siret>,
}

/// Why a line is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// The heading is line 1.
    pub(crate) line: u64,
    /// The column, as the heading has it.
    pub(crate) column: String,
    pub(crate) reason: String,
}

/// A file that was read.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) establishments: Vec<Listed>,
    pub(crate) problems: Vec<Problem>,
    /// Lines that are about something else, by what they are: a primary school, a lycée that has
    /// closed.
    pub(crate) passed_over: BTreeMap<String, u64>,
}

/// Which list a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    HigherEducation,
    Directory,
    Other,
}

/// Where a column is, and what the heading calls it.
struct Column {
    place: usize,
    label: String,
}

impl Column {
    fn of<'a>(&self, row: &'a StringRecord) -> &'a str {
        row.get(self.place).unwrap_or_default().trim()
    }
}

struct Columns {
    source: Source,
    uai: Column,
    name: Column,
    kind: Column,
    commune: Column,
    postal_code: Column,
    siret: Option<Column>,
    state: Option<Column>,
}

impl List {
    /// Reads a file through. It fails when the file as a whole can't be understood; a line that
    /// can't is a problem.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let text = text_of(bytes)?;
        let heading_line = text.lines().next().unwrap_or_default();
        let separator = [b';', b',', b'\t']
            .into_iter()
            .max_by_key(|separator| heading_line.bytes().filter(|byte| byte == separator).count());
        let mut reader = ReaderBuilder::new()
            .delimiter(separator.unwrap_or(b';'))
            .flexible(true)
            .from_reader(text.as_bytes());
        let heading = reader.headers().context("the heading can't be read")?.clone();
        let columns = Columns::of(&heading)?;
        let mut list = Self::default();
        let mut lines = HashMap::new();
        for row in reader.records() {
            let row = row.context("the file can't be read")?;
            let line = row.position().map_or(0, |position| line_of(text, position));
            if row.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            if row.len() != heading.len() {
                let reason = format!("{} cells where the heading has {}", row.len(), heading.len());
                list.problems.push(Problem { line, column: String::new(), reason });
                continue;
            }
            if let Some(what) = columns.passes_over(&row) {
                *list.passed_over.entry(what).or_default() += 1;
                continue;
            }
            match columns.listed(&row) {
                Ok(listed) => list.add(line, listed, &columns.uai.label, &mut lines),
                Err((column, reason)) => {
                    list.problems.push(Problem { line, column: column.to_owned(), reason });
                }
            }
        }
        Ok(list)
    }

    /// Two lines that say the same are one. Of two that differ neither can be believed: the first
    /// is taken back.
    fn add(
        &mut self,
        line: u64,
        listed: Listed,
        column: &str,
        lines: &mut HashMap<Uai, (u64, Listed)>,
    ) {
        let Some((first, before)) = lines.get(&listed.uai) else {
            lines.insert(listed.uai, (line, listed.clone()));
            self.establishments.push(listed);
            return;
        };
        if *before != listed {
            self.establishments.retain(|one| one.uai != listed.uai);
            let reason = format!(
                "{} is on line {first} too, which says something else: neither is taken",
                listed.uai
            );
            self.problems.push(Problem { line, column: column.to_owned(), reason });
        }
    }
}

impl Columns {
    fn of(heading: &StringRecord) -> Result<Self> {
        let folded: Vec<String> = heading.iter().map(fold).collect();
        let find = |names: &[&str]| {
            let place =
                names.iter().find_map(|name| folded.iter().position(|column| column == name))?;
            Some(Column { place, label: heading[place].trim_start_matches('\u{feff}').to_owned() })
        };
        let mut missing = Vec::new();
        let mut need = |what: &'static str, names: &[&str]| {
            let column = find(names);
            if column.is_none() {
                missing.push(what);
            }
            column
        };
        let commune: Vec<&str> = COMMUNE_CODE.iter().chain(COMMUNE).copied().collect();
        let found = (
            need("UAI", UAI),
            need("name", NAME),
            need("type", TYPE),
            need("commune", &commune),
            need("postal code", POSTAL_CODE),
        );
        let (Some(uai), Some(name), Some(kind), Some(commune), Some(postal_code)) = found else {
            bail!(
                "the heading has no column for {}; it has {}",
                missing.join(", "),
                heading.iter().collect::<Vec<_>>().join(", ")
            );
        };
        let has = |name: &str| folded.iter().any(|column| column == name);
        let source = if has(OF_THE_DIRECTORY) {
            Source::Directory
        } else if OF_HIGHER_EDUCATION.into_iter().any(has) {
            Source::HigherEducation
        } else {
            Source::Other
        };
        Ok(Self {
            source,
            uai,
            name,
            kind,
            commune,
            postal_code,
            siret: find(SIRET),
            state: find(STATE),
        })
    }

    /// What a line of the directory is about, if not an open lycée. Its `Ecole` is a primary
    /// school.
    fn passes_over(&self, row: &StringRecord) -> Option<String> {
        if self.source != Source::Directory {
            return None;
        }
        let kind = self.kind.of(row);
        if fold(kind) != "LYCEE" {
            return Some(if kind.is_empty() { "no type".to_owned() } else { kind.to_owned() });
        }
        let state = self
            .state
            .as_ref()
            .map(|state| state.of(row))
            .filter(|state| fold(state) != "OUVERT")?;
        Some(format!("{kind}, {}", if state.is_empty() { "no state" } else { state }))
    }

    /// What a line tells, or the column that is wrong and why.
    fn listed(&self, row: &StringRecord) -> Result<Listed, (&str, String)> {
        let wrong = |column: &'_ Column, reason: String| (column.place, reason);
        self.parse(row, &wrong).map_err(|(place, reason)| (self.label(place), reason))
    }

    fn parse(
        &self,
        row: &StringRecord,
        wrong: &dyn Fn(&Column, String) -> (usize, String),
    ) -> Result<Listed, (usize, String)> {
        let Self { uai, name, kind, commune, postal_code, siret, .. } = self;
        let number = Uai::parse(uai.of(row)).map_err(|error| wrong(uai, error.to_string()))?;
        if name.of(row).is_empty() {
            return Err(wrong(name, "it has no name".to_owned()));
        }
        let code = postal_code.of(row);
        if code.len() != 5 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong(postal_code, "a postal code is 5 digits".to_owned()));
        }
        let siret = siret
            .as_ref()
            .map(|column| (column, column.of(row)))
            .filter(|(_, text)| !text.is_empty());
        let siret = siret.map(|(column, text)| {
            Siret::parse(text).map_err(|error| wrong(column, error.to_string()))
        });
        Ok(Listed {
            uai: number,
            name: name.of(row).to_owned(),
            kind: self.kind_of(kind.of(row)).map_err(|reason| wrong(kind, reason))?,
            commune: commune_of(commune.of(row), code).map_err(|reason| wrong(commune, reason))?,
            postal_code: code.to_owned(),
            siret: siret.transpose()?,
        })
    }

    /// Higher education's list has a dozen types, of which `Université` says what the others don't.
    fn kind_of(&self, text: &str) -> Result<Kind, String> {
        let folded = fold(text);
        match (self.source, folded.as_str()) {
            (_, "UNIVERSITE") => Ok(Kind::Universite),
            (_, "LYCEE") => Ok(Kind::Lycee),
            (_, "ECOLE") => Ok(Kind::Ecole),
            (Source::HigherEducation, other) if !other.is_empty() => Ok(Kind::Ecole),
            _ => Err("a type is universite, ecole or lycee".to_owned()),
        }
    }

    fn label(&self, place: usize) -> &str {
        let Self { source: _, uai, name, kind, commune, postal_code, siret, state } = self;
        let all = [uai, name, kind, commune, postal_code].into_iter().chain(siret).chain(state);
        all.into_iter().find(|column| column.place == place).map_or("", |column| &column.label)
    }
}

/// INSEE's code, or a name that one commune of the postal code's department has.
fn commune_of(text: &str, postal_code: &str) -> Result<CommuneCode, String> {
    if let Ok(code) = CommuneCode::parse(text) {
        let is_known = code.is_listed();
        return if is_known {
            Ok(code)
        } else {
            Err(format!("{text} is no commune of today's list (INSEE's code)"))
        };
    }
    let departments: &[&str] = match &postal_code[..2] {
        "20" => &["2A", "2B"],
        "97" | "98" => &[&postal_code[..3]],
        _ => &[&postal_code[..2]],
    };
    let mut found =
        departments.iter().filter_map(|department| CommuneCode::named(text, department));
    match (found.next(), found.next()) {
        (Some(code), None) => Ok(code),
        _ => {
            Err("INSEE's code of the commune, of 5 characters, or the name of one commune of its department".to_owned())
        }
    }
}

/// The line that a row is on. A row's position is where the one before it ended, and lines that are
/// empty follow.
fn line_of(text: &str, position: &csv::Position) -> u64 {
    let rest = usize::try_from(position.byte())
        .ok()
        .and_then(|start| text.as_bytes().get(start..))
        .unwrap_or_default();
    let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + ends.filter(|byte| **byte == b'\n').map(|_| 1).sum::<u64>()
}

fn text_of(bytes: &[u8]) -> Result<&str> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
        anyhow::anyhow!(
            "line {line} is not UTF-8: save the list as CSV in UTF-8, or download it again"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The heading and a line of each list as the portals export them, cut to a few columns.
    const HIGHER_EDUCATION: &str = "\u{feff}uai - identifiant;Libellé;sigle;type d'établissement;Code postal;Commune;Code commune;siret\n\
        0751722P;Sorbonne Université;SU;Université;75005;Paris;75105;13002338500011\n\
        0330023W;Exemple d'école;;Grand établissement;33000;Bordeaux;33063;\n";
    const DIRECTORY: &str = "Identifiant_de_l_etablissement;Nom_etablissement;Type_etablissement;Code_postal;Code_commune;Nom_commune;SIREN_SIRET;etat\n\
        0010006B;Lycée Saint-Exupéry;Lycée;01200;01033;Valserhône;;OUVERT\n\
        0010814E;Lycée Saint-Joseph;Lycée;01700;01249;Miribel;;A FERMER\n\
        0011402U;École primaire;Ecole;01000;01053;Bourg-en-Bresse;;OUVERT\n";

    fn list(text: &str) -> List {
        List::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_list_of_higher_education_is_known_by_its_heading() {
        let List { establishments, problems, passed_over } = list(HIGHER_EDUCATION);
        assert_eq!((problems, passed_over.len()), (vec![], 0));
        assert_eq!(
            establishments.iter().map(|one| one.kind).collect::<Vec<_>>(),
            [Kind::Universite, Kind::Ecole]
        );
        let sorbonne = &establishments[0];
        assert_eq!(
            (sorbonne.name.as_str(), sorbonne.commune.as_str()),
            ("Sorbonne Université", "75105")
        );
        assert_eq!(
            sorbonne.siret.map(|siret| siret.to_string()).as_deref(),
            Some("13002338500011")
        );
        assert_eq!(establishments[1].siret, None);
    }

    #[test]
    fn open_lycees_alone_are_taken_from_the_directory() {
        let List { establishments, problems, passed_over } = list(DIRECTORY);
        assert_eq!((establishments.len(), problems.len()), (1, 0));
        assert_eq!(
            (establishments[0].uai.as_str(), establishments[0].kind),
            ("0010006B", Kind::Lycee)
        );
        let expected = [("Ecole".to_owned(), 1), ("Lycée, A FERMER".to_owned(), 1)];
        assert_eq!(passed_over.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn any_other_file_has_the_columns_in_any_order_and_a_commune_by_name() {
        let text = "nom,UAI,type,commune,code postal\nSorbonne,0751722P,universite,75105,75005\nLycée,0332870R,lycee,Bordeaux,33000\n";
        let list = list(text);
        assert_eq!(list.problems, []);
        assert_eq!(list.establishments[1].commune.as_str(), "33063");
    }

    #[test]
    fn a_line_that_is_wrong_names_its_line_its_column_and_why() {
        let heading = "uai;nom;type;code commune;code postal;siret";
        for (row, column, reason) in [
            ("0751722A;S;universite;75105;75005;", "uai", "control letter"),
            ("0751722P;;universite;75105;75005;", "nom", "no name"),
            ("0751722P;S;collège;75105;75005;", "type", "universite, ecole or lycee"),
            ("0751722P;S;universite;75199;75005;", "code commune", "75199"),
            ("0751722P;S;universite;75105;7505;", "code postal", "5 digits"),
            ("0751722P;S;universite;75105;75005;13002338500012", "siret", "key"),
            ("0751722P;S;universite", "", "3 cells"),
        ] {
            let list = list(&format!("{heading}\n\n{row}\n"));
            let [problem] = list.problems.as_slice() else { panic!("{row}: {list:?}") };
            assert_eq!((problem.line, problem.column.as_str()), (3, column), "{row}");
            assert!(problem.reason.contains(reason), "{problem:?}");
            assert!(list.establishments.is_empty());
        }
    }

    #[test]
    fn of_two_lines_that_contradict_each_other_neither_is_taken() {
        let heading = "uai;nom;type;code commune;code postal";
        let row = "0751722P;Sorbonne;universite;75105;75005";
        let same = list(&format!("{heading}\n{row}\n{row}\n"));
        assert_eq!((same.establishments.len(), same.problems.len()), (1, 0));
        let other = list(&format!("{heading}\n{row}\n{}\n", row.replace("Sorbonne", "Panthéon")));
        assert_eq!((other.establishments.len(), other.problems[0].line), (0, 3));
        assert!(other.problems[0].reason.contains("line 2"));
    }

    #[test]
    fn a_file_that_is_no_list_says_what_it_lacks() {
        let error = List::read(b"uai;nom\n").unwrap_err().to_string();
        assert!(error.contains("type, commune, postal code; it has uai, nom"), "{error}");
        let error = List::read(b"uai;nom\n0751722P;Universit\xe9\n").unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }
}
