//! What is told without a trace, because it is about nobody: coverage and keys.

use lambda_http::{Body, Request, Response};
use shared::api::reply::public;
use shared::contract::v3::coverage::{CoverageAnswer, CoverageQuestion};

use crate::context::Context;
use crate::question::parameters;
use crate::reply::{ApiError, Refusal};

/// Where coverage is, for the link to the next page.
const COVERAGE: &str = "/v3/mesri/statut_etudiant/couverture";

/// When each establishment's last feed was accepted.
pub(crate) async fn coverage(
    context: &Context,
    request: &Request,
) -> Result<Response<Body>, ApiError> {
    let question = CoverageQuestion::parse(&parameters(request))
        .map_err(|wrong| Refusal::InvalidParameters(vec![wrong]))?;
    let answer = match question {
        CoverageQuestion::One(uai) => {
            let one =
                context.establishments.coverage(uai).await?.ok_or(Refusal::NoSuchEstablishment)?;
            CoverageAnswer::new(COVERAGE, vec![one], None, 1)
        }
        CoverageQuestion::Page { after, limit } => {
            let (page, next) = context.establishments.coverage_page(after, limit).await?;
            CoverageAnswer::new(COVERAGE, page, next, limit)
        }
    };
    Ok(public(serde_json::to_string(&answer).unwrap_or_default()))
}

/// The keys that FranceConnect encrypts for; none when it isn't configured.
pub(crate) async fn encryption_keys(context: &Context) -> Result<Response<Body>, ApiError> {
    let keys = match context.france_connect.get().await? {
        Some(france_connect) => france_connect.encryption_keys(),
        None => serde_json::json!({ "keys": [] }),
    };
    Ok(public(keys.to_string()))
}
