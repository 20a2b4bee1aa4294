//! Who read or wrote something about a student, and when: what the person may ask to see (RGPD,
//! article 15).

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use shared::audit::{Access, AccessLog, Subject};
use shared::domain::ine::Ine;
use shared::domain::uai::Uai;
use shared::identity::digest::{IdentityKeys, IneDigest, RecordId};
use shared::identity::student::{Student, StudentId};
use shared::registry::answers::AnswerStore;
use shared::registry::records::{Record, RecordStore};
use shared::registry::students::StudentStore;

use crate::deployment::Deployment;

/// More than one student is ever asked about in the months that traces are kept: one query for each
/// subject.
const MOST: i32 = 1_000;
/// Subjects and traces read side by side.
const SIDE_BY_SIDE: usize = 16;

/// An enrolment of a student: which import brought what it says, and who sent it.
#[derive(Debug, Serialize)]
pub(crate) struct Attached {
    pub(crate) record: RecordId,
    pub(crate) uai: Uai,
    pub(crate) import: String,
    pub(crate) depositor: Option<Uai>,
}

/// What was read and written about a person.
#[derive(Debug, Serialize)]
pub(crate) struct Accesses {
    /// The traces, latest first.
    pub(crate) traces: Vec<Access>,
    /// The enrolments, whose rows left no trace of their own.
    pub(crate) attached: Vec<Attached>,
    /// There may be older traces.
    pub(crate) is_cut: bool,
}

/// What was done about the student who has an INE; `None` when nobody has it.
pub(crate) async fn of_ine(deployment: &Deployment, ine: &Ine) -> Result<Option<Accesses>> {
    match student_of(deployment, ine).await? {
        Some(student) => of_student(deployment, Some(student), None).await.map(Some),
        None => Ok(None),
    }
}

/// The student who has an INE, whether it may be told now or not.
pub(crate) async fn student_of(deployment: &Deployment, ine: &Ine) -> Result<Option<StudentId>> {
    let students = deployment.table("students");
    let answers =
        AnswerStore::new(deployment.dynamodb.clone(), students, deployment.table("blocks"));
    for digest in digests(deployment, ine).await? {
        let student = answers.student_of(&digest).await.context("the students can't be read")?;
        if student.is_some() {
            return Ok(student);
        }
    }
    Ok(None)
}

/// What was done about an enrolment, and about the student whose it is; `None` when there is no
/// such enrolment.
pub(crate) async fn of_record(deployment: &Deployment, id: &RecordId) -> Result<Option<Accesses>> {
    let records = RecordStore::new(deployment.dynamodb.clone(), deployment.table("records"));
    match records.get(id).await.context("the records can't be read")? {
        Some(record) => of_student(deployment, record.student, Some(record)).await.map(Some),
        None => Ok(None),
    }
}

/// What a client did, and about whom: the key of a student, a record or an import in the log.
#[derive(Debug, Serialize)]
pub(crate) struct Done {
    pub(crate) about: String,
    #[serde(flatten)]
    pub(crate) access: Access,
}

/// What a client did on a day.
pub(crate) async fn of_client(
    deployment: &Deployment,
    client: &str,
    day: Date,
) -> Result<Vec<Done>> {
    let log = log(deployment);
    let keys = log.of_client(client, day).await.context("the traces can't be read")?;
    let reads: Vec<_> = keys.iter().map(|(subject, at)| log.get(subject, at)).collect();
    let traces: Vec<Option<Access>> = stream::iter(reads)
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await
        .context("the traces can't be read")?;
    Ok(keys
        .into_iter()
        .zip(traces)
        .filter_map(|((about, _), trace)| Some(Done { about, access: trace? }))
        .collect())
}

/// What is kept under a student, under each of its records and under the imports that brought them.
async fn of_student(
    deployment: &Deployment,
    student: Option<StudentId>,
    also: Option<Record>,
) -> Result<Accesses> {
    let dynamodb = &deployment.dynamodb;
    let students = StudentStore::new(dynamodb.clone(), deployment.table("students"));
    let records = RecordStore::new(dynamodb.clone(), deployment.table("records"));
    let current = match student {
        Some(student) => students.get(student).await.context("the students can't be read")?,
        None => None,
    };
    let ids: BTreeSet<RecordId> =
        current.iter().flat_map(Student::edges).map(|edge| edge.record.clone()).collect();
    let reads: Vec<_> = ids.iter().map(|id| records.get(id)).collect();
    let read: Vec<Option<Record>> = stream::iter(reads)
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await
        .context("the records can't be read")?;
    let also = also.filter(|record| !ids.contains(&record.id));
    let attached = read.into_iter().flatten().chain(also).map(|record| Attached {
        import: record.version.import().unwrap_or_default().to_owned(),
        uai: record.declaration.inscription.uai,
        depositor: record.depositor,
        record: record.id,
    });
    let attached: Vec<Attached> = attached.collect();
    let people: BTreeSet<StudentId> =
        student.into_iter().chain(current.map(|current| current.id)).collect();
    let imports: BTreeSet<&str> =
        attached.iter().map(|attached| attached.import.as_str()).collect();
    let subjects: Vec<Subject<'_>> = people
        .into_iter()
        .map(Subject::Student)
        .chain(attached.iter().map(|attached| Subject::Record(&attached.record)))
        .chain(imports.into_iter().map(Subject::Findings))
        .collect();
    let traces = log(deployment).of_several(&subjects, None, MOST).await;
    let traces = traces.context("the traces can't be read")?;
    // Of one subject at least so many were read, or as many of all together.
    let is_cut = i32::try_from(traces.len()).is_ok_and(|read| read >= MOST);
    Ok(Accesses { traces, attached, is_cut })
}

