//! Consultation leaves a trace: who asked, for whom, what was told, and nothing that names the
//! student.
//!
//! That nothing is told when no trace can be written isn't tried here: the emulator can't be made
//! to refuse one table's writes alone, and taking the table away would take it from every other
//! test.

use jiff::Timestamp;
use serde_json::json;
use shared::access::route::Route;
use shared::audit::{Access, Subject};
use tests::http::{HttpAnswer, RECIPIENT};
use tests::people::{Person, fresh_ine};
use tests::stack::{Stack, UNIVERSITY};
use tests::traces::{self, Trace, text};
use ureq::http::Method;

use crate::population::population;

const UPSTREAM_FIELDS: [&str; 9] = [
    "nomFamille",
    "prenom",
    "dateNaissance",
    "dateDebutInscription",
    "dateFinInscription",
    "statut",
    "regime",
    "codeCommune",
    "etablissement",
];

/// The only trace of an answer about one person.
async fn trace(stack: &Stack, answer: &HttpAnswer, client_id: &str) -> Trace {
    let mut traces = stack.traces(answer, client_id).await;
    assert_eq!(traces.len(), 1, "{traces:?}");
    traces.remove(0)
}

fn list(trace: &Trace, name: &str) -> Vec<String> {
    trace[name].as_l().unwrap().iter().map(|value| value.as_s().unwrap().clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_consultation_is_traced_and_the_trace_names_nobody() {
    let stack = Stack::connect().await;
    let student = &population(&stack).await.class[0];
    let caller = "DINUM - 22222222-2222-2222-2222-222222222222";
    let (client, _) = stack.client(|_| {}).await;
    let key = stack.key(&client, |_| {}).await;

    let found = stack.get(&format!("/api/etudiant?INE={}", student.ine), Some(&key)).await;
    let told = trace(&stack, &found, &client.client_id).await;
    assert_eq!(
        (text(&told, "route"), text(&told, "caller")),
        ("status_by_ine".into(), caller.into())
    );
    assert_eq!(
        (told["found"].as_bool(), told["enrolments"].as_n()),
        (Ok(&true), Ok(&"1".to_owned()))
    );
    assert_eq!(list(&told, "fields"), UPSTREAM_FIELDS);
    assert!(traces::student(&told).is_some(), "under a random id: {told:?}");
    assert!(told["recipient"].is_null(), "the contract has none");
    let expires: i64 = told["expires_at"].as_n().unwrap().parse().unwrap();
    assert!(expires > Timestamp::now().as_second() + 24 * 3_600, "a trace is kept for a time");

    let unknown = stack.post(&Person::at(UNIVERSITY).question(None).to_string(), Some(&key)).await;
    let nobody = trace(&stack, &unknown, &client.client_id).await;
    assert_eq!(
        text(&nobody, "at").split('#').nth(1),
        Some(unknown.json()["uid"].as_str().unwrap())
    );
    assert_eq!(
        text(&nobody, "subject"),
        format!("C#{}", client.client_id),
        "where enumeration shows"
    );
    assert_eq!(
        (nobody["found"].as_bool(), nobody["enrolments"].as_n()),
        (Ok(&false), Ok(&"0".to_owned()))
    );
    assert_eq!(list(&nobody, "fields"), Vec::<String>::new());

    for personal in
        [&student.ine, &student.family, &student.given, &student.birth, &student.birthplace]
    {
        assert!(
            !format!("{told:?}{nobody:?}").contains(personal.as_str()),
            "a trace names a person"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_says_for_whom_and_which_fields() {
    let stack = Stack::connect().await;
    let student = &population(&stack).await.class[0];
    let (client, _) = stack.client(|_| {}).await;
    let minimal = stack
        .token_with(&client, json!({ "scopes": ["mesri_admissions", "mesri_admission_inscrit"] }))
        .await;
    let identity = stack.token_with(&client, json!({ "scopes": ["mesri_identite"] })).await;

    let answer = stack.direct_by_identity(student, &minimal).await;
    let told = trace(&stack, &answer, &client.client_id).await;
    assert_eq!(
        (text(&told, "route"), text(&told, "recipient")),
        ("direct_by_identity".into(), RECIPIENT.into())
    );
    assert_eq!(
        (list(&told, "fields"), told["enrolments"].as_n()),
        (
            ["date_debut", "date_fin", "est_inscrit"].map(str::to_owned).to_vec(),
            Ok(&"1".to_owned())
        )
    );
    assert!(told["caller"].is_null());

    let answer = stack.direct_by_ine(&student.ine, &identity).await;
    let told = trace(&stack, &answer, &client.client_id).await;
    assert_eq!(list(&told, "fields"), ["nom_naissance", "prenom", "date_naissance"]);
    assert_eq!(told["enrolments"].as_n(), Ok(&"0".to_owned()), "no enrolment was told");

    let path = format!("/v3/mesri/statut_etudiant/ine?ine={}&recipient={RECIPIENT}", student.ine);
    let long = format!("Ville de Nantes {}", "x".repeat(1_000));
    let answer = stack.call(Method::GET, &path).bearer(&minimal).caller(&long).send().await;
    let told = trace(&stack, &answer, &client.client_id).await;
    assert_eq!(text(&told, "caller"), long[..200], "on whose behalf, as far as there is room");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_accesses_to_a_student_are_one_query() {
    let stack = Stack::connect().await;
    let student = &population(&stack).await.watched;
    let (client, token) = stack.client(|_| {}).await;
    let (relying, provider) = stack.service_provider(|_| {}).await;
    stack.by_ine(&student.ine).await;
    stack.by_identity(student).await;
    let answer = stack.direct_by_ine(&student.ine, &token).await;
    stack.direct_by_identity(student, &token).await;
    let pivot = stack.france_connect_token(&provider, student, json!({})).await;
    stack.france_connect(&pivot).await;
    stack
        .batch(
            &[student.line(), json!({ "ine": fresh_ine() }), json!({ "ine": student.ine })],
            &token,
        )
        .await;

    let id = traces::student(&trace(&stack, &answer, &client.client_id).await).unwrap();
    let accesses = stack.access_log().of(Subject::Student(id), 1_000).await.unwrap();
    let routes: Vec<Route> = accesses.iter().rev().map(|access| access.route).collect();
    assert_eq!(
        routes,
        [
            Route::StatusByIne,
            Route::StatusByIdentity,
            Route::DirectByIne,
            Route::DirectByIdentity,
            Route::FranceConnect,
            Route::Batch,
            Route::Batch,
        ],
        "latest first: {accesses:?}"
    );
    assert!(accesses.iter().all(|access: &Access| access.found && access.enrolments == 1));
    assert!(accesses.iter().any(|access| access.client.as_ref() == Some(&relying.client_id)));
    assert!(accesses.windows(2).all(|pair| pair[0].at > pair[1].at));
    assert_eq!(stack.access_log().of(Subject::Student(id), 2).await.unwrap(), accesses[..2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_leaves_no_trace() {
    let stack = Stack::connect().await;
    let student = &population(&stack).await.class[0];
    let (client, token) = stack
        .client(|client| client.routes.retain(|route| *route != Route::DirectByIdentity))
        .await;
    let answers = [
        stack.direct_by_identity(student, &token).await,
        stack.direct(&format!("ine?ine={}", student.ine), &token).await,
        stack.direct_by_ine("1111111111Q", &token).await,
        stack.call(Method::GET, "/api/introspect").bearer(&token).send().await,
    ];
    assert_eq!(answers.each_ref().map(|answer| answer.status), [403, 422, 422, 200]);
    for answer in &answers {
        assert_eq!(stack.traces(answer, &client.client_id).await, Vec::new(), "{answer:?}");
    }
}
