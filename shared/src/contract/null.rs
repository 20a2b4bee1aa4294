//! `null` where a value may be absent: many serializers write every field, and whoever has no value
//! writes `null`.

use serde::{Deserialize, Deserializer};

/// Reads `null` as an absent field, whose default it is: `#[serde(default, deserialize_with =
/// "null_is_absent")]`.
///
/// # Errors
///
/// The value is neither `null` nor of the field's type.
pub(in crate::contract) fn null_is_absent<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
