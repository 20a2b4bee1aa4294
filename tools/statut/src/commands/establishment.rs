//! `statut establishment`.

use std::io::{BufRead as _, IsTerminal as _};

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde_json::json;
use shared::domain::uai::Uai;
use shared::registry::establishments::{EstablishmentStore, Registration};
use shared::registry::new_identities::{Account, Cohort, NewIdentityStore};

use crate::cli::establishment::{Action, Establishment, Load, Quota, Set};
use crate::deployment::Deployment;
use crate::establishments::list::List;
use crate::establishments::plan::{Plan, Written};
use crate::establishments::{Kind, shown, store};
use crate::place::Place;
use crate::shown::Format;
use crate::ui;

const UNREADABLE: &str = "the establishments can't be read";
const UNWRITABLE: &str = "the establishment can't be written";

/// Does it, to the deployment that was named or to the local platform.
pub(super) async fn run(place: &Place, format: Format, options: &Establishment) -> Result<()> {
    let deployment = place.deployment().await?;
    match &options.action {
        Action::Load(options) => load(&store(&deployment), format, options).await,
        Action::List { kind } => list(&store(&deployment), format, *kind).await,
        Action::Show { uai } => show(&store(&deployment), format, *uai).await,
        Action::Set(options) => set(&store(&deployment), format, options).await,
        Action::Quota(options) => quota(&deployment, format, options).await,
    }
}

async fn load(store: &EstablishmentStore, format: Format, options: &Load) -> Result<()> {
    let Load { file, yes, dry_run, retire, kind } = options;
    let bytes = std::fs::read(file).with_context(|| format!("{} can't be read", file.display()))?;
    let list = List::read(&bytes).with_context(|| format!("{} is not loaded", file.display()))?;
    let registered = store.registrations().await.context(UNREADABLE)?;
    let mut plan = Plan::new(list, registered, kind.filter(|_| *retire))?;
    if *dry_run || plan.is_empty() {
        return format.show(&json!({ "plan": plan, "written": null }), || print(&plan, ui::line));
    }
    if format == Format::Table || !*yes {
        print(&plan, ui::aside);
    }
    if !*yes {
        let questions =
            (!(plan.added.is_empty() && plan.changed.is_empty()), !plan.retired.is_empty());
        if questions.0
            && !agreed(&format!("Add {} and change {}?", plan.added.len(), plan.changed.len()))?
        {
            plan.added.clear();
            plan.changed.clear();
        }
        if questions.1 && !agreed(&format!("Retire {}?", plan.retired.len()))? {
            plan.retired.clear();
        }
    }
    let written = plan.apply(store, Timestamp::now()).await?;
    let Written { added, changed, retired } = written;
    format.show(&json!({ "plan": plan, "written": written }), || {
        println!("{added} added, {changed} changed, {retired} retired");
    })
}

/// A plan is a result when nothing is written; before a question, the standard output is kept for
/// the result.
fn print(plan: &Plan, line: fn(&str)) {
    let (rows, lines) = shown::plan(plan);
    let table = if rows.len() > 1 { ui::aligned(&rows) } else { Vec::new() };
    for text in table.iter().chain(&lines) {
        line(text);
    }
}

/// Asks a person. Where there is none, nothing is agreed to.
fn agreed(question: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("there is nobody to ask: --yes writes without asking, --dry-run only shows");
    }
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context("the answer can't be read")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "o" | "oui"))
}

async fn list(store: &EstablishmentStore, format: Format, kind: Option<Kind>) -> Result<()> {
    let mut registrations = store.registrations().await.context(UNREADABLE)?;
    registrations.retain(|one| kind.is_none_or(|kind| one.establishment.kind == kind.name()));
    registrations.sort_by_key(|one| one.establishment.uai);
    format.show(&registrations, || {
        if registrations.is_empty() {
            println!("no establishment is registered: `statut establishment load --help`");
        } else {
            ui::table(&shown::rows(&registrations));
        }
    })
}

