//! The columns of an enrolment file: the write contract's field names, those of the identity, and
//! the labels that schools' software writes instead.
//!
//! The table in `docs/files.md` is generated from here.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::mapping::Mapping;
use crate::domain::fold::{fold, folded_words};

/// A column that the format knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Column {
    Ine,
    /// `cleIne`: the last characters of an INE that is in two columns.
    CleIne,
    /// `dateNaissance`.
    DateNaissance,
    /// `nomFamille`.
    NomFamille,
    /// `nomUsage`.
    NomUsage,
    Prenom1,
    Prenom2,
    Prenom3,
    Sexe,
    /// `lieuNaissance`.
    LieuNaissance,
    /// `dateDebutInscription`.
    DateDebutInscription,
    /// `dateFinInscription`.
    DateFinInscription,
    Statut,
    Regime,
    /// `codeCommune`.
    CodeCommune,
    Uai,
    Cursus,
    Diplome,
    /// `niveauDiplome`.
    NiveauDiplome,
    /// `numeroEtudiant`.
    NumeroEtudiant,
}

impl Column {
    /// All of them, in the documented order.
    pub const ALL: [Self; 20] = [
        Self::Ine,
        Self::CleIne,
        Self::DateNaissance,
        Self::NomFamille,
        Self::NomUsage,
        Self::Prenom1,
        Self::Prenom2,
        Self::Prenom3,
        Self::Sexe,
        Self::LieuNaissance,
        Self::DateDebutInscription,
        Self::DateFinInscription,
        Self::Statut,
        Self::Regime,
        Self::CodeCommune,
        Self::Uai,
        Self::Cursus,
        Self::Diplome,
        Self::NiveauDiplome,
        Self::NumeroEtudiant,
    ];

    /// Without these no row of the file can be accepted, so the file fails at once.
    pub const REQUIRED: [Self; 5] = [
        Self::DateNaissance,
        Self::DateDebutInscription,
        Self::DateFinInscription,
        Self::Statut,
        Self::Uai,
    ];

    /// Nor without these, unless there is [`Column::Ine`].
    pub const IDENTITY: [Self; 3] = [Self::NomFamille, Self::Prenom1, Self::Sexe];

