//! What no well-behaved caller sends.

use super::*;
use crate::api::docs::compact;
use crate::api::rows::Takes;

/// The rows that read a body, each with a path, a token and the schema's name.
pub(super) fn rows_with_body(api: &Api, booking: &Value) -> Vec<(&'static Row, String, String)> {
    let token = |row: &Row| if row.tag == "Platform" { PLATFORM_KEY.to_owned() } else { api.kim.key.clone() };
    let path = |row: &Row| {
        let path = row.path.replace("{handle}", "kim-mentor").replace("{slug}", "session");
        path.replace("{id}", text(&booking["id"]))
    };
    let takes = |row: &&'static Row| matches!(row.method, "post" | "put");
    ROWS.iter().filter(takes).map(|row| (row, path(row), token(row))).collect()
}

#[tokio::test]
async fn bodies_are_json_objects_of_a_bounded_size() {
    let api = Api::new().await;
    let booking = api.book("2026-12-01T00:00:00Z").await;
    let json = "application/json";
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(64 * 1024));
    let huge = vec![b'x'; 1024 * 1024];
    let deep = "[".repeat(60_000);
    let malformed = (400, "malformed");
    let cases: [(&str, &[u8], (u16, &str)); 22] = [
        (json, b"{", malformed),
        (json, b"nonsense", malformed),
        (json, b"{}{}", malformed),
        (json, b"{'reason':'x'}", malformed),
        (json, b"{\"reason\":\"x\",\"reason\":\"x\"}", malformed),
        (json, b"{\"x\":{\"a\":1,\"a\":2}}", malformed),
        (json, b"{\"reason\":\"\xff\"}", malformed),
        (json, b"\xef\xbb\xbf{}", malformed),
        (json, b"{\"reason\":\"\\ud800\"}", malformed),
        (json, b"{\"reason\":\"a\nb\"}", malformed),
        (json, b"\0", malformed),
        (json, b" ", malformed),
        (json, deep.as_bytes(), malformed),
        (json, b"[]", (422, "invalid_request")),
        (json, b"null", (422, "invalid_request")),
        (json, b"\"{}\"", (422, "invalid_request")),
        (json, b"{\"x\":1e999}", (422, "invalid_request")),
        (json, large.as_bytes(), (413, "too_large")),
        (json, &huge, (413, "too_large")),
        ("text/plain", b"{}", (415, "unsupported_media_type")),
        ("application/x-www-form-urlencoded", b"reason=x", (415, "unsupported_media_type")),
        ("", b"{}", (415, "unsupported_media_type")),
    ];
    for (row, path, token) in rows_with_body(&api, &booking) {
        let request = || Request::builder().method(row.method.to_uppercase().as_str()).uri(&path);
        for (kind, body, (status, code)) in cases {
            let mut request = request().header("authorization", format!("Bearer {token}"));
            if !kind.is_empty() {
                request = request.header("content-type", kind);
            }
            let reply = api.send(request.body(body.to_vec().into()).unwrap()).await;
            let said = String::from_utf8_lossy(&body[..body.len().min(30)]).into_owned();
            assert_eq!(reply.refused(), (status, code.to_owned()), "{} with {kind} {said}", row.id);
        }
        // Who may not ask learns nothing of the body.
        if row.who != crate::api::rows::Who::All {
            let reply = api.send(request().header("content-type", json).body("{".into()).unwrap()).await;
            assert_eq!(reply.refused().0, 401, "{}", row.id);
        }
        // Nothing at all is an empty object, where nothing is required.
        let empty = api.ask(row.method, &path, &token, None).await;
        let wants = matches!(row.body, Takes::Body(_));
        assert_eq!(empty.status == 400, wants, "{}: {empty:?}", row.id);
    }
    for kind in ["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"] {
        let request = Request::post(format!("/api/v1/bookings/{}/confirm", text(&booking["id"])));
        let request = request.header("authorization", format!("Bearer {}", api.kim.key)).header("content-type", kind);
        assert_eq!(api.send(request.body("{}".into()).unwrap()).await.refused().1, "not_pending", "{kind}");
    }
    let exactly = format!("{{\"reason\":\"\",\"x\":\"{}\"}}", "x".repeat(64 * 1024 - 20));
    assert_eq!(exactly.len(), 64 * 1024);
    let other = api.book("2026-12-01T02:00:00Z").await;
    let request = Request::post(format!("/api/v1/bookings/{}/cancel", text(&other["id"]))).header("content-type", json);
    let request = request.header("authorization", format!("Bearer {}", api.kim.key)).body(exactly.into()).unwrap();
    assert_eq!(api.send(request).await.status, 200, "64 KiB are fine");
}

/// What no field expects.
pub(crate) fn strange() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!(" "),
        json!("\0"),
        json!("x\0y"),
        json!("\u{7f}\u{1b}"),
        json!("\u{202e}\u{feff}\u{ffff}"),
        json!("x".repeat(10_000)),
        json!("%00"),
        json!("' OR ''='"),
        json!("\r\nBcc: x@example.com"),
        json!("<script>alert(1)</script>"),
        json!("25:00"),
        json!("2026-02-30"),
        json!("9999-99-99T99:99:99Z"),
        json!("+262142-12-31T23:59:59Z"),
        json!("-262143-01-01"),
        json!([]),
        json!([[]]),
        json!(["\0"]),
        json!([null]),
        json!({}),
        json!({ "\0": "\0" }),
        json!({ "kind": "\0", "value": 7 }),
        json!("2026-02-30T00:00:00Z"),
        json!("24:01"),
        json!("9:00"),
        json!("Mars/Olympus"),
        json!("../../etc/passwd"),
        json!("javascript:alert(1)"),
        json!("ysm_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        json!("00000000-0000-0000-0000-000000000000"),
        json!("ㅤ\u{200b}\u{115f}"),
        json!("9".repeat(400)),
        (0..100).fold(json!(1), |inner, _| json!([inner])),
    ]
}

