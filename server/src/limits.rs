//! Rate limits per client address: one bucket for writing, one for reading, each of one minute's worth, and one of the
//! size of the first for keeping times, so that choosing one after the other leaves what booking takes.

use crate::problem::Problem;
use crate::proxies::{self, Proxies};
use app::AppError;
use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;

/// Server functions that read, although their arguments come by POST, and the one that gives back what was kept: refused,
/// a time would stay taken.
const READING: [&str; 11] = [
    "booking",
    "booking_month",
    "bookings",
    "editor",
    "session_types",
    "settings",
    "api_keys",
    "calendars",
    "deletion",
    "outside_hours",
    "release_hold",
];

type Limit = Arc<DefaultKeyedRateLimiter<proxies::Client>>;

/// The limits of this server.
#[derive(Clone)]
pub(crate) struct Limits {
    writes: Option<Limit>,
    reads: Option<Limit>,
    holds: Option<Limit>,
    pub(crate) proxies: Proxies,
    /// SHA-256 of the platform's key, which is exempt.
    platform: Option<[u8; 32]>,
}

impl Limits {
    /// `0` switches a limit off.
    pub(crate) fn new(
        writes_per_minute: u32,
        reads_per_minute: u32,
        proxies: Proxies,
        platform: Option<[u8; 32]>,
    ) -> Self {
        let limit =
            |per_minute| NonZeroU32::new(per_minute).map(|n| Arc::new(RateLimiter::keyed(Quota::per_minute(n))));
        let (writes, holds) = (limit(writes_per_minute), limit(writes_per_minute));
        Self { writes, reads: limit(reads_per_minute), holds, proxies, platform }
    }

    /// Forgets clients that have been quiet, so that memory stays bounded. Call now and then.
    pub(crate) fn forget_quiet(&self) {
        for limit in [&self.writes, &self.reads, &self.holds].into_iter().flatten() {
            limit.retain_recent();
            limit.shrink_to_fit();
        }
    }

    /// Seconds to wait, where the client has used its minute up.
    fn check(&self, client: &proxies::Client, request: &Request) -> Option<u64> {
        let path = request.uri().path();
        let reads = match path.strip_prefix("/fn/") {
            Some(name) => request.method() == Method::GET || READING.contains(&name),
            // Providers tell of changes by POST, many from one address.
            None if path.starts_with("/calendar/") => true,
            None => matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS),
        };
        let limit = match path {
            "/fn/hold" => &self.holds,
            _ if reads => &self.reads,
            _ => &self.writes,
        };
        let limit = limit.as_ref()?;
        if self.platform.is_some()
            && bearer(request.headers()).map(|t| booking::secrets::sha256(t.as_bytes())) == self.platform
        {
            return None;
        }
        let denied = limit.check_key(client).err()?;
        Some(denied.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    }
}

/// The client's address, as the limits count it.
#[derive(Clone, Debug)]
pub(crate) struct Client(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Nobody's, where no address is known: tests without a connection.
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or(Self(String::new())))
    }
}

