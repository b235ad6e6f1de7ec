//! What comes in: names in the path, the query, the body. Every text from outside passes here, so this is the one place
//! that keeps away what no row can hold (U+0000, which PostgreSQL refuses).
//!
//! What is not JSON is 400; what does not fit is 422 and says where.

use super::wire;
use crate::problem::Problem;
use axum::body::{Body as Stream, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, Path, Query as Pairs, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use booking::secrets::sha256;
use chrono::{DateTime, NaiveDate, Utc};
use scheduling::{ClockFormat, FieldError};
use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;

/// The largest body of a request.
const LARGEST: usize = 64 * 1024;
/// Of a body that is larger, so much is read and forgotten, so that the sender gets to read the answer.
const DRAINED: usize = 16 * 1024 * 1024;

type Members = Map<String, Value>;

/// A name in the path. What can be none (invalid UTF-8, U+0000) is read as the empty name, which nothing has: so it is
/// 404 where it is looked up, after 401.
#[derive(Debug)]
pub(super) struct Name(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let name = Path::<String>::from_request_parts(parts, state).await.map(|Path(name)| name);
        Ok(Self(name.ok().filter(|name| !name.contains('\0')).unwrap_or_default()))
    }
}

/// The query, member by member.
#[derive(Debug)]
pub(super) struct Query(pub(super) Fields);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let pairs = Pairs::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Pairs(pairs) = pairs.map_err(|_| Problem::malformed("The query could not be read."))?;
        let mut members = Members::new();
        for (name, text) in pairs {
            // What is given twice is no text any more.
            let twice = members.contains_key(&name);
            members.insert(name, if twice { Value::Array(Vec::new()) } else { text.into() });
        }
        Ok(Self(Fields::of(members)?))
    }
}

/// A JSON object in the body, or nothing at all.
#[derive(Debug)]
pub(super) struct Body(Option<Members>);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let bytes = whole(request.into_body()).await?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        if !is_json {
            let detail = "Send Content-Type: application/json.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        }
        match parse(&bytes)? {
            Value::Object(members) => Ok(Self(Some(members))),
            _ => Err(wrong("", "invalid", "Send a JSON object.")),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

async fn whole(mut body: Stream) -> Result<Vec<u8>, Problem> {
    let (mut bytes, mut length) = (Vec::new(), 0_usize);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let data =
            frame.map_err(|_| Problem::malformed("The body could not be read."))?.into_data().unwrap_or_default();
        length += data.len();
        if length <= LARGEST {
            bytes.extend_from_slice(&data);
        } else if length > DRAINED {
            break;
        }
    }
    if length > LARGEST {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Send a body of 64 KiB at most."));
    }
    Ok(bytes)
}

impl Body {
    /// Its members, on rows that need some.
    pub(super) fn required(self) -> Result<Fields, Problem> {
        Fields::of(self.0.ok_or_else(|| Problem::malformed("The body is empty. Send a JSON object."))?)
    }

    /// Its members, on rows that can do without: an empty body is an empty object.
    pub(super) fn optional(self) -> Result<Fields, Problem> {
        Fields::of(self.0.unwrap_or_default())
    }
}

fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| {
        // JSON of its own kind: the numbers of RFC 8259 have no end.
        if error.to_string().starts_with("number out of range") {
            return wrong("", "out_of_range", "Send smaller numbers.");
        }
        // serde_json says line and column, never content.
        Problem::malformed(format!("The body is not JSON: line {}, column {}.", error.line(), error.column()))
    })
}

