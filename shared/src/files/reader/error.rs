//! Why a file can't be read at all.

use std::fmt;

use super::heading::Missing;
use super::likelihood::Doubt;
use super::values::MonthFirst;
use super::workbook::{SheetName, Unstored};
use super::{LARGEST_INFLATED, LARGEST_RATIO, LONGEST_LINE, LONGEST_OPENING, WIDEST_WINDOW_LOG};
use crate::files::column::{Header, HeaderError};

/// Why a file can't be read at all, or no further. Final: the same bytes give the same error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileError {
    /// Nothing in it.
    Empty,
    /// Its first line is not text.
    NotText,
    /// It is of another format, in French words.
    Foreign(&'static str),
    /// Its header is none that can be read.
    Header(HeaderError),
    /// What was read as its header lacks columns.
    MissingColumns(Box<Missing>),
    /// No encoding gives names that are any.
    Encoding(Doubt),
    /// Columns of dates have some that can only be month first.
    MonthFirst(Box<MonthFirst>),
    /// Its first line is longer than [`LONGEST_LINE`].
    HeaderTooLong,
    /// The compressed data make no sense.
    Corrupt,
    /// The compressed data stop before their end.
    Truncated,
    /// It inflates to more than [`LARGEST_RATIO`] times its size: a decompression bomb.
    Bomb,
    /// It inflates to more than [`LARGEST_INFLATED`].
    TooLarge,
    /// The workbook can't be read.
    Workbook(WorkbookError),
    /// The position to go on from is not one of this file's.
    Position,
}

/// Why a workbook can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkbookError {
    /// The object is larger than what is opened.
    TooLarge {
        /// Bytes at most.
        limit: usize,
    },
    /// More entries than any workbook has.
    TooManyEntries {
        /// Entries seen.
        seen: usize,
    },
    /// Its contents inflate to more than is opened.
    Inflated {
        /// Bytes at most.
        limit: u64,
    },
    /// The archive or the sheet is damaged.
    Damaged,
    /// It names more sheets than are looked at.
    TooManySheets {
        /// Sheets seen.
        seen: usize,
        /// Sheets at most.
        most: usize,
    },
    /// Two of its sheets, or two entries of the archive, are the same bytes, which no spreadsheet
    /// writes.
    PartReadTwice,
    /// It could not be opened in [`LONGEST_OPENING`]. The one error that depends on the machine as
    /// well as on the bytes.
    Slow,
    /// The sheets have more in them than is held.
    LargeSheets {
        /// Filled cells at most.
        cells: usize,
        /// Bytes of text at most.
        bytes: usize,
    },
    /// An archive of something else, in French words.
    NotAWorkbook(&'static str),
    /// No sheet has anything in it.
    Empty,
    /// A sheet holds enrolments, and no header that says what they are.
    SheetWithoutHeader {
        /// Which.
        sheet: SheetName,
        /// What is wrong with its header.
        error: Box<FileError>,
    },
    /// A sheet that its author may not see holds enrolments.
    HiddenSheet {
        /// Which.
        sheet: SheetName,
    },
    /// Formulas without their result, which would be read as blanks.
    UnstoredFormulas(Unstored),
    /// Cells in an order that no spreadsheet writes.
    Disordered,
}

