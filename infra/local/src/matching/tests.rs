//! The command over small files, as a judge runs it.

use std::fs;
use std::path::PathBuf;

use shared::identity::engine::lookup::Mode;

use super::*;

const HEADING: &str = "record_id,date_reception,uai,annee,ine,nom_naissance,nom_usage,prenom1,autres_prenoms,sexe,\
    date_naissance,code_commune_naissance,libelle_naissance,code_pays_naissance";

/// Two people; one of them has three records, and a twin.
const ROWS: [&str; 5] = [
    "R1,2025-09-01,0440085D,2025,070578267KH,Castelbou,,Léa,Marguerite,F,2004-03-12,44109,Nantes,99100",
    "R2,2025-09-02,0440085D,2025,,CASTELBOU,,LEA,,F,2004-03-12,44109,NANTES,99100",
    "R3,2025-09-03,0440085D,2025,090567778FF,CASTELBOU,,CHLOE,,F,2004-03-12,44109,NANTES,99100",
    "R4,2025-09-04,0440085D,2025,070578267KH,Castlebou,,Lea,,F,2004-12-03,,Nantes,99100",
    "R5,2025-09-05,0440085D,2025,,Quiniou,,Malo,,M,2003-06-30,29019,Brest,99100",
];

/// A directory of its own, removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("match-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn options(&self, rows: &[&str]) -> cli::Match {
        let records = self.0.join("records.csv");
        fs::write(&records, format!("{HEADING}\n{}\n", rows.join("\n"))).unwrap();
        cli::Match {
            records,
            entities: self.0.join("entities.csv"),
            review: Some(self.0.join("review.csv")),
            lookups: None,
            answers: None,
            mode: Mode::Standard,
            metrics: Some(self.0.join("metrics.json")),
            candidates: Some(self.0.join("candidates.csv")),
        }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn people_are_told_apart_and_what_was_compared_is_written() {
    let directory = Directory::new("people");
    run(&directory.options(&ROWS)).unwrap();
    assert_eq!(
        directory.read("entities.csv"),
        "record_id,entity_id\nR1,R1\nR2,R1\nR3,R3\nR4,R1\nR5,R5\n"
    );
    assert_eq!(directory.read("review.csv"), "record_id_a,record_id_b\n");
    assert!(directory.read("candidates.csv").contains("R1,R2\n"));
    let metrics: serde_json::Value = serde_json::from_str(&directory.read("metrics.json")).unwrap();
    assert_eq!(metrics["records"], 5);
    assert!(metrics["keys_per_record"].as_f64().unwrap() > 1.0);
}

#[test]
fn a_file_played_twice_changes_nothing() {
    let directory = Directory::new("twice");
    run(&directory.options(&ROWS)).unwrap();
    let once = directory.read("entities.csv");
    run(&directory.options(&[ROWS, ROWS].concat())).unwrap();
    assert_eq!(directory.read("entities.csv"), once);
}

#[test]
fn questions_are_answered_with_a_record_of_the_student() {
    let directory = Directory::new("questions");
    let questions = directory.0.join("questions.csv");
    let heading = "query_id,nom,prenoms,sexe,date_naissance,code_commune_naissance,libelle_naissance,code_pays_naissance";
    let rows = [
        "Q1,CASTELBOU,Léa Marguerite,F,2004-03-12,44109,,99100",
        "Q2,CASTELBOU,Zoé,F,2004-03-12,44109,,99100",
    ];
    fs::write(&questions, format!("{heading}\n{}\n", rows.join("\n"))).unwrap();
    let answers = directory.0.join("answers.csv");
    let options =
        cli::Match { lookups: Some(questions), answers: Some(answers), ..directory.options(&ROWS) };
    run(&options).unwrap();
    assert_eq!(directory.read("answers.csv"), "query_id,answer\nQ1,R1\nQ2,NONE\n");
}

#[test]
fn a_missing_column_is_named() {
    let directory = Directory::new("column");
    let options = directory.options(&[]);
    fs::write(&options.records, "record_id,prenom1\n").unwrap();
    let error = run(&options).unwrap_err();
    assert!(format!("{error:#}").contains("nom_naissance"), "{error:#}");
}
