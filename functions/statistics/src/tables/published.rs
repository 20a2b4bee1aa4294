//! Which cells which table shows, and how its rows are called.

use shared::domain::territory;

use super::cells::Cube;
use crate::dimensions::{ALL, Dimension, EVERYBODY, Key, Nomenclature, TOTAL, year_of};
use crate::disclosure::system::{State, System};

/// A column of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    /// For readers of the Table Schema.
    pub title: &'static str,
    dimension: Dimension,
    level: u8,
    /// The name of what the column before gives the code of: nothing is read from it.
    is_name: bool,
}

/// A table: the cells that have these dimensions, at these levels, and no other.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    pub name: &'static str,
    pub title: &'static str,
    pub columns: &'static [Column],
    levels: &'static [(Dimension, &'static [u8])],
    /// Dimensions of which at least one isn't a total: the totals are another table's.
    split: &'static [Dimension],
    /// It counts students by their main enrolment alone.
    pub people_only: bool,
    /// A cell has the sex, the age or the place of birth: the higher threshold.
    pub personal: bool,
    /// The form of snapshots that it came with: earlier ones don't have it.
    pub since: u32,
}

use Dimension::{
    Age, Birth, Cursus, Diploma, Flow, Multiple, Place, Regime, Sex, Status, Supplier,
};

const fn column(
    name: &'static str,
    title: &'static str,
    dimension: Dimension,
    level: u8,
) -> Column {
    Column { name, title, dimension, level, is_name: false }
}

const fn name(title: &'static str, dimension: Dimension, level: u8) -> Column {
    Column { name: "nom", title, dimension, level, is_name: true }
}

const KIND: Column = column("type", "Type d'établissement", Supplier, 1);
const UAI: Column = column("uai", "Établissement", Supplier, 2);
const UAI_NAME: Column = name("Nom de l'établissement", Supplier, 2);
const CURSUS: Column = column("cursus", "Cursus", Cursus, 1);
const REGION: Column = column("region", "Région", Place, 1);
const ACADEMY: Column = column("academie", "Académie", Place, 2);
const ACADEMY_NAME: Column = name("Nom de l'académie", Place, 2);
const DEPARTMENT: Column = column("departement", "Département", Place, 3);
const SEX: Column = column("sexe", "Sexe", Sex, 1);
const GROUP: Column = column("groupe", "Groupe de régimes", Regime, 1);
const REGIME: Column = column("regime", "Régime d'inscription", Regime, 2);
const AGE: Column = column("age", "Âge atteint l'année de la rentrée", Age, 1);
const BIRTH: Column = column("naissance", "Lieu de naissance", Birth, 1);
const STATUS: Column = column("statut", "Statut", Status, 1);
const DIPLOMA: Column = column("diplome", "Diplôme", Diploma, 1);
const LEVEL: Column = column("niveau", "Année dans le diplôme", Diploma, 2);
const MULTIPLE: Column =
    column("inscriptions_par_etudiant", "Inscriptions de l'étudiant", Multiple, 1);

const FLOW: Column = column("flux", "Ce que sont devenus les étudiants", Flow, 1);

const fn territory(
    name: &'static str,
    title: &'static str,
    columns: &'static [Column],
    levels: &'static [(Dimension, &'static [u8])],
) -> Table {
    Table {
        name,
        title,
        columns,
        levels,
        split: &[],
        people_only: false,
        personal: false,
        since: 1,
    }
}

const fn split(
    name: &'static str,
    title: &'static str,
    columns: &'static [Column],
    levels: &'static [(Dimension, &'static [u8])],
    split: &'static [Dimension],
    people_only: bool,
) -> Table {
    Table { name, title, columns, levels, split, people_only, personal: false, since: 1 }
}

const fn personal(table: Table) -> Table {
    Table { personal: true, ..table }
}

