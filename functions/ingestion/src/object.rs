//! The object that an S3 event is about, and when what it says was true.

use aws_lambda_events::event::s3::S3EventRecord;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use shared::registry::imports::{Arrival, ImportId};

/// The event is not about an object version of our inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotOurs {
    #[error("event names no bucket, key or version")]
    Incomplete,
    #[error("object key is not UTF-8 once decoded")]
    Key,
    #[error("event is about another bucket than the inbox")]
    OtherBucket,
    /// What consoles put to show an empty folder.
    #[error("object is the mark of a folder")]
    Folder,
}

/// The import that an object version is, and what the event says of it.
pub(crate) fn arrival(record: &S3EventRecord, inbox: &str) -> Result<(ImportId, Arrival), NotOurs> {
    let bucket = record.s3.bucket.name.as_deref().ok_or(NotOurs::Incomplete)?;
    if bucket != inbox {
        return Err(NotOurs::OtherBucket);
    }
    let object = &record.s3.object;
    let encoded = object.key.as_deref().ok_or(NotOurs::Incomplete)?;
    let arrival = Arrival {
        object_key: decode(encoded).ok_or(NotOurs::Key)?,
        version_id: object.version_id.clone().ok_or(NotOurs::Incomplete)?,
        bytes: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        event_time: Timestamp::from_millisecond(record.event_time.timestamp_millis()).ok(),
        sequencer: object.sequencer.clone().unwrap_or_default(),
    };
    if arrival.bytes == 0 && arrival.object_key.ends_with('/') {
        return Err(NotOurs::Folder);
    }
    Ok((ImportId::of(bucket, &arrival.object_key, &arrival.version_id), arrival))
}

/// An extraction date that hasn't come yet would make every later file look older.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("la date d'extraction donnée avec le fichier (date-extraction) est postérieure à son dépôt")]
pub(crate) struct InTheFuture;

/// How far a depositor's clock may be ahead.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(1);

/// When what a file says was true: its extraction date if the depositor gave one, else when it was dropped.
///
/// S3 gives `Last-Modified` to the second only; the time of the event tells two files of one second apart. It counts
/// only when it is that of the drop: an event written by hand for a replay must not make an old file new.
pub(crate) fn extracted_at(
    given: Option<&str>,
    event_time: Option<Timestamp>,
    last_modified: Timestamp,
) -> Result<Timestamp, InTheFuture> {
    if let Some(given) = given.and_then(|text| text.parse::<Timestamp>().ok()) {
        return if given.duration_since(last_modified) > CLOCKS_DIFFER { Err(InTheFuture) } else { Ok(given) };
    }
    let of_the_drop =
        |event: &Timestamp| (0..5_000).contains(&(event.as_millisecond() - last_modified.as_millisecond()));
    Ok(event_time.filter(of_the_drop).unwrap_or(last_modified))
}

/// S3 writes keys in its events as HTML forms do: percent-encoded, with `+` for a blank.
fn decode(encoded: &str) -> Option<String> {
    percent_decode_str(&encoded.replace('+', " ")).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::event::s3::S3Event;

    use super::*;

    fn event() -> S3EventRecord {
        let event: S3Event = serde_json::from_str(include_str!("../../../events/s3-object-created.json")).unwrap();
        event.records[0].clone()
    }

    #[test]
    fn a_recorded_event_names_the_object() {
        let (id, arrival) = arrival(&event(), "statut-etudiant-local-inbox").unwrap();
        assert_eq!(arrival.object_key, "0751967F/rentrée 2026.csv");
        assert_eq!((arrival.bytes, arrival.sequencer.as_str()), (4096, "0055AED6DCD90281E5"));
        assert_eq!(id, ImportId::of("statut-etudiant-local-inbox", &arrival.object_key, &arrival.version_id));
    }

    #[test]
    fn what_is_not_ours_is_told_apart() {
        assert_eq!(arrival(&event(), "other").unwrap_err(), NotOurs::OtherBucket);
        let mut record = event();
        record.s3.object.key = Some("0751967F/".into());
        assert!(arrival(&record, "statut-etudiant-local-inbox").is_ok(), "a file may have an odd name");
        record.s3.object.size = Some(0);
        assert_eq!(arrival(&record, "statut-etudiant-local-inbox").unwrap_err(), NotOurs::Folder);
        assert_eq!(decode("%FF"), None);
        assert_eq!(decode("a%2Fb+c%2Bd").as_deref(), Some("a/b c+d"));
    }

    #[test]
    fn the_event_time_counts_only_when_it_is_that_of_the_drop() {
        let event: Timestamp = "2026-09-14T06:31:12.421Z".parse().unwrap();
        let second = Timestamp::from_second(event.as_second()).unwrap();
        assert_eq!(extracted_at(None, Some(event), second), Ok(event));
        let long_ago = Timestamp::from_second(event.as_second() - 60).unwrap();
        assert_eq!(extracted_at(None, Some(event), long_ago), Ok(long_ago), "a replay");
        let given: Timestamp = "2026-09-01T08:00:00Z".parse().unwrap();
        assert_eq!(extracted_at(Some("2026-09-01T10:00:00+02:00"), Some(event), second), Ok(given));
        assert_eq!(extracted_at(Some("hier"), Some(event), second), Ok(event));
        assert_eq!(extracted_at(Some("2062-09-01T10:00:00+02:00"), Some(event), second), Err(InTheFuture));
    }
}
