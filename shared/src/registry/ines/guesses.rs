//! How many birth dates a client may try with one INE in a day.

use std::num::NonZeroU32;

use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use jiff::{SignedDuration, Timestamp};

use super::super::pairs::{Admission, admit_date};
use super::{InesStore, key, number};
use crate::domain::academic_year::day_in_france;
use crate::identity::digest::PairDigest;
use crate::registry::StoreError;

/// Birth dates of one INE that a client may ask about in a day. A client that sends for many
/// establishments, as the register does, hears a few wrong ones from each; nobody honest has
/// twenty.
pub const DATES_PER_DAY: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// How long they are remembered: their day, and some for clocks that differ.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

impl InesStore {
    /// Lets a client ask about a pair, if it hasn't asked about too many birth dates of the INE
    /// today. It is counted before anything is looked up, right or wrong: of guesses made side by
    /// side no more are answered. The same pair again is counted once.
    pub async fn admit(
        &self,
        client: &str,
        pair: &PairDigest,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        let pk = format!("G#{client}#{}#{}", day_in_france(now), pair.ine.as_str());
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(pk)))
            .expression_attribute_values(
                ":expires",
                number(now.as_second().saturating_add(KEPT.as_secs())),
            )
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        admit_date(update, &pair.date, DATES_PER_DAY).await
    }
}
