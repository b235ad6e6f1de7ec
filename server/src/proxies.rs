//! The proxies in front of this server: which client a request comes from, and which settings do not fit what arrives.
//!
//! A proxy appends its client's address to `X-Forwarded-For`. What stands further left was sent by the client and is not
//! believed. Neither is the header of a peer that is no trusted proxy, nor that of a proxy that does not set it: the client
//! could write anything there. Clients that cannot be told apart share a larger allowance ([`SHARES`]) where this server has a
//! public name, so that they do not lock each other out where a setting is wrong.

use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, header};
use ipnet::IpNet;
use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Loopback, link-local, private (RFC 1918, RFC 4193) and carrier-grade (RFC 6598) networks.
const PRIVATE: [&str; 9] = [
    "127.0.0.0/8",
    "::1/128",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "100.64.0.0/10",
    "fc00::/7",
    "fe80::/10",
];
/// A proxy whose clients cannot be told apart may use as much as this many clients.
pub(crate) const SHARES: u8 = 20;
/// A finding is reported for this long after it was last seen; a proxy that sent no address is not believed for this long.
const RECENT: Duration = Duration::from_secs(600);
/// A finding is logged again after this time at the earliest.
const LOG_AGAIN: Duration = Duration::from_secs(3600);
/// The largest number of proxies that are remembered.
const MOST_PROXIES: usize = 256;
/// A name or scheme that differs must do so this often, and more often than not: one stray request says nothing.
const OFTEN: u32 = 10;

/// Reads `TRUSTED_PROXIES`: addresses and networks with commas between; `private` stands for all private networks.
///
/// ```text
/// private, 203.0.113.7, 2001:db8::/32
/// ```
pub(crate) fn networks(text: &str) -> Option<Vec<IpNet>> {
    let one = |word: &str| match word.parse::<IpAddr>() {
        Ok(address) => Some(IpNet::from(address)),
        Err(_) => word.parse::<IpNet>().ok(),
    };
    let mut networks = Vec::new();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word {
            "private" => networks.extend(PRIVATE.iter().filter_map(|network| one(network))),
            word => networks.push(one(word)?),
        }
    }
    Some(networks)
}

/// Whom the limits count a request for. `share` is 0 for a client that is known by its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client {
    address: IpAddr,
    share: u8,
}

impl Client {
    fn known(address: IpAddr) -> Self {
        Self { address: network(address), share: 0 }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.share {
            0 => self.address.fmt(f),
            share => write!(f, "{} {share}", self.address),
        }
    }
}

/// The owner of an IPv6 address has 2⁶⁴ of them: they count as one.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

/// A setting that does not fit the requests that arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// A proxy stands in front, and `TRUSTED_PROXY_HOPS` is 0.
    HopsUnset,
    /// More proxies stand in front than `TRUSTED_PROXY_HOPS` says.
    HopsTooFew,
    /// A proxy sent fewer addresses than `TRUSTED_PROXY_HOPS` says.
    AddressMissing,
    /// `X-Forwarded-For` comes from a peer that is not in `TRUSTED_PROXIES`.
    UntrustedPeer,
    /// `X-Forwarded-Proto` is not the scheme of `BASE_URL`.
    Scheme,
    /// `Host` is not that of `BASE_URL`.
    Host,
}

impl Finding {
    const ALL: [Self; 6] =
        [Self::HopsUnset, Self::HopsTooFew, Self::AddressMissing, Self::UntrustedPeer, Self::Scheme, Self::Host];