    /// The wire name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ine => "ine",
            Self::CleIne => "cleIne",
            Self::DateNaissance => "dateNaissance",
            Self::NomFamille => "nomFamille",
            Self::NomUsage => "nomUsage",
            Self::Prenom1 => "prenom1",
            Self::Prenom2 => "prenom2",
            Self::Prenom3 => "prenom3",
            Self::Sexe => "sexe",
            Self::LieuNaissance => "lieuNaissance",
            Self::DateDebutInscription => "dateDebutInscription",
            Self::DateFinInscription => "dateFinInscription",
            Self::Statut => "statut",
            Self::Regime => "regime",
            Self::CodeCommune => "codeCommune",
            Self::Uai => "uai",
            Self::Cursus => "cursus",
            Self::Diplome => "diplome",
            Self::NiveauDiplome => "niveauDiplome",
            Self::NumeroEtudiant => "numeroEtudiant",
        }
    }

    /// What schools' software calls it in French, whatever the case, accents, blanks and
    /// punctuation, the most exact first. What an export also says of a student's address (`Code
    /// postal`, `Commune`) is none of it.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub fn labels(self) -> &'static [&'static str] {
        match self {
            Self::Ine => &[
                "INE étudiant",
                "Code INE",
                "N° INE",
                "Numéro INE",
                "Identifiant national étudiant",
                "NNE",
                "COD_NNE_IND",
            ],
            Self::CleIne => &["Clé de l'INE", "Clé NNE", "COD_CLE_NNE_IND"],
            Self::DateNaissance => &["Date de naissance", "Né(e) le", "Naissance"],
            Self::NomFamille => &[
                "Nom de famille",
                "Nom de naissance",
                "Nom naissance",
                "Nom patronymique",
                "Nom",
                "Nom étudiant",
            ],
            Self::NomUsage => &["Nom d'usage", "Nom usuel", "Nom marital", "Nom d'époux"],
            Self::Prenom1 => {
                &["Prénom", "Prénoms", "Premier prénom", "1er prénom", "Prénom étudiant"]
            }
            Self::Prenom2 => &["Deuxième prénom", "Second prénom", "2e prénom", "2ème prénom"],
            Self::Prenom3 => &["Troisième prénom", "3e prénom", "3ème prénom"],
            Self::Sexe => &["Sexe étudiant", "Code sexe", "Genre", "Civilité"],
            Self::LieuNaissance => &[
                "Lieu de naissance",
                "Commune de naissance",
                "Code commune de naissance",
                "Code INSEE de naissance",
                "Code lieu de naissance",
                "Ville de naissance",
            ],
            Self::DateDebutInscription => &[
                "Date de début d'inscription",
                "Début d'inscription",
                "Début inscription",
                "Date de début",
                "Date début",
                "Début",
            ],
            Self::DateFinInscription => &[
                "Date de fin d'inscription",
                "Fin d'inscription",
                "Fin inscription",
                "Date de fin",
                "Date fin",
                "Fin",
            ],
            Self::Statut => &[
                "Statut de l'inscription",
                "Statut d'inscription",
                "Statut étudiant",
                "Code statut",
            ],
            Self::Regime => &[
                "Régime d'inscription",
                "Régime inscription",
                "Code régime",
                "Régime de formation",
            ],
            Self::CodeCommune => &[
                "Code commune d'études",
                "Commune d'études",
                "Code INSEE commune",
                "Code commune établissement",
                "Code postal établissement",
            ],
            Self::Uai => &[
                "Code UAI",
                "N° UAI",
                "UAI établissement",
                "Code établissement",
                "RNE",
                "Code RNE",
            ],
            Self::Cursus => &["Cursus LMD", "Code cursus"],
            Self::Diplome => &[
                "Code diplôme",
                "Code SISE",
                "Code diplôme SISE",
                "Diplôme SISE",
                "MEFSTAT11",
                "MEF",
            ],
            Self::NiveauDiplome => &[
                "Niveau du diplôme",
                "Niveau dans le diplôme",
                "Année dans le diplôme",
                "Niveau",
                "Année d'études",
            ],
            Self::NumeroEtudiant => &[
                "N° étudiant",
                "Numéro d'étudiant",
                "Num étudiant",
                "Code étudiant",
                "Identifiant étudiant",
                "Matricule",
            ],
        }
    }

    /// The column that is called so, by its wire name or by one of its labels.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ranked(text).map(|(column, _)| column)
    }

    /// The column that is called so, and how exactly: 0 by its wire name, then in the order of its
    /// labels.
    pub(super) fn ranked(text: &str) -> Option<(Self, usize)> {
        if let Some(column) = Self::ALL.into_iter().find(|column| column.name() == text) {
            return Some((column, 0));
        }
        BY_NAME
            .get(&fold(text))
            .copied()
            .or_else(|| BY_NAME.get(&fold(without_hints(text)?.as_str())).copied())
    }

    pub(super) fn index(self) -> usize {
        self as usize
    }
}

/// Words of a hint that says how a column is filled. Any other word may make another column of it:
/// `Nom (conjoint)`. `mm/jj/aaaa` is no such hint, since such dates would be read wrongly.
const HINTS: [&str; 34] = [
    "AAAA",
    "AU",
    "CARACTERES",
    "CHIFFRES",
    "CODE",
    "COG",
    "DATE",
    "EX",
    "EXEMPLE",
    "F",
    "FACULTATIF",
    "FORMAT",
    "H",
    "INSEE",
    "JJ",
    "LETTRES",
    "M",
    "MM",
    "MASCULIN",
    "FEMININ",
    "OBLIGATOIRE",
    "OPTIONNEL",
    "OU",
    "REQUIS",
    "SI",
    "CONNU",
    "SISE",
    "TEXTE",
    "UAI",
    "RNE",
    "ISO",
    "SUR",
    "CHAMP",
    "FACULTATIVE",
];

