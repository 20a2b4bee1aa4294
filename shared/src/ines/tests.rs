//! The client over prepared answers, then over a network that misbehaves.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::breaker::{FAILURES, REST};
use super::client::{Client, Settings};
use super::secret::{Credentials, Secret};
use crate::auth::http::tests::FakeHttp;
use crate::auth::http::{Content, Http, HttpClient, HttpError, Reply};
use crate::domain::birth_date::BirthDate;
use crate::domain::ine::Ine;
use crate::domain::uai::Uai;
use crate::identity::fixtures::identity;
use crate::identity::ines::{Immatriculated, Ines as _, InesError, Verified};
use crate::registry::StoreError;

/// Gives what an operator has put there, one after another; the last one stays.
struct Stored {
    contents: Mutex<VecDeque<Result<&'static str, StoreError>>>,
    reads: AtomicUsize,
}

impl Stored {
    fn of(contents: impl IntoIterator<Item = Result<&'static str, StoreError>>) -> Self {
        Self { contents: Mutex::new(contents.into_iter().collect()), reads: AtomicUsize::new(0) }
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }
}

impl Secret for &Stored {
    async fn read(&self) -> Result<Credentials, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let mut contents = self.contents.lock().unwrap();
        let content =
            if contents.len() > 1 { contents.pop_front() } else { contents.front().cloned() };
        Ok(Credentials {
            client_id: "supdata".into(),
            client_secret: content.unwrap()?.to_owned().into(),
        })
    }
}

impl<H: Http> Http for &H {
    async fn get_with(&self, url: &str, headers: &[(&str, &str)]) -> Result<Reply, HttpError> {
        (**self).get_with(url, headers).await
    }

    async fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        content: Content<'_>,
    ) -> Result<Reply, HttpError> {
        (**self).post(url, headers, content).await
    }
}

fn client<'a, H: Http>(http: &'a H, stored: &'a Stored) -> Client<&'a H, &'a Stored> {
    at("https://ines", http, stored)
}

fn at<'a, H: Http>(url: &str, http: &'a H, stored: &'a Stored) -> Client<&'a H, &'a Stored> {
    Client::new(
        Settings { url: url.into(), channel: "supdata-1".into(), is_told_depositors: true },
        http,
        stored,
    )
}

fn stored() -> Stored {
    Stored::of([Ok("one")])
}

fn token(text: &str) -> String {
    json!({ "access_token": text, "token_type": "Bearer", "expires_in": 3600 }).to_string()
}

fn person() -> Value {
    json!({ "nomFamille": "LE GOFF", "prenom1": "Zoé", "sexe": "F", "dateNaissance": "1999-03-30" })
}

async fn verify<H: Http>(client: &Client<&H, &Stored>) -> Result<&'static str, InesError> {
    let ine = Ine::parse("070578267KH").unwrap();
    client.verify(&ine, BirthDate::parse("1999-03-30").unwrap()).await.map(
        |verified| match verified {
            Verified::Known(_) => "known",
            Verified::Unknown => "unknown",
            Verified::Pending => "pending",
        },
    )
}

#[tokio::test(start_paused = true)]
async fn a_question_has_the_headers_of_the_contract_and_one_token_serves_many() {
    let (http, stored) = (FakeHttp::default(), stored());
    let client = client(&http, &stored);
    http.answer(200, token("t1"));
    http.answer(200, person().to_string());
    http.answer(404, "");
    assert_eq!((verify(&client).await, verify(&client).await), (Ok("known"), Ok("unknown")));
    let verification = r#"POST https://ines/api-ines-etudiants/verification {"ine":"070578267KH","dateNaissance":"1999-03-30"}"#;
    assert_eq!(
        *http.asked.lock().unwrap(),
        [
            r#"POST https://ines/oauth2/token [("grant_type", "client_credentials")]"#,
            verification,
            verification
        ]
    );
    let question = ["authorization: Bearer t1", "x-jwt-assertion: t1", "x-channel: supdata-1"];
    let headers = http.headers.lock().unwrap();
    // supdata:one, as RFC 7617 writes it.
    assert_eq!(*headers, [&["authorization: Basic c3VwZGF0YTpvbmU="][..], &question, &question]);
}

