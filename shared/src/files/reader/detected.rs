//! What was found out about a file, and where in it one is.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use strsim::osa_distance;

use super::charset::Charset;
use super::sniff::{Compression, Format};
use super::source::{Form, object_offset};
use super::text::{LineEnd, Units};
use super::workbook::{Book, SheetName};
use crate::domain::fold::folded_words;
use crate::domain::name::is_invisible;
use crate::files::column::{Column, Header};
use crate::files::mapping::Mapping;
use crate::files::row::DateForm;

/// Most unknown columns that are named.
const MOST_UNKNOWN: usize = 50;
/// Longest name of a column that is kept, in characters.
const LONGEST_NAME: usize = 64;
/// Longest name that is looked at for words, in bytes.
const LONGEST_LABEL: usize = 256;

/// What was found out about a file, for the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detected {
    /// What is in it.
    pub format: Format,
    /// What it is wrapped in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<Compression>,
    /// The encoding of all its lines; none for a workbook.
    #[serde(rename = "encodage", default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<Charset>,
    /// Whether it begins with a byte order mark.
    #[serde(rename = "bom", default)]
    pub mark: bool,
    /// What ends its lines; none for a workbook.
    #[serde(rename = "finsDeLigne", default, skip_serializing_if = "Option::is_none")]
    pub line_end: Option<LineEnd>,
    /// What stands between its values.
    #[serde(rename = "separateur", default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<char>,
    /// Whether values were seen in quotation marks.
    #[serde(rename = "guillemets", default)]
    pub quoted: bool,
    /// The filled sheets of a workbook, read or not.
    #[serde(rename = "feuilles", default, skip_serializing_if = "Vec::is_empty")]
    pub sheets: Vec<FoundSheet>,
    /// The line of the header, in the first sheet that has one; none where each line names its
    /// values.
    #[serde(rename = "ligneEnTete", default, skip_serializing_if = "Option::is_none")]
    pub header_line: Option<u64>,
    /// How its dates are written, as far as the lines read have shown it.
    #[serde(rename = "dates", default)]
    pub dates: Vec<DateForm>,
    /// The columns that were recognised.
    #[serde(rename = "colonnes", default)]
    pub columns: Vec<FoundColumn>,
    /// Some of those that were not: by name where that is made of the words of labels, else by
    /// their place. A header may be a row of people by mistake, and a report goes to more hands
    /// than the file.
    #[serde(rename = "colonnesInconnues", default)]
    pub unknown: Vec<String>,
}

/// A sheet with something in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundSheet {
    /// From 1.
    #[serde(rename = "numero")]
    pub number: u16,
    /// What its tab says.
    #[serde(rename = "nom")]
    pub name: String,
    /// Whether it holds enrolments, and was read.
    #[serde(rename = "lue")]
    pub read: bool,
    /// The line of its header, if it was read.
    #[serde(rename = "ligneEnTete", default, skip_serializing_if = "Option::is_none")]
    pub header_line: Option<u64>,
}

/// A column that was recognised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundColumn {
    /// Which.
    #[serde(rename = "colonne")]
    pub column: Column,
    /// What the file calls it.
    #[serde(rename = "libelle")]
    pub label: String,
    /// Where it is, from 1; none where each line names its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u16>,
}

