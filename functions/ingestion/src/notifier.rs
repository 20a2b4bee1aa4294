//! Who wants to know how an import ended: subscribers of a topic of SNS.

use aws_sdk_sns::types::MessageAttributeValue;
use shared::domain::uai::Uai;
use shared::registry::StoreError;
use shared::registry::imports::{ImportId, Progress};

/// The notification about an import that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice<'a> {
    pub(crate) import: &'a ImportId,
    /// The depositor, if the key names one.
    pub(crate) uai: Option<Uai>,
    /// Whether it ended as failed.
    pub(crate) failed: bool,
    pub(crate) progress: Progress,
    /// The report's key in the reports bucket.
    pub(crate) report_key: &'a str,
}

#[derive(Debug)]
pub(crate) struct Topic {
    sns: aws_sdk_sns::Client,
    arn: String,
}

impl Topic {
    pub(crate) fn new(sns: aws_sdk_sns::Client, arn: String) -> Self {
        Self { sns, arn }
    }

    /// Tells. After a crash it is told again.
    pub(crate) async fn notify(&self, notice: &Notice<'_>) -> Result<(), StoreError> {
        const OPERATION: &str = "sns Publish";
        let uai = notice.uai.map_or_else(|| "inconnu".to_owned(), |uai| uai.to_string());
        let attribute = |value: &str| {
            let attribute =
                MessageAttributeValue::builder().data_type("String").string_value(value).build();
            attribute.map_err(|_| StoreError::shape(OPERATION))
        };
        self.sns
            .publish()
            .topic_arn(&self.arn)
            .subject(subject(notice))
            .message(message(notice, &uai))
            .message_attributes("uai", attribute(&uai)?)
            .message_attributes("etat", attribute(state(notice))?)
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        Ok(())
    }
}

fn state(notice: &Notice<'_>) -> &'static str {
    if notice.failed { "échoué" } else { "terminé" }
}

/// Of an e-mail: SNS takes ASCII only.
fn subject(notice: &Notice<'_>) -> &'static str {
    if notice.failed {
        "Statut Etudiant : un import a echoue"
    } else {
        "Statut Etudiant : un import est termine"
    }
}

/// The message's text: counts and where the report is, nothing of what the file says.
fn message(notice: &Notice<'_>, uai: &str) -> String {
    let progress = notice.progress;
    serde_json::json!({
        "import": notice.import.as_str(),
        "uai": uai,
        "etat": state(notice),
        "lignes": {
            "lues": progress.read,
            "acceptees": progress.accepted,
            "depassees": progress.superseded,
            "inchangees": progress.unchanged,
            "rejetees": progress.rejected,
            "averties": progress.warned,
        },
        "rapport": notice.report_key,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use shared::registry::imports::{ImportId, Progress};

    use super::*;

    #[test]
    fn a_notice_has_counts_and_the_place_of_the_report() {
        let import = ImportId::parse("0123456789abcdef0123456789abcdef").unwrap();
        let progress = Progress { read: 3, accepted: 2, rejected: 1, ..Progress::default() };
        let report_key = "0751967F/0123456789abcdef0123456789abcdef/rapport.json";
        let notice = Notice { import: &import, uai: None, failed: true, progress, report_key };
        let told: serde_json::Value = serde_json::from_str(&message(&notice, "0751967F")).unwrap();
        let lines = serde_json::json!({
            "lues": 3, "acceptees": 2, "depassees": 0, "inchangees": 0, "rejetees": 1, "averties": 0,
        });
        assert_eq!(
            told,
            serde_json::json!({
                "import": "0123456789abcdef0123456789abcdef",
                "uai": "0751967F",
                "etat": "échoué",
                "lignes": lines,
                "rapport": report_key,
            })
        );
    }
}
