//! The errors of the direct API: `{"errors":[{code,title,detail,source,meta}]}` (domain.md §4.2).
//!
//! Codes, titles and `source` are those of the public client's own code. Ours are the codes of what
//! the contract has no word for (00404, 00405, 00413, 00415, 00470 to 00474, 00503), 51001 to
//! 51999, FranceConnect's in its pattern, and every `detail`, which is a sentence for people.

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
    /// `recipient`, which is missing.
    Recipient,
    /// `recipient`, which is no SIRET, or several.
    RecipientForm,
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
            | Self::FranceConnectInactive => 401,
            Self::Forbidden | Self::RecipientNotAllowed => 403,
            Self::NotFound | Self::NoSuchPath | Self::NoSuchEstablishment => 404,
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::NotJson => 415,
            Self::Parameter(_) | Self::NotABatch => 422,
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
            Self::Unavailable | Self::FranceConnectTimeout | Self::FranceConnectUnreachable => {
                Some(10)
            }
            _ => None,
        }
    }

    /// The error as the contract writes it.
    #[must_use]
    pub fn item(self) -> ErrorItem {
        let (code, title, detail) = self.words();
        let parameter = match self {
            Self::Parameter(parameter) => parameter.is_named().then(|| parameter.name()),
            Self::InvalidToken | Self::ExpiredToken | Self::RevokedToken | Self::Forbidden => {
                Some("token")
            }
            Self::RecipientNotAllowed => Some(Parameter::Recipient.name()),
            Self::NoSuchEstablishment => Some(Parameter::Uai.name()),
            _ => None,
        };
        let provider = match self {
            Self::NotFound => MESRI,
            Self::FranceConnectMalformed
            | Self::FranceConnectInactive
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
            Self::InvalidToken => {
                ("00101", "Interdit", "Votre jeton n'est pas valide ou n'est pas renseigné")
            }
            Self::ExpiredToken => {
                ("00103", "Jeton expiré", "Votre jeton est expiré, il faut en demander un nouveau")
            }
            Self::RevokedToken => ("00105", "Jeton sur liste noire", "Votre jeton a été révoqué"),
            Self::Forbidden => (
                "00100",
                "Privilèges insuffisants",
                "Votre jeton est valide mais vos privilèges sont insuffisants",
            ),
            Self::RecipientNotAllowed => (
                "00100",
                "Privilèges insuffisants",
                "Votre habilitation ne couvre pas ce destinataire (recipient)",
            ),
            Self::NotFound => (
                "25003",
                "Entité non trouvée",
                "Aucun étudiant n'a pu être trouvé avec les critères de recherche fournis",
            ),
            Self::NoSuchPath => {
                ("00404", "Ressource inconnue", "Ce chemin n'existe pas, voir /openapi.json")
            }
            Self::NoSuchEstablishment => (
                "00404",
                "Établissement inconnu",
                "Aucun établissement de ce numéro (UAI) n'alimente le registre",
            ),
            Self::MethodNotAllowed => (
                "00405",
                "Méthode non autorisée",
                "Ce chemin s'appelle avec la méthode de l'en-tête Allow",
            ),
            Self::TooLarge => {
                ("00413", "Requête trop volumineuse", "Le corps de la requête est trop volumineux")
            }
            Self::NotJson => {
                ("00415", "Format non pris en charge", "Le corps de la requête doit être du JSON")
            }
            Self::NotABatch => (
                "00470",
                "Entité non traitable",
                "Le corps attendu est {\"demandes\":[…]}, de 1 à 100 demandes",
            ),
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
            Self::FranceConnectInactive => (
                "50002",
                "Jeton FranceConnect non valide",
                "Le jeton FranceConnect est inconnu ou expiré",
            ),
            Self::FranceConnectTimeout => {
                ("51002", "Délai dépassé", "FranceConnect n'a pas répondu dans le délai imparti")
            }
            Self::FranceConnectUnreachable => {
                ("51001", "FranceConnect indisponible", "FranceConnect n'a pas pu être joint")
            }
            Self::FranceConnectInvalid => (
                "51999",
                "Réponse de FranceConnect non valide",
                "La réponse de FranceConnect n'est pas exploitable",
            ),
            Self::Unavailable => {
                ("00503", "Service indisponible", "Service momentanément indisponible")
            }
        }
    }
}

impl Parameter {
    /// Its name in a query.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Recipient | Self::RecipientForm => "recipient",
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

