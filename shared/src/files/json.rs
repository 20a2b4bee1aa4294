//! One JSON object as the values of a row: a line of an NDJSON file, or the body of a push.

use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::column::Column;
use super::problem::{Problem, RowRule};
use super::row::Values;

/// Most unknown keys of one object that are kept for the report.
const MOST_UNKNOWN: usize = 16;

/// An object's values by column. Texts and numbers are read alike: `"uai": "0751967F"`, `"regime":
/// 1`.
#[derive(Debug)]
pub struct Object {
    /// The values, one after the other, without outer blanks.
    text: String,
    /// Where each column's value is in `text`.
    places: [Option<(u32, u32)>; Column::ALL.len()],
    /// How exactly the key of each value names its column; [`usize::MAX`] for none.
    ranks: [usize; Column::ALL.len()],
    unknown: Vec<String>,
    problems: Vec<Problem>,
}

impl Default for Object {
    fn default() -> Self {
        Self {
            text: String::new(),
            places: [None; Column::ALL.len()],
            ranks: [usize::MAX; Column::ALL.len()],
            unknown: Vec::new(),
            problems: Vec::new(),
        }
    }
}

impl Object {
    /// Reads an object. Keys are wire names or labels; whatever is wrong with one of them is in
    /// [`Self::problems`].
    pub fn parse(line: &str) -> Result<Self, RowRule> {
        let mut object = Self::default();
        object.read(line)?;
        Ok(object)
    }

    /// Reads another object into the same memory.
    pub(super) fn read(&mut self, line: &str) -> Result<(), RowRule> {
        self.text.clear();
        self.places = [None; Column::ALL.len()];
        self.ranks = [usize::MAX; Column::ALL.len()];
        self.unknown.clear();
        self.problems.clear();
        let mut json = serde_json::Deserializer::from_str(line);
        json.deserialize_map(&mut *self)
            .and_then(|()| json.end())
            .map_err(|_| RowRule::JsonInvalide)
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

    /// Keeps what was pushed to `text` since `start` as the value of a column, unless another key
    /// names it more exactly, as among the columns of a header. Says whether it was kept.
    fn keep(&mut self, column: Column, rank: usize, start: usize, structured: bool) -> bool {
        let best = &mut self.ranks[column.index()];
        let (repeated, kept) = (rank == *best, rank <= *best);
        if !kept {
            self.text.truncate(start);
            return false;
        }
        *best = rank;
        let mut note = |rule| self.problems.push(Problem { column: Some(column), rule });
        if structured {
            note(RowRule::JsonImbrique);
        }
        let pushed = &self.text[start..];
        let start = start + pushed.len() - pushed.trim_start().len();
        let end = start + pushed.trim().len();
        // A line has at most 64 KiB, and a body no more.
        let place = u32::try_from(start).ok().zip(u32::try_from(end).ok());
        if repeated {
            note(RowRule::JsonCleRepetee);
        }
        self.places[column.index()] = place;
        true
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
                Key::Known(column, rank, name) => {
                    let start = self.text.len();
                    let value = map.next_value_seed(Scalar { text: &mut self.text })?;
                    let kept = match value {
                        Given::Nothing => true,
                        Given::Value => self.keep(column, rank, start, false),
                        Given::Structure => self.keep(column, rank, start, true),
                    };
                    if !kept && self.unknown.len() < MOST_UNKNOWN {
                        self.unknown.push(name);
                    }
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
    /// A column, how exactly it is named, and how.
    Known(Column, usize, String),
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
                // A wire name is the most exact there is, so that nothing will have to be said of
                // it.
                let told = |rank| if rank == 0 { String::new() } else { name.to_owned() };
                let known = |(column, rank)| Key::Known(column, rank, told(rank));
                Ok(Column::ranked(name).map_or_else(|| Key::Unknown(name.to_owned()), known))
            }
        }
        deserializer.deserialize_str(Name)
    }
}

/// What a key has.
enum Given {
    /// `null`: as good as no key.
    Nothing,
    /// A text or a number.
    Value,
    /// Something else, which is passed over.
    Structure,
}

/// Pushes a text or a number to `text`.
struct Scalar<'a> {
    text: &'a mut String,
}

impl<'de> serde::de::DeserializeSeed<'de> for Scalar<'_> {
    type Value = Given;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Given, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scalar<'_> {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a number")
    }

    fn visit_str<E>(self, text: &str) -> Result<Given, E> {
        self.text.push_str(text);
        Ok(Given::Value)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Given, E> {
        self.text.push_str(&number.to_string());
        Ok(Given::Value)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Given, E> {
        self.text.push_str(&number.to_string());
        Ok(Given::Value)
    }

    fn visit_f64<E>(self, number: f64) -> Result<Given, E> {
        self.text.push_str(&number.to_string());
        Ok(Given::Value)
    }

    fn visit_unit<E>(self) -> Result<Given, E> {
        Ok(Given::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Given, E> {
        Ok(Given::Structure)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Given, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Given::Structure)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Given::Structure)
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
    fn the_most_exact_key_wins_as_in_a_header_and_null_is_no_key() {
        let object = Object::parse(
            r#"{"civilite":"Mme","sexe":"2","nomFamille":null,"nom":"MARTIN","prenoms":"Lou Anne","prenom1":"Lou","uai":null,"uai":"x"}"#,
        )
        .unwrap();
        let value = |column| object.value(column);
        assert_eq!(
            [Column::Sexe, Column::NomFamille, Column::Prenom1].map(value),
            ["2", "MARTIN", "Lou"]
        );
        assert_eq!((object.problems(), object.value(Column::Uai)), (&[][..], "x"));
    }

    #[test]
    fn repeated_keys_and_structures_are_problems_of_their_column() {
        let object = Object::parse(
            r#"{"uai":["0751967F",[[]]],"statut":"admis","Statut":"inscrit","sexe":true,"ine":{"a":{}}}"#,
        )
        .unwrap();
        let problems: Vec<_> = object
            .problems()
            .iter()
            .map(|problem| (problem.column.unwrap(), problem.rule))
            .collect();
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
