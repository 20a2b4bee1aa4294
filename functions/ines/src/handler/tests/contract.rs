//! Tokens, verification, search and immatriculation.

use fakes::gateway::request;
use serde_json::{Value, json};
use shared::domain::ine::{Checksum, Ine, IneForm};
use shared::registry::ines::DATES_PER_DAY;

use super::world::{
    API, BIRTH_DATE, NUMBER, SECRET, World, ask, basic, born_elsewhere, but, call, eudoxie,
    immatriculate, register, token,
};

fn ine() -> String {
    Ine::rnie(NUMBER).unwrap().expose().to_owned()
}

#[tokio::test]
async fn a_token_is_given_to_who_shows_its_secret() {
    let world = World::new();
    let context = world.context();
    let form = "grant_type=client_credentials";
    let told = |authorization: String, form: &'static str| {
        let context = &context;
        async move {
            ask(
                context,
                request("POST", "/oauth2/token", &[("authorization", &authorization)], form),
            )
            .await
        }
    };
    let given = told(basic("supdata", SECRET), form).await;
    assert_eq!(
        (given.status, &given.json()["token_type"], &given.json()["expires_in"]),
        (200, &"Bearer".into(), &3600.into())
    );
    assert_eq!(
        (&given.headers["cache-control"], &given.headers["pragma"]),
        (&"no-store".parse().unwrap(), &"no-cache".parse().unwrap())
    );
    for (authorization, form, status, error) in [
        (basic("supdata", "wrong"), form, 401, "invalid_client"),
        (basic("nobody", SECRET), form, 401, "invalid_client"),
        (basic("gone", SECRET), form, 401, "invalid_client"),
        ("Bearer x".to_owned(), form, 401, "invalid_client"),
        (basic("supdata", SECRET), "", 400, "invalid_request"),
        (basic("supdata", SECRET), "grant_type=password", 400, "unsupported_grant_type"),
        (
            basic("supdata", SECRET),
            "grant_type=client_credentials&scope=gestion",
            400,
            "invalid_scope",
        ),
        (
            basic("supdata", SECRET),
            "grant_type=client_credentials&scope=admin",
            400,
            "invalid_scope",
        ),
    ] {
        let refused = told(authorization, form).await;
        assert_eq!(
            (refused.status, refused.text.as_str()),
            (status, format!(r#"{{"error":"{error}"}}"#).as_str())
        );
        assert_eq!(refused.headers.contains_key("www-authenticate"), status == 401);
    }
    assert!(world.traces().is_empty(), "nobody was told of anybody");
    assert_eq!(world.log()[0]["client"], "supdata");
    world.assert_nothing_personal();
}

#[tokio::test]
async fn a_token_opens_what_its_client_may_and_no_more() {
    let world = World::new();
    let context = world.context();
    for (client, method, path, status) in [
        ("psy", "POST", "/recherche", 403),
        ("psy", "POST", "/immatriculation", 403),
        ("psy", "GET", "/demandes/1.00000000000000000000000000000000", 403),
        ("supdata", "GET", "/demandes?etat=EN_ATTENTE", 403),
        ("supdata", "POST", "/rattachements", 403),
        ("agents", "POST", "/verification", 403),
        ("agents", "GET", "/demandes/1.00000000000000000000000000000000", 404),
    ] {
        let told = call(&context, client, method, path, &Value::Null).await;
        assert_eq!(told.status, status, "{client} {path}: {}", told.text);
    }
    // A narrower token than its client.
    let credentials = basic("supdata", SECRET);
    let form = "grant_type=client_credentials&scope=recherche";
    let narrow =
        ask(&context, request("POST", "/oauth2/token", &[("authorization", &credentials)], form))
            .await;
    let bearer = format!("Bearer {}", narrow.json()["access_token"].as_str().unwrap());
    let path = format!("{API}/verification");
    let told = ask(&context, request("POST", &path, &[("authorization", &bearer)], "{}")).await;
    assert_eq!(
        (
            told.status,
            told.headers["www-authenticate"].to_str().unwrap().contains("insufficient_scope")
        ),
        (403, true)
    );
}

#[tokio::test]
async fn a_token_that_is_shown_twice_is_the_same_twice() {
    let world = World::new();
    let context = world.context();
    let (own, other) = (token(&context, "supdata").await, token(&context, "psy").await);
    let bearer = format!("bearer {own}");
    let body = json!({ "ine": ine(), "dateNaissance": BIRTH_DATE }).to_string();
    let path = format!("{API}/verification");
    for (assertion, status) in [(own.as_str(), 200), (&other, 401), ("", 401)] {
        let headers = [("authorization", bearer.as_str()), ("x-jwt-assertion", assertion)];
        assert_eq!(
            ask(&context, request("POST", &path, &headers, body.clone())).await.status,
            status
        );
    }
    for headers in
        [&[][..], &[("authorization", "Bearer not.a.token")], &[("authorization", "Basic eA==")]]
    {
        let told = ask(&context, request("POST", &path, headers, body.clone())).await;
        assert_eq!(
            (told.status, told.headers["www-authenticate"].to_str().unwrap()),
            (401, "Bearer realm=\"ines\"")
        );
    }
}

#[tokio::test]
async fn an_ine_and_its_birth_date_go_together_and_no_other() {
    let world = World::new();
    let context = world.context();
    let verify = |ine: String, date: &'static str| {
        let context = &context;
        async move {
            call(
                context,
                "supdata",
                "POST",
                "/verification",
                &json!({ "ine": ine, "dateNaissance": date }),
            )
            .await
        }
    };
    let told = verify(ine().to_lowercase(), BIRTH_DATE).await;
    assert_eq!(told.json(), eudoxie(), "a loaded INE has no request, and is its own master");
    for (number, date, status) in [
        (ine(), "2004-03-13", 404),
        ("070578267KH".into(), BIRTH_DATE, 404),
        ("123".into(), BIRTH_DATE, 400),
        (ine(), "12/03/2004", 400),
    ] {
        let refused = verify(number, date).await;
        assert_eq!(refused.status, status, "{date}");
        assert!(
            !refused.text.contains(&ine()) && !refused.text.contains("2004"),
            "nothing is repeated: {}",
            refused.text
        );
    }
    let traces = world.traces();
    assert_eq!(
        traces,
        [
            "I ines_verification known",
            "C ines_verification not_found",
            "C ines_verification not_found"
        ]
    );
    world.assert_nothing_personal();
}

