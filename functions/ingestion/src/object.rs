//! The object that an S3 event is about, and when what it says was true.

use std::collections::HashMap;

use aws_lambda_events::event::s3::S3EventRecord;
use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use shared::domain::academic_year::in_france;
use shared::domain::fold::fold;
use shared::registry::imports::{Arrival, ImportId};
use strsim::osa_distance;

/// The event is not about an object version of our inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotOurs {
    #[error("event names no bucket, key or version")]
    Incomplete,
    #[error("object key is not UTF-8 once decoded")]
    Key,
    #[error("event is about another bucket than the inbox")]
    OtherBlock,
    /// A console puts such an object to show an empty folder.
    #[error("object is the mark of a folder")]
    Folder,
}

/// The import that an object version is, and what the event says of it.
pub(crate) fn arrival(record: &S3EventRecord, inbox: &str) -> Result<(ImportId, Arrival), NotOurs> {
    let bucket = record.s3.bucket.name.as_deref().ok_or(NotOurs::Incomplete)?;
    if bucket != inbox {
        return Err(NotOurs::OtherBlock);
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

/// The reason for which an extraction date isn't taken. Without it, an old extract would win over
/// what was sent since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WrongDate {
    /// The date is in the future: every later file would look older.
    #[error(
        "la date d'extraction donnée avec le fichier (date-extraction) est postérieure à son dépôt"
    )]
    InTheFuture,
    /// So old that it is a slip.
    #[error(
        "la date d'extraction donnée avec le fichier (date-extraction) est antérieure de plus de dix ans à son dépôt"
    )]
    LongAgo,
    /// The text has no form that is read as a date.
    #[error(
        "la date d'extraction donnée avec le fichier (date-extraction) n'est pas lisible : l'écrire \
         2026-09-01T08:00:00+02:00, ou 2026-09-01 08:00:00 à l'heure de Paris"
    )]
    Unreadable,
}

/// A depositor's clock may be ahead by so much.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(1);
/// The oldest extract that may be sent.
const OLDEST: SignedDuration = SignedDuration::from_hours(10 * 366 * 24);
/// The metadata that says when what a file holds was true.
const EXTRACTION_DATE: &str = "date-extraction";

/// When what a file says was true, and whether its depositor said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ExtractedAt {
    pub(crate) at: Timestamp,
    pub(crate) given: bool,
}

/// The value of `date-extraction`, by that name or one that is meant to be it: `Date_Extraction`,
/// `extraction-date`.
pub(crate) fn extraction_date(metadata: &HashMap<String, String>) -> Option<&str> {
    let is_meant = |name: &str| {
        let folded = fold(name);
        ["DATEEXTRACTION", "EXTRACTIONDATE", "DATEDEXTRACTION"]
            .iter()
            .any(|meant| osa_distance(meant, &folded) <= 2)
    };
    let exact = metadata.get(EXTRACTION_DATE);
    // The first by name, so that it is the same each time.
    exact
        .or_else(|| {
            metadata.iter().filter(|(name, _)| is_meant(name)).min().map(|(_, value)| value)
        })
        .map(String::as_str)
}

/// When what a file says was true: its extraction date if the depositor gave one, else when it was
/// dropped.
///
/// S3 gives `Last-Modified` to the second only; the time of the event tells two files of one second
/// apart. It counts only when it is that of the drop: an event written by hand for a replay must
/// not make an old file new.
pub(crate) fn extracted_at(
    given: Option<&str>,
    event_time: Option<Timestamp>,
    last_modified: Timestamp,
) -> Result<ExtractedAt, WrongDate> {
    if let Some(given) = given.map(str::trim).filter(|text| !text.is_empty()) {
        let at = moment(given).ok_or(WrongDate::Unreadable)?;
        let ahead = at.duration_since(last_modified);
        return if ahead > CLOCKS_DIFFER {
            Err(WrongDate::InTheFuture)
        } else if -ahead > OLDEST {
            Err(WrongDate::LongAgo)
        } else {
            Ok(ExtractedAt { at, given: true })
        };
    }
    let of_the_drop = |event: &Timestamp| {
        (0..5_000).contains(&(event.as_millisecond() - last_modified.as_millisecond()))
    };
    Ok(ExtractedAt { at: event_time.filter(of_the_drop).unwrap_or(last_modified), given: false })
}

