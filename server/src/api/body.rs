//! Request bodies: JSON without surprises. What is not JSON is 400, what does not fit is 422 and says where.

use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use scheduling::FieldError;
use std::fmt;

/// A JSON object from a request body; an empty body is an empty object.
#[derive(Debug)]
pub(crate) struct Body(pub(crate) Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default().to_owned());
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Send a body of 64 KiB at most.")
            }
            _ => Problem::malformed("The body could not be read."),
        })?;
        if bytes.is_empty() {
            return Ok(Self(Map::new()));
        }
        let is_json = kind.is_some_and(|kind| {
            let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
        });
        if !is_json {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Send Content-Type: application/json."));
        }
        match parse(&bytes)? {
            Value::Object(object) => Ok(Self(object)),
            _ => Err(Problem::invalid(vec![FieldError::new("", "invalid", "Send a JSON object.")])),
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    // serde_json says line and column, never content.
    value.map_err(|error| Problem::malformed(format!("The body is not JSON: line {}, column {}.", error.line(), error.column())))
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

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
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

impl Body {
    /// The whole body as one type.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<T, Problem> {
        serde_path_to_error::deserialize(Value::Object(self.0)).map_err(|error| {
            let path = error.path().to_string();
            let said = error.inner().to_string();
            let (field, code) = match said.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
                Some(missing) if path == "." => (missing.to_owned(), "required"),
                Some(missing) => (format!("{path}.{missing}"), "required"),
                None => (path, "invalid"),
            };
            let message = if code == "required" { "Please fill this in.".to_owned() } else { sentence(&said) };
            Problem::invalid(vec![FieldError::new(field, code, message)])
        })
    }

    /// Its members, one by one.
    pub(crate) fn fields(self) -> Fields {
        Fields { object: self.0, errors: Vec::new() }
    }
}

/// serde's words as a sentence, without the value that was sent.
fn sentence(said: &str) -> String {
    let expected = said.rsplit_once("expected ").map(|(_, expected)| expected);
    match expected {
        Some(expected) => format!("Send {expected}."),
        None if said.contains("HH:MM") => "Send a clock time HH:MM, from 00:00 to 24:00.".into(),
        None => "This value does not fit.".into(),
    }
}

/// Reads members and collects what is wrong with them.
#[derive(Debug)]
pub(crate) struct Fields {
    object: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    fn wrong(&mut self, field: &str, code: &str, message: &str) {
        self.errors.push(FieldError::new(field, code, message));
    }

    /// A text that must be there.
    pub(crate) fn text(&mut self, field: &str) -> String {
        match self.object.get(field) {
            Some(Value::String(text)) => return text.clone(),
            None | Some(Value::Null) => self.wrong(field, "required", "Please fill this in."),
            Some(_) => self.wrong(field, "invalid", "Send a text."),
        }
        String::new()
    }

    /// A text that may be left out, or be null.
    pub(crate) fn optional_text(&mut self, field: &str) -> Option<String> {
        match self.object.get(field) {
            Some(Value::String(text)) => return Some(text.clone()),
            None | Some(Value::Null) => {}
            Some(_) => self.wrong(field, "invalid", "Send a text, or null."),
        }
        None
    }

    /// An instant that must be there.
    pub(crate) fn instant(&mut self, field: &str) -> chrono::DateTime<chrono::Utc> {
        let known = self.errors.len();
        let text = self.text(field);
        if self.errors.len() > known {
            return chrono::DateTime::UNIX_EPOCH;
        }
        super::wire::instant(&text).unwrap_or_else(|| {
            self.wrong(field, "invalid", "Send an instant of RFC 3339, such as 2026-12-01T09:00:00Z.");
            chrono::DateTime::UNIX_EPOCH
        })
    }

    /// Fails with everything that was wrong.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid(self.errors)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_given_twice_is_not_json() {
        for bad in ["{\"a\":1,\"a\":2}", "{\"x\":[{\"a\":1,\"a\":1}]}", "{", "", "{}x", "nul", "{\"a\":NaN}"] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(parse(&[b'[' ; 100_000]).is_err(), "depth is bounded");
        assert_eq!(parse(b"{\"a\":[1,null,\"x\",1.5,true]}").unwrap(), serde_json::json!({"a": [1, null, "x", 1.5, true]}));
    }

    #[test]
    fn what_does_not_fit_says_where() {
        let body = |json: &str| Body(serde_json::from_str(json).unwrap());
        let problem = body(r#"{"timezone":"UTC","weekly":[{"day_of_week":1,"start_time":"25:00","end_time":"26:00"}]}"#)
            .read::<scheduling::Availability>()
            .unwrap_err();
        assert!(format!("{problem:?}").contains("weekly[0].start_time"), "{problem:?}");
        let problem = body(r#"{"weekly":[]}"#).read::<scheduling::Availability>().unwrap_err();
        assert!(format!("{problem:?}").contains(r#"field: "timezone", code: "required""#), "{problem:?}");
    }
}