fn log(deployment: &Deployment) -> AccessLog {
    // The retention is for those who write.
    AccessLog::new(deployment.dynamodb.clone(), deployment.table("access-log"), 0)
}

/// The keys that an INE may have in the tables: the one before as well, for a register that is
/// being re-keyed.
async fn digests(deployment: &Deployment, ine: &Ine) -> Result<Vec<IneDigest>> {
    let before = deployment.digest_key_before("hmac/ine").await?;
    let keys = before.into_iter().chain([deployment.digest_key("hmac/ine").await?]);
    // Only the first of the two is used: an INE needs no more, and nor does this command's
    // permission to read.
    Ok(keys.map(|key| IdentityKeys::new(key.clone(), &key).ine(ine)).collect())
}

/// Accesses in a table, its heading first.
pub(crate) fn rows<'a>(accesses: impl IntoIterator<Item = &'a Access>) -> Vec<Vec<String>> {
    let heading = [
        "when (Paris)",
        "client",
        "depositor",
        "route",
        "done",
        "on behalf of",
        "recipient",
        "found",
        "fields",
    ];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(accesses.into_iter().map(|access| {
        vec![
            in_france(&access.at),
            access.client.clone().unwrap_or_default(),
            access.depositor.map(|uai| uai.to_string()).unwrap_or_default(),
            access.route.name().to_owned(),
            access.action.name().to_owned(),
            // It is a header of the caller's own: nothing of it may move the cursor.
            access
                .caller
                .iter()
                .flat_map(|caller| caller.chars())
                .filter(|letter| !letter.is_control())
                .collect(),
            access.recipient.map(|recipient| recipient.to_string()).unwrap_or_default(),
            if access.found { "yes" } else { "no" }.to_owned(),
            access.fields.join(", "),
        ]
    }));
    rows
}

/// What a client did in a table, its heading first.
pub(crate) fn rows_of_client(done: &[Done]) -> Vec<Vec<String>> {
    let mut rows = rows(done.iter().map(|done| &done.access));
    let subjects =
        ["about".to_owned()].into_iter().chain(done.iter().map(|done| done.about.clone()));
    rows.iter_mut().zip(subjects).for_each(|(row, subject)| row.push(subject));
    rows
}

/// Enrolments in a table, its heading first.
pub(crate) fn attached_rows(attached: &[Attached]) -> Vec<Vec<String>> {
    let mut rows =
        vec![["enrolment", "establishment", "import", "depositor"].map(str::to_owned).to_vec()];
    rows.extend(attached.iter().map(|Attached { record, uai, import, depositor }| {
        let depositor = depositor.map(|depositor| depositor.to_string()).unwrap_or_default();
        vec![record.to_string(), uai.to_string(), import.clone(), depositor]
    }));
    rows
}

/// A trace's `at` starts with the time, and goes on with what makes it unique.
fn in_france(at: &str) -> String {
    static PARIS: TimeZone = jiff::tz::get!("Europe/Paris");
    let time = at.split('#').next().unwrap_or_default();
    time.parse::<Timestamp>().map_or_else(
        |_| time.to_owned(),
        |time| PARIS.to_datetime(time).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use shared::access::route::Route;
    use shared::audit::Action;

    use super::*;

    #[test]
    fn times_are_those_of_france() {
        assert_eq!(
            in_france("2026-11-24T04:20:00.123456Z#62ee80b93834a_0000#00"),
            "2026-11-24 05:20:00"
        );
        assert_eq!(in_france("2026-07-31T22:30:00Z#x#00"), "2026-08-01 00:30:00");
        assert_eq!(in_france("garbage"), "garbage");
    }

    #[test]
    fn an_access_is_a_row() {
        let access = Access {
            at: "2026-11-24T04:20:00Z#x#00".to_owned(),
            client: Some("dinum".to_owned()),
            depositor: None,
            action: Action::Consulted,
            import: None,
            route: Route::StatusByIne,
            caller: Some("DINUM\u{1b}[2J - 1".to_owned()),
            recipient: None,
            found: true,
            enrolments: 1,
            fields: vec!["statut".to_owned(), "regime".to_owned()],
        };
        let row = [
            "2026-11-24 05:20:00",
            "dinum",
            "",
            "status_by_ine",
            "consulted",
            "DINUM[2J - 1",
            "",
            "yes",
            "statut, regime",
        ];
        assert_eq!(rows([&access])[1], row);
    }
}