/// The token of an `Authorization: Bearer` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Refuses clients that ask too often.
pub(crate) async fn limit(State(limits): State<Limits>, mut request: Request, next: Next) -> Response {
    let Some(client) = limits.proxies.client(&request) else { return next.run(request).await };
    request.extensions_mut().insert(Client(client.to_string()));
    let Some(seconds) = limits.check(&client, &request) else { return next.run(request).await };
    let path = request.uri().path();
    let mut response = if path.starts_with("/fn/") {
        (StatusCode::TOO_MANY_REQUESTS, Json(AppError::RateLimited)).into_response()
    } else if path.starts_with("/api/") {
        return Problem::rate_limited(seconds).into_response();
    } else {
        (StatusCode::TOO_MANY_REQUESTS, format!("Too many requests. Please try again in {seconds} seconds."))
            .into_response()
    };
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxies::{SHARES, networks};
    use axum::body::Body;
    use axum::extract::ConnectInfo;
    use std::net::SocketAddr;

    fn request(method: &str, uri: &str, peer: &str, headers: &[(&str, &str)]) -> Request {
        let mut builder = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let mut request = builder.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        request
    }

    fn wait(limits: &Limits, request: &Request) -> Option<u64> {
        limits.check(&limits.proxies.client(request).unwrap(), request)
    }

    #[test]
    fn each_bucket_holds_a_minute() {
        let limits = Limits::new(3, 5, Proxies::none(), None);
        let used_up = |method: &str, uri: &str, peer: &str| {
            (0..10).filter(|_| wait(&limits, &request(method, uri, peer, &[])).is_none()).count()
        };
        assert_eq!(used_up("POST", "/api/v1/bookings", "192.0.2.1"), 3);
        assert_eq!(used_up("GET", "/api/v1/mentors", "192.0.2.1"), 5);
        assert_eq!(used_up("POST", "/fn/editor", "192.0.2.1"), 0, "reads by POST are reads");
        assert_eq!(used_up("POST", "/fn/book", "192.0.2.2"), 3, "each client has its own");
        assert_eq!(used_up("POST", "/fn/hold", "192.0.2.2"), 3, "keeping times is counted for itself");
        let wait = wait(&limits, &request("POST", "/", "192.0.2.1", &[])).unwrap();
        assert!((1..=21).contains(&wait), "{wait}");
    }

    #[test]
    fn zero_is_no_limit_and_the_platform_is_exempt() {
        let off = Limits::new(0, 0, Proxies::none(), None);
        assert!((0..100).all(|_| wait(&off, &request("POST", "/", "192.0.2.1", &[])).is_none()));
        let key = "p".repeat(32);
        let limits = Limits::new(1, 1, Proxies::none(), Some(booking::secrets::sha256(key.as_bytes())));
        let bearer = format!("Bearer {key}");
        for _ in 0..5 {
            assert!(wait(&limits, &request("POST", "/", "192.0.2.1", &[("authorization", &bearer)])).is_none());
        }
    }

    /// How many of `requests` are let through.
    fn passed(hops: usize, headers: &[Vec<(&str, &str)>]) -> usize {
        let proxies = Proxies::new(hops, networks("private").unwrap(), "https://book.example.com");
        let limits = Limits::new(3, 600, proxies, None);
        let passes = |headers: &Vec<(&str, &str)>| {
            wait(&limits, &request("POST", "/api/v1/bookings", "127.0.0.1", headers)).is_none()
        };
        headers.iter().filter(|headers| passes(headers)).count()
    }

    #[test]
    fn visitors_behind_a_proxy_that_is_not_configured_do_not_lock_each_other_out() {
        // 26 people book in one minute, with two writes each.
        let names: Vec<String> = (0..52).map(|n| format!("203.0.113.{}", n / 2)).collect();
        let nameless = vec![Vec::new(); 52];
        for hops in [0, 1] {
            assert_eq!(passed(hops, &nameless), 52, "{hops}");
        }
        let named: Vec<_> = names.iter().map(|name| vec![("x-forwarded-for", name.as_str())]).collect();
        assert_eq!(passed(1, &named), 52);
        assert!(passed(0, &named) > 26);
    }

    #[test]
    fn spoofed_addresses_win_no_more_than_the_shares() {
        let names: Vec<String> = (0..1000).map(|n| format!("203.0.{}.{}", n / 250, n % 250)).collect();
        let most = 3 * usize::from(SHARES);
        // An ordinary visitor first: it shows that the proxy sets nothing.
        let through_a_proxy_that_sets_nothing: Vec<_> = std::iter::once(vec![("user-agent", "Mozilla/5.0")])
            .chain(names.iter().map(|name| vec![("x-forwarded-for", name.as_str())]))
            .collect();
        for hops in [0, 1] {
            assert!(passed(hops, &through_a_proxy_that_sets_nothing) <= most, "{hops}");
        }
        // One that appends: all are one client.
        let appended: Vec<String> = names.iter().map(|name| format!("{name}, 198.51.100.1")).collect();
        let appended: Vec<_> = appended.iter().map(|name| vec![("x-forwarded-for", name.as_str())]).collect();
        assert_eq!(passed(1, &appended), 3);
        assert_eq!(passed(0, &appended), 3);
    }
}
