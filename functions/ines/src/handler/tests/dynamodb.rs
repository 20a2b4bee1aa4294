//! `DynamoDB`, as far as our calls go: items in memory, transactions all or nothing, and the conditions that the stores
//! use.

use std::collections::BTreeMap;

use fakes::dynamodb::{Failure, Item};
use serde_json::{Map, Value, json};

/// The tables: items by table and by key.
#[derive(Default, Clone)]
pub(super) struct Tables(BTreeMap<String, BTreeMap<String, Item>>);

impl Tables {
    pub(super) fn put(&mut self, table: &str, item: Item) {
        let key = key_of(table, &item);
        self.0.entry(table.to_owned()).or_default().insert(key, item);
    }

    pub(super) fn items(&self, table: &str) -> Vec<&Item> {
        self.0.get(table).into_iter().flat_map(BTreeMap::values).collect()
    }

    /// Items of a table whose key starts like that.
    pub(super) fn items_under(&self, table: &str, start: &str) -> Vec<&Item> {
        let all = self.0.get(table).into_iter().flatten();
        all.filter(|(key, _)| key.starts_with(start)).map(|(_, item)| item).collect()
    }

    /// Every key, whatever the table.
    pub(super) fn keys(&self) -> String {
        self.0.values().flat_map(BTreeMap::keys).cloned().collect::<Vec<_>>().join("\n")
    }

    pub(super) fn call(&mut self, operation: &str, body: &Value) -> Result<Value, Failure> {
        match operation {
            "GetItem" => {
                assert_eq!(body["ConsistentRead"], true, "decisions and clients are read as of now");
                let item = self.get(body["TableName"].as_str().unwrap(), body["Key"].as_object().unwrap());
                Ok(item.map_or(json!({}), |item| json!({ "Item": item })))
            }
            "BatchGetItem" => {
                let mut responses = Map::new();
                for (table, wanted) in body["RequestItems"].as_object().unwrap() {
                    let keys = wanted["Keys"].as_array().unwrap();
                    assert!(keys.len() <= 100);
                    let items = keys.iter().filter_map(|key| self.get(table, key.as_object().unwrap()));
                    responses.insert(table.clone(), items.cloned().collect());
                }
                Ok(json!({ "Responses": responses, "UnprocessedKeys": {} }))
            }
            "Query" => Ok(self.query(body)),
            "PutItem" => {
                assert_eq!(body["ConditionExpression"], "attribute_not_exists(subject)", "a trace is written once");
                self.put(body["TableName"].as_str().unwrap(), body["Item"].as_object().unwrap().clone());
                Ok(json!({}))
            }
            "UpdateItem" => {
                let (table, key) = (body["TableName"].as_str().unwrap(), body["Key"].as_object().unwrap());
                let mut one = fakes::dynamodb::Tables::default();
                if let Some(item) = self.get(table, key) {
                    one.put(table, item.clone());
                }
                let answer = one.call(operation, body)?;
                self.put(table, one.items(table)[0].clone());
                Ok(answer)
            }
            "TransactWriteItems" => self.transact(body["TransactItems"].as_array().unwrap()),
            other => panic!("{other}"),
        }
    }

    /// The index of requests that wait.
    fn query(&self, body: &Value) -> Value {
        assert_eq!(
            (&body["IndexName"], &body["KeyConditionExpression"]),
            (&"pending".into(), &"pending = :pending".into())
        );
        let wanted = &body["ExpressionAttributeValues"][":pending"];
        let after = body["ExclusiveStartKey"]["since"]["S"].as_str().unwrap_or_default();
        let items = self.items(body["TableName"].as_str().unwrap()).into_iter();
        let mut places: Vec<&Item> = items
            .filter(|item| item.get("pending") == Some(wanted))
            .filter(|item| item["since"]["S"].as_str().unwrap() > after)
            .collect();
        places.sort_by_key(|item| item["since"]["S"].as_str().unwrap().to_owned());
        let limit = usize::try_from(body["Limit"].as_u64().unwrap()).unwrap();
        let is_last = places.len() <= limit;
        places.truncate(limit);
        let keys: Vec<Value> = places
            .iter()
            .map(|item| json!({ "pk": item["pk"], "pending": item["pending"], "since": item["since"] }))
            .collect();
        let mut page = json!({ "Items": keys, "Count": keys.len(), "ScannedCount": keys.len() });
        if !is_last {
            page["LastEvaluatedKey"] = keys.last().unwrap().clone();
        }
        page
    }

    fn transact(&mut self, writes: &[Value]) -> Result<Value, Failure> {
        assert!(writes.len() <= 100);
        let writes: Vec<_> = writes.iter().map(|write| write.as_object().unwrap().iter().next().unwrap()).collect();
        let failed: Vec<bool> = writes.iter().map(|(_, write)| !self.holds(write)).collect();
        if failed.contains(&true) {
            let reasons = failed
                .into_iter()
                .map(|failed| json!({ "Code": if failed { "ConditionalCheckFailed" } else { "None" } }));
            let reasons: Vec<_> = reasons.collect();
            return Err(("TransactionCanceledException", json!({ "CancellationReasons": reasons })));
        }
        for (kind, write) in writes {
            if kind == "Put" {
                self.put(write["TableName"].as_str().unwrap(), write["Item"].as_object().unwrap().clone());
            }
        }
        Ok(json!({}))
    }

    /// Whether the condition of a write holds.
    fn holds(&self, write: &Value) -> bool {
        let key = write.get("Item").or_else(|| write.get("Key")).unwrap().as_object().unwrap();
        let stored = self.get(write["TableName"].as_str().unwrap(), key);
        match write["ConditionExpression"].as_str().unwrap() {
            "attribute_not_exists(pk)" => stored.is_none(),
            "version = :read" => {
                stored.and_then(|item| item.get("version")) == Some(&write["ExpressionAttributeValues"][":read"])
            }
            other => panic!("{other}"),
        }
    }

    fn get(&self, table: &str, key: &Item) -> Option<&Item> {
        self.0.get(table)?.get(&key_of(table, key))
    }
}

fn key_of(table: &str, item: &Item) -> String {
    let names: &[&str] = if table == "ines-log" { &["subject", "at"] } else { &["pk"] };
    names.iter().map(|name| item[*name]["S"].as_str().unwrap()).collect::<Vec<_>>().join("|")
}
