//! What an establishment is told of the quality of what it sends. Ours: the contract says nothing
//! of it.
//!
//! Statistics make it every night, and it is served as it was made. It counts, and names nobody;
//! the establishment can tell its own students anyway.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::uai::Uai;
use crate::identity::finding::{FindingCode, StatutIne};

/// The quality of what one establishment sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quality {
    /// The establishment that sends, for itself or for others.
    #[schema(value_type = String, example = "0751967F")]
    pub uai: Uai,
    /// The day on which it was counted.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    #[schema(example = "2026-2027")]
    pub annee_universitaire: String,
    pub fraicheur: Freshness,
    pub imports: Imports,
    pub inscriptions: Enrolments,
    pub delais: Delays,
    pub identites: Identities,
}

/// When it sent last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Freshness {
    /// The day of the last feed that was accepted; none if there was none.
    #[schema(value_type = Option<String>, format = Date)]
    pub dernier_versement: Option<Date>,
    /// Days since.
    pub jours: Option<i32>,
    /// The median of the same for all establishments that ever sent.
    pub mediane_nationale: Option<i32>,
}

/// What became of the files of a month, trials left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Imports {
    /// Days that are counted, up to this one.
    pub jours: u16,
    /// Files whose import ended.
    pub fichiers: u64,
    /// Those among them that couldn't be imported at all.
    pub echecs: u64,
    pub lignes: u64,
    pub acceptees: u64,
    pub rejetees: u64,
    /// Rows accepted that something is odd about.
    pub averties: u64,
    /// Rows rejected of a thousand that were read.
    pub rejetees_pour_mille: Option<u64>,
    /// The median of the same for all establishments that sent rows.
    pub mediane_nationale: Option<u64>,
    /// Rows by the rule that they broke, or were odd by (`docs/rules.md`).
    pub par_regle: BTreeMap<String, u64>,
}

/// The enrolments of the academic year that it sent and didn't cancel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Enrolments {
    pub nombre: u64,
    /// Those that an answer tells.
    pub visibles: u64,
    /// Those that wait until a person decides whose they are.
    pub en_doute: u64,
    /// Those that weren't looked at yet.
    pub en_attente: u64,
    /// What is said of how many.
    pub renseigne: Said,
}

/// How many enrolments say a thing themselves, rather than have it filled in or left open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    pub regime: u64,
    /// The commune of study, in whatever form.
    pub commune: u64,
    /// The same by its code of INSEE, rather than by a postal code.
    pub commune_insee: u64,
    pub cursus: u64,
    pub diplome: u64,
    pub niveau_diplome: u64,
}

/// Seconds from the arrival of what was said in the last month to its being visible.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delays {
    /// From when a file was taken in hand.
    pub fichiers: Option<Percentiles>,
    /// From when a statement came through the API or the portal's form.
    pub unitaires: Option<Percentiles>,
}

/// Seconds, by nearest rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Percentiles {
    /// Enrolments that are counted.
    pub nombre: u64,
    pub p50: u64,
    pub p95: u64,
    pub p99: u64,
}

/// What was found about whom they are about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Identities {
    /// Enrolments by what INES says of their INE (`CONFIRME`, `INCONNU`, …).
    #[schema(value_type = BTreeMap<String, u64>)]
    pub par_statut_ine: BTreeMap<StatutIne, u64>,
    /// Enrolments by what the establishment is told (`docs/findings.md`).
    #[schema(value_type = BTreeMap<String, u64>)]
    pub par_constat: BTreeMap<FindingCode, u64>,
    /// Days for which those that are in doubt have waited: the median, and the most.
    pub attente_mediane_jours: Option<i64>,
    pub attente_maximale_jours: Option<i64>,
}
