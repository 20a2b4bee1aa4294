//! What the quality of a feed is judged by, record by record.

use jiff::Timestamp;
use serde::Deserialize;

use super::RecordStore;
use crate::domain::enrolment::Enrolment;
use crate::domain::record_state::RecordState;
use crate::domain::uai::Uai;
use crate::identity::finding::{FindingCode, StatutIne};
use crate::identity::student::RecordVersion;
use crate::registry::StoreError;
use crate::registry::segment::{Position, Segment};

/// No identity, and no key.
const JUDGED: &str = "depositor, said_at, #state, visible_since, on_hold_since, statut_ine, finding, \
                      declaration.inscription";

/// A record, without whom it is about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Judged {
    /// The establishment that sent it. `None` for one that was stored before depositors were kept.
    #[serde(default)]
    pub depositor: Option<Uai>,
    /// The version that its content came with.
    #[serde(default)]
    pub said_at: Option<RecordVersion>,
    pub state: RecordState,
    /// Since when its content has been visible, if it is. Unknown of what was attached before this
    /// was kept.
    #[serde(default)]
    pub visible_since: Option<Timestamp>,
    /// Since when it has been on hold, if it is; with the same exception.
    #[serde(default)]
    pub on_hold_since: Option<Timestamp>,
    #[serde(default)]
    pub statut_ine: Option<StatutIne>,
    #[serde(default)]
    pub finding: Option<FindingCode>,
    declaration: Inscription,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Inscription {
    inscription: Enrolment,
}

impl Judged {
    /// What it says of the enrolment.
    #[must_use]
    pub fn enrolment(&self) -> &Enrolment {
        &self.declaration.inscription
    }

    /// The establishment that it is to be judged with.
    #[must_use]
    pub fn sent_by(&self) -> Uai {
        self.depositor.unwrap_or(self.enrolment().uai)
    }
}

impl RecordStore {
    /// The records of one page of a part of the table, and where the next one begins; `None` for one
    /// that can't be read. Nothing that identifies a person is read.
    pub async fn judged_page(
        &self,
        segment: Segment,
        after: Option<Position>,
    ) -> Result<(Vec<Option<Judged>>, Option<Position>), StoreError> {
        let scan = self
            .client
            .scan()
            .table_name(&self.table)
            .projection_expression(JUDGED)
            .expression_attribute_names("#state", "state");
        let (items, next) = segment.page(scan, after, "records Scan").await?;
        Ok((items.into_iter().map(|item| serde_dynamo::from_item(item).ok()).collect(), next))
    }
}