    /// As `/readyz` and the log name it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::HopsUnset => "hops_unset",
            Self::HopsTooFew => "hops_too_few",
            Self::AddressMissing => "address_missing",
            Self::UntrustedPeer => "untrusted_peer",
            Self::Scheme => "scheme_differs",
            Self::Host => "host_differs",
        }
    }

    /// What to do about it.
    fn advice(self) -> &'static str {
        match self {
            Self::HopsUnset => {
                "a proxy stands in front, and TRUSTED_PROXY_HOPS is 0: its clients share one allowance. Have the proxy set \
                 X-Forwarded-For (see deploy/), and set TRUSTED_PROXY_HOPS to the number of proxies"
            }
            Self::HopsTooFew => {
                "by TRUSTED_PROXY_HOPS the client is another proxy: its clients share one allowance. Set TRUSTED_PROXY_HOPS to \
                 the number of proxies"
            }
            Self::AddressMissing => {
                "a request from a proxy carries fewer addresses in X-Forwarded-For than TRUSTED_PROXY_HOPS says: its clients \
                 share one allowance, and what they claim is not believed. Have each proxy set the header (see deploy/), or \
                 lower TRUSTED_PROXY_HOPS"
            }
            Self::UntrustedPeer => {
                "X-Forwarded-For comes from an address that is not in TRUSTED_PROXIES, and is not believed. If that is a proxy \
                 of yours, add its network; otherwise close this server's port to all but the proxy"
            }
            Self::Scheme => {
                "the proxy's X-Forwarded-Proto is not the scheme of BASE_URL: redirect http to https at the proxy, or correct \
                 BASE_URL"
            }
            Self::Host => {
                "most requests name another host than BASE_URL: correct BASE_URL, or have the proxy pass the Host header on"
            }
        }
    }
}

/// How often something fitted lately, and how often it did not.
#[derive(Default)]
struct Tally {
    fits: u32,
    differs: u32,
}

impl Tally {
    /// Counts one more; whether it mostly differs.
    fn mostly_differs(&mut self, fits: bool) -> bool {
        *(if fits { &mut self.fits } else { &mut self.differs }) += 1;
        if self.fits + self.differs >= 200 {
            *self = Self { fits: self.fits / 2, differs: self.differs / 2 };
        }
        !fits && self.differs >= OFTEN && self.differs > self.fits
    }
}

#[derive(Default)]
struct Seen {
    /// For each finding: when it was last seen, and when it was last logged.
    findings: [(Option<Instant>, Option<Instant>); Finding::ALL.len()],
    /// Proxies that sent a visitor's request with fewer addresses than they should, and when last.
    silent: HashMap<IpAddr, Instant>,
    addresses: Tally,
    schemes: Tally,
    hosts: Tally,
    strangers: Tally,
    next_share: u8,
}

impl Seen {
    fn report(&mut self, finding: Finding, now: Instant) {
        let (seen, logged) = &mut self.findings[finding as usize];
        *seen = Some(now);
        if logged.is_none_or(|at| now.duration_since(at) >= LOG_AGAIN) {
            *logged = Some(now);
            tracing::warn!(finding = finding.code(), "{}", finding.advice());
        }
    }

    fn remember_silent(&mut self, peer: IpAddr, now: Instant) {
        if self.silent.len() >= MOST_PROXIES && !self.silent.contains_key(&peer) {
            let oldest = self.silent.iter().min_by_key(|(_, at)| **at).map(|(peer, _)| *peer);
            self.silent.retain(|peer, _| Some(*peer) != oldest);
        }
        self.silent.insert(peer, now);
    }

    fn is_silent(&self, peer: IpAddr, now: Instant) -> bool {
        self.silent.get(&peer).is_some_and(|at| now.duration_since(*at) < RECENT)
    }

    /// One of the shares of a proxy's allowance: the same for the same name; the next one where there is none.
    fn share(&mut self, peer: IpAddr, named: Option<IpAddr>) -> Client {
        let number = match named {
            Some(named) => {
                let mut hasher = DefaultHasher::new();
                network(named).hash(&mut hasher);
                (hasher.finish() % u64::from(SHARES)) as u8
            }
            None => {
                self.next_share = (self.next_share + 1) % SHARES;
                self.next_share
            }
        };
        Client { address: network(peer), share: number + 1 }
    }
}

/// What the settings say of proxies, and what has been seen of them. Clones share it.
#[derive(Clone)]
pub(crate) struct Proxies(Arc<Inner>);

struct Inner {
    hops: usize,
    trusted: Vec<IpNet>,
    https: bool,
    /// Of `BASE_URL`, in lower case, with its port where it has one.
    host: String,
    seen: Mutex<Seen>,
}

impl Proxies {
    /// `hops` proxies, whose addresses are in `trusted`, in front of a server that people know as `base_url`.
    pub(crate) fn new(hops: usize, trusted: Vec<IpNet>, base_url: &str) -> Self {
        let (scheme, host) = base_url.split_once("://").unwrap_or(("http", base_url));
        let host = host.trim_end_matches('/').to_lowercase();
        Self(Arc::new(Inner { hops, trusted, https: scheme == "https", host, seen: Mutex::default() }))
    }