/// A label without the hints that forms put after it: `Date de naissance (jj/mm/aaaa)*`. `None` if
/// it has none, or something in parentheses that is no hint.
fn without_hints(text: &str) -> Option<String> {
    let bare = text.trim().trim_end_matches(['*', ':', ' ']);
    let (label, hint) = match bare.strip_suffix([')', ']']) {
        Some(bare) => bare.rsplit_once(['(', '['])?,
        None => return None,
    };
    let words: Vec<_> = folded_words(hint).collect();
    let month_first = words.windows(2).any(|pair| pair[0] == "MM" && pair[1] == "JJ");
    let known = |word: &String| {
        HINTS.contains(&word.as_str()) || word.bytes().all(|byte| byte.is_ascii_digit())
    };
    (!month_first && words.iter().all(known)).then(|| label.trim_end_matches(['*', ' ']).to_owned())
}

/// Columns by what they are called, folded, and how exactly. Folding every label for each name that
/// is looked up would, by estimate, cost 2 µs for each byte of a JSON line of unknown keys.
static BY_NAME: LazyLock<HashMap<String, (Column, usize)>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    for column in Column::ALL {
        let own = std::iter::once(column.name()).chain(column.labels().iter().copied());
        for (rank, name) in own.enumerate() {
            names.entry(fold(name)).or_insert((column, rank));
        }
    }
    names
});

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where each column is in this file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    positions: [Option<u16>; Column::ALL.len()],
    width: u16,
}

/// Why a first line is not a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderError {
    /// These required columns are not there.
    Missing(Vec<Column>),
    /// This column is there twice, so its value would be ambiguous.
    Duplicate(Column),
    /// More fields than [`Header::WIDEST`].
    TooWide,
}

impl Header {
    /// Most fields of a line. An export of everything that Apogée knows about a student has some
    /// 150.
    pub const WIDEST: usize = 256;

