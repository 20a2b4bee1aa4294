//! Establishments and what each may send.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::commune::{CommuneCode, Place};
use super::regime::Regime;
use super::status::Status;
use super::uai::Uai;

/// An establishment: a university, a school or a lycée. Reference data, loaded by the operators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Establishment {
    /// Its number.
    pub uai: Uai,
    /// Its name, as `nomEtablissement` gives it.
    pub name: String,
    /// `universite`, `ecole`, `lycee`.
    pub kind: String,
    /// The commune it stands in.
    pub commune: CommuneCode,
    /// Its own postal code.
    pub postal_code: String,
    /// The establishments whose enrolments it may send, itself included if it may.
    pub sends_for: Vec<Uai>,
    /// What its software's numeric régimes mean. Without a table a numeric régime is rejected,
    /// because the numbers are not the same from one software to another (domain.md §2.2).
    #[serde(default)]
    pub regime_codes: BTreeMap<String, Regime>,
    /// What its software's numeric statuses mean; the contract documents none (domain.md §2).
    #[serde(default)]
    pub status_codes: BTreeMap<String, Status>,
}

impl Establishment {
    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> Place<'_> {
        Place { commune: self.commune, postal_code: &self.postal_code }
    }
}
