//! What calls cost, at AWS's list prices: one read unit of DynamoDB is one.

use fakes::aws::{Call, Response};
use serde_json::Value;

/// Five read units.
const WRITE_UNIT: f64 = 5.0;
/// 0.40 dollars a million, where a million read units are 0.125.
const SQS_CALL: f64 = 3.2;
const S3_GET: f64 = 3.2;
/// 5 dollars a million.
const S3_PUT: f64 = 40.0;
/// What an entry of the index of slices takes: the record's id and the slice's name.
const INDEX_ENTRY: f64 = 100.0;

/// Calls so far, and what they cost together.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Bill {
    pub(crate) calls: u64,
    pub(crate) cost: f64,
    /// Records that were written.
    pub(crate) written: u64,
    /// Pointers that were sent.
    pub(crate) pointers: u64,
}

impl Bill {
    /// Adds a call that was answered; `item` gives a record as it is then.
    pub(crate) fn add(
        &mut self,
        call: &Call,
        answer: &Response,
        item: impl Fn(&str) -> Option<Value>,
    ) {
        self.calls += 1;
        let body = || call.body();
        self.cost += match (call.service.as_str(), call.operation.as_str()) {
            ("s3", "GetObject") => S3_GET,
            ("s3", _) => S3_PUT,
            ("AmazonSQS", operation) => {
                if operation == "SendMessageBatch" {
                    self.pointers += body()["Entries"].as_array().map_or(0, Vec::len) as u64;
                }
                SQS_CALL
            }
            (_, "TransactWriteItems") => {
                let ids: Vec<String> = body()["TransactItems"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|part| part["Update"]["Key"]["id"]["S"].as_str().map(str::to_owned))
                    .collect();
                self.written += ids.len() as u64;
                let units = ids
                    .iter()
                    .map(|id| (item(id).map_or(1.0, |item| size(&item)) / 1_024.0).ceil());
                2.0 * WRITE_UNIT * units.sum::<f64>()
            }
            (_, "UpdateItem") => WRITE_UNIT,
            (_, "BatchGetItem") => {
                let asked = &body()["RequestItems"]["records"];
                let each = if asked["ConsistentRead"] == true { 1.0 } else { 0.5 };
                each * asked["Keys"].as_array().map_or(0, Vec::len) as f64
            }
            (_, "Query") => {
                let answer: Value = serde_json::from_slice(answer.body().bytes().unwrap()).unwrap();
                let listed = answer["Items"].as_array().map_or(0, Vec::len) as f64;
                0.5 * (listed * INDEX_ENTRY / 4_096.0).ceil().max(1.0)
            }
            _ => 1.0,
        };
    }

    /// What came since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            calls: self.calls - before.calls,
            cost: self.cost - before.cost,
            written: self.written - before.written,
            pointers: self.pointers - before.pointers,
        }
    }
}

/// Bytes of an item as DynamoDB counts them, the overhead of maps left out.
fn size(item: &Value) -> f64 {
    let attributes = item.as_object().into_iter().flatten();
    attributes
        .map(|(name, value)| {
            let bytes = match &value["M"] {
                Value::Null => value["S"].as_str().map_or(1.0, |text| text.len() as f64),
                nested => size(nested),
            };
            name.len() as f64 + bytes
        })
        .sum()
}
