//! How far an enrolment has come (domain.md §4.4).

use super::fold::fold;
use super::serde_as_text;

/// The status of one enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// The application is accepted.
    Admis,
    /// The fees are paid.
    Inscrit,
    /// Withdrawn by the student or the establishment: kept, never answered.
    Annule,
}

/// The text is none of the three labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown status, expected admis, inscrit or annulé")]
pub struct StatusError;

impl Status {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Admis, Self::Inscrit, Self::Annule];

    /// The wire label. `annulé` is ours: the contract has no cancellation (domain.md §2, not
    /// found).
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Admis => "admis",
            Self::Inscrit => "inscrit",
            Self::Annule => "annulé",
        }
    }

    /// Reads a label, whatever its case and accents.
    pub fn parse_label(text: &str) -> Result<Self, StatusError> {
        let folded = fold(text);
        Self::ALL.into_iter().find(|status| fold(status.label()) == folded).ok_or(StatusError)
    }
}

serde_as_text!(Status, label, Status::parse_label);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spelling_of_a_label_is_forgiven() {
        for (text, status) in [
            ("Admis", Status::Admis),
            (" INSCRIT ", Status::Inscrit),
            ("annule", Status::Annule),
            ("Annulé", Status::Annule),
        ] {
            assert_eq!(Status::parse_label(text), Ok(status));
        }
        assert_eq!(Status::parse_label("1"), Err(StatusError));
    }

    proptest! {
        #[test]
        fn labels_survive_any_case(index in 0_usize..3, upper in any::<bool>()) {
            let status = Status::ALL[index];
            let text = if upper { status.label().to_uppercase() } else { status.label().to_owned() };
            prop_assert_eq!(Status::parse_label(&text), Ok(status));
        }
    }
}
