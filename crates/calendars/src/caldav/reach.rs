//! Which CalDAV servers may be reached: those of the public Internet, and those that the operator lists.

use super::guard::is_public;
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::Arc;

/// Which CalDAV servers may be reached.
///
/// The default is the public Internet, by https. `true` becomes [`Reach::anywhere`].
#[derive(Clone, Debug, Default)]
pub struct Reach(Allowed);

#[derive(Clone, Debug, Default)]
enum Allowed {
    #[default]
    Public,
    Anywhere,
    Listed(Arc<[Entry]>),
}

/// One entry of a list.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    place: Place,
    /// That port only.
    port: Option<u16>,
    /// Unencrypted connections too.
    http: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// In lower case. Whatever it resolves to.
    Name(String),
    Network(IpNet),
}

/// An entry that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no host name, host:port, address or CIDR range")]
pub struct ReachError(String);

impl From<bool> for Reach {
    fn from(anywhere: bool) -> Self {
        if anywhere { Self::anywhere() } else { Self::default() }
    }
}

impl Reach {
    /// Private addresses and unencrypted connections too: for development and tests.
    pub const fn anywhere() -> Self {
        Self(Allowed::Anywhere)
    }

    /// The public Internet, and what `list` names, separated by commas or white space:
    ///
    /// - `nas.lan`, `nas.lan:8443`: a host by name, on any port or that one, whatever addresses it resolves to;
    /// - `10.0.0.0/8`, `fd00::/8`, `192.168.1.5`: addresses, as such or as what a name resolves to;
    /// - `192.168.1.5:8443`, `[::1]:8443`: an address that is written as such, on that port;
    /// - `http://` before any of these: without TLS as well. The password then travels in clear text.
    ///
    /// # Errors
    /// The first entry that cannot be read.
    ///
    /// ```
    /// use calendars::caldav::Reach;
    /// assert!(Reach::listed("nas.lan:8443, 10.0.0.0/8 http://localhost:5232").is_ok());
    /// assert!(Reach::listed("https://nas.lan/dav").is_err());
    /// ```
    pub fn listed(list: &str) -> Result<Self, ReachError> {
        let entries = list.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty());
        let entries: Vec<Entry> = entries
            .map(|entry| Entry::read(entry).ok_or_else(|| ReachError(entry.to_owned())))
            .collect::<Result<_, _>>()?;
        Ok(Self(if entries.is_empty() { Allowed::Public } else { Allowed::Listed(entries.into()) }))
    }

    fn entries(&self) -> &[Entry] {
        match &self.0 {
            Allowed::Listed(entries) => entries,
            Allowed::Public | Allowed::Anywhere => &[],
        }
    }

    /// Without TLS, to a host as the URL writes it.
    pub(super) fn allows_http(&self, host: &str, port: u16) -> bool {
        matches!(self.0, Allowed::Anywhere)
            || self.entries().iter().any(|entry| entry.http && entry.is_host(host) && entry.is_port(port))
    }

    /// A host that is listed with other ports only: its name is trusted there, and nowhere else.
    pub(super) fn refuses_port(&self, host: &str, port: u16) -> bool {
        let mut named =
            self.entries().iter().filter(|entry| matches!(entry.place, Place::Name(_)) && entry.is_host(host));
        named.clone().next().is_some() && !named.any(|entry| entry.is_port(port))
    }

    /// An address that a URL writes as such.
    pub(super) fn allows_address(&self, address: IpAddr, port: u16) -> bool {
        self.allows_resolved(address)
            || self.entries().iter().any(|entry| entry.is_address(address) && entry.is_port(port))
    }

    /// Whatever this name resolves to. [`refuses_port`](Self::refuses_port) has looked at the port before.
    pub(super) fn allows_name(&self, name: &str) -> bool {
        self.entries().iter().any(|entry| matches!(entry.place, Place::Name(_)) && entry.is_host(name))
    }

    /// An address that any name resolves to, on any port.
    pub(super) fn allows_resolved(&self, address: IpAddr) -> bool {
        matches!(self.0, Allowed::Anywhere)
            || is_public(address)
            || self.entries().iter().any(|entry| entry.port.is_none() && entry.is_address(address))
    }
}

impl Entry {
    fn read(text: &str) -> Option<Self> {
        let (http, rest) = match text.strip_prefix("http://") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let network = |text: &str| {
            let text = text.trim_matches(['[', ']']);
            text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()
        };
        if let Some(network) = network(rest) {
            return Some(Self { place: Place::Network(network), port: None, http });
        }
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse::<u16>().ok().filter(|port| *port != 0)?)),
            None => (rest, None),
        };
        let place = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => Place::Network(address.into()),
            Err(_) => Place::Name(name(host)?),
        };
        Some(Self { place, port, http })
    }

    fn is_host(&self, host: &str) -> bool {
        match &self.place {
            Place::Name(name) => name.eq_ignore_ascii_case(host.trim_end_matches('.')),
            Place::Network(network) => host.parse::<IpAddr>().is_ok_and(|address| network.contains(&address)),
        }
    }

    fn is_address(&self, address: IpAddr) -> bool {
        matches!(&self.place, Place::Network(network) if network.contains(&address))
    }

    fn is_port(&self, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
    }
}

/// A host name in lower case.
fn name(host: &str) -> Option<String> {
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let host = host.trim_end_matches('.');
    let letters = host.bytes().any(|b| b.is_ascii_alphabetic());
    (letters && host.split('.').all(label)).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_or_refused() {
        for fine in
            ["", " , ", "nas", "nas.lan.", "10.0.0.5", "10.0.0.5:8443", "10.0.0.0/8", "fd00::/8", "[fd00::1]:443"]
        {
            assert!(Reach::listed(fine).is_ok(), "{fine}");
        }
        for wrong in [
            "https://nas.lan",
            "nas.lan/dav",
            "nas.lan:",
            "nas.lan:0",
            "nas.lan:99999",
            "10.0.0.0/33",
            "10.0.0.300",
            "*.lan",
            "*",
            "user@nas.lan",
            "na\u{ef}.lan",
        ] {
            assert_eq!(Reach::listed(&format!("ok.lan, {wrong}")).unwrap_err(), ReachError(wrong.to_owned()));
        }
    }
}
