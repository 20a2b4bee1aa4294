//! `DuckDB`, which counts the same enrolments from Parquet on one thread.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use shared::domain::academic_year::AcademicYear;
use shared::domain::regime::Regime;
use shared::domain::sex::Sex;
use shared::domain::status::Status;
use shared::identity::stat::BirthClass;
use statistics::facts::{Fact, Observed, Scope};

use crate::students::{self, Students};

/// What it measured of itself.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) processor: Duration,
    pub(crate) academies: Vec<(String, i64)>,
}

/// Writes the rows, and has them counted by `benchmarks/python/statistics.py`.
pub(crate) fn measure(enrolments: u64, directory: &Path) -> Result<Measured> {
    #[derive(Deserialize)]
    struct Said {
        seconds: f64,
        academies: Vec<(String, i64)>,
    }
    let python = installed(directory)?;
    let rows = directory.join("rows.csv");
    write(enrolments, &rows)?;
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/statistics.py");
    let output = Command::new(python).arg("-B").arg(sources).arg(&rows).output()?;
    std::fs::remove_file(&rows)?;
    if !output.status.success() {
        bail!("DuckDB failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let said: Said = serde_json::from_slice(&output.stdout).context("DuckDB's counts")?;
    Ok(Measured { processor: Duration::from_secs_f64(said.seconds), academies: said.academies })
}

/// A Python with `DuckDB`, which is installed the first time.
fn installed(directory: &Path) -> Result<std::path::PathBuf> {
    let environment = directory.join("python");
    let python = environment.join("bin/python");
    if !python.is_file() {
        std::fs::create_dir_all(directory)?;
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        let pinned =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("python/statistics-requirements.txt");
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:"]);
        run(pip.arg("--requirement").arg(pinned))?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output()?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// One line an enrolment, with the values that the tables tell apart.
fn write(enrolments: u64, path: &Path) -> Result<()> {
    let scope = Scope {
        year: AcademicYear::parse(students::YEAR)?,
        cpge_prefixes: vec![students::CPGE.to_owned()],
    };
    let kinds: std::collections::HashMap<_, _> = students::schools().collect();
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(
        file,
        "student,main_order,uai,kind,departement,academie,region,cursus,sexe,regime,age,naissance,statut,diplome,niveau,cpge,debut"
    )?;
    let (mut observed, mut all, mut number) = (Observed::default(), Students::new(enrolments), 0);
    loop {
        let page = all.page();
        if page.is_empty() {
            return Ok(file.flush()?);
        }
        for fact in scope.facts(page, &mut observed) {
            number += 1;
            for one in &fact.enrolments {
                let place =
                    one.department.map_or(["", "", ""], |one| [one.code, one.academy, one.region]);
                writeln!(
                    file,
                    "{number},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
                    order(one),
                    one.uai,
                    kinds.get(&one.uai).copied().unwrap_or_default(),
                    place[0],
                    place[1],
                    place[2],
                    one.cursus,
                    sex(&fact),
                    one.regime.map_or("", Regime::code),
                    fact.age.unwrap_or_default(),
                    birth(&fact),
                    if one.status == Status::Admis { "admis" } else { "inscrit" },
                    one.diploma.as_deref().unwrap_or_default(),
                    one.level.as_deref().unwrap_or_default(),
                    one.cpge,
                    one.first_day,
                )?;
            }
        }
    }
}

/// The rank of the cursus in the rule of the main enrolment.
fn order(one: &statistics::facts::EnrolmentFact) -> u8 {
    match one.cursus {
        "D" => 0,
        "M" => 1,
        "L" => 2,
        _ => 3,
    }
}

fn sex(fact: &Fact) -> &'static str {
    match fact.sex {
        Some(Sex::Male) => "M",
        Some(Sex::Female) => "F",
        None => "inconnu",
    }
}

fn birth(fact: &Fact) -> &'static str {
    match fact.birth {
        BirthClass::France => "france",
        BirthClass::Abroad => "etranger",
        BirthClass::Unknown => "inconnu",
    }
}
