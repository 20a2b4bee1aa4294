//! What makes files a snapshot: their names, sizes and digests, and the rules that made them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::domain::academic_year::AcademicYear;

use super::File;
use super::definitions::FORM;
use crate::snapshot::Snapshot;
use crate::tables::shape::Thresholds;

/// The manifest's name within the snapshot.
pub const MANIFEST: &str = "manifeste.json";

/// A file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    #[serde(rename = "nom")]
    pub name: String,
    #[serde(rename = "octets")]
    pub size: usize,
    pub sha256: String,
}

/// The manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    #[serde(rename = "format")]
    pub form: u32,
    /// The day whose state was counted.
    pub date: Date,
    #[serde(rename = "rentree")]
    pub year: AcademicYear,
    /// The snapshot before, that it was made with: of the year before for the first of a year.
    #[serde(rename = "precedent")]
    pub previous: Option<Date>,
    #[serde(rename = "seuil")]
    pub plain: i64,
    /// The threshold of tables with the sex, the age or the place of birth.
    #[serde(rename = "seuilPersonnel")]
    pub personal: i64,
    #[serde(rename = "fichiers")]
    pub files: Vec<FileEntry>,
}

impl Manifest {
    pub(super) fn of(snapshot: &Snapshot, files: &[File]) -> Self {
        let Thresholds { plain, personal } = snapshot.thresholds;
        Self {
            form: FORM,
            date: snapshot.date,
            year: snapshot.year,
            previous: snapshot.previous,
            plain,
            personal,
            files: files.iter().map(FileEntry::of).collect(),
        }
    }

    /// The thresholds that the tables were made with.
    #[must_use]
    pub fn thresholds(&self) -> Thresholds {
        Thresholds { plain: self.plain, personal: self.personal }
    }
}

impl FileEntry {
    pub(super) fn of(file: &File) -> Self {
        let digest = hex::encode(Sha256::digest(&file.content));
        Self { name: file.name.clone(), size: file.content.len(), sha256: digest }
    }

    /// Whether a content is the file's.
    #[must_use]
    pub fn is(&self, content: &[u8]) -> bool {
        content.len() == self.size && hex::encode(Sha256::digest(content)) == self.sha256
    }
}
