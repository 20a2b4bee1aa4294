//! Our own identity service, as its clients call it: over HTTP, with tokens that it gives.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use shared::domain::ine::{Checksum, Ine, IneForm};
use tests::http::{Call, HttpAnswer};
use tests::people::{fresh_ine, fresh_name};
use tests::stack::Stack;
use ureq::http::Method;
use uuid::Uuid;

const FORM: &str = "application/x-www-form-urlencoded";
const GRANT: &str = "grant_type=client_credentials";

/// Who asks: an address and a token.
struct Client {
    url: String,
    token: String,
}

impl Client {
    /// A client of its own, registered as an operator does.
    async fn with(stack: &Stack, scopes: &str) -> Self {
        let id = format!("test-{}", fresh_name());
        let created =
            stack.tool(&["ines", "client", "create", "--id", &id, "--scopes", scopes]).await;
        assert!(created.success, "{}", created.errors);
        let url = stack.output("ines_url").to_owned();
        let answer = token(&url, &id, created.output.trim()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Self { url, token: answer.json()["access_token"].as_str().unwrap().to_owned() }
    }

    fn call(&self, method: Method, path: &str) -> Call {
        let call =
            Call::to(method, &format!("{}/api-ines-etudiants{path}", self.url)).bearer(&self.token);
        call.header("x-jwt-assertion", &self.token).header("x-channel", "tests")
    }

    async fn post(&self, path: &str, body: &Value) -> HttpAnswer {
        self.call(Method::POST, path).json(body).send().await
    }

    async fn get(&self, path: &str) -> HttpAnswer {
        self.call(Method::GET, path).send().await
    }

    async fn verify(&self, ine: &str, birth_date: &str) -> HttpAnswer {
        self.post("/verification", &json!({ "ine": ine, "dateNaissance": birth_date })).await
    }

    /// An INE for somebody, under a reference of its own.
    async fn immatriculate(&self, identity: &Value) -> HttpAnswer {
        let mut body = identity.clone();
        body["reference"] = fresh_name().into();
        self.post("/immatriculation", &body).await
    }
}

async fn token(url: &str, id: &str, secret: &str) -> HttpAnswer {
    let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let call =
        Call::to(Method::POST, &format!("{url}/oauth2/token")).header("authorization", &basic);
    call.header("content-type", FORM).body(GRANT).send().await
}

/// Somebody nobody has met, whose names and birth date are like nobody else's.
fn anybody() -> Value {
    let [year, month, day, ..] = *Uuid::new_v4().as_bytes();
    let born = format!("200{}-0{}-1{}", year % 7, month % 9 + 1, day % 10);
    json!({
        "nomFamille": fresh_name(), "prenom1": fresh_name(), "sexe": "F", "dateNaissance": born,
        "lieuNaissance": "44109",
    })
}

/// A field of somebody.
fn text<'a>(identity: &'a Value, field: &str) -> &'a str {
    identity[field].as_str().unwrap()
}

/// The same with another value for a field.
fn but(identity: &Value, field: &str, value: &str) -> Value {
    let mut other = identity.clone();
    other[field] = value.into();
    other
}

