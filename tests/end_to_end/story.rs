//! The main job: two files become statuses.

use tests::eventually;
use tests::people::{Person, file};
use tests::stack::{LYCEE, SECOND_LYCEE, Stack, UNIVERSITY};

fn enrolled(uai: &str, status: &str) -> (String, String) {
    (uai.to_owned(), status.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_university_and_one_of_a_lycee_become_statuses() {
    let stack = Stack::connect().await;

    let inscrit = Person::at(UNIVERSITY);
    let admis = Person { status: "admis".into(), ..Person::at(UNIVERSITY) };
    let twice = Person::at(UNIVERSITY);
    // The university knows no INE; the lycée does, and writes without accents, in capitals.
    let spelled = Person {
        ine: String::new(),
        family: format!("D’Été-{}", tests::people::fresh_name()),
        ..Person::at(UNIVERSITY)
    };
    let university: Vec<_> = [&inscrit, &admis, &twice, &spelled].map(Person::row).into();

    let twice_again = Person { uai: SECOND_LYCEE.into(), ..twice.clone() };
    let spelled_again = Person {
        ine: tests::people::fresh_ine(),
        family: spelled.family.replace("D’Été-", "d ete ").to_uppercase(),
        given: spelled.given.replace('ë', "e").to_uppercase(),
        uai: LYCEE.into(),
        ..spelled.clone()
    };
    let lycee: Vec<_> = [&twice_again, &spelled_again].map(Person::row).into();

    let (from_university, from_lycee) =
        tokio::join!(stack.import(UNIVERSITY, &university), stack.import(LYCEE, &lycee));
    assert_eq!(
        (&from_university["lignes"]["acceptees"], &from_university["lignes"]["rejetees"]),
        (&4.into(), &0.into())
    );
    assert_eq!(
        (&from_lycee["etat"], &from_lycee["lignes"]["acceptees"]),
        (&"terminé".into(), &2.into())
    );

    for (who, person, expected) in [
        ("enrolled", &inscrit, vec![enrolled(UNIVERSITY, "inscrit")]),
        ("admitted", &admis, vec![enrolled(UNIVERSITY, "admis")]),
        (
            "in two establishments",
            &twice,
            vec![enrolled(SECOND_LYCEE, "inscrit"), enrolled(UNIVERSITY, "inscrit")],
        ),
        (
            "written in two ways",
            &spelled_again,
            vec![enrolled(LYCEE, "inscrit"), enrolled(UNIVERSITY, "inscrit")],
        ),
    ] {
        let answer = eventually(who, || async {
            let answer = stack.by_ine(&person.ine).await;
            (answer.status == 200 && answer.enrolments() == expected).then_some(answer)
        })
        .await;
        assert_eq!(answer.json()["ine"], person.ine);
    }

    let answer = stack.by_identity(&spelled).await;
    assert_eq!(
        (answer.status, answer.enrolments().len()),
        (200, 2),
        "asked for in the first spelling: {}",
        answer.text
    );
    assert_eq!(answer.json()["ine"], serde_json::Value::Null, "no INE on the call by identity");

    assert_eq!(stack.by_ine(&tests::people::fresh_ine()).await.status, 404);
    assert_eq!(stack.by_identity(&Person::at(UNIVERSITY)).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lycee_may_write_windows_1252_with_commas() {
    let stack = Stack::connect().await;
    let person = Person {
        family: format!("Lefèvre œil {}", tests::people::fresh_name()),
        ..Person::at(LYCEE)
    };
    stack.register_people(file(&[person.row()]).as_bytes()).await;
    let text = file(&[person.row()]).replace(';', ",");
    let bytes: Vec<u8> = text
        .chars()
        .map(|letter| match letter {
            'œ' => 0x9C,
            other => u8::try_from(u32::from(other)).expect("a Latin letter"),
        })
        .collect();
    let dropped = stack.drop_file(LYCEE, bytes).await;
    assert_eq!(stack.report(&dropped).await["lignes"]["acceptees"], 1);
    let answer = eventually("the status", || async {
        let answer = stack.by_ine(&person.ine).await;
        (answer.status == 200).then_some(answer)
    })
    .await;
    assert_eq!(
        (&answer.json()["nomFamille"], &answer.json()["prenom"]),
        (&person.family.into(), &person.given.into())
    );
}
