//! Votes, undos and disputes: who may, what is kept, what is sent.

use fakes::aws::Fault;
use serde_json::{Value, json};
use shared::access::client::{Client, State as ClientState};
use shared::access::route::Route;
use shared::api::Api;
use shared::domain::uai::Uai;
use shared::identity::review::{Case, CaseId, CaseQuestion, State};

use super::world::{
    EDGES, KEY, OTHER_KEY, RECORD, STUDENT, VERIFIED, World, attachment, decide, duplicate, get,
    id, officer_of, open, pointer, post,
};
use crate::context::Context;

/// Calls of one request at most.
const MOST_CALLS: usize = 16;

async fn stored(context: &Api<Context>, case: &CaseId) -> Case {
    context.reviewing.cases.get(case).await.unwrap().unwrap()
}

async fn undo(context: &Api<Context>, key: &str, case: &CaseId) -> fakes::gateway::Reply {
    post(context, key, &format!("/api/revues/{case}/annulation"), &json!({})).await
}

/// Applies what is pending, as deduplication would.
async fn complete(context: &Api<Context>, case: &CaseId) {
    let mut case = stored(context, case).await;
    case.complete(&std::collections::BTreeSet::new(), jiff::Timestamp::now());
    context.reviewing.cases.save(&case).await.unwrap();
}

fn same(student: &str, version: u64) -> Value {
    json!({ "version": version, "verdict": "meme", "etudiant": student, "motif": "pieces" })
}

#[tokio::test]
async fn one_voice_decides_and_its_pointer_is_sent() {
    let world = World::new();
    let context = world.context();
    let case = open(&context, attachment(), 100).await;
    let told = decide(&context, KEY, &case, &same(STUDENT, 1)).await;
    assert_eq!(
        (told.status, &told.json()["message"]),
        (200, &"décision enregistrée".into()),
        "{}",
        told.text
    );
    assert_eq!(
        (&told.json()["revue"]["etat"], &told.json()["revue"]["version"]),
        (&"décidée".into(), &2.into())
    );
    assert_eq!(world.queue.bodies(), [pointer(&case)]);
    let again = decide(&context, KEY, &case, &same(STUDENT, 1)).await;
    assert_eq!((again.status, again.text), (200, told.text), "said again, the same is answered");
    assert_eq!(world.queue.bodies().len(), 2, "and the pointer sent again");
    let other =
        decide(&context, OTHER_KEY, &case, &json!({ "version": 2, "verdict": "different" })).await;
    assert_eq!(
        (other.status, &other.json()["message"]),
        (409, &"la revue est décidée autrement".into())
    );
    complete(&context, &case).await;
    decide(&context, KEY, &case, &same(STUDENT, 3)).await;
    assert_eq!(world.queue.bodies().len(), 2, "what is applied is not sent again");
    let kept = stored(&context, &case).await;
    assert_eq!(
        (kept.votes.len(), kept.votes[0].reviewer.as_str(), kept.version),
        (1, "a.martin@ac-lyon.fr", 3)
    );
    world.assert_nothing_personal();
}

#[tokio::test]
async fn two_people_join_what_ines_tells_apart() {
    for (question, body) in [
        (attachment(), same(VERIFIED, 1)),
        (duplicate(), json!({ "version": 1, "verdict": "meme" })),
    ] {
        let world = World::new();
        let context = world.context();
        let case = open(&context, question, 100).await;
        let told = decide(&context, KEY, &case, &body).await;
        assert_eq!((told.status, &told.json()["message"]), (200, &"réponse enregistrée".into()));
        assert_eq!(
            (&told.json()["revue"]["etat"], &told.json()["revue"]["voix"]),
            (&"ouverte".into(), &1.into())
        );
        assert_eq!(
            decide(&context, KEY, &case, &body).await.text,
            told.text,
            "twice the same person is one"
        );
        assert!(world.queue.bodies().is_empty());
        let otherwise = json!({ "version": 2, "verdict": "different" });
        assert_eq!(decide(&context, KEY, &case, &otherwise).await.status, 403);
        let told = decide(&context, OTHER_KEY, &case, &body).await;
        assert_eq!(
            (told.status, &told.json()["message"]),
            (409, &"la revue a changé depuis sa lecture".into())
        );
        let mut body = body;
        body["version"] = 2.into();
        let told = decide(&context, OTHER_KEY, &case, &body).await;
        assert_eq!((told.status, &told.json()["revue"]["etat"]), (200, &"décidée".into()));
        assert_eq!(world.queue.bodies(), [pointer(&case)]);
    }
}

#[tokio::test]
async fn two_who_disagree_decide_nothing() {
    let world = World::new();
    let context = world.context();
    let case = open(&context, duplicate(), 100).await;
    decide(&context, KEY, &case, &json!({ "version": 1, "verdict": "meme" })).await;
    let told =
        decide(&context, OTHER_KEY, &case, &json!({ "version": 2, "verdict": "different" })).await;
    assert_eq!((told.status, &told.json()["revue"]["desaccord"]), (200, &true.into()));
    assert!(world.queue.bodies().is_empty());
}

