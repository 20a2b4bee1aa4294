//! An extract of a register of INEs: CSV, read twice, a row at a time. The first reading finds what
//! is wrong, before anything is written, and which INEs stand for others.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use csv::{Reader, ReaderBuilder, StringRecord};
use shared::domain::birth_date::BirthDate;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::commune::CommuneCode;
use shared::domain::ine::Ine;
use shared::domain::name::PersonName;
use shared::domain::sex::Sex;
use shared::identity::immatriculation::{MOST_ALIASES, Registration};

/// The columns, in any order.
const COLUMNS: [&str; 9] = [
    "ine",
    "nomFamille",
    "nomUsage",
    "prenom1",
    "autresPrenoms",
    "sexe",
    "dateNaissance",
    "lieuNaissance",
    "ineMaitre",
];

/// A file that was found right.
#[derive(Debug)]
pub struct Extract {
    path: PathBuf,
    /// How many people.
    pub people: usize,
    /// The INEs that each master stands for.
    aliases: HashMap<Ine, Vec<Ine>>,
}

impl Extract {
    /// Reads the file through.
    pub fn check(path: &Path) -> Result<Self> {
        let (mut seen, mut masters) = (HashSet::new(), HashMap::new());
        let mut aliases: HashMap<Ine, Vec<Ine>> = HashMap::new();
        for row in rows(path)? {
            let (line, person) = row?;
            if !seen.insert(person.ine) {
                bail!("line {line}: this INE is on another line too");
            }
            if let Some(master) = person.maitre {
                masters.insert(person.ine, (line, master));
                aliases.entry(master).or_default().push(person.ine);
            }
        }
        for (line, master) in masters.values() {
            if !seen.contains(master) || masters.contains_key(master) {
                bail!("line {line}: ineMaitre must be on a line of its own, without an ineMaitre");
            }
        }
        if let Some(most) = aliases.values().map(Vec::len).max().filter(|most| *most > MOST_ALIASES)
        {
            bail!("an INE stands for {most} others: {MOST_ALIASES} at most");
        }
        Ok(Self { path: path.to_owned(), people: seen.len(), aliases })
    }

    /// The people, each with the INEs that theirs stands for.
    pub fn people(&self) -> Result<impl Iterator<Item = Result<Registration>> + '_> {
        let with_aliases = |row: Result<(u64, Registration)>| {
            let (_, person) = row?;
            let alias = self.aliases.get(&person.ine).cloned().unwrap_or_default();
            Ok(Registration { alias, ..person })
        };
        Ok(rows(&self.path)?.map(with_aliases))
    }
}

fn rows(path: &Path) -> Result<impl Iterator<Item = Result<(u64, Registration)>>> {
    let file = File::open(path).with_context(|| format!("{} can't be read", path.display()))?;
    read(BufReader::with_capacity(1 << 16, file))
}

/// Each row with its line.
fn read<R: Read>(file: R) -> Result<impl Iterator<Item = Result<(u64, Registration)>>> {
    let mut reader: Reader<R> = ReaderBuilder::new().delimiter(b';').from_reader(file);
    let heading = reader.headers().context("the heading can't be read")?.clone();
    let mut places = [0; COLUMNS.len()];
    for (place, name) in places.iter_mut().zip(COLUMNS) {
        let found = heading.iter().position(|column| column.trim_start_matches('\u{feff}') == name);
        *place = found.with_context(|| format!("there is no column {name}"))?;
    }
    Ok(reader.into_records().map(move |row| {
        let row = row.context("a row can't be read")?;
        let line = row.position().map_or(0, csv::Position::line);
        Ok((line, person(&row, &places).with_context(|| format!("line {line}"))?))
    }))
}

