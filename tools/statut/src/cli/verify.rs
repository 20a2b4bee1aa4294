//! Options of `verify`.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

const EXAMPLES: &str = "\
Examples:
  curl -so cles.json https://…/portail/attestation/cles
  curl -so etats.jwt https://…/portail/attestation/etats
  statut verify qr.txt --keys cles.json --status etats.jwt
  statut verify - --keys cles.json --status etats.jwt --json < qr.txt

It asks for nothing over the network. It ends with success only where the attestation is valid: expired, revoked, a status
list of more than a day, an unknown key and an altered text end with 1, and are told apart by the state that is printed.
A QR is copied easily: compare the name and the birth date with an identity document.";

/// Options of `verify`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Verify {
    /// The text of the QR (ETU1:…), a file that holds it, or - for the standard input
    #[arg(value_name = "TEXT|FILE")]
    pub(crate) attestation: String,
    /// The register's public keys: a JWK Set, from /portail/attestation/cles
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: PathBuf,
    /// The status list, from /portail/attestation/etats; without it no attestation is valid
    #[arg(long, value_name = "FILE")]
    pub(crate) status: Option<PathBuf>,
    /// The instant to verify at (2026-12-01T10:00:00Z), instead of now
    #[arg(long, value_name = "INSTANT")]
    pub(crate) at: Option<Timestamp>,
}
