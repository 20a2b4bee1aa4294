//! The private files: tables of everybody for the operators, and each establishment's own.

use jiff::Timestamp;
use jiff::civil::Date;
use shared::contract::quality::{Percentiles, Quality};
use shared::identity::review::Kind;

use super::cases::OfCases;
use super::usage::Used;
use crate::outputs::{File, FormatError, JSON, csv_file};

const COLUMNS: [&str; 27] = [
    "uai",
    "dernier_versement",
    "jours_depuis",
    "fichiers",
    "echecs",
    "lignes",
    "acceptees",
    "rejetees",
    "averties",
    "inscriptions",
    "visibles",
    "en_doute",
    "en_attente",
    "regime_dit",
    "commune_dite",
    "commune_insee",
    "cursus_dit",
    "diplome_dit",
    "niveau_dit",
    "fichiers_p50",
    "fichiers_p95",
    "fichiers_p99",
    "unitaires_p50",
    "unitaires_p95",
    "unitaires_p99",
    "attente_mediane_jours",
    "attente_maximale_jours",
];

/// An establishment a row.
pub(super) fn establishments(all: &[Quality]) -> Result<File, FormatError> {
    csv_file("qualite.csv", &COLUMNS, all.iter().map(row))
}

fn row(one: &Quality) -> Vec<String> {
    let (imports, enrolments) = (&one.imports, &one.inscriptions);
    let said = &enrolments.renseigne;
    let counts = [
        imports.fichiers,
        imports.echecs,
        imports.lignes,
        imports.acceptees,
        imports.rejetees,
        imports.averties,
        enrolments.nombre,
        enrolments.visibles,
        enrolments.en_doute,
        enrolments.en_attente,
        said.regime,
        said.commune,
        said.commune_insee,
        said.cursus,
        said.diplome,
        said.niveau_diplome,
    ];
    let percentiles = |delays: Option<Percentiles>| {
        let of = |value: fn(&Percentiles) -> u64| optional(delays.as_ref().map(value));
        [of(|delays| delays.p50), of(|delays| delays.p95), of(|delays| delays.p99)]
    };
    let mut row = vec![
        one.uai.to_string(),
        optional(one.fraicheur.dernier_versement),
        optional(one.fraicheur.jours),
    ];
    row.extend(counts.iter().map(u64::to_string));
    row.extend(percentiles(one.delais.fichiers));
    row.extend(percentiles(one.delais.unitaires));
    row.push(optional(one.identites.attente_mediane_jours));
    row.push(optional(one.identites.attente_maximale_jours));
    row
}

/// An establishment and a rule a row.
pub(super) fn rules(all: &[Quality]) -> Result<File, FormatError> {
    let rows = all.iter().flat_map(|one| {
        let rules = one.imports.par_regle.iter();
        rules.map(|(rule, rows)| vec![one.uai.to_string(), rule.clone(), rows.to_string()])
    });
    csv_file("rejets.csv", &["uai", "regle", "lignes"], rows)
}

/// A question about identities a row.
pub(super) fn cases(all: &OfCases, now: Timestamp) -> Result<File, FormatError> {
    let rows = all.kinds().map(|(kind, became)| {
        let question = match kind {
            Kind::Attachment => "rattachement",
            Kind::Duplicate => "doublon",
            Kind::Dispute => "contestation",
        };
        let (median, longest) = became.waited(now);
        vec![
            question.to_owned(),
            became.open().to_string(),
            optional(median),
            optional(longest),
            became.one_person.to_string(),
            became.several.to_string(),
            became.undone.to_string(),
            became.withdrawn.to_string(),
        ]
    });
    let columns = [
        "question",
        "ouverts",
        "attente_mediane_jours",
        "attente_maximale_jours",
        "reunis",
        "distingues",
        "annulees",
        "retires",
    ];
    csv_file("doublons.csv", &columns, rows)
}

/// A client, a route, an action and an outcome a row.
pub(super) fn uses(day: Date, used: &[Used]) -> Result<File, FormatError> {
    let rows = used.iter().map(|(client, one, times)| {
        vec![
            day.to_string(),
            client.clone(),
            one.route.name().to_owned(),
            one.action.name().to_owned(),
            if one.found { "trouve" } else { "rien" }.to_owned(),
            times.to_string(),
        ]
    });
    csv_file("usage.csv", &["jour", "client", "route", "action", "resultat", "nombre"], rows)
}

/// What one establishment is told, under its UAI.
pub(super) fn own(one: &Quality) -> Result<File, FormatError> {
    let content = serde_json::to_vec(one).map_err(|_| FormatError::Json)?;
    Ok(File { name: format!("{}.json", one.uai), media_type: JSON, content })
}

fn optional(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