#[tokio::test]
async fn a_client_tries_few_birth_dates_of_one_ine() {
    let world = World::new();
    let context = world.context();
    let bearer = format!("Bearer {}", token(&context, "psy").await);
    let verify = |date: String| {
        let (context, bearer) = (&context, bearer.as_str());
        let headers = [("authorization", bearer), ("x-deposant", "0751967F")];
        let body = json!({ "ine": ine(), "dateNaissance": date }).to_string();
        let path = format!("{API}/verification");
        async move { ask(context, request("POST", &path, &headers, body)).await }
    };
    let most = DATES_PER_DAY.get();
    for number in 0..most {
        assert_eq!(verify(format!("19{number:02}-01-01")).await.status, 404);
    }
    for date in [BIRTH_DATE, "1999-01-01"] {
        let refused = verify(date.to_owned()).await;
        assert_eq!(
            (refused.status, refused.headers.contains_key("retry-after")),
            (429, true),
            "right or wrong"
        );
    }
    assert_eq!(
        verify("1900-01-01".to_owned()).await.status,
        404,
        "what was answered is answered again"
    );
    let other = json!({ "ine": ine(), "dateNaissance": BIRTH_DATE });
    assert_eq!(
        call(&context, "supdata", "POST", "/verification", &other).await.status,
        200,
        "each client has its own"
    );
    let traces = world.traces();
    assert_eq!(
        traces.iter().filter(|trace| *trace == "C ines_verification too_many_dates").count(),
        2
    );
    let tables = &world.tables;
    let told = tables
        .items("ines_log")
        .iter()
        .filter(|trace| trace.get("depositor") == Some(&json!({ "S": "0751967F" })))
        .count();
    assert_eq!(told, usize::try_from(most).unwrap() + 3, "and on whose word it asked is kept");
    world.assert_nothing_personal();
}

