//! SQS: queues that keep what was sent.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::aws::{Call, Response, respond};
use crate::opinion::Account;

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
#[derive(Debug)]
pub struct Queues {
    sent: Mutex<Vec<Sent>>,
    /// Another emulator's, which is sent the same and must have received it.
    elsewhere: Option<Elsewhere>,
}

impl Default for Queues {
    fn default() -> Self {
        let elsewhere = Account::new().map(|account| Elsewhere { account, made: Mutex::default() });
        Self { sent: Mutex::default(), elsewhere }
    }
}

impl Queues {
    /// Takes every message of a call, and of a batch.
    pub fn call(&self, call: &Call) -> Response {
        let (mut sent, body) = (self.sent.lock().unwrap(), call.body());
        let queue = body["QueueUrl"].as_str().unwrap().rsplit('/').next().unwrap();
        if let Some(elsewhere) = &self.elsewhere {
            elsewhere.takes(queue, &call.operation, &body);
        }
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
        self.sent.lock().unwrap().iter().map(|sent| sent.body.clone()).collect()
    }

    /// Takes everything away.
    pub fn drain(&self) -> Vec<Sent> {
        let sent = std::mem::take(&mut *self.sent.lock().unwrap());
        if let Some(elsewhere) = &self.elsewhere {
            elsewhere.received(&sent);
        }
        sent
    }
}

/// The queues of another emulator.
#[derive(Debug)]
struct Elsewhere {
    account: Account,
    /// Those that were sent to.
    made: Mutex<BTreeSet<String>>,
}

impl Elsewhere {
    /// It takes the messages as well, each of a batch.
    fn takes(&self, queue: &str, operation: &str, request: &Value) {
        if self.made.lock().unwrap().insert(queue.to_owned()) {
            let made = self.account.queues("CreateQueue", &json!({ "QueueName": queue }));
            assert_eq!(made.0, 200, "{}", made.1);
        }
        let (status, answer) = self.account.queues(operation, request);
        assert_eq!(status, 200, "{operation} {request}: {answer}");
        assert!(
            answer["Failed"].as_array().is_none_or(Vec::is_empty),
            "{operation} {request}: {answer}"
        );
    }

    /// Whoever receives from its queues is given what was sent without a delay, each once.
    fn received(&self, sent: &[Sent]) {
        for queue in &*self.made.lock().unwrap() {
            let mut expected: Vec<_> = sent
                .iter()
                .filter(|sent| sent.queue == *queue && sent.delay == 0)
                .map(|sent| sent.body.clone())
                .collect();
            let mut received = Vec::new();
            loop {
                let (status, answer) = self.account.queues(
                    "ReceiveMessage",
                    &json!({ "QueueUrl": self.url(queue), "MaxNumberOfMessages": 10 }),
                );
                assert_eq!(status, 200, "{answer}");
                let Some(messages) = answer["Messages"].as_array().filter(|all| !all.is_empty())
                else {
                    break;
                };
                for message in messages {
                    received.push(message["Body"].as_str().unwrap().to_owned());
                    let handle = &message["ReceiptHandle"];
                    let taken = json!({ "QueueUrl": self.url(queue), "ReceiptHandle": handle });
                    assert_eq!(self.account.queues("DeleteMessage", &taken).0, 200);
                }
            }
            expected.sort_unstable();
            received.sort_unstable();
            assert_eq!(received, expected, "{queue}");
        }
    }

    /// Its own host isn't asked: the last part of the address names the queue.
    fn url(&self, queue: &str) -> String {
        format!("https://sqs.eu-west-3.amazonaws.com/{}/{queue}", self.account.id())
    }
}
