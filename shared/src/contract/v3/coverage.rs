//! Coverage: when each establishment's last feed was accepted, so that "not found" can be weighed
//! (domain.md §4.4, §9). Public: it says nothing about anybody.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::Empty;
use super::error::Parameter;
use crate::contract::parameters::Parameters;
use crate::domain::uai::Uai;

/// Establishments on a page, unless the caller says otherwise.
const USUAL: u16 = 100;
/// Establishments on a page at most.
pub const MOST: u16 = 500;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoverageQuestion {
    /// One establishment.
    One(Uai),
    /// A page of them.
    Page {
        /// The one that the previous page ended with.
        after: Option<Uai>,
        /// How many.
        limit: u16,
    },
}

impl CoverageQuestion {
    /// Reads `uai`, or `apres` and `limite`.
    pub fn parse(parameters: &Parameters) -> Result<Self, Parameter> {
        let uai = |parameter: Parameter| {
            let text = parameters.one(parameter.name()).map_err(|_| parameter)?;
            text.map(|text| Uai::parse(text).map_err(|_| parameter)).transpose()
        };
        if let Some(uai) = uai(Parameter::Uai)? {
            return Ok(Self::One(uai));
        }
        let limit = match parameters.one(Parameter::Limit.name()).map_err(|_| Parameter::Limit)? {
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=MOST).contains(limit))
                .ok_or(Parameter::Limit)?,
            None => USUAL,
        };
        Ok(Self::Page { after: uai(Parameter::After)?, limit })
    }
}

/// An establishment that may feed the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Coverage {
    /// Its UAI.
    #[schema(value_type = String, example = "0751967F")]
    pub uai: Uai,
    /// Its name.
    #[serde(rename = "nom", alias = "name")]
    pub name: String,
    /// When its last feed with at least one enrolment was accepted; `null` when none ever was.
    #[serde(rename = "derniere_alimentation", alias = "last_feed_at", default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_feed_at: Option<Timestamp>,
}

/// The body of a 200 answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoverageAnswer {
    /// The establishments, in no particular order.
    data: Vec<Coverage>,
    links: CoverageLinks,
    meta: Empty,
}

/// Where to go on.
#[derive(Debug, Serialize, ToSchema)]
struct CoverageLinks {
    /// The next page, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    suivant: Option<String>,
}

impl CoverageAnswer {
    /// A page of `path`; `next` is the establishment that it ended with, when there are more.
    #[must_use]
    pub fn new(path: &str, data: Vec<Coverage>, next: Option<Uai>, limit: u16) -> Self {
        let suivant = next.map(|uai| format!("{path}?apres={uai}&limite={limit}"));
        Self { data, links: CoverageLinks { suivant }, meta: Empty {} }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<CoverageQuestion, Parameter> {
        CoverageQuestion::parse(&pairs.iter().copied().collect())
    }

    #[test]
    fn a_page_or_one() {
        let uai = Uai::parse("0751967F").unwrap();
        assert_eq!(parse(&[]), Ok(CoverageQuestion::Page { after: None, limit: 100 }));
        assert_eq!(parse(&[("uai", "0751967F"), ("limite", "x")]), Ok(CoverageQuestion::One(uai)));
        assert_eq!(
            parse(&[("apres", "0751967F"), ("limite", "500")]),
            Ok(CoverageQuestion::Page { after: Some(uai), limit: 500 })
        );
        for limit in ["0", "501", "-1", "x"] {
            assert_eq!(parse(&[("limite", limit)]), Err(Parameter::Limit));
        }
        assert_eq!(parse(&[("uai", "x")]), Err(Parameter::Uai));
        assert_eq!(parse(&[("apres", "x")]), Err(Parameter::After));
    }
}
