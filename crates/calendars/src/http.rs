//! How providers are asked: one HTTP client, with limits, and one place that says what an answer means.

use crate::remote::RemoteError;
use chrono::{DateTime, TimeDelta};
use http::{HeaderMap, StatusCode, header};
use reqwest::{Method, RequestBuilder, Url};
use serde::de::DeserializeOwned;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(20);
/// Of one answer, in bytes, unpacked.
const LARGEST: usize = 8 << 20;

/// An HTTP client that follows no redirects and waits for nobody for long. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Http(reqwest::Client);

impl Http {
    /// Trusts the authorities of [`tls`]; 5 seconds to connect, 20 for the whole request.
    ///
    /// # Errors
    /// [`RemoteError::Unavailable`] where TLS cannot be set up.
    pub fn new() -> Result<Self, RemoteError> {
        Self::with_timeout(WHOLE)
    }

    /// The same with another limit for the whole request.
    ///
    /// # Errors
    /// See [`Http::new`].
    pub fn with_timeout(timeout: Duration) -> Result<Self, RemoteError> {
        let mut tls = tls::client_config().map_err(|_| RemoteError::Unavailable("no TLS".into()))?;
        tls.alpn_protocols = vec!["h2".into(), "http/1.1".into()];
        reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(timeout)
            .user_agent(concat!("yaksok/", env!("CARGO_PKG_VERSION")))
            .build()
            .map(Self)
            .map_err(|_| RemoteError::Unavailable("no HTTP client".into()))
    }

    /// The beginning of a request.
    pub(crate) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.0.request(method, url)
    }

    /// Asks, and reads the whole answer, whatever its status.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Answer, RemoteError> {
        let mut response = request.send().await.map_err(|error| unavailable(&error))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unavailable(&error))? {
            if body.len() + chunk.len() > LARGEST {
                return Err(RemoteError::Unavailable("an answer is too large".into()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }
}

/// What was answered, whatever the status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// What it says, if it went well.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, RemoteError> {
        self.done()?;
        serde_json::from_slice(&self.body).map_err(|_| RemoteError::Unavailable("an answer is broken".into()))
    }

    /// That it went well.
    pub(crate) fn done(&self) -> Result<(), RemoteError> {
        if self.status.is_success() { Ok(()) } else { Err(self.error()) }
    }

    /// The provider's word for what is wrong: `error.errors[0].reason` (Google), `error.code` (Graph), `error` (RFC 6749,
    /// section 5.2). Never its sentence, which may name people.
    pub(crate) fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        ["/error/errors/0/reason", "/error/code", "/error"]
            .into_iter()
            .filter_map(|at| body.pointer(at)?.as_str())
            .find(|code| code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)))
            .unwrap_or_default()
            .to_owned()
    }

    /// What a refusal means. <https://developers.google.com/workspace/calendar/api/guides/errors>,
    /// <https://learn.microsoft.com/graph/errors>, <https://learn.microsoft.com/graph/throttling>
    pub(crate) fn error(&self) -> RemoteError {
        const LIMITS: [&str; 6] = [
            "rateLimitExceeded",
            "userRateLimitExceeded",
            "quotaExceeded",
            "dailyLimitExceeded",
            "calendarUsageLimitsExceeded",
            "ApplicationThrottled",
        ];
        let code = self.code();
        match self.status.as_u16() {
            401 => RemoteError::Unauthorized,
            403 if LIMITS.contains(&code.as_str()) => RemoteError::Throttled(self.patience()),
            404 => RemoteError::NotFound,
            410 => RemoteError::CursorGone,
            429 => RemoteError::Throttled(self.patience()),
            503 if self.headers.contains_key(header::RETRY_AFTER) => RemoteError::Throttled(self.patience()),
            408 | 500.. => RemoteError::Unavailable(self.text()),
            _ => RemoteError::Refused(self.text()),
        }
    }

    /// Status and code, which is all that may be told of it.
    pub(crate) fn text(&self) -> String {
        format!("{} {}", self.status.as_u16(), self.code()).trim_end().to_owned()
    }

    /// How long `Retry-After` asks to wait (RFC 9110, section 10.2.3). A date counts from the answer's own `Date`, so no
    /// clock is needed. A day at most, so that no answer silences us for good.
    fn patience(&self) -> Option<TimeDelta> {
        let text = |name| self.headers.get(name)?.to_str().ok();
        let asked = text(header::RETRY_AFTER)?.trim();
        let wait = match asked.parse::<u32>() {
            Ok(seconds) => TimeDelta::seconds(seconds.into()),
            Err(_) => {
                DateTime::parse_from_rfc2822(asked).ok()? - DateTime::parse_from_rfc2822(text(header::DATE)?).ok()?
            }
        };
        Some(wait.clamp(TimeDelta::zero(), TimeDelta::days(1)))
    }
}