    /// None in front, on a developer's machine.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self::new(0, networks("private").unwrap(), "http://localhost:3000")
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trusts(&self, peer: IpAddr) -> bool {
        self.0.trusted.iter().any(|network| network.contains(&peer))
    }

    /// Whether people reach this server under a name that is not only this machine's.
    fn is_public(&self) -> bool {
        let host = self.0.host.trim_start_matches('[');
        !["localhost", "127.", "::1"].iter().any(|local| host.starts_with(local))
    }

    /// Logs what the settings alone say: this server speaks no TLS, so behind an https `BASE_URL` there is a proxy.
    pub(crate) fn check_settings(&self) {
        if self.0.hops == 0 && self.0.https {
            self.seen().report(Finding::HopsUnset, Instant::now());
        }
    }

    /// The findings of the last minutes, for `/readyz`.
    pub(crate) fn findings(&self) -> Vec<&'static str> {
        self.findings_at(Instant::now())
    }

    fn findings_at(&self, now: Instant) -> Vec<&'static str> {
        let unset = self.0.hops == 0 && self.0.https;
        let seen = self.seen();
        let recent = |finding: &Finding| {
            let at = seen.findings[*finding as usize].0;
            at.is_some_and(|at| now.duration_since(at) < RECENT) || (unset && *finding == Finding::HopsUnset)
        };
        Finding::ALL.into_iter().filter(recent).map(Finding::code).collect()
    }

    /// Whether connections from this address may be those of many clients.
    pub(crate) fn may_be_proxy(&self, peer: IpAddr) -> bool {
        let unset = || self.findings().contains(&Finding::HopsUnset.code());
        self.trusts(peer.to_canonical()) && (self.0.hops > 0 || unset())
    }

    /// The client that a request is counted for; `None` where the connection's address is not known.
    pub(crate) fn client<B>(&self, request: &Request<B>) -> Option<Client> {
        self.client_at(request, Instant::now())
    }

    fn client_at<B>(&self, request: &Request<B>, now: Instant) -> Option<Client> {
        let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
        let peer = peer.ip().to_canonical();
        let trusted = self.trusts(peer);
        let client = if self.0.hops == 0 {
            self.without_hops(peer, trusted, request.headers(), now)
        } else if trusted {
            self.behind_proxies(peer, request.headers(), now)
        } else {
            if request.headers().contains_key("x-forwarded-for") {
                self.seen().report(Finding::UntrustedPeer, now);
            }
            Client::known(peer)
        };
        if trusted && (self.0.hops > 0 || client.share > 0) {
            self.compare(request, now);
        }
        Some(client)
    }

    /// A client behind a proxy that does not tell it apart. Its peer is certainly a proxy only where people reach this server
    /// under a public name; elsewhere whatever runs beside the server could claim to be many.
    fn unknown(&self, seen: &mut Seen, proxy: IpAddr, named: Option<IpAddr>) -> Client {
        if self.is_public() { seen.share(proxy, named) } else { Client::known(proxy) }
    }

    /// The client where no proxy is configured: the peer, unless that is plainly a proxy.
    fn without_hops(&self, peer: IpAddr, trusted: bool, headers: &HeaderMap, now: Instant) -> Client {
        let forwards = ["x-forwarded-for", "forwarded", "via"].iter().any(|name| headers.contains_key(*name));
        let mut seen = self.seen();
        if trusted && (forwards || self.0.https || (peer.is_loopback() && self.is_public())) {
            seen.report(Finding::HopsUnset, now);
            return self.unknown(&mut seen, peer, addresses(headers).last().copied().flatten());
        }
        // Anybody may send these headers from outside: they are reported once most do, and win nothing.
        if !trusted && seen.strangers.mostly_differs(!forwards) {
            seen.report(Finding::HopsUnset, now);
        }
        Client::known(peer)
    }

    /// The client behind trusted proxies: the Nth address from the right, N being the number of proxies.
    fn behind_proxies(&self, peer: IpAddr, headers: &HeaderMap, now: Instant) -> Client {
        let addresses = addresses(headers);
        let at = addresses.len().checked_sub(self.0.hops);
        let mut seen = self.seen();
        let named = at.and_then(|at| addresses[at]);
        let mostly_missing = seen.addresses.mostly_differs(named.is_some());
        let Some(named) = named else {
            // Programs beside the server may ask it without the proxy, and visitors do not.
            if is_browser(headers) || mostly_missing {
                seen.remember_silent(peer, now);
                seen.report(Finding::AddressMissing, now);
            }
            return self.unknown(&mut seen, peer, None);
        };
        if seen.is_silent(peer, now) {
            return self.unknown(&mut seen, peer, Some(named));
        }
        // A proxy behind a proxy, which names one more.
        let before = at.and_then(|at| at.checked_sub(1)).and_then(|at| addresses[at]);
        if self.trusts(named) && before.is_some() {
            seen.report(Finding::HopsTooFew, now);
            return self.unknown(&mut seen, named, before);
        }
        Client::known(named)
    }

    /// Compares what the proxy says of the scheme and the host with `BASE_URL`.
    fn compare<B>(&self, request: &Request<B>, now: Instant) {
        let text = |name: &str| request.headers().get(name)?.to_str().ok()?.split(',').next().map(str::trim);
        let mut seen = self.seen();
        if let Some(scheme) = text("x-forwarded-proto")
            && seen.schemes.mostly_differs(scheme.eq_ignore_ascii_case(if self.0.https { "https" } else { "http" }))
        {
            seen.report(Finding::Scheme, now);
        }
        if let Some(host) = text("x-forwarded-host").or_else(|| text(header::HOST.as_str()))
            && seen.hosts.mostly_differs(host.eq_ignore_ascii_case(&self.0.host))
        {
            seen.report(Finding::Host, now);
        }
    }
}

