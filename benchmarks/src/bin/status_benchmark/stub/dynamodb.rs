//! As much of DynamoDB as a look-up uses. Conditions always hold.

use serde_json::{Value, json};

use super::tables::{Item, Tables};

/// The table that a call is about.
pub(super) fn table(input: &Value) -> &str {
    let first = || {
        let action = input["TransactItems"].get(0)?.as_object()?.values().next()?;
        action["TableName"].as_str()
    };
    let only = || input["RequestItems"].as_object()?.keys().next().map(String::as_str);
    input["TableName"].as_str().or_else(first).or_else(only).unwrap_or("several tables")
}

/// The answer to a call; `None` if it is none that is known here.
pub(super) fn answer(tables: &Tables, operation: &str, input: &Value) -> Option<Value> {
    Some(match operation {
        "GetItem" => match input["Key"].as_object().and_then(|key| tables.get(table(input), key)) {
            Some(item) => json!({ "Item": item }),
            None => json!({}),
        },
        "BatchGetItem" => {
            let name = table(input);
            let keys = input["RequestItems"][name]["Keys"].as_array().into_iter().flatten();
            let items: Vec<&Item> =
                keys.filter_map(|key| tables.get(name, key.as_object()?)).collect();
            json!({ "Responses": { name: items }, "UnprocessedKeys": {} })
        }
        "Scan" => {
            let items: Vec<&Item> = tables.all(table(input)).collect();
            json!({ "Items": items, "Count": items.len(), "ScannedCount": items.len() })
        }
        "UpdateItem" => json!({ "Attributes": updated(input) }),
        "PutItem" | "TransactWriteItems" => json!({}),
        _ => return None,
    })
}

/// Stores what a call puts; updates and deletions are left out, as nothing that is looked up needs
/// them.
pub(super) fn keep(tables: &mut Tables, operation: &str, input: &Value) {
    match operation {
        "PutItem" => put(tables, input),
        "TransactWriteItems" => {
            for action in input["TransactItems"].as_array().into_iter().flatten() {
                put(tables, &action["Put"]);
            }
        }
        _ => {}
    }
}

fn put(tables: &mut Tables, input: &Value) {
    if let (Some(table), Some(item)) = (input["TableName"].as_str(), input["Item"].as_object()) {
        tables.put(table, item.clone());
    }
}

/// What an item becomes: the key, and each name that is set to a value by `SET name = :value`.
fn updated(input: &Value) -> Item {
    let mut item = input["Key"].as_object().cloned().unwrap_or_default();
    let assignments =
        input["UpdateExpression"].as_str().unwrap_or_default().trim_start_matches("SET ");
    for assignment in assignments.split(',') {
        let Some((name, value)) = assignment.split_once('=') else { continue };
        let (name, value) = (name.trim(), &input["ExpressionAttributeValues"][value.trim()]);
        let name = input["ExpressionAttributeNames"][name].as_str().unwrap_or(name);
        if !value.is_null() {
            item.insert(name.to_owned(), value.clone());
        }
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_found_by_its_key_alone() {
        let mut tables = Tables::default();
        let item = json!({ "pk": { "S": "a" }, "sk": { "S": "b" }, "answer": { "S": "c" } });
        let input =
            json!({ "TransactItems": [{ "Put": { "TableName": "students", "Item": item } }] });
        keep(&mut tables, "TransactWriteItems", &input);
        assert_eq!(table(&input), "students");

        let get = |sort: &str| {
            let key = json!({ "pk": { "S": "a" }, "sk": { "S": sort } });
            answer(&tables, "GetItem", &json!({ "TableName": "students", "Key": key })).unwrap()
        };
        assert_eq!(get("b"), json!({ "Item": item }));
        assert_eq!(get("other"), json!({}));

        let keys = json!([{ "pk": { "S": "other" } }, { "pk": { "S": "a" } }]);
        let several = json!({ "RequestItems": { "students": { "Keys": keys } } });
        assert_eq!(table(&several), "students");
        let found = answer(&tables, "BatchGetItem", &several).unwrap();
        assert_eq!(found["Responses"], json!({ "students": [item] }));
    }

    #[test]
    fn an_update_answers_what_it_set() {
        let input = json!({
            "TableName": "quotas",
            "Key": { "subject": { "S": "C#benchmark" } },
            "UpdateExpression": "SET #bucket = :then, expires_at = :expires",
            "ExpressionAttributeNames": { "#bucket": "spent_until" },
            "ExpressionAttributeValues": { ":then": { "N": "7" }, ":expires": { "N": "8" } },
        });
        assert_eq!(
            answer(&Tables::default(), "UpdateItem", &input),
            Some(json!({ "Attributes": {
                "subject": { "S": "C#benchmark" }, "spent_until": { "N": "7" }, "expires_at": { "N": "8" },
            } }))
        );
    }
}