#[tokio::test]
async fn a_decision_is_undone_by_anyone_and_kept() {
    let world = World::new();
    let context = world.context();
    let case = open(&context, attachment(), 100).await;
    assert_eq!(undo(&context, KEY, &case).await.status, 409);
    decide(&context, KEY, &case, &same(STUDENT, 1)).await;
    complete(&context, &case).await;
    let told = undo(&context, OTHER_KEY, &case).await;
    assert_eq!((told.status, &told.json()["revue"]["etat"]), (200, &"annulée".into()));
    assert_eq!(undo(&context, OTHER_KEY, &case).await.text, told.text);
    assert_eq!(world.queue.bodies(), [pointer(&case), pointer(&case), pointer(&case)]);
    assert_eq!(
        decide(&context, KEY, &case, &same(STUDENT, 4)).await.status,
        409,
        "not before it is taken back"
    );
    complete(&context, &case).await;
    let kept = stored(&context, &case).await;
    assert_eq!(
        (kept.state, kept.decisions[0].undone.as_ref().unwrap().reviewer.as_str()),
        (State::Open, "b.durand@ac-lyon.fr")
    );
    let told =
        decide(&context, KEY, &case, &json!({ "version": kept.version, "verdict": "different" }))
            .await;
    assert_eq!((told.status, stored(&context, &case).await.decisions.len()), (200, 2));
}

const THIRD_KEY: &str = "the key of a third client";

fn third(routes: &[Route], officer: Option<&str>) -> Client {
    let routes = routes.iter().copied().collect();
    Client { routes, officer: officer.map(officer_of), ..Client::new("third", "Third") }
}

#[tokio::test]
async fn two_clients_of_one_person_are_one_voice() {
    let world = World::new();
    world.register(THIRD_KEY, &third(&[Route::Review], Some("A.Martin@ac-lyon.fr")));
    let context = world.context();
    let case = open(&context, duplicate(), 100).await;
    let vote = async |key: &str, verdict: &str| {
        let version = stored(&context, &case).await.version;
        decide(&context, key, &case, &json!({ "version": version, "verdict": verdict })).await
    };
    assert_eq!(vote(KEY, "meme").await.status, 200);
    let again = vote(THIRD_KEY, "meme").await;
    assert_eq!((again.status, &again.json()["revue"]["voix"]), (200, &1.into()), "{}", again.text);
    assert_eq!(
        vote(THIRD_KEY, "different").await.status,
        403,
        "the person said otherwise by the other client"
    );
    assert!(world.queue.bodies().is_empty());
    assert_eq!(vote(OTHER_KEY, "meme").await.json()["revue"]["etat"], "décidée");
    assert_eq!(undo(&context, THIRD_KEY, &case).await.status, 200);
    let undone = stored(&context, &case).await.decisions[0].undone.clone().unwrap();
    assert_eq!(undone.reviewer, "a.martin@ac-lyon.fr");
    world.assert_nothing_personal();
}

#[tokio::test]
async fn a_client_that_was_stored_with_routes_that_exclude_each_other_reviews_nothing() {
    let world = World::new();
    let all = [Route::Review, Route::Enrolment, Route::Deposit];
    world.register(THIRD_KEY, &third(&all, Some("c.petit@ac-lyon.fr")));
    world.register(
        "nobody's key",
        &Client { client_id: "nobody".into(), ..third(&[Route::Review], None) },
    );
    let context = world.context();
    let case = open(&context, attachment(), 100).await;
    for (key, status) in [THIRD_KEY, "nobody's key"].map(|key| (key, 401)) {
        assert_eq!(get(&context, key, &format!("/api/revues/{case}")).await.status, status);
        assert_eq!(decide(&context, key, &case, &same(STUDENT, 1)).await.status, status);
        assert_eq!(undo(&context, key, &case).await.status, status);
    }
    assert_eq!(stored(&context, &case).await.version, 1);
}

