//! The errors of the direct API: `{"errors":[{code,title,detail,source,meta}]}` (domain.md §4.2).
//!
//! The contract publishes the codes of the first columns below, and the ranges 00361-00366 and 00420-00428 for a civil
//! identity without saying which is which: within these ranges the choice is ours, as are the codes of what the
//! contract has no word for (00404, 00405, 00413, 00415, 00503) and 51001 to 51999, FranceConnect's in its pattern.

use serde::Serialize;
use utoipa::ToSchema;

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorList {
    /// At least one.
    #[schema(min_items = 1)]
    errors: Vec<ErrorItem>,
}

/// One error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorItem {
    /// Five digits: the first two say whose error it is.
    #[schema(pattern = "^[0-9]{5}$", example = "25003")]
    code: &'static str,
    /// What kind of error.
    title: &'static str,
    /// What to do about it.
    detail: &'static str,
    /// What is at fault in the request, if something is.
    source: Option<Source>,
    /// More about it.
    meta: Meta,
}

/// The parameter at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Source {
    /// Its name.
    parameter: &'static str,
}

/// More about an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Meta {
    /// Who couldn't answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    provider: Option<&'static str>,
    /// Seconds after which trying again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_in: Option<u64>,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// No token, or one that is not to be believed.
    InvalidToken,
    /// A token, or a client, that is over.
    ExpiredToken,
    /// A token, or a client, that was revoked.
    RevokedToken,
    /// The token is good and doesn't allow this.
    Forbidden,
    /// The recipient is not one of the client's.
    RecipientNotAllowed,
    /// Nobody, or nobody that can be told.
    NotFound,
    /// No such path.
    NoSuchPath,
    /// No establishment of that number is registered.
    NoSuchEstablishment,
    /// The path is right, the method isn't.
    MethodNotAllowed,
    /// The body is too large.
    TooLarge,
    /// The body is not JSON.
    NotJson,
    /// The body is not a batch.
    NotABatch,
    /// A parameter is missing, malformed or given several times.
    Parameter(Parameter),
    /// The quota is used up, for so many seconds.
    TooManyRequests(u64),
    /// FranceConnect can't have made this token.
    FranceConnectMalformed,
    /// FranceConnect doesn't know the token, or no longer.
    FranceConnectInactive,
    /// FranceConnect's identity lacks what we look up by.
    FranceConnectIncomplete,
    /// FranceConnect's birth date is not known to the day.
    FranceConnectPartialBirthDate,
    /// FranceConnect didn't answer in time.
    FranceConnectTimeout,
    /// FranceConnect is out of reach.
    FranceConnectUnreachable,
    /// FranceConnect's answer is not to be believed, or it refuses ours.
    FranceConnectInvalid,
    /// Something of ours is out of reach: nothing is told without a trace.
    Unavailable,
}

/// A parameter of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// `recipient`.
    Recipient,
    /// `ine`.
    Ine,
    /// `nomNaissance`.
    FamilyName,
    /// `prenoms[]`.
    GivenNames,
    /// `anneeDateNaissance`.
    BirthYear,
    /// `moisDateNaissance`.
    BirthMonth,
    /// `jourDateNaissance`.
    BirthDay,
    /// The three together, or `dateNaissance` in a batch.
    BirthDate,
    /// `sexeEtatCivil`.
    Sex,
    /// `codeCogInseeCommuneNaissance`.
    BirthCommune,
    /// `nomCommuneNaissance`.
    BirthCommuneName,
    /// `codeCogInseeDepartementNaissance`.
    BirthDepartment,
    /// `reference`, of a line of a batch.
    Reference,
    /// `uai`.
    Uai,
    /// `apres`.
    After,
    /// `limite`.
    Limit,
}

const MESRI: Option<&str> = Some("MESRI");
const FRANCE_CONNECT: Option<&str> = Some("FranceConnect");

