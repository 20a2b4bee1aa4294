//! What is asked about one person, in each contract's own manner, and the look-up that answers it.

use lambda_http::{Request, RequestExt};
use shared::access::route::Route;
use shared::auth::france_connect::PivotIdentity;
use shared::contract::parameters::Parameters;
use shared::contract::student_status::parse_question;
use shared::contract::v3::error::Parameter;
use shared::contract::v3::request::{self, Wrong};
use shared::domain::commune::CommuneCode;
use shared::domain::ine::Ine;
use shared::domain::name::PersonName;
use shared::domain::sex::Sex;
use shared::domain::siret::Siret;
use shared::identity::engine::lookup::Mode;
use shared::identity::lookup::CivilQuestion;
use shared::identity::student::PublishedAnswer;
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
pub(crate) enum StatusQuestion {
    Ine(Ine),
    Civil(CivilQuestion),
    /// Somebody who has what nobody has, such as no given name: it is asked and answered like any
    /// other.
    Nobody,
}

impl From<Option<CivilQuestion>> for StatusQuestion {
    fn from(question: Option<CivilQuestion>) -> Self {
        question.map_or(Self::Nobody, Self::Civil)
    }
}

/// A question, and for whom it is asked.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) question: StatusQuestion,
    /// The administration that receives the answer; upstream's contract has none.
    pub(crate) recipient: Option<Siret>,
    /// The INE in the caller's own words, which upstream's contract gives back when nobody has it.
    pub(crate) echo: Option<String>,
}

impl Asked {
    /// Reads the question of a route.
    pub(crate) fn read(
        request: &Request,
        body: &[u8],
        route: Route,
        caller: &Caller,
    ) -> Result<Self, Refusal> {
        let parameters = parameters(request);
        let v3 = |question: Result<StatusQuestion, Vec<Parameter>>| {
            let recipient = request::recipient(&parameters);
            match (question, recipient) {
                (Ok(question), Ok(recipient)) => {
                    Ok(Self { question, recipient: Some(recipient), echo: None })
                }
                (question, recipient) => {
                    let wrong =
                        recipient.err().into_iter().chain(question.err().into_iter().flatten());
                    Err(Refusal::InvalidParameters(wrong.collect()))
                }
            }
        };
        match route {
            Route::StatusByIne => {
                // The contract writes it in upper case, and so do its callers.
                let echo = parameters.one("INE").ok().flatten().unwrap_or_default().to_owned();
                let ine = Ine::parse(&echo).map_err(|_| Refusal::InvalidIne)?;
                Ok(Self { question: StatusQuestion::Ine(ine), recipient: None, echo: Some(echo) })
            }
            Route::StatusByIdentity => {
                let question = parse_question(body)
                    .map_err(|error| Refusal::InvalidField(error.to_string()))?;
                Ok(Self { question: question.into(), recipient: None, echo: None })
            }
            Route::DirectByIne => {
                v3(request::ine(&parameters).map(StatusQuestion::Ine).map_err(|wrong| vec![wrong]))
            }
            Route::DirectByIdentity => {
                v3(request::civil_identity(&parameters).map(StatusQuestion::from))
            }
            Route::FranceConnect => {
                v3(pivot(caller.person.as_ref().unwrap_or(&PivotIdentity::default()))
                    .map(StatusQuestion::from))
            }
            Route::Batch | Route::Enrolment | Route::Deposit | Route::Review => {
                Err(Refusal::NotABatch)
            }
        }
    }
}

impl StatusQuestion {
    /// The INE that the caller asked with, if it did.
    pub(crate) fn ine(&self) -> Option<&str> {
        match self {
            Self::Ine(ine) => Some(ine.expose()),
            Self::Civil(_) | Self::Nobody => None,
        }
    }

    /// The published answer of the student who is meant: one read by INE, two in sequence by civil
    /// identity.
    pub(crate) async fn look_up(
        &self,
        context: &Context,
        mode: Mode,
    ) -> Result<Option<PublishedAnswer>, StoreError> {
        match self {
            Self::Ine(ine) => context.answers.by_ine(ine, &context.keys).await,
            Self::Nobody => Ok(None),
            Self::Civil(question) => {
                context.answers.by_identity(question, &context.keys, mode).await
            }
        }
    }
}

/// The query's parameters, decoded.
pub(crate) fn parameters(request: &Request) -> Parameters {
    request.query_string_parameters().iter().collect()
}

