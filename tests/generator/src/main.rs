//! `cargo run --bin generator -- --rows 20000 --seed 7 --uai 0751967F --format csv.gz --out FILE`

use std::error::Error;
use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use generator::format::{Charset, Csv, Dates, Header, Layout};
use generator::{Establishment, Format, Kind, Settings};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Writes an enrolment file of invented students.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// How many rows, the header left out.
    #[arg(long, default_value_t = 1000)]
    rows: u64,
    /// Another seed is another population.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The establishments whose students they are: a UAI, and its commune's COG code after a colon
    /// if rows give it.
    #[arg(long, required = true)]
    uai: Vec<String>,
    /// What they teach.
    #[arg(long, value_enum, default_value_t = Teaching::University)]
    kind: Teaching,
    /// csv, ndjson or xlsx; csv and ndjson may be followed by .gz or .zst.
    #[arg(long, default_value = "csv")]
    format: Format,
    /// The day the file is made, YYYY-MM-DD; today if not given.
    #[arg(long)]
    day: Option<Date>,
    /// The share of rows that are broken, from 0 to 1.
    #[arg(long, default_value_t = 0.0)]
    broken: f64,
    /// Write régimes as Apogée numbers them.
    #[arg(long)]
    regime_codes: bool,
    #[command(flatten)]
    habits: Habits,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
    /// Also write the register that these people are in, for `statut ines load`.
    #[arg(long, value_name = "FILE")]
    ines: Option<PathBuf>,
}

/// How a CSV is written; other formats pass over it.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "they are flags of a command line")]
struct Habits {
    /// The encoding of a CSV.
    #[arg(long, value_enum, default_value_t = Encoding::Utf8)]
    charset: Encoding,
    /// What separates the fields of a CSV.
    #[arg(long, default_value_t = ';')]
    separator: char,
    /// End the lines of a CSV with CR LF.
    #[arg(long)]
    crlf: bool,
    /// Put every field of a CSV between quotation marks.
    #[arg(long)]
    quoted: bool,
    /// Name the columns of a CSV with French labels.
    #[arg(long)]
    labels: bool,
    /// Write the dates of a CSV as DD/MM/YYYY.
    #[arg(long)]
    french_dates: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Encoding {
    Utf8,
    Utf8Bom,
    Windows1252,
    #[value(name = "iso8859-15")]
    Iso8859_15,
    Utf16le,
}

#[derive(Clone, Copy, ValueEnum)]
enum Teaching {
    University,
    School,
    Lycee,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    static PARIS: TimeZone = jiff::tz::get!("Europe/Paris");
    let mut format = arguments.format;
    if let Layout::Csv(habits) = &mut format.layout {
        *habits = arguments.habits.into();
    }
    let day = arguments.day.unwrap_or_else(|| PARIS.to_datetime(Timestamp::now()).date());
    let establishments =
        arguments.uai.iter().map(|text| establishment(text, arguments.kind.into())).collect();
    let settings = Settings {
        regime_codes: arguments.regime_codes,
        ..Settings::new(arguments.seed, arguments.rows, day, establishments)
    };
    let settings = settings.with_faults(arguments.broken);
    if let Some(path) = arguments.ines {
        generator::write_ines(settings.clone(), File::create(path)?)?;
    }
    generator::write(settings, format, File::create(arguments.out)?)?;
    Ok(())
}

fn establishment(text: &str, kind: Kind) -> Establishment {
    let (uai, commune) = text.split_once(':').unwrap_or((text, ""));
    Establishment {
        uai: uai.to_owned(),
        kind,
        commune: commune.to_owned(),
        postal_code: String::new(),
    }
}

#[expect(clippy::print_stderr, reason = "a command-line tool says why it failed")]
fn report(error: &dyn Error) {
    eprintln!("{error}");
    let mut source = error.source();
    while let Some(error) = source {
        eprintln!("  {error}");
        source = error.source();
    }
}

impl From<Habits> for Csv {
    fn from(habits: Habits) -> Self {
        let Habits { charset, separator, crlf, quoted, labels, french_dates } = habits;
        let header = if labels { Header::Labels } else { Header::WireNames };
        let dates = if french_dates { Dates::French } else { Dates::Iso };
        Self { separator, crlf, quoted, header, dates, charset: charset.into() }
    }
}

impl From<Encoding> for Charset {
    fn from(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Utf8 => Self::Utf8,
            Encoding::Utf8Bom => Self::Utf8Bom,
            Encoding::Windows1252 => Self::Windows1252,
            Encoding::Iso8859_15 => Self::Iso8859_15,
            Encoding::Utf16le => Self::Utf16Le,
        }
    }
}

impl From<Teaching> for Kind {
    fn from(teaching: Teaching) -> Self {
        match teaching {
            Teaching::University => Self::University,
            Teaching::School => Self::School,
            Teaching::Lycee => Self::Lycee,
        }
    }
}