/// A moment as RFC 3339 has it, or at the hour of Paris where no zone is said. A day alone is its
/// beginning, so that what was sent on that day isn't taken for older.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    let day = |form| Date::strptime(form, text).ok().map(|day| day.to_datetime(Time::midnight()));
    let civil = text
        .parse::<DateTime>()
        .ok()
        .or_else(|| DateTime::strptime("%d/%m/%Y %H:%M:%S", text).ok())
        .or_else(|| DateTime::strptime("%d/%m/%Y %H:%M", text).ok())
        .or_else(|| DateTime::strptime("%Y-%m-%d %H:%M", text).ok())
        .or_else(|| day("%d/%m/%Y"))?;
    in_france(civil)
}

/// S3 writes keys in its events as HTML forms do: percent-encoded, with `+` for a blank.
fn decode(encoded: &str) -> Option<String> {
    percent_decode_str(&encoded.replace('+', " "))
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::event::s3::S3Event;

    use super::*;

    fn event() -> S3EventRecord {
        let event: S3Event =
            serde_json::from_str(include_str!("../../../events/s3-object-created.json")).unwrap();
        event.records[0].clone()
    }

    #[test]
    fn a_recorded_event_names_the_object() {
        let (id, arrival) = arrival(&event(), "statut-etudiant-local-inbox").unwrap();
        assert_eq!(arrival.object_key, "0751967F/rentrée 2026.csv");
        assert_eq!((arrival.bytes, arrival.sequencer.as_str()), (4096, "0055AED6DCD90281E5"));
        assert_eq!(
            id,
            ImportId::of("statut-etudiant-local-inbox", &arrival.object_key, &arrival.version_id)
        );
    }

    #[test]
    fn what_is_not_ours_is_told_apart() {
        assert_eq!(arrival(&event(), "other").unwrap_err(), NotOurs::OtherBlock);
        let mut record = event();
        record.s3.object.key = Some("0751967F/".into());
        assert!(
            arrival(&record, "statut-etudiant-local-inbox").is_ok(),
            "a file may have an odd name"
        );
        record.s3.object.size = Some(0);
        assert_eq!(arrival(&record, "statut-etudiant-local-inbox").unwrap_err(), NotOurs::Folder);
        assert_eq!(decode("%FF"), None);
        assert_eq!(decode("a%2Fb+c%2Bd").as_deref(), Some("a/b c+d"));
    }

    #[test]
    fn the_event_time_counts_only_when_it_is_that_of_the_drop() {
        let event: Timestamp = "2026-09-14T06:31:12.421Z".parse().unwrap();
        let second = Timestamp::from_second(event.as_second()).unwrap();
        let dropped = |at| Ok(ExtractedAt { at, given: false });
        assert_eq!(extracted_at(None, Some(event), second), dropped(event));
        let long_ago = Timestamp::from_second(event.as_second() - 60).unwrap();
        assert_eq!(extracted_at(None, Some(event), long_ago), dropped(long_ago), "a replay");
        assert_eq!(extracted_at(Some(" "), Some(event), second), dropped(event));
    }

    #[test]
    fn a_date_is_read_as_meant_or_fails() {
        let dropped: Timestamp = "2026-09-14T06:31:12Z".parse().unwrap();
        let read = |text| {
            extracted_at(Some(text), None, dropped).map(|extracted| extracted.at.to_string())
        };
        for text in [
            "2026-09-01T10:00:00+02:00",
            "2026-09-01T08:00:00Z",
            "2026-09-01T10:00:00",
            "2026-09-01 10:00:00",
            "2026-09-01 10:00",
            "01/09/2026 10:00",
            " 01/09/2026 10:00:00 ",
        ] {
            assert_eq!(read(text).as_deref(), Ok("2026-09-01T08:00:00Z"), "{text}");
        }
        for text in ["2026-09-01", "01/09/2026"] {
            assert_eq!(read(text).as_deref(), Ok("2026-08-31T22:00:00Z"), "{text}");
        }
        for text in ["hier", "2026-13-01", "1756713600"] {
            assert_eq!(read(text), Err(WrongDate::Unreadable), "{text}");
        }
        assert_eq!(read("2062-09-01T10:00:00+02:00"), Err(WrongDate::InTheFuture));
        for text in ["0206-09-01", "01/09/26"] {
            assert_eq!(read(text), Err(WrongDate::LongAgo), "{text}");
        }
    }

    #[test]
    fn the_metadata_may_be_misspelt() {
        let of = |name: &str| {
            extraction_date(&HashMap::from([(name.to_owned(), "x".to_owned())])).map(str::to_owned)
        };
        for name in [
            "date-extraction",
            "date_extraction",
            "dateextraction",
            "Date-Extracton",
            "extraction-date",
        ] {
            assert_eq!(of(name).as_deref(), Some("x"), "{name}");
        }
        assert_eq!(of("import"), None);
    }
}
