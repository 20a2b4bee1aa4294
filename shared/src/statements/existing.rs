//! What an establishment said before: reading it back, and cancelling it.
//!
//! Only of its own: any other id is unknown, whether or not it exists.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{EnrolmentStatement, Plan, Sender, StatementError, Statements, Target, VersionStamp};
use crate::audit::Action;
use crate::domain::academic_year::AcademicYear;
use crate::domain::enrolment::{Declaration, Enrolment};
use crate::domain::ine::Ine;
use crate::domain::record_state::RecordState;
use crate::domain::status::Status;
use crate::domain::uai::Uai;
use crate::files::reader::Depositor;
use crate::identity::digest::{Named, RecordId, Subject};
use crate::identity::edge::Edge;
use crate::identity::same_enrolment;
use crate::identity::student::Student;
use crate::registry::StoreError;
use crate::registry::records::{Cancelled, MOST_IN_BATCH, Record};

/// Whom an establishment looks for among what it sent.
#[derive(Clone, Default)]
pub struct Sought {
    /// Its own number of the student.
    pub number: Option<String>,
    pub ine: Option<Ine>,
    /// The diploma of the enrolment, where rows give one beside the number.
    pub diplome: Option<String>,
}

impl Sought {
    fn subjects<'a>(
        &'a self,
        uai: Uai,
        year: AcademicYear,
        diplome: Option<&'a str>,
    ) -> impl Iterator<Item = Subject<'a>> {
        let number = self.number.as_deref().map(|number| Named::Number(Cow::Borrowed(number)));
        let named = number.into_iter().chain(self.ine.map(Named::Ine));
        let diplome = diplome.map(Cow::Borrowed);
        named.map(move |student| Subject { uai, year, student, diplome: diplome.clone() })
    }
}

impl Statements {
    /// The record of an id, if it is about one of the establishments that the depositor sends for.
    ///
    /// # Errors
    ///
    /// [`StatementError::NotFound`] for any other.
    pub async fn own(
        &self,
        depositor: &Depositor,
        id: &RecordId,
    ) -> Result<Record, StatementError> {
        let record = self.records.get(id).await?;
        let is_own =
            |record: &Record| depositor.may_send_for(record.declaration.inscription.uai).is_some();
        record.filter(is_own).ok_or(StatementError::NotFound)
    }

    /// Cancels an enrolment of the sender's: a statement like any other, that it is no longer, as of
    /// now. What was said later stands, and what is said later brings it back. Gives it as it is
    /// then, and whether it waits to be published so.
    ///
    /// Cancelled twice is the same: the second time finds it cancelled, and sends its pointer again
    /// if it still waits, which covers a crash between the two.
    ///
    /// # Errors
    ///
    /// [`StatementError::Superseded`] when something more recent is known.
    pub async fn cancel(
        &self,
        sender: Sender<'_>,
        mut record: Record,
    ) -> Result<(Record, bool), StatementError> {
        let others = self.others_of(&record).await?;
        for cancelled in others.iter().chain([&record]) {
            self.trace_record(sender, Action::Cancelled, cancelled).await?;
        }
        let version = VersionStamp::after_reading(sender.now, sender.way).version(0);
        // Others before this one: after a crash in between, it is still found to be cancelled.
        for other in &others {
            match self.records.cancel(&other.id, &version).await? {
                Cancelled::Pending => self.queue.send(std::slice::from_ref(&other.id)).await?,
                Cancelled::Before | Cancelled::Unknown => {}
                Cancelled::Superseded => return Err(StatementError::Superseded),
            }
        }
        let waits = match self.records.cancel(&record.id, &version).await? {
            Cancelled::Pending => {
                record.state = RecordState::Pending;
                self.queue.send(std::slice::from_ref(&record.id)).await?;
                true
            }
            Cancelled::Before => {
                record.state = RecordState::Resolved;
                false
            }
            // Someone said something later between the reading and now.
            Cancelled::Superseded => return Err(StatementError::Superseded),
            Cancelled::Unknown => return Err(StatementError::NotFound),
        };
        record.declaration.inscription.statut = Status::Annule;
        Ok((record, waits))
    }

