//! The Data Package (version 2) of a snapshot: what its tables are, for software.

use serde_json::{Value, json};

use super::text::{FormatError, JSON, heading};
use super::{File, parquet};
use crate::snapshot::Snapshot;
use crate::tables::published::Table;

pub(super) fn package(snapshot: &Snapshot, files: &[File]) -> Result<File, FormatError> {
    let of_table = |(table, _): &(&Table, _)| resource(table, files);
    let mut resources: Vec<Value> = snapshot.tables.iter().map(of_table).collect();
    let names = snapshot.tables.iter().map(|(table, _)| (table.name, table.title));
    resources.push(described(
        "couverture",
        "Date du dernier versement de chaque établissement",
        &json!([
            text_field("uai", "Établissement"),
            text_field("nom", "Nom de l'établissement"),
            {"name": "dernier_versement", "title": "Dernier versement", "type": "date"},
            {"name": "part_attendue", "title": "Part de l'effectif publié un an plus tôt, par dizaines de points",
             "type": "integer", "constraints": {"minimum": 0, "maximum": 200}},
            state_field(&["publié", "sans_objet"]),
        ]),
        &json!(["uai"]),
        files,
    ));
    let coverage = ("couverture", "Date du dernier versement de chaque établissement");
    resources.extend(names.chain([coverage]).map(|(name, title)| in_parquet(name, title, files)));
    let package = json!({
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": format!("statut-etudiant-{}", snapshot.date),
        "title": format!("Étudiants inscrits et admis, état au {}", snapshot.date),
        "description": "Effectif : étudiants, chacun compté une fois, à son inscription principale. \
            Inscriptions : toutes. Une ligne absente vaut zéro. Une ligne secrète ne dit pas pourquoi \
            elle l'est.",
        "licenses": [{
            "name": "etalab-2.0",
            "title": "Licence Ouverte 2.0",
            "path": "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
        }],
        "created": format!("{}T00:00:00Z", snapshot.date),
        "resources": resources,
    });
    let content = serde_json::to_vec_pretty(&package).map_err(|_| FormatError::Json)?;
    Ok(File { name: "datapackage.json".to_owned(), media_type: JSON, content })
}

fn resource(table: &Table, files: &[File]) -> Value {
    let mut fields: Vec<Value> =
        table.columns.iter().map(|column| text_field(column.name, column.title)).collect();
    for name in heading(table).into_iter().skip(table.columns.len()) {
        fields.push(match name {
            "etat" => state_field(&["publié", "secret"]),
            name => json!({"name": name, "type": "integer", "constraints": {"minimum": 0}}),
        });
    }
    let codes = table.columns.iter().map(|column| column.name).filter(|name| *name != "nom");
    described(table.name, table.title, &json!(fields), &json!(codes.collect::<Vec<_>>()), files)
}

/// The same rows as Parquet, which holds its schema itself.
fn in_parquet(name: &str, title: &str, files: &[File]) -> Value {
    let path = format!("{name}.parquet");
    let size = files.iter().find(|file| file.name == path).map(|file| file.content.len());
    json!({
        "name": format!("{}-parquet", name.replace('_', "-")),
        "title": format!("{title} (Parquet)"),
        "path": path,
        "format": "parquet",
        "mediatype": parquet::MEDIA_TYPE,
        "bytes": size,
    })
}

fn described(name: &str, title: &str, fields: &Value, key: &Value, files: &[File]) -> Value {
    let path = format!("{name}.csv");
    let size = files.iter().find(|file| file.name == path).map(|file| file.content.len());
    json!({
        "name": name.replace('_', "-"),
        "title": title,
        "type": "table",
        "path": path,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": size,
        "dialect": {"delimiter": ";"},
        "schema": {
            "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
            "fields": fields,
            "missingValues": [""],
            "primaryKey": key,
        },
    })
}

fn text_field(name: &str, title: &str) -> Value {
    json!({"name": name, "title": title, "type": "string", "constraints": {"required": true}})
}

fn state_field(states: &[&str]) -> Value {
    json!({
        "name": "etat",
        "title": "État de la ligne",
        "type": "string",
        "categories": states,
        "constraints": {"required": true, "enum": states},
    })
}
