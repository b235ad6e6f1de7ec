//! Outgoing TLS, for mail, CalDAV and OAuth alike: which authorities are trusted, and why a connection failed.
//!
//! The host's certificate store is trusted: what `SSL_CERT_FILE` and `SSL_CERT_DIR` name, as OpenSSL reads them
//! (<https://docs.openssl.org/3.5/man7/openssl-env/>), or else the store of the operating system. A host without a store,
//! such as a minimal container, gets Mozilla's authorities, which are compiled in.
//!
//! PostgreSQL is not served from here: its URL names its authorities (`sslrootcert`).

use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use std::error::Error;
use std::io;
use std::sync::{Arc, LazyLock};

/// The variables that name a certificate store.
pub const VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

struct Trusted {
    roots: Arc<RootCertStore>,
    /// Empty where the compiled-in authorities are used.
    certificates: Vec<CertificateDer<'static>>,
}

/// Read once: the store of a host has some hundred certificates.
static TRUSTED: LazyLock<Trusted> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    let mut certificates = rustls_native_certs::load_native_certs().certs;
    // A store may hold certificates that webpki cannot read. They are skipped, as OpenSSL does.
    certificates.retain(|certificate| roots.add(certificate.clone()).is_ok());
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    Trusted { roots: Arc::new(roots), certificates }
});

/// The trusted authorities.
pub fn roots() -> Arc<RootCertStore> {
    TRUSTED.roots.clone()
}

/// The certificates of the host's store, for libraries that build their own [`RootCertStore`]. Empty where the host has no
/// store: then Mozilla's authorities are trusted.
pub fn host_certificates() -> &'static [CertificateDer<'static>] {
    &TRUSTED.certificates
}

/// A client configuration with the trusted authorities, on ring, without client certificates.
///
/// # Errors
/// Where the cryptography offers no TLS version, which a build would have to break.
pub fn client_config() -> Result<ClientConfig, rustls::Error> {
    // The provider is named here, so that it does not matter what the process has installed.
    Ok(ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots())
        .with_no_client_auth())
}

/// Checks that a variable of [`VARIABLES`] that is set leads to certificates.
///
/// # Errors
/// A sentence that begins with the variable's name.
pub fn check_variables(get: impl Fn(&str) -> Option<String>) -> Result<(), String> {
    let Some(name) = VARIABLES.into_iter().find(|name| get(name).is_some_and(|value| !value.is_empty())) else {
        return Ok(());
    };
    if host_certificates().is_empty() {
        return Err(format!("{name} leads to no certificate in PEM that can be read"));
    }
    Ok(())
}

/// Why TLS failed, if an error comes from TLS: a sentence about the server, without names and addresses.
///
/// Looks through the whole chain of causes, and into the `io::Error` that carries a TLS error through an HTTP or SMTP library.
pub fn failure(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(error) = cause.downcast_ref::<rustls::Error>() {
            return Some(sentence(error));
        }
        next = match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            // `source` of such an error begins below what it carries.
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => cause.source(),
        };
    }
    None
}

fn sentence(error: &rustls::Error) -> &'static str {
    use CertificateError as Bad;
    match error {
        rustls::Error::InvalidCertificate(bad) => match bad {
            Bad::UnknownIssuer => {
                "unknown issuer: no authority that is trusted here signed its certificate (SSL_CERT_FILE)"
            }
            Bad::Expired | Bad::ExpiredContext { .. } => "its certificate has expired",
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => "its certificate is not valid yet",
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => "its certificate is for another name",
            Bad::Revoked => "its certificate was revoked",
            // webpki's own error, which rustls passes on without a name. Self-signed certificates are often made so.
            Bad::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
                "its certificate is self-signed, made for an authority and not for a server"
            }
            _ => "its certificate is not valid",
        },
        rustls::Error::PeerIncompatible(_) => "it has no TLS version or cipher that is known here",
        rustls::Error::AlertReceived(_) => "it refused the TLS handshake",
        rustls::Error::InvalidMessage(_)
        | rustls::Error::InappropriateMessage { .. }
        | rustls::Error::InappropriateHandshakeMessage { .. } => "it does not speak TLS on this port",
        _ => "TLS failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_a_library_carries_it(error: rustls::Error) -> io::Error {
        io::Error::other(io::Error::new(io::ErrorKind::InvalidData, error))
    }

    #[test]
    fn each_class_of_failure_has_a_sentence_of_its_own() {
        let certificate = rustls::Error::InvalidCertificate;
        let failures = [
            certificate(CertificateError::UnknownIssuer),
            certificate(CertificateError::Expired),
            certificate(CertificateError::NotValidYet),
            certificate(CertificateError::NotValidForName),
            certificate(CertificateError::Revoked),
            certificate(CertificateError::BadSignature),
            rustls::Error::AlertReceived(rustls::AlertDescription::HandshakeFailure),
            rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType),
            rustls::Error::DecryptError,
        ];
        let sentences: Vec<_> =
            failures.iter().map(|error| failure(&as_a_library_carries_it(error.clone())).unwrap()).collect();
        for (n, sentence) in sentences.iter().enumerate() {
            assert!(!sentences[..n].contains(sentence), "{sentence}");
        }
    }

    #[test]
    fn what_is_no_tls_error_is_none() {
        assert_eq!(failure(&io::Error::from(io::ErrorKind::ConnectionRefused)), None);
        assert_eq!(failure(&io::Error::other("unknown issuer")), None);
    }

    #[test]
    fn there_is_always_an_authority() {
        assert!(!roots().is_empty());
        assert!(check_variables(|_| None).is_ok());
        assert!(client_config().is_ok());
    }
}