/// The tables, establishments first: their kinds are read there.
pub const TABLES: [Table; 14] = [
    territory(
        "etablissement",
        "Étudiants par établissement et cursus",
        &[UAI, UAI_NAME, KIND, CURSUS],
        &[(Supplier, &[2]), (Cursus, &[0, 1])],
    ),
    territory(
        "territoire_pays",
        "Étudiants par type d'établissement et cursus",
        &[KIND, CURSUS],
        &[(Supplier, &[0, 1]), (Cursus, &[0, 1])],
    ),
    territory(
        "territoire_region",
        "Étudiants par région, type d'établissement et cursus",
        &[REGION, name("Nom de la région", Place, 1), KIND, CURSUS],
        &[(Place, &[1]), (Supplier, &[0, 1]), (Cursus, &[0, 1])],
    ),
    territory(
        "territoire_academie",
        "Étudiants par académie, type d'établissement et cursus",
        &[ACADEMY, ACADEMY_NAME, KIND, CURSUS],
        &[(Place, &[2]), (Supplier, &[0, 1]), (Cursus, &[0, 1])],
    ),
    territory(
        "territoire_departement",
        "Étudiants par département, type d'établissement et cursus",
        &[DEPARTMENT, name("Nom du département", Place, 3), KIND, CURSUS],
        &[(Place, &[3]), (Supplier, &[0, 1]), (Cursus, &[0, 1])],
    ),
    personal(split(
        "etablissement_sexe",
        "Étudiants par établissement et sexe",
        &[UAI, SEX],
        &[(Supplier, &[2]), (Sex, &[1])],
        &[Sex],
        true,
    )),
    split(
        "regime_etablissement",
        "Étudiants par établissement et groupe de régimes",
        &[UAI, GROUP],
        &[(Supplier, &[2]), (Regime, &[1])],
        &[Regime],
        false,
    ),
    split(
        "regime_academie",
        "Étudiants par académie et régime",
        &[ACADEMY, ACADEMY_NAME, GROUP, REGIME],
        &[(Place, &[0, 2]), (Regime, &[1, 2])],
        &[Regime],
        false,
    ),
    personal(split(
        "age_sexe",
        "Étudiants par académie, âge et sexe",
        &[ACADEMY, ACADEMY_NAME, AGE, SEX],
        &[(Place, &[0, 2]), (Age, &[0, 1]), (Sex, &[0, 1])],
        &[Age, Sex],
        true,
    )),
    personal(split(
        "naissance",
        "Étudiants par académie et lieu de naissance",
        &[ACADEMY, ACADEMY_NAME, BIRTH],
        &[(Place, &[0, 2]), (Birth, &[1])],
        &[Birth],
        true,
    )),
    split(
        "statut",
        "Étudiants par académie et statut",
        &[ACADEMY, ACADEMY_NAME, STATUS],
        &[(Place, &[0, 2]), (Status, &[1])],
        &[Status],
        false,
    ),
    split(
        "diplome",
        "Étudiants par diplôme et année dans le diplôme",
        &[DIPLOMA, LEVEL],
        &[(Diploma, &[1, 2])],
        &[Diploma],
        false,
    ),
    split(
        "multiples",
        "Étudiants par académie et nombre d'inscriptions",
        &[ACADEMY, ACADEMY_NAME, MULTIPLE],
        &[(Place, &[0, 2]), (Multiple, &[1])],
        &[Multiple],
        true,
    ),
    Table {
        since: 4,
        ..split(
            "flux",
            "Étudiants nouveaux, venus d'une autre académie, restés et partis depuis l'état précédent",
            &[ACADEMY, ACADEMY_NAME, FLOW],
            &[(Place, &[0, 2]), (Flow, &[1])],
            &[Flow],
            true,
        )
    },
];

/// What is told of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Students and, where the table counts them, enrolments.
    Counts { students: i64, enrolments: Option<i64> },
    /// It is secret: not which kind of secret, which would tell how few they are.
    Secret,
}

