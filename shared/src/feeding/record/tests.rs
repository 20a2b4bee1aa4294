use jiff::Timestamp;

use super::*;
use crate::domain::ine::Ine;
use crate::identity::digest::DigestKey;
use crate::identity::fixtures::declaration;

fn record(given: &str, version: &RecordVersion) -> NewRecord {
    let declaration = Box::new(declaration(None, "Martin", given, "2004-03-02"));
    let id = RecordId::of(&DigestKey::new("1".into(), "records".to_owned().into()), &declaration);
    NewRecord { id, version: version.clone(), depositor: declaration.inscription.uai, declaration }
}

fn at(second: i64, import: &str, line: u64) -> RecordVersion {
    RecordVersion::new(Timestamp::from_second(second).unwrap(), "", import, line)
}

fn stored(record: &NewRecord, version: &RecordVersion, state: RecordState) -> Stored {
    Stored {
        id: record.id.clone(),
        version: version.clone(),
        said_at: Some(version.clone()),
        first_version: Some(version.clone()),
        digest: Some(ContentDigest::of(&record.declaration)),
        state,
        statut_ine: None,
        seen: None,
        content: StoredContent {
            inscription: StoredEnrolment { statut: record.declaration.inscription.statut },
        },
    }
}

/// What becomes of one record over what is stored, when its write goes through.
fn one(record: NewRecord, stored: Option<Stored>, horizons: &Horizons) -> (Vec<Write>, PutOutcome) {
    let mut batch = Batch::new(vec![record], horizons);
    batch.learn(&stored.into_iter().map(|stored| (stored.id.clone(), stored)).collect());
    let writes = batch.writes().to_vec();
    batch.apply(Written::All);
    (writes, batch.outcome())
}

#[test]
fn what_is_new_or_changed_is_stored() {
    let sent = record("Léa", &at(10, "import", 2));
    let (writes, outcome) = one(sent.clone(), None, &Horizons::new());
    assert!(matches!(writes[..], [Write::Put(_)]));
    let pending = vec![sent.id.clone()];
    assert_eq!(outcome, PutOutcome { pending, created: 1, ..PutOutcome::default() });

    let before =
        Stored { digest: None, ..stored(&sent, &at(9, "other", 2), RecordState::Resolved) };
    let (writes, _) = one(sent, Some(before), &Horizons::new());
    assert!(matches!(writes[..], [Write::Put(_)]), "a cancelled enrolment comes back");
}

#[test]
fn what_is_the_same_only_moves_its_version_on() {
    let sent = record("Léa", &at(10, "import", 2));
    for (state, pending) in
        [(RecordState::Resolved, 0), (RecordState::OnHold, 1), (RecordState::Pending, 1)]
    {
        let (writes, outcome) =
            one(sent.clone(), Some(stored(&sent, &at(9, "other", 2), state)), &Horizons::new());
        assert!(matches!(writes[..], [Write::Renew(_)]));
        assert_eq!((outcome.unchanged, outcome.pending.len()), (1, pending), "{state:?}");
    }
}

#[test]
fn what_is_settled_and_the_same_is_left_alone_where_that_is_allowed() {
    let (ine, version) = (Ine::parse("070578267KH").unwrap(), at(10, "import", 2));
    let without = record("Léa", &version);
    let mut with = without.clone();
    with.declaration.ine = Some(ine);
    let before = |sent: &NewRecord| stored(sent, &at(9, "other", 2), RecordState::Resolved);
    let ines = |sent: &NewRecord, statut_ine| Stored { statut_ine, ..before(sent) };
    let seen = |second| Stored { seen: Some(at(second, "broken", 0)), ..before(&without) };
    for (sent, stored, is_left, case) in [
        (&without, before(&without), true, "no INE"),
        (&with, ines(&with, Some(StatutIne::Confirme)), true, "an INE that is confirmed"),
        (&with, ines(&with, Some(StatutIne::AVerifier)), false, "an INE that isn't"),
        (&with, ines(&with, None), false, "an INE that nobody asked about"),
        (&without, Stored { state: RecordState::OnHold, ..before(&without) }, false, "on hold"),
        (&without, Stored { digest: None, ..before(&without) }, false, "no digest"),
        (&without, seen(9), true, "an earlier file had a broken row"),
        (&without, seen(11), false, "a later one had"),
    ] {
        let horizons = Horizons::new();
        let decided = |leavable: HashSet<RecordId>| {
            let mut batch = Batch::new(vec![sent.clone()], &horizons).leaving(leavable);
            batch.learn(&HashMap::from([(stored.id.clone(), stored.clone())]));
            let writes = batch.writes().len();
            batch.apply(Written::All);
            (writes, batch.outcome())
        };
        let (writes, outcome) = decided(HashSet::from([sent.id.clone()]));
        assert_eq!((writes == 0, outcome.left.len() == 1), (is_left, is_left), "{case}");
        let (writes, outcome) = decided(HashSet::new());
        assert_eq!((writes, outcome.left.len()), (1, 0), "{case}, not allowed");
    }
}

