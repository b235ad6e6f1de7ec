//! The API, described for programs: OpenAPI 3.1, made from the table of rows.

use super::rows::{Answer, CODES, HEALTH, ROWS, Row, Takes, Who, refusals};
use super::schemas;
use axum::Json;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// The document.
pub(super) static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

/// `GET /api/v1/openapi.json`.
pub(super) async fn serve() -> Json<&'static Value> {
    Json(&DOCUMENT)
}

const INTRODUCTION: &str = "\
Book time with mentors. JSON in UTF-8; instants are RFC 3339, answered in UTC (slots in the asked time zone); dates are \
`YYYY-MM-DD`, clock times `HH:MM`. Members that a request does not know are ignored; answers have every member, null where \
there is nothing, and may grow.

Tokens come in the header `Authorization: Bearer …` only. A token that is unknown or was revoked is refused on every row, \
public ones too.

Requests are limited for each client address, writing ones more than reading ones; the platform's key is exempt.

Pages of other sites may call the rows that take no key of a mentor or of the platform (CORS), without credentials.";

fn document() -> Value {
    let mut paths = Map::new();
    for row in ROWS.iter().chain(HEALTH) {
        let path = paths.entry(row.path).or_insert_with(|| json!({}));
        path[row.method] = operation(row);
    }
    let schemas: Map<String, Value> =
        schemas::all().into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    let token = |about: &str| json!({ "type": "http", "scheme": "bearer", "description": about });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Yaksok",
            "version": "1",
            "summary": "Booking, for mentors and the people who meet them.",
            "description": INTRODUCTION,
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "tags": tags().iter().map(|tag| json!({ "name": tag })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "examples": CODES.iter().map(|code| (code.0.to_owned(), problem(*code))).collect::<Map<_, _>>(),
            "securitySchemes": {
                "platform": token("`PLATFORM_API_KEY`, for the marketplace's own backend."),
                "mentor": token("A mentor's API key, `ysk_…`."),
                "manage": token("A booking's manage token, `ysm_…`: opens that booking and nothing else."),
            },
        },
    })
}

/// Rows whose answers carry the version of what is saved.
const VERSIONED: [&str; 5] =
    ["getAvailability", "putAvailability", "getSessionType", "putSessionType", "putSessionTypeBySlug"];

/// The headings, in the order of the table.
pub(super) fn tags() -> Vec<&'static str> {
    let mut tags: Vec<&str> = ROWS.iter().map(|row| row.tag).collect();
    tags.dedup();
    tags
}

fn operation(row: &Row) -> Value {
    let mut operation = json!({
        "operationId": row.id,
        "tags": [row.tag],
        "summary": row.title,
        "parameters": parameters(row),
        "responses": responses(row),
        "security": match row.who {
            Who::All | Who::Anyone => json!([]),
            Who::Platform => json!([{ "platform": [] }]),
            Who::Mentor => json!([{ "mentor": [] }]),
            Who::Party => json!([{ "manage": [] }, { "mentor": [] }]),
        },
    });
    if !row.note.is_empty() {
        operation["description"] = row.note.into();
    }
    match row.body {
        Takes::Nothing => {}
        Takes::Maybe(name) => operation["requestBody"] = json!({ "required": false, "content": json_of(name) }),
        Takes::Body(name) => operation["requestBody"] = json!({ "required": true, "content": json_of(name) }),
    }
    operation
}

fn json_of(name: &str) -> Value {
    json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{name}") } } })
}