#[tokio::test(start_paused = true)]
async fn our_own_ines_alone_is_told_on_whose_word_a_pair_is_checked() {
    let (ine, birth_date) =
        (Ine::parse("070578267KH").unwrap(), BirthDate::parse("1999-03-30").unwrap());
    for is_ours in [true, false] {
        let (http, stored) = (FakeHttp::default(), stored());
        http.answer(200, token("t1"));
        http.answer(404, "");
        let (url, channel) = ("https://ines".into(), "supdata-1".into());
        let client =
            Client::new(Settings { url, channel, is_told_depositors: is_ours }, &http, &stored);
        let depositor = Uai::parse("0751967F").unwrap();
        assert_eq!(client.verify_for(depositor, &ine, birth_date).await, Ok(Verified::Unknown));
        let told = http.headers.lock().unwrap()[1].contains(&"x-deposant: 0751967F".to_owned());
        assert_eq!(told, is_ours);
    }
}

#[tokio::test(start_paused = true)]
async fn an_immatriculation_is_asked_under_its_reference() {
    let (http, stored) = (FakeHttp::default(), stored());
    http.answer(200, token("t1"));
    http.answer(
        200,
        json!({ "idDemande": "1", "etatDemande": "VALIDÉ", "ine": "070578267KH", "attribue": true }).to_string(),
    );
    let answer = client(&http, &stored)
        .immatriculate(&identity("Le Goff", "Zoé", "1999-03-30"), "r-1")
        .await;
    let ine = Ine::parse("070578267KH").unwrap();
    assert_eq!(answer, Ok(Immatriculated::Granted { ine, new: true }));
    assert!(http.asked.lock().unwrap()[1].starts_with(
        r#"POST https://ines/api-ines-etudiants/immatriculation {"reference":"r-1","nomFamille":"#
    ));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_left_before_its_end() {
    for (said, seconds) in [(json!(100), 70), (Value::Null, 270), (json!(u64::MAX), 3570)] {
        let (http, stored) = (FakeHttp::default(), stored());
        let client = client(&http, &stored);
        http.answer(200, json!({ "access_token": "t1", "expires_in": said }).to_string());
        http.answer(404, "");
        assert_eq!(verify(&client).await, Ok("unknown"));
        tokio::time::advance(Duration::from_secs(seconds - 1)).await;
        http.answer(404, "");
        assert_eq!(verify(&client).await, Ok("unknown"));
        tokio::time::advance(Duration::from_secs(1)).await;
        http.answer(200, token("t2"));
        http.answer(404, "");
        assert_eq!(verify(&client).await, Ok("unknown"), "{said}");
        assert_eq!((http.calls(), stored.reads()), (5, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_need_a_token_at_once_wait_for_the_same_one() {
    let (http, stored) = (FakeHttp::default(), stored());
    let client = client(&http, &stored);
    http.answer(200, token("t1"));
    for _ in 0..3 {
        http.answer(404, "");
    }
    let answers = tokio::join!(verify(&client), verify(&client), verify(&client));
    assert_eq!(answers, (Ok("unknown"), Ok("unknown"), Ok("unknown")));
    assert_eq!(http.calls(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_token_withdrawn_before_its_time_is_renewed_once() {
    let (http, stored) = (FakeHttp::default(), stored());
    let client = client(&http, &stored);
    for (status, body) in
        [(200, token("t1")), (401, String::new()), (200, token("t2")), (404, String::new())]
    {
        http.answer(status, body);
    }
    assert_eq!(verify(&client).await, Ok("unknown"));
    assert_eq!(http.headers.lock().unwrap()[3][0], "authorization: Bearer t2");
    assert_eq!(stored.reads(), 1);
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_not_tried_again_at_once_and_read_anew_after() {
    for refusals in [vec![401], vec![400], vec![200, 403], vec![200, 401, 200, 401]] {
        let (http, stored) = (FakeHttp::default(), Stored::of([Ok("one"), Ok("two")]));
        let client = client(&http, &stored);
        for status in &refusals {
            http.answer(*status, token("t1"));
        }
        for _ in 0..2 {
            assert_eq!(verify(&client).await, Err(InesError::Unauthorized), "{refusals:?}");
        }
        assert_eq!(http.calls(), refusals.len());
        tokio::time::advance(REST).await;
        http.answer(200, token("t2"));
        http.answer(404, "");
        assert_eq!(verify(&client).await, Ok("unknown"), "{refusals:?}");
        assert_eq!(stored.reads(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_firewall_that_refuses_a_question_says_nothing_of_our_credentials() {
    let (http, stored) = (FakeHttp::default(), stored());
    let client = client(&http, &stored);
    for (status, body) in [
        (200, token("t1")),
        (403, r#"{"message":"Forbidden"}"#.to_owned()),
        (404, String::new()),
        (403, "<html>Request blocked</html>".to_owned()),
    ] {
        http.answer(status, body);
    }
    assert_eq!(verify(&client).await, Err(InesError::Unreadable));
    assert_eq!(verify(&client).await, Ok("unknown"), "the next question is asked at once");
    assert_eq!(verify(&client).await, Err(InesError::Unreadable));
    assert_eq!(stored.reads(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_firewall_that_refuses_the_token_s_request_is_waited_for() {
    let (http, stored) = (FakeHttp::default(), stored());
    let client = client(&http, &stored);
    for (status, body) in
        [(403, r#"{"message":"Forbidden"}"#.to_owned()), (200, token("t1")), (404, String::new())]
    {
        http.answer(status, body);
    }
    assert_eq!(verify(&client).await, Ok("unknown"));
}

#[tokio::test(start_paused = true)]
async fn credentials_that_were_replaced_meanwhile_are_read_without_a_refusal_being_told() {
    let (http, stored) = (FakeHttp::default(), Stored::of([Ok("one"), Ok("two")]));
    let client = client(&http, &stored);
    http.answer(200, token("t1"));
    http.answer(404, "");
    assert_eq!(verify(&client).await, Ok("unknown"));
    for (status, body) in
        [(401, String::new()), (401, String::new()), (200, token("t2")), (404, String::new())]
    {
        http.answer(status, body);
    }
    assert_eq!(verify(&client).await, Ok("unknown"));
    // supdata:two
    assert_eq!(http.headers.lock().unwrap()[4], ["authorization: Basic c3VwZGF0YTp0d28="]);
    assert_eq!(stored.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_not_there_is_for_an_operator_and_one_out_of_reach_is_not() {
    let http = FakeHttp::default();
    let missing = Stored::of([Err(StoreError::refused("read", "ResourceNotFoundException"))]);
    assert_eq!(verify(&client(&http, &missing)).await, Err(InesError::Unauthorized));
    let slow = Stored::of([Err(StoreError::timeout("read"))]);
    assert_eq!(verify(&client(&http, &slow)).await, Err(InesError::Unavailable));
    assert_eq!(http.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_waited_for() {
    let (http, stored) = (FakeHttp::default(), stored());
    let client = client(&http, &stored);
    http.answer(503, "");
    http.fail(HttpError::Timeout);
    http.answer(200, token("t1"));
    http.answer(429, "");
    http.answer(404, "");
    assert_eq!(verify(&client).await, Ok("unknown"));
    assert_eq!(http.calls(), 5);
}

#[tokio::test(start_paused = true)]
async fn ines_is_left_alone_once_it_fails_again_and_again() {
    let (http, stored) = (FakeHttp::default(), stored());
    let client = client(&http, &stored);
    let failures = usize::try_from(FAILURES).unwrap();
    for _ in 0..failures {
        http.answer(500, "");
    }
    assert_eq!(verify(&client).await, Err(InesError::Unavailable));
    assert_eq!(verify(&client).await, Err(InesError::Resting));
    assert_eq!(http.calls(), failures);
    tokio::time::advance(REST).await;
    http.answer(302, "");
    assert_eq!(verify(&client).await, Err(InesError::Unavailable), "one attempt finds out");
    assert_eq!(http.calls(), failures + 1);
    assert_eq!(verify(&client).await, Err(InesError::Resting));
    tokio::time::advance(REST).await;
    http.answer(200, token("t1"));
    http.answer(404, "");
    assert_eq!(verify(&client).await, Ok("unknown"));
}

#[tokio::test(start_paused = true)]
async fn ines_says_when_to_come_back() {
    let (http, stored) = (FakeHttp::default(), stored());
    let client = client(&http, &stored);
    http.answer_later(503, "", Some(Duration::from_mins(1)));
    assert_eq!(verify(&client).await, Err(InesError::Unavailable));
    assert_eq!(http.calls(), 1, "an attempt before the time would be no use");
    http.answer_later(429, "", Some(Duration::from_secs(3)));
    http.answer(200, token("t1"));
    http.answer(404, "");
    let before = tokio::time::Instant::now();
    assert_eq!(verify(&client).await, Ok("unknown"));
    assert!(
        before.elapsed() >= Duration::from_secs(3),
        "on the clock of the test, which only waits make go on"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_out_of_contract_is_asked_once() {
    let (http, stored) = (FakeHttp::default(), stored());
    let client = client(&http, &stored);
    http.answer(200, "<html>");
    assert_eq!(verify(&client).await, Err(InesError::Unreadable));
    http.answer(200, token("t1"));
    http.answer(200, "<html>");
    assert_eq!(verify(&client).await, Err(InesError::Unreadable));
    http.answer(418, "");
    assert_eq!(verify(&client).await, Err(InesError::Unreadable));
    http.fail(HttpError::TooLarge);
    assert_eq!(verify(&client).await, Err(InesError::Unreadable));
    assert_eq!(http.calls(), 5);
}

/// Never answers.
struct Silent;

impl Http for Silent {
    async fn get_with(&self, _: &str, _: &[(&str, &str)]) -> Result<Reply, HttpError> {
        std::future::pending().await
    }

    async fn post(&self, _: &str, _: &[(&str, &str)], _: Content<'_>) -> Result<Reply, HttpError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn silence_ends_with_the_budget() {
    let stored = stored();
    assert_eq!(verify(&client(&Silent, &stored)).await, Err(InesError::Unavailable));
}

#[test]
fn a_function_that_moves_between_threads_can_ask() {
    fn is_send(_: impl Send) {}
    let (http, stored) = (FakeHttp::default(), stored());
    let client = client(&http, &stored);
    is_send(verify(&client));
}

/// What the server does with one connection.
enum Behaviour {
    /// Closes it.
    Reset,
    /// Answers with something that isn't HTTP.
    Garbage,
    /// Reads, and says nothing until the end.
    Silence,
    /// Promises more than it sends.
    Cut,
    Answer(String),
}

/// Reads one request: its headers, and as many bytes after them as they say.
fn read_request(stream: &mut TcpStream) {
    let (mut request, mut byte) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        request.push(byte[0]);
    }
    let headers = String::from_utf8(request).unwrap().to_ascii_lowercase();
    let length = headers.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    stream.read_exact(&mut vec![0; length.parse().unwrap()]).unwrap();
}

fn serve(listener: &TcpListener, behaviours: Vec<Behaviour>) {
    let mut silent = Vec::new();
    for behaviour in behaviours {
        let (mut stream, _) = listener.accept().unwrap();
        if matches!(behaviour, Behaviour::Reset) {
            continue;
        }
        read_request(&mut stream);
        let answer = match behaviour {
            Behaviour::Reset | Behaviour::Silence => {
                silent.push(stream);
                continue;
            }
            Behaviour::Garbage => "SSH-2.0-OpenSSH_9.6\r\n".to_owned(),
            Behaviour::Cut => "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{".to_owned(),
            Behaviour::Answer(body) => {
                format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                )
            }
        };
        stream.write_all(answer.as_bytes()).unwrap();
    }
}

#[tokio::test]
async fn a_network_that_misbehaves_costs_attempts_and_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let scene = vec![
        Behaviour::Reset,
        Behaviour::Garbage,
        Behaviour::Answer(token("t1")),
        Behaviour::Silence,
        Behaviour::Answer(person().to_string()),
        Behaviour::Cut,
        Behaviour::Answer(person().to_string()),
    ];
    let server = std::thread::spawn(move || serve(&listener, scene));
    let http = HttpClient::with_timeout(Duration::from_millis(500)).unwrap();
    let stored = stored();
    let client = at(&url, &http, &stored);
    assert_eq!(verify(&client).await, Ok("known"));
    assert_eq!(verify(&client).await, Ok("known"));
    server.join().unwrap();
    // Nobody listens any more.
    assert_eq!(verify(&client).await, Err(InesError::Unavailable));
}
