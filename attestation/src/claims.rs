//! What an attestation says, as the claims of a CBOR Web Token: names of the register's contracts for
//! what it says of the student, registered numbers for the rest.
//!
//! | claim | is |
//! |---|---|
//! | 4, 6 | `exp`, `iat`, in seconds since 1970 |
//! | 65535 | `status`: `{"status_list": {"idx": n, "uri": "…"}}` (Token Status List) |
//! | `nomFamille`, `prenom`, `dateNaissance` | who: the date as `2003-11-27` |
//! | `uai`, `etablissement` | where: its number and its name |
//! | `statut`, `dateFinInscription` | `admis` or `inscrit`, and until when |
//!
//! No INE is in it: who shows an identity document needs none, and a QR is copied.

use std::collections::BTreeMap;
use std::fmt;

use ciborium::Value;
use jiff::Timestamp;
use jiff::civil::Date;

/// `exp`.
const EXPIRES: i64 = 4;
/// `iat`.
const ISSUED: i64 = 6;
/// `status`.
const STATUS: i64 = 65535;
/// No text in a claim is longer, in bytes.
const LONGEST_TEXT: usize = 400;

/// What an attestation says.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims {
    pub nom_famille: String,
    pub prenom: String,
    pub date_naissance: Date,
    pub uai: String,
    /// The establishment's name.
    pub etablissement: String,
    /// `admis` or `inscrit`.
    pub statut: String,
    pub date_fin_inscription: Date,
    /// To the second.
    pub issued_at: Timestamp,
    /// To the second. From then on it proves nothing.
    pub expires_at: Timestamp,
    pub status: StatusReference,
}

/// Where a status list says whether an attestation was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReference {
    /// Address of the list, which is its name: nothing is ever fetched because an attestation says so.
    pub list: String,
    pub index: u32,
}

/// It names nobody: an attestation that is printed for a look at a fault stays anonymous.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("expires_at", &self.expires_at)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Why bytes are no claims. No value is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    #[error("claims are a CBOR map, and this is none")]
    NotAMap,
    #[error("a claim is named by a text or a number, and one is not")]
    Name,
    #[error("the claim {0} is there twice")]
    Twice(ClaimName),
    #[error("the claim {0} is missing")]
    Missing(ClaimName),
    #[error("the claim {name} is not {expected}")]
    Unreadable { name: ClaimName, expected: &'static str },
}

/// A claim that we read, or that one we don't was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimName {
    Number(i64),
    Text(&'static str),
    Other,
}

impl fmt::Display for ClaimName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(name) => name.fmt(f),
            Self::Other => f.write_str("(one of others)"),
        }
    }
}

impl Claims {
    /// The claims in CBOR.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let text = |name: &str, value: &str| (Value::from(name), Value::from(value));
        let number = |name: i64, value: i64| (Value::from(name), Value::from(value));
        let list = vec![
            (Value::from("idx"), Value::from(self.status.index)),
            text("uri", &self.status.list),
        ];
        let claims = Value::Map(vec![
            number(EXPIRES, self.expires_at.as_second()),
            number(ISSUED, self.issued_at.as_second()),
            text("nomFamille", &self.nom_famille),
            text("prenom", &self.prenom),
            text("dateNaissance", &self.date_naissance.to_string()),
            text("uai", &self.uai),
            text("etablissement", &self.etablissement),
            text("statut", &self.statut),
            text("dateFinInscription", &self.date_fin_inscription.to_string()),
            (Value::from(STATUS), Value::Map(vec![(Value::from("status_list"), Value::Map(list))])),
        ]);
        let mut bytes = Vec::new();
        // Writing to memory does not fail, and these values are none that CBOR lacks.
        let _: Result<(), _> = ciborium::into_writer(&claims, &mut bytes);
        bytes
    }

    /// Claims of [`Self::encode`], in any order, among others that are passed over.
    pub fn decode(bytes: &[u8]) -> Result<Self, ClaimsError> {
        let Ok(Value::Map(entries)) = ciborium::from_reader::<Value, _>(bytes) else {
            return Err(ClaimsError::NotAMap);
        };
        let claims = Fields::of(entries)?;
        let status = claims.map(STATUS)?;
        let list = status.map("status_list")?;
        Ok(Self {
            nom_famille: claims.text("nomFamille")?,
            prenom: claims.text("prenom")?,
            date_naissance: claims.date("dateNaissance")?,
            uai: claims.text("uai")?,
            etablissement: claims.text("etablissement")?,
            statut: claims.text("statut")?,
            date_fin_inscription: claims.date("dateFinInscription")?,
            issued_at: claims.instant(ISSUED)?,
            expires_at: claims.instant(EXPIRES)?,
            status: StatusReference { list: list.text("uri")?, index: list.number("idx")? },
        })
    }
}

/// A name as CBOR has it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i128),
    Text(String),
}

impl From<ClaimName> for Key {
    fn from(name: ClaimName) -> Self {
        match name {
            ClaimName::Number(number) => Self::Number(number.into()),
            ClaimName::Text(name) => Self::Text(name.to_owned()),
            ClaimName::Other => Self::Text(String::new()),
        }
    }
}

impl From<i64> for ClaimName {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&'static str> for ClaimName {
    fn from(name: &'static str) -> Self {
        Self::Text(name)
    }
}

/// The entries of a map, none twice.
struct Fields(BTreeMap<Key, Value>);

impl Fields {
    fn of(entries: Vec<(Value, Value)>) -> Result<Self, ClaimsError> {
        let mut fields = BTreeMap::new();
        for (name, value) in entries {
            let name = match name {
                Value::Integer(number) => Key::Number(number.into()),
                Value::Text(name) => Key::Text(name),
                _ => return Err(ClaimsError::Name),
            };
            if fields.insert(name, value).is_some() {
                return Err(ClaimsError::Twice(ClaimName::Other));
            }
        }
        Ok(Self(fields))
    }

    fn get(&self, name: ClaimName) -> Result<&Value, ClaimsError> {
        self.0.get(&Key::from(name)).ok_or(ClaimsError::Missing(name))
    }

    fn map(&self, name: impl Into<ClaimName>) -> Result<Self, ClaimsError> {
        let name = name.into();
        match self.get(name)? {
            Value::Map(entries) => Self::of(entries.clone()),
            _ => Err(ClaimsError::Unreadable { name, expected: "a map" }),
        }
    }

    fn text(&self, name: &'static str) -> Result<String, ClaimsError> {
        let name = name.into();
        match self.get(name)? {
            Value::Text(text) if text.len() <= LONGEST_TEXT => Ok(text.clone()),
            _ => Err(ClaimsError::Unreadable { name, expected: "a text of 400 bytes at most" }),
        }
    }

    fn date(&self, name: &'static str) -> Result<Date, ClaimsError> {
        let unreadable =
            ClaimsError::Unreadable { name: name.into(), expected: "a date (2027-08-31)" };
        self.text(name)?.parse().map_err(|_| unreadable)
    }

    fn number(&self, name: &'static str) -> Result<u32, ClaimsError> {
        let name = name.into();
        let number = self.get(name)?.as_integer().and_then(|number| number.try_into().ok());
        number.ok_or(ClaimsError::Unreadable { name, expected: "a whole number" })
    }

    fn instant(&self, name: i64) -> Result<Timestamp, ClaimsError> {
        let name = name.into();
        let seconds: Option<i64> =
            self.get(name)?.as_integer().and_then(|seconds| seconds.try_into().ok());
        seconds
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .ok_or(ClaimsError::Unreadable { name, expected: "seconds since 1970" })
    }
}
