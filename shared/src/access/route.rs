//! The routes that a client is allowed one by one, and those that are nobody's to be allowed.

use serde::{Deserialize, Serialize};

/// A route that needs leave. Those that tell nothing about anybody (probes, coverage,
/// documentation) need none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// `GET /api/etudiant?INE=`.
    StatusByIne,
    /// `POST /api/etudiant`.
    StatusByIdentity,
    /// `GET /v3/mesri/statut_etudiant/ine`.
    DirectByIne,
    /// `GET /v3/mesri/statut_etudiant/identite`.
    DirectByIdentity,
    /// `GET /v3/mesri/statut_etudiant/france_connect`.
    FranceConnect,
    /// `POST /v3/mesri/statut_etudiant/lot`.
    Batch,
    /// `/api/inscription`: to tell of enrolments, read them back and cancel them.
    Enrolment,
    /// `/api/depots`: to drop files and follow their imports.
    Deposit,
    /// `/api/revues`: to read the doubts that a person decides, and to decide them.
    Review,
    /// `/portail/mon-espace`: what a student reads of their own. No client has it.
    OwnPage,
    /// `/portail/demandes`: what those who answer a person's request read of it. No client has it.
    Rights,
    /// `/portail/partage`: what is read with a code that a student gave. No client has it.
    Share,
}

impl Route {
    /// Those that a client may have.
    pub const ALL: [Self; 9] = [
        Self::StatusByIne,
        Self::StatusByIdentity,
        Self::DirectByIne,
        Self::DirectByIdentity,
        Self::FranceConnect,
        Self::Batch,
        Self::Enrolment,
        Self::Deposit,
        Self::Review,
    ];

    /// Its name in client records, logs, metrics and traces.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::StatusByIne => "status_by_ine",
            Self::StatusByIdentity => "status_by_identity",
            Self::DirectByIne => "direct_by_ine",
            Self::DirectByIdentity => "direct_by_identity",
            Self::FranceConnect => "france_connect",
            Self::Batch => "batch",
            Self::Enrolment => "enrolment",
            Self::Deposit => "deposit",
            Self::Review => "review",
            Self::OwnPage => "own_page",
            Self::Rights => "rights",
            Self::Share => "share",
        }
    }

    /// Whether a key opens it; the others take a token.
    #[must_use]
    pub fn is_opened_by_key(self) -> bool {
        self.is_write() || matches!(self, Self::StatusByIne | Self::StatusByIdentity | Self::Review)
    }

    /// Whether it is an establishment's, to send by rather than to ask by.
    #[must_use]
    pub fn is_write(self) -> bool {
        matches!(self, Self::Enrolment | Self::Deposit)
    }

    /// Whether one client may not have both: whoever sends an enrolment would decide whose it is.
    #[must_use]
    pub fn excludes(self, other: Self) -> bool {
        self == Self::Review && other.is_write() || other == Self::Review && self.is_write()
    }

    /// The route of that name, if a client may have it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|route| route.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_client_records_hold() {
        for route in Route::ALL {
            assert_eq!(serde_json::to_value(route).unwrap(), route.name());
            assert_eq!(Route::named(route.name()), Some(route));
        }
        assert_eq!(Route::named("ping"), None);
        for nobodys in [Route::OwnPage, Route::Rights, Route::Share] {
            assert_eq!(serde_json::to_value(nobodys).unwrap(), nobodys.name());
            assert_eq!(Route::named(nobodys.name()), None);
            assert!(!nobodys.is_opened_by_key() && !nobodys.is_write());
        }
    }

    #[test]
    fn whoever_sends_does_not_review() {
        let excluded =
            |route: Route| Route::ALL.into_iter().filter(move |other| route.excludes(*other));
        assert_eq!(excluded(Route::Review).collect::<Vec<_>>(), [Route::Enrolment, Route::Deposit]);
        assert_eq!(excluded(Route::Deposit).collect::<Vec<_>>(), [Route::Review]);
        assert_eq!(excluded(Route::Batch).count(), 0);
    }
}