/// The question about a person whom FranceConnect names (domain.md §4.3, §6.2): every given name,
/// and the commune of birth, or the country of who wasn't born in France. What it lacks is refused
/// as in a civil identity.
fn pivot(identity: &PivotIdentity) -> Result<Option<CivilQuestion>, Vec<Parameter>> {
    let mut wrong = Wrong::default();
    let family = wrong
        .or(PersonName::parse_surname(&identity.family_name).map_err(|_| Parameter::FamilyName));
    let given_names: Vec<&str> = if identity.given_name_array.is_empty() {
        identity.given_name.split_whitespace().collect()
    } else {
        identity.given_name_array.iter().map(String::as_str).collect()
    };
    let given =
        given_names.split_first().ok_or(Parameter::GivenNames).and_then(|(first, others)| {
            let first = PersonName::parse_given(first).map_err(|_| Parameter::GivenNames)?;
            let others = others
                .iter()
                .take(MOST_GIVEN_NAMES)
                .filter_map(|name| PersonName::parse(name).ok());
            Ok((first, others.collect()))
        });
    let given = wrong.or(given);
    let mut parts = identity.birthdate.trim().splitn(3, '-');
    let date = wrong.birth_date(std::array::from_fn(|_| parts.next().unwrap_or_default()));
    let sexe = wrong.or(match identity.gender.as_str() {
        "male" => Ok(Sex::Male),
        "female" => Ok(Sex::Female),
        _ => Err(Parameter::Sex),
    });
    let born_in_france = identity.birthcountry.is_empty() || identity.birthcountry == FRANCE;
    // A birthplace only tells homonyms apart: an unreadable one is as good as none.
    let commune =
        born_in_france.then(|| CommuneCode::parse_birthplace(&identity.birthplace).ok()).flatten();
    let place = commune.or_else(|| CommuneCode::parse(&identity.birthcountry).ok());
    wrong.question_about(family.map(Some), given.map(Some), date, sexe, place)
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
        let question = pivot(&zoe()).unwrap().unwrap();
        let given = |question: &CivilQuestion| {
            let others: Vec<&str> =
                question.autres_prenoms.iter().map(PersonName::expose).collect();
            format!("{} + {}", question.prenom1.expose(), others.join(" "))
        };
        assert_eq!((given(&question).as_str(), question.sexe), ("Zoé + Marie", Sex::Female));
        let one_by_one =
            PivotIdentity { given_name_array: vec!["Zoé Marie".into(), "Léa".into()], ..zoe() };
        assert_eq!(given(&pivot(&one_by_one).unwrap().unwrap()), "Zoé Marie + Léa");
        assert_eq!(question.lieu_naissance.map(|code| code.to_string()), Some("44109".into()));
    }

    #[test]
    fn who_was_born_abroad_is_asked_about_by_its_country() {
        let place = |identity: &PivotIdentity| {
            pivot(identity).unwrap().unwrap().lieu_naissance.map(|code| code.to_string())
        };
        let abroad =
            PivotIdentity { birthplace: String::new(), birthcountry: "99352".into(), ..zoe() };
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
    fn what_the_pivot_identity_lacks_is_refused_as_in_a_civil_identity() {
        let wrong = |identity: PivotIdentity| pivot(&identity).unwrap_err();
        for (birthdate, expected) in [
            ("", &[Parameter::BirthYear, Parameter::BirthMonth, Parameter::BirthDay][..]),
            ("17/04/2005", &[Parameter::BirthYear, Parameter::BirthMonth, Parameter::BirthDay]),
            ("1994", &[Parameter::BirthMonth, Parameter::BirthDay]),
            ("1994-00-00", &[Parameter::BirthMonth, Parameter::BirthDay]),
            ("1994-05", &[Parameter::BirthDay]),
            ("1994-05-00", &[Parameter::BirthDay]),
            ("1994-02-30", &[Parameter::BirthDate]),
            ("1994-02-20-1", &[Parameter::BirthDay]),
        ] {
            assert_eq!(
                wrong(PivotIdentity { birthdate: birthdate.into(), ..zoe() }),
                expected,
                "{birthdate}"
            );
        }
        assert_eq!(
            wrong(PivotIdentity { family_name: String::new(), ..zoe() }),
            [Parameter::FamilyName]
        );
        for given_name in ["", "  "] {
            assert_eq!(
                wrong(PivotIdentity { given_name: given_name.into(), ..zoe() }),
                [Parameter::GivenNames]
            );
        }
        assert_eq!(
            wrong(PivotIdentity { gender: "unspecified".into(), ..zoe() }),
            [Parameter::Sex]
        );
        assert_eq!(wrong(PivotIdentity::default()).first(), Some(&Parameter::FamilyName));
        let long_ago = PivotIdentity { birthdate: "1850-01-01".into(), ..zoe() };
        assert_eq!(pivot(&long_ago), Ok(None), "nobody");
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