#[tokio::test]
async fn a_search_tells_of_one_person_or_of_nobody() {
    let world = World::new();
    let context = world.context();
    let search = |identity: Value| {
        let context = &context;
        async move { call(context, "supdata", "POST", "/recherche", &identity).await }
    };
    let spelled = but(eudoxie(), &json!({ "nomFamille": "QUINTEFEUILLE", "prenom1": "eudoxie" }));
    let told = search(spelled).await;
    assert_eq!(told.json(), but(eudoxie(), &json!({ "ineMaitre": ine() })));
    assert_eq!(
        search(but(eudoxie(), &json!({ "prenom1": "Barnabé", "sexe": "H" }))).await.status,
        404
    );
    assert_eq!(search(but(eudoxie(), &json!({ "sexe": "2" }))).await.status, 400);
    world.register(7, &eudoxie());
    let ambiguous = search(eudoxie()).await;
    assert_eq!(
        (ambiguous.status, ambiguous.json()["message"].as_str().unwrap()),
        (409, "plusieurs personnes correspondent")
    );
    assert_eq!(
        world.traces(),
        ["I ines_search found", "C ines_search not_found", "C ines_search ambiguous"]
    );
    world.assert_nothing_personal();
}

#[tokio::test]
async fn an_ine_is_given_once_and_found_afterwards() {
    let world = World::empty();
    let context = world.context();
    let first = immatriculate(&context, "supdata", "r1", &eudoxie()).await;
    assert_eq!(
        (first.status, &first.json()["etatDemande"], &first.json()["attribue"]),
        (200, &"VALIDÉ".into(), &true.into())
    );
    let given = Ine::parse(first.json()["ine"].as_str().unwrap()).unwrap();
    assert_eq!((given.form(), given.checksum()), (IneForm::Rnie, Checksum::Valid));
    // Again, under the same reference: to the letter.
    assert_eq!(immatriculate(&context, "supdata", "r1", &eudoxie()).await.text, first.text);
    // Under another one, or by another client, with another spelling: found.
    let spelled = but(eudoxie(), &json!({ "nomFamille": "QUINTEFEUILLE" }));
    for (client, reference) in [("supdata", "r2"), ("parcoursup", "r1")] {
        let again = immatriculate(&context, client, reference, &spelled).await;
        assert_eq!(
            (again.status, &again.json()["ine"], &again.json()["attribue"]),
            (200, &first.json()["ine"], &false.into())
        );
        assert_ne!(again.json()["idDemande"], first.json()["idDemande"]);
    }
    assert_eq!(world.registrations(), 1);
    let verified = call(
        &context,
        "psy",
        "POST",
        "/verification",
        &json!({ "ine": first.json()["ine"], "dateNaissance": BIRTH_DATE }),
    )
    .await;
    assert_eq!(verified.json(), but(eudoxie(), &json!({ "etatDemande": ["VALIDÉ"] })));
    world.assert_nothing_personal();
}

#[tokio::test]
async fn a_reference_is_of_one_identity() {
    let world = World::empty();
    let context = world.context();
    immatriculate(&context, "supdata", "r1", &eudoxie()).await;
    let other = but(eudoxie(), &json!({ "prenom1": "Barnabé", "sexe": "H" }));
    let refused = immatriculate(&context, "supdata", "r1", &other).await;
    assert_eq!(
        (refused.status, &refused.json()["details"]["parameter"]),
        (422, &"reference".into())
    );
    for reference in ["", " ", &"r".repeat(65)] {
        assert_eq!(immatriculate(&context, "supdata", reference, &eudoxie()).await.status, 400);
    }
    assert_eq!(world.registrations(), 1);
}

