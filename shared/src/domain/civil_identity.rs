//! Who a person is according to the civil register.

use serde::{Deserialize, Serialize};

use super::birth_date::BirthDate;
use super::commune::CommuneCode;
use super::name::PersonName;
use super::place_name::PlaceName;
use super::sex::Sex;

/// A person's civil identity, as an establishment or the register wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CivilIdentity {
    /// The birth name.
    pub nom_famille: PersonName,
    /// The name used in daily life, when it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nom_usage: Option<PersonName>,
    /// The first given name, the only one that look-ups compare.
    pub prenom1: PersonName,
    /// The other given names, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub autres_prenoms: Vec<PersonName>,
    pub sexe: Sex,
    pub date_naissance: BirthDate,
    /// The commune of birth, or the country (`99` and three digits); people's papers don't always
    /// say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lieu_naissance: Option<CommuneCode>,
    /// The name of the commune of birth, where no code was found for it, or where the code doesn't
    /// say it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub libelle_naissance: Option<PlaceName>,
}
