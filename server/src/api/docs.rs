//! The API, described for people: one page without scripts, made from the same document.

use super::openapi::{DOCUMENT, tags};
use super::rows::{CODES, HEALTH, ROWS, Row, Who, refusals};
use super::schemas::ORDER;
use axum::http::{HeaderName, header};
use axum::response::Html;
use scheduling::urls;
use serde_json::Value;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// Where the page's style sheet is.
pub(super) const STYLE: &str = "/api/docs.css";

/// The site's own tokens, and what this page adds.
const CSS: &str = concat!(
    include_str!("../../../style/layers.css"),
    include_str!("../../../style/tokens.css"),
    include_str!("../../../style/base.css"),
    include_str!("../../../style/layout.css"),
    include_str!("docs.css"),
);

static PAGE: LazyLock<String> = LazyLock::new(render);

const HEADERS: [(HeaderName, &str); 2] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "public, max-age=300"),
];

/// `GET /api/docs`.
pub(super) async fn page() -> ([(HeaderName, &'static str); 2], Html<&'static str>) {
    (HEADERS, Html(&PAGE))
}

/// `GET /api/docs.css`.
pub(super) async fn style() -> ([(HeaderName, &'static str); 2], &'static str) {
    let [_, cache] = HEADERS;
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), cache], CSS)
}

fn render() -> String {
    let info = &DOCUMENT["info"];
    let mut page = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>HTTP API · Yaksok</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"description\" content=\"{}\">\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" href=\"{STYLE}\"></head><body>\
         <a class=\"skip-link\" href=\"#main\">Skip to the content</a>\
         <header class=\"site-header\"><div class=\"site-header-in\"><a class=\"wordmark\" href=\"{}\" aria-label=\"Yaksok\">\
         <span class=\"seal-mark\" lang=\"ko\" aria-hidden=\"true\"><span>약</span><span>속</span></span>\
         <span aria-hidden=\"true\">Yaksok</span></a>\
         <nav aria-label=\"Other forms\"><a href=\"/api/v1/openapi.json\">openapi.json</a></nav></div></header><div class=\"api\">",
        prose(info["summary"].as_str().unwrap_or_default()),
        urls::HOME,
    );
    contents(&mut page);
    page.push_str("<main id=\"main\"><section class=\"intro\"><h1>HTTP API</h1>");
    for paragraph in info["description"].as_str().unwrap_or_default().split("\n\n") {
        let _ = write!(page, "<p>{}</p>", prose(paragraph));
    }
    page.push_str("<dl class=\"tokens\">");
    for who in [Who::Platform, Who::Mentor, Who::Party] {
        let scheme = who_takes(who).1;
        let about = &DOCUMENT["components"]["securitySchemes"][scheme]["description"];
        let _ =
            write!(page, "<div><dt>{}</dt><dd>{}</dd></div>", label(who), prose(about.as_str().unwrap_or_default()));
    }
    page.push_str("</dl></section>");
    for tag in tags() {
        let _ = write!(page, "<section><h2 id=\"{0}\">{0}</h2>", tag);
        for row in rows().filter(|row| row.tag == tag) {
            describe(&mut page, row);
        }
        page.push_str("</section>");
    }
    page.push_str("<section><h2 id=\"refusals\">Refusals</h2><div class=\"columns\"><div><p>A request that is refused changes nothing, and is \
         answered in the form of <a href=\"https://www.rfc-editor.org/rfc/rfc9457\">RFC 9457</a>. Rely on <code>code</code>; \
         the sentences may change.</p><dl class=\"codes\">");
    for (code, status, about) in CODES {
        let _ = write!(
            page,
            "<div id=\"{code}\"><dt><code>{code}</code> <span class=\"status\">{status}</span></dt><dd>{}</dd></div>",
            prose(about)
        );
    }
    page.push_str("</dl></div><div class=\"samples\">");
    sample(&mut page, "Example", "HTTP/1.1 422\nContent-Type: application/problem+json\n\n", Some(&schema("Problem")));
    page.push_str("</div></div></section></main></div></body></html>");
    page
}

fn rows() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().chain(HEALTH)
}

fn contents(page: &mut String) {
    page.push_str("<nav class=\"contents\" aria-label=\"Contents\"><ul>");
    for tag in tags() {
        let _ = write!(page, "<li><a href=\"#{tag}\">{tag}</a><ul>");
        for row in rows().filter(|row| row.tag == tag) {
            let _ = write!(page, "<li><a href=\"#{}\">{}{}</a></li>", row.id, badge(row), row.title);
        }
        page.push_str("</ul></li>");
    }
    page.push_str("<li><a href=\"#refusals\">Refusals</a></li></ul></nav>");
}

fn badge(row: &Row) -> String {
    format!("<span class=\"method {0}\">{0}</span>", row.method)
}

