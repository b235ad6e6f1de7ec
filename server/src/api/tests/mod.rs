//! The API as its callers see it: through the router, on a real database, at a time that stands still.

#[path = "../../../../crates/booking/tests/common/mod.rs"]
pub(crate) mod common;

mod chance;
mod document;
mod flows;
pub(crate) mod input;
mod limits;
mod notified;
mod people;
mod rights;
mod whole;

use super::openapi::DOCUMENT;
use super::rows::{CODES, HEALTH, ROWS, Row};
use crate::http_server::{hardened, without_pages};
use crate::limits::Limits;
use crate::proxies::Proxies;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use booking::accounts;
use booking::secrets::sha256;
use common::{TestApp, every_day};
use scheduling::MentorId;
use serde_json::{Map, Value, json};
use tower::ServiceExt;

const PLATFORM_KEY: &str = "the platform's key, which is long";

/// Every path of the API, and of the questions about health.
pub(crate) fn paths() -> impl Iterator<Item = &'static str> {
    ROWS.iter().chain(HEALTH).map(|row| row.path)
}

/// A server without its pages, two mentors in it.
struct Api {
    app: TestApp,
    router: Router,
    /// Open from nine to five every day, in Seoul.
    kim: Mentor,
    other: Mentor,
}

struct Mentor {
    id: MentorId,
    key: String,
}

impl Api {
    async fn new() -> Self {
        Self::limited(0, 0).await
    }

    async fn limited(writes_per_minute: u32, reads_per_minute: u32) -> Self {
        let app = TestApp::new().await;
        let platform = Some(sha256(PLATFORM_KEY.as_bytes()));
        let limits = Limits::new(writes_per_minute, reads_per_minute, Proxies::none(), platform);
        let router = hardened(without_pages(&app.context, limits, platform), true);
        let kim = Mentor::new(&app, "kim-mentor").await;
        let other = Mentor::new(&app, "other-mentor").await;
        Self { app, router, kim, other }
    }