/// Who has an INE. What is wrong is named by its column, never repeated: it is somebody's.
fn person(row: &StringRecord, places: &[usize; COLUMNS.len()]) -> Result<Registration> {
    let cells = places.map(|place| row.get(place).unwrap_or_default().trim());
    let [ine, family, usage, given, others, sex, birth, place, master] = cells;
    let name =
        |text: &str, column| PersonName::parse(text).map_err(|error| anyhow!("{column}: {error}"));
    let number =
        |text: &str, column| Ine::parse(text).map_err(|error| anyhow!("{column}: {error}"));
    let ine = number(ine, "ine")?;
    let others = others.split(',').map(str::trim).filter(|other| !other.is_empty());
    let identite = CivilIdentity {
        nom_famille: name(family, "nomFamille")?,
        nom_usage: present(usage).map(|usage| name(usage, "nomUsage")).transpose()?,
        prenom1: name(given, "prenom1")?,
        autres_prenoms: others.map(|other| name(other, "autresPrenoms")).collect::<Result<_>>()?,
        sexe: Sex::parse_forgiving(sex).map_err(|error| anyhow!("sexe: {error}"))?,
        date_naissance: BirthDate::parse(birth)
            .map_err(|error| anyhow!("dateNaissance: {error}"))?,
        lieu_naissance: present(place)
            .map(|place| {
                CommuneCode::parse_birthplace(place)
                    .map_err(|error| anyhow!("lieuNaissance: {error}"))
            })
            .transpose()?,
        libelle_naissance: None,
    };
    // A master that names itself is a master.
    let maitre = present(master)
        .map(|master| number(master, "ineMaitre"))
        .transpose()?
        .filter(|master| *master != ine);
    Ok(Registration { maitre, ..Registration::new(ine, identite) })
}

fn present(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADING: &str =
        "ine;nomFamille;nomUsage;prenom1;autresPrenoms;sexe;dateNaissance;lieuNaissance;ineMaitre";

    fn checked(rows: &str) -> Result<Extract> {
        let path = std::env::temp_dir().join(format!("statut-extract-{}", uuid::Uuid::new_v4()));
        std::fs::write(&path, format!("{HEADING}\n{rows}\n")).unwrap();
        let extract = Extract::check(&path);
        if extract.is_err() {
            std::fs::remove_file(path).unwrap();
        }
        extract
    }

    #[test]
    fn masters_know_their_aliases() {
        let extract = checked(
            "070578267KH;CASTELBOU;;Léa;Marie, Jeanne;F;2004-03-12;44109;\n\
             0906018155T;CASTELBOU;MENGER;Léa;;2;2004-03-12;;070578267KH",
        )
        .unwrap();
        let people: Vec<_> = extract.people().unwrap().map(Result::unwrap).collect();
        std::fs::remove_file(&extract.path).unwrap();
        assert_eq!((extract.people, people[0].identite.autres_prenoms.len()), (2, 2));
        assert_eq!((&people[0].alias, people[1].master()), (&vec![people[1].ine], people[0].ine));
    }

    #[test]
    fn what_is_wrong_is_said_by_line_and_column_and_not_repeated() {
        let lea = "070578267KH;CASTELBOU;;Léa;;F;2004-03-12;44109;";
        for (rows, said) in [
            ("07057826;CASTELBOU;;Léa;;F;2004-03-12;44109;".to_owned(), "line 2: ine:"),
            (format!("{lea}\n{lea}"), "line 3: this INE"),
            (
                format!("{lea}\n0906018155T;CASTELBOU;;Léa;;F;2004-02-30;;"),
                "line 3: dateNaissance:",
            ),
            (format!("{lea}0906018155T"), "line 2: ineMaitre"),
            (format!("{lea}\n0906018155T;;;Léa;;F;2004-03-12;;"), "line 3: nomFamille:"),
        ] {
            let error = format!("{:#}", checked(&rows).unwrap_err());
            assert!(error.contains(said) && !error.contains("CASTELBOU"), "{error}");
        }
        assert!(
            format!("{:#}", read("ine;nom\n".as_bytes()).err().unwrap()).contains("nomFamille")
        );
    }
}
