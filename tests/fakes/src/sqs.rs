//! SQS: queues that keep what was sent.

use std::sync::Mutex;

use serde_json::{Value, json};

use crate::aws::{Call, Response, respond};

/// A message as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The last part of the queue's URL.
    pub queue: String,
    /// What it says.
    pub body: String,
    /// Seconds before which nobody receives it.
    pub delay: u64,
}

/// What was sent to any queue, in order.
#[derive(Debug, Default)]
pub struct Queues(Mutex<Vec<Sent>>);

impl Queues {
    /// Takes every message of a call, and of a batch.
    pub fn call(&self, call: &Call) -> Response {
        let (mut sent, body) = (self.0.lock().unwrap(), call.body());
        let queue = body["QueueUrl"].as_str().unwrap().rsplit('/').next().unwrap();
        let mut take = |message: &Value| {
            let body = message["MessageBody"].as_str().unwrap().to_owned();
            sent.push(Sent {
                queue: queue.to_owned(),
                body,
                delay: message["DelaySeconds"].as_u64().unwrap_or(0),
            });
        };
        match call.operation.as_str() {
            "SendMessage" => {
                take(&body);
                respond(200, &json!({ "MessageId": "m", "MD5OfMessageBody": "" }))
            }
            "SendMessageBatch" => {
                let entries = body["Entries"].as_array().unwrap();
                assert!((1..=10).contains(&entries.len()), "SQS takes 1 to 10 messages");
                entries.iter().for_each(&mut take);
                let taken = entries.iter().map(
                    |entry| json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "" }),
                );
                respond(200, &json!({ "Successful": taken.collect::<Vec<_>>(), "Failed": [] }))
            }
            other => panic!("{other}"),
        }
    }

    /// The bodies of what was sent and not taken away.
    #[must_use]
    pub fn bodies(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|sent| sent.body.clone()).collect()
    }

    /// Takes everything away.
    pub fn drain(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}
