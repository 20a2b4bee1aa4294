//! What is asked about one person, in each contract's own manner, and the look-up that answers it.

use lambda_http::{Request, RequestExt};
use shared::access::route::Route;
use shared::auth::france_connect::PivotIdentity;
use shared::contract::parameters::Parameters;
use shared::contract::student_status::parse_question;
use shared::contract::v3::error::Parameter;
use shared::contract::v3::request;
use shared::domain::birth_date::BirthDate;
use shared::domain::commune::CommuneCode;
use shared::domain::ine::Ine;
use shared::domain::name::PersonName;
use shared::domain::sex::Sex;
use shared::domain::siret::Siret;
use shared::identity::engine::lookup::Mode;
use shared::identity::lookup::CivilQuestion;
use shared::identity::student::Answer;
use shared::registry::StoreError;

use crate::caller::Caller;
use crate::context::Context;
use crate::reply::Refusal;

/// FranceConnect's code of France: only then does it give a commune of birth (domain.md §6.2).
const FRANCE: &str = "99100";
/// Given names of FranceConnect's that are compared. Nobody is known to have as many.
const MOST_GIVEN_NAMES: usize = 10;

/// Who is asked about.
#[derive(Debug, Clone)]
pub(crate) enum Question {
    Ine(Ine),
    Civil(CivilQuestion),
}

/// A question, and for whom it is asked.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) question: Question,
    /// The administration that receives the answer; upstream's contract has none.
    pub(crate) recipient: Option<Siret>,
    /// The INE in the caller's own words, which upstream's contract gives back when nobody has it.
    pub(crate) echo: Option<String>,
}

impl Asked {
    /// Reads the question of a route.
    pub(crate) fn read(request: &Request, body: &[u8], route: Route, caller: &Caller) -> Result<Self, Refusal> {
        let parameters = parameters(request);
        let v3 = |question: Result<Question, Vec<Parameter>>| {
            let recipient = request::recipient(&parameters);
            match (question, recipient) {
                (Ok(question), Ok(recipient)) => Ok(Self { question, recipient: Some(recipient), echo: None }),
                (question, recipient) => {
                    let wrong = recipient.err().into_iter().chain(question.err().into_iter().flatten());
                    Err(Refusal::InvalidParameters(wrong.collect()))
                }
            }
        };
        match route {
            Route::StatusByIne => {
                // The contract writes it in upper case, and so do its callers.
                let echo = parameters.one("INE").ok().flatten().unwrap_or_default().to_owned();
                let ine = Ine::parse(&echo).map_err(|_| Refusal::InvalidIne)?;
                Ok(Self { question: Question::Ine(ine), recipient: None, echo: Some(echo) })
            }
            Route::StatusByIdentity => {
                let question = parse_question(body).map_err(|error| Refusal::InvalidField(error.to_string()))?;
                Ok(Self { question: Question::Civil(question), recipient: None, echo: None })
            }
            Route::DirectByIne => v3(request::ine(&parameters).map(Question::Ine).map_err(|wrong| vec![wrong])),
            Route::DirectByIdentity => v3(request::civil_identity(&parameters).map(Question::Civil)),
            Route::FranceConnect => {
                let identity = caller.person.as_ref().ok_or(Refusal::IncompleteIdentity)?;
                v3(Ok(Question::Civil(pivot(identity)?)))
            }
            Route::Batch | Route::Enrolment | Route::Deposit | Route::Review => Err(Refusal::NotABatch),
        }
    }
}

impl Question {
    /// The INE that the caller asked with, if it did.
    pub(crate) fn ine(&self) -> Option<&str> {
        match self {
            Self::Ine(ine) => Some(ine.expose()),
            Self::Civil(_) => None,
        }
    }

    /// The published answer of the student who is meant: one read by INE, two in sequence by civil identity.
    pub(crate) async fn look_up(&self, context: &Context, mode: Mode) -> Result<Option<Answer>, StoreError> {
        match self {
            Self::Ine(ine) => context.answers.by_ine(&context.keys.ine(ine)).await,
            Self::Civil(question) => context.answers.by_identity(question, &context.keys.postings, mode).await,
        }
    }
}

/// The query's parameters, decoded.
pub(crate) fn parameters(request: &Request) -> Parameters {
    request.query_string_parameters().iter().collect()
}

