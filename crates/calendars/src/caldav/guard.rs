//! Keeps a calendar's address from reaching into our own network (server-side request forgery).
//!
//! The address comes from a mentor, and a host may resolve to something else at every look. So the decision is made where
//! the connection is: by the resolver that the HTTP client uses, on the very addresses it will connect to. Addresses that
//! are written as such never meet a resolver and are looked at before.

use super::reach::Reach;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The address does not lie in the public Internet.
#[derive(Debug, thiserror::Error)]
#[error("the address is not a public one")]
pub(super) struct NotPublic;

/// Which addresses may be reached, and how.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    reach: Reach,
}

impl Guard {
    pub(super) fn new(reach: Reach) -> Self {
        Self { reach }
    }

    /// Looks at all of a URL that can be seen without asking anybody.
    ///
    /// # Errors
    /// A sentence that says what is wrong, without the URL.
    pub(super) fn check(&self, url: &Url) -> Result<(), &'static str> {
        let Some(host) = url.host_str() else { return Err("the address names no host") };
        // `Url` has already turned `0x7f.1` and `2130706433` into 127.0.0.1.
        let host = host.trim_matches(['[', ']']);
        let port = url.port_or_known_default().unwrap_or_default();
        match url.scheme() {
            "https" => {}
            "http" if self.reach.allows_http(host, port) => {}
            _ => return Err("the address does not begin with https://"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the address holds a user name or password");
        }
        if self.reach.refuses_port(host, port) {
            return Err("the port is not one that is allowed for this host");
        }
        match host.parse() {
            Ok(address) if !self.reach.allows_address(address, port) => Err("the address is not a public one"),
            _ => Ok(()),
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // A name that answers a public and a private address is up to something: neither is used.
            if !reach.allows_name(name.as_str()) && !found.iter().all(|found| reach.allows_resolved(found.ip())) {
                return Err(NotPublic.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether the IANA registries of special-purpose addresses (RFC 6890) leave this one to the public Internet.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Where a network has IPv6 only, DNS64 (RFC 6052) puts the IPv4 address of a host behind this prefix.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Protocols and tunnels (Teredo, ORCHID), documentation, 6to4.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // All that is given out as global unicast. Loopback, mapped, unique-local, link-local, site-local, multicast: not.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// Whether a password that is meant for `home` may be shown to `other`, to which a redirect or an answer of `home` points.
///
/// The same host and port, or the step up from http to https; by https, a host below the one given. Hosts beside each
/// other are not of one owner, as far as names tell (`a.duckdns.org`, `b.duckdns.org`), with one exception that is known:
/// iCloud keeps each account on a host like `p42-caldav.icloud.com`.
pub(super) fn may_know_password(home: &Url, other: &Url) -> bool {
    let (Some(from), Some(to)) = (home.host_str(), other.host_str()) else { return false };
    let secure = other.scheme() == "https";
    if from == to {
        let as_given = home.scheme() == other.scheme() && home.port_or_known_default() == other.port_or_known_default();
        return as_given || (secure && home.scheme() == "http" && other.port().is_none());
    }
    let below = |host: &str, domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    let icloud = |host: &str| below(host, "icloud.com");
    // `home.domain()` is empty for addresses, which have no hosts below them.
    secure && other.port().is_none() && home.domain().is_some() && (below(to, from) || (icloud(from) && icloud(to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses() {
        for public in
            ["1.1.1.1", "17.248.1.1", "100.63.0.1", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "223.1.1.1"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for public in ["2606:4700::1111", "2a00:1450::1", "2001:200::1", "64:ff9b::101:101"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn other_addresses() {
        let addresses = "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.0.1 169.254.169.254 \
            172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.0.1 198.51.100.7 \
            203.0.113.9 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 \
            ::ffff:8.8.8.8 ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:10::1 \
            2001:db8::1 2002:7f00:1::1 3fff::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 fec0::1 ff02::1";
        for other in addresses.split_whitespace() {
            assert!(!is_public(other.parse().unwrap()), "{other}");
        }
    }

    fn check(url: &str, private_addresses: bool) -> bool {
        check_within(url, &private_addresses.into())
    }

    fn check_within(url: &str, reach: &Reach) -> bool {
        Guard::new(reach.clone()).check(&Url::parse(url).unwrap()).is_ok()
    }

    #[test]
    fn urls() {
        for good in ["https://dav.example.org/", "https://1.1.1.1/", "https://[2606:4700::1]:8443/x"] {
            assert!(check(good, false) && check(good, true), "{good}");
        }
        let private = "http://dav.example.org/ https://127.0.0.1/ https://0x7f.1/ https://2130706433/ https://127.1/ \
            https://017700000001/ https://[::1]/ https://[::ffff:127.0.0.1]/ https://169.254.169.254/latest/ \
            https://192.168.0.1:8443/ https://①②⑦.0.0.1/";
        for only_private in private.split_whitespace() {
            assert!(!check(only_private, false), "{only_private}");
            assert!(check(only_private, true), "{only_private}");
        }
        for never in
            ["ftp://example.org/", "file:///etc/passwd", "https://me@example.org/", "https://me:pw@example.org/"]
        {
            assert!(!check(never, true), "{never}");
        }
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_this_machine() {
        let resolve = |reach: Reach| Guard::new(reach).resolve("localhost".parse().unwrap());
        let listed = |list: &str| Reach::listed(list).unwrap();
        for refused in [false.into(), listed("nas.lan"), listed("10.0.0.0/8"), listed("127.0.0.1:5232"), listed("host")]
        {
            assert!(resolve(refused).await.is_err_and(|error| error.is::<NotPublic>()));
        }
        for allowed in [true.into(), listed("LOCALHOST"), listed("localhost:5232"), listed("127.0.0.0/8, ::1")] {
            assert!(resolve(allowed).await.is_ok_and(|mut found| found.any(|address| address.ip().is_loopback())));
        }
    }

    #[test]
    fn listed_hosts() {
        let reach =
            Reach::listed("nas.lan, dav.lan:8443 http://127.0.0.1:5232, 10.1.0.0/16 fd00::/8 [::1]:8443").unwrap();
        for allowed in [
            "https://nas.lan/",
            "https://NAS.lan:8443/",
            "https://dav.lan:8443/",
            "http://127.0.0.1:5232/me/",
            "https://10.1.2.3/",
            "https://10.1.2.3:8443/",
            "https://[fd12::1]/",
            "https://[::1]:8443/",
            "https://dav.example.org/",
        ] {
            assert!(check_within(allowed, &reach), "{allowed}");
        }
        for refused in [
            "http://nas.lan/",
            "https://dav.lan/",
            "https://127.0.0.1/",
            "http://127.0.0.1/",
            "https://127.0.0.2:5232/",
            "https://10.2.0.1/",
            "http://10.1.2.3/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]:5232/",
            "https://169.254.169.254/",
            "http://dav.example.org/",
        ] {
            assert!(!check_within(refused, &reach), "{refused}");
        }
    }

    #[test]
    fn who_may_know_the_password() {
        let ask = |home: &str, other: &str| may_know_password(&Url::parse(home).unwrap(), &Url::parse(other).unwrap());
        assert!(ask("https://example.org/a", "https://example.org:443/b"));
        assert!(ask("https://example.org/", "https://dav.example.org/"));
        assert!(ask("https://caldav.icloud.com/", "https://p42-caldav.icloud.com:443/1/"));
        assert!(ask("http://127.0.0.1:5232/", "http://127.0.0.1:5232/me/"));
        assert!(ask("http://nas.local/", "https://nas.local/"));
        for (home, other) in [
            ("https://example.org/", "http://example.org/"),
            ("https://example.org/", "https://example.org:8443/"),
            ("https://example.org/", "https://evilexample.org/"),
            ("https://example.org/", "https://example.org.evil.net/"),
            ("https://dav.example.org/", "https://example.org/"),
            ("https://a.duckdns.org/", "https://b.duckdns.org/"),
            ("https://caldav.icloud.com/", "https://evil-icloud.com/"),
            ("https://evil-icloud.com/", "https://p42-caldav.icloud.com/"),
            ("http://127.0.0.1:5232/", "http://127.0.0.2:5232/"),
            ("http://127.0.0.1:5232/", "http://127.0.0.1:22/"),
            ("http://0.0.1/", "https://127.0.0.1/"),
        ] {
            assert!(!ask(home, other), "{home} {other}");
        }
    }
}
