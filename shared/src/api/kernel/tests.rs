//! A function of three paths: what the kernel does for every function.

use std::sync::Mutex;

use lambda_http::http::{self, Method, StatusCode};

use super::super::reply::{json, public};
use super::*;
use crate::registry::StoreError;
use crate::routes;

/// Remembers the lines of metrics: route, outcome, status, first.
#[derive(Default)]
pub(crate) struct Library {
    lines: Mutex<Vec<(&'static str, &'static str, u16, u64)>>,
}

#[derive(Debug)]
pub(crate) struct Stranger;

impl Refusal for Stranger {
    fn name(&self) -> &'static str {
        "stranger"
    }
}

type Ends = Result<Reply, ApiError<Stranger>>;
type Asked<'a> = Call<'a, Library>;

impl Service for Library {
    type Access = &'static str;
    type Caller = std::sync::Arc<str>;
    type Refusal = Stranger;
    type Facts = ();

    async fn authenticate(
        &self,
        access: &'static str,
        request: &Request,
        request_context: &mut RequestContext<Self>,
    ) -> Result<std::sync::Arc<str>, ApiError<Stranger>> {
        let shown =
            request.headers().get("x-api-key").and_then(|key| key.to_str().ok()).ok_or(Stranger)?;
        request_context.client = Some(shown.to_owned());
        if shown == access { Ok(shown.into()) } else { Err(Stranger.into()) }
    }

    fn render(
        &self,
        error: &ApiError<Stranger>,
        _: &Request,
        _: &RequestContext<Self>,
    ) -> Response<Body> {
        match error.words() {
            Ok((status, message)) => json(status, &message),
            Err(Stranger) => json(StatusCode::UNAUTHORIZED, &"stranger"),
        }
    }

    fn emit(&self, line: RequestMetrics, (): ()) {
        self.lines.lock().unwrap().push((line.route, line.outcome, line.status, line.cold_starts));
    }

    fn environment(&self) -> &'static str {
        "test"
    }
}

/// A book
#[utoipa::path(get, path = "/books/{id}", responses((status = 200)))]
async fn read(call: Asked<'_>, caller: &std::sync::Arc<str>) -> Ends {
    Ok(json(StatusCode::OK, &[caller.as_ref(), call.id]).into())
}

/// Another book
#[utoipa::path(post, path = "/books", responses((status = 200)))]
async fn write(call: Asked<'_>, _: &std::sync::Arc<str>) -> Ends {
    match call.json()? {
        b"down" => Err(StoreError::shape("test").into()),
        b"full" => Err(ApiError::TooManyRequests { retry_after: 7 }),
        body => Ok(Reply { response: json(StatusCode::OK, &body.len()), outcome: Some("written") }),
    }
}

/// All books
#[utoipa::path(get, path = "/books", responses((status = 200)))]
async fn list(_: Asked<'_>, _: &std::sync::Arc<str>) -> Ends {
    Ok(json(StatusCode::OK, &["one"]).into())
}

/// A probe
#[utoipa::path(get, path = "/ping", responses((status = 200)))]
async fn ping(_: Asked<'_>) -> Ends {
    Ok(public("\"pong\"".to_owned()).into())
}

routes! { Library;
    "read" => read, by("reader"), body 0;
    "list" => list, by("reader"), body 0;
    "write" => write, by("writer"), body 4;
    "ping" => ping, public, body 0;
}

async fn ask(
    api: &Api<Library>,
    method: &str,
    path: &str,
    key: &str,
    body: &str,
) -> (u16, String, http::HeaderMap) {
    let request =
        http::Request::builder().method(method).uri("/stage/ignored").header("x-api-key", key);
    let request = request.body(body.into()).unwrap().with_raw_http_path(path);
    let response = api.handle(request).await.unwrap();
    let text = String::from_utf8(response.body().as_ref().to_vec()).unwrap();
    (response.status().as_u16(), text, response.headers().clone())
}

fn api() -> Api<Library> {
    Api::new(Library::default(), routes())
}