impl Problem {
    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidToken
            | Self::ExpiredToken
            | Self::RevokedToken
            | Self::FranceConnectMalformed
            | Self::FranceConnectInactive
            | Self::FranceConnectIncomplete => 401,
            Self::Forbidden | Self::RecipientNotAllowed => 403,
            Self::NotFound | Self::NoSuchPath | Self::NoSuchEstablishment => 404,
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::NotJson => 415,
            Self::Parameter(_) | Self::NotABatch | Self::FranceConnectPartialBirthDate => 422,
            Self::TooManyRequests(_) => 429,
            Self::FranceConnectInvalid | Self::FranceConnectUnreachable => 502,
            Self::Unavailable => 503,
            Self::FranceConnectTimeout => 504,
        }
    }

    /// After how many seconds it makes sense to try again, if it does.
    #[must_use]
    pub fn retry_in(self) -> Option<u64> {
        match self {
            Self::TooManyRequests(seconds) => Some(seconds),
            Self::Unavailable | Self::FranceConnectTimeout | Self::FranceConnectUnreachable => Some(10),
            _ => None,
        }
    }

    /// The error as the contract writes it.
    #[must_use]
    pub fn item(self) -> ErrorItem {
        let (code, title, detail) = self.words();
        let parameter = match self {
            Self::Parameter(parameter) => Some(parameter.name()),
            Self::RecipientNotAllowed => Some(Parameter::Recipient.name()),
            Self::NoSuchEstablishment => Some(Parameter::Uai.name()),
            _ => None,
        };
        let provider = match self {
            Self::NotFound => MESRI,
            Self::FranceConnectMalformed
            | Self::FranceConnectInactive
            | Self::FranceConnectIncomplete
            | Self::FranceConnectPartialBirthDate
            | Self::FranceConnectTimeout
            | Self::FranceConnectUnreachable
            | Self::FranceConnectInvalid => FRANCE_CONNECT,
            _ => None,
        };
        ErrorItem {
            code,
            title,
            detail,
            source: parameter.map(|parameter| Source { parameter }),
            meta: Meta { provider, retry_in: self.retry_in() },
        }
    }

    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::InvalidToken => ("00101", "Non autorisé", "Votre jeton n'est pas valide ou n'est pas renseigné"),
            Self::ExpiredToken => ("00103", "Non autorisé", "Votre jeton est expiré, il faut en demander un nouveau"),
            Self::RevokedToken => ("00105", "Non autorisé", "Votre jeton a été révoqué"),
            Self::Forbidden => {
                ("00100", "Accès refusé", "Votre jeton est valide mais vos privilèges sont insuffisants")
            }
            Self::RecipientNotAllowed => {
                ("00100", "Accès refusé", "Votre habilitation ne couvre pas ce destinataire (recipient)")
            }
            Self::NotFound => (
                "25003",
                "Entité non trouvée",
                "Aucun étudiant n'a pu être trouvé avec les critères de recherche fournis",
            ),
            Self::NoSuchPath => ("00404", "Ressource inconnue", "Ce chemin n'existe pas, voir /openapi.json"),
            Self::NoSuchEstablishment => {
                ("00404", "Établissement inconnu", "Aucun établissement de ce numéro (UAI) n'alimente le registre")
            }
            Self::MethodNotAllowed => {
                ("00405", "Méthode non autorisée", "Ce chemin s'appelle avec la méthode de l'en-tête Allow")
            }
            Self::TooLarge => ("00413", "Requête trop volumineuse", "Le corps de la requête est trop volumineux"),
            Self::NotJson => ("00415", "Format non pris en charge", "Le corps de la requête doit être du JSON"),
            Self::NotABatch => {
                ("00420", "Entité non traitable", "Le corps attendu est {\"demandes\":[…]}, de 1 à 100 demandes")
            }
            Self::Parameter(parameter) => {
                let (code, detail) = parameter.words();
                (code, "Entité non traitable", detail)
            }
            Self::TooManyRequests(_) => (
                "00429",
                "Trop de requêtes",
                "Votre quota est épuisé, réessayez après le délai de l'en-tête Retry-After",
            ),
            Self::FranceConnectMalformed => {
                ("50001", "Jeton FranceConnect non valide", "Le jeton FranceConnect est mal formé")
            }
            Self::FranceConnectInactive => {
                ("50002", "Jeton FranceConnect non valide", "Le jeton FranceConnect est inconnu ou expiré")
            }
            Self::FranceConnectIncomplete => (
                "50003",
                "Identité FranceConnect incomplète",
                "L'identité transmise par FranceConnect ne permet pas la recherche",
            ),
            Self::FranceConnectPartialBirthDate => (
                "00363",
                "Entité non traitable",
                "La date de naissance transmise par FranceConnect n'est pas connue au jour près",
            ),
            Self::FranceConnectTimeout => {
                ("51002", "Délai dépassé", "FranceConnect n'a pas répondu dans le délai imparti")
            }
            Self::FranceConnectUnreachable => {
                ("51001", "FranceConnect indisponible", "FranceConnect n'a pas pu être joint")
            }
            Self::FranceConnectInvalid => {
                ("51999", "Réponse de FranceConnect non valide", "La réponse de FranceConnect n'est pas exploitable")
            }
            Self::Unavailable => ("00503", "Service indisponible", "Service momentanément indisponible"),
        }
    }
}