impl Detected {
    pub(super) fn new(format: Format, compression: Option<Compression>) -> Self {
        Self {
            format,
            compression,
            charset: None,
            mark: false,
            line_end: None,
            separator: None,
            quoted: false,
            sheets: Vec::new(),
            header_line: None,
            dates: Vec::new(),
            columns: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// Notes what the sheets of a workbook are; columns are those of any sheet, with their place in
    /// the first that has them.
    pub(super) fn set_sheets(&mut self, book: &Book, mapping: &Mapping) {
        let found = |name: &SheetName, header_line: Option<u64>| FoundSheet {
            number: name.number,
            name: name.name.clone(),
            read: header_line.is_some(),
            header_line,
        };
        for sheet in &book.sheets {
            let Some(row) = sheet.cells.row(sheet.header_row) else { continue };
            self.header_line.get_or_insert(row.number());
            self.sheets.push(found(&sheet.name, Some(row.number())));
            self.set_header(&sheet.header, row.fields().into_iter(), mapping);
        }
        self.sheets.extend(book.passed.iter().map(|name| found(name, None)));
        self.sheets.sort_by_key(|sheet| sheet.number);
    }

    /// The filled sheets that were passed over, in French words; `None` when everything was read.
    #[must_use]
    pub fn passed_sheets(&self) -> Option<String> {
        let passed = self.sheets.iter().filter(|sheet| !sheet.read);
        let names: Vec<_> =
            passed.map(|sheet| format!("feuille {} (« {} »)", sheet.number, sheet.name)).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// Notes where the columns are.
    pub(super) fn set_header<'a>(
        &mut self,
        header: &Header,
        fields: impl Iterator<Item = &'a str>,
        mapping: &Mapping,
    ) {
        for (position, field) in fields.enumerate() {
            let field = field.trim();
            let found =
                mapping.named(field).filter(|column| header.position(*column) == Some(position));
            match found {
                Some(column) if self.columns.iter().any(|known| known.column == column) => {}
                Some(column) => {
                    let position = u16::try_from(position + 1).ok();
                    self.columns.push(FoundColumn { column, label: shortened(field), position });
                }
                None if field.is_empty() => {}
                None if is_a_label(field) => self.note_unknown(&shortened(field)),
                None => self.note_unknown(&format!("colonne {}", position + 1)),
            }
        }
    }

    /// Notes a column that a line names itself.
    pub(super) fn note_column(&mut self, column: Column) {
        if !self.columns.iter().any(|found| found.column == column) {
            self.columns.push(FoundColumn {
                column,
                label: column.name().to_owned(),
                position: None,
            });
        }
    }

    /// Notes a key of an object that is not recognised.
    pub(super) fn note_unknown_key(&mut self, key: &str) {
        if is_a_label(key) {
            self.note_unknown(&shortened(key));
        } else {
            self.note_unknown("clé sans libellé connu");
        }
    }

    fn note_unknown(&mut self, name: &str) {
        if self.unknown.len() < MOST_UNKNOWN && !self.unknown.iter().any(|known| known == name) {
            self.unknown.push(name.to_owned());
        }
    }

    /// The header again.
    fn header(&self, width: u16) -> Option<Header> {
        Header::restored(
            self.columns
                .iter()
                .filter_map(|found| Some((found.column, found.position?.checked_sub(1)?))),
            width,
        )
    }
}

/// Whether a name is made of words that labels are made of, or of slips of them, so that it tells
/// nothing of a person: `Date de naissanse` is told, `MARTIN` and `2004-03-02` are not.
fn is_a_label(name: &str) -> bool {
    let mut words = folded_words(name).peekable();
    let is_known = |word: String| {
        let length = word.chars().count();
        let slips = usize::from(length >= 5);
        WORDS.iter().any(|known| {
            known.len().abs_diff(word.len()) <= slips
                && (known == &word || slips > 0 && osa_distance(known, &word) <= slips)
        })
    };
    name.len() <= LONGEST_LABEL && words.peek().is_some() && words.all(is_known)
}

/// The words of our labels, and of other columns that schools' exports have.
static WORDS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let own = Column::ALL.into_iter().flat_map(|column| {
        // A wire name is words too: `dateNaissance`.
        let wire: String = column
            .name()
            .chars()
            .flat_map(|letter| {
                letter.is_ascii_uppercase().then_some(' ').into_iter().chain([letter])
            })
            .collect();
        column
            .labels()
            .iter()
            .flat_map(|label| folded_words(label))
            .chain(folded_words(&wire))
            .collect::<Vec<_>>()
    });
    own.chain(OTHERS.split(' ').map(str::to_owned))
        .filter(|word| !word.bytes().any(|byte| byte.is_ascii_digit()))
        .collect()
});

