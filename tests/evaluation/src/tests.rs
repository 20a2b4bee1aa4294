//! Scores over sets small enough to be counted by hand.

use std::path::PathBuf;

use crate::bounds::{self, Must, Rates};
use crate::linkage::Linkage;
use crate::look_ups::{LookUpScore, Told};
use crate::resolution::{Resolution, Share};
use crate::set::{Expected, FRANCE, LabelledQuestion, LabelledSet, LookUp, Record};
use crate::tables::Judged;

/// A directory of a labelled set, removed at the end.
struct Directory(PathBuf);

const RECORDS: &str = "record_id,date_reception,uai,annee,ine,nom_naissance,nom_usage,prenom1,autres_prenoms,sexe,\
    date_naissance,code_commune_naissance,libelle_naissance,code_pays_naissance\n\
    R1,2025-09-01,0440085D,2025,070578267KH,Castelbou,,Léa,Marguerite,F,2004-03-12,44109,Nantes,99100\n\
    R2,2025-09-02,0440085D,2025,,CASTELBOU,,LEA,,F,2004-03-12,44109,NANTES,99100\n\
    R3,2025-09-03,0440085D,2025,,QUINIOU,,MALO,,M,2003-06-30,29019,BREST,99100\n";
const TRUTH: &str = "record_id,person_id\nR1,P1\nR2,P1\nR3,P2\n";
const ASKED: &str = "query_id,nom,prenoms,sexe,date_naissance,code_commune_naissance,libelle_naissance,code_pays_naissance\n\
    Q1,CASTELBOU,Léa Marguerite,F,2004-03-12,44109,,99100\n\
    Q2,CASTELBOU,Zoé,F,2004-03-12,44109,,99100\n";
const ANSWERS: &str = "query_id,kind,expected\nQ1,present_clean,P1\nQ2,absent_twin,NONE\n";

