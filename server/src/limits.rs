//! Rate limits per client address: one bucket for writing, one for reading, each of one minute's worth, and one of the
//! size of the first for keeping times, so that choosing one after the other leaves what booking takes.

use crate::problem::Problem;
use app::AppError;
use axum::Json;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, QuantaClock};
use governor::middleware::NoOpMiddleware;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tower_governor::GovernorError;
use tower_governor::governor::{GovernorConfig, GovernorConfigBuilder};
use tower_governor::key_extractor::KeyExtractor;

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

type Limit = Arc<GovernorConfig<ClientAddress, NoOpMiddleware>>;

/// The limits of this server.
#[derive(Clone)]
pub(crate) struct Limits {
    writes: Option<Limit>,
    reads: Option<Limit>,
    holds: Option<Limit>,
    address: ClientAddress,
    /// SHA-256 of the platform's key, which is exempt.
    platform: Option<[u8; 32]>,
}

impl Limits {
    /// `0` switches a limit off.
    pub(crate) fn new(
        writes_per_minute: u32,
        reads_per_minute: u32,
        proxy_hops: usize,
        platform: Option<[u8; 32]>,
    ) -> Self {
        let address = ClientAddress { proxy_hops };
        let limit = |per_minute: u32| {
            let period = Duration::from_secs(60).checked_div(per_minute)?;
            let mut builder = GovernorConfigBuilder::default().key_extractor(address);
            Some(Arc::new(builder.period(period).burst_size(per_minute).finish()?))
        };
        let (writes, holds) = (limit(writes_per_minute), limit(writes_per_minute));
        Self { writes, reads: limit(reads_per_minute), holds, address, platform }
    }

    /// Forgets clients that have been quiet, so that memory stays bounded. Call now and then.
    pub(crate) fn forget_quiet(&self) {
        for limit in [&self.writes, &self.reads, &self.holds].into_iter().flatten() {
            limit.limiter().retain_recent();
            limit.limiter().shrink_to_fit();
        }
    }

    /// Seconds to wait, where the client has used its minute up.
    fn check(&self, request: &Request) -> Option<u64> {
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
        let key = self.address.extract(request).ok()?;
        let denied = limit.limiter().check_key(&key).err()?;
        Some(denied.wait_time_from(QuantaClock::default().now()).as_secs() + 1)
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
    if let Ok(address) = limits.address.extract(&request) {
        request.extensions_mut().insert(Client(address.to_string()));
    }
    let Some(seconds) = limits.check(&request) else { return next.run(request).await };
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

/// The client's address: the Nth from the right of `X-Forwarded-For`, where N proxies stand in front; else the peer's.
/// What stands further left was sent by the client and counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress {
    proxy_hops: usize,
}

impl KeyExtractor for ClientAddress {
    type Key = IpAddr;

    fn extract<T>(&self, request: &axum::http::Request<T>) -> Result<IpAddr, GovernorError> {
        let forwarded = || {
            let values: Vec<&str> = request
                .headers()
                .get_all("x-forwarded-for")
                .iter()
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
                .map(str::trim)
                .collect();
            let at = values.len().checked_sub(self.proxy_hops)?;
            values.get(at)?.parse::<IpAddr>().ok()
        };
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
        let address = if self.proxy_hops > 0 { forwarded().or(peer) } else { peer };
        address.map(network).ok_or(GovernorError::UnableToExtractKey)
    }
}

/// Whoever has an IPv6 address has 2⁶⁴ of them: they count as one.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn request(method: &str, uri: &str, peer: &str, forwarded: &[&str]) -> Request {
        let mut builder = Request::builder().method(method).uri(uri);
        for value in forwarded {
            builder = builder.header("x-forwarded-for", *value);
        }
        let mut request = builder.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        request
    }

    fn address(hops: usize, peer: &str, forwarded: &[&str]) -> String {
        ClientAddress { proxy_hops: hops }.extract(&request("GET", "/", peer, forwarded)).unwrap().to_string()
    }

    #[test]
    fn the_client_is_the_nth_from_the_right() {
        assert_eq!(address(0, "192.0.2.1", &["203.0.113.9"]), "192.0.2.1", "nobody is believed without proxies");
        assert_eq!(address(1, "192.0.2.1", &["6.6.6.6, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(address(2, "192.0.2.1", &["6.6.6.6", "203.0.113.9, 198.51.100.2"]), "203.0.113.9");
        assert_eq!(address(2, "192.0.2.1", &["203.0.113.9"]), "192.0.2.1", "fewer hops than configured");
        assert_eq!(address(1, "192.0.2.1", &["nonsense"]), "192.0.2.1");
        assert_eq!(address(0, "2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::");
        assert_eq!(address(0, "::ffff:192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn each_bucket_holds_a_minute() {
        let limits = Limits::new(3, 5, 0, None);
        let used_up = |method: &str, uri: &str, peer: &str| {
            (0..10).filter(|_| limits.check(&request(method, uri, peer, &[])).is_none()).count()
        };
        assert_eq!(used_up("POST", "/api/v1/bookings", "192.0.2.1"), 3);
        assert_eq!(used_up("GET", "/api/v1/mentors", "192.0.2.1"), 5);
        assert_eq!(used_up("POST", "/fn/editor", "192.0.2.1"), 0, "reads by POST are reads");
        assert_eq!(used_up("POST", "/fn/book", "192.0.2.2"), 3, "each client has its own");
        assert_eq!(used_up("POST", "/fn/hold", "192.0.2.2"), 3, "keeping times is counted for itself");
        let wait = limits.check(&request("POST", "/", "192.0.2.1", &[])).unwrap();
        assert!((1..=21).contains(&wait), "{wait}");
    }

    #[test]
    fn zero_is_no_limit_and_the_platform_is_exempt() {
        let off = Limits::new(0, 0, 0, None);
        assert!((0..100).all(|_| off.check(&request("POST", "/", "192.0.2.1", &[])).is_none()));
        let key = "p".repeat(32);
        let limits = Limits::new(1, 1, 0, Some(booking::secrets::sha256(key.as_bytes())));
        for _ in 0..5 {
            let mut request = request("POST", "/", "192.0.2.1", &[]);
            request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
            assert!(limits.check(&request).is_none());
        }
    }
}
