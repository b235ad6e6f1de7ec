//! One request to a CalDAV server: bounded in time, size and redirects, and never to an address that the guard refuses.

use super::guard::{Guard, NotPublic, may_know_password};
use crate::remote::RemoteError;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use reqwest::{Client, Method, StatusCode, Url, redirect};
use std::error::Error;
use std::time::Duration;
use zeroize::Zeroizing;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(20);
const MAX_REDIRECTS: usize = 5;
/// Of an answer, unpacked, in bytes.
pub(super) const MAX_BODY: usize = 8 << 20;

/// Where a server is, and what it wants to hear.
pub(super) struct Wire {
    client: Client,
    guard: Guard,
    /// As the mentor gave it: who answers here may know the password.
    home: Url,
    username: String,
    password: Zeroizing<String>,
}

/// What to ask.
pub(super) struct Ask<'a> {
    pub(super) method: &'static str,
    pub(super) url: &'a Url,
    pub(super) headers: &'a [(HeaderName, &'a str)],
    /// Media type and content.
    pub(super) body: Option<(&'static str, String)>,
}

/// What was answered, with whatever status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Where the answer came from, after redirects.
    pub(super) url: Url,
    pub(super) body: Vec<u8>,
    /// There was more than [`MAX_BODY`].
    pub(super) cut: bool,
}

impl Wire {
    /// # Errors
    /// [`RemoteError::Refused`] where the guard refuses the address.
    pub(super) fn new(
        home: Url,
        username: String,
        password: Zeroizing<String>,
        guard: Guard,
    ) -> Result<Self, RemoteError> {
        Self::with_timeout(home, username, password, guard, TIMEOUT)
    }

    /// # Errors
    /// As [`Wire::new`].
    pub(super) fn with_timeout(
        home: Url,
        username: String,
        password: Zeroizing<String>,
        guard: Guard,
        timeout: Duration,
    ) -> Result<Self, RemoteError> {
        guard.check(&home).map_err(|why| RemoteError::Refused(why.to_owned()))?;
        let tls = tls::client_config().map_err(|_| RemoteError::Unavailable("TLS cannot be set up".to_owned()))?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("Yaksok/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout)
            .redirect(redirect::Policy::none())
            // A proxy would resolve names by itself, past the guard.
            .no_proxy()
            .referer(false)
            .dns_resolver(guard.clone())
            .build()
            .map_err(|_| RemoteError::Unavailable("the HTTP client cannot be set up".to_owned()))?;
        Ok(Self { client, guard, home, username, password })
    }

    pub(super) fn home(&self) -> &Url {
        &self.home
    }

    pub(super) fn username(&self) -> &str {
        &self.username
    }

    /// Asks, follows at most five redirects, and answers whatever status came.
    ///
    /// # Errors
    /// Where there is no answer: [`RemoteError::Unavailable`] and [`RemoteError::Refused`].
    pub(super) async fn ask(&self, ask: &Ask<'_>) -> Result<Answer, RemoteError> {
        let mut url = ask.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            self.guard.check(&url).map_err(|why| RemoteError::Refused(why.to_owned()))?;
            if !may_know_password(&self.home, &url) {
                return Err(RemoteError::Refused("the server points to another host".to_owned()));
            }
            let mut response = self.request(ask, &url)?.send().await.map_err(|error| failure(&error))?;
            let status = response.status();
            // 303 would turn the request into a GET, which no answer of CalDAV asks for.
            if matches!(status.as_u16(), 301 | 302 | 307 | 308) {
                let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
                let to = location.and_then(|to| url.join(to).ok());
                url = to.ok_or_else(|| RemoteError::Refused("the server points nowhere".to_owned()))?;
                // Behind a proxy that ends TLS, Nextcloud and others believe to be reached by http.
                if self.home.scheme() == "https" && url.scheme() == "http" && url.port().is_none() {
                    let _ = url.set_scheme("https");
                }
                continue;
            }
            let mut answer = Answer { status, headers: response.headers().clone(), url, body: Vec::new(), cut: false };
            while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
                if answer.body.len() + chunk.len() > MAX_BODY {
                    answer.cut = true;
                    break;
                }
                answer.body.extend_from_slice(&chunk);
            }
            return Ok(answer);
        }
        Err(RemoteError::Refused("the server redirects too often".to_owned()))
    }

    fn request(&self, ask: &Ask<'_>, url: &Url) -> Result<reqwest::RequestBuilder, RemoteError> {
        let method = Method::from_bytes(ask.method.as_bytes())
            .map_err(|_| RemoteError::Refused("there is no such method".to_owned()))?;
        let mut request =
            self.client.request(method, url.clone()).basic_auth(&self.username, Some(self.password.as_str()));
        if ask.method == "GET" {
            // Some proxies mark the ETag of what they compress, and no If-Match fits it any more.
            request = request.header(ACCEPT_ENCODING, "identity");
        }
        for (name, value) in ask.headers {
            request = request.header(name, *value);
        }
        if let Some((media_type, content)) = &ask.body {
            request = request.header(CONTENT_TYPE, *media_type).body(content.clone());
        }
        Ok(request)
    }
}

/// Why there is no answer. Not in the words of the error, which hold the address.
fn failure(error: &reqwest::Error) -> RemoteError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(at) = cause {
        if at.is::<NotPublic>() {
            return RemoteError::Refused(NotPublic.to_string());
        }
        cause = at.source();
    }
    let what = match tls::failure(error) {
        Some(why) => return RemoteError::Unavailable(format!("no secure connection: {why}")),
        None if error.is_timeout() => "too slow",
        None if error.is_connect() => "no connection",
        None => "the connection broke off",
    };
    RemoteError::Unavailable(what.to_owned())
}

impl Answer {
    /// The body; bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    /// [`RemoteError::Refused`] where it was cut.
    pub(super) fn text(self) -> Result<String, RemoteError> {
        if self.cut {
            return Err(RemoteError::Refused("the answer is larger than 8 MiB".to_owned()));
        }
        Ok(String::from_utf8(self.body).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// What a status that is no success says. `now` is for a `Retry-After` that names an instant.
    pub(super) fn error(&self, now: DateTime<Utc>) -> RemoteError {
        let retry_after = self.headers.get(RETRY_AFTER).map(|value| retry_after(value.to_str().unwrap_or(""), now));
        match self.status.as_u16() {
            401 => RemoteError::GrantRefused,
            403 | 404 | 410 => RemoteError::NotFound,
            429 => RemoteError::Throttled(retry_after.flatten()),
            503 if retry_after.is_some() => RemoteError::Throttled(retry_after.flatten()),
            status @ (408 | 423 | 425 | 500..) => RemoteError::Unavailable(format!("status {status}")),
            status => RemoteError::Refused(format!("status {status}")),
        }
    }
}

/// RFC 9110, section 10.2.3: seconds, or an instant. A day at most, so that no answer silences us for good.
fn retry_after(value: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let wait = match value.trim().parse::<u32>() {
        Ok(seconds) => TimeDelta::seconds(seconds.into()),
        Err(_) => DateTime::parse_from_rfc2822(value.trim()).ok()?.to_utc() - now,
    };
    Some(wait.clamp(TimeDelta::zero(), TimeDelta::days(1)))
}