impl Directory {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("evaluation-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        for (file, text) in files {
            std::fs::write(path.join(file), text).unwrap();
        }
        Self(path)
    }

    fn refused(&self) -> String {
        format!("{:#}", LabelledSet::read(&self.0).unwrap_err())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Records named 0, 1, 2… of the people given.
fn set(people: &[&str]) -> LabelledSet {
    let mut set = LabelledSet::default();
    for (number, person) in people.iter().enumerate() {
        let record_id = number.to_string();
        let code_pays_naissance = if *person == "abroad" { "99352" } else { FRANCE }.to_owned();
        let uai = if number % 2 == 0 { "0440085D" } else { "0751967F" }.to_owned();
        set.push(
            Record { record_id, code_pays_naissance, uai, sexe: "F".into(), ..Record::default() },
            person,
        );
    }
    set
}

fn linked(set: &LabelledSet, entities: &[&str]) -> Linkage {
    let names: Vec<String> = (0..entities.len()).map(|number| number.to_string()).collect();
    Linkage::of(set, names.iter().map(String::as_str).zip(entities.iter().copied())).unwrap()
}

#[test]
fn pairs_are_counted_once_each() {
    let set = set(&["a", "a", "a", "b", "b", "abroad", "abroad"]);
    let linkage = linked(&set, &["1", "1", "2", "2", "2", "3", "4"]);
    let review = [("2", "0"), ("0", "2"), ("5", "0")];
    let linkage = linkage.with_review(&set, review.into_iter()).unwrap();
    let linkage = linkage.with_compared(&set, [("1", "0"), ("3", "4")].into_iter()).unwrap();
    let resolution = Resolution::of(&set, &linkage, |_, _| true);
    assert_eq!(resolution.precision, Share { part: 2, whole: 4 });
    assert_eq!(resolution.recall, Share { part: 2, whole: 5 });
    assert_eq!((resolution.people, resolution.misplaced, resolution.wrong()), (3, 1, 2));
    assert_eq!(resolution.wrong_by_kind["stranger"], 2);
    // The same pair twice is one; the second is two people's.
    assert_eq!(resolution.review, Some(Share { part: 1, whole: 2 }));
    assert_eq!(resolution.joined_or_waiting, Some(Share { part: 3, whole: 5 }));
    assert_eq!(resolution.blocking, Some(Share { part: 2, whole: 5 }));
    assert_eq!(resolution.recall_by_group["born abroad"], Share { part: 0, whole: 1 });
    assert_eq!(resolution.recall_by_group["born in France"], Share { part: 2, whole: 4 });
    assert_eq!(resolution.recall_by_group["INE missing"], Share { part: 2, whole: 5 });
}

#[test]
fn pairs_of_one_source_are_left_out_where_sources_are_linked() {
    let set = set(&["a", "a", "a"]);
    let resolution =
        Resolution::of(&set, &linked(&set, &["1", "1", "1"]), |one, other| one.uai != other.uai);
    assert_eq!(resolution.recall, Share { part: 2, whole: 2 });
}

#[test]
fn a_record_that_nobody_decided_about_is_a_student_of_its_own() {
    let set = set(&["a", "a", "a"]);
    let linkage = Linkage::of(&set, [("0", "x"), ("1", "x")].into_iter()).unwrap();
    assert!(linkage.joins(0, 1) && !linkage.joins(1, 2));
    assert!(
        Linkage::of(&set, [("9", "x")].into_iter()).is_err(),
        "a record that the set doesn't have"
    );
}

#[test]
fn somebody_else_is_a_leak_whoever_was_meant() {
    let counted = |expected: &str, told| {
        let question = LabelledQuestion {
            asked: LookUp::default(),
            kind: "kind".into(),
            expected: Expected::parse(expected),
        };
        let mut score = LookUpScore::default();
        score.count(&question, told, LookUp::is_bare);
        let count = score.kind("kind");
        (count.right, count.leaks)
    };
    for expected in ["NONE", "AMBIGUOUS", "P1", "NONE_OR:P1"] {
        assert_eq!(counted(expected, Told::Person("P2")), (0, 1), "{expected}");
    }
    assert_eq!(counted("P1", Told::Person("P1")), (1, 0));
    assert_eq!(counted("NONE_OR:P1", Told::Person("P1")), (1, 0));
    assert_eq!(counted("NONE_OR:P1", Told::Nobody), (0, 0));
    assert_eq!(counted("NONE", Told::Nobody), (1, 0));
    assert_eq!(counted("NONE", Told::Several), (0, 0));
    assert_eq!(counted("AMBIGUOUS", Told::Several), (1, 0));
    assert_eq!(counted("AMBIGUOUS", Told::NotFound), (1, 0));
    assert_eq!(counted("P1", Told::NotFound), (0, 0));
}

#[test]
fn a_set_whose_files_disagree_is_refused() {
    let unlabelled = Directory::new(
        "unlabelled",
        &[("records.csv", RECORDS), ("truth.csv", "record_id,person_id\nR1,P1\n")],
    );
    assert!(unlabelled.refused().contains("R2"), "{}", unlabelled.refused());
    let more = format!("{TRUTH}R9,P9\n");
    let missing = Directory::new("missing", &[("records.csv", RECORDS), ("truth.csv", &more)]);
    assert!(missing.refused().contains("R9"), "{}", missing.refused());
    let twice = format!("{RECORDS}R3,,,,,,,,,,,,,\n");
    let twice = Directory::new("repeated", &[("records.csv", &twice), ("truth.csv", TRUTH)]);
    assert!(twice.refused().contains("R3"), "{}", twice.refused());
    let files = [
        ("records.csv", RECORDS),
        ("truth.csv", TRUTH),
        ("lookups.csv", ASKED),
        ("lookups_truth.csv", "query_id,kind,expected\nQ1,present_clean,P1\n"),
    ];
    let unanswered = Directory::new("unanswered", &files);
    assert!(unanswered.refused().contains("Q2"), "{}", unanswered.refused());
}

#[test]
fn the_engine_is_judged_over_a_directory_and_bounds_are_held_against_it() {
    let files = [
        ("records.csv", RECORDS),
        ("truth.csv", TRUTH),
        ("lookups.csv", ASKED),
        ("lookups_truth.csv", ANSWERS),
    ];
    let directory = Directory::new("judged", &files);
    let judged = Judged::of(&directory.0).unwrap();
    assert_eq!(judged.resolution.recall, Share { part: 1, whole: 1 });
    assert_eq!(judged.resolution.precision, Share { part: 1, whole: 1 });
    let look_ups = judged.look_ups.as_ref().unwrap();
    assert_eq!(
        (look_ups.standard.kind("present_clean").right, look_ups.standard.leaks().part),
        (1, 0)
    );
    assert!(bounds::checks(Rates::Twins, &judged).iter().all(bounds::Check::is_met));

    // The same records, of other people: what was right is wrong.
    std::fs::write(directory.0.join("truth.csv"), "record_id,person_id\nR1,P1\nR2,P3\nR3,P2\n")
        .unwrap();
    let judged = Judged::of(&directory.0).unwrap();
    let checks = bounds::checks(Rates::Natural, &judged);
    let missed: Vec<_> =
        checks.iter().filter(|check| !check.is_met()).map(|check| check.measure).collect();
    assert!(
        missed.contains(&"precision") && missed.contains(&"wrongly attached per 10,000"),
        "{missed:?}"
    );
}

#[test]
fn what_is_no_number_meets_no_bound() {
    assert!(Must::AtLeast(0.5).is_met_by(0.5) && Must::AtMost(0.5).is_met_by(0.5));
    assert!(!Must::AtLeast(0.5).is_met_by(f64::NAN) && !Must::AtMost(0.5).is_met_by(f64::NAN));
}