    /// Sends a request. Whatever the answer is, it is one that the document allows.
    async fn send(&self, request: Request<Body>) -> Reply {
        let (method, path) = (request.method().as_str().to_lowercase(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let reply = Reply { status: parts.status.as_u16(), headers: parts.headers, bytes: bytes.to_vec() };
        reply.check(&method, &path);
        reply
    }

    async fn ask(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> Reply {
        let mut request = Request::builder().method(method.to_uppercase().as_str()).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    async fn get(&self, path: &str, token: &str) -> Reply {
        self.ask("get", path, token, None).await
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> Reply {
        self.ask("post", path, token, Some(body)).await
    }

    async fn put(&self, path: &str, token: &str, body: Value) -> Reply {
        self.ask("put", path, token, Some(body)).await
    }

    /// Books with Kim as Ada: the answer's JSON.
    async fn book(&self, start: &str) -> Value {
        let reply = self.post("/api/v1/bookings", "", ada(start)).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.json()
    }

    /// Lets Kim's sessions wait for approval, or not.
    async fn approval(&self, required: bool) {
        let mut session = self.get("/api/v1/session-types", &self.kim.key).await.json()[0].take();
        session["requires_approval"] = json!(required);
        assert_eq!(self.put("/api/v1/session-types/session", &self.kim.key, session).await.status, 200);
    }
}

impl Mentor {
    async fn new(app: &TestApp, handle: &str) -> Self {
        let id = app.mentor(handle, "Asia/Seoul").await;
        let (_, key) = accounts::create_api_key(&app.context, id, "Test").await.unwrap();
        Self { id, key: key.reveal().to_owned() }
    }
}

/// What Ada sends to book with Kim.
fn ada(start: &str) -> Value {
    json!({
        "mentor": "kim-mentor", "session_type": "session", "start": start, "name": "Ada", "email": "ada@example.com",
        "timezone": "America/New_York", "notes": "About my portfolio.",
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// The starts of an answer about slots, in its own offsets.
fn starts(slots: &Value) -> Vec<&str> {
    let days = slots["days"].as_array().unwrap().iter();
    days.flat_map(|day| day["slots"].as_array().unwrap()).map(|slot| text(&slot["start"])).collect()
}

#[derive(Debug)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// `(status, code)` of a refusal.
    fn refused(&self) -> (u16, String) {
        (self.status, text(&self.json()["code"]).to_owned())
    }

    /// `field code` of each error.
    fn errors(&self) -> Vec<String> {
        assert_eq!(self.refused(), (422, "invalid_request".into()), "{self:?}");
        let errors = self.json()["errors"].take();
        errors
            .as_array()
            .unwrap()
            .iter()
            .map(|error| format!("{} {}", text(&error["field"]), text(&error["code"])))
            .collect()
    }

    /// What is true of every answer.
    fn check(&self, method: &str, path: &str) {
        let Self { status, .. } = *self;
        assert!(status < 500 && status != 403, "{method} {path}: {self:?}");
        for (name, value) in [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY")] {
            assert_eq!(self.header(name), value, "{method} {path}");
        }
        assert!(self.header("content-security-policy").contains("frame-ancestors 'none'"), "{method} {path}");
        assert!(!self.header("cache-control").is_empty() && !self.header("strict-transport-security").is_empty());
        assert_eq!(self.header("www-authenticate"), if status == 401 { "Bearer" } else { "" }, "{method} {path}");
        assert_eq!(self.headers.contains_key("retry-after"), status == 429, "{method} {path}");
        assert!(status != 405 || self.headers.contains_key("allow"), "{method} {path}");
        if method == "head" {
            assert!(self.bytes.is_empty(), "{path}");
            return;
        }
        if status >= 400 {
            self.check_problem(method, path);
        }
        // Statuses that no row has of its own.
        let general = status == 405 || (status, self.header("content-type")) == (401, "application/problem+json");
        match row(method, path) {
            Some(row) => {
                let operation = &DOCUMENT["paths"][row.path][method]["responses"][status.to_string()];
                assert!(!operation.is_null(), "{method} {path}: {status} is not in the document");
                let kind = self.header("content-type").split(';').next().unwrap();
                match operation.get("content") {
                    None => assert_eq!((kind, &self.bytes[..]), ("", &b""[..])),
                    Some(content) => {
                        let schema = &content[kind]["schema"];
                        assert!(!schema.is_null(), "{method} {path}: {kind} is not in the document");
                        if kind.ends_with("json") {
                            fits(schema, &self.json(), &format!("{method} {path}"));
                        }
                    }
                }
            }
            None => assert!(
                general || [404, 429].contains(&status) || path.starts_with("/api/docs"),
                "{method} {path}: {self:?}"
            ),
        }
    }

    fn check_problem(&self, method: &str, path: &str) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{method} {path}");
        assert_eq!(self.header("cache-control"), "no-store", "{method} {path}");
        let problem = self.json();
        fits(&json!({ "$ref": "#/components/schemas/Problem" }), &problem, path);
        let code = text(&problem["code"]);
        assert!(
            CODES.iter().any(|(known, status, _)| *known == code && *status == self.status),
            "{method} {path}: {problem}"
        );
        assert_eq!(problem["status"], self.status);
        assert_eq!(text(&problem["type"]), format!("/api/docs#{code}"));
        let errors = problem["errors"].as_array().unwrap();
        assert_eq!(code == "invalid_request", !errors.is_empty(), "{problem}");
        for sentence in errors.iter().map(|error| &error["message"]).chain([&problem["detail"]]) {
            assert!(text(sentence).ends_with('.'), "a sentence: {sentence}");
        }
    }
}

/// The row of a path.
fn row(method: &str, path: &str) -> Option<&'static Row> {
    let fits = |row: &&Row| {
        let (template, given): (Vec<_>, Vec<_>) = (row.path.split('/').collect(), path.split('/').collect());
        let same = |(part, given): (&&str, &&str)| part == given || (part.starts_with('{') && !given.is_empty());
        row.method == method && template.len() == given.len() && template.iter().zip(&given).all(same)
    };
    // A path that stands in the table as it is belongs to none with a place for any name.
    let exact = ROWS.iter().any(|row| row.path == path);
    ROWS.iter().chain(HEALTH).filter(fits).find(|row| !exact || row.path == path)
}

/// Whether an answer has the form of its schema: these members, and no others.
fn fits(schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema.get("$ref") {
        return fits(DOCUMENT.pointer(text(reference).strip_prefix('#').unwrap()).unwrap(), value, at);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = &schema["type"];
    let allowed = kinds == kind || kinds.as_array().is_some_and(|kinds| kinds.contains(&json!(kind)));
    assert!(allowed, "{at}: {value} is no {kinds}");
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{at}: {value} is none of {words:?}");
    }
    if let (Some(text), Some("date-time")) = (value.as_str(), schema["format"].as_str()) {
        let at_second = chrono::DateTime::parse_from_rfc3339(text).is_ok_and(|_| matches!(text.len(), 20 | 25));
        assert!(at_second, "{at}: {text} is no instant");
        assert!(text.ends_with('Z') || at.contains(".slots"), "{at}: {text} is not UTC");
    }
    for (entry, value) in value.as_array().into_iter().flatten().enumerate() {
        fits(&schema["items"], value, &format!("{at}[{entry}]"));
    }
    if let (Some(members), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        let names = |map: &Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(members), names(properties), "the members of {at}");
        for (name, schema) in properties {
            fits(schema, &members[name], &format!("{at}.{name}"));
        }
    }
}
