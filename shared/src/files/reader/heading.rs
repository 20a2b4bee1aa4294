//! Which line of a file is its header, and what is said when none is.

use std::fmt;

use strsim::osa_distance;

use super::LONGEST_LINE;
use super::detected::{as_told, shortened};
use super::error::FileError;
use super::fields::{Splitter, separator};
use crate::domain::fold::fold;
use crate::files::column::{Column, Header, HeaderError};
use crate::files::mapping::Mapping;

/// Most lines above a header: a title, who made the list, when.
const MOST_TITLES: usize = 20;
/// Most labels that are quoted.
const MOST_QUOTED: usize = 40;

/// The header of a text.
pub(super) struct Table {
    pub(super) header: Header,
    pub(super) separator: u8,
    /// The line that it begins on, from 1.
    pub(super) line: u64,
    /// What it calls its columns.
    pub(super) labels: Vec<String>,
}

/// Looks for the header of a text, whose labels may be of several lines: Excel puts several into
/// one cell.
#[derive(Debug, Default)]
pub(super) struct Heading {
    mapping: Mapping,
    /// The number of a line with a quotation mark open, and what came of it so far.
    open: Option<(u64, String)>,
    search: HeaderSearch,
}

impl Heading {
    /// Looks for a header whose columns are called so.
    pub(super) fn new(mapping: Mapping) -> Self {
        Self { mapping, ..Self::default() }
    }

    /// Looks at a line: the header, `None` if it comes later, or why the file has none.
    pub(super) fn look(&mut self, line: &str, number: u64) -> Result<Option<Table>, FileError> {
        if line.contains('\0') {
            return Err(FileError::NotText);
        }
        let (number, line) = match self.open.take() {
            Some((first, before)) => (first, format!("{before}\n{line}")),
            None => (number, line.to_owned()),
        };
        if line.len() > LONGEST_LINE {
            return Err(FileError::HeaderTooLong);
        }
        if line.bytes().filter(|byte| *byte == b'"').count() % 2 == 1 {
            self.open = Some((number, line));
            return Ok(None);
        }
        // `sep=;` is how a file tells Excel what the header tells us.
        let announced =
            line.trim().get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep="));
        let separator = separator(&line);
        let mut splitter = Splitter::new(separator);
        if announced || splitter.is_blank(&line) {
            return Ok(None);
        }
        let fields: Vec<_> =
            splitter.split(&line).map_err(|_| FileError::NotText)?.iter().collect();
        let header = self.search.look(&fields, number, &self.mapping)?;
        Ok(header.map(|header| {
            let labels = fields.into_iter().map(str::to_owned).collect();
            Table { header, separator, line: number, labels }
        }))
    }

    /// Why there is no header, at the end of the file.
    pub(super) fn give_up(&mut self) -> FileError {
        self.search.give_up()
    }
}

/// Looks for the header among the first lines.
#[derive(Debug, Default)]
pub(super) struct HeaderSearch {
    titles: usize,
    /// The line most like a header so far: how many columns it names, and what is wrong with it.
    best: Option<(usize, FileError)>,
}

impl HeaderSearch {
    /// Looks at the fields of a line: the header, `None` for a title, or why the file has none.
    ///
    /// A title has fewer values than any row that could be accepted, so no row is ever passed over
    /// as one.
    pub(super) fn look(
        &mut self,
        fields: &[&str],
        line: u64,
        mapping: &Mapping,
    ) -> Result<Option<Header>, FileError> {
        let error = match Header::parse(fields.iter().copied(), mapping) {
            Ok(header) => return Ok(Some(header)),
            Err(HeaderError::Missing(columns)) => {
                FileError::MissingColumns(Box::new(Missing::of(columns, fields, line, mapping)))
            }
            Err(error) => FileError::Header(error),
        };
        let filled = fields.iter().filter(|field| !field.trim().is_empty()).count();
        let named = fields.iter().filter(|field| mapping.named(field.trim()).is_some()).count();
        if self.best.as_ref().is_none_or(|(most, _)| named > *most) {
            self.best = Some((named, error));
        }
        self.titles += 1;
        if filled >= Column::REQUIRED.len() || self.titles > MOST_TITLES {
            Err(self.give_up())
        } else {
            Ok(None)
        }
    }

    /// Why there is no header.
    pub(super) fn give_up(&mut self) -> FileError {
        self.best.take().map_or(FileError::Empty, |(_, error)| error)
    }
}

