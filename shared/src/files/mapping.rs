//! What an establishment says that its own columns are: it wins over what labels usually mean.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::column::{Column, Header};
use crate::domain::fold::fold;

/// Columns by their label, folded; none for one that isn't to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mapping(BTreeMap<String, Option<Column>>);

/// Why a mapping isn't taken, for whoever gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    #[error("colonnes : plus de {} libellés", Header::WIDEST)]
    TooMany,
    #[error(
        "colonnes : un libellé a de 1 à {} caractères, dont une lettre ou un chiffre",
        Mapping::LONGEST
    )]
    Label,
    #[error("colonnes : {0} est donnée par deux libellés")]
    Twice(Column),
}

impl Mapping {
    /// Longest label, in characters.
    pub const LONGEST: usize = 64;

    /// The mapping of these labels.
    ///
    /// # Errors
    ///
    /// [`MappingError`] when a label can't be one, or two labels are one column.
    pub fn new(
        labels: impl IntoIterator<Item = (String, Option<Column>)>,
    ) -> Result<Self, MappingError> {
        let mut columns: BTreeMap<String, Option<Column>> = BTreeMap::new();
        for (label, column) in labels {
            let folded = fold(&label);
            if folded.is_empty() || label.chars().count() > Self::LONGEST {
                return Err(MappingError::Label);
            }
            let twice = column.filter(|column| {
                columns.iter().any(|(other, known)| *other != folded && *known == Some(*column))
            });
            if let Some(column) = twice {
                return Err(MappingError::Twice(column));
            }
            columns.insert(folded, column);
            if columns.len() > Header::WIDEST {
                return Err(MappingError::TooMany);
            }
        }
        Ok(Self(columns))
    }

    /// What is said now, beside what was said of other labels; a column that a label has now, no
    /// other label has any more. `None` when that is too much.
    #[must_use]
    pub fn with(&self, now: &Self) -> Option<Self> {
        let taken = |column: Option<Column>| {
            column.is_some() && now.0.values().any(|other| *other == column)
        };
        let mut columns = self.0.clone();
        columns.retain(|_, column| !taken(*column));
        columns.extend(now.0.clone());
        (columns.len() <= Header::WIDEST).then_some(Self(columns))
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the establishment said something of this label.
    #[must_use]
    pub fn tells_of(&self, label: &str) -> bool {
        self.0.contains_key(&fold(label))
    }

    /// The column that is called so.
    #[must_use]
    pub fn named(&self, label: &str) -> Option<Column> {
        self.ranked(label).map(|(column, _)| column)
    }

    /// The column that is called so, and how exactly: what the establishment says comes before the
    /// wire name.
    pub(super) fn ranked(&self, label: &str) -> Option<(Column, usize)> {
        let own = if self.0.is_empty() { None } else { self.0.get(&fold(label)) };
        match own {
            Some(column) => column.map(|column| (column, 0)),
            None => Column::ranked(label).map(|(column, rank)| (column, rank + 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(labels: &[(&str, Option<Column>)]) -> Result<Mapping, MappingError> {
        Mapping::new(labels.iter().map(|(label, column)| ((*label).to_owned(), *column)))
    }

    #[test]
    fn what_an_establishment_says_wins() {
        let own = mapping(&[
            ("DT_NAIS", Some(Column::DateNaissance)),
            ("Statut", None),
            ("Situation", Some(Column::Statut)),
        ])
        .unwrap();
        assert_eq!(own.named("dt nais"), Some(Column::DateNaissance));
        assert_eq!((own.named("statut"), own.named("SITUATION")), (None, Some(Column::Statut)));
        assert_eq!(own.named("Prénom"), Some(Column::Prenom1), "the rest is as usual");
        let text = serde_json::to_string(&own).unwrap();
        assert_eq!(serde_json::from_str::<Mapping>(&text).unwrap(), own);
    }

    #[test]
    fn what_is_said_later_stays_beside_what_was_said_of_others() {
        let (date, status) = (Some(Column::DateNaissance), Some(Column::Statut));
        let before = mapping(&[("a", date), ("b", status), ("c", None)]).unwrap();
        let now = mapping(&[("d", date), ("c", status)]).unwrap();
        assert_eq!(before.with(&now), mapping(&[("c", status), ("d", date)]).ok());
        assert_eq!(now.with(&now), Some(now));
    }

    #[test]
    fn nonsense_is_named() {
        let date = Some(Column::DateNaissance);
        assert_eq!(
            mapping(&[("a", date), ("b", date)]),
            Err(MappingError::Twice(Column::DateNaissance))
        );
        assert_eq!(mapping(&[("a", date), ("A ", date)]).map(|own| own.0.len()), Ok(1));
        for label in ["", " ;. ", &"x".repeat(65)] {
            assert_eq!(mapping(&[(label, None)]), Err(MappingError::Label), "{label}");
        }
        let many = (0..300).map(|number| (format!("colonne {number}"), None));
        assert_eq!(Mapping::new(many), Err(MappingError::TooMany));
    }
}
