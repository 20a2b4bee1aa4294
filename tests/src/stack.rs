//! The deployed stack: its addresses, its keys, and what a depositor or an operator can do with
//! them.

use std::collections::HashMap;

use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};
use shared::registry::clients::ClientStore;
use shared::registry::imports::ImportId;
use ureq::http::Method;

use crate::eventually;
use crate::http::Call;
use crate::lambda;

/// Where the stack is.
const REGION: &str = "eu-west-3";

/// The university of the sandbox.
pub const UNIVERSITY: &str = "0751967F";
/// A university that no file is about but those of `coverage.rs`.
pub const QUIET_UNIVERSITY: &str = "0751722P";
/// A lycée that also sends for [`SECOND_LYCEE`].
pub const LYCEE: &str = "0010006B";
/// The lycée that [`LYCEE`] sends for.
pub const SECOND_LYCEE: &str = "0010814E";

/// Everything that a test needs.
#[derive(Debug, Clone)]
pub struct Stack {
    outputs: Value,
    /// What curl takes.
    pub api_url: String,
    /// The key of the route by INE.
    pub ine_key: String,
    /// The key of the route by civil identity.
    pub identity_key: String,
    /// The test double of FranceConnect and of the issuer of our tokens.
    pub double_url: String,
    /// The tokens that come with the sandbox.
    pub tokens: Value,
    /// The clients, as an operator registers them.
    pub clients: ClientStore,
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    sns: aws_sdk_sns::Client,
    pub(crate) secrets: aws_sdk_secretsmanager::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
}

/// A file that was dropped.
#[derive(Debug, Clone)]
pub struct Drop {
    /// The import it starts.
    pub import: String,
    /// Its key in the inbox.
    pub key: String,
    pub version_id: String,
}

