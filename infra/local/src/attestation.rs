//! What others make of attestations: the QR by `ZXing`, the CBOR Web Token by `cwt`.

use tokio::process::Command;

use crate::environment::ATTESTATION;
use crate::files::Files;

/// Their readers. The files are those that `attestation/tests/others.rs` wrote in this run.
pub(crate) fn readers(files: &Files) -> Command {
    let mut readers = ATTESTATION.module(files, "attestation");
    readers.arg(files.root().join("target/tmp/attestations"));
    readers
}