#[test]
fn a_repetition_counts_as_it_did_the_first_time() {
    let sent = record("Léa", &at(10, "import", 2));
    let changed = stored(&sent, &sent.version, RecordState::Pending);
    let unchanged = Stored { said_at: Some(at(9, "other", 2)), ..changed.clone() };
    for (stored, count) in [(changed, 0), (unchanged, 1)] {
        let (writes, outcome) = one(sent.clone(), Some(stored), &Horizons::new());
        assert!(writes.is_empty());
        assert_eq!((outcome.unchanged, outcome.superseded), (count, 0));
        assert_eq!(
            outcome.pending,
            std::slice::from_ref(&sent.id),
            "its pointer may not have been sent"
        );
    }
    let published = stored(&sent, &at(10, "import", 9), RecordState::Resolved);
    let (_, outcome) = one(sent, Some(published), &Horizons::new());
    assert_eq!(outcome, PutOutcome::default());
}

#[test]
fn what_is_older_is_ignored() {
    let sent = record("Léa", &at(10, "import", 2));
    let (writes, outcome) = one(
        sent.clone(),
        Some(stored(&sent, &at(11, "other", 2), RecordState::Pending)),
        &Horizons::new(),
    );
    assert!(writes.is_empty());
    assert_eq!(outcome, PutOutcome { superseded: 1, ..PutOutcome::default() });
}

#[test]
fn what_a_later_complete_file_left_out_does_not_come_back() {
    let sent = record("Léa", &at(10, "import", 2));
    let inscription = sent.declaration.inscription.clone();
    let horizon = |second| {
        Horizons::from([(
            (inscription.uai, inscription.academic_year()),
            at(second, "complete", 0),
        )])
    };
    let superseded = PutOutcome { superseded: 1, ..PutOutcome::default() };
    let (writes, outcome) = one(sent.clone(), None, &horizon(11));
    assert!(writes.is_empty());
    assert_eq!(outcome, superseded);
    assert_eq!(one(sent.clone(), None, &horizon(9)).1.superseded, 0);
    // Its row in the complete file was broken: nothing is known of it since.
    let before =
        Stored { digest: None, ..stored(&sent, &at(9, "other", 2), RecordState::Resolved) };
    assert_eq!(one(sent.clone(), Some(before.clone()), &horizon(11)).1.superseded, 1);
    let seen = Stored { seen: Some(at(11, "complete", 0)), ..before };
    assert_eq!(one(sent, Some(seen), &horizon(11)).1.superseded, 0);
}

#[test]
fn a_refused_batch_is_decided_anew() {
    let horizons = Horizons::new();
    let version = at(10, "import", 2);
    let [free, raced, busy] = ["Léa", "Zoé", "Eve"].map(|given| record(given, &version));
    let ids = [free.id.clone(), raced.id.clone(), busy.id.clone()];
    let newer = stored(&raced, &at(11, "other", 2), RecordState::Pending);
    let mut batch = Batch::new(vec![free, raced, busy], &horizons);
    batch.learn(&HashMap::new());
    let verdicts =
        vec![SliceVerdict::Willing, SliceVerdict::Stale(Some(Box::new(newer))), SliceVerdict::Busy];
    assert!(batch.apply(Written::None(verdicts)), "worth waiting");
    assert_eq!(batch.writes().iter().map(Write::id).collect::<Vec<_>>(), [&ids[0], &ids[2]]);
    assert!(!batch.apply(Written::All));
    assert_eq!(
        batch.outcome(),
        PutOutcome {
            pending: vec![ids[0].clone(), ids[2].clone()],
            superseded: 1,
            unchanged: 0,
            created: 2,
            left: Vec::new(),
        }
    );
}

#[test]
fn what_is_new_is_counted_however_often_it_is_tried() {
    let (version, horizons) = (at(10, "import", 2), Horizons::new());
    let sent = record("Léa", &version);
    assert_eq!(one(sent.clone(), None, &horizons).1.created, 1);
    let kept = Stored {
        first_version: Some(version.clone()),
        ..stored(&sent, &version, RecordState::Pending)
    };
    assert_eq!(one(sent.clone(), Some(kept), &horizons).1.created, 1, "after a crash");
    let known = Stored { digest: None, ..stored(&sent, &at(9, "other", 2), RecordState::Resolved) };
    assert_eq!(one(sent, Some(known), &horizons).1.created, 0);
}

#[test]
fn of_two_rows_about_one_record_the_later_counts() {
    let horizons = Horizons::new();
    let (first, second) =
        (record("Léa", &at(10, "import", 2)), record("Léa", &at(10, "import", 3)));
    for records in [vec![first.clone(), second.clone()], vec![second, first]] {
        let mut batch = Batch::new(records, &horizons);
        batch.learn(&HashMap::new());
        let [Write::Put(statement)] = batch.writes() else { panic!("one write") };
        assert_eq!(statement.record.version, at(10, "import", 3));
    }
}

#[test]
fn a_slice_follows_from_the_record() {
    let sent = record("Léa", &at(10, "import", 2));
    let slice = Slice::of(&sent.id, &sent.declaration);
    assert_eq!(slice.name(), format!("0751967F#2026#{}", sent.id.as_str().chars().last().unwrap()));
}
