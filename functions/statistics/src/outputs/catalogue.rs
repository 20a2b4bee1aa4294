//! The snapshot as a catalogue of one data set, in DCAT-AP, for the harvesters of data portals.
//!
//! Harvesters don't tell their reader where a document came from, so its addresses are whole where
//! it is known where snapshots are published; else they are relative to it.

use serde_json::{Value, json};

use super::File;
use super::manifest::FileEntry;
use super::text::FormatError;
use crate::snapshot::Snapshot;

const NAME: &str = "dcat.jsonld";
const MEDIA_TYPE: &str = "application/ld+json";

const LICENCE: &str = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/";
const AUTHORITY: &str = "http://publications.europa.eu/resource/authority";
/// The forms of a table: what its file's name ends with, its code in the EU's list of file types,
/// and its media type in IANA's.
const FORMS: [(&str, &str, &str); 3] = [
    ("csv", "CSV", "text/csv"),
    ("parquet", "PARQUET", "application/vnd.apache.parquet"),
    ("json", "JSON", "application/json"),
];

/// `site` is the address that `<date>/` is below, with its last slash.
pub(super) fn catalogue(
    snapshot: &Snapshot,
    files: &[File],
    site: Option<&str>,
) -> Result<File, FormatError> {
    let base = site.map(|site| format!("{site}{}/", snapshot.date)).unwrap_or_default();
    let tables = snapshot.tables.iter().map(|(table, _)| (table.name, table.title));
    let coverage = ("couverture", "Date du dernier versement de chaque établissement");
    let distributions: Vec<Value> = tables
        .chain([coverage])
        .flat_map(|(name, title)| FORMS.map(|form| distribution((name, title), form, files, &base)))
        .flatten()
        .collect();
    let publisher = json!({
        "@type": "foaf:Agent",
        "foaf:name": french("Registre national du statut étudiant"),
    });
    let keywords =
        ["enseignement-superieur", "etudiants", "effectifs", "inscriptions"].map(french).to_vec();
    let dataset = json!({
        "@id": format!("{base}#donnees"),
        "@type": "dcat:Dataset",
        "dct:identifier": format!("statut-etudiant-{}", snapshot.date),
        "dct:title": french(&format!(
            "Étudiants inscrits et admis, rentrée {}, état au {}", snapshot.year, snapshot.date
        )),
        "dct:description": french(
            "Effectif : étudiants, chacun compté une fois, à son inscription principale ; inscriptions : \
             toutes. Par territoire, établissement, régime, âge, sexe, diplôme. Les comptes de peu de \
             personnes sont secrets. Cet état est figé."
        ),
        "dct:publisher": publisher,
        "dct:license": {"@id": LICENCE},
        "dct:accessRights": {"@id": format!("{AUTHORITY}/access-right/PUBLIC")},
        "dct:issued": date(&snapshot.date.to_string()),
        "dct:modified": date(&snapshot.date.to_string()),
        "dct:accrualPeriodicity": {"@id": format!("{AUTHORITY}/frequency/NEVER")},
        "dct:language": {"@id": format!("{AUTHORITY}/language/FRA")},
        "dct:spatial": {"@id": format!("{AUTHORITY}/country/FRA")},
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": date(&format!("{}-07-01", snapshot.year.first_year())),
            "dcat:endDate": date(&snapshot.date.to_string()),
        },
        "dcat:theme": {"@id": format!("{AUTHORITY}/data-theme/EDUC")},
        "dcat:keyword": keywords,
        "dcat:landingPage": {"@id": format!("{base}rapport.html")},
        "foaf:page": {"@id": format!("{base}definitions.md")},
        "dcat:distribution": distributions,
    });
    let catalogue = json!({
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "foaf": "http://xmlns.com/foaf/0.1/",
            "spdx": "http://spdx.org/rdf/terms#",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        },
        "@id": format!("{base}{NAME}"),
        "@type": "dcat:Catalog",
        "dct:title": french("Statistiques du statut étudiant"),
        "dct:description": french("Les états figés du registre national du statut étudiant."),
        "dct:publisher": dataset["dct:publisher"],
        "dct:license": {"@id": LICENCE},
        "dct:language": {"@id": format!("{AUTHORITY}/language/FRA")},
        "dcat:dataset": [dataset],
    });
    let content = serde_json::to_vec_pretty(&catalogue).map_err(|_| FormatError::Json)?;
    Ok(File { name: NAME.to_owned(), media_type: MEDIA_TYPE, content })
}

/// One form of a table, if there is such a file.
fn distribution(
    (name, title): (&str, &str),
    (suffix, code, media_type): (&str, &str, &str),
    files: &[File],
    base: &str,
) -> Option<Value> {
    let name = format!("{name}.{suffix}");
    let entry = files.iter().find(|file| file.name == name).map(FileEntry::of)?;
    let address = json!({"@id": format!("{base}{}", entry.name)});
    Some(json!({
        "@id": format!("{base}{}#fichier", entry.name),
        "@type": "dcat:Distribution",
        "dct:title": french(&format!("{title} ({code})")),
        "dcat:accessURL": address,
        "dcat:downloadURL": address,
        "dct:format": {"@id": format!("{AUTHORITY}/file-type/{code}")},
        "dcat:mediaType": {"@id": format!("https://www.iana.org/assignments/media-types/{media_type}")},
        "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": entry.size.to_string()},
        "dct:license": {"@id": LICENCE},
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": entry.sha256},
        },
    }))
}

fn french(text: &str) -> Value {
    json!({"@language": "fr", "@value": text})
}

fn date(day: &str) -> Value {
    json!({"@type": "xsd:date", "@value": day})
}
