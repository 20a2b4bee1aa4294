//! One JSON object as the values of a row: a line of an NDJSON file, or the body of a push.

use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::column::Column;
use super::problem::{Problem, RowRule};
use super::row::Values;

/// Most unknown keys of one object that are kept for the report.
const MOST_UNKNOWN: usize = 16;

/// An object's values by column. Texts and numbers are read alike: `"uai": "0751967F"`, `"regime": 1`.
#[derive(Debug, Default)]
pub struct Object {
    /// The values, one after the other, without outer blanks.
    text: String,
    /// Where each column's value is in `text`.
    places: [Option<(u32, u32)>; Column::ALL.len()],
    unknown: Vec<String>,
    problems: Vec<Problem>,
}

impl Object {
    /// Reads an object. Keys are wire names or labels; whatever is wrong with one of them is in [`Self::problems`].
    pub fn parse(line: &str) -> Result<Self, RowRule> {
        let mut object = Self::default();
        object.read(line)?;
        Ok(object)
    }

    /// Reads another object into the same memory.
    pub(super) fn read(&mut self, line: &str) -> Result<(), RowRule> {
        self.text.clear();
        self.places = [None; Column::ALL.len()];
        self.unknown.clear();
        self.problems.clear();
        let mut json = serde_json::Deserializer::from_str(line);
        json.deserialize_map(&mut *self).and_then(|()| json.end()).map_err(|_| RowRule::JsonInvalide)
    }

    /// The columns that it has, blank or not.
    pub fn columns(&self) -> impl Iterator<Item = Column> {
        Column::ALL.into_iter().filter(|column| self.places[column.index()].is_some())
    }

    /// Some of the keys that name no column, as they are written.
    #[must_use]
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Keys that are there twice, values that are neither texts nor numbers.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Keeps what was pushed to `text` since `start` as the value of a column.
    fn keep(&mut self, column: Column, start: usize, structured: bool) {
        let mut note = |rule| self.problems.push(Problem { column: Some(column), rule });
        if structured {
            note(RowRule::JsonImbrique);
        }
        let pushed = &self.text[start..];
        let start = start + pushed.len() - pushed.trim_start().len();
        let end = start + pushed.trim().len();
        // A line has at most 64 KiB, and a body no more.
        let place = u32::try_from(start).ok().zip(u32::try_from(end).ok());
        if self.places[column.index()].is_some() {
            note(RowRule::JsonCleRepetee);
        }
        self.places[column.index()] = place;
    }
}

impl Values for Object {
    fn value(&self, column: Column) -> &str {
        self.places[column.index()]
            .and_then(|(start, end)| self.text.get(start as usize..end as usize))
            .unwrap_or_default()
    }
}

impl<'de> Visitor<'de> for &mut Object {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Known(column) => {
                    let start = self.text.len();
                    let structured = map.next_value_seed(Scalar { text: &mut self.text })?;
                    self.keep(column, start, structured);
                }
                Key::Unknown(name) => {
                    map.next_value::<IgnoredAny>()?;
                    if self.unknown.len() < MOST_UNKNOWN {
                        self.unknown.push(name);
                    }
                }
            }
        }
        Ok(())
    }
}

enum Key {
    Known(Column),
    Unknown(String),
}

impl<'de> serde::Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, name: &str) -> Result<Key, E> {
                Ok(Column::named(name).map_or_else(|| Key::Unknown(name.to_owned()), Key::Known))
            }
        }
        deserializer.deserialize_str(Name)
    }
}

/// Pushes a text or a number to `text`; says whether it was something else, which is passed over.
struct Scalar<'a> {
    text: &'a mut String,
}

impl<'de> serde::de::DeserializeSeed<'de> for Scalar<'_> {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scalar<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a number")
    }

    fn visit_str<E>(self, text: &str) -> Result<bool, E> {
        self.text.push_str(text);
        Ok(false)
    }

    fn visit_u64<E>(self, number: u64) -> Result<bool, E> {
        self.text.push_str(&number.to_string());
        Ok(false)
    }

    fn visit_i64<E>(self, number: i64) -> Result<bool, E> {
        self.text.push_str(&number.to_string());
        Ok(false)
    }

    fn visit_f64<E>(self, number: f64) -> Result<bool, E> {
        self.text.push_str(&number.to_string());
        Ok(false)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(true)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_and_numbers_are_read_alike() {
        let object = Object::parse(
            r#"{"ine":" 070578267KH ","regime":1,"statut":"1","niveauDiplome":2.0,"cursus":null,"Code UAI":"0751967F","tel":{"a":[1]}}"#,
        )
        .unwrap();
        for (column, value) in [
            (Column::Ine, "070578267KH"),
            (Column::Regime, "1"),
            (Column::Statut, "1"),
            (Column::NiveauDiplome, "2"),
            (Column::Cursus, ""),
            (Column::Uai, "0751967F"),
            (Column::Diplome, ""),
        ] {
            assert_eq!(object.value(column), value, "{column}");
        }
        assert_eq!((object.unknown(), object.problems()), (&["tel".to_owned()][..], &[][..]));
    }

    #[test]
    fn repeated_keys_and_structures_are_problems_of_their_column() {
        let object = Object::parse(
            r#"{"uai":["0751967F",[[]]],"statut":"admis","Statut":"inscrit","sexe":true,"ine":{"a":{}}}"#,
        )
        .unwrap();
        let problems: Vec<_> =
            object.problems().iter().map(|problem| (problem.column.unwrap(), problem.rule)).collect();
        assert_eq!(
            problems,
            [
                (Column::Uai, RowRule::JsonImbrique),
                (Column::Statut, RowRule::JsonCleRepetee),
                (Column::Sexe, RowRule::JsonImbrique),
                (Column::Ine, RowRule::JsonImbrique),
            ]
        );
    }

    #[test]
    fn what_is_no_object_is_refused_however_deep() {
        let deep = format!("{{\"x\":{}", "[".repeat(60_000));
        for text in ["", "[]", "1", "{", "{}{}", "{\"ine\":}", "{\"ine\":1e999}", &deep] {
            assert_eq!(Object::parse(text).map(|_| ()), Err(RowRule::JsonInvalide));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}|\\{(\"(ine|uai|x)\":(1|\"a\"|\\[\\]|null),?){0,4}\\}") {
            let _ = Object::parse(&text);
        }
    }
}
