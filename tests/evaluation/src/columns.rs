//! The columns of the judged files, found by their names in the heading.

use std::borrow::Cow;

use anyhow::{Result, bail};
use csv::ByteRecord;
use shared::identity::engine::person::{ComparedPerson, Written};

/// Where each column is; one that the file doesn't have is always empty.
pub(crate) struct Columns {
    id: Option<usize>,
    identifier: Option<usize>,
    surname: Option<usize>,
    usage: Option<usize>,
    given: Option<usize>,
    other_given: Option<usize>,
    sex: Option<usize>,
    birth: Option<usize>,
    commune: Option<usize>,
    place: Option<usize>,
    country: Option<usize>,
}

impl Columns {
    /// Of a file of records.
    pub(crate) fn of_records(heading: &ByteRecord) -> Result<Self> {
        Self::find(heading, "record_id", "nom_naissance", "prenom1")
    }

    /// Of a file of look-ups, where all the given names are in one column.
    pub(crate) fn of_look_ups(heading: &ByteRecord) -> Result<Self> {
        Self::find(heading, "query_id", "nom", "prenoms")
    }

    fn find(heading: &ByteRecord, id: &str, surname: &str, given: &str) -> Result<Self> {
        let named = |name: &str| heading.iter().position(|column| column == name.as_bytes());
        let columns = Self {
            id: named(id),
            identifier: named("ine"),
            surname: named(surname),
            usage: named("nom_usage"),
            given: named(given),
            other_given: named("autres_prenoms"),
            sex: named("sexe"),
            birth: named("date_naissance"),
            commune: named("code_commune_naissance"),
            place: named("libelle_naissance"),
            country: named("code_pays_naissance"),
        };
        for (column, name) in [(columns.id, id), (columns.surname, surname), (columns.given, given)]
        {
            if column.is_none() {
                bail!("the heading has no column {name}");
            }
        }
        Ok(columns)
    }

    /// The id of a row.
    pub(crate) fn id<'a>(&self, row: &'a [Cow<'_, str>]) -> &'a str {
        cell(row, self.id)
    }

    /// The person of a row of records.
    pub(crate) fn person(&self, row: &[Cow<'_, str>]) -> ComparedPerson {
        ComparedPerson::read(&self.written(row))
    }

    /// The person that a row of look-ups asks about: the first word of its given names is the first
    /// one.
    pub(crate) fn question(&self, row: &[Cow<'_, str>]) -> ComparedPerson {
        let written = self.written(row);
        let (given, other_given) =
            written.given.trim().split_once(' ').unwrap_or((written.given, ""));
        ComparedPerson::read(&Written { given, other_given, ..written })
    }

    fn written<'a>(&self, row: &'a [Cow<'_, str>]) -> Written<'a> {
        Written {
            identifier: cell(row, self.identifier),
            surname: cell(row, self.surname),
            usage: cell(row, self.usage),
            given: cell(row, self.given),
            other_given: cell(row, self.other_given),
            sex: cell(row, self.sex),
            birth: cell(row, self.birth),
            commune: cell(row, self.commune),
            place: cell(row, self.place),
            country: cell(row, self.country),
        }
    }
}

/// The cells of a row as text; bytes that aren't UTF-8 become what Unicode has for them.
pub(crate) fn text(row: &ByteRecord) -> Vec<Cow<'_, str>> {
    row.iter().map(String::from_utf8_lossy).collect()
}

fn cell<'a>(row: &'a [Cow<'_, str>], column: Option<usize>) -> &'a str {
    column.and_then(|column| row.get(column)).map_or("", |cell| cell)
}
