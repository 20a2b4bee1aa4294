//! The files that are read: invented students of an invented university.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result};
use generator::format::{Charset, Compression, Csv, Dates, Header, Layout};
use generator::{Format, Kind, Settings};
use jiff::Timestamp;
use jiff::civil::Date;
use shared::domain::academic_year::day_in_france;
use shared::domain::enrolment::Declaration;
use shared::domain::establishment::Establishment;
use shared::files::reader::Depositor;
use shared::files::row::Setting;

use crate::reading;

/// A format that is measured.
#[derive(Debug)]
pub(crate) struct Measured {
    /// What the table calls it.
    pub(crate) name: &'static str,
    /// How it is written.
    format: Format,
    /// Rows at most: a workbook must fit in the memory that reading one may take.
    most_rows: u64,
    /// It is read as it comes, whatever its size.
    pub(crate) streams: bool,
}

const WINDOWS: Csv = Csv {
    separator: ',',
    crlf: true,
    quoted: true,
    header: Header::Labels,
    dates: Dates::French,
    charset: Charset::Windows1252,
};

/// All of them; the first is what the others are compared with.
pub(crate) const FORMATS: [Measured; 8] = [
    streamed("CSV, UTF-8", Format::CSV),
    streamed("CSV, windows-1252, quoted, French labels and dates", csv(WINDOWS)),
    streamed("CSV, UTF-16", csv(Csv { charset: Charset::Utf16Le, ..Csv::DOCUMENTED })),
    streamed("CSV, gzip", Format { compression: Compression::Gzip, ..Format::CSV }),
    streamed("CSV, zstd", Format { compression: Compression::Zstd, ..Format::CSV }),
    streamed("NDJSON", Format::NDJSON),
    streamed("NDJSON, gzip", Format { compression: Compression::Gzip, ..Format::NDJSON }),
    Measured { name: "XLSX", format: Format::XLSX, most_rows: 50_000, streams: false },
];

const fn streamed(name: &'static str, format: Format) -> Measured {
    Measured { name, format, most_rows: u64::MAX, streams: true }
}

const fn csv(habits: Csv) -> Format {
    Format { layout: Layout::Csv(habits), compression: Compression::None }
}

/// Makes files, and reads them as the university's.
pub(crate) struct Maker {
    depositor: Depositor,
    today: Date,
}

impl Maker {
    /// Of a university.
    pub(crate) fn new() -> Result<Self> {
        let university: Establishment = serde_json::from_value(serde_json::json!({
            "uai": "0751967F",
            "name": "UFR ECONOMIE UNIVERSITE PARIS 1 (75634)",
            "kind": "universite",
            "commune": "75113",
            "postal_code": "75013",
            "sends_for": ["0751967F"],
        }))?;
        let depositor = Depositor::new(university.clone(), [university]);
        Ok(Self { depositor, today: day_in_france(Timestamp::now()) })
    }

    /// What rows are read against.
    pub(crate) fn setting(&self) -> Setting<'_> {
        Setting { depositor: &self.depositor, today: self.today, year: None }
    }

    /// A file, in memory.
    pub(crate) fn file(&self, format: &Measured, rows: u64) -> Result<Vec<u8>> {
        let mut file = Vec::new();
        generator::write(self.rows(rows.min(format.most_rows)), format.format, &mut file)?;
        Ok(file)
    }

    /// A file, on the disk.
    pub(crate) fn write(&self, format: &Measured, rows: u64, path: &Path) -> Result<()> {
        let file =
            File::create(path).with_context(|| format!("{} can't be made", path.display()))?;
        generator::write(self.rows(rows.min(format.most_rows)), format.format, file)?;
        Ok(())
    }

    /// What the rows of a file say.
    pub(crate) fn records(&self, rows: u64) -> Result<Vec<Declaration>> {
        reading::declarations(&self.file(&FORMATS[0], rows)?, self)
    }

    /// Students of the usual kind, and one row in a hundred broken.
    fn rows(&self, rows: u64) -> Settings {
        let establishment = self.depositor.establishment();
        let ours = generator::Establishment {
            uai: establishment.uai.to_string(),
            kind: Kind::University,
            commune: establishment.commune.to_string(),
            postal_code: establishment.postal_code.clone(),
        };
        Settings::new(1, rows, self.today, vec![ours]).with_faults(0.01)
    }
}
