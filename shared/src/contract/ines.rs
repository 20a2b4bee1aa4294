//! The wire of INES, the national identity service (domain.md §3), as its clients and our own
//! service write it.
//!
//! | call | whose |
//! |---|---|
//! | `POST /oauth2/token` | the ministry's: client credentials in a `Basic` header, `grant_type=client_credentials` |
//! | `POST /api-ines-etudiants/verification` | the ministry's: [`Verification`] → [`Identity`]; 400 and 404 both say "not found" |
//! | `POST /api-ines-etudiants/recherche` | ours: [`Identity`] → [`Identity`]; 404 for nobody, 409 when several resemble |
//! | `POST /api-ines-etudiants/immatriculation` | ours: [`Immatriculation`] → [`Request`]; 202 while a person decides |
//! | `GET /api-ines-etudiants/demandes/{id}` | ours: what became of a [`Request`], with [`RequestDetail`] for INES's staff |
//! | `GET /api-ines-etudiants/demandes?etat=EN_ATTENTE` | ours, for INES's staff: [`PendingRequests`] |
//! | `POST /api-ines-etudiants/demandes/{id}/decision` | ours, for INES's staff: [`RequestDecision`] → [`Request`] |
//! | `POST /api-ines-etudiants/rattachements` | ours, for INES's staff: [`Attachment`] → [`Attachment`] |
//! | `POST /api-ines-etudiants/detachements` | ours, for INES's staff: [`Detachment`] → [`Detachment`] |
//!
//! The ministry documents neither its search nor its immatriculation (not found, says domain.md):
//! those are ours.
//!
//! Every call but the token's carries `Authorization: Bearer`, `x-jwt-assertion` with the same
//! token, and `X-channel`. Nothing is required when reading: what the real service leaves out is
//! absent, and whoever reads decides.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::null::null_is_absent;

/// The path of the token endpoint.
pub const TOKEN: &str = "/oauth2/token";
/// The path under which all others are.
pub const API: &str = "/api-ines-etudiants";

/// Ours, in the header of a verification: the UAI of the establishment on whose word a pair is
/// checked. The ministry's service is never sent it.
pub const DEPOSITOR: &str = "x-deposant";

/// What the token endpoint answers.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// The bearer token.
    pub access_token: String,
    /// `Bearer`.
    #[serde(default)]
    pub token_type: String,
    /// Seconds; the ministry's service was not seen saying it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
}

/// The question whether an INE and a birth date go together.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// The INE.
    pub ine: String,
    /// `YYYY-MM-DD`.
    pub date_naissance: String,
}

/// A civil identity: `RetourDemandeVerificationApt4` in answers, and in our own calls the one that
/// is searched for.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Identity {
    /// The birth name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nom_famille: Option<String>,
    /// The name used in daily life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nom_usage: Option<String>,
    /// The first given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prenom1: Option<String>,
    /// The second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prenom2: Option<String>,
    /// The third.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prenom3: Option<String>,
    /// `H` or `F`, where upstream's contract has 1 and 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sexe: Option<String>,
    /// `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_naissance: Option<String>,
    /// The COG code of the commune, or of the country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lieu_naissance: Option<String>,
    /// The INE that stands for all of this person's: the one to keep. Absent when it is the one
    /// that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ine_maitre: Option<String>,
    /// Where requests about this person stand.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_absent")]
    pub etat_demande: Vec<RequestState>,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum RequestState {
    /// A person has to decide.
    #[serde(rename = "EN_ATTENTE")]
    Pending,
    /// It was granted.
    #[serde(rename = "VALIDÉ")]
    Granted,
    /// It was refused.
    #[serde(rename = "REFUSÉ")]
    Refused,
}

/// The request for an INE.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Immatriculation {
    /// The caller's own opaque name for the request, at most 64 characters: asked twice under one
    /// reference, the same request is answered. A reference names one identity: it is refused (422)
    /// for another, so whoever asks for a person whose identity was corrected uses another
    /// reference.
    pub reference: String,
    /// Who should have an INE.
    #[serde(flatten)]
    pub identite: Identity,
}

/// A request for an INE, and what became of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Its id.
    pub id_demande: String,
    /// Where it stands.
    pub etat_demande: RequestState,
    /// The INE, once it is granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ine: Option<String>,
    /// Whether the INE is a new one, rather than one that the person had.
    #[serde(default)]
    pub attribue: bool,
}

/// A request, and what a person who decides has to know.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestDetail {
    /// The request.
    #[serde(flatten)]
    pub demande: Request,
    /// Whom the person who asks for an INE resembles; told to INES's staff alone, while it has to
    /// decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ressemblances: Vec<Resemblance>,
}

/// Somebody whom a person who asks for an INE resembles. Values are masked: who decides needn't
/// learn who it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resemblance {
    /// The INE, which a decision names.
    pub ine: String,
    /// What the rules conclude, in a sentence.
    pub conclusion: String,
    /// Why they don't decide alone, a sentence each.
    pub doutes: Vec<String>,
    /// The traits of both.
    pub traits: Vec<ComparedTrait>,
}

/// One trait of two people.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComparedTrait {
    /// Its name.
    pub libelle: String,
    /// That of the request; empty when unknown or not shown.
    pub demande: String,
    /// That of the register; empty when unknown or not shown.
    pub registre: String,
    /// How they compare.
    pub constat: String,
}

/// Requests that wait for a decision, the oldest first.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PendingRequests {
    /// The requests of this page.
    pub demandes: Vec<PendingRequest>,
    /// What `apres` has to be for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suivant: Option<String>,
}

/// A request that waits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingRequest {
    /// Its id.
    pub id_demande: String,
    /// Since when, RFC 3339.
    pub depuis: String,
}

/// What a person decides of a request.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestDecision {
    /// What.
    pub decision: DecisionKind,
    /// Who it is: one of those that the request resembles, for `MEME` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ine: Option<String>,
}

/// The three ways to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum DecisionKind {
    /// It is the person who has an INE already.
    Meme,
    /// It is none of those that it resembles: it gets an INE.
    Nouveau,
    /// It gets none.
    Refus,
}

/// Two INEs of one person, and the one that stands for both.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// The INE that becomes an alias.
    pub ine: String,
    /// The INE to keep.
    pub ine_maitre: String,
}

/// An INE that stands for itself again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Detachment {
    /// The INE that is an alias no longer.
    pub ine: String,
}