/// The question about a person whom FranceConnect names (domain.md §4.3, §6.2): every given name, and the commune of
/// birth, or the country of who wasn't born in France.
fn pivot(identity: &PivotIdentity) -> Result<CivilQuestion, Refusal> {
    let missing = |_| Refusal::IncompleteIdentity;
    let birth_date = BirthDate::parse(&identity.birthdate).map_err(|_| Refusal::IncompleteIdentity)?;
    if birth_date.full().is_none() {
        return Err(Refusal::PartialBirthDate);
    }
    let sexe = match identity.gender.as_str() {
        "male" => Sex::Male,
        "female" => Sex::Female,
        _ => return Err(Refusal::IncompleteIdentity),
    };
    let given_names: Vec<&str> = if identity.given_name_array.is_empty() {
        identity.given_name.split_whitespace().collect()
    } else {
        identity.given_name_array.iter().map(String::as_str).collect()
    };
    let (first, others) = given_names.split_first().ok_or(Refusal::IncompleteIdentity)?;
    let born_in_france = identity.birthcountry.is_empty() || identity.birthcountry == FRANCE;
    // A birthplace only tells homonyms apart: an unreadable one is as good as none.
    let commune = born_in_france.then(|| CommuneCode::parse_birthplace(&identity.birthplace).ok()).flatten();
    Ok(CivilQuestion {
        nom_famille: PersonName::parse_surname(&identity.family_name).map_err(missing)?,
        prenom1: PersonName::parse_given(first).map_err(missing)?,
        autres_prenoms: others.iter().take(MOST_GIVEN_NAMES).filter_map(|name| PersonName::parse(name).ok()).collect(),
        date_naissance: birth_date,
        sexe,
        lieu_naissance: commune.or_else(|| CommuneCode::parse(&identity.birthcountry).ok()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zoe() -> PivotIdentity {
        PivotIdentity {
            family_name: "LEFÈVRE".into(),
            given_name: "Zoé Marie".into(),
            given_name_array: Vec::new(),
            birthdate: "2004-03-02".into(),
            gender: "female".into(),
            birthplace: "44109".into(),
            birthcountry: "99100".into(),
        }
    }

    #[test]
    fn the_pivot_identity_is_asked_about_by_all_its_given_names() {
        let question = pivot(&zoe()).unwrap();
        let given = |question: &CivilQuestion| {
            let others: Vec<&str> = question.autres_prenoms.iter().map(PersonName::expose).collect();
            format!("{} + {}", question.prenom1.expose(), others.join(" "))
        };
        assert_eq!((given(&question).as_str(), question.sexe), ("Zoé + Marie", Sex::Female));
        let one_by_one = PivotIdentity { given_name_array: vec!["Zoé Marie".into(), "Léa".into()], ..zoe() };
        assert_eq!(given(&pivot(&one_by_one).unwrap()), "Zoé Marie + Léa");
        assert_eq!(question.lieu_naissance.map(|code| code.to_string()), Some("44109".into()));
    }

    #[test]
    fn who_was_born_abroad_is_asked_about_by_its_country() {
        let place = |identity: &PivotIdentity| pivot(identity).unwrap().lieu_naissance.map(|code| code.to_string());
        let abroad = PivotIdentity { birthplace: String::new(), birthcountry: "99352".into(), ..zoe() };
        assert_eq!(place(&abroad), Some("99352".into()));
        let said_all_the_same = PivotIdentity { birthplace: "44109".into(), ..abroad.clone() };
        assert_eq!(place(&said_all_the_same), Some("99352".into()));
        let before_1976 = PivotIdentity { birthplace: "20004".into(), ..zoe() };
        assert_eq!(place(&before_1976), Some("2A004".into()), "Ajaccio, when Corsica was one");
        let postal = PivotIdentity { birthplace: "44000".into(), ..zoe() };
        assert_eq!(place(&postal), Some("99100".into()), "a postal code says nothing");
        let no_commune = PivotIdentity { birthplace: String::new(), ..zoe() };
        assert_eq!(place(&no_commune), Some("99100".into()), "in France is said all the same");
        let nowhere = PivotIdentity { birthcountry: "Algérie".into(), ..abroad };
        assert_eq!(place(&nowhere), None);
    }

    #[test]
    fn who_was_presumed_born_in_a_year_is_not_looked_up() {
        for birthdate in ["1994", "1994-05", "1994-00-00"] {
            let presumed = PivotIdentity { birthdate: birthdate.into(), ..zoe() };
            assert!(matches!(pivot(&presumed), Err(Refusal::PartialBirthDate)), "{birthdate}");
        }
        for incomplete in [
            PivotIdentity { birthdate: String::new(), ..zoe() },
            PivotIdentity { gender: "unspecified".into(), ..zoe() },
            PivotIdentity { given_name: "  ".into(), ..zoe() },
            PivotIdentity::default(),
        ] {
            assert!(matches!(pivot(&incomplete), Err(Refusal::IncompleteIdentity)));
        }
    }

    proptest! {
        #[test]
        fn any_pivot_identity_is_read_or_refused(
            family in "\\PC{0,40}", given in "\\PC{0,40}", birth in "\\PC{0,12}|[0-9-]{0,10}",
            gender in "male|female|\\PC{0,5}", place in "\\PC{0,8}", country in "\\PC{0,8}",
        ) {
            let _ = pivot(&PivotIdentity {
                family_name: family, given_name: given, birthdate: birth, gender, birthplace: place, birthcountry: country,
                ..PivotIdentity::default()
            });
        }
    }
}