#[tokio::test]
async fn a_route_answers_whoever_may_call_it() {
    let api = api();
    for (method, path, key, body, status, text) in [
        ("GET", "/books/a%20b", "reader", "", 200, r#"["reader","a b"]"#),
        ("GET", "/books/a/", "reader", "", 200, r#"["reader","a"]"#),
        ("GET", "/books", "reader", "", 200, r#"["one"]"#),
        ("POST", "/books", "writer", "1234", 200, "4"),
        (
            "POST",
            "/books",
            "writer",
            "12345",
            413,
            "\"le corps de la requête est trop volumineux\"",
        ),
        ("POST", "/books", "reader", "12345", 401, "\"stranger\""),
        ("GET", "/books/a", "writer", "", 401, "\"stranger\""),
        ("GET", "/ping", "nobody", "", 200, "\"pong\""),
    ] {
        let (seen, said, _) = ask(&api, method, path, key, body).await;
        assert_eq!((seen, said.as_str()), (status, text), "{method} {path} by {key}");
    }
}

#[tokio::test]
async fn what_is_no_path_is_not_found() {
    let api = api();
    for path in [
        "",
        "/",
        "/book",
        "/books//",
        "/books/a/b",
        "/ping?x=1",
        "/BOOKS",
        "books",
        "/books/\u{e9} ",
        "//ping",
    ] {
        let (status, text, _) = ask(&api, "GET", path, "reader", "").await;
        assert_eq!((status, text.as_str()), (404, "\"ressource introuvable\""), "{path}");
    }
    assert!(
        api.lines
            .lock()
            .unwrap()
            .iter()
            .all(|line| (line.0, line.1, line.2) == ("unknown", "no_such_path", 404))
    );
}

#[tokio::test]
async fn another_method_is_told_which_ones_there_are_and_head_asks_about_nobody() {
    let api = api();
    for (method, path, allowed) in [
        (Method::PUT, "/books", "GET, POST"),
        (Method::HEAD, "/books", "GET, POST"),
        (Method::HEAD, "/books/a", "GET"),
        (Method::OPTIONS, "/books/a", "GET"),
        (Method::CONNECT, "/books/a", "GET"),
        (Method::POST, "/ping", "GET, HEAD"),
    ] {
        let (status, text, headers) = ask(&api, method.as_str(), path, "reader", "").await;
        assert_eq!((status, headers["allow"].to_str().unwrap()), (405, allowed), "{method} {path}");
        assert_eq!(text.is_empty(), method == Method::HEAD, "{method} {path}");
    }
    let (status, text, headers) = ask(&api, "HEAD", "/ping", "", "").await;
    assert_eq!(
        (status, text.as_str(), headers["cache-control"].to_str().unwrap()),
        (200, "", "public, max-age=300")
    );
}

#[tokio::test]
async fn every_response_has_the_headers_of_every_response() {
    let api = api();
    for (method, path, body) in
        [("GET", "/ping", ""), ("GET", "/", ""), ("POST", "/books", "down"), ("PUT", "/books", "")]
    {
        let (_, _, headers) = ask(&api, method, path, "writer", body).await;
        assert_eq!(headers[header::STRICT_TRANSPORT_SECURITY], "max-age=63072000");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(
            headers.contains_key("x-request-id") && !headers.contains_key(header::CONTENT_LENGTH)
        );
    }
    let again = async |body| {
        ask(&api, "POST", "/books", "writer", body).await.2[header::RETRY_AFTER].clone()
    };
    assert_eq!(
        (again("down").await, again("full").await),
        ("5".parse().unwrap(), "7".parse().unwrap())
    );
}

#[tokio::test]
async fn every_request_has_a_line() {
    let api = api();
    ask(&api, "POST", "/books", "writer", "1").await;
    ask(&api, "POST", "/books", "writer", "down").await;
    ask(&api, "GET", "/books", "writer", "").await;
    ask(&api, "DELETE", "/books", "writer", "").await;
    ask(&api, "GET", "/ping", "", "").await;
    let expected = [
        ("write", "written", 200, 1),
        ("write", "unavailable", 500, 0),
        ("list", "stranger", 401, 0),
        ("unknown", "method_not_allowed", 405, 0),
        ("ping", "done", 200, 0),
    ];
    assert_eq!(*api.lines.lock().unwrap(), expected);
}

#[test]
fn every_route_is_documented() {
    use utoipa::OpenApi as _;
    let document = Documented::openapi();
    assert_eq!(document.paths.paths.keys().collect::<Vec<_>>(), ["/books", "/books/{id}", "/ping"]);
}
