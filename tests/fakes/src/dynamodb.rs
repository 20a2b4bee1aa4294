//! `DynamoDB` in this process: [dynoxide](https://crates.io/crates/dynoxide-rs), which is held
//! against AWS by a public suite, with the tables that Terraform describes.

use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex, PoisonError};

use dynoxide::Database;
use dynoxide::actions::scan::ScanRequest;
use dynoxide::errors::DynoxideError;
use dynoxide::types::AttributeValue;
use lambda_http::http;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::aws::Response;
use crate::opinion::Account;
use crate::terraform::{self, Table};

/// An item, its attributes as they are on the wire.
pub type Item = Map<String, Value>;

static SCHEMA: LazyLock<Vec<Table>> = LazyLock::new(terraform::tables);

/// Every table of the stack, empty at first; each has the name that Terraform's list gives it.
pub struct Tables {
    database: Database,
    /// Another emulator's, instead.
    elsewhere: Option<Account>,
    /// Those that were called: a table takes a millisecond to make, and a test calls a few.
    made: Mutex<BTreeSet<String>>,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            database: Database::memory().unwrap(),
            elsewhere: Account::new(),
            made: Mutex::default(),
        }
    }
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tables").field("made", &self.made).finish_non_exhaustive()
    }
}

impl Tables {
    /// Does what an operation says, and answers as `DynamoDB` does.
    pub fn call(&self, operation: &str, request: &str) -> Response {
        let (status, body) = self.run(operation, request);
        http::Response::builder().status(status).body(body.into()).unwrap()
    }

    fn run(&self, operation: &str, request: &str) -> (u16, String) {
        if let Some(account) = &self.elsewhere {
            self.make_tables_of(&serde_json::from_str(request).unwrap());
            return account.call(operation, request);
        }
        let answer = match self.ask(operation, request) {
            // A table takes a millisecond to make, and a test calls a few of them.
            Err(DynoxideError::ResourceNotFoundException(_)) => {
                self.make_tables_of(&serde_json::from_str(request).unwrap());
                self.ask(operation, request)
            }
            answer => answer,
        };
        match answer {
            Ok(answer) => (200, answer),
            Err(error) => (error.status_code(), error.to_json()),
        }
    }

    fn ask(&self, operation: &str, request: &str) -> Result<String, DynoxideError> {
        let Self { database, .. } = self;
        match operation {
            "GetItem" => ask(request, |request| database.get_item(request)),
            "BatchGetItem" => ask(request, |request| database.batch_get_item(request)),
            "Query" => ask(request, |request| database.query(request)),
            "Scan" => ask(request, |request| database.scan(request)),
            "PutItem" => ask(request, |request| database.put_item(request)),
            "UpdateItem" => ask(request, |request| database.update_item(request)),
            "DeleteItem" => ask(request, |request| database.delete_item(request)),
            "BatchWriteItem" => ask(request, |request| database.batch_write_item(request)),
            "TransactWriteItems" => ask(request, |request| database.transact_write_items(request)),
            "TransactGetItems" => ask(request, |request| database.transact_get_items(request)),
            other => panic!("{other}"),
        }
    }