#[tokio::test]
async fn a_twin_gets_another_ine() {
    let world = World::new();
    let context = world.context();
    let twin = but(eudoxie(), &json!({ "prenom1": "Philomène" }));
    let told = immatriculate(&context, "supdata", "r1", &twin).await;
    assert_eq!((told.status, &told.json()["attribue"]), (200, &true.into()));
    assert_ne!(told.json()["ine"], ine());
}

#[tokio::test]
async fn two_requests_at_the_same_moment_give_one_ine() {
    let world = World::empty();
    let context = world.context();
    // Just before the transaction, somebody else registers the same person.
    *world.meanwhile.lock().unwrap() = Some(Box::new(|tables| register(tables, 7, &eudoxie())));
    let told = immatriculate(&context, "supdata", "r1", &eudoxie()).await;
    let seven = Ine::rnie(7).unwrap();
    assert_eq!(
        (told.status, &told.json()["ine"], &told.json()["attribue"]),
        (200, &seven.expose().into(), &false.into())
    );
    assert_eq!(world.registrations(), 1);
    // Found, and just before the transaction a homonym comes: nobody is certain any more.
    *world.meanwhile.lock().unwrap() = Some(Box::new(|tables| register(tables, 8, &eudoxie())));
    let told = immatriculate(&context, "supdata", "r2", &eudoxie()).await;
    assert_eq!((told.status, &told.json()["etatDemande"]), (202, &"EN_ATTENTE".into()));
}

#[tokio::test]
async fn whatever_comes_is_answered_decently() {
    let world = World::new();
    let context = world.context();
    let bearer = format!("Bearer {}", token(&context, "supdata").await);
    let path = format!("{API}/verification");
    let json_type = ("content-type", "application/json");
    let long = format!("{{\"ine\":\"{}\"}}", "1".repeat(17_000));
    for (content_type, body, status) in [
        (json_type, "", 400),
        (json_type, "[]", 400),
        (json_type, "{\"ine\":7}", 400),
        (json_type, "{\"ine\":\"081768862AE\"", 400),
        (("content-type", "text/plain"), "{}", 415),
        (json_type, &long, 413),
    ] {
        let told = ask(
            &context,
            request("POST", &path, &[("authorization", &bearer), content_type], body),
        )
        .await;
        assert_eq!(told.status, status, "{}", &body[..body.len().min(40)]);
        let body = told.json();
        assert_eq!(
            (&body["details"]["endpoint"], &body["details"]["method"]),
            (&"verification".into(), &"POST".into())
        );
        assert_eq!(body["uid"], told.headers["x-request-id"].to_str().unwrap());
        assert!(!told.text.contains("081768862AE"), "{}", told.text);
    }
    let unknown = ask(&context, request("GET", "/Quintefeuille", &[], "")).await;
    assert_eq!((unknown.status, unknown.text.contains("Quintefeuille")), (404, false));
    let wrong = ask(&context, request("PUT", &path, &[], "")).await;
    assert_eq!((wrong.status, wrong.headers["allow"].to_str().unwrap()), (405, "POST"));
    let ping = ask(&context, request("GET", "/ping", &[], "")).await;
    assert_eq!((ping.status, ping.text.as_str()), (200, "\"pong\""));
    assert_eq!(ask(&context, request("HEAD", "/openapi.json", &[], "")).await.text, "");
    world.assert_nothing_personal();
}

#[tokio::test]
async fn somebody_who_resembles_waits() {
    let world = World::new();
    let context = world.context();
    let told = immatriculate(&context, "supdata", "r1", &born_elsewhere()).await;
    assert_eq!((told.status, &told.json()["etatDemande"]), (202, &"EN_ATTENTE".into()));
    assert_eq!((told.json().get("ine"), world.registrations()), (None, 1));
    assert_eq!(world.traces(), ["D ines_immatriculation pending"]);
    assert_eq!(world.log().last().unwrap()["litigation"], 1);
    // Nothing has changed: nothing is written, but the trace.
    let before = world.tables.items_under("ines", "D#")[0].clone();
    assert_eq!(immatriculate(&context, "supdata", "r1", &born_elsewhere()).await.text, told.text);
    assert_eq!(world.tables.items_under("ines", "D#")[0], before);
}