/// Who may ask, and by which token.
fn who_takes(who: Who) -> (&'static str, &'static str) {
    match who {
        Who::All | Who::Anyone => ("Everybody", ""),
        Who::Platform => ("The platform", "platform"),
        Who::Mentor => ("Mentor", "mentor"),
        Who::Party => ("Manage token, or mentor", "manage"),
    }
}

fn label(who: Who) -> &'static str {
    match who {
        Who::Party => "Manage token",
        who => who_takes(who).0,
    }
}

fn describe(page: &mut String, row: &Row) {
    let operation = &DOCUMENT["paths"][row.path][row.method];
    let _ = write!(
        page,
        "<article id=\"{}\" class=\"columns\"><div><h3>{}</h3><p class=\"line\">{}<code>{}</code></p><p class=\"who\">{}</p>",
        row.id,
        row.title,
        badge(row),
        escape(row.path).replace('/', "<wbr>/"),
        who_takes(row.who).0,
    );
    if !row.note.is_empty() {
        let _ = write!(page, "<p>{}</p>", prose(row.note));
    }
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut members: Vec<Member> = parameters.iter().map(Member::of_parameter).collect();
    let body = operation["requestBody"]["content"]["application/json"].get("schema").map(resolve);
    if let Some(body) = body {
        Member::collect(&mut members, "", body);
    }
    table(page, &members);
    let refused: Vec<String> = refusals(row)
        .iter()
        .map(|(code, status, _)| format!("<a href=\"#{code}\">{status}&nbsp;<code>{code}</code></a>"))
        .collect();
    if !refused.is_empty() {
        let _ = write!(page, "<p class=\"refused\">{}</p>", refused.join(" "));
    }
    page.push_str("</div><div class=\"samples\">");
    sample(page, "Request", &request_line(row, parameters), body);
    let status = row.status.to_string();
    let content = operation["responses"][&status]["content"].as_object().and_then(|content| content.iter().next());
    let kind = content.map(|(kind, _)| format!("Content-Type: {kind}\n\n")).unwrap_or_default();
    let head = format!("HTTP/1.1 {status}\n{kind}");
    match content {
        Some((_, media)) if media.get("example").is_some() => {
            let text = media["example"].as_str().unwrap_or_default().replace("\r\n", "\n");
            sample(page, "Answer", &format!("{head}{text}"), None);
        }
        content => sample(page, "Answer", &head, content.map(|(_, media)| resolve(&media["schema"]))),
    }
    page.push_str("</div></article>");
}

/// The first lines of an example, from the examples of the parameters.
fn request_line(row: &Row, parameters: &[Value]) -> String {
    let (mut path, mut query, mut headers) = (row.path.to_owned(), String::new(), String::new());
    for parameter in parameters {
        let name = parameter["name"].as_str().unwrap_or_default();
        let example = parameter["schema"]["examples"][0].as_str();
        match parameter["in"].as_str() {
            Some("path") => path = path.replace(&format!("{{{name}}}"), example.unwrap_or("0193a5f2-…")),
            Some("header") => headers = format!("{headers}{name}: {}\n", example.unwrap_or_default()),
            _ => {
                if let Some(example) = example {
                    let _ = write!(query, "{}{name}={example}", if query.is_empty() { "?" } else { "&" });
                }
            }
        }
    }
    match row.who {
        Who::All | Who::Anyone => {}
        Who::Platform => headers.push_str("Authorization: Bearer …\n"),
        Who::Mentor => headers.push_str("Authorization: Bearer ysk_…\n"),
        Who::Party => headers.push_str("Authorization: Bearer ysm_…\n"),
    }
    format!("{} {path}{query}\n{headers}", row.method.to_uppercase())
}

/// An example: some lines, and a blank one before the JSON.
fn sample(page: &mut String, title: &str, head: &str, schema: Option<&Value>) {
    let mut text = head.to_owned();
    if let Some(schema) = schema {
        if !text.ends_with("\n\n") {
            text.push('\n');
        }
        text.push_str(&pretty(schema, 0, 0));
    }
    let _ = write!(
        page,
        "<figure><figcaption>{title}</figcaption><pre tabindex=\"0\"><code>{}</code></pre></figure>",
        escape(text.trim_end())
    );
}

/// A line of a table.
struct Member {
    name: String,
    kind: String,
    required: bool,
    about: String,
}

impl Member {
    fn of_parameter(parameter: &Value) -> Self {
        let place = match parameter["in"].as_str() {
            Some("query") => "query, ",
            Some("header") => "header, ",
            _ => "path, ",
        };
        let described = |value: &Value| value["description"].as_str().map(str::to_owned);
        Self {
            name: parameter["name"].as_str().unwrap_or_default().into(),
            kind: format!("{place}{}", kind(&parameter["schema"])),
            required: parameter["required"] == true,
            about: described(parameter).or_else(|| described(&parameter["schema"])).unwrap_or_default(),
        }
    }