    /// Writes another enrolment over a record of the sender's and over the others that tell of the
    /// same one; whom they are about stays as it was said. `inscription` is of the same
    /// establishment, academic year and diploma. What it leaves out stays as well.
    ///
    /// # Errors
    ///
    /// [`StatementError::Superseded`] when the record isn't as it was read any more.
    pub async fn correct(
        &self,
        sender: Sender<'_>,
        record: Record,
        inscription: Enrolment,
    ) -> Result<(), StatementError> {
        let mut records = self.others_of(&record).await?;
        for other in records.iter().chain([&record]) {
            self.trace_record(sender, Action::Sent, other).await?;
        }
        let declaration = Box::new(Declaration { inscription, ..record.declaration.clone() });
        let statement = EnrolmentStatement { id: record.id.clone(), declaration };
        let (id, read) = (record.id.clone(), record.version.clone());
        records.push(record);
        let plan = Plan { statement, target: Target::Records(records) };
        if self.records.get(&id).await?.is_none_or(|current| current.version != read) {
            return Err(StatementError::Superseded);
        }
        self.store(sender, &VersionStamp::of_request(sender.now, sender.way), [(0, &plan)]).await?;
        Ok(())
    }

    /// What the depositor sent about a student, the latest first; nothing of what others sent.
    ///
    /// A number is no index of ours: it is found where the record that it names is, which takes the
    /// diploma if rows gave one; then whatever else is attached to the same student.
    pub async fn find(
        &self,
        depositor: &Depositor,
        sought: &Sought,
        today: Date,
    ) -> Result<Vec<Record>, StoreError> {
        let this_year = AcademicYear::starting_on(today);
        let mut ids = Vec::new();
        for uai in depositor.establishments() {
            for year in [this_year.before(), this_year, this_year.after()] {
                for diplome in [None, sought.diplome.as_deref()] {
                    ids.extend(
                        sought
                            .subjects(uai, year, diplome)
                            .map(|subject| RecordId::of_subject(&self.keys.record, &subject)),
                    );
                }
            }
        }
        ids.sort();
        ids.dedup();
        let mut found = BTreeMap::new();
        for some in ids.chunks(MOST_IN_BATCH) {
            let records = self.records.many(some).await?;
            found.extend(records.into_iter().map(|record| (record.id.clone(), record)));
        }
        let mut students = BTreeMap::new();
        if let Some(ine) = &sought.ine {
            let student = self.students.by_ine(ine, &self.keys.identity).await?;
            students.extend(student.map(|student| (student.id, student)));
        }
        let attached: BTreeSet<_> = found.values().filter_map(|record| record.student).collect();
        for id in attached {
            let student = self.students.get(id).await?;
            students.extend(student.map(|student| (student.id, student)));
        }
        for edge in students.values().flat_map(Student::edges) {
            let uai = edge.declaration.inscription.uai;
            if depositor.may_send_for(uai).is_some() && !found.contains_key(&edge.record) {
                let record = self.attached(edge).await?;
                found.extend(record.map(|record| (record.id.clone(), record)));
            }
        }
        let mut records: Vec<Record> = found.into_values().collect();
        records.sort_by_key(|record| Reverse(record.declaration.inscription.date_debut));
        Ok(records)
    }

    /// The other records that tell of the enrolment of a record: of a file that gives numbers,
    /// beside a push that doesn't.
    async fn others_of(&self, record: &Record) -> Result<Vec<Record>, StoreError> {
        let Some(student) = record.student else { return Ok(Vec::new()) };
        let Some(student) = self.students.get(student).await? else { return Ok(Vec::new()) };
        let told = same_enrolment::enrolments(student.edges());
        let is_its = |edge: &Edge| {
            edge.record == record.id && edge.declaration.names_as(&record.declaration)
        };
        let Some(told) = told.iter().find(|told| told.records().any(is_its)) else {
            return Ok(Vec::new());
        };
        let mut others = Vec::new();
        for edge in told.records().filter(|edge| edge.record != record.id) {
            others.extend(self.attached(edge).await?);
        }
        Ok(others)
    }
}