/// Reads a value, and refuses an object that names a member twice (RFC 8259 leaves open which one counts).
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    /// JSON has one kind of number: `30.0` is `30`.
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        let whole = value as i64;
        Ok(if whole as f64 == value { whole.into() } else { value.into() })
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(Strict)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(Strict)?;
            if object.insert(key, value).is_some() {
                return Err(A::Error::custom("a member is given twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

/// Members, read one by one; collects what is wrong with them.
#[derive(Debug)]
pub(super) struct Fields {
    members: Members,
    errors: Vec<FieldError>,
}

impl Fields {
    /// Refuses U+0000, wherever it hides.
    fn of(members: Members) -> Result<Self, Problem> {
        for (name, value) in &members {
            if let Some(field) = field_with_nul(value, name.clone()) {
                return Err(wrong(&field, "invalid", "Please take out the character U+0000."));
            }
        }
        Ok(Self { members, errors: Vec::new() })
    }

    /// SHA-256 of all of them, whatever their order was: serde_json's map is sorted.
    pub(super) fn hash(&self) -> [u8; 32] {
        sha256(serde_json::json!(self.members).to_string().as_bytes())
    }

    /// The dates of a list of objects. serde reads them more leniently than we do.
    pub(super) fn dates_of(&mut self, list: &str, names: &[&str]) {
        let entries = self.members.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
        for (at, entry) in entries.iter().enumerate() {
            for name in names {
                if entry.get(name).and_then(Value::as_str).is_some_and(|text| wire::date(text).is_none()) {
                    self.wrong(&format!("{list}[{at}].{name}"), "invalid", "Send a date YYYY-MM-DD.");
                }
            }
        }
    }

    /// All of them as one type, each of whose members must be there, with `null` where that is meant: in what replaces
    /// something a member that is left out is a mistake, and would erase what it stands for. `free` names members of the
    /// object itself that may be left out.
    pub(super) fn read_whole<T: DeserializeOwned + Serialize>(self, free: &[&str]) -> Result<T, Problem> {
        let sent = Value::Object(self.members.clone());
        let read: T = self.read()?;
        let mut missing = Vec::new();
        left_out(&sent, &serde_json::json!(read), String::new(), &mut missing);
        missing.retain(|field| !free.contains(&field.as_str()));
        if missing.is_empty() {
            return Ok(read);
        }
        let message = "Send this member, with null where there is none.";
        Err(Problem::invalid(missing.into_iter().map(|field| FieldError::new(field, "required", message)).collect()))
    }

    /// All of them as one type.
    pub(super) fn read<T: DeserializeOwned + Serialize>(self) -> Result<T, Problem> {
        if !self.errors.is_empty() {
            return Err(Problem::invalid(self.errors));
        }
        let sent = Value::Object(self.members);
        let read = serde_path_to_error::deserialize(&sent).map_err(|error| {
            let path = error.path().to_string();
            let said = error.inner().to_string();
            match said.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
                Some(missing) if path == "." => wrong(missing, "required", "Please fill this in."),
                Some(missing) => wrong(&format!("{path}.{missing}"), "required", "Please fill this in."),
                None => wrong(&path, "invalid", &sentence(&said)),
            }
        })?;
        match misread(&sent, &serde_json::json!(read), String::new()) {
            None => Ok(read),
            Some((field, message)) => Err(wrong(&field, "invalid", message)),
        }
    }

    pub(super) fn wrong(&mut self, field: &str, code: &str, message: &str) {
        self.errors.push(FieldError::new(field, code, message));
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, field: &str) -> String {
        match self.members.get(field) {
            None | Some(Value::Null) => self.wrong(field, "required", "Please fill this in."),
            Some(_) => return self.optional_text(field).unwrap_or_default(),
        }
        String::new()
    }

    /// A text that may be left out, or be null.
    pub(super) fn optional_text(&mut self, field: &str) -> Option<String> {
        match self.members.get(field) {
            Some(Value::String(text)) => return Some(text.clone()),
            None | Some(Value::Null) => {}
            Some(_) => self.wrong(field, "invalid", "Send one text."),
        }
        None
    }

    /// `12h` or `24h`, or left out.
    pub(super) fn optional_clock(&mut self, field: &str) -> Option<ClockFormat> {
        let text = self.optional_text(field)?;
        let clock = ClockFormat::ALL.into_iter().find(|clock| clock.tag() == text);
        if clock.is_none() {
            self.wrong(field, "invalid", "Send 12h or 24h.");
        }
        clock
    }

    /// True or false; false where it is left out or null.
    pub(super) fn optional_flag(&mut self, field: &str) -> bool {
        match self.members.get(field) {
            Some(Value::Bool(flag)) => return *flag,
            None | Some(Value::Null) => {}
            Some(_) => self.wrong(field, "invalid", "Send true or false."),
        }
        false
    }

    /// An instant that must be there.
    pub(super) fn instant(&mut self, field: &str) -> DateTime<Utc> {
        self.required(field, Self::optional_instant).unwrap_or_default()
    }

    /// An instant that may be left out.
    pub(super) fn optional_instant(&mut self, field: &str) -> Option<DateTime<Utc>> {
        let text = self.optional_text(field)?;
        let at = wire::instant(&text);
        if at.is_none() {
            self.wrong(field, "invalid", "Send an instant of RFC 3339, such as 2026-12-01T09:00:00Z.");
        }
        at
    }

    /// A date that must be there.
    pub(super) fn date(&mut self, field: &str) -> NaiveDate {
        let text = self.required(field, Self::optional_text);
        let date = text.as_deref().and_then(wire::date);
        if text.is_some() && date.is_none() {
            self.wrong(field, "invalid", "Send a date YYYY-MM-DD.");
        }
        date.unwrap_or_default()
    }

    /// How many, from 1 to `most`, if it is said.
    pub(super) fn optional_count(&mut self, field: &str, most: usize) -> Option<usize> {
        let text = self.optional_text(field)?;
        let count = text.parse().ok().filter(|count| (1..=most).contains(count));
        if count.is_none() {
            self.wrong(field, "out_of_range", &format!("Send a number from 1 to {most}."));
        }
        count
    }

    /// Where the page before left off. An empty one is none.
    pub(super) fn cursor(&mut self) -> Option<String> {
        self.optional_text("cursor").filter(|cursor| !cursor.is_empty())
    }

    fn required<T>(&mut self, field: &str, read: fn(&mut Self, &str) -> Option<T>) -> Option<T> {
        if self.members.get(field).is_none_or(Value::is_null) {
            self.wrong(field, "required", "Please fill this in.");
        }
        read(self, field)
    }

    /// Fails with everything that was wrong.
    pub(super) fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid(self.errors)) }
    }
}

