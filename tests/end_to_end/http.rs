//! HTTP manners: whatever comes gets a JSON answer in the style of its path.

use serde_json::json;
use tests::http::{HttpAnswer, RECIPIENT};
use tests::people::fresh_ine;
use tests::stack::Stack;
use ureq::http::Method;

const V3: &str = "/v3/mesri/statut_etudiant";

/// The status and the words of a refusal, once it is found to be decent: JSON in the right style,
/// kept by nobody.
fn refusal(answer: &HttpAnswer) -> String {
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8", "{answer:?}");
    assert_eq!(
        (answer.header("cache-control"), answer.header("x-content-type-options")),
        ("no-store", "nosniff")
    );
    let (body, uid) = (answer.json(), answer.uid());
    let Some(message) = body["message"].as_str() else {
        let names: Vec<_> = body["errors"][0].as_object().unwrap().keys().collect();
        assert_eq!(names, ["code", "detail", "meta", "source", "title"], "{answer:?}");
        return answer.refusal();
    };
    assert_eq!(body["uid"], uid);
    let details: Vec<_> = body["details"].as_object().unwrap().keys().collect();
    assert_eq!(details, ["endpoint", "method", "parameter"]);
    format!("{} {message}", answer.status)
}

const UNKNOWN_UPSTREAM: &str = "404 ressource introuvable";
const UNKNOWN_V3: &str = "404 00404";

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_path_is_said_in_its_style() {
    let stack = Stack::connect().await;
    for (path, expected) in [
        ("", UNKNOWN_UPSTREAM),
        ("/", UNKNOWN_UPSTREAM),
        ("/api", UNKNOWN_UPSTREAM),
        ("/api/etudiants", UNKNOWN_UPSTREAM),
        ("/api/etudiant/1234567890G", UNKNOWN_UPSTREAM),
        ("/favicon.ico", UNKNOWN_UPSTREAM),
        ("/../../etc/passwd", UNKNOWN_UPSTREAM),
        ("/%00", UNKNOWN_UPSTREAM),
        ("/%ff%fe", UNKNOWN_UPSTREAM),
        ("/%E2%80%AE", UNKNOWN_UPSTREAM),
        ("/v3", UNKNOWN_V3),
        ("/v3/mesri/statut_etudiant", UNKNOWN_V3),
        ("/v3/mesri/statut_etudiant/INE", UNKNOWN_V3),
        ("/v3/mesri/statut_etudiant/ine/1234567890G", UNKNOWN_V3),
        ("/v3/cnous/etudiant", UNKNOWN_V3),
    ] {
        for method in [Method::GET, Method::POST] {
            let answer = stack.call(method, path).send().await;
            assert_eq!(refusal(&answer), expected, "{path}");
            let inside = path.rsplit('/').next().unwrap();
            assert!(
                inside.len() < 5 || !answer.text.contains(inside),
                "what may be anything isn't repeated: {answer:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_method_is_told_which_there_are() {
    let stack = Stack::connect().await;
    let (_, token) = stack.client(|_| {}).await;
    let upstream = "405 méthode non autorisée";
    for (path, allowed, words) in [
        ("/api/etudiant", "GET, POST", upstream),
        ("/v3/mesri/statut_etudiant/ine", "GET", "405 00405"),
        ("/v3/mesri/statut_etudiant/identite", "GET", "405 00405"),
        ("/v3/mesri/statut_etudiant/france_connect", "GET", "405 00405"),
        ("/v3/mesri/statut_etudiant/lot", "POST", "405 00405"),
        ("/v3/mesri/statut_etudiant/couverture", "GET, HEAD", "405 00405"),
        ("/api/introspect", "GET", "405 00405"),
        ("/api/france_connect_jwks", "GET, HEAD", "405 00405"),
        ("/openapi.json", "GET, HEAD", "405 00405"),
        ("/ping", "GET, HEAD", "405 00405"),
    ] {
        let methods = [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::DELETE,
            Method::PATCH,
            Method::OPTIONS,
        ];
        for method in methods.into_iter().filter(|method| !allowed.contains(method.as_str())) {
            let answer = stack.call(method.clone(), path).bearer(&token).send().await;
            assert_eq!(
                (refusal(&answer).as_str(), answer.header("allow")),
                (words, allowed),
                "{method} {path}"
            );
        }
        let head = stack.call(Method::HEAD, path).bearer(&token).send().await;
        let expected = if allowed.contains("HEAD") { (200, "") } else { (405, allowed) };
        assert_eq!((head.status, head.header("allow")), expected, "HEAD {path}");
        assert_eq!(head.text, "", "a HEAD has no body");
        if head.status == 200 {
            let get = stack.call(Method::GET, path).send().await;
            for name in ["content-type", "cache-control", "x-content-type-options"] {
                assert_eq!(head.header(name), get.header(name), "HEAD {path}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slash_at_the_end_is_nothing() {
    let stack = Stack::connect().await;
    let (_, token) = stack.client(|_| {}).await;
    let ine = fresh_ine();
    assert_eq!(stack.get("/ping/", None).await.text, "\"pong\"");
    assert_eq!(
        stack.get(&format!("/api/etudiant/?INE={ine}"), Some(&stack.ine_key)).await.status,
        404
    );
    let answer = stack.direct(&format!("ine/?ine={ine}&recipient={RECIPIENT}"), &token).await;
    assert_eq!(refusal(&answer), "404 25003");
    let wrong = stack.call(Method::PUT, "/api/etudiant/").send().await;
    assert_eq!(refusal(&wrong), "405 méthode non autorisée");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_may_be_written_badly() {
    let stack = Stack::connect().await;
    let (_, token) = stack.client(|_| {}).await;
    let ine = fresh_ine();
    let recipient = format!("recipient={RECIPIENT}");
    for (query, expected) in [
        (format!("ine?ine={ine}&{recipient}&context=x&object&=&&"), "404 25003"),
        (format!("ine?ine=%20{ine}+&{recipient}"), "404 25003"),
        (format!("ine?ine={ine}&ine={ine}&{recipient}"), "422 00360"),
        (format!("ine?ine={ine}&{recipient}&{recipient}"), "422 00210"),
        (format!("ine?INE={ine}&{recipient}"), "422 00360"),
        (format!("ine?ine=&{recipient}"), "422 00360"),
        (format!("ine?ine=%ff%fe&{recipient}"), "422 00360"),
        (format!("ine?ine=%zz&{recipient}"), "422 00360"),
        (format!("ine?ine=%&{recipient}"), "422 00360"),
        (format!("ine?ine=%00%0d%0aX-Injected:%201&{recipient}"), "422 00360"),
        (format!("ine?ine={}&{recipient}", "1".repeat(5_000)), "422 00360"),
        (
            format!("identite?nomNaissance=%ff&{recipient}"),
            "422 00420 00421 00422 00423 00424 00427",
        ),
    ] {
        let answer = stack.direct(&query, &token).await;
        assert_eq!(refusal(&answer), expected, "{}", &query[..query.len().min(80)]);
        assert_eq!(answer.header("x-injected"), "");
    }

    let bad = "400 la valeur du paramètre n'est pas valide";
    for (query, expected) in [
        (format!("INE={ine}&inconnu=x"), "404 inscription introuvable"),
        (format!("INE={ine}&INE={ine}"), bad),
        ("INE=%ff%fe".to_owned(), bad),
        ("INE=%zz".to_owned(), bad),
        ("INE".to_owned(), bad),
        (format!("INE={}", "1".repeat(5_000)), bad),
    ] {
        let answer = stack.get(&format!("/api/etudiant?{query}"), Some(&stack.ine_key)).await;
        assert_eq!(refusal(&answer), expected, "{}", &query[..query.len().min(80)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_json_and_of_some_size() {
    let stack = Stack::connect().await;
    let question = json!({ "nomFamille": "Personne", "prenom1": "Jean", "dateNaissance": "2001-02-03", "sexe": "1" });
    let post = async |content_type: Option<&str>, body: Vec<u8>| {
        let call = stack.call(Method::POST, "/api/etudiant").key(&stack.identity_key).body(body);
        let call = if let Some(content_type) = content_type {
            call.header("content-type", content_type)
        } else {
            call
        };
        refusal(&call.send().await)
    };
    let json_type = Some("application/json");
    let unknown = "404 étudiant introuvable";
    // The contract's own client said that its JSON is a form until November 2025, and says nothing
    // since.
    for content_type in [
        None,
        json_type,
        Some("application/json; charset=utf-8"),
        Some("application/x-www-form-urlencoded"),
        Some("text/plain"),
        Some("multipart/form-data; boundary=x"),
        Some("*"),
    ] {
        assert_eq!(
            post(content_type, question.to_string().into()).await,
            unknown,
            "{content_type:?}"
        );
    }
    // What its checks let through, and nobody has.
    for (field, value) in [
        ("prenom1", ""),
        ("prenom1", "?"),
        ("nomFamille", "'"),
        ("dateNaissance", "1850-01-01"),
        ("dateNaissance", "0004-01-01"),
    ] {
        let mut asked = question.clone();
        asked[field] = value.into();
        assert_eq!(post(json_type, asked.to_string().into()).await, unknown, "{field}={value}");
    }
    let padded = |size: usize| {
        format!("{}{question}", " ".repeat(size - question.to_string().len())).into_bytes()
    };
    assert_eq!(post(json_type, padded(16 * 1024)).await, unknown);
    assert_eq!(
        post(json_type, padded(16 * 1024 + 1)).await,
        "413 le corps de la requête est trop volumineux"
    );
    assert_eq!(
        post(json_type, padded(2_000_000)).await,
        "413 le corps de la requête est trop volumineux"
    );
    let bad = "400 la valeur du paramètre n'est pas valide";
    for body in [
        "",
        "null",
        "[]",
        "[1]",
        "\"x\"",
        "{",
        "{\"nomFamille\":7}",
        "{\"nomFamille\":null}",
        "\u{feff}{}",
    ] {
        assert_eq!(post(json_type, body.into()).await, bad, "{body}");
    }
    assert_eq!(post(json_type, b"{\"nomFamille\":\"\xff\xfe\"}".to_vec()).await, bad);
    let nested = format!("{{\"a\":{}", "[".repeat(10_000));
    assert_eq!(post(json_type, nested.into()).await, bad);
    let mut more = question.clone();
    more["inconnu"] = json!({ "a": [1, 2, 3] });
    assert_eq!(
        post(json_type, more.to_string().into()).await,
        unknown,
        "what isn't known is passed over"
    );
    // A body where there should be none is passed over as well.
    let get = stack.call(Method::GET, &format!("{V3}/couverture")).body("garbage").send().await;
    assert_eq!(get.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_is_the_committed_one_and_names_every_path() {
    let stack = Stack::connect().await;
    let answer = stack.get("/openapi.json", None).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "public, max-age=300"));
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    assert!(
        answer.text == include_str!("../../docs/openapi/status.json"),
        "what is deployed is not what is committed"
    );
    let document = answer.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let answer = stack.call(method.clone(), path).send().await;
            assert!(
                ![404, 405].contains(&answer.status),
                "{method} {path} is documented and isn't there"
            );
        }
    }
}