async fn show(store: &EstablishmentStore, format: Format, uai: Uai) -> Result<()> {
    let one = known(store, uai).await?;
    let coverage = store.coverage(uai).await.context(UNREADABLE)?;
    format.show(&shown::json(&one, coverage.as_ref()), || {
        for (name, value) in shown::card(&one, coverage.as_ref()) {
            ui::line(&format!("{name:<9}  {value}"));
        }
    })
}

async fn set(store: &EstablishmentStore, format: Format, options: &Set) -> Result<()> {
    let Set { uai, sends_for, regime_codes, status_codes, retired } = options;
    let mut one = known(store, *uai).await?;
    for target in sends_for.iter().flatten().filter(|target| *target != uai) {
        if store.registration(*target).await.context(UNREADABLE)?.is_none() {
            bail!(
                "--sends-for: {target} is not registered, and its rows would be refused: load it first"
            );
        }
    }
    let establishment = &mut one.establishment;
    establishment.sends_for = sends_for.clone().unwrap_or_else(|| establishment.sends_for.clone());
    establishment.regime_codes =
        regime_codes.clone().unwrap_or_else(|| establishment.regime_codes.clone());
    establishment.status_codes =
        status_codes.clone().unwrap_or_else(|| establishment.status_codes.clone());
    if sends_for.is_some() || regime_codes.is_some() || status_codes.is_some() {
        written(*uai, store.set_terms(&one).await.context(UNWRITABLE)?)?;
    }
    if let Some(retired) = retired.filter(|retired| *retired != one.retired_at.is_some()) {
        one.retired_at = retired.then(Timestamp::now);
        written(*uai, store.set_retired(&one).await.context(UNWRITABLE)?)?;
    }
    eprintln!("{uai} is changed");
    show(store, format, *uai).await
}

fn written(uai: Uai, is_written: bool) -> Result<()> {
    if is_written { Ok(()) } else { bail!("{uai} is no longer registered") }
}

async fn known(store: &EstablishmentStore, uai: Uai) -> Result<Registration> {
    let found = store.registration(uai).await.context(UNREADABLE)?;
    found.with_context(|| {
        format!("{uai} is not registered: see `statut establishment list` and `load`")
    })
}

async fn quota(deployment: &Deployment, format: Format, options: &Quota) -> Result<()> {
    let Quota { uai, year, new_identities } = options;
    let store = NewIdentityStore::new(deployment.dynamodb.clone(), deployment.table("quotas"));
    let cohort = Cohort { uai: *uai, year: *year };
    let account = match new_identities {
        Some(limit) => store
            .limit(cohort, *limit, Timestamp::now())
            .await
            .context("the quota can't be written")?,
        None => store.account(cohort).await.context("the quota can't be read")?,
    };
    if new_identities.is_some() {
        eprintln!("rows that wait for it are asked about again within a quarter of an hour");
    }
    let shown = json!({
        "uai": uai, "year": year.to_string(), "reserved": account.reserved_count,
        "operator_limit": account.operator_limit, "confirmed_share": account.confirmed_share,
    });
    format.show(&shown, || println!("{uai}, {year}: {}", told(&account)))
}

/// An account in words.
fn told(account: &Account) -> String {
    let allowed = match (account.operator_limit, account.confirmed_share) {
        (Some(limit), _) => format!("{limit} allowed by an operator"),
        (None, Some(share)) => {
            format!("new_identities_floor allowed, or {share} by its size if that is more")
        }
        (None, None) => "new_identities_floor allowed, and its size not counted yet".to_owned(),
    };
    format!("{} new identities reserved, {allowed}", account.reserved_count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operator_said_comes_first() {
        let mut account =
            Account { reserved_count: 12, confirmed_share: Some(40), ..Account::default() };
        assert!(told(&account).ends_with("or 40 by its size if that is more"));
        account.operator_limit = Some(3_000);
        assert_eq!(told(&account), "12 new identities reserved, 3000 allowed by an operator");
    }
}