impl Parameter {
    /// Its name in a query.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Recipient => "recipient",
            Self::Ine => "ine",
            Self::FamilyName => "nomNaissance",
            Self::GivenNames => "prenoms[]",
            Self::BirthYear => "anneeDateNaissance",
            Self::BirthMonth => "moisDateNaissance",
            Self::BirthDay => "jourDateNaissance",
            Self::BirthDate => "dateNaissance",
            Self::Sex => "sexeEtatCivil",
            Self::BirthCommune => "codeCogInseeCommuneNaissance",
            Self::BirthCommuneName => "nomCommuneNaissance",
            Self::BirthDepartment => "codeCogInseeDepartementNaissance",
            Self::Reference => "reference",
            Self::Uai => "uai",
            Self::After => "apres",
            Self::Limit => "limite",
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Recipient => ("00203", "Le paramètre recipient doit être un SIRET valide"),
            Self::Ine => ("00360", "Le paramètre ine n'a pas la forme d'un INE"),
            Self::FamilyName => ("00361", "Le paramètre nomNaissance doit être un nom"),
            Self::GivenNames => ("00362", "Le paramètre prenoms[] doit contenir exactement un prénom"),
            Self::BirthDate => ("00363", "La date de naissance n'existe pas, ou n'est pas complète (AAAA-MM-JJ)"),
            Self::Sex => ("00364", "Le paramètre sexeEtatCivil doit être M ou F"),
            Self::BirthCommune => (
                "00365",
                "Le paramètre codeCogInseeCommuneNaissance doit être un code COG de l'INSEE à 5 caractères, et non un code postal",
            ),
            Self::BirthYear => ("00421", "Le paramètre anneeDateNaissance doit être une année, de 1900 à 2099"),
            Self::BirthMonth => ("00422", "Le paramètre moisDateNaissance doit être un mois, de 1 à 12"),
            Self::BirthDay => ("00423", "Le paramètre jourDateNaissance doit être un jour, de 1 à 31"),
            Self::BirthCommuneName => (
                "00424",
                "Le paramètre nomCommuneNaissance ne désigne pas une commune, ou en désigne plusieurs, dans ce département",
            ),
            Self::BirthDepartment => (
                "00425",
                "Le paramètre codeCogInseeDepartementNaissance doit accompagner nomCommuneNaissance : 2 ou 3 caractères",
            ),
            Self::Reference => ("00426", "Le champ reference a au plus 64 caractères parmi A-Z a-z 0-9 . _ -"),
            Self::Uai => ("00427", "Le paramètre uai doit être une UAI"),
            Self::After => ("00428", "Le paramètre apres doit être une UAI"),
            Self::Limit => ("00428", "Le paramètre limite doit être un nombre de 1 à 500"),
        }
    }
}

impl ErrorList {
    /// The body for one or several problems.
    pub fn of(problems: impl IntoIterator<Item = Problem>) -> Self {
        Self { errors: problems.into_iter().map(Problem::item).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_contracts_shape() {
        let body = |problem| serde_json::to_string(&ErrorList::of([problem])).unwrap();
        assert_eq!(
            body(Problem::NotFound),
            r#"{"errors":[{"code":"25003","title":"Entité non trouvée","detail":"Aucun étudiant n'a pu être trouvé avec les critères de recherche fournis","source":null,"meta":{"provider":"MESRI"}}]}"#
        );
        assert_eq!(
            body(Problem::Parameter(Parameter::Recipient)),
            r#"{"errors":[{"code":"00203","title":"Entité non traitable","detail":"Le paramètre recipient doit être un SIRET valide","source":{"parameter":"recipient"},"meta":{}}]}"#
        );
    }
}
