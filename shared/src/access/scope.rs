//! Scopes: which fields of an answer a client may be told (domain.md §4.2).

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `mesri_identite`: names and birth date.
    Identite,
    /// `mesri_admissions`: first and last day of each enrolment.
    Admissions,
    /// `mesri_admission_inscrit`: whether the fees are paid.
    AdmissionInscrit,
    /// `mesri_admission_regime_formation`: the régime.
    AdmissionRegimeFormation,
    /// `mesri_admission_commune_etudes`: the commune of study.
    AdmissionCommuneEtudes,
    /// `mesri_admission_etablissement_etudes`: the establishment.
    AdmissionEtablissementEtudes,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Identite,
        Self::Admissions,
        Self::AdmissionInscrit,
        Self::AdmissionRegimeFormation,
        Self::AdmissionCommuneEtudes,
        Self::AdmissionEtablissementEtudes,
    ];

    /// Its name, as API Particulier spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identite => "mesri_identite",
            Self::Admissions => "mesri_admissions",
            Self::AdmissionInscrit => "mesri_admission_inscrit",
            Self::AdmissionRegimeFormation => "mesri_admission_regime_formation",
            Self::AdmissionCommuneEtudes => "mesri_admission_commune_etudes",
            Self::AdmissionEtablissementEtudes => "mesri_admission_etablissement_etudes",
        }
    }

    /// The scope of that name. FranceConnect spells the last one without its final s (domain.md
    /// §4.2).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == "mesri_admission_etablissement_etude" {
            return Some(Self::AdmissionEtablissementEtudes);
        }
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    fn bit(self) -> u8 {
        1 << (self as u8)
    }
}

/// A set of scopes.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// No scope: nothing may be told.
    pub const NONE: Self = Self(0);
    /// Every scope.
    pub const ALL: Self = Self((1 << Scope::ALL.len()) - 1);

    /// Those that are named; other services' scopes, which tokens carry as well, are passed over.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().filter_map(Scope::named).collect()
    }

    /// Whether `scope` is granted.
    #[must_use]
    pub fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether nothing is granted.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What both grant.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// All but `scope`.
    #[must_use]
    pub fn without(self, scope: Scope) -> Self {
        Self(self.0 & !scope.bit())
    }

    /// The scopes, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }

    /// Their names.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        self.iter().map(Scope::name).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

/// Reads a list of names (API Particulier's tokens, our records) or names between spaces (RFC 8693,
/// FranceConnect).
impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Scopes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("scopes, as a list or between spaces")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Scopes, E> {
                Ok(Scopes::named(text.split_ascii_whitespace()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Scopes, A::Error> {
                let mut scopes = Vec::new();
                while let Some(name) = names.next_element::<String>()? {
                    scopes.extend(Scope::named(&name));
                    if scopes.len() > 1_000 {
                        return Err(A::Error::custom("too many scopes"));
                    }
                }
                Ok(scopes.into_iter().collect())
            }
        }
        deserializer.deserialize_any(Names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_has_one_name_and_the_last_has_two() {
        for scope in Scope::ALL {
            assert_eq!(Scope::named(scope.name()), Some(scope));
        }
        let both = Scopes::named([
            "mesri_admission_etablissement_etudes",
            "mesri_admission_etablissement_etude",
        ]);
        assert_eq!(both.names(), ["mesri_admission_etablissement_etudes"]);
    }

    #[test]
    fn scopes_are_read_as_a_list_or_as_a_text() {
        let expected = Scopes::named(["mesri_identite", "mesri_admissions"]);
        for text in [
            r#"["mesri_admissions","openid","mesri_identite"]"#,
            r#""openid mesri_identite  mesri_admissions""#,
        ] {
            assert_eq!(serde_json::from_str::<Scopes>(text).unwrap(), expected);
        }
        assert_eq!(serde_json::from_str::<Scopes>(r#""""#).unwrap(), Scopes::NONE);
        assert_eq!(
            serde_json::to_string(&expected).unwrap(),
            r#"["mesri_identite","mesri_admissions"]"#
        );
        assert!(serde_json::from_str::<Scopes>("7").is_err());
    }

    #[test]
    fn sets_behave_as_sets() {
        assert_eq!(Scopes::ALL.names().len(), 6);
        assert!(Scopes::ALL.and(Scopes::NONE).is_empty());
        assert!(!Scopes::ALL.without(Scope::Identite).has(Scope::Identite));
    }
}