    /// Makes the tables that a call names, unless they are there.
    fn make_tables_of(&self, body: &Value) {
        let own = body["TableName"].as_str();
        let read =
            body["RequestItems"].as_object().into_iter().flat_map(Map::keys).map(String::as_str);
        let parts =
            body["TransactItems"].as_array().into_iter().flatten().filter_map(Value::as_object);
        let written = parts.flat_map(Map::values).filter_map(|part| part["TableName"].as_str());
        for name in own.into_iter().chain(read).chain(written) {
            if self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned()) {
                let definition = schema(name).definition().to_string();
                match &self.elsewhere {
                    Some(account) => {
                        let (status, answer) = account.call("CreateTable", &definition);
                        assert_eq!(status, 200, "{answer}");
                    }
                    None => {
                        ask(&definition, |request| self.database.create_table(request)).unwrap();
                    }
                }
            }
        }
    }

    /// Keeps an item, whatever is there.
    pub fn put(&self, table: &str, item: Item) {
        let request =
            Item::from_iter([("TableName".into(), table.into()), ("Item".into(), item.into())]);
        let (status, answer) = self.run("PutItem", &Value::Object(request).to_string());
        assert_eq!(status, 200, "{answer}");
    }

    /// Deletes an item, as `DynamoDB` does once its time is over.
    pub fn delete(&self, table: &str, item: &Item) {
        let names = schema(table).key.iter();
        let key: Item = names.map(|name| (name.clone(), item[name].clone())).collect();
        let request =
            Item::from_iter([("TableName".into(), table.into()), ("Key".into(), key.into())]);
        let (status, answer) = self.run("DeleteItem", &Value::Object(request).to_string());
        assert_eq!(status, 200, "{answer}");
    }

    /// The items of a table, in the order of their keys.
    #[must_use]
    pub fn items(&self, table: &str) -> Vec<Item> {
        let wire = |item: HashMap<String, AttributeValue>| {
            serde_json::to_value(item).unwrap().as_object().unwrap().clone()
        };
        let mut items: Vec<Item> = self.scan(table).into_iter().map(wire).collect();
        items.sort_by_cached_key(|item| key(&schema(table).key, item));
        items
    }

    /// The same as plain JSON, numbers as whole ones, in no order.
    #[must_use]
    pub fn plain(&self, table: &str) -> Vec<Value> {
        let plain_item = |item: HashMap<String, AttributeValue>| {
            item.into_iter().map(|(name, attribute)| (name, plain(attribute))).collect()
        };
        self.scan(table).into_iter().map(plain_item).collect()
    }

    fn scan(&self, table: &str) -> Vec<HashMap<String, AttributeValue>> {
        if !self.made.lock().unwrap_or_else(PoisonError::into_inner).contains(table) {
            return Vec::new();
        }
        if let Some(account) = &self.elsewhere {
            let items = account.items(table).into_iter();
            return items.map(|item| serde_json::from_value(item).unwrap()).collect();
        }
        let (mut items, mut after) = (Vec::new(), None);
        loop {
            let request = ScanRequest {
                table_name: table.to_owned(),
                exclusive_start_key: after,
                ..Default::default()
            };
            let page = self.database.scan(request).unwrap();
            items.extend(page.items.unwrap_or_default());
            after = page.last_evaluated_key;
            if after.is_none() {
                return items;
            }
        }
    }

    /// Items of a table whose key starts like that.
    #[must_use]
    pub fn items_under(&self, table: &str, start: &str) -> Vec<Item> {
        let hash = &schema(table).key[0];
        let mut items = self.items(table);
        items.retain(|item| item[hash]["S"].as_str().unwrap().starts_with(start));
        items
    }

    /// Changes every item of a table, but not its key.
    pub fn change(&self, table: &str, mut change: impl FnMut(&mut Item)) {
        for mut item in self.items(table) {
            change(&mut item);
            self.put(table, item);
        }
    }

    /// Every key, whatever the table.
    #[must_use]
    pub fn keys(&self) -> String {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let tables = SCHEMA.iter().filter(|table| made.contains(&table.name));
        let keys = tables.flat_map(|table| {
            self.items(&table.name).into_iter().map(|item| key(&table.key, &item))
        });
        keys.collect::<Vec<_>>().join("\n")
    }
}

fn key(names: &[String], item: &Item) -> String {
    names.iter().map(|name| item[name]["S"].as_str().unwrap()).collect::<Vec<_>>().join("|")
}

fn schema(name: &str) -> &'static Table {
    let table = SCHEMA.iter().find(|table| table.name == name);
    table.unwrap_or_else(|| panic!("Terraform describes no table {name}"))
}

fn ask<Q: DeserializeOwned, A: Serialize>(
    request: &str,
    call: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<String, DynoxideError> {
    let request =
        serde_json::from_str(request).unwrap_or_else(|error| panic!("{error}: {request}"));
    call(request).map(|answer| serde_json::to_string(&answer).unwrap())
}

fn plain(attribute: AttributeValue) -> Value {
    match attribute {
        AttributeValue::S(text) => text.into(),
        AttributeValue::N(number) => number.parse::<i64>().unwrap().into(),
        AttributeValue::BOOL(value) => value.into(),
        AttributeValue::NULL(_) => Value::Null,
        AttributeValue::SS(texts) => texts.into(),
        AttributeValue::L(values) => values.into_iter().map(plain).collect(),
        AttributeValue::M(fields) => {
            fields.into_iter().map(|(name, value)| (name, plain(value))).collect()
        }
        other => panic!("{other:?}"),
    }
}