    /// Reads the fields of a line, in any order; unknown ones are passed over, and blank ones at
    /// its end are no columns. Where several may be one column (`Nom`, `Nom de naissance`), the
    /// most exact is, and the others are as good as unknown.
    pub fn parse<'a>(
        fields: impl Iterator<Item = &'a str>,
        mapping: &Mapping,
    ) -> Result<Self, HeaderError> {
        let mut header = Self { positions: [None; Column::ALL.len()], width: 0 };
        let mut ranks = [usize::MAX; Column::ALL.len()];
        let mut named = 0;
        for field in fields {
            let position = header.width;
            if usize::from(position) == Self::WIDEST {
                return Err(HeaderError::TooWide);
            }
            header.width += 1;
            if !field.trim().is_empty() {
                named = header.width;
            }
            let Some((column, rank)) = mapping.ranked(field.trim()) else { continue };
            let best = &mut ranks[column.index()];
            if rank == *best {
                return Err(HeaderError::Duplicate(column));
            }
            if rank < *best {
                *best = rank;
                header.positions[column.index()] = Some(position);
            }
        }
        header.width = named;
        let missing = |columns: &[Column]| -> Vec<_> {
            columns.iter().copied().filter(|column| header.position(*column).is_none()).collect()
        };
        let mut absent = missing(&Column::REQUIRED);
        if header.position(Column::Ine).is_none() {
            absent.extend(missing(&Column::IDENTITY));
        }
        if absent.is_empty() { Ok(header) } else { Err(HeaderError::Missing(absent)) }
    }

    /// A header that was read before, from where it had each column.
    pub(super) fn restored(
        columns: impl Iterator<Item = (Column, u16)>,
        width: u16,
    ) -> Option<Self> {
        let mut header = Self { positions: [None; Column::ALL.len()], width };
        for (column, position) in columns {
            if position >= width || usize::from(width) > Self::WIDEST {
                return None;
            }
            header.positions[column.index()] = Some(position);
        }
        Some(header)
    }

    /// The position of a column, from 0, if the file has it.
    #[must_use]
    pub fn position(&self, column: Column) -> Option<usize> {
        self.positions[column.index()].map(usize::from)
    }

    /// How many columns it has, named or not.
    #[must_use]
    pub fn width(&self) -> usize {
        usize::from(self.width)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn parse<'a>(fields: impl Iterator<Item = &'a str>) -> Result<Header, HeaderError> {
        Header::parse(fields, &Mapping::default())
    }

    #[test]
    fn order_and_case_are_free_and_unknown_columns_are_passed_over() {
        let fields = [
            "UAI",
            "couleur",
            "Statut",
            "dateFinInscription",
            "dateDebutInscription",
            "sexe",
            "prenom1",
            "nomFamille",
            "dateNaissance",
        ];
        let header = parse(fields.into_iter()).unwrap();
        assert_eq!(
            (header.position(Column::Uai), header.position(Column::DateNaissance), header.width()),
            (Some(0), Some(8), 9)
        );
        assert_eq!(header.position(Column::Ine), None);
    }

    #[test]
    fn labels_are_told_apart_whatever_their_spelling() {
        let mut seen = BTreeMap::new();
        for column in Column::ALL {
            for name in [column.name()].iter().chain(column.labels()) {
                assert_eq!(
                    seen.insert(fold(name), column),
                    None,
                    "{name} names two columns, or one twice"
                );
                assert_eq!(Column::named(&name.to_uppercase()), Some(column), "{name}");
            }
        }
        assert_eq!(Column::named(" n°_étudiant "), Some(Column::NumeroEtudiant));
        assert_eq!(Column::named("couleur"), None);
        for (text, column) in [
            ("Date de naissance (jj/mm/aaaa)*", Some(Column::DateNaissance)),
            ("Sexe (M ou F) *", Some(Column::Sexe)),
            ("Prénom*", Some(Column::Prenom1)),
            ("Nom de\nfamille", Some(Column::NomFamille)),
            ("Nom (d'usage)", Some(Column::NomUsage)),
            ("Né(e) le", Some(Column::DateNaissance)),
            ("INE (11 caractères)", Some(Column::Ine)),
            ("Date de naissance (mm/jj/aaaa)", None),
            ("Nom (conjoint)", None),
            ("Lieu de naissance (code postal)", None),
        ] {
            assert_eq!(Column::named(text), column, "{text}");
        }
    }

    #[test]
    fn missing_and_repeated_columns_are_named() {
        let all = || Column::ALL.into_iter().map(Column::name);
        assert_eq!(
            parse(all().filter(|name| *name != "statut")).unwrap_err(),
            HeaderError::Missing(vec![Column::Statut])
        );
        assert_eq!(parse(all().chain(["INE"])).unwrap_err(), HeaderError::Duplicate(Column::Ine));
        assert_eq!(
            parse(all().filter(|name| !["ine", "sexe"].contains(name))).unwrap_err(),
            HeaderError::Missing(vec![Column::Sexe])
        );
        assert_eq!(
            parse(all().chain(std::iter::repeat_n("x", 300))).unwrap_err(),
            HeaderError::TooWide
        );
    }

    #[test]
    fn the_most_exact_name_of_a_column_wins() {
        let required =
            ["dateNaissance", "dateDebutInscription", "dateFinInscription", "statut", "uai", "ine"];
        let header = |more: [&'static str; 3]| parse(required.into_iter().chain(more)).unwrap();
        assert_eq!(
            header(["Nom", "Nom de naissance", "Code INE"]).position(Column::NomFamille),
            Some(7)
        );
        assert_eq!(
            header(["nomFamille", "Nom de naissance", "Nom"]).position(Column::NomFamille),
            Some(6)
        );
        assert_eq!(header(["Code INE", "N° INE", "x"]).position(Column::Ine), Some(5));
    }

    #[test]
    fn names_are_needed_only_where_there_is_no_ine() {
        let required = || Column::REQUIRED.into_iter().map(Column::name);
        assert!(parse(required().chain(["ine"])).is_ok());
        assert_eq!(parse(required()).unwrap_err(), HeaderError::Missing(Column::IDENTITY.to_vec()));
    }
}