#[tokio::test]
async fn nobody_decides_on_what_they_send() {
    const SENDER: &str = "0011402U";
    for (depositor, sends_for, state) in [
        ("0751967F", vec![], ClientState::Active),
        (SENDER, vec![SENDER, "0751967F"], ClientState::Active),
        ("0751967F", vec![], ClientState::Revoked),
    ] {
        let world = World::new();
        let context = world.context();
        let decided = open(&context, duplicate(), 100).await;
        for key in [KEY, OTHER_KEY] {
            let version = stored(&context, &decided).await.version;
            decide(&context, key, &decided, &json!({ "version": version, "verdict": "meme" }))
                .await;
        }
        let case = open(&context, attachment(), 100).await;
        let depositor = Uai::parse(depositor).ok();
        let writer = third(&[Route::Enrolment, Route::Deposit], Some("a.martin@ac-lyon.fr"));
        world.register(THIRD_KEY, &Client { depositor, state, ..writer });
        let establishment = json!({
            "uai": depositor, "name": "École", "kind": "ecole", "commune": "01004", "postal_code": "01500",
            "sends_for": sends_for,
        });
        world.tables.put("establishments", fakes::aws::item(&establishment));
        let context = world.context();
        let told = decide(&context, KEY, &case, &same(STUDENT, 1)).await;
        assert_eq!(told.status, 403, "{}", told.text);
        assert!(told.json()["message"].as_str().unwrap().contains("vous envoyez"), "{}", told.text);
        assert_eq!(undo(&context, KEY, &decided).await.status, 403);
        let dispute =
            post(&context, KEY, "/api/revues/contestations", &json!({ "etudiant": STUDENT })).await;
        assert_eq!(dispute.status, 403);
        assert_eq!(
            (stored(&context, &case).await.version, stored(&context, &decided).await.state),
            (1, State::Decided)
        );
        assert_eq!(
            decide(&context, OTHER_KEY, &case, &same(STUDENT, 1)).await.status,
            200,
            "another person does"
        );
        world.assert_nothing_personal();
    }
    // Another establishment's record is not what they send.
    let world = World::new();
    let depositor = Uai::parse(SENDER).ok();
    world.register(
        THIRD_KEY,
        &Client { depositor, ..third(&[Route::Deposit], Some("a.martin@ac-lyon.fr")) },
    );
    let context = world.context();
    let case = open(&context, attachment(), 100).await;
    assert_eq!(decide(&context, KEY, &case, &same(STUDENT, 1)).await.status, 200);
}

#[tokio::test]
async fn whoever_has_an_enrolment_may_be_disputed() {
    let world = World::new();
    let context = world.context();
    let dispute = async |body: Value| post(&context, KEY, "/api/revues/contestations", &body).await;
    let told = dispute(json!({ "inscription": EDGES[0] })).await;
    let case = CaseQuestion::Dispute { student: id(STUDENT) }.case();
    assert_eq!((told.status, &told.json()["revue"]["id"]), (201, &json!(case)), "{}", told.text);
    let noted = world.items("withdrawals");
    assert_eq!(noted[0]["withdrawn"]["M"]["student"], json!({ "S": id(STUDENT) }), "for a restore");
    let again = dispute(json!({ "etudiant": STUDENT })).await;
    assert_eq!((again.status, again.json()), (200, told.json()));
    assert_eq!(
        world.queue.bodies(),
        [pointer(&case), pointer(&case)],
        "hidden, should the first be lost"
    );
    assert_eq!(world.items("access_log").len(), 2);
    for (body, status) in [
        (json!({ "inscription": RECORD }), 404),
        (json!({ "etudiant": "00000000000040008000000000000000" }), 404),
        (json!({ "etudiant": STUDENT, "inscription": EDGES[0] }), 400),
        (json!({ "inscription": "Eudoxie" }), 400),
        (json!([]), 400),
    ] {
        assert_eq!(dispute(body.clone()).await.status, status, "{body}");
    }
    let split =
        |records: &[&str]| json!({ "version": 1, "verdict": "scinder", "inscriptions": records });
    for wrong in [&EDGES[..], &[RECORD]] {
        assert_eq!(decide(&context, KEY, &case, &split(wrong)).await.status, 400, "{wrong:?}");
    }
    let told = decide(&context, KEY, &case, &split(&EDGES[..1])).await;
    assert_eq!((told.status, &told.json()["revue"]["etat"]), (200, &"décidée".into()));
    world.assert_nothing_personal();
}

#[tokio::test]
async fn a_request_that_failed_anywhere_is_done_by_the_next_attempt() {
    let mut failed = 0;
    for fault in (1..=MOST_CALLS).flat_map(|call| [Fault::Before(call), Fault::After(call)]) {
        for disputed in [false, true] {
            let world = World::new();
            let question = if disputed {
                CaseQuestion::Dispute { student: id(STUDENT) }
            } else {
                attachment()
            };
            let case = question.case();
            if !disputed {
                open(&world.context(), question, 100).await;
            }
            *world.faults.calls.lock().unwrap() = 0;
            *world.faults.next.lock().unwrap() = Some(fault);
            let ask = async |context: &Api<Context>| {
                if disputed {
                    post(context, KEY, "/api/revues/contestations", &json!({ "etudiant": STUDENT }))
                        .await
                } else {
                    decide(context, KEY, &case, &same(STUDENT, 1)).await
                }
            };
            let told = ask(&world.context()).await;
            // What is read below may be the call of that number.
            *world.faults.next.lock().unwrap() = None;
            if told.status >= 400 {
                failed += 1;
                assert_eq!(told.status, 500, "{fault:?}: {}", told.text);
                let again = ask(&world.context()).await;
                assert!(again.status < 300, "{fault:?}: {}", again.text);
            }
            let kept = stored(&world.context(), &case).await;
            assert!(
                kept.pending().is_some() && kept.version == if disputed { 1 } else { 2 },
                "{fault:?}"
            );
            assert!(
                world.queue.bodies().contains(&pointer(&case)),
                "{fault:?}: nobody will apply it"
            );
        }
    }
    assert!(failed > 20, "the faults struck {failed} times only");
}
