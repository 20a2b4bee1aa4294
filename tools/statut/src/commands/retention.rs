//! `statut retention`.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde::Serialize;
use shared::identity::student::StudentId;
use shared::registry::retention::{Hold, Pass, RetentionStore};
use shared::retention::Days;

use super::accesses::read_ine;
use crate::accesses;
use crate::cli::retention::{Action, Retention};
use crate::deployment::Deployment;
use crate::place::Place;
use crate::shown::Format;
use crate::ui::{self, Step};

/// Passes that are shown.
const SHOWN: u16 = 14;

#[derive(Serialize)]
struct Held {
    student: StudentId,
    /// It was not before.
    changed: bool,
}

/// Shows what was erased, erases what is over, or keeps somebody from it.
pub(super) async fn run(place: &Place, format: Format, options: &Retention) -> Result<()> {
    let deployment = place.deployment().await?;
    let store = RetentionStore::new(deployment.dynamodb.clone(), deployment.table("retention"));
    match &options.action {
        None => {
            let passes = store.passes(SHOWN).await.context("the passes can't be read")?;
            format.show(&passes, || shown(&passes))
        }
        Some(Action::Run { again }) => erase(&deployment, format, *again).await,
        Some(Action::Hold { ine, reason, officer }) => {
            let student = student(&deployment, ine).await?;
            let hold = Hold {
                student,
                reason: (*reason).into(),
                by: officer.clone(),
                since: Timestamp::now(),
            };
            let changed = store.hold(&hold).await.context("the hold can't be written")?;
            format.show(&Held { student, changed }, || {
                let before = if changed { "" } else { "; it was before, by that hold" };
                ui::line(&format!("{student} isn't erased{before}"));
            })
        }
        Some(Action::Release { ine }) => {
            let student = student(&deployment, ine).await?;
            let held = store.held(student).await.context("the holds can't be read")?.is_some();
            store.release(student).await.context("the hold can't be released")?;
            format.show(&Held { student, changed: held }, || {
                ui::line(&format!("{student} is erased once it is over"));
            })
        }
        Some(Action::Holds) => {
            let holds = store.holds().await.context("the holds can't be read")?;
            format.show(&holds, || held(&holds))
        }
    }
}

/// Runs the function, which goes on where the run before stopped.
async fn erase(deployment: &Deployment, format: Format, again: bool) -> Result<()> {
    let step = Step::start("erasing what is over");
    let order = serde_json::json!({ "recommencer": again });
    let answer =
        deployment.lambda.invoke(&deployment.table("retention"), &order.to_string()).await?;
    let report: serde_json::Value = serde_json::from_str(&answer)
        .context("the retention function's answer can't be understood")?;
    step.done("");
    let pass: Option<Pass> = serde_json::from_value(report["pass"].clone())
        .context("the retention function's answer can't be understood")?;
    format.show(&report, || match &pass {
        Some(pass) => shown(std::slice::from_ref(pass)),
        None => ui::line("nothing is erased while the register is re-keyed"),
    })
}

async fn student(deployment: &Deployment, ine: &str) -> Result<StudentId> {
    let ine = read_ine(ine)?;
    accesses::student_of(deployment, &ine).await?.context("no student has this INE")
}

fn shown(passes: &[Pass]) {
    let heading = [
        "as of",
        "students kept",
        "cases kept",
        "finished",
        "students",
        "records",
        "aliases",
        "cases",
        "held",
        "undecided",
        "failed",
    ];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(passes.iter().map(|pass| {
        let Pass { as_of, terms, finished_at, counts, .. } = pass;
        let mut row = vec![as_of.to_string(), days(terms.students), days(terms.cases)];
        row.push(finished_at.map_or_else(|| "no".to_owned(), |at| at.to_string()));
        let counts = [
            counts.students,
            counts.records,
            counts.aliases,
            counts.cases,
            counts.held,
            counts.undecided,
            counts.failed,
        ];
        row.extend(counts.map(|count| count.to_string()));
        row
    }));
    ui::table(&rows);
}

/// A duration; one that nobody set is said to be none.
fn days(days: Option<Days>) -> String {
    days.map_or_else(|| "for ever".to_owned(), |days| format!("{} days", days.count()))
}

fn held(holds: &[Hold]) {
    let mut rows = vec![["student", "reason", "officer", "since"].map(str::to_owned).to_vec()];
    rows.extend(holds.iter().map(|hold| {
        let Hold { student, reason, by, since } = hold;
        let by: String = by.chars().filter(|letter| !letter.is_control()).collect();
        vec![student.to_string(), reason.name().to_owned(), by, since.to_string()]
    }));
    ui::table(&rows);
}
