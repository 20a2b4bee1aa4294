//! The files of a snapshot.
//!
//! CSV in UTF-8 with `;`, one table a file, codes as text; the same as JSON and as Parquet; a Data
//! Package with a Table Schema for each table; the same as a catalogue in DCAT; definitions, and what
//! changed since the first snapshot; a report for readers, with sheets of establishments; and the manifest, which is written last
//! and makes it a snapshot.

mod catalogue;
mod coverage;
mod definitions;
mod manifest;
mod package;
mod parquet;
mod report;
mod text;
mod words;

pub use manifest::{FileEntry, MANIFEST, Manifest};
pub use report::NAME as REPORT;
pub use text::{FormatError, read_csv};
pub(crate) use text::{JSON, compact_json_file, csv_file, json_file};

use crate::snapshot::Snapshot;

/// A file, by its name within the snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub name: String,
    pub media_type: &'static str,
    pub content: Vec<u8>,
}

/// Every file of a snapshot, the manifest last. `site` is the address that snapshots are published
/// below, with its last slash, where it is known.
pub fn files(snapshot: &Snapshot, site: Option<&str>) -> Result<Vec<File>, FormatError> {
    let mut files = Vec::new();
    for (table, rows) in &snapshot.tables {
        files.push(text::csv(table, rows)?);
        files.push(text::json(table, rows)?);
        files.push(parquet::table(table, rows)?);
    }
    let covered = coverage::rows(snapshot);
    files.push(text::coverage(&covered)?);
    files.push(parquet::coverage(&covered)?);
    files.push(package::package(snapshot, &files)?);
    files.push(catalogue::catalogue(snapshot, &files, site)?);
    files.extend(definitions::documents(snapshot)?);
    files.extend(report::report(snapshot)?);
    let manifest = Manifest::of(snapshot, &files);
    files.push(json_file(MANIFEST, &manifest)?);
    Ok(files)
}
