//! The tables of the stack, as Terraform describes them: what the tests run over is what is
//! deployed.

use std::path::Path;

use hcl::expr::{Expression, Object, ObjectKey};
use serde_json::{Value, json};

/// The lists of tables: a file, and the local value that has one.
const LISTS: [(&str, &str); 2] = [("storage.tf", "tables"), ("ines.tf", "ines_tables")];

/// A table. Every key is a text.
pub struct Table {
    /// The name of the list, which a deployment puts its own before.
    pub name: String,
    /// The hash key, and the range key if there is one.
    pub(crate) key: Vec<String>,
    indexes: Vec<Index>,
}

/// A global index.
struct Index {
    name: String,
    key: Vec<String>,
    /// What it copies besides keys.
    attributes: Vec<String>,
}

impl Table {
    /// What `CreateTable` is asked.
    pub(crate) fn definition(&self) -> Value {
        let schema = |key: &[String]| -> Vec<Value> {
            let kinds = key.iter().zip(["HASH", "RANGE"]);
            kinds.map(|(name, kind)| json!({ "AttributeName": name, "KeyType": kind })).collect()
        };
        let mut attributes: Vec<&String> =
            self.key.iter().chain(self.indexes.iter().flat_map(|index| &index.key)).collect();
        attributes.sort_unstable();
        attributes.dedup();
        let attributes: Vec<Value> = attributes
            .iter()
            .map(|name| json!({ "AttributeName": name, "AttributeType": "S" }))
            .collect();
        let mut definition = json!({
            "TableName": self.name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": schema(&self.key),
            "AttributeDefinitions": attributes,
        });
        if !self.indexes.is_empty() {
            let indexes = self.indexes.iter().map(|index| {
                let projection = if index.attributes.is_empty() {
                    json!({ "ProjectionType": "KEYS_ONLY" })
                } else {
                    json!({ "ProjectionType": "INCLUDE", "NonKeyAttributes": index.attributes })
                };
                json!({ "IndexName": index.name, "KeySchema": schema(&index.key), "Projection": projection })
            });
            definition["GlobalSecondaryIndexes"] = indexes.collect();
        }
        definition
    }
}

/// Every table of `infra/`.
#[must_use]
pub fn tables() -> Vec<Table> {
    let infra = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra");
    let list = |(file, name): (&str, &str)| {
        let text = std::fs::read_to_string(infra.join(file)).unwrap();
        let body = hcl::parse(&text).unwrap();
        let locals = body.blocks().filter(|block| block.identifier() == "locals");
        let list = locals
            .flat_map(|block| block.body().attributes())
            .find(|attribute| attribute.key() == name);
        let list = list.unwrap_or_else(|| panic!("{file} has no local value {name}"));
        object(list.expr())
            .iter()
            .map(|(name, table)| read(name, object(table)))
            .collect::<Vec<_>>()
    };
    LISTS.into_iter().flat_map(list).collect()
}

fn read(name: &ObjectKey, table: &Object<ObjectKey, Expression>) -> Table {
    let indexes = field(table, "indexes").map(object);
    let indexes = indexes.iter().flat_map(|indexes| indexes.iter());
    let indexes = indexes.map(|(name, index)| {
        let attributes = match field(object(index), "attributes") {
            Some(Expression::Array(names)) => names.iter().map(text).collect(),
            _ => Vec::new(),
        };
        Index { name: name.to_string(), key: key(object(index)), attributes }
    });
    Table { name: name.to_string(), key: key(table), indexes: indexes.collect() }
}

fn key(object: &Object<ObjectKey, Expression>) -> Vec<String> {
    ["hash", "range"].iter().filter_map(|name| field(object, name)).map(text).collect()
}

fn text(expression: &Expression) -> String {
    match expression {
        Expression::String(text) => text.clone(),
        other => panic!("{other:?} is no name"),
    }
}

fn field<'a>(object: &'a Object<ObjectKey, Expression>, name: &str) -> Option<&'a Expression> {
    object.iter().find(|(key, _)| key.to_string() == name).map(|(_, value)| value)
}

fn object(expression: &Expression) -> &Object<ObjectKey, Expression> {
    match expression {
        Expression::Object(object) => object,
        other => panic!("{other:?} is no object"),
    }
}