/// Why there is no answer. No address and no text of the error's own: there could be a token in it.
fn unavailable(error: &reqwest::Error) -> RemoteError {
    let why = match tls::failure(error) {
        Some(why) => return RemoteError::Unavailable(format!("no secure connection: {why}")),
        None if error.is_timeout() => "no answer in time",
        None if error.is_connect() => "no connection",
        None => "the connection broke",
    };
    RemoteError::Unavailable(why.into())
}

/// An address that was configured or answered.
pub(crate) fn endpoint(url: &str) -> Result<Url, RemoteError> {
    Url::parse(url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| RemoteError::Refused("an address is not a web address".into()))
}

/// `segments` below `base`, escaped, so that an id stays one segment.
pub(crate) fn below(base: &str, segments: &[&str]) -> Result<Url, RemoteError> {
    let mut url = endpoint(base)?;
    // The URL standard drops these, and the request would mean something else.
    if segments.iter().any(|segment| matches!(*segment, "" | "." | "..")) {
        return Err(RemoteError::Refused("an id is none".into()));
    }
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: body.into() }
    }

    #[test]
    fn what_a_refusal_means() {
        let google = |reason| {
            format!(r#"{{"error":{{"code":403,"message":"ada@example.com","errors":[{{"reason":"{reason}"}}]}}}}"#)
        };
        let error = |status, headers, body: &str| answer(status, headers, body).error();
        assert_eq!(error(401, &[], ""), RemoteError::Unauthorized);
        for reason in ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"] {
            assert_eq!(error(403, &[], &google(reason)), RemoteError::Throttled(None));
        }
        assert_eq!(error(403, &[], &google("forbidden")), RemoteError::Refused("403 forbidden".into()));
        let seven = RemoteError::Throttled(Some(TimeDelta::seconds(7)));
        assert_eq!(error(429, &[("retry-after", "7")], ""), seven);
        assert_eq!(error(503, &[("retry-after", "7")], ""), seven);
        let dates = [("retry-after", "Sun, 22 Nov 2026 10:00:07 GMT"), ("date", "Sun, 22 Nov 2026 10:00:00 GMT")];
        assert_eq!(error(429, &dates, ""), seven);
        assert_eq!(error(429, &[("retry-after", "soon")], ""), RemoteError::Throttled(None));
        let day = RemoteError::Throttled(Some(TimeDelta::days(1)));
        assert_eq!(error(429, &[("retry-after", "4294967295")], ""), day);
        assert_eq!(error(404, &[], ""), RemoteError::NotFound);
        assert_eq!(error(410, &[], ""), RemoteError::CursorGone);
        assert_eq!(error(500, &[], ""), RemoteError::Unavailable("500".into()));
        assert_eq!(error(503, &[], ""), RemoteError::Unavailable("503".into()));
        assert_eq!(error(302, &[], ""), RemoteError::Refused("302".into()));
        let graph = r#"{"error":{"code":"ErrorInvalidRequest","message":"Ada's token is abc"}}"#;
        assert_eq!(error(400, &[], graph), RemoteError::Refused("400 ErrorInvalidRequest".into()));
        assert_eq!(error(400, &[], r#"{"error":"ada@example.com"}"#), RemoteError::Refused("400".into()));
    }

    #[test]
    fn an_id_stays_one_segment() {
        let url = |id| below("http://h/calendar/v3/", &["calendars", id, "events"]).map(String::from);
        assert_eq!(url("a/b?c#d%e@f").unwrap(), "http://h/calendar/v3/calendars/a%2Fb%3Fc%23d%25e@f/events");
        assert!(url("..").is_err());
        assert!(endpoint("file:///etc/passwd").is_err());
    }
}
