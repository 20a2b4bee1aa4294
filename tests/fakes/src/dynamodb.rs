//! `DynamoDB`, as far as our calls go: items in memory, expressions evaluated, transactions all or nothing.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// An item, its attributes as they are on the wire.
pub type Item = Map<String, Value>;

/// The tables: items by table and by key.
#[derive(Debug, Default)]
pub struct Tables(BTreeMap<String, BTreeMap<String, Item>>);

/// Why a call fails: its type, and what else the error says.
pub type Failure = (&'static str, Value);

impl Tables {
    /// Keeps an item.
    pub fn put(&mut self, table: &str, item: Item) {
        let key = key_of(table, &item);
        self.0.entry(table.to_owned()).or_default().insert(key, item);
    }

    /// The items of a table, by their keys.
    #[must_use]
    pub fn items(&self, table: &str) -> Vec<&Item> {
        self.0.get(table).into_iter().flat_map(BTreeMap::values).collect()
    }

    /// The same, to be changed.
    pub fn items_mut(&mut self, table: &str) -> impl Iterator<Item = &mut Item> {
        self.0.get_mut(table).into_iter().flat_map(BTreeMap::values_mut)
    }

    /// Every key, whatever the table.
    #[must_use]
    pub fn keys(&self) -> String {
        self.0.values().flat_map(BTreeMap::keys).cloned().collect::<Vec<_>>().join("\n")
    }

    /// Does what an operation says.
    ///
    /// # Errors
    ///
    /// [`Failure`], as `DynamoDB` refuses.
    pub fn call(&mut self, operation: &str, body: &Value) -> Result<Value, Failure> {
        match operation {
            "GetItem" => Ok(self.find(body, "Key").map_or(json!({}), |item| json!({ "Item": item }))),
            "BatchGetItem" => {
                let mut responses = Map::new();
                for (table, wanted) in body["RequestItems"].as_object().unwrap() {
                    let keys = wanted["Keys"].as_array().unwrap().iter();
                    let items = keys.filter_map(|key| self.get(table, key.as_object().unwrap()));
                    responses.insert(table.clone(), items.cloned().collect());
                }
                Ok(json!({ "Responses": responses, "UnprocessedKeys": {} }))
            }
            "Query" => {
                let condition = body["KeyConditionExpression"].as_str().unwrap();
                let items = self.items(body["TableName"].as_str().unwrap()).into_iter();
                let mut items: Vec<_> = items.filter(|item| Expression::new(condition, body).condition(item)).collect();
                if body["IndexName"] == "open" {
                    items.sort_by_key(|item| item["rank"]["S"].to_string());
                }
                let most = body["Limit"].as_u64().map_or(usize::MAX, |most| usize::try_from(most).unwrap());
                let is_cut = items.len() > most;
                items.truncate(most);
                let mut answer = json!({ "Items": items, "Count": items.len(), "ScannedCount": items.len() });
                if is_cut {
                    answer["LastEvaluatedKey"] = json!(items.last());
                }
                Ok(answer)
            }
            "TransactWriteItems" => {
                let writes = body["TransactItems"].as_array().unwrap();
                let writes: Vec<_> =
                    writes.iter().map(|write| write.as_object().unwrap().iter().next().unwrap()).collect();
                let failed: Vec<_> = writes.iter().map(|(_, write)| self.refusal(write)).collect();
                if failed.iter().any(Option::is_some) {
                    let reasons = failed.into_iter().map(|failed| match failed {
                        Some(old) => json!({ "Code": "ConditionalCheckFailed", "Item": old }),
                        None => json!({ "Code": "None" }),
                    });
                    return Err((
                        "TransactionCanceledException",
                        json!({ "CancellationReasons": reasons.collect::<Vec<_>>() }),
                    ));
                }
                for (kind, write) in writes {
                    self.write(kind, write);
                }
                Ok(json!({}))
            }
            "PutItem" | "UpdateItem" | "DeleteItem" => {
                if let Some(old) = self.refusal(body) {
                    return Err(("ConditionalCheckFailedException", json!({ "Item": old })));
                }
                let new = self.write(operation.trim_end_matches("Item"), body);
                Ok(if body["ReturnValues"] == "ALL_NEW" { json!({ "Attributes": new }) } else { json!({}) })
            }
            other => panic!("{other}"),
        }
    }

    fn find(&self, body: &Value, key: &str) -> Option<&Item> {
        self.get(body["TableName"].as_str().unwrap(), body[key].as_object().unwrap())
    }

    fn get(&self, table: &str, key: &Item) -> Option<&Item> {
        self.0.get(table)?.get(&key_of(table, key))
    }

    /// What is stored, when the condition of a write doesn't hold.
    fn refusal(&self, body: &Value) -> Option<Item> {
        let condition = body["ConditionExpression"].as_str()?;
        let key = if body.get("Item").is_some() { "Item" } else { "Key" };
        let stored = self.find(body, key).cloned().unwrap_or_default();
        let holds = Expression::new(condition, body).condition(&stored);
        (!holds).then_some(stored)
    }

    fn write(&mut self, kind: &str, body: &Value) -> Item {
        let table = body["TableName"].as_str().unwrap().to_owned();
        if kind == "ConditionCheck" {
            return Item::new();
        }
        if kind == "Put" {
            let item = body["Item"].as_object().unwrap().clone();
            self.put(&table, item.clone());
            return item;
        }
        let key = body["Key"].as_object().unwrap();
        let mut item = self.get(&table, key).unwrap_or(key).clone();
        if kind == "Delete" {
            self.0.entry(table.clone()).or_default().remove(&key_of(&table, key));
        } else {
            Expression::new(body["UpdateExpression"].as_str().unwrap(), body).update(&mut item);
            self.put(&table, item.clone());
        }
        item
    }
}

fn key_of(table: &str, item: &Item) -> String {
    let names: &[&str] = match table {
        "ines" | "postings" => &["pk"],
        "students" => &["pk", "sk"],
        "establishments" => &["uai"],
        "quotas" => &["subject"],
        "access_log" => &["subject", "at"],
        "findings" => &["import", "position"],
        _ => &["id"],
    };
    names.iter().map(|name| item[*name]["S"].as_str().unwrap()).collect::<Vec<_>>().join("|")
}

/// An expression, its tokens in order.
struct Expression<'a> {
    tokens: Vec<String>,
    at: usize,
    body: &'a Value,
}

