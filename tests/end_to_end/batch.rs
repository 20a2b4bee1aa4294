//! Several people in one call.

use serde_json::{Value, json};
use shared::access::route::Route;
use tests::http::{HttpAnswer, RECIPIENT};
use tests::people::{Person, fresh_ine};
use tests::stack::{Stack, UNIVERSITY};
use tests::traces;
use ureq::http::Method;

use crate::golden::{golden, personal};
use crate::population::population;

/// A body as it is, with its type if it says one.
async fn send(
    stack: &Stack,
    token: &str,
    content_type: Option<&str>,
    body: impl Into<Vec<u8>>,
) -> HttpAnswer {
    let path = format!("/v3/mesri/statut_etudiant/lot?recipient={RECIPIENT}");
    let call = stack.call(Method::POST, &path).bearer(token).body(body);
    let call = if let Some(content_type) = content_type {
        call.header("content-type", content_type)
    } else {
        call
    };
    call.send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_has_its_answer_in_its_place() {
    let stack = Stack::connect().await;
    let people = population(&stack).await;
    let (student, admitted, abroad) = (&people.student, &people.admitted, &people.born_abroad);
    let (client, token) = stack.client(|_| {}).await;
    let with = |mut line: Value, name: &str, value: Value| {
        line[name] = value;
        line
    };
    let mut homonym = people.homonyms[0].line();
    homonym.as_object_mut().unwrap().remove("codeCogInseeCommuneNaissance");
    let lines = [
        json!({ "reference": "dossier-1", "ine": student.ine }),
        with(admitted.line(), "reference", "dossier_2.b".into()),
        json!({ "reference": "dossier-3", "ine": fresh_ine() }),
        with(Person::at(UNIVERSITY).line(), "reference", "dossier-4".into()),
        json!({ "reference": "dossier-5", "ine": "1111111111Q" }),
        json!({ "reference": "dossier-6" }),
        json!({ "reference": "M. Dupont", "ine": student.ine }),
        with(homonym, "reference", "dossier-8".into()),
        json!({ "reference": "dossier-9", "ine": people.over.ine }),
        json!({ "reference": "dossier-9", "ine": people.cancelled.ine }),
        with(abroad.line(), "ine", abroad.ine.to_lowercase().into()),
        with(with(student.line(), "sexeEtatCivil", "X".into()), "dateNaissance", "2005-04".into()),
        json!({ "ine": student.ine, "nomNaissance": "?", "inconnu": [1, 2] }),
    ];
    let answer = stack.batch(&lines, &token).await;
    let hidden: Vec<_> = [student, admitted, abroad].into_iter().flat_map(personal).collect();
    golden("batch_mixed", &answer, &hidden);
    let json = answer.json();
    assert_eq!(
        json["meta"],
        json!({ "demandes": 13, "trouves": 4, "introuvables": 5, "invalides": 4 })
    );
    for person in [student, admitted, abroad, &people.over] {
        assert!(!answer.text.to_uppercase().contains(&person.ine), "a batch never tells an INE");
    }
    assert_eq!(answer.header("cache-control"), "no-store");

    let written = stack.traces(&answer, &client.client_id).await;
    assert_eq!(written.len(), 9, "one for each line that asks about somebody");
    assert!(written.iter().all(|trace| traces::text(trace, "route") == "batch"));
    assert!(written.iter().all(|trace| traces::text(trace, "recipient") == RECIPIENT));
    let found: Vec<_> = written.iter().filter_map(traces::student).collect();
    assert_eq!(found.len(), 4);
    assert_eq!(written.iter().filter(|trace| trace["found"].as_bool() == Ok(&true)).count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_people_are_answered_and_traced_together() {
    let stack = Stack::connect().await;
    let people = population(&stack).await;
    let (client, token) = stack.client(|_| {}).await;
    // Each of a class three times, by INE and by civil identity, and forty whom nobody knows.
    let known = people
        .class
        .iter()
        .flat_map(|one| [json!({ "ine": one.ine }), one.line(), json!({ "ine": one.ine })]);
    let lines: Vec<_> = known.chain((0..40).map(|_| json!({ "ine": fresh_ine() }))).collect();
    let answer = stack.batch(&lines, &token).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let json = answer.json();
    assert_eq!(
        json["meta"],
        json!({ "demandes": 100, "trouves": 60, "introuvables": 40, "invalides": 0 })
    );
    for (index, line) in json["data"].as_array().unwrap().iter().enumerate() {
        if let Some(person) = people.class.get(index / 3) {
            assert_eq!(line["statut"]["identite"]["nom_naissance"], person.family, "line {index}");
        } else {
            assert_eq!(*line, json!({ "resultat": "introuvable" }), "line {index}");
        }
    }
    let written = stack.traces(&answer, &client.client_id).await;
    assert_eq!(written.len(), 100);
    let mut students: Vec<_> = written.iter().filter_map(traces::student).collect();
    students.sort();
    students.dedup();
    assert_eq!(students.len(), people.class.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_batch_is_refused() {
    let stack = Stack::connect().await;
    let (client, token) = stack.client(|_| {}).await;
    let json_type = Some("application/json");
    let lines = |count: usize| {
        json!({ "demandes": vec![json!({ "ine": fresh_ine() }); count] }).to_string()
    };
    for body in [
        lines(101),
        lines(0),
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "null".to_owned(),
        "{\"demandes\":{}}".to_owned(),
        "{\"demandes\":[7]}".to_owned(),
        "{\"demandes\":[null]}".to_owned(),
        "{\"demandes\":[{\"ine\":7}]}".to_owned(),
        "{\"demandes\":[{\"prenoms\":\"Jean\"}]}".to_owned(),
        "[".repeat(20_000),
    ] {
        let answer = send(&stack, &token, json_type, body.clone()).await;
        golden("batch_not_a_batch", &answer, &[]);
        assert_eq!(answer.refusal(), "422 00470", "{}", &body[..body.len().min(60)]);
        assert_eq!(stack.traces(&answer, &client.client_id).await, Vec::new(), "{answer:?}");
    }
    let broken =
        send(&stack, &token, json_type, b"{\"demandes\":[{\"nomNaissance\":\"\xff\"}]}".to_vec())
            .await;
    assert!(
        matches!(broken.status, 200 | 422),
        "what is no UTF-8 is somebody nobody knows, or no batch: {broken:?}"
    );

    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json", ""]
    {
        let answer = send(&stack, &token, Some(content_type), lines(1)).await;
        golden("batch_not_json", &answer, &[]);
        assert_eq!(answer.refusal(), "415 00415", "{content_type}");
    }
    for content_type in
        [None, json_type, Some("Application/JSON; charset=utf-8"), Some("application/vnd.api+json")]
    {
        assert_eq!(
            send(&stack, &token, content_type, lines(1)).await.status,
            200,
            "{content_type:?}"
        );
    }

    let padded = |size: usize| {
        let body = lines(1);
        format!("{}{body}", " ".repeat(size - body.len()))
    };
    assert_eq!(
        send(&stack, &token, json_type, padded(128 * 1024)).await.status,
        200,
        "128 KB are not more"
    );
    let large = send(&stack, &token, json_type, padded(128 * 1024 + 1)).await;
    golden("batch_too_large", &large, &[]);
    assert_eq!(large.refusal(), "413 00413");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_needs_a_recipient_and_leave() {
    let stack = Stack::connect().await;
    let (_, token) = stack.client(|_| {}).await;
    let line = json!({ "demandes": [{ "ine": fresh_ine() }] });
    let without = stack
        .call(Method::POST, "/v3/mesri/statut_etudiant/lot")
        .bearer(&token)
        .json(&line)
        .send()
        .await;
    assert_eq!(without.refusal(), "422 00203");
    let (_, elsewhere) = stack.client(|client| client.routes = [Route::DirectByIne].into()).await;
    assert_eq!(
        stack.batch(&[], &elsewhere).await.refusal(),
        "403 00100",
        "before its body is looked at"
    );
    let nobody = stack.call(Method::POST, "/v3/mesri/statut_etudiant/lot").json(&line).send().await;
    assert_eq!(nobody.refusal(), "401 00101");
}
