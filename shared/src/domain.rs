//! The vocabulary of the field as types: once a value exists, it is well formed.
//!
//! Types that identify a person ([`Ine`](ine::Ine), [`BirthDate`](birth_date::BirthDate),
//! [`PersonName`](name::PersonName), [`PlaceName`](place_name::PlaceName)) print as `…` with `{:?}`
//! and have no `Display`, so that a log line or an error message cannot leak them by accident;
//! reading the value takes a call to `expose`.

pub mod academic_year;
pub mod birth_date;
pub mod civil_identity;
pub mod commune;
pub mod enrolment;
pub mod establishment;
pub mod fold;
pub mod former_communes;
pub mod gazetteer;
pub mod ine;
pub mod name;
pub mod place_name;
pub mod record_state;
pub mod regime;
pub mod sex;
pub mod siret;
pub mod status;
pub mod territory;
pub mod uai;

/// The 23 letters of French control keys: the alphabet without I, O and Q, which look like digits.
/// The control letter of a number `n` is the one at `n mod 23`.
pub(crate) const CONTROL_LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPRSTUVWXYZ";

/// Implements the string face of a closed list: serde as the given text, for wire and storage.
macro_rules! serde_as_text {
    ($type:ty, $as_text:ident, $parse:path) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.$as_text().as_ref())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text =
                    <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                $parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use serde_as_text;