/// What stands in braces in a path, what the table says of the query, and the one header.
fn parameters(row: &Row) -> Vec<Value> {
    let segments = row.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = segments
        .map(|name| {
            let schema = match name {
                "id" => json!({ "type": "string", "format": "uuid" }),
                "slug" => schemas::slug(),
                _ => json!({ "type": "string", "examples": ["kim-mentor"] }),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    parameters.extend(row.query.iter().map(|name| query(name)));
    if row.codes.contains(&"precondition_failed") {
        for (name, about) in [
            (
                "If-Match",
                "The `ETag` of what is to be replaced, or `*`; something else saved is `precondition_failed`.",
            ),
            ("If-None-Match", "`*`: only where there is nothing yet."),
        ] {
            let schema = json!({ "type": "string", "examples": ["*"] });
            parameters.push(json!({ "name": name, "in": "header", "description": about, "schema": schema }));
        }
    }
    if row.id == "createBooking" {
        parameters.push(json!({
            "name": "Idempotency-Key",
            "in": "header",
            "description": "Remembered for 24 hours, for bookings that were made: the same body gives the first answer again.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$", "examples": ["3f1c2a"] },
        }));
    }
    parameters
}

fn query(name: &str) -> Value {
    let text = |about: &str| (false, json!({ "type": "string" }), about.to_owned());
    let day = |about: &str, example: &str| (true, schemas::date(example), about.to_owned());
    let instant = |about: &str, example: &str| (false, schemas::instant(example), about.to_owned());
    let (required, schema, description) = match name {
        "query" => text("Name, handle or headline holds this, in any letter case."),
        "cursor" => text("`next_cursor` of the page before."),
        "free_from" => instant(
            "Can be booked for a start at this instant or later; together with `free_to`.",
            "2026-12-01T17:00:00Z",
        ),
        "free_to" => instant("Can be booked for a start before this instant.", "2026-12-01T21:00:00Z"),
        "limit" => (false, schemas::whole(1, 1000, 50), "How many on a page; 50 where left out.".into()),
        "session_type" => (true, schemas::slug(), "Its slug.".into()),
        "from_date" => day("The first day.", "2026-11-30"),
        "to_date" => day("The last day; 92 days at most.", "2026-12-06"),
        "timezone" => {
            (false, schemas::zone("America/New_York"), "In whose days and offsets; the mentor's where left out.".into())
        }
        "from_instant" => instant("Starts at this instant or later.", "2026-12-01T00:00:00Z"),
        "to_instant" => instant("Starts before this instant.", "2027-01-01T00:00:00Z"),
        _ => (false, schemas::status(), "Only these.".into()),
    };
    let name = name.trim_end_matches("_date").trim_end_matches("_instant");
    json!({ "name": name, "in": "query", "required": required, "description": description, "schema": schema })
}

fn responses(row: &Row) -> Value {
    let mut success = json!({ "description": row.title });
    match row.answer {
        Answer::Empty => success["description"] = "Done.".into(),
        Answer::Json(name) => success["content"] = json_of(name),
        Answer::Text(kind, example) => {
            success["content"] = json!({ kind: { "schema": { "type": "string" }, "example": example } });
        }
        Answer::Document => success["content"] = json!({ "application/json": { "schema": { "type": "object" } } }),
    }
    let mut responses = json!({ row.status.to_string(): success });
    if row.id == "getReadiness" {
        responses["503"] = json!({ "description": "Something is not fine.", "content": json_of("Readiness") });
    }
    if VERSIONED.contains(&row.id) {
        let tag = json!({ "description": "Of what is saved; send it as If-Match.", "required": true, "schema": { "type": "string" } });
        responses["200"]["headers"] = json!({ "ETag": tag });
    }
    if row.id == "listSlots" {
        let tag = json!({ "description": "Of exactly this answer; send it as If-None-Match.", "required": true, "schema": { "type": "string" } });
        responses["200"]["headers"] = json!({ "ETag": tag });
        responses["304"] = json!({ "description": "Nothing has changed since the answer with the ETag that was sent as If-None-Match." });
    }
    for (code, status, _) in refusals(row) {
        let status = status.to_string();
        let response = &mut responses[&status];
        if response.is_null() {
            let schema = json!({ "$ref": "#/components/schemas/Problem" });
            *response = json!({ "description": "", "content": { "application/problem+json": { "schema": schema, "examples": {} } } });
        }
        let said = response["description"].as_str().filter(|said| !said.is_empty()).map(|said| format!("{said}, "));
        response["description"] = format!("{}`{code}`", said.unwrap_or_default()).into();
        response["content"]["application/problem+json"]["examples"][code] =
            json!({ "$ref": format!("#/components/examples/{code}") });
        let header = |about: &str, schema: Value| json!({ "description": about, "required": true, "schema": schema });
        match code {
            "unauthenticated" => {
                let schema = json!({ "type": "string", "const": "Bearer" });
                response["headers"] = json!({ "WWW-Authenticate": header("Which kind of token.", schema) });
            }
            "method_not_allowed" => {
                let schema = json!({ "type": "string", "examples": ["GET,HEAD"] });
                response["headers"] = json!({ "Allow": header("The methods that the path takes.", schema) });
            }
            "rate_limited" | "unavailable" => {
                let schema = json!({ "type": "integer", "minimum": 1 });
                response["headers"] = json!({ "Retry-After": header("Seconds to wait.", schema) });
            }
            _ => {}
        }
    }
    responses
}

/// A refusal as an example.
fn problem((code, status, about): (&str, u16, &str)) -> Value {
    let title = axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    json!({
        "summary": about,
        "value": {
            "type": format!("{}#{code}", scheduling::urls::API_DOCS), "title": title, "status": status, "code": code,
            "detail": about.replace('`', ""), "errors": [],
        },
    })
}
