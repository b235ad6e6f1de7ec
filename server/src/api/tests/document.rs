//! The document says what the router does, and the page says what the document does.

use super::*;
use crate::api::docs::compact;
use crate::api::rows::Takes;
use std::collections::BTreeSet;

#[tokio::test]
async fn the_router_knows_the_documents_methods_and_no_others() {
    let api = Api::new().await;
    let methods = ["delete", "get", "patch", "post", "put", "options", "trace"];
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        let known: BTreeSet<&str> = item.as_object().unwrap().keys().map(String::as_str).collect();
        let given = path.replace("{handle}", "kim-mentor").replace("{slug}", "session").replace("{id}", "x");
        if path.starts_with("/api/") {
            for method in methods {
                let reply = api.ask(method, &given, "", None).await;
                assert_eq!(reply.status != 405, known.contains(method), "{method} {path}");
                if reply.status == 405 {
                    assert_eq!(reply.refused().1, "method_not_allowed");
                    let allowed: BTreeSet<String> =
                        reply.header("allow").split(',').map(|m| m.trim().to_lowercase()).collect();
                    let expected = known.iter().copied().chain(known.contains("get").then_some("head"));
                    assert_eq!(allowed, expected.map(str::to_owned).collect(), "{path}");
                }
            }
        }
        let head = api.ask("head", &given, "", None).await.status;
        let get = api.get(&given, "").await.status;
        assert_eq!(head, get, "{path}");
        if path.starts_with("/api/") {
            assert_eq!(api.get(&format!("{given}/"), "").await.status, 404, "{path}/");
        }
    }
    for path in [
        "/api/v1",
        "/api/v2/mentors",
        "/api/v1/",
        "/api/v1/mentors/kim-mentor/x",
        "/api/x",
        "/api/v1//mentors",
        "/api/v1/Mentors",
    ] {
        assert_eq!(api.get(path, "").await.refused(), (404, "not_found".into()), "{path}");
        assert_eq!(api.post(path, "", json!({})).await.refused(), (404, "not_found".into()), "{path}");
    }
}

#[tokio::test]
async fn the_document_is_whole() {
    let api = Api::new().await;
    let reply = api.get("/api/v1/openapi.json", "").await;
    assert_eq!(reply.header("content-type"), "application/json");
    let document = reply.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut used = BTreeSet::new();
    walk(&document, &mut |value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
            used.insert(reference.to_owned());
        }
    });
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(used.contains(&format!("#/components/schemas/{name}")), "nobody uses {name}");
    }
    let operations: Vec<&Value> =
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values()).collect();
    assert_eq!(operations.len(), ROWS.len() + HEALTH.len(), "two rows of one method and path");
    let ids: BTreeSet<&str> = operations.iter().map(|operation| text(&operation["operationId"])).collect();
    assert_eq!(ids.len(), operations.len());
    for row in ROWS {
        let responses = &document["paths"][row.path][row.method]["responses"];
        let takes_body = ["post", "put"].contains(&row.method);
        for (status, listed) in [("405", true), ("408", takes_body), ("429", true), ("503", true)] {
            assert_eq!(responses.get(status).is_some(), listed, "{} {} {status}", row.method, row.path);
        }
        assert!(responses["503"]["headers"].get("Retry-After").is_some(), "{}", row.path);
    }
    for row in ROWS.iter().chain(HEALTH) {
        for code in row.codes {
            assert!(CODES.iter().any(|(known, ..)| known == code), "{code}");
        }
    }
}

fn walk(value: &Value, see: &mut impl FnMut(&Value)) {
    see(value);
    match value {
        Value::Array(values) => values.iter().for_each(|value| walk(value, see)),
        Value::Object(members) => members.values().for_each(|value| walk(value, see)),
        _ => {}
    }
}

/// What the page shows as examples fits the schemas.
#[test]
fn examples_fit() {
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        let example: Value = serde_json::from_str(&compact(schema)).unwrap();
        // `fits` wants every member, and the example has every member.
        fits(schema, &example, name);
    }
    for row in ROWS {
        assert!(row.method != "put" || matches!(row.body, Takes::Body(_)), "{}", row.id);
    }
}

#[tokio::test]
async fn people_read_it_without_scripts() {
    let api = Api::new().await;
    let page = api.get("/api/docs", "").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").contains("style-src 'self'"));
    let html = page.text();
    for forbidden in ["<script", "<style", " style=", "javascript:", "src=\"http", "onload"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    let attributes = |name: &str| -> Vec<String> {
        html.split(&format!(" {name}=\"")).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let ids = attributes("id");
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "an id stands there twice");
    for link in attributes("href") {
        match link.strip_prefix('#') {
            Some(id) => assert!(ids.iter().any(|known| known == id), "{link}"),
            None => assert!(
                ["/", "/favicon.svg", "/api/docs.css", "/api/v1/openapi.json"].contains(&link.as_str())
                    || link.starts_with("https://www.rfc-editor.org/"),
                "{link}"
            ),
        }
    }
    for (code, ..) in CODES {
        assert!(ids.iter().any(|id| id == code), "{code}");
    }
    for row in ROWS.iter().chain(HEALTH) {
        assert!(ids.iter().any(|id| id == row.id), "{}", row.id);
    }
    let style = api.get("/api/docs.css", "").await;
    assert_eq!((style.status, style.header("content-type")), (200, "text/css; charset=utf-8"));
    assert!(style.text().contains("--paper"));
}

#[tokio::test]
async fn health_is_asked_without_a_token() {
    let api = Api::new().await;
    let alive = api.get("/healthz", "whatever").await;
    assert_eq!((alive.status, alive.text()), (200, "ok"));
    let ready = api.get("/readyz", "").await;
    assert_eq!(ready.status, 200);
    let ready = ready.json();
    assert_eq!(
        (&ready["status"], &ready["database"], &ready["jobs"]["status"]),
        (&json!("ready"), &json!("ok"), &json!("ok"))
    );
    assert_eq!(ready["mail"], json!({ "status": "ok", "reason": null }));
    assert_eq!(ready["time_zones"]["version"], api.app.context.zones.version());
    assert!(ready["time_zones"]["source"].is_string() && ready["time_zones"]["released"].is_string(), "{ready}");
}

#[tokio::test]
async fn health_tells_of_time_zone_data_that_is_old() {
    let api = Api::new().await;
    let asked = async || api.get("/readyz", "").await.json()["time_zones"].clone();
    assert_eq!((&asked().await["stale"], &asked().await["warning"]), (&json!(false), &json!(null)));
    let released: chrono::NaiveDate = asked().await["released"].as_str().unwrap().parse().unwrap();
    let half_a_year = released + chrono::TimeDelta::days(184);
    api.app.set_now(half_a_year.and_time(chrono::NaiveTime::MIN).and_utc());
    assert_eq!(asked().await["stale"], json!(true));
    assert!(asked().await["warning"].as_str().is_some_and(|warning| warning.contains("tzdata")));
    assert_eq!(api.get("/readyz", "").await.status, 200, "bookings are taken all the same");
}
