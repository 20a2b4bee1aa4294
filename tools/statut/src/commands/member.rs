//! `statut member`.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde::Serialize;
use shared::registry::members::Grant;

use crate::cli::member as cli;
use crate::members::Members;
use crate::place::Place;
use crate::shown::Format;

#[derive(Serialize)]
struct Invited {
    link: String,
}

/// Invites somebody.
pub(super) async fn run(place: &Place, format: Format, options: &cli::Member) -> Result<()> {
    let cli::Action::Invite { establishment, role, national, officer, portal } = &options.action;
    let grant = match (establishment, role, national) {
        (Some(uai), Some(role), None) => Grant::Establishment { uai: *uai, role: *role },
        (None, None, Some(role)) => Grant::National { role: *role },
        _ => return Err(anyhow::anyhow!("--establishment with --role, or --national")),
    };
    let members = Members::of(&place.deployment().await?).await?;
    let code = members
        .invite(grant, officer.clone(), Timestamp::now())
        .await
        .context("nobody was invited")?;
    let portal = portal.as_deref().unwrap_or("/portail").trim_end_matches('/');
    let invited = Invited { link: format!("{portal}/invitations/{code}") };
    format.show(&invited, || {
        println!("{}", invited.link);
        eprintln!("Good for fourteen days, and for the first person who opens it logged in.");
    })
}
