//! `cargo local establishment`.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use shared::registry::new_identities::{Account, Cohort, NewIdentityStore};

use crate::cli::establishment::{Action, Establishment, Quota};
use crate::deployment::Deployment;
use crate::files::Files;

/// Does it, to the deployment that was named or to the local platform.
pub(crate) async fn run(files: &Files, options: &Establishment) -> Result<()> {
    let Action::Quota(quota) = &options.action;
    set_or_show(files, quota).await
}

async fn set_or_show(files: &Files, options: &Quota) -> Result<()> {
    let Quota { uai, year, new_identities, deployment } = options;
    let deployment = Deployment::named(files, deployment.as_deref()).await?;
    let store = NewIdentityStore::new(deployment.dynamodb.clone(), deployment.table("quotas"));
    let cohort = Cohort { uai: *uai, year: *year };
    let account = match new_identities {
        Some(limit) => store.limit(cohort, *limit, Timestamp::now()).await.context("the quota can't be written")?,
        None => store.account(cohort).await.context("the quota can't be read")?,
    };
    println!("{uai}, {year}: {}", told(&account));
    if new_identities.is_some() {
        println!("rows that wait for it are asked about again within a quarter of an hour");
    }
    Ok(())
}

/// An account in words.
fn told(account: &Account) -> String {
    let allowed = match (account.operator_limit, account.confirmed_share) {
        (Some(limit), _) => format!("{limit} allowed by an operator"),
        (None, Some(share)) => format!("new_identities_floor allowed, or {share} by its size if that is more"),
        (None, None) => "new_identities_floor allowed, and its size not counted yet".to_owned(),
    };
    format!("{} new identities reserved, {allowed}", account.reserved_count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operator_said_comes_first() {
        let mut account = Account { reserved_count: 12, confirmed_share: Some(40), ..Account::default() };
        assert!(told(&account).ends_with("or 40 by its size if that is more"));
        account.operator_limit = Some(3_000);
        assert_eq!(told(&account), "12 new identities reserved, 3000 allowed by an operator");
    }
}
