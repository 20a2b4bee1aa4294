//! Reading a body: what a line of a file has, in JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::message;
use crate::files::column::Column;
use crate::files::row::Values;

/// Enrolments in one batch at most.
pub const MOST_IN_BATCH: usize = 500;

/// What the contract's body has, and `numeroEtudiant`.
const FIELDS: [Column; 12] = [
    Column::Ine,
    Column::DateNaissance,
    Column::DateDebutInscription,
    Column::DateFinInscription,
    Column::Statut,
    Column::Regime,
    Column::CodeCommune,
    Column::Uai,
    Column::Cursus,
    Column::Diplome,
    Column::NiveauDiplome,
    Column::NumeroEtudiant,
];

/// The body of a request, as its values come: what a line of a file has, in JSON.
///
/// Unknown fields are passed over, names and given names among them: the contract has none, and
/// what isn't needed isn't kept. Numbers are taken where the contract documents strings, because
/// SISs write `"statut": 1`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EnrolmentBody {
    values: BTreeMap<Column, String>,
    /// Fields that are there twice, or hold something else than a text or a number.
    pub(super) unreadable: Vec<Column>,
}

impl EnrolmentBody {
    /// Reads a body; `None` when it isn't a JSON object.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// Reads the body of a batch; `None` when it isn't an array of 1 to [`MOST_IN_BATCH`] elements.
    /// An element that isn't an object is `None` at its place.
    #[must_use]
    pub fn parse_batch(body: &[u8]) -> Option<Vec<Option<Self>>> {
        let items: Elements = serde_json::from_slice(body).ok()?;
        (1..=MOST_IN_BATCH).contains(&items.0.len()).then_some(items.0)
    }

    /// What is wrong with fields whose value can't be one, for `details.parameter`, if there are
    /// any.
    #[must_use]
    pub fn unreadable(&self) -> Option<String> {
        if self.unreadable.contains(&Column::Ine) {
            return Some(message::INVALID_INE.to_owned());
        }
        let sentences =
            self.unreadable.iter().map(|column| format!("{column} : {}", message::NOT_A_SCALAR));
        (!self.unreadable.is_empty()).then(|| sentences.collect::<Vec<_>>().join(" ; "))
    }

    /// The pair that names the person, in the caller's own words, as a 404 gives it back.
    #[must_use]
    pub fn pair(&self) -> [&str; 2] {
        [self.value(Column::Ine), self.value(Column::DateNaissance)]
    }
}

impl fmt::Debug for EnrolmentBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentBody(…)")
    }
}

impl Values for EnrolmentBody {
    fn value(&self, column: Column) -> &str {
        self.values.get(&column).map_or("", |value| value.trim())
    }
}

impl<'de> Deserialize<'de> for EnrolmentBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Element::deserialize(deserializer)? {
            Element::Body(body) => Ok(body),
            Element::Other => Err(D::Error::custom("not an object")),
        }
    }
}

/// The value of a field: a text, a number as it is written, or nothing.
enum Scalar {
    Text(String),
    Other,
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar::Text(number.to_string()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar::Text(number.to_string()))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Scalar, E> {
                Ok(Scalar::Other)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
                Ok(Scalar::Other)
            }

            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar::Text(String::new()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Scalar, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Scalar, A::Error> {
                while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// An element of a batch: an object, or something that doesn't keep the others from being read.
enum Element {
    Body(EnrolmentBody),
    Other,
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Element;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Element, A::Error> {
                let mut body = EnrolmentBody::default();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    let Some(column) = FIELDS.into_iter().find(|column| column.name() == name)
                    else {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    let readable = match map.next_value::<Scalar>()? {
                        Scalar::Text(text) => body.values.insert(column, text).is_none(),
                        Scalar::Other => false,
                    };
                    if !readable && !body.unreadable.contains(&column) {
                        body.unreadable.push(column);
                    }
                }
                Ok(Element::Body(body))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Element, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Element::Other)
            }

            fn visit_str<E>(self, _: &str) -> Result<Element, E> {
                Ok(Element::Other)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Element, E> {
                Ok(Element::Other)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Element, E> {
                Ok(Element::Other)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Element, E> {
                Ok(Element::Other)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Element, E> {
                Ok(Element::Other)
            }

            fn visit_unit<E>(self) -> Result<Element, E> {
                Ok(Element::Other)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// The elements of a batch.
struct Elements(Vec<Option<EnrolmentBody>>);

impl<'de> Deserialize<'de> for Elements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Array;
        impl<'de> Visitor<'de> for Array {
            type Value = Elements;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Elements, A::Error> {
                let mut elements = Vec::new();
                while let Some(item) = items.next_element()? {
                    // No more than is allowed is ever held.
                    if elements.len() == MOST_IN_BATCH {
                        return Err(A::Error::custom("too many elements"));
                    }
                    elements.push(match item {
                        Element::Body(body) => Some(body),
                        Element::Other => None,
                    });
                }
                Ok(Elements(elements))
            }
        }
        deserializer.deserialize_seq(Array)
    }
}
