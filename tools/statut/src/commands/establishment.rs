//! `statut establishment`.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::json;
use shared::registry::new_identities::{Account, Cohort, NewIdentityStore};

use crate::cli::establishment::{Action, Establishment, Quota};
use crate::place::Place;
use crate::shown::Format;

/// Does it, to the deployment that was named or to the local platform.
pub(super) async fn run(place: &Place, format: Format, options: &Establishment) -> Result<()> {
    let Action::Quota(quota) = &options.action;
    set_or_show(place, format, quota).await
}

async fn set_or_show(place: &Place, format: Format, options: &Quota) -> Result<()> {
    let Quota { uai, year, new_identities } = options;
    let deployment = place.deployment().await?;
    let store = NewIdentityStore::new(deployment.dynamodb.clone(), deployment.table("quotas"));
    let cohort = Cohort { uai: *uai, year: *year };
    let account = match new_identities {
        Some(limit) => store.limit(cohort, *limit, Timestamp::now()).await.context("the quota can't be written")?,
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
