//! Establishments and plans as a person reads them.

use serde_json::{Value, json};
use shared::contract::v3::coverage::Coverage;
use shared::domain::establishment::Establishment;
use shared::registry::establishments::Registration;

use super::plan::{Change, Plan};

/// More lines than a person reads before agreeing.
const SHOWN: usize = 20;

/// Establishments in a table, its heading first.
pub(crate) fn rows(registrations: &[Registration]) -> Vec<Vec<String>> {
    let heading = ["uai", "name", "kind", "commune", "sends for", "state"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(registrations.iter().map(|one| {
        let Establishment { uai, name, kind, commune, .. } = &one.establishment;
        let [uai, commune] = [uai.to_string(), commune.to_string()];
        vec![uai, plain(name), kind.clone(), commune, sends_for(&one.establishment), state(one)]
    }));
    rows
}

/// One establishment, a setting a line.
pub(crate) fn card(one: &Registration, coverage: Option<&Coverage>) -> Vec<(&'static str, String)> {
    let Establishment { uai, name, kind, commune, postal_code, regime_codes, status_codes, .. } =
        &one.establishment;
    let or_none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    let regimes = regime_codes.iter().map(|(code, regime)| format!("{code}={}", regime.code()));
    let statuses = status_codes.iter().map(|(code, status)| format!("{code}={}", status.label()));
    let last_feed = coverage.and_then(|coverage| coverage.last_feed_at);
    vec![
        ("uai", uai.to_string()),
        ("name", plain(name)),
        ("kind", kind.clone()),
        ("commune", format!("{commune}, postal code {postal_code}")),
        ("siret", or_none(one.siret.map(|siret| siret.to_string()).unwrap_or_default())),
        ("state", state(one)),
        ("sends for", sends_for(&one.establishment)),
        ("régimes", or_none(regimes.collect::<Vec<_>>().join(","))),
        ("statuses", or_none(statuses.collect::<Vec<_>>().join(","))),
        ("last feed", last_feed.map_or_else(|| "never".to_owned(), |time| format!("{time:.0}"))),
    ]
}

/// The same for a script.
pub(crate) fn json(one: &Registration, coverage: Option<&Coverage>) -> Value {
    let mut shown = json!(one);
    shown["last_feed_at"] = json!(coverage.and_then(|coverage| coverage.last_feed_at));
    shown
}

/// What a plan would do, a row for each establishment of the first ones, and what it says in all.
pub(crate) fn plan(plan: &Plan) -> (Vec<Vec<String>>, Vec<String>) {
    let mut rows = vec![["what", "uai", "name", "kind", "changes"].map(str::to_owned).to_vec()];
    let row = |what: &str, one: &Registration, detail: String| {
        let Establishment { uai, name, kind, .. } = &one.establishment;
        vec![what.to_owned(), uai.to_string(), plain(name), kind.clone(), detail]
    };
    rows.extend(plan.added.iter().take(SHOWN).map(|one| row("add", one, String::new())));
    rows.extend(plan.changed.iter().take(SHOWN).map(|Change { registration, differences }| {
        let told = differences.iter().map(|one| {
            format!("{}: {} → {}", one.attribute, plain(&one.before), plain(&one.after))
        });
        row("change", registration, told.collect::<Vec<_>>().join("; "))
    }));
    rows.extend(plan.retired.iter().take(SHOWN).map(|one| row("retire", one, String::new())));
    let Plan { added, changed, retired, unchanged, still_retired, problems, passed_over } = plan;
    let mut lines = Vec::new();
    let hidden: usize = [added.len(), changed.len(), retired.len()]
        .iter()
        .map(|count| count.saturating_sub(SHOWN))
        .sum();
    if hidden > 0 {
        lines.push(format!("… and {hidden} more, which --dry-run --json shows"));
    }
    lines.push(format!(
        "{} to add, {} to change, {} to retire, {unchanged} as they are",
        added.len(),
        changed.len(),
        retired.len()
    ));
    for (what, count) in passed_over {
        lines.push(format!("{count} lines passed over: {}", plain(what)));
    }
    if !still_retired.is_empty() {
        let uais: Vec<String> = still_retired.iter().map(ToString::to_string).collect();
        lines.push(format!("in the list and retired here, which stays so: {}", uais.join(", ")));
    }
    for problem in problems.iter().take(SHOWN) {
        let column = if problem.column.is_empty() {
            String::new()
        } else {
            format!(", {}", plain(&problem.column))
        };
        lines.push(format!(
            "line {}{column} is left out: {}",
            problem.line,
            plain(&problem.reason)
        ));
    }
    if problems.len() > SHOWN {
        lines.push(format!("… and {} more lines are left out", problems.len() - SHOWN));
    }
    (rows, lines)
}

fn sends_for(establishment: &Establishment) -> String {
    match establishment.sends_for.as_slice() {
        [] => "nobody".to_owned(),
        [own] if *own == establishment.uai => "itself".to_owned(),
        several => several.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    }
}

fn state(one: &Registration) -> String {
    one.retired_at.map_or_else(|| "active".to_owned(), |since| format!("retired since {since:.0}"))
}

/// A text of a list, without what would move the cursor.
fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}