fn wrong(field: &str, code: &str, message: &str) -> Problem {
    Problem::invalid(vec![FieldError::new(field, code, message)])
}

/// Members of what was read that were not sent, each with the way to it.
fn left_out(sent: &Value, read: &Value, at: String, missing: &mut Vec<String>) {
    match (sent, read) {
        (Value::Object(sent), Value::Object(read)) => {
            for (name, read) in read {
                let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                match sent.get(name) {
                    Some(sent) => left_out(sent, read, at, missing),
                    None => missing.push(at),
                }
            }
        }
        (Value::Array(sent), Value::Array(read)) => {
            for (nth, (sent, read)) in sent.iter().zip(read).enumerate() {
                left_out(sent, read, format!("{at}[{nth}]"), missing);
            }
        }
        _ => {}
    }
}

/// Where serde has taken a list for an object, or an object of one member for a word; and what to do.
fn misread(sent: &Value, read: &Value, at: String) -> Option<(String, &'static str)> {
    match (sent, read) {
        (Value::Object(sent), Value::Object(read)) => read.iter().find_map(|(name, read)| {
            let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
            misread(sent.get(name)?, read, at)
        }),
        (Value::Array(sent), Value::Array(read)) => {
            let both = sent.iter().zip(read).enumerate();
            both.into_iter().find_map(|(nth, (sent, read))| misread(sent, read, format!("{at}[{nth}]")))
        }
        (Value::Array(_), Value::Object(_)) => Some((at, "Send an object.")),
        (Value::Array(_) | Value::Object(_), _) => Some((at, "This value does not fit.")),
        _ => None,
    }
}

fn field_with_nul(value: &Value, field: String) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then_some(field),
        Value::Array(values) => {
            values.iter().enumerate().find_map(|(at, value)| field_with_nul(value, format!("{field}[{at}]")))
        }
        Value::Object(members) => {
            members.iter().find_map(|(name, value)| field_with_nul(value, format!("{field}.{name}")))
        }
        _ => None,
    }
}

