//! The object that an S3 event is about.

use aws_lambda_events::event::s3::S3EventRecord;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use shared::domain::uai::Uai;

/// One version of one object in the inbox.
#[derive(Debug, Clone)]
pub(crate) struct InboxObject {
    pub(crate) bucket: String,
    /// Decoded. The depositor chose it: it never goes into a log.
    pub(crate) key: String,
    pub(crate) version_id: String,
    pub(crate) bytes: u64,
    /// When S3 says it happened.
    event_time: Option<Timestamp>,
}

/// The event is not about an object version of our inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotOurs {
    #[error("event names no bucket, key or version")]
    Incomplete,
    #[error("object key is not UTF-8 once decoded")]
    Key,
    #[error("event is about another bucket than the inbox")]
    OtherBucket,
}

impl InboxObject {
    pub(crate) fn of(record: &S3EventRecord, inbox: &str) -> Result<Self, NotOurs> {
        let bucket = record.s3.bucket.name.clone().ok_or(NotOurs::Incomplete)?;
        if bucket != inbox {
            return Err(NotOurs::OtherBucket);
        }
        let object = &record.s3.object;
        let encoded = object.key.as_deref().ok_or(NotOurs::Incomplete)?;
        Ok(Self {
            bucket,
            key: decode(encoded).ok_or(NotOurs::Key)?,
            version_id: object.version_id.clone().ok_or(NotOurs::Incomplete)?,
            bytes: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
            event_time: Timestamp::from_millisecond(record.event_time.timestamp_millis()).ok(),
        })
    }

    /// The depositor: the key is `<UAI>/<name>`.
    pub(crate) fn depositor(&self) -> Option<Uai> {
        let (prefix, name) = self.key.split_once('/')?;
        Uai::parse(prefix).ok().filter(|_| !name.is_empty())
    }

    /// Whether the name says CSV.
    pub(crate) fn is_csv(&self) -> bool {
        self.key.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("csv"))
    }

    /// When what the file says was true: its extraction date if the depositor gave one, else when it was dropped.
    ///
    /// S3 gives `Last-Modified` to the second only; the time of the event tells two files of one second apart. It
    /// counts only when it is that of the drop: an event written by hand for a replay must not make an old file
    /// new.
    pub(crate) fn extracted_at(&self, given: Option<&str>, last_modified: Timestamp) -> Timestamp {
        if let Some(given) = given.and_then(|text| text.parse().ok()) {
            return given;
        }
        let of_the_drop =
            |event: &Timestamp| (0..5_000).contains(&(event.as_millisecond() - last_modified.as_millisecond()));
        self.event_time.filter(of_the_drop).unwrap_or(last_modified)
    }
}

/// S3 writes keys in its events as HTML forms do: percent-encoded, with `+` for a blank.
fn decode(encoded: &str) -> Option<String> {
    percent_decode_str(&encoded.replace('+', " ")).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::event::s3::S3Event;

    use super::*;

    fn object() -> InboxObject {
        let event: S3Event = serde_json::from_str(include_str!("../../../events/s3-object-created.json")).unwrap();
        InboxObject::of(&event.records[0], "statut-etudiant-local-inbox").unwrap()
    }

    #[test]
    fn a_recorded_event_names_the_object() {
        let object = object();
        assert_eq!(object.key, "0751967F/rentrée 2026.csv");
        assert_eq!(object.depositor(), Uai::parse("0751967F").ok());
        assert!(object.is_csv());
    }

    #[test]
    fn another_bucket_is_not_ours() {
        let event: S3Event = serde_json::from_str(include_str!("../../../events/s3-object-created.json")).unwrap();
        assert_eq!(InboxObject::of(&event.records[0], "other").unwrap_err(), NotOurs::OtherBucket);
    }

    #[test]
    fn odd_keys_have_no_depositor() {
        for key in ["rentree.csv", "0751967F/", "../0751967F/x.csv", "0751967G/x.csv", "/x.csv", ""] {
            assert_eq!(InboxObject { key: key.into(), ..object() }.depositor(), None, "{key}");
        }
        assert_eq!(decode("%FF"), None);
        assert_eq!(decode("a%2Fb+c%2Bd").as_deref(), Some("a/b c+d"));
    }

    #[test]
    fn the_event_time_counts_only_when_it_is_that_of_the_drop() {
        let object = object();
        let event = object.event_time.unwrap();
        let second = Timestamp::from_second(event.as_second()).unwrap();
        assert_eq!(object.extracted_at(None, second), event);
        let long_ago = Timestamp::from_second(event.as_second() - 60).unwrap();
        assert_eq!(object.extracted_at(None, long_ago), long_ago, "a replay");
        let given: Timestamp = "2026-09-01T08:00:00Z".parse().unwrap();
        assert_eq!(object.extracted_at(Some("2026-09-01T10:00:00+02:00"), second), given);
        assert_eq!(object.extracted_at(Some("hier"), second), event);
    }
}