    /// Whether the contract's `source` names it. Of an identity and an INE the code does.
    fn is_named(self) -> bool {
        match self {
            Self::Recipient
            | Self::RecipientForm
            | Self::Reference
            | Self::Uai
            | Self::After
            | Self::Limit => true,
            Self::Ine
            | Self::FamilyName
            | Self::GivenNames
            | Self::BirthYear
            | Self::BirthMonth
            | Self::BirthDay
            | Self::BirthDate
            | Self::Sex
            | Self::BirthCommune
            | Self::BirthCommuneName
            | Self::BirthDepartment => false,
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Recipient => (
                "00203",
                "Le paramètre recipient est obligatoire : le SIRET de l'administration destinataire",
            ),
            Self::RecipientForm => ("00210", "Le paramètre recipient doit être un SIRET valide"),
            Self::Ine => ("00360", "Le paramètre ine n'a pas la forme d'un INE"),
            Self::FamilyName => ("00420", "Le paramètre nomNaissance doit être un nom"),
            Self::GivenNames => ("00421", "Le paramètre prenoms[] doit contenir un prénom"),
            Self::BirthYear => {
                ("00422", "L'année de naissance (anneeDateNaissance) doit être une année")
            }
            Self::BirthMonth => {
                ("00423", "Le mois de naissance (moisDateNaissance) doit être un mois, de 1 à 12")
            }
            Self::BirthDay => {
                ("00424", "Le jour de naissance (jourDateNaissance) doit être un jour, de 1 à 31")
            }
            Self::BirthDate => {
                ("00425", "La date de naissance n'existe pas, ou n'est pas complète (AAAA-MM-JJ)")
            }
            Self::BirthCommune => (
                "00426",
                "Le paramètre codeCogInseeCommuneNaissance doit être un code COG de l'INSEE à 5 caractères, et non un code postal",
            ),
            Self::BirthCommuneName => (
                "00426",
                "Le paramètre nomCommuneNaissance ne désigne pas une commune, ou en désigne plusieurs, dans ce département",
            ),
            Self::Sex => ("00427", "Le sexe (sexeEtatCivil) doit être M ou F"),
            Self::BirthDepartment => (
                "00428",
                "Le paramètre codeCogInseeDepartementNaissance doit accompagner nomCommuneNaissance : 2 ou 3 caractères",
            ),
            Self::Reference => {
                ("00471", "Le champ reference a au plus 64 caractères parmi A-Z a-z 0-9 . _ -")
            }
            Self::Uai => ("00472", "Le paramètre uai doit être une UAI"),
            Self::After => ("00473", "Le paramètre apres doit être une UAI"),
            Self::Limit => ("00474", "Le paramètre limite doit être un nombre de 1 à 500"),
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
            r#"{"errors":[{"code":"00203","title":"Entité non traitable","detail":"Le paramètre recipient est obligatoire : le SIRET de l'administration destinataire","source":{"parameter":"recipient"},"meta":{}}]}"#
        );
    }

    #[test]
    fn codes_titles_and_sources_are_those_of_the_client() {
        // domain.md §4.2.
        for (problem, status, code, title, source) in [
            (Problem::InvalidToken, 401, "00101", "Interdit", Some("token")),
            (Problem::ExpiredToken, 401, "00103", "Jeton expiré", Some("token")),
            (Problem::RevokedToken, 401, "00105", "Jeton sur liste noire", Some("token")),
            (Problem::Forbidden, 403, "00100", "Privilèges insuffisants", Some("token")),
            (Problem::NotFound, 404, "25003", "Entité non trouvée", None),
        ] {
            let item = problem.item();
            assert_eq!((problem.status(), item.code, item.title), (status, code, title));
            assert_eq!(item.source, source.map(|parameter| Source { parameter }), "{code}");
        }
        for (parameter, code, named) in [
            (Parameter::Recipient, "00203", true),
            (Parameter::RecipientForm, "00210", true),
            (Parameter::Ine, "00360", false),
            (Parameter::FamilyName, "00420", false),
            (Parameter::GivenNames, "00421", false),
            (Parameter::BirthYear, "00422", false),
            (Parameter::BirthMonth, "00423", false),
            (Parameter::BirthDay, "00424", false),
            (Parameter::BirthDate, "00425", false),
            (Parameter::BirthCommune, "00426", false),
            (Parameter::BirthCommuneName, "00426", false),
            (Parameter::Sex, "00427", false),
            (Parameter::BirthDepartment, "00428", false),
        ] {
            let item = Problem::Parameter(parameter).item();
            assert_eq!(
                (Problem::Parameter(parameter).status(), item.code, item.title),
                (422, code, "Entité non traitable")
            );
            assert_eq!(item.source.is_some(), named, "{code}");
        }
    }
}