/// Every member of every body, replaced by what it cannot be. `Reply::check` refuses 5xx and undocumented answers.
#[tokio::test]
async fn every_member_of_every_body_is_checked() {
    let api = Api::new().await;
    let booking = api.book("2026-12-01T00:00:00Z").await;
    let strange = strange();
    let mut tried = 0;
    for (row, path, token) in rows_with_body(&api, &booking) {
        let Takes::Body(name) = row.body else { continue };
        let schema = &DOCUMENT["components"]["schemas"][name];
        let example: Value = serde_json::from_str(&compact(schema)).unwrap();
        for pointer in pointers(&example, "") {
            let (before, mut done) = (api.app.fingerprint().await, 0);
            for value in &strange {
                let mut body = example.clone();
                *body.pointer_mut(&pointer).unwrap() = value.clone();
                let reply = api.ask(row.method, &path, &token, Some(body)).await;
                assert!(
                    matches!(reply.status, 200 | 201 | 404 | 409 | 422),
                    "{} {pointer} = {value:.40}: {reply:?}",
                    row.id
                );
                done += u16::from(reply.status < 400);
                if value.to_string().contains("\\u0000") {
                    let field = pointer.trim_start_matches('/').split('/').next().unwrap();
                    assert!(
                        reply.errors()[0].starts_with(field) || value.is_object(),
                        "{} {pointer}: {reply:?}",
                        row.id
                    );
                }
                tried += 1;
            }
            assert!(done > 0 || api.app.fingerprint().await == before, "{} {pointer}: refused, and yet done", row.id);
            // Left out.
            let mut body = example.clone();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            if let Some(Value::Object(members)) = body.pointer_mut(parent) {
                members.remove(name);
                let reply = api.ask(row.method, &path, &token, Some(body)).await;
                assert!(reply.status < 500, "{} without {pointer}: {reply:?}", row.id);
            }
        }
    }
    assert!(tried > 1000, "{tried}");
}

/// Every value in a JSON value, by RFC 6901.
pub(crate) fn pointers(value: &Value, at: &str) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (format!("{at}/{name}"), value)).collect(),
        Value::Array(values) => {
            values.iter().enumerate().map(|(index, value)| (format!("{at}/{index}"), value)).collect()
        }
        _ => Vec::new(),
    };
    children.into_iter().flat_map(|(at, value)| [vec![at.clone()], pointers(value, &at)].concat()).collect()
}

/// Every name in a path and every member of a query, replaced by what it cannot be.
#[tokio::test]
async fn every_name_and_every_query_is_checked() {
    let api = Api::new().await;
    let long = "x".repeat(6000);
    let strange = [
        "%00",
        "a%00b",
        "%FF%FE",
        "%ED%A0%80",
        "..",
        "%2e%2e%2f",
        "%2F",
        "%5C",
        "'",
        "%25",
        "%",
        "%zz",
        "+",
        "%0d%0aX:y",
        "%F0%9F%A6%80",
        "%E2%80%AE",
        "null",
        "0",
        "-1",
        "%7B%7D",
        "*",
        "2026-02-30",
        "9999-99-99T99:99:99Z",
        "undefined",
        "LTE6eA",
        &long,
    ];
    for row in ROWS.iter().filter(|row| row.path.contains('{')) {
        for name in strange {
            let path: Vec<&str> =
                row.path.split('/').map(|part| if part.starts_with('{') { name } else { part }).collect();
            for token in ["", &api.kim.key, PLATFORM_KEY] {
                let body = (row.method == "put").then(|| json!({}));
                let reply = api.ask(row.method, &path.join("/"), token, body).await;
                assert!((400..500).contains(&reply.status), "{} {name:.20}: {reply:?}", row.path);
            }
        }
    }
    for row in ROWS.iter().filter(|row| !row.query.is_empty()) {
        let parameters = DOCUMENT["paths"][row.path][row.method]["parameters"].as_array().unwrap();
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
            for value in strange.into_iter().chain([""]) {
                let path = row.path.replace("{handle}", "kim-mentor");
                let reply = api.get(&format!("{path}?{}={value}", text(&parameter["name"])), &api.kim.key).await;
                assert!(matches!(reply.status, 200 | 422), "{} {value:.20}: {reply:?}", row.id);
                if value.contains("%00") {
                    assert_eq!(reply.errors()[0], format!("{} invalid", text(&parameter["name"])));
                }
            }
        }
    }
    for query in ["?", "?&&&", "?=", "?a", "?%00=%00", "?query", "?query=a&query=b", "?%71uery=kim"] {
        assert!(matches!(api.get(&format!("/api/v1/mentors{query}"), "").await.status, 200 | 422), "{query}");
    }
}
