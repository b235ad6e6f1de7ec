//! Mail addresses as they travel: an internationalised domain by its A-labels (RFC 5890), so that any server takes it.

use lettre::Address;

/// The address in the form for SMTP and header fields; `None` where it is no address.
///
/// A local part beyond ASCII stays as it is: only a server with SMTPUTF8 (RFC 6531) can take it.
pub(crate) fn wire(address: &str) -> Option<Address> {
    let address = address.trim();
    let (local, domain) = address.rsplit_once('@')?;
    if domain.is_ascii() {
        return address.parse().ok();
    }
    let domain = idna::domain_to_ascii_strict(domain).ok()?;
    Address::new(local, domain).ok()
}

/// Whether mail can be sent to `address`: it has a form for SMTP.
///
/// ```
/// assert!(mailer::is_address("kim@한국.kr"));
/// assert!(!mailer::is_address("kim@-한국.kr"));
/// ```
pub fn is_address(address: &str) -> bool {
    wire(address).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_become_ascii() {
        for (typed, sent) in [
            ("ada@example.org", Some("ada@example.org")),
            (" ada@example.org ", Some("ada@example.org")),
            ("kim@한국.kr", Some("kim@xn--3e0b707e.kr")),
            ("kim@Bücher.example", Some("kim@xn--bcher-kva.example")),
            ("김@한국.kr", Some("김@xn--3e0b707e.kr")),
            ("kim@-한국.kr", None),
            ("kim@한 국.kr", None),
            ("한국.kr", None),
            ("a@b@한국.kr", None),
        ] {
            let wire = wire(typed);
            assert_eq!(wire.as_ref().map(AsRef::<str>::as_ref), sent, "{typed}");
        }
    }
}