#[tokio::test(flavor = "multi_thread")]
async fn the_people_of_the_sandbox_are_known() {
    let stack = Stack::connect().await;
    let client = Client::with(&stack, "verification").await;
    // The two students of the published qualification data (domain.md §2).
    for (ine, birth_date, family, sex) in [
        ("0AYIOP071Y8", "1996-12-26", "ROUSSEL", "F"),
        ("081768862AE", "1999-11-30", "MERCIER", "H"),
    ] {
        let answer = client.verify(ine, birth_date).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(
            (&answer.json()["nomFamille"], &answer.json()["sexe"]),
            (&family.into(), &sex.into())
        );
        assert_eq!(client.verify(ine, "2001-01-01").await.status, 404);
    }
    assert_eq!(client.verify(&fresh_ine(), "1996-12-26").await.status, 404);
    assert_eq!(client.verify("123", "1996-12-26").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_a_clients_own() {
    let stack = Stack::connect().await;
    let url = stack.output("ines_url");
    let id = format!("test-{}", fresh_name());
    let create = ["ines", "client", "create", "--id", id.as_str(), "--scopes", "verification"];
    let secret = stack.tool(&create).await.output.trim().to_owned();
    assert!(!stack.tool(&create).await.success, "an id is given once");
    assert_eq!(token(url, &id, &secret).await.status, 200);
    let refused = token(url, &id, "wrong").await;
    assert_eq!((refused.status, refused.text.as_str()), (401, r#"{"error":"invalid_client"}"#));
    let renewed =
        stack.tool(&["ines", "client", "rotate", "--id", &id]).await.output.trim().to_owned();
    // Clients are remembered for some seconds.
    tests::eventually("the former secret gives no token", || async {
        (token(url, &id, &secret).await.status == 401).then_some(())
    })
    .await;
    // By each process on its own.
    tests::eventually("the new secret gives a token", || async {
        (token(url, &id, &renewed).await.status == 200).then_some(())
    })
    .await;
    assert!(stack.tool(&["ines", "client", "revoke", "--id", &id]).await.success);
    tests::eventually("a revoked client gets no token", || async {
        (token(url, &id, &renewed).await.status == 401).then_some(())
    })
    .await;

    let narrow = Client::with(&stack, "verification").await;
    assert_eq!(narrow.post("/recherche", &anybody()).await.status, 403);
    assert_eq!(Call::to(Method::GET, &format!("{url}/ping")).send().await.text, "\"pong\"");
    let unsigned = Client { url: url.to_owned(), token: "not.a.token".into() };
    assert_eq!(unsigned.verify(&fresh_ine(), "2004-03-12").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ine_is_given_once_and_found_by_everybody() {
    let stack = Stack::connect().await;
    let client = Client::with(&stack, "verification,recherche,immatriculation").await;
    let person = anybody();
    assert_eq!(client.post("/recherche", &person).await.status, 404);
    let given = client.immatriculate(&person).await;
    assert_eq!((given.status, &given.json()["attribue"]), (200, &true.into()), "{}", given.text);
    let ine = given.json()["ine"].as_str().unwrap().to_owned();
    let parsed = Ine::parse(&ine).unwrap();
    assert_eq!((parsed.form(), parsed.checksum()), (IneForm::Rnie, Checksum::Valid));

    assert_eq!(client.post("/recherche", &person).await.json()["ineMaitre"], ine);
    let verified = client.verify(&ine, text(&person, "dateNaissance")).await.json();
    assert_eq!(
        (&verified["nomFamille"], &verified["etatDemande"]),
        (&person["nomFamille"], &json!(["VALIDÉ"]))
    );
    let other = Client::with(&stack, "immatriculation").await;
    let again = other
        .immatriculate(&but(&person, "nomFamille", &text(&person, "nomFamille").to_uppercase()))
        .await;
    assert_eq!(
        (&again.json()["ine"], &again.json()["attribue"]),
        (&ine.as_str().into(), &false.into())
    );
    let twin = other.immatriculate(&but(&person, "prenom1", "Philomène")).await;
    assert_ne!(twin.json()["ine"], ine);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_for_one_person_give_one_ine() {
    let stack = Stack::connect().await;
    let client = Client::with(&stack, "immatriculation").await;
    let person = anybody();
    let requests = (0..8).map(|_| client.immatriculate(&person));
    let answers = futures_util::future::join_all(requests).await;
    let mut ines: Vec<_> = answers.iter().map(|answer| answer.json()["ine"].to_string()).collect();
    let given = answers.iter().filter(|answer| answer.json()["attribue"] == true).count();
    ines.dedup();
    assert_eq!((ines.len(), given), (1, 1), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_resembles_waits_for_the_staff() {
    let stack = Stack::connect().await;
    let client = Client::with(&stack, "verification,immatriculation").await;
    let staff = Client::with(&stack, "gestion").await;
    let person = anybody();
    let known = client.immatriculate(&person).await.json()["ine"].clone();
    let elsewhere = but(&person, "lieuNaissance", "13055");

    let waiting = client.immatriculate(&elsewhere).await;
    assert_eq!(
        (waiting.status, &waiting.json()["etatDemande"]),
        (202, &"EN_ATTENTE".into()),
        "{}",
        waiting.text
    );
    let path = format!("/demandes/{}", waiting.json()["idDemande"].as_str().unwrap());
    let mut listed = false;
    let mut next = String::new();
    while !listed {
        let page = staff.get(&format!("/demandes?etat=EN_ATTENTE{next}")).await.json();
        let requests = page["demandes"].as_array().unwrap();
        listed = requests.iter().any(|request| request["idDemande"] == waiting.json()["idDemande"]);
        next = match page["suivant"].as_str() {
            Some(place) => format!("&{}", tests::http::query([("apres", place)])),
            None => break,
        };
    }
    assert!(listed, "the staff sees what waits");
    let seen = staff.get(&path).await.json();
    assert_eq!(seen["ressemblances"][0]["ine"], known);
    assert!(!seen.to_string().to_lowercase().contains(text(&person, "prenom1")), "masked: {seen}");
    assert_eq!(
        client.post(&format!("{path}/decision"), &json!({ "decision": "REFUS" })).await.status,
        403
    );

    let decided = staff.post(&format!("{path}/decision"), &json!({ "decision": "NOUVEAU" })).await;
    assert_eq!(
        (decided.status, &decided.json()["attribue"]),
        (200, &true.into()),
        "{}",
        decided.text
    );
    let given = client.get(&path).await.json()["ine"].as_str().unwrap().to_owned();
    assert_ne!(given, known);

    // It was the same person after all: joined, and parted again.
    let attach = json!({ "ine": given, "ineMaitre": known });
    assert_eq!(staff.post("/rattachements", &attach).await.status, 200);
    assert_eq!(
        client.verify(&given, text(&person, "dateNaissance")).await.json()["ineMaitre"],
        known
    );
    assert_eq!(client.immatriculate(&elsewhere).await.json()["ine"], known);
    assert_eq!(staff.post("/detachements", &json!({ "ine": given })).await.status, 200);
    assert_eq!(
        client.verify(&given, text(&person, "dateNaissance")).await.json().get("ineMaitre"),
        None
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extract_is_loaded_twice_as_once() {
    let stack = Stack::connect().await;
    let client = Client::with(&stack, "verification,recherche").await;
    let (master, alias) = (fresh_ine(), fresh_ine());
    let (person, name) = (anybody(), fresh_name());
    let [family, given, born] =
        ["nomFamille", "prenom1", "dateNaissance"].map(|field| text(&person, field));
    let path = std::env::temp_dir().join(format!("ines-{name}.csv"));
    let text = format!(
        "ine;nomFamille;nomUsage;prenom1;autresPrenoms;sexe;dateNaissance;lieuNaissance;ineMaitre\n\
         {master};{family};;{given};Marie,Ange;F;{born};44109;\n{alias};{family};;{given};;F;2000-12-31;;{master}\n"
    );
    std::fs::write(&path, text).unwrap();
    for counted in ["2 added", "2 there already"] {
        let loaded = stack.tool(&["ines", "load", path.to_str().unwrap()]).await;
        assert!(
            loaded.success && loaded.errors.contains(counted),
            "{} {}",
            loaded.output,
            loaded.errors
        );
    }
    std::fs::remove_file(path).unwrap();
    let verified = client.verify(&alias, "2000-12-31").await.json();
    assert_eq!(
        (&verified["ineMaitre"], &verified["prenom3"]),
        (&master.as_str().into(), &"Ange".into())
    );
    assert_eq!(client.post("/recherche", &person).await.json()["ineMaitre"], master);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_and_no_trace_of_the_service_names_a_person() {
    let stack = Stack::connect().await;
    let client = Client::with(&stack, "verification,recherche,immatriculation").await;
    let person = anybody();
    let ine = client.immatriculate(&person).await.json()["ine"].as_str().unwrap().to_owned();
    client.verify(&ine, text(&person, "dateNaissance")).await;
    client.verify(&ine, "1999-12-31").await;
    client.post("/recherche", &person).await;
    client.post("/recherche", &but(&person, "prenom1", "Barnabé")).await;
    client.get(&format!("/demandes/{ine}")).await;
    let secrets = [ine.as_str(), text(&person, "nomFamille"), text(&person, "prenom1")];
    for (table, keys) in [
        ("ines_table", &["pk"][..]),
        ("ines_blocks_table", &["pk"]),
        ("ines_log_table", &["subject", "at"]),
    ] {
        let items = stack.items(table).await;
        assert!(!items.is_empty(), "{table} holds something");
        for item in items {
            let told = if table == "ines_log_table" {
                format!("{item:?}")
            } else {
                format!("{:?}", keys.iter().map(|key| item.get(*key)).collect::<Vec<_>>())
            };
            assert!(secrets.iter().all(|secret| !told.contains(secret)), "{table}: {told}");
        }
    }
    let group = stack.log_groups()["ines"].clone();
    for line in stack.log_lines(&group).await {
        assert!(secrets.iter().all(|secret| !line.contains(secret)), "{line}");
    }
}