    /// The members of an object, and of what is in them.
    fn collect(members: &mut Vec<Self>, above: &str, schema: &Value) {
        for (name, required, schema) in properties(schema) {
            let name = format!("{above}{name}");
            let about = schema["description"].as_str().unwrap_or_default().into();
            members.push(Self { name: name.clone(), kind: kind(schema), required, about });
            if schema.get("properties").is_some() {
                Self::collect(members, &format!("{name}."), schema);
            } else if schema["items"].get("properties").is_some() {
                Self::collect(members, &format!("{name}[]."), &schema["items"]);
            }
        }
    }
}

fn table(page: &mut String, members: &[Member]) {
    if members.is_empty() {
        return;
    }
    page.push_str("<table><thead class=\"visually-hidden\"><tr><th>Name</th><th>What</th></tr></thead><tbody>");
    for member in members {
        let optional = if member.required { "" } else { " <span class=\"optional\">optional</span>" };
        let _ = write!(
            page,
            "<tr><th scope=\"row\"><code>{}</code>{optional}</th><td><span class=\"kind\">{}</span>{}</td></tr>",
            escape(&member.name).replace('.', "<wbr>."),
            escape(&member.kind),
            prose(&member.about),
        );
    }
    page.push_str("</tbody></table>");
}

/// What a schema takes, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words.iter().map(|word| word.as_str().unwrap_or("null").to_owned()).collect();
        return words.join(" | ");
    }
    let (name, null) = match &schema["type"] {
        Value::Array(kinds) => (kinds[0].as_str(), " or null"),
        kind => (kind.as_str(), ""),
    };
    let number = |key: &str| schema[key].as_u64();
    let name = match (schema["format"].as_str(), name.unwrap_or_default()) {
        (Some("date-time"), _) => "instant".into(),
        (Some(format), _) => format.replace("uri", "URL").replace("uuid", "UUID").replace("email", "e-mail address"),
        (None, "integer") => "whole number".into(),
        (None, "boolean") => "true or false".into(),
        (None, "array") => "list".into(),
        (None, "string") => "text".into(),
        (None, other) => other.to_owned(),
    };
    let limits = match (number("minimum"), number("maximum"), number("maxLength"), number("maxItems")) {
        (Some(from), Some(to), ..) => format!(", {from} to {to}"),
        (_, _, Some(length), _) => format!(", {length} characters at most"),
        (_, _, _, Some(entries)) => format!(", {entries} at most"),
        _ => String::new(),
    };
    format!("{name}{null}{limits}")
}

fn schema(name: &str) -> Value {
    DOCUMENT["components"]["schemas"][name].clone()
}

fn resolve(schema: &Value) -> &Value {
    let pointer = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| DOCUMENT.pointer(pointer)).unwrap_or(schema)
}

/// The members of an object in the order in which they are told, and whether each must be there.
fn properties(schema: &Value) -> Vec<(&str, bool, &Value)> {
    let names = |key: &str| schema[key].as_array().into_iter().flatten().filter_map(Value::as_str);
    let order = if schema.get(ORDER).is_some() { ORDER } else { "required" };
    let is_required = |name: &str| names("required").any(|required| required == name);
    names(order).filter_map(|name| Some((name, is_required(name), schema["properties"].get(name)?))).collect()
}

/// An example of a schema on one line.
pub(super) fn compact(schema: &Value) -> String {
    let schema = resolve(schema);
    if let Some(example) = schema["examples"].get(0).or_else(|| schema["enum"].get(0)) {
        return example.to_string();
    }
    if let Some(items) = schema.get("items") {
        return format!("[{}]", compact(items));
    }
    let members: Vec<String> =
        properties(schema).into_iter().map(|(name, _, schema)| format!("\"{name}\": {}", compact(schema))).collect();
    format!("{{{}}}", members.join(", "))
}

/// The same, broken into lines where it is long; `taken` characters of its line are.
fn pretty(schema: &Value, depth: usize, taken: usize) -> String {
    const WIDTH: usize = 60;
    let schema = resolve(schema);
    let line = compact(schema);
    if taken + line.chars().count() <= WIDTH {
        return line;
    }
    let (outer, inner) = ("  ".repeat(depth), "  ".repeat(depth + 1));
    if let Some(items) = schema.get("items") {
        return format!("[\n{inner}{}\n{outer}]", pretty(items, depth + 1, inner.len()));
    }
    let members: Vec<String> = properties(schema)
        .into_iter()
        .map(|(name, _, schema)| {
            let start = format!("{inner}\"{name}\": ");
            let value = pretty(schema, depth + 1, start.len());
            start + &value
        })
        .collect();
    if members.is_empty() { line } else { format!("{{\n{}\n{outer}}}", members.join(",\n")) }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Text with `code` in it.
fn prose(text: &str) -> String {
    let mut html = String::new();
    for (at, part) in escape(text).split('`').enumerate() {
        let _ = if at % 2 == 1 { write!(html, "<code>{part}</code>") } else { write!(html, "{part}") };
    }
    html
}