impl Told {
    /// The students, if they are told.
    #[must_use]
    pub fn students(self) -> Option<i64> {
        match self {
            Self::Counts { students, .. } => Some(students),
            Self::Secret => None,
        }
    }
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub codes: Vec<String>,
    pub told: Told,
}

impl Table {
    /// Whether a cell is one of its rows.
    #[must_use]
    pub fn has(&self, key: &Key, all: &Nomenclature) -> bool {
        let of_levels = Dimension::ALL.iter().all(|dimension| {
            let level = all.level(*dimension, key[dimension.at()]);
            let own = self.levels.iter().find(|(crossed, _)| crossed == dimension);
            own.map_or(level == 0, |(_, levels)| levels.contains(&level))
        });
        of_levels && (self.split.is_empty() || self.split.iter().any(|one| key[one.at()] != TOTAL))
    }

    /// Its rows, in the order of their codes.
    #[must_use]
    pub fn rows(&self, cube: &Cube, system: &System) -> Vec<Row> {
        let mut rows: Vec<Row> = cube
            .cells
            .iter()
            .zip(&system.cells)
            .filter(|((key, _), _)| self.has(key, &cube.nomenclature))
            .map(|((key, counts), cell)| {
                let enrolments = (!self.people_only).then_some(counts.enrolments);
                let told = match cell.state {
                    State::Published => Told::Counts { students: counts.students, enrolments },
                    State::Hidden | State::Latent | State::Dropped => Told::Secret,
                };
                let codes = self.columns.iter().map(|one| one.text(key, &cube.nomenclature));
                Row { codes: codes.collect(), told }
            })
            .collect();
        rows.sort_by(|one, other| one.codes.cmp(&other.codes));
        rows
    }

    /// The cell of a row, from its codes; `None` if one of them is in no list.
    pub fn key(&self, codes: &[String], all: &mut Nomenclature) -> Option<Key> {
        if codes.len() != self.columns.len() {
            return None;
        }
        if self.columns.starts_with(&[UAI, UAI_NAME, KIND]) {
            all.register(codes.first()?.parse_uai()?, codes.get(2)?, codes.get(1)?);
        }
        let mut key = EVERYBODY;
        for (column, code) in self.columns.iter().zip(codes) {
            let at = column.dimension.at();
            let finer = all.level(column.dimension, key[at]) > column.level;
            if column.is_name || code == ALL || finer {
                continue;
            }
            key[at] = match (column.dimension, column.level) {
                (Supplier, 2) => all.supplier(code.parse_uai()?),
                (Diploma, 1) => all.add(Diploma, 1, code, TOTAL),
                (Diploma, level) => {
                    let diploma = all.code(Diploma, key[at]).to_owned();
                    all.add(Diploma, level, &year_of(&diploma, code), key[at])
                }
                (dimension, level) => all.find(dimension, level, code)?,
            };
        }
        Some(key)
    }
}

/// A text as a UAI.
trait ParseUai {
    fn parse_uai(&self) -> Option<shared::domain::uai::Uai>;
}

impl ParseUai for String {
    fn parse_uai(&self) -> Option<shared::domain::uai::Uai> {
        shared::domain::uai::Uai::parse(self).ok()
    }
}

impl Column {
    /// What the column has for a cell.
    fn text(&self, key: &Key, all: &Nomenclature) -> String {
        let value = key[self.dimension.at()];
        if all.level(self.dimension, value) < self.level {
            return ALL.to_owned();
        }
        let code = all.code(self.dimension, all.lift(self.dimension, value, self.level));
        if !self.is_name {
            return code.to_owned();
        }
        let name = match (self.dimension, self.level) {
            (Supplier, _) => all.name_of(code),
            (_, 3) => territory::departments().find(|one| one.code == code).map(|one| one.name),
            _ => territory::name_of(code),
        };
        name.unwrap_or(code).to_owned()
    }
}
