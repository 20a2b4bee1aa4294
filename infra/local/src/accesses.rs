//! Who was told a student's status, and when: what the person may ask to see (RGPD, article 15).

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use shared::audit::{Access, AccessLog};
use shared::domain::ine::Ine;
use shared::identity::digest::{DigestKey, IdentityKeys, IneDigest};
use shared::registry::StoreError;
use shared::registry::answers::AnswerStore;

use crate::deployment::Deployment;

/// More than one student is ever asked about in the months that traces are kept: one query.
const MOST: i32 = 1_000;

/// The accesses to a student, latest first; `None` when no student has that INE.
pub(crate) async fn of_student(deployment: &Deployment, ine: &Ine) -> Result<Option<Vec<Access>>> {
    let dynamodb = &deployment.dynamodb;
    let answers = AnswerStore::new(dynamodb.clone(), deployment.table("students"), deployment.table("postings"));
    // Whether it may be told now or not: who asks wants to know whom it was told.
    let student = answers.student_of(&digest(deployment, ine).await?).await.context("the students can't be read")?;
    let Some(student) = student else { return Ok(None) };
    // The retention is for those who write.
    let log = AccessLog::new(dynamodb.clone(), deployment.table("access-log"), 0);
    log.of_student(student, MOST).await.map(Some).context("the traces can't be read")
}

/// The key of an INE in the tables.
async fn digest(deployment: &Deployment, ine: &Ine) -> Result<IneDigest> {
    let name = format!("{}/hmac/ine", deployment.name);
    let secret = deployment.secrets.get_secret_value().secret_id(&name).send().await;
    let secret = secret.map_err(|error| StoreError::new("secretsmanager GetSecretValue", &error));
    let secret = secret.with_context(|| format!("the secret {name} can't be read"))?;
    let stored: Option<StoredKey> = secret.secret_string().and_then(|text| serde_json::from_str(text).ok());
    let StoredKey { id, key } = stored.with_context(|| format!("the secret {name} is not one of ours"))?;
    let key = DigestKey::new(id, key.into());
    // Only the first of the two is used: an INE needs no more, and nor does this command's permission to read.
    Ok(IdentityKeys::new(key.clone(), &key).ine(ine))
}

/// What the secret holds (infra/modules/hmac-secret).
#[derive(Deserialize)]
struct StoredKey {
    id: String,
    key: String,
}

/// Whether there may be older accesses than those that were read.
pub(crate) fn may_be_more(accesses: &[Access]) -> bool {
    i32::try_from(accesses.len()).is_ok_and(|read| read >= MOST)
}

/// Accesses in a table, its heading first.
pub(crate) fn rows(accesses: &[Access]) -> Vec<Vec<String>> {
    let heading = ["when (Paris)", "client", "route", "on behalf of", "recipient", "found", "fields"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(accesses.iter().map(|access| {
        vec![
            in_france(&access.at),
            access.client.clone(),
            access.route.name().to_owned(),
            // It is a header of the caller's own: nothing of it may move the cursor.
            access.caller.iter().flat_map(|caller| caller.chars()).filter(|letter| !letter.is_control()).collect(),
            access.recipient.map(|recipient| recipient.to_string()).unwrap_or_default(),
            if access.found { "yes" } else { "no" }.to_owned(),
            access.fields.join(", "),
        ]
    }));
    rows
}

/// A trace's `at` starts with the time, and goes on with what makes it unique.
fn in_france(at: &str) -> String {
    static PARIS: TimeZone = jiff::tz::get!("Europe/Paris");
    let time = at.split('#').next().unwrap_or_default();
    time.parse::<Timestamp>()
        .map_or_else(|_| time.to_owned(), |time| PARIS.to_datetime(time).strftime("%Y-%m-%d %H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use shared::access::route::Route;

    use super::*;

    #[test]
    fn times_are_those_of_france() {
        assert_eq!(in_france("2026-11-24T04:20:00.123456Z#62ee80b93834a_0000#00"), "2026-11-24 05:20:00");
        assert_eq!(in_france("2026-07-31T22:30:00Z#x#00"), "2026-08-01 00:30:00");
        assert_eq!(in_france("garbage"), "garbage");
    }

    #[test]
    fn an_access_is_a_row() {
        let access = Access {
            at: "2026-11-24T04:20:00Z#x#00".to_owned(),
            client: "dinum".to_owned(),
            route: Route::StatusByIne,
            caller: Some("DINUM\u{1b}[2J - 1".to_owned()),
            recipient: None,
            found: true,
            enrolments: 1,
            fields: vec!["statut".to_owned(), "regime".to_owned()],
        };
        let row = ["2026-11-24 05:20:00", "dinum", "status_by_ine", "DINUM[2J - 1", "", "yes", "statut, regime"];
        assert_eq!(rows(&[access])[1], row);
    }
}