impl Stack {
    /// The stack that `cargo local test` started.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub async fn connect() -> Self {
        let outputs = read("STATUT_ETUDIANT_OUTPUTS");
        let sandbox = read("STATUT_ETUDIANT_SANDBOX");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let aws = aws(&outputs).load().await;
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
        let s3 = aws_sdk_s3::config::Builder::from(&aws).force_path_style(true).build();
        Self {
            api_url: text(&outputs["api_url"]),
            ine_key: text(&sandbox["status_ine_key"]),
            identity_key: text(&sandbox["status_identity_key"]),
            double_url: text(&sandbox["double_url"]),
            tokens: sandbox["tokens"].clone(),
            clients: ClientStore::new(dynamodb.clone(), text(&outputs["clients_table"])),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sqs: aws_sdk_sqs::Client::new(&aws),
            sns: aws_sdk_sns::Client::new(&aws),
            secrets: aws_sdk_secretsmanager::Client::new(&aws),
            dynamodb,
            outputs,
        }
    }

    /// An output of Terraform.
    #[must_use]
    pub fn output(&self, name: &str) -> &str {
        self.outputs[name].as_str().unwrap_or_default()
    }

    /// Log groups by function.
    #[must_use]
    pub fn log_groups(&self) -> HashMap<String, String> {
        serde_json::from_value(self.outputs["log_groups"].clone()).unwrap_or_default()
    }

    /// Drops a file under `prefix`, under a name of its own.
    pub async fn drop_file(&self, prefix: &str, content: impl Into<Vec<u8>>) -> Drop {
        self.drop_as(&format!("{prefix}/{}.csv", crate::people::fresh_name()), content, None).await
    }

    /// Drops a file under a key, with an extraction date if given.
    ///
    /// # Panics
    ///
    /// When S3 refuses it.
    pub async fn drop_as(
        &self,
        key: &str,
        content: impl Into<Vec<u8>>,
        extracted: Option<&str>,
    ) -> Drop {
        let content = content.into();
        self.register_people(&content).await;
        let bucket = self.output("inbox_bucket");
        let put = self
            .s3
            .put_object()
            .bucket(bucket)
            .key(key)
            .set_metadata(
                extracted
                    .map(|date| HashMap::from([("date-extraction".to_owned(), date.to_owned())])),
            )
            .body(ByteStream::from(content));
        let put = put.send().await.expect("S3 takes the file");
        let version_id = put.version_id().expect("the inbox is versioned").to_owned();
        let import = ImportId::of(bucket, key, &version_id).as_str().to_owned();
        Drop { import, key: key.to_owned(), version_id }
    }

    /// Waits until an import has ended, and reads its report.
    pub async fn report(&self, dropped: &Drop) -> Value {
        let key = eventually("the end of an import", || async {
            let import = self.item("imports_table", "id", &dropped.import).await?;
            let state = import.get("state")?.as_s().ok()?.clone();
            matches!(state.as_str(), "done" | "failed")
                .then(|| import["report_key"].as_s().cloned().unwrap_or_default())
        })
        .await;
        self.object("reports_bucket", &key).await
    }

    /// Drops rows for a depositor and waits for the report.
    pub async fn import(&self, uai: &str, rows: &[String]) -> Value {
        let dropped = self.drop_file(uai, crate::people::file(rows)).await;
        self.report(&dropped).await
    }

    /// A JSON object of a bucket.
    ///
    /// # Panics
    ///
    /// When it isn't there.
    pub async fn object(&self, bucket: &str, key: &str) -> Value {
        serde_json::from_slice(&self.bytes(bucket, key).await).expect("JSON")
    }

    /// An object of a bucket.
    ///
    /// # Panics
    ///
    /// When it isn't there.
    pub async fn bytes(&self, bucket: &str, key: &str) -> Vec<u8> {
        let object = self
            .s3
            .get_object()
            .bucket(self.output(bucket))
            .key(key)
            .send()
            .await
            .expect("the object is there");
        object.body.collect().await.expect("the object is read").to_vec()
    }

    /// One item of a table.
    ///
    /// # Panics
    ///
    /// When the table can't be read.
    pub async fn item(
        &self,
        table: &str,
        key: &str,
        value: &str,
    ) -> Option<HashMap<String, AttributeValue>> {
        let get = self
            .dynamodb
            .get_item()
            .table_name(self.output(table))
            .key(key, AttributeValue::S(value.to_owned()))
            .consistent_read(true);
        get.send().await.expect("the table is read").item
    }

    /// Every item of a table.
    ///
    /// # Panics
    ///
    /// When the table can't be read.
    pub async fn items(&self, table: &str) -> Vec<HashMap<String, AttributeValue>> {
        let scan = self
            .dynamodb
            .scan()
            .table_name(self.output(table))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        scan.collect::<Result<Vec<_>, _>>().await.expect("the table is read")
    }

    /// The items of a table of which a text attribute contains a text.
    ///
    /// # Panics
    ///
    /// When the table can't be read.
    pub async fn items_with(
        &self,
        table: &str,
        name: &str,
        part: &str,
    ) -> Vec<HashMap<String, AttributeValue>> {
        let scan = self
            .dynamodb
            .scan()
            .table_name(self.output(table))
            .consistent_read(true)
            .filter_expression("contains(#name, :part)")
            .expression_attribute_names("#name", name)
            .expression_attribute_values(":part", AttributeValue::S(part.to_owned()))
            .into_paginator()
            .items()
            .send();
        scan.collect::<Result<Vec<_>, _>>().await.expect("the table is read")
    }

    /// What S3 tells of a dropped file.
    ///
    /// # Panics
    ///
    /// Never: the recorded event is JSON.
    #[must_use]
    pub fn event(&self, dropped: &Drop) -> Value {
        let recorded = include_str!("../../events/s3-object-created.json");
        let mut event: Value = serde_json::from_str(recorded).expect("JSON");
        let s3 = &mut event["Records"][0]["s3"];
        s3["bucket"]["name"] = self.output("inbox_bucket").into();
        s3["object"]["key"] = dropped.key.as_str().into();
        s3["object"]["versionId"] = dropped.version_id.as_str().into();
        event
    }

    /// Subscribes a queue of its own to the topic of imports, for those of one establishment; gives
    /// the queue's address.
    ///
    /// # Panics
    ///
    /// When SQS or SNS refuses.
    pub async fn subscribe(&self, uai: &str) -> String {
        let name = format!("test-{}", crate::people::fresh_name());
        let created =
            self.sqs.create_queue().queue_name(name).send().await.expect("a queue is made");
        let url = created.queue_url.expect("a queue has an address");
        let wanted = QueueAttributeName::QueueArn;
        let asked = self
            .sqs
            .get_queue_attributes()
            .queue_url(&url)
            .attribute_names(wanted.clone())
            .send()
            .await;
        let attributes = asked.expect("SQS answers").attributes.unwrap_or_default();
        // As AWS asks for (docs/deploying.md): the topic may send.
        let (queue, topic) = (&attributes[&wanted], self.output("notifications_topic_arn"));
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Principal": { "Service": "sns.amazonaws.com" }, "Action": "sqs:SendMessage",
                "Resource": queue, "Condition": { "ArnEquals": { "aws:SourceArn": topic } },
            }],
        });
        let set = self.sqs.set_queue_attributes().queue_url(&url);
        let set = set.attributes(QueueAttributeName::Policy, policy.to_string());
        set.send().await.expect("the queue has a policy");
        self.sns
            .subscribe()
            .topic_arn(self.output("notifications_topic_arn"))
            .protocol("sqs")
            .endpoint(&attributes[&wanted])
            .attributes("RawMessageDelivery", "true")
            .attributes("FilterPolicy", json!({ "uai": [uai] }).to_string())
            .send()
            .await
            .expect("the queue is subscribed");
        url
    }

    /// The next message of a queue, taken out of it.
    ///
    /// # Panics
    ///
    /// When SQS refuses.
    pub async fn take(&self, url: &str) -> Option<String> {
        let received = self.sqs.receive_message().queue_url(url).send().await.expect("SQS answers");
        let message = received.messages?.pop()?;
        let delete =
            self.sqs.delete_message().queue_url(url).set_receipt_handle(message.receipt_handle);
        delete.send().await.expect("SQS deletes the message");
        message.body
    }

    /// Makes an ended import look as its owner left it when it died, with a lease until then
    /// (seconds since 1970).
    ///
    /// # Panics
    ///
    /// When the table can't be written.
    pub async fn lose_owner(&self, dropped: &Drop, lease_until: i64) {
        let update = self
            .dynamodb
            .update_item()
            .table_name(self.output("imports_table"))
            .key("id", AttributeValue::S(dropped.import.clone()))
            .update_expression(
                "SET #state = :running, #owner = :owner, lease_until = :lease REMOVE report_key",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":running", AttributeValue::S("running".into()))
            .expression_attribute_values(
                ":owner",
                AttributeValue::S("an invocation that died".into()),
            )
            .expression_attribute_values(":lease", AttributeValue::N(lease_until.to_string()));
        update.send().await.expect("the table is written");
    }

    /// Puts a message in a queue, by the output that has its address.
    ///
    /// # Panics
    ///
    /// When SQS refuses it.
    pub async fn enqueue(&self, queue: &str, body: &str) {
        let send = self.sqs.send_message().queue_url(self.output(queue)).message_body(body);
        send.send().await.expect("SQS takes the message");
    }

    /// The bodies now in a queue, ten at most. They stay there.
    ///
    /// # Panics
    ///
    /// When SQS refuses.
    pub async fn waiting(&self, queue: &str) -> Vec<String> {
        let receive = self
            .sqs
            .receive_message()
            .queue_url(self.output(queue))
            .max_number_of_messages(10)
            .visibility_timeout(0);
        let received = receive.send().await.expect("SQS answers");
        received.messages().iter().filter_map(|message| message.body().map(str::to_owned)).collect()
    }

    /// Runs a function now, as its trigger would, and gives what it answers.
    pub async fn invoke(&self, function: &str, event: &Value) -> Value {
        let name = self.output(&format!("{function}_function"));
        let url =
            format!("{}/2015-03-31/functions/{name}:live/invocations", self.output("endpoint_url"));
        let mut call = Call::to(Method::POST, &url).json(event);
        for (name, value) in lambda::signature(&url, REGION, &event.to_string()) {
            call = call.header(&name, &value);
        }
        let answer = call.send().await;
        json!({ "status": answer.status, "error": answer.headers.contains_key("x-amz-function-error"), "answer": answer.json() })
    }

    /// Has statistics count, and gives how that ends: `publie` or `refus`.
    ///
    /// # Panics
    ///
    /// If the order is refused, or it never ends.
    pub async fn count(&self, order: &Value) -> Value {
        let begun = self.invoke("statistics", order).await;
        assert_eq!(begun["error"], false, "{begun}");
        self.end_of_count(&begun).await
    }

    /// How a count that has begun ends.
    ///
    /// # Panics
    ///
    /// If it never ends.
    pub async fn end_of_count(&self, begun: &Value) -> Value {
        let follow = json!({ "suivre": begun["answer"]["comptage"] });
        eventually("the end of the count", || async {
            let progress = self.invoke("statistics", &follow).await;
            assert_eq!(progress["error"], false, "{progress}");
            let outcome = progress["answer"]["issue"].clone();
            (!outcome.is_null()).then_some(outcome)
        })
        .await
    }
}

/// The emulator, as the SDK reaches it.
pub(crate) fn aws(outputs: &Value) -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .endpoint_url(outputs["endpoint_url"].as_str().unwrap_or_default())
        .region(Region::new(REGION))
        .credentials_provider(lambda::owner())
}

pub(crate) fn read(variable: &str) -> Value {
    let path = std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run `cargo local test`, or `cargo local up` and set it")
    });
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}