/// In French, for the registrar: it ends in the report.
impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("le fichier est vide"),
            Self::NotText => f.write_str(
                "le fichier n'est pas un texte CSV : il contient des octets nuls ou illisibles dès sa première ligne",
            ),
            Self::Foreign(seen) => {
                write!(
                    f,
                    "le fichier est {seen} : seuls CSV, NDJSON (éventuellement compressés par gzip ou zstd) et XLSX sont lus"
                )
            }
            Self::MissingColumns(missing) => missing.fmt(f),
            Self::Header(HeaderError::Missing(columns)) => {
                let columns: Vec<_> = columns.iter().map(|column| column.name()).collect();
                write!(f, "l'en-tête ne contient pas les colonnes obligatoires : {}", columns.join(", "))
            }
            Self::Header(HeaderError::Duplicate(column)) => {
                write!(f, "la colonne {column} figure deux fois dans l'en-tête")
            }
            Self::Header(HeaderError::TooWide) => {
                write!(f, "l'en-tête a plus de {} colonnes", Header::WIDEST)
            }
            Self::Encoding(doubt) => {
                match doubt {
                    Doubt::Unlikely(best) => write!(
                        f,
                        "l'encodage du fichier n'est pas reconnu : lu en {}, le plus probable, il aurait des noms \
                         impossibles (majuscules accentuées ou signes au milieu des mots, Ž, Š)",
                        best.name()
                    )?,
                    Doubt::Between(one, other) => write!(
                        f,
                        "l'encodage du fichier est incertain : ses accents se liraient aussi bien en {} qu'en {}",
                        one.name(),
                        other.name()
                    )?,
                }
                f.write_str(" ; l'enregistrer en UTF-8 (« CSV UTF-8 » dans Excel) et le redéposer. Rien n'a été lu")
            }
            Self::MonthFirst(columns) => columns.fmt(f),
            Self::HeaderTooLong => write!(f, "la première ligne dépasse {LONGEST_LINE} octets"),
            Self::Corrupt => write!(
                f,
                "le fichier compressé est endommagé, ou sa fenêtre de compression dépasse {} Mo (zstd --long ou --ultra)",
                1 << (WIDEST_WINDOW_LOG - 20)
            ),
            Self::Truncated => f.write_str("le fichier compressé est incomplet : l'envoi a été interrompu"),
            Self::Bomb => write!(f, "le fichier se décompresse en plus de {LARGEST_RATIO} fois sa taille"),
            Self::TooLarge => {
                write!(f, "le fichier se décompresse en plus de {} Go", LARGEST_INFLATED >> 30)
            }
            Self::Workbook(error) => error.fmt(f),
            Self::Position => f.write_str("la reprise de la lecture ne correspond pas à ce fichier"),
        }
    }
}

impl fmt::Display for WorkbookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => {
                write!(f, "le classeur dépasse {} Mo : l'enregistrer en CSV, que rien ne limite", limit >> 20)
            }
            Self::TooManyEntries { seen } => {
                write!(f, "le classeur contient {seen} fichiers, plus qu'aucun tableur n'en écrit")
            }
            Self::Inflated { limit } => write!(
                f,
                "le contenu du classeur dépasse {} Mo une fois décompressé : l'enregistrer en CSV, que rien ne limite",
                limit >> 20
            ),
            Self::Damaged => f.write_str("le classeur est endommagé : l'ouvrir et l'enregistrer à nouveau"),
            Self::TooManySheets { seen, most } => {
                write!(f, "le classeur compte {seen} feuilles, plus de {most} : n'envoyer que celle des inscriptions")
            }
            Self::PartReadTwice => f.write_str(
                "deux feuilles du classeur sont un seul et même contenu : l'ouvrir et l'enregistrer à nouveau",
            ),
            Self::Slow => write!(
                f,
                "le classeur n'a pas pu être ouvert en {} secondes : l'enregistrer en CSV, que rien ne limite",
                LONGEST_OPENING.as_secs()
            ),
            Self::LargeSheets { cells, bytes } => write!(
                f,
                "les feuilles dépassent {cells} cellules ou {} Mo de texte : enregistrer celle des inscriptions en \
                 CSV, que rien ne limite",
                bytes >> 20
            ),
            Self::NotAWorkbook(seen) => write!(
                f,
                "le fichier est {seen} : seuls CSV, NDJSON (éventuellement compressés par gzip ou zstd) et XLSX sont lus"
            ),
            Self::Empty => f.write_str("le classeur n'a aucune feuille remplie"),
            Self::SheetWithoutHeader { sheet, error } => write!(
                f,
                "la feuille {sheet} ne peut pas être lue, et rien du classeur ne l'a donc été : {error} ; la compléter, \
                 ou la retirer si elle ne contient pas d'inscriptions"
            ),
            Self::HiddenSheet { sheet } => write!(
                f,
                "la feuille {sheet} est masquée et contient des inscriptions : l'afficher si elles sont à lire, la \
                 supprimer sinon"
            ),
            Self::UnstoredFormulas(Unstored { first, cells }) => write!(
                f,
                "une feuille du classeur a {cells} formules sans résultat enregistré (la première en {first}), qui se \
                 liraient comme des cellules vides : l'ouvrir dans un tableur et l'enregistrer, ou y remplacer les \
                 formules par leurs valeurs"
            ),
            Self::Disordered => {
                f.write_str("les cellules du classeur ne sont pas dans l'ordre : l'ouvrir et l'enregistrer à nouveau")
            }
        }
    }
}

impl std::error::Error for FileError {}

impl std::error::Error for WorkbookError {}