/// serde's words as a sentence, without the value that was sent.
fn sentence(said: &str) -> String {
    if said.contains("HH:MM") {
        return "Send a clock time HH:MM, from 00:00 to 24:00.".into();
    }
    let expected = match said.rsplit_once("expected ").map(|(_, expected)| expected) {
        Some("u8" | "u16" | "u32" | "i64") => "a whole number within the limits",
        Some("a string") => "a text",
        Some("a boolean") => "true or false",
        Some("a sequence") => "a list",
        Some(what) if what.starts_with("struct ") => "an object",
        // `one of `link`, `phone`…`, `a formatted date string`.
        Some(what) => return format!("Send {}.", what.replace('`', "")),
        None => return "This value does not fit.".into(),
    };
    format!("Send {expected}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_member_given_twice_is_not_json() {
        for bad in [
            "{\"a\":1,\"a\":2}",
            "{\"x\":[{\"a\":1,\"a\":1}]}",
            "{",
            "",
            "{}x",
            "nul",
            "{\"a\":NaN}",
            "\u{feff}{}",
            r#""\ud800""#,
        ] {
            assert!(format!("{:?}", parse(bad.as_bytes()).unwrap_err()).contains("malformed"), "{bad}");
        }
        assert!(parse(b"\"\xff\"").is_err(), "invalid UTF-8");
        assert!(parse(&[b'['; 100_000]).is_err(), "depth is bounded");
        assert_eq!(parse(b"{\"a\":[1,null,\"x\",1.5,true]}").unwrap(), json!({"a": [1, null, "x", 1.5, true]}));
    }

    #[test]
    fn numbers_are_numbers() {
        assert_eq!(parse(b"[30.0, -0.0, 3e1, 0.5, 18446744073709551615]").unwrap(), json!([30, 0, 30, 0.5, u64::MAX]));
        for huge in ["1e400", "[-1e999]"] {
            assert!(format!("{:?}", parse(huge.as_bytes()).unwrap_err()).contains("invalid_request"), "{huge}");
        }
    }

    #[test]
    fn a_list_is_no_object_and_an_object_no_word() {
        let read = json!({ "price": { "amount": 1, "currency": "USD" }, "location": { "kind": "phone", "value": "" } });
        let field = |sent: Value| misread(&sent, &read, String::new()).map(|(field, _)| field);
        assert_eq!(field(json!({ "price": [1, "USD"] })).unwrap(), "price");
        assert_eq!(field(json!({ "location": { "kind": { "phone": null } } })).unwrap(), "location.kind");
        assert_eq!(field(json!({ "price": null, "other": [1], "location": { "kind": "phone" } })), None);
    }

    fn availability(json: Value) -> String {
        let Value::Object(members) = json else { panic!("no object") };
        let read = Fields::of(members).and_then(|mut fields| {
            fields.dates_of("overrides", &["date"]);
            fields.read::<scheduling::Availability>()
        });
        format!("{:?}", read.unwrap_err())
    }

    #[test]
    fn what_does_not_fit_says_where() {
        let weekly = |day: Value, start: &str| json!({"timezone": "UTC", "weekly": [{"day_of_week": day, "start_time": start, "end_time": "24:00"}]});
        for (sent, field, message) in [
            (weekly(json!(1), "25:00"), "weekly[0].start_time", "Send a clock time HH:MM"),
            (weekly(json!(-1), "09:00"), "weekly[0].day_of_week", "Send a whole number"),
            (weekly(json!("1"), "09:00"), "weekly[0].day_of_week", "Send a whole number"),
            (json!({"timezone": 9}), "timezone", "Send a text."),
            (json!({"timezone": "UTC", "weekly": {}}), "weekly", "Send a list."),
            (json!({"timezone": "UTC", "weekly": [3]}), "weekly[0]", "Send an object."),
            (json!({"timezone": "UTC", "weekly": [[1, "09:00", "17:00"]]}), "weekly[0]", "Send an object."),
            (
                json!({"timezone": "UTC", "blocked": [["2026-2-3", "2026-12-26", null]]}),
                "blocked[0]",
                "Send an object.",
            ),
            (json!({"weekly": []}), "timezone", "Please fill this in."),
            (
                json!({"timezone": "UTC", "blocked": [{"ends_on": "2026-12-24"}]}),
                "blocked[0].starts_on",
                "Please fill this in.",
            ),
            (json!({"timezone": "UTC", "overrides": [{"date": "2026-02-30"}]}), "overrides[0].date", "YYYY-MM-DD"),
            (json!({"timezone": "UTC", "overrides": [{"date": "2026-2-3"}]}), "overrides[0].date", "YYYY-MM-DD"),
            (json!({"timezone": "UTC", "overrides": [{"date": 3}]}), "overrides[0].date", "date string"),
            (json!({"timezone": "UTC", "blocked": [{"note": ["x\0"]}]}), "blocked[0].note[0]", "U+0000"),
        ] {
            let said = availability(sent.clone());
            assert!(said.contains(&format!("field: {field:?}")) && said.contains(message), "{sent} → {said}");
        }
    }
}
