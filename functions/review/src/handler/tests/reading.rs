//! What is listed and shown, and to whom.

use fakes::aws::Fault;
use fakes::gateway::Reply;
use serde_json::json;
use shared::identity::review::CaseQuestion;

use super::world::{
    KEY, READ_KEY, STUDENT, VERIFIED, World, attachment, decide, duplicate, get, id, open,
};

/// Golden files of the API, `tests/golden/review_*.snap`: what an officer's tool reads, to the
/// letter.
fn golden(name: &str, told: &Reply) {
    fakes::golden::compare(&format!("review_{name}"), told, &[]);
}

#[tokio::test]
async fn open_cases_are_listed_the_oldest_first() {
    let world = World::new();
    let context = world.context();
    let young = open(&context, attachment(), 300).await;
    let old = open(&context, duplicate(), 100).await;
    let disputed = open(&context, CaseQuestion::Dispute { student: id(VERIFIED) }, 200).await;
    let ids = |told: &Reply| {
        let json = told.json();
        json["revues"]
            .as_array()
            .unwrap()
            .iter()
            .map(|case| case["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let told = get(&context, KEY, "/api/revues").await;
    assert_eq!(
        (told.status, ids(&told)),
        (200, [&old, &disputed, &young].map(ToString::to_string).into())
    );
    assert_eq!(told.json()["suite"], json!(null));
    let oldest = context.reviewing.cases.oldest().await.unwrap().unwrap();
    assert_eq!(oldest.as_second(), 100, "what the alarm is told of");
    assert_eq!(
        told.json()["revues"][0],
        json!({
            "id": old, "nature": "doublon", "etat": "ouverte", "version": 1, "ouverteLe": "1970-01-01T00:01:40Z",
            "motifs": ["la date de naissance n’est pas tout à fait la même, et rien d’autre ne confirme."],
            "voix": 0, "incertains": 0, "desaccord": false, "deuxPersonnes": true,
        })
    );
    assert_eq!(
        ids(&get(&context, KEY, "/api/revues?nature=contestation").await),
        [disputed.to_string()]
    );

    let mut listed = Vec::new();
    let mut path = "/api/revues?nombre=1".to_owned();
    loop {
        let told = get(&context, KEY, &path).await;
        listed.extend(ids(&told));
        let Some(after) = told.json()["suite"].as_str().map(str::to_owned) else { break };
        path = format!("/api/revues?nombre=1&apres={after}");
    }
    assert_eq!(
        listed,
        [&old, &disputed, &young].map(ToString::to_string),
        "page by page, each once"
    );

    assert_eq!(
        decide(&context, KEY, &disputed, &json!({ "version": 1, "verdict": "maintenir" }))
            .await
            .status,
        200
    );
    assert_eq!(
        ids(&get(&context, KEY, "/api/revues").await).len(),
        2,
        "what is decided is off the list"
    );
    for wrong in ["nature=autre", "apres=Camille", "nombre=0", "nombre=101"] {
        assert_eq!(
            get(&context, KEY, &format!("/api/revues?{wrong}")).await.status,
            400,
            "{wrong}"
        );
    }
    assert!(world.items("access_log").is_empty(), "a list is about nobody");
    world.assert_nothing_personal();
}

#[tokio::test]
async fn a_case_is_shown_masked_and_leaves_a_trace() {
    let world = World::new();
    let context = world.context();
    let case = open(&context, attachment(), 100).await;
    let told = get(&context, KEY, &format!("/api/revues/{case}")).await;
    golden("read", &told);
    golden("list", &get(&context, KEY, "/api/revues").await);
    golden("unknown", &get(&context, KEY, "/api/revues/Eudoxie").await);
    let traces = world.items("access_log");
    let subjects: Vec<_> =
        traces.iter().map(|trace| trace["subject"]["S"].as_str().unwrap()).collect();
    // Whoever waits is nobody yet: the trace is found from the record.
    let waiting = case.to_string().replacen("a-", "R#", 1);
    assert_eq!(subjects, [waiting, format!("S#{STUDENT}"), format!("S#{VERIFIED}")]);
    assert!(
        traces
            .iter()
            .all(|trace| trace["client"]["S"] == "officer-1" && trace["route"]["S"] == "review")
    );
    world.assert_nothing_personal();
}

#[tokio::test]
async fn a_duplicate_shows_its_students_and_a_dispute_each_enrolment() {
    let world = World::new();
    let context = world.context();
    let pair = open(&context, duplicate(), 100).await;
    let told = get(&context, KEY, &format!("/api/revues/{pair}")).await.json();
    assert_eq!(
        [&told["parties"][0]["etudiant"], &told["parties"][1]["etudiant"]],
        [STUDENT, VERIFIED]
    );
    assert_eq!(told["comparaisons"][0]["parties"], json!([0, 1]));
    assert_eq!(
        (&told["reponses"][0]["verdict"], &told["reponses"][0]["voix"]),
        (&"meme".into(), &2.into())
    );
    let disputed = open(&context, CaseQuestion::Dispute { student: id(STUDENT) }, 100).await;
    let told = get(&context, KEY, &format!("/api/revues/{disputed}")).await.json();
    assert_eq!(
        (told["parties"].as_array().unwrap().len(), told["comparaisons"].as_array().unwrap().len()),
        (2, 1)
    );
}

#[tokio::test]
async fn without_a_trace_nothing_is_shown() {
    let world = World::new();
    let context = world.context();
    let case = open(&context, attachment(), 100).await;
    get(&context, KEY, &format!("/api/revues/{case}")).await;
    let before = world.items("access_log").len();
    *world.faults.next.lock().unwrap() = Some(Fault::At("access_log"));
    let told = get(&context, KEY, &format!("/api/revues/{case}")).await;
    assert_eq!((told.status, &told.json()["message"]), (500, &"erreur serveur interne".into()));
    assert!(told.headers.contains_key("retry-after") && !told.text.contains("•"));
    assert_eq!(world.items("access_log").len(), before);
}

#[tokio::test]
async fn only_a_key_of_reviews_opens_them() {
    let world = World::new();
    let context = world.context();
    let case = open(&context, attachment(), 100).await;
    for path in ["/api/revues".to_owned(), format!("/api/revues/{case}")] {
        for key in [READ_KEY, "another", ""] {
            let told = get(&context, key, &path).await;
            assert_eq!(
                (told.status, &told.json()["message"]),
                (401, &"échec d'authentification".into())
            );
            assert_eq!(told.headers["www-authenticate"], "X-API-Key");
        }
    }
    let told = get(&context, KEY, "/api/revues").await;
    assert_eq!((told.status, &told.headers["ratelimit-remaining"]), (200, &"19".parse().unwrap()));
    assert_eq!(get(&context, "", "/api/revues/openapi.json").await.status, 200);
    for unknown in ["Eudoxie", "c-00000000000040008000000000000000"] {
        let told = get(&context, KEY, &format!("/api/revues/{unknown}")).await;
        assert_eq!((told.status, &told.json()["message"]), (404, &"revue introuvable".into()));
    }
    let lines = world.log();
    let unknown: Vec<_> = lines.iter().filter(|line| line["outcome"] == "not_found").collect();
    assert_eq!(
        (&unknown[0]["client"], &unknown[0]["route"]),
        (&"officer-1".into(), &"review_read".into())
    );
    assert_eq!(
        unknown[1]["case"], "c-00000000000040008000000000000000",
        "only what has the form of an id is logged"
    );
    world.assert_nothing_personal();
}