/// A line that was read as a header and lacks columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The columns that it lacks, each with the label that is nearest to one of its own.
    columns: Vec<(Column, Option<String>)>,
    line: u64,
    /// What it has instead; only words of labels, since it may be a row of people.
    labels: Vec<String>,
    more: usize,
    /// What its fields really say, for its depositor alone.
    fields: Vec<String>,
}

impl Missing {
    /// What its fields really say: to be shown to who sent the file, and to nobody else.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    fn of(columns: Vec<Column>, fields: &[&str], line: u64, mapping: &Mapping) -> Self {
        let filled = || fields.iter().enumerate().filter(|(_, field)| !field.trim().is_empty());
        let unknown: Vec<_> = filled()
            .filter(|(_, field)| mapping.named(field.trim()).is_none())
            .map(|(position, field)| (fold(field), as_told(field, position)))
            .collect();
        let columns =
            columns.into_iter().map(|column| (column, nearest(column, &unknown))).collect();
        let labels =
            filled().take(MOST_QUOTED).map(|(position, field)| as_told(field, position)).collect();
        Self {
            columns,
            line,
            labels,
            more: filled().count().saturating_sub(MOST_QUOTED),
            fields: fields.iter().map(|field| shortened(field.trim())).collect(),
        }
    }
}

/// The unknown label that is most like a name of the column: as far from it as a third of its
/// letters at most.
fn nearest(column: Column, unknown: &[(String, String)]) -> Option<String> {
    let names: Vec<String> =
        std::iter::once(column.name()).chain(column.labels().iter().copied()).map(fold).collect();
    let distance = |folded: &str| {
        let near = |name: &String| {
            let distance = osa_distance(name, folded);
            (3 * distance <= name.len() || folded.len() >= 4 && name.contains(folded))
                .then_some(distance)
        };
        names.iter().filter_map(near).min()
    };
    let short = |folded: &str| folded.len() <= 64;
    unknown
        .iter()
        .filter(|(folded, _)| short(folded))
        .filter_map(|(folded, told)| Some((distance(folded)?, told)))
        .min()
        .map(|(_, told)| told.clone())
}

/// In French, for the registrar.
impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("l'en-tête ne contient pas les colonnes obligatoires : ")?;
        for (index, (column, nearest)) in self.columns.iter().enumerate() {
            write!(f, "{}{column}", if index == 0 { "" } else { ", " })?;
            if let Some(nearest) = nearest {
                write!(f, " (au plus près : {nearest})")?;
            }
        }
        write!(
            f,
            " ; la ligne {}, lue comme en-tête, porte : {}",
            self.line,
            self.labels.join(", ")
        )?;
        if self.more > 0 {
            write!(f, " et {} autres", self.more)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(
        search: &mut HeaderSearch,
        fields: &[&str],
        line: u64,
    ) -> Result<Option<Header>, FileError> {
        search.look(fields, line, &Mapping::default())
    }

    fn missing(fields: &[&str]) -> String {
        look(&mut HeaderSearch::default(), fields, 1).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_missing_names_what_was_found_instead_and_nobody() {
        let told = missing(&[
            "Nom",
            "Prénom",
            "Sexe",
            "Date de naissanse",
            "Début",
            "Fin",
            "Statut",
            "MARTIN",
            "",
        ]);
        assert!(
            told.contains(
                "dateNaissance (au plus près : « Date de naissanse »), uai ; la ligne 1,"
            ),
            "{told}"
        );
        assert!(told.ends_with("« Fin », « Statut », colonne 8"), "{told}");
        let row = missing(&["MARTIN", "Zoé", "2004-03-02", "2", "inscrit", "0751967F"]);
        assert!(
            ["MARTIN", "Zoé", "2004", "0751967F"].iter().all(|value| !row.contains(value)),
            "{row}"
        );
    }

    #[test]
    fn titles_are_passed_over_and_no_row_is_taken_for_one() {
        let mut search = HeaderSearch::default();
        assert_eq!(look(&mut search, &["Liste des inscrits 2026-2027", "", ""], 1), Ok(None));
        assert_eq!(look(&mut search, &["Université", "d'essai", "29/11/2026", ""], 2), Ok(None));
        let header =
            ["ine", "dateNaissance", "dateDebutInscription", "dateFinInscription", "statut", "uai"];
        assert!(look(&mut search, &header, 4).unwrap().is_some());
        let row = ["MARTIN", "2004-03-02", "2026-09-01", "2027-08-31", "inscrit", "0751967F"];
        assert!(look(&mut HeaderSearch::default(), &row, 1).is_err());
        let mut endless = HeaderSearch::default();
        assert!(
            (1..=MOST_TITLES as u64 + 1).any(|line| look(&mut endless, &["titre"], line).is_err())
        );
    }
}
