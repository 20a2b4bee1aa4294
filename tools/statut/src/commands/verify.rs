//! `statut verify`.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use attestation::{Claims, KeySet, PREFIX, StatusList, Verdict, verify};
use jiff::Timestamp;
use serde::Serialize;

use crate::cli::verify::Verify;
use crate::shown::Format;
use crate::ui;

/// Everything that is said, for scripts.
#[derive(Debug, Serialize)]
struct Verified {
    /// `valid`, `expired`, `revoked`, `status_too_old`, `unknown_key` or `altered`.
    state: &'static str,
    /// What is wrong with it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// As of when the status list is true, where one was read for this attestation.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_as_of: Option<Timestamp>,
    #[serde(flatten)]
    told: Option<Told>,
}

/// What the attestation says, under the names of the contracts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    nom_famille: String,
    prenom: String,
    date_naissance: String,
    uai: String,
    etablissement: String,
    statut: String,
    date_fin_inscription: String,
    issued_at: Timestamp,
    expires_at: Timestamp,
    index: u32,
}

/// Says what an attestation is worth, and fails unless it is valid.
pub(super) fn run(format: Format, options: &Verify) -> Result<()> {
    let text = text(&options.attestation)?;
    let keys = KeySet::parse(&read(&options.keys)?)
        .with_context(|| format!("the keys in {} can't be read", options.keys.display()))?;
    let list = options.status.as_deref().map(|path| list(path, &keys)).transpose()?;
    let now = options.at.unwrap_or_else(Timestamp::now);
    let verified = Verified::of(verify(&text, &keys, list.as_ref(), now));
    format.show(&verified, || print(&verified))?;
    match verified.state {
        "valid" => Ok(()),
        state => bail!("the attestation isn't valid: {}", words(state)),
    }
}

/// The text itself, or that of a file or of the standard input.
fn text(said: &str) -> Result<String> {
    if said.trim_start().starts_with(PREFIX) {
        return Ok(said.to_owned());
    }
    if said == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("the standard input can't be read")?;
        return Ok(text);
    }
    read(Path::new(said))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} can't be read as text", path.display()))
}

fn list(path: &Path, keys: &KeySet) -> Result<StatusList> {
    StatusList::open(&read(path)?, keys)
        .with_context(|| format!("the status list in {} isn't believed", path.display()))
}

impl Verified {
    fn of(verdict: Verdict) -> Self {
        let of = |state, claims: Claims, status_as_of| Self {
            state,
            reason: None,
            status_as_of,
            told: Some(claims.into()),
        };
        match verdict {
            Verdict::Valid { claims, as_of } => of("valid", claims, Some(as_of)),
            Verdict::Expired { claims } => of("expired", claims, None),
            Verdict::Revoked { claims, as_of } => of("revoked", claims, Some(as_of)),
            Verdict::StatusTooOld { claims, as_of } => of("status_too_old", claims, as_of),
            Verdict::UnknownKey => {
                Self { state: "unknown_key", reason: None, status_as_of: None, told: None }
            }
            Verdict::Altered(flaw) => {
                let reason = Some(flaw.to_string());
                Self { state: "altered", reason, status_as_of: None, told: None }
            }
        }
    }
}

impl From<Claims> for Told {
    fn from(claims: Claims) -> Self {
        Self {
            nom_famille: claims.nom_famille,
            prenom: claims.prenom,
            date_naissance: claims.date_naissance.to_string(),
            uai: claims.uai,
            etablissement: claims.etablissement,
            statut: claims.statut,
            date_fin_inscription: claims.date_fin_inscription.to_string(),
            issued_at: claims.issued_at,
            expires_at: claims.expires_at,
            index: claims.status.index,
        }
    }
}

fn words(state: &str) -> &'static str {
    match state {
        "valid" => "signed by the register, not over, and not revoked as of its status list",
        "expired" => "it is over",
        "revoked" => "the student has revoked it",
        "status_too_old" => "whether it was revoked isn't known, without a status list of today",
        "unknown_key" => "none of these keys has signed it",
        _ => "it is none of the register's, or was changed",
    }
}

fn print(verified: &Verified) {
    ui::heading(&format!("{}: {}", verified.state, words(verified.state)));
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    if let Some(told) = &verified.told {
        row("name", format!("{} {}", told.prenom, told.nom_famille));
        row("birth date", told.date_naissance.clone());
        row("establishment", format!("{} ({})", told.etablissement, told.uai));
        row("status", format!("{}, until {}", told.statut, told.date_fin_inscription));
        row(
            "attestation",
            format!("{}, of {} until {}", told.index, told.issued_at, told.expires_at),
        );
    }
    if let Some(as_of) = verified.status_as_of {
        row("status list", as_of.to_string());
    }
    if let Some(reason) = &verified.reason {
        row("reason", reason.clone());
    }
    ui::table(&rows);
}
