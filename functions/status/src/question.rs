//! What is asked about one person, in each contract's own manner, and the look-up that answers it.

use lambda_http::{Request, RequestExt};
use shared::access::route::Route;
use shared::contract::parameters::Parameters;
use shared::contract::pivot::PivotIdentity;
use shared::contract::student_status::parse_question;
use shared::contract::v3::error::Parameter;
use shared::contract::v3::request;
use shared::domain::ine::Ine;
use shared::domain::siret::Siret;
use shared::identity::engine::lookup::Mode;
use shared::identity::lookup::CivilQuestion;
use shared::identity::student::PublishedAnswer;
use shared::registry::StoreError;

use crate::caller::Caller;
use crate::context::Context;
use crate::reply::Refusal;

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
                let nobody = PivotIdentity::default();
                v3(caller.person.as_ref().unwrap_or(&nobody).question().map(StatusQuestion::from))
            }
            Route::Batch
            | Route::Enrolment
            | Route::Deposit
            | Route::Review
            | Route::OwnPage
            | Route::Rights
            | Route::Share => Err(Refusal::NotABatch),
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