/// Whether a person's browser sent this: every one names itself so, and few programs do.
fn is_browser(headers: &HeaderMap) -> bool {
    headers.get(header::USER_AGENT).is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"))
}

/// The addresses of `X-Forwarded-For` from left to right; `None` for what is none. Some proxies add a port.
fn addresses(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let address = |text: &str| {
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
        bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
    };
    let values = headers.get_all("x-forwarded-for").iter();
    // A value that is no text holds an address that is none.
    values.flat_map(|value| value.to_str().unwrap_or("?").split(',')).map(|text| address(text.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(hops: usize, base_url: &str) -> Proxies {
        Proxies::new(hops, networks("private").unwrap(), base_url)
    }

    fn request(peer: &str, headers: &[(&str, &str)]) -> Request<()> {
        let mut builder = Request::builder();
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let mut request = builder.body(()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        request
    }

    fn client(proxies: &Proxies, peer: &str, forwarded: &[&str]) -> String {
        let headers: Vec<_> = forwarded.iter().map(|value| ("x-forwarded-for", *value)).collect();
        proxies.client(&request(peer, &headers)).unwrap().to_string()
    }

    const HTTPS: &str = "https://book.example.com";
    const BROWSER: (&str, &str) =
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0");

    #[test]
    fn the_client_is_the_nth_address_from_the_right() {
        let client = |hops, peer, forwarded: &[&str]| client(&proxies(hops, HTTPS), peer, forwarded);
        assert_eq!(client(1, "127.0.0.1", &["6.6.6.6, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(client(2, "10.0.0.1", &["6.6.6.6", "203.0.113.9, 198.51.100.2"]), "203.0.113.9");
        assert_eq!(client(1, "::ffff:10.0.0.1", &["203.0.113.9:4711"]), "203.0.113.9", "with a port");
        assert_eq!(client(1, "::1", &["[2001:db8:1:2:3:4:5:6]:4711"]), "2001:db8:1:2::");
        assert_eq!(client(1, "::1", &["[2001:db8:1:2:3:4:5:6]"]), "2001:db8:1:2::");
        assert_eq!(client(0, "2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::");
        assert_eq!(client(0, "::ffff:192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn a_peer_that_is_no_proxy_is_not_believed() {
        for hops in [0, 1, 2] {
            let proxies = proxies(hops, HTTPS);
            assert_eq!(client(&proxies, "192.0.2.1", &["203.0.113.9, 203.0.113.8"]), "192.0.2.1", "{hops}");
        }
        let proxies = proxies(1, HTTPS);
        client(&proxies, "192.0.2.1", &["203.0.113.9"]);
        assert_eq!(proxies.findings(), ["untrusted_peer"]);
        let listed = Proxies::new(1, networks("private, 192.0.2.0/24").unwrap(), HTTPS);
        assert_eq!(client(&listed, "192.0.2.1", &["203.0.113.9"]), "203.0.113.9");
        assert!(listed.findings().is_empty());
    }

    #[test]
    fn a_proxy_that_does_not_set_the_header_is_not_believed_and_its_clients_share() {
        let proxies = proxies(1, HTTPS);
        let begin = Instant::now();
        let at = |seconds, headers: &[(&str, &str)]| {
            let request = request("127.0.0.1", headers);
            proxies.client_at(&request, begin + Duration::from_secs(seconds)).unwrap()
        };
        let spoofed = [("x-forwarded-for", "203.0.113.9")];
        assert_eq!(at(0, &spoofed).to_string(), "203.0.113.9", "nothing speaks against it yet");
        assert!(at(1, &[]).share > 0, "a program beside the server");
        assert_eq!(at(1, &spoofed).to_string(), "203.0.113.9");
        assert!(proxies.findings_at(begin + Duration::from_secs(1)).is_empty());
        assert!(at(1, &[BROWSER]).share > 0, "an ordinary visitor's request");
        let shares: std::collections::HashSet<Client> = (0..250)
            .map(|n| at(2, &[("x-forwarded-for", &format!("203.0.113.{n}"))]))
            .chain((0..50).map(|_| at(3, &[])))
            .collect();
        assert_eq!(shares.len(), usize::from(SHARES), "whatever is claimed, no more than the shares");
        assert_eq!(proxies.findings_at(begin + Duration::from_secs(4)), ["address_missing"]);
        assert_eq!(at(700, &spoofed).to_string(), "203.0.113.9", "mended");
        assert!(proxies.findings_at(begin + Duration::from_secs(700)).is_empty());
    }

    #[test]
    fn a_proxy_that_mostly_sends_no_address_is_found_without_browsers() {
        let proxies = proxies(1, HTTPS);
        for _ in 0..OFTEN {
            assert!(proxies.findings().is_empty());
            client(&proxies, "127.0.0.1", &[]);
        }
        assert_eq!(proxies.findings(), ["address_missing"]);
        assert_ne!(client(&proxies, "127.0.0.1", &["203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn a_proxy_without_a_setting_is_found() {
        let found = |base_url, peer, headers: &[(&str, &str)]| {
            let proxies = proxies(0, base_url);
            let client = proxies.client(&request(peer, headers)).unwrap();
            assert_eq!(client.share > 0, !proxies.findings().is_empty(), "{base_url} {peer} {headers:?}");
            client.share > 0
        };
        let http = "http://book.example.com";
        for (name, value) in
            [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9"), ("via", "1.1 proxy")]
        {
            assert!(found(http, "10.0.0.1", &[(name, value)]), "{name}");
        }
        assert!(found(HTTPS, "172.17.0.1", &[]), "TLS ends before this server");
        assert!(found(http, "127.0.0.1", &[]), "a public name, through loopback");
        assert!(!found(http, "10.0.0.1", &[]), "an office's own network");
        assert!(!found("http://127.0.0.1:3000", "127.0.0.1", &[]), "a developer's machine");
        assert!(!found("http://localhost:3000", "::1", &[]));
        assert!(!found(http, "192.0.2.1", &[("x-forwarded-for", "203.0.113.9")]), "a stranger may send anything once");
    }

    #[test]
    fn without_a_public_name_nobody_has_more_than_one_allowance() {
        for hops in [0, 1] {
            let proxies = proxies(hops, "http://127.0.0.1:3000");
            for n in 0..40 {
                // Behind one proxy the header is believed, so there none is sent.
                let forwarded = format!("203.0.113.{n}");
                let claims: &[&str] = if hops == 0 { &[&forwarded] } else { &[] };
                assert_eq!(client(&proxies, "127.0.0.1", claims), "127.0.0.1", "{hops} {n}");
            }
            assert!(!proxies.findings().is_empty(), "it is reported all the same");
        }
    }

    #[test]
    fn with_an_https_address_the_setting_is_missing_from_the_start() {
        assert_eq!(proxies(0, HTTPS).findings(), ["hops_unset"]);
        assert!(proxies(1, HTTPS).findings().is_empty());
        assert!(proxies(0, "http://book.example.com").findings().is_empty());
    }

    #[test]
    fn a_proxy_on_a_public_address_is_found_once_most_requests_come_through_it() {
        let proxies = proxies(0, "http://book.example.com");
        for _ in 0..OFTEN {
            assert!(proxies.findings().is_empty());
            assert_eq!(client(&proxies, "192.0.2.1", &["203.0.113.9"]), "192.0.2.1", "it wins nothing");
        }
        assert_eq!(proxies.findings(), ["hops_unset"]);
    }

    #[test]
    fn visitors_are_told_apart_where_a_proxy_names_them_unasked() {
        let proxies = proxies(0, HTTPS);
        let clients: std::collections::HashSet<String> =
            (0..100).map(|n| client(&proxies, "10.0.0.1", &[&format!("203.0.113.{n}")])).collect();
        assert!(clients.len() > 10, "{clients:?}");
        let again = client(&proxies, "10.0.0.1", &["203.0.113.7"]);
        assert_eq!(again, client(&proxies, "10.0.0.1", &["6.6.6.6, 203.0.113.7"]), "the right one counts");
    }

    #[test]
    fn more_proxies_than_are_set_are_found() {
        let proxies = proxies(1, HTTPS);
        assert_eq!(client(&proxies, "127.0.0.1", &["10.0.0.7"]), "10.0.0.7", "a client in the private network");
        assert!(proxies.findings().is_empty());
        assert_ne!(client(&proxies, "127.0.0.1", &["203.0.113.9, 10.0.0.7"]), "10.0.0.7");
        assert_eq!(proxies.findings(), ["hops_too_few"]);
    }

    #[test]
    fn no_address_is_fewer_than_one() {
        for headers in [&[][..], &["nonsense"], &["unix:"], &[""], &["203.0.113.9, "]] {
            let proxies = proxies(1, HTTPS);
            let headers: Vec<_> = headers.iter().map(|value| ("x-forwarded-for", *value)).chain([BROWSER]).collect();
            let client = proxies.client(&request("127.0.0.1", &headers)).unwrap();
            assert!(client.to_string().contains(' '), "{headers:?}");
            assert_eq!(proxies.findings(), ["address_missing"], "{headers:?}");
        }
        assert!(client(&proxies(2, HTTPS), "127.0.0.1", &["203.0.113.9"]).contains(' '), "fewer than set");
    }

    #[test]
    fn another_scheme_or_host_is_found_once_most_requests_have_it() {
        let proxies = proxies(1, HTTPS);
        let send = |scheme, host| {
            let headers = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", scheme), ("host", host)];
            proxies.client(&request("127.0.0.1", &headers));
        };
        send("http", "198.51.100.1");
        (0..30).for_each(|_| send("https", "Book.Example.com"));
        (0..OFTEN).for_each(|_| send("http", "198.51.100.1"));
        assert!(proxies.findings().is_empty(), "stray requests");
        (0..30).for_each(|_| send("http", "book.example.com"));
        assert_eq!(proxies.findings(), ["scheme_differs"]);
        (0..200).for_each(|_| send("https", "127.0.0.1:3000"));
        assert_eq!(proxies.findings(), ["scheme_differs", "host_differs"]);
    }

    #[test]
    fn proxies_are_remembered_up_to_a_number() {
        let proxies = proxies(1, HTTPS);
        for n in 0..1000 {
            proxies.client(&request(&format!("10.0.{}.{}", n / 250, n % 250), &[BROWSER]));
        }
        assert_eq!(proxies.seen().silent.len(), MOST_PROXIES);
    }

    #[test]
    fn networks_are_read() {
        assert_eq!(networks("203.0.113.7, 2001:db8::/32,").unwrap().len(), 2);
        assert_eq!(networks("private,203.0.113.7").unwrap().len(), PRIVATE.len() + 1);
        for wrong in ["proxy.example.com", "203.0.113.0/33", "10.0.0.0/8 192.168.0.0/16"] {
            assert!(networks(wrong).is_none(), "{wrong}");
        }
    }
}
