//! What an establishment is told of the identity of its rows. Ours: the contract says nothing of
//! it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::files::reader::place;
use crate::identity::digest::RecordId;
use crate::identity::finding::{Finding, FindingCode, Severity, StatutIne};

/// A 200 about the identities of a deposit.
#[derive(Debug, Serialize, ToSchema)]
pub struct Findings<'a> {
    /// The deposit.
    #[schema(example = "6f9619ff8b86d011b42d00cf4fc964ff")]
    pub id: &'a str,
    /// What was found so far, in the order of the lines. A row without a finding was published as
    /// it was sent, or waits to be looked at.
    pub constats: Vec<LineFinding<'a>>,
    /// What to give as `apres` for those that follow; none at the end.
    #[schema(example = "0000000042.1.0123456789abcdef0123456789abcdef")]
    pub suivant: Option<String>,
}

/// What was found about one line.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineFinding<'a> {
    /// The number of its sheet in a workbook, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feuille: Option<u16>,
    /// The line of the file; its heading is line 1.
    #[schema(example = 42)]
    pub ligne: u64,
    /// The enrolment.
    #[schema(value_type = String, example = "1.0123456789abcdef0123456789abcdef")]
    pub id_inscription: &'a RecordId,
    /// What was found.
    #[serde(flatten)]
    pub constat: FindingWords,
    /// What INES says of the INE.
    #[serde(rename = "statutIne")]
    pub statut_ine: StatutIne,
}

/// A finding, in words.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct FindingWords {
    /// Its stable code.
    code: FindingCode,
    /// What it asks of the establishment.
    gravite: Severity,
    /// What a registrar reads.
    #[schema(value_type = String)]
    message: &'static str,
}

impl From<FindingCode> for FindingWords {
    fn from(code: FindingCode) -> Self {
        let sheet = code.sheet();
        Self { code, gravite: sheet.severity, message: sheet.message }
    }
}

impl<'a> LineFinding<'a> {
    /// A finding about a line of a file; `None` for what came another way.
    #[must_use]
    pub fn of(finding: &'a Finding) -> Option<Self> {
        let (feuille, ligne) = place::read(finding.version.line()?);
        Some(Self {
            feuille,
            ligne,
            id_inscription: &finding.record,
            constat: finding.code.into(),
            statut_ine: finding.statut_ine,
        })
    }
}
