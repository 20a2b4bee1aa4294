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
use crate::registry::keys::Item;

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
    /// Every record in one part of the table; `None` for one that can't be read.
    ///
    /// `segment` is from 0, below `segments`. Nothing that identifies a person is read.
    pub async fn scan_judged(
        &self,
        segment: i32,
        segments: i32,
        mut each: impl FnMut(Option<Judged>),
    ) -> Result<(), StoreError> {
        let scan = self.client.scan().table_name(&self.table);
        let mut pages = scan
            .segment(segment)
            .total_segments(segments)
            .projection_expression(JUDGED)
            .expression_attribute_names("#state", "state")
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            let item: Item = item.map_err(|error| StoreError::new("records Scan", &error))?;
            each(serde_dynamo::from_item(item).ok());
        }
        Ok(())
    }
}
