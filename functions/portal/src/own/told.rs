//! Enrolments as they are told, by establishment.

use jiff::civil::Date;
use serde::Serialize;
use shared::domain::enrolment::Enrolment;
use shared::domain::uai::Uai;

use crate::words::date;

/// The enrolments at one establishment.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Group {
    pub(crate) uai: Uai,
    #[serde(rename = "etablissement")]
    pub(crate) name: String,
    #[serde(rename = "inscriptions")]
    pub(crate) lines: Vec<Line>,
}

/// One of them.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    /// `admis`, `inscrit` or `annulé`.
    pub(crate) statut: &'static str,
    /// `du 01/09/2026 au 31/08/2027`.
    #[serde(rename = "periode")]
    pub(crate) period: String,
    pub(crate) regime: &'static str,
}

/// `du 01/09/2026 au 31/08/2027`.
pub(crate) fn period(first: Date, last: Date) -> String {
    format!("du {} au {}", date(first), date(last))
}

/// Enrolments by establishment, each establishment where its first one stands.
pub(crate) fn by_establishment<'a>(
    enrolments: impl IntoIterator<Item = &'a Enrolment>,
) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for enrolment in enrolments {
        let line = Line {
            statut: enrolment.statut.label(),
            period: period(enrolment.date_debut, enrolment.date_fin),
            regime: enrolment.regime.label(),
        };
        match groups.iter_mut().find(|group| group.uai == enrolment.uai) {
            Some(group) => group.lines.push(line),
            None => groups.push(Group {
                uai: enrolment.uai,
                name: enrolment.nom_etablissement.clone(),
                lines: vec![line],
            }),
        }
    }
    groups
}
