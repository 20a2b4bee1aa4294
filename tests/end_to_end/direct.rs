//! The direct API by INE and by civil identity: golden files for each answer (domain.md §4.2).

use serde_json::json;
use shared::access::client::Recipients;
use shared::access::route::Route;
use shared::access::scope::Scopes;
use shared::domain::siret::Siret;
use tests::clients::anyone;
use tests::http::{HttpAnswer, RECIPIENT, query};
use tests::people::{Person, fresh_ine};
use tests::stack::{Stack, UNIVERSITY};

use crate::golden::{self, golden, personal};
use crate::population::population;

/// The question about a person by civil identity, with some parameters replaced; an empty one is
/// left out.
async fn ask(
    stack: &Stack,
    person: &Person,
    replaced: &[(&'static str, &str)],
    token: &str,
) -> HttpAnswer {
    let mut parameters = person.parameters();
    parameters.retain(|(name, _)| replaced.iter().all(|(other, _)| other != name));
    parameters.extend(
        replaced
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (*name, (*value).into())),
    );
    let parameters = parameters.iter().map(|(name, value)| (*name, value.as_str()));
    stack.direct(&format!("identite?{}", query(parameters)), token).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_student_by_ine_and_by_identity() {
    let stack = Stack::connect().await;
    let student = &population(&stack).await.student;
    let (_, token) = stack.client(|_| {}).await;
    let by_ine = stack.direct_by_ine(&student.ine.to_lowercase(), &token).await;
    let by_identity = stack.direct_by_identity(student, &token).await;
    golden("direct_by_ine_found", &by_ine, &personal(student));
    golden("direct_by_identity_found", &by_identity, &personal(student));

    for answer in [&by_ine, &by_identity] {
        assert!(
            !answer.text.to_uppercase().contains(&student.ine),
            "v3 never tells the INE: {}",
            answer.text
        );
        assert_eq!(
            (answer.header("cache-control"), answer.header("x-content-type-options")),
            ("no-store", "nosniff")
        );
        let number = |name: &str| {
            answer.header(name).parse::<i64>().unwrap_or_else(|_| panic!("{name}: {answer:?}"))
        };
        assert_eq!(number("ratelimit-limit"), 10_000);
        assert!((0..=10_000).contains(&number("ratelimit-remaining")), "{answer:?}");
        let now = jiff::Timestamp::now().as_second();
        assert!(
            (now - 3_600..now + 3_600).contains(&number("ratelimit-reset")),
            "an instant, in seconds: {answer:?}"
        );
        assert_eq!(answer.header("retry-after"), "");
        assert_eq!(answer.uid().len(), "62ee80b93834a_0000".len());
    }
    let admitted = stack.direct_by_ine(&population(&stack).await.admitted.ine, &token).await;
    assert_eq!(admitted.json()["data"]["admissions"][0]["est_inscrit"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_found_however_the_question_is_written() {
    let stack = Stack::connect().await;
    let people = population(&stack).await;
    let student = &people.student;
    let (_, token) = stack.client(|_| {}).await;
    let expected = stack.direct_by_identity(student, &token).await.text;
    let loud = student.family.replace("D'Été", "d ete").to_uppercase();
    let plain = student.given.replace('ë', "e");
    let code = "codeCogInseeCommuneNaissance";
    let named = |name: &'static str, department: &'static str| {
        [
            (code, ""),
            ("nomCommuneNaissance", name),
            ("codeCogInseeDepartementNaissance", department),
        ]
    };
    for replaced in [
        &[("nomNaissance", loud.as_str()), ("prenoms[]", &plain)][..],
        &[("prenoms[]", ""), ("prenoms", &student.given)],
        &[("moisDateNaissance", "4")],
        &[(code, "")],
        &[("inconnu", "x"), ("context", "y")],
        &named("Nantes", "44"),
        &named("NANTES", "44"),
    ] {
        let answer = ask(&stack, student, replaced, &token).await;
        assert_eq!((answer.status, &answer.text), (200, &expected), "{replaced:?}");
    }
    for replaced in [
        &[(code, "35238")][..],
        &named("Rennes", "35"),
        &[("jourDateNaissance", "28"), ("moisDateNaissance", "11")],
        &[("prenoms[]", "Marie")],
    ] {
        let answer = ask(&stack, student, replaced, &token).await;
        assert_eq!(answer.refusal(), "404 25003", "{replaced:?}");
    }
    // A birthplace decides between homonyms, by its code or by its name.
    let [nantes, _] = &people.homonyms;
    assert_eq!(ask(&stack, nantes, &[(code, "")], &token).await.refusal(), "404 25003");
    assert_eq!(ask(&stack, nantes, &named("Rennes", "35"), &token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_parameter_is_named() {
    let stack = Stack::connect().await;
    let person = Person::at(UNIVERSITY);
    let (_, token) = stack.client(|_| {}).await;
    let mut seen = Vec::new();
    for replaced in [
        &[("recipient", "")][..],
        &[("recipient", "13002526500014")],
        &[("nomNaissance", "")],
        &[("nomNaissance", "1234")],
        &[("anneeDateNaissance", "")],
        &[("anneeDateNaissance", "0")],
        &[("moisDateNaissance", "13")],
        &[("jourDateNaissance", "0")],
        &[("jourDateNaissance", "31"), ("moisDateNaissance", "2")],
        &[("sexeEtatCivil", "2")],
        &[("codeCogInseeCommuneNaissance", "Nantes")],
        &[("codeCogInseeCommuneNaissance", ""), ("nomCommuneNaissance", "Nantes")],
        &[
            ("codeCogInseeCommuneNaissance", ""),
            ("nomCommuneNaissance", "Atlantide"),
            ("codeCogInseeDepartementNaissance", "44"),
        ],
        &[
            ("recipient", "x"),
            ("nomNaissance", "?"),
            ("sexeEtatCivil", ""),
            ("codeCogInseeCommuneNaissance", "4410"),
        ],
    ] {
        let answer = ask(&stack, &person, replaced, &token).await;
        let written = query(replaced.iter().copied()).replace("%20", " ");
        seen.push(format!("{written}\n{}\n{}", answer.status, answer.text));
    }
    let nothing = stack.direct("identite", &token).await;
    seen.push(format!("(no parameter)\n{}\n{}", nothing.status, nothing.text));
    golden::text("direct_wrong_parameters", &seen.join("\n\n"), &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error() {
    let stack = Stack::connect().await;
    let ine = fresh_ine();
    let path = format!("ine?{}", query([("ine", ine.as_str()), ("recipient", RECIPIENT)]));
    let (client, token) = stack.client(|_| {}).await;

    golden("direct_by_ine_unknown", &stack.direct_by_ine(&ine, &token).await, &[]);
    let nobody = stack.direct_by_identity(&Person::at(UNIVERSITY), &token).await;
    golden("direct_by_identity_unknown", &nobody, &[]);
    golden("direct_wrong_ine", &stack.direct_by_ine("1111111111Q", &token).await, &[]);
    golden(
        "direct_no_ine",
        &stack.direct(&format!("ine?recipient={RECIPIENT}"), &token).await,
        &[],
    );
    golden("direct_no_recipient", &stack.direct(&format!("ine?ine={ine}"), &token).await, &[]);
    golden("direct_nothing_at_all", &stack.direct("ine", &token).await, &[]);

    let anonymous =
        stack.get(&format!("/v3/mesri/statut_etudiant/{path}"), Some(&stack.ine_key)).await;
    golden("direct_no_token", &anonymous, &[]);
    assert_eq!(anonymous.header("www-authenticate"), "Bearer");
    let expired = stack.direct(&path, stack.tokens["expired"].as_str().unwrap()).await;
    golden("direct_expired_token", &expired, &[]);
    let revoked = stack.direct(&path, stack.tokens["revoked"].as_str().unwrap()).await;
    golden("direct_revoked_token", &revoked, &[]);

    let (_, elsewhere) =
        stack.client(|client| client.routes = [Route::DirectByIdentity, Route::Batch].into()).await;
    golden("direct_no_route", &stack.direct(&path, &elsewhere).await, &[]);
    let (_, scopeless) = stack.client(|client| client.scopes = Scopes::NONE).await;
    golden("direct_no_scope", &stack.direct(&path, &scopeless).await, &[]);
    let without = stack.token_with(&client, json!({ "scopes": [] })).await;
    golden("direct_no_scope", &stack.direct(&path, &without).await, &[]);
    let of_paris = Recipients::Only([Siret::parse("21750001600019").unwrap()].into());
    let (_, parisian) = stack.client(|client| client.recipients = of_paris.clone()).await;
    golden("direct_recipient_not_allowed", &stack.direct(&path, &parisian).await, &[]);
    let answer = stack.direct(&path.replace(RECIPIENT, "21750001600019"), &parisian).await;
    assert_eq!(answer.refusal(), "404 25003", "its own recipient");
    let nobodys = stack.token(&anyone()).await;
    golden("direct_no_token", &stack.direct(&path, &nobodys).await, &[]);
}