impl<'a> Expression<'a> {
    fn new(text: &str, body: &'a Value) -> Self {
        let mut tokens: Vec<String> = Vec::new();
        let mut joins = false;
        for character in text.chars() {
            let is_word = character.is_alphanumeric() || "#:_.".contains(character);
            let is_comparison = "<>=".contains(character);
            let continues = tokens.last().is_some_and(|last| {
                let last = last.chars().next().unwrap();
                joins && ((is_word && !"<>=(),+-".contains(last)) || (is_comparison && "<>=".contains(last)))
            });
            match tokens.last_mut() {
                Some(last) if continues => last.push(character),
                _ if character.is_whitespace() => {}
                _ => tokens.push(character.to_string()),
            }
            joins = is_word || is_comparison;
        }
        Self { tokens, at: 0, body }
    }

    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", String::as_str)
    }

    fn next(&mut self) -> String {
        self.at += 1;
        self.tokens[self.at - 1].clone()
    }

    fn take(&mut self, token: &str) -> bool {
        let there = self.peek() == token;
        self.at += usize::from(there);
        there
    }

    fn condition(&mut self, item: &Item) -> bool {
        let mut holds = self.all(item);
        while self.take("OR") {
            let other = self.all(item);
            holds |= other;
        }
        holds
    }

    fn all(&mut self, item: &Item) -> bool {
        let mut holds = self.one(item);
        while self.take("AND") {
            let other = self.one(item);
            holds &= other;
        }
        holds
    }

    fn one(&mut self, item: &Item) -> bool {
        if self.take("NOT") {
            return !self.one(item);
        }
        if self.take("(") {
            let holds = self.condition(item);
            assert!(self.take(")"));
            return holds;
        }
        for (function, wanted) in [("attribute_exists", true), ("attribute_not_exists", false)] {
            if self.take(function) {
                assert!(self.take("("));
                let there = self.operand(item).is_some();
                assert!(self.take(")"));
                return there == wanted;
            }
        }
        let left = self.operand(item);
        let comparison = self.next();
        if comparison == "IN" {
            assert!(self.take("("));
            let mut found = false;
            while !self.take(")") {
                found |= self.operand(item) == left;
                self.take(",");
            }
            return found;
        }
        let right = self.operand(item);
        let (Some(left), Some(right)) = (left, right) else { return false };
        let order = compare(&left, &right);
        match comparison.as_str() {
            "=" => left == right,
            "<>" => left != right,
            "<" => order == Some(Ordering::Less),
            "<=" => order.is_some_and(Ordering::is_le),
            ">" => order == Some(Ordering::Greater),
            ">=" => order.is_some_and(Ordering::is_ge),
            other => panic!("{other}"),
        }
    }

    fn path(&mut self) -> Vec<String> {
        let path = self.next();
        let names = &self.body["ExpressionAttributeNames"];
        path.split('.').map(|name| names[name].as_str().unwrap_or(name).to_owned()).collect()
    }

    fn operand(&mut self, item: &Item) -> Option<Value> {
        if self.peek().starts_with(':') {
            let name = self.next();
            return Some(self.body["ExpressionAttributeValues"][&name].clone()).filter(|value| !value.is_null());
        }
        let path = self.path();
        let mut value = item.get(&path[0])?;
        for name in &path[1..] {
            value = value["M"].get(name)?;
        }
        Some(value.clone())
    }

    fn value(&mut self, item: &Item) -> Value {
        let value = if self.take("if_not_exists") {
            assert!(self.take("("));
            let there = self.operand(item);
            assert!(self.take(","));
            let otherwise = self.operand(item);
            assert!(self.take(")"));
            there.or(otherwise)
        } else {
            self.operand(item)
        };
        let value = value.expect("an operand that exists");
        if self.take("+") {
            let sum = number(&value).unwrap() + number(&self.value(item)).unwrap();
            return json!({ "N": sum.to_string() });
        }
        value
    }

    fn update(&mut self, item: &mut Item) {
        let old = item.clone();
        while self.at < self.tokens.len() {
            let clause = self.next();
            loop {
                let path = self.path();
                let mut place = &mut *item;
                for name in &path[..path.len() - 1] {
                    place = place.get_mut(name).unwrap()["M"].as_object_mut().unwrap();
                }
                let name = path.last().unwrap().clone();
                if clause == "REMOVE" {
                    place.remove(&name);
                } else {
                    assert!(clause == "SET" && self.take("="), "{clause}");
                    let value = self.value(&old);
                    place.insert(name, value);
                }
                if !self.take(",") {
                    break;
                }
            }
        }
    }
}

fn number(value: &Value) -> Option<i128> {
    value["N"].as_str()?.parse().ok()
}

fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (number(left), number(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => Some(left["S"].as_str()?.cmp(right["S"].as_str()?)),
    }
}
