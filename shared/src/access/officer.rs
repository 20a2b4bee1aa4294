//! Reviewing officers: the people who decide, whichever client they come by.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A person who reviews, by the name under which their administration's directory knows them: an
/// address (`a.martin@ac-lyon.fr`) or a number, of 3 to 128 letters, digits and `._@+-`, whatever
/// the case. Voices are counted by it, so two clients of one person are one voice.
///
/// It names somebody: it is kept with clients and votes, and is neither a key of a table nor in any
/// log.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Officer(String);

/// The text names no person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an officer is an address or a number of 3 to 128 letters, digits and ._@+-")]
pub struct NotAnOfficer;

impl Officer {
    /// Reads a name of the directory; blanks around it and the case of its letters mean nothing.
    pub fn parse(text: &str) -> Result<Self, NotAnOfficer> {
        let name = text.trim().to_ascii_lowercase();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._@+-".contains(&byte);
        if (3..=128).contains(&name.len()) && name.bytes().all(is_plain) {
            Ok(Self(name))
        } else {
            Err(NotAnOfficer)
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Officer {
    type Error = NotAnOfficer;

    fn try_from(text: String) -> Result<Self, NotAnOfficer> {
        Self::parse(&text)
    }
}

impl fmt::Debug for Officer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Officer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_name_however_it_is_written() {
        let officer = Officer::parse(" A.Martin@ac-lyon.fr ").unwrap();
        assert_eq!(officer, Officer::parse("a.martin@AC-Lyon.fr").unwrap());
        assert_eq!(
            (officer.as_str(), format!("{officer:?}").as_str()),
            ("a.martin@ac-lyon.fr", "Officer(…)")
        );
        for wrong in ["", "ab", "a martin", "a#b1", "été", &"a".repeat(129)] {
            assert_eq!(Officer::parse(wrong), Err(NotAnOfficer), "{wrong}");
        }
        assert!(serde_json::from_str::<Officer>("\"a b\"").is_err());
    }
}