/// Words of columns that exports have besides.
const OTHERS: &str = "ADRESSE AGE ANNEE BAC BOURSE BOURSIER CLASSE CODE COMMENTAIRE COMPOSANTE COULEUR COURRIEL CYCLE DATE \
                      EMAIL ETAPE FILIERE FORMATION GROUPE LIBELLE MAIL MENTION NATIONALITE NUMERO OBSERVATION OBSERVATIONS \
                      OPTION PARCOURS PAYS POSTAL PROFIL REMARQUE REMARQUES SECTION SITE SPECIALITE TEL TELEPHONE TYPE UFR \
                      VERSION VILLE";

/// A field of what was read as a header, to be quoted: by name if that tells nothing of a person,
/// else by its place.
pub(super) fn as_told(field: &str, position: usize) -> String {
    let field = field.trim();
    if is_a_label(field) {
        format!("« {} »", shortened(field))
    } else {
        format!("colonne {}", position + 1)
    }
}

pub(super) fn shortened(name: &str) -> String {
    // A label over several lines is told on one.
    let letters = name.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter });
    letters.filter(|letter| !is_invisible(*letter)).take(LONGEST_NAME).collect()
}

/// Where in a file one is, after some row. Small, holds nothing of the rows, and goes into a
/// checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Bytes of the text, inflated if need be, before the next line; 0 for a workbook.
    pub(super) offset: u64,
    /// The line of the last row, from 1.
    pub(super) line: u64,
    /// The number of its sheet, from 1; 0 in a text.
    #[serde(default)]
    pub(super) sheet: u16,
    /// What was found out, once the header is read.
    pub(super) found: Option<Found>,
}

/// What is needed to go on reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Found {
    pub(super) units: Units,
    pub(super) width: u16,
    pub(super) detected: Detected,
}

impl Position {
    /// Where in the object the bytes to push next begin: its start, for what can only be read from
    /// there.
    #[must_use]
    pub fn object_offset(&self) -> u64 {
        self.found
            .as_ref()
            .map_or(0, |found| object_offset(found.detected.compression, self.offset))
    }

    /// The line of the last row, from 1; 0 before the first.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }
}

impl Found {
    /// How the text is made; `None` for a workbook.
    pub(super) fn form(&self) -> Option<Form> {
        let Detected { format, compression, mark, line_end, .. } = self.detected;
        Some(Form { format, compression, units: self.units, mark, line_end: line_end? })
    }

    pub(super) fn header(&self) -> Option<Header> {
        self.detected.header(self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_column_is_named_only_by_words_of_labels() {
        for label in ["Couleur", "Date de naissanse", "Code postal", "Adresse mail", "tel"] {
            assert!(is_a_label(label), "{label}");
        }
        for value in [
            "MARTIN",
            "Zoé",
            "070578267KH",
            "2004-03-02",
            "zoe@example.fr",
            "",
            "1",
            "Nom MARTIN",
            "=1+1",
        ] {
            assert!(!is_a_label(value), "{value}");
        }
        let names = "ine;MARTIN;couleur;070578267KH";
        let Ok(header) = Header::parse(["ine"].into_iter().chain(REQUIRED), &Mapping::default())
        else {
            panic!("a header")
        };
        let mut detected = Detected::new(Format::Csv, None);
        detected.set_header(&header, names.split(';'), &Mapping::default());
        assert_eq!(detected.unknown, ["colonne 2", "couleur", "colonne 4"]);
        detected.note_unknown_key("070578267KH");
        detected.note_unknown_key("MARTIN");
        assert_eq!(detected.unknown[3..], ["clé sans libellé connu"]);
    }

    const REQUIRED: [&str; 5] =
        ["dateNaissance", "dateDebutInscription", "dateFinInscription", "statut", "uai"];
}
