//! One conversation with an SMTP server for each message, driven command by command, so that it is known what was refused.
//!
//! lettre writes and reads the commands. Its pool (0.11.23) is not used: it takes a connection back whose conversation was
//! broken off by a timeout, and the next message would read the answers meant for the last one.

use crate::{
    ConfigError,
    reply::{self, Cause, Stage},
    transport::SendError,
};
use lettre::{
    Address,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use percent_encoding::percent_decode_str;
use std::{error::Error as _, net::IpAddr, time::Duration};
use tokio::time::timeout;
use url::Url;

/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(15);
/// How long a server may take for everything: a job that waits longer is better tried again.
const EXCHANGE: Duration = Duration::from_secs(30);
/// How long a server may take to say goodbye, when the message's fate is known.
const GOODBYE: Duration = Duration::from_secs(1);

/// How a connection is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    /// TLS from the first byte.
    Implicit,
    /// STARTTLS, or no mail.
    StartTls,
    /// STARTTLS where the server offers it.
    Opportunistic,
    /// None.
    Clear,
}

/// Where mail goes, and how.
pub(crate) struct Server {
    host: String,
    port: u16,
    security: Security,
    tls: TlsParameters,
    credentials: Option<Credentials>,
    hello: ClientId,
}

/// A message as SMTP carries it.
pub(crate) struct Parcel<'a> {
    pub(crate) from: &'a Address,
    pub(crate) to: &'a Address,
    /// The recipient's name: no server's words may repeat it in a log.
    pub(crate) to_name: &'a str,
    pub(crate) message: &'a [u8],
}

impl Server {
    /// A server by URL: `smtps://`, or `smtp://` with `?tls=required`, `opportunistic` or `none`.
    ///
    /// Credentials travel in clear text only to this machine, or where `?tls=none` asks for it. The name for `EHLO` is the
    /// URL's path, or `hello`, or the host name.
    pub(crate) fn from_url(url: &str, hello: Option<&str>) -> Result<Self, ConfigError> {
        let url = Url::parse(url).map_err(|_| ConfigError::Smtp)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(ConfigError::Smtp)?;
        let host = host.trim_matches(['[', ']']).to_owned();
        let credentials = match url.password() {
            Some(password) => Some(Credentials::new(decoded(url.username())?, decoded(password)?)),
            None => None,
        };
        let asked = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        let security = security(url.scheme(), asked.as_deref(), credentials.is_some() && !is_this_machine(&host))?;
        let usual = match (url.scheme(), asked.as_deref()) {
            ("smtps", _) => 465,
            (_, Some("required" | "opportunistic")) => 587,
            _ => 25,
        };
        let path = url.path().trim_matches('/');
        let hello = Some(path).filter(|path| !path.is_empty()).or(hello).map(str::to_owned);
        Self::new(host, url.port().unwrap_or(usual), security, credentials, hello).ok_or(ConfigError::Smtp)
    }

    /// Resend's relay. <https://resend.com/docs/send-with-smtp>
    pub(crate) fn resend(key: &str, hello: Option<&str>) -> Result<Self, ConfigError> {
        let credentials = Credentials::new("resend".into(), key.to_owned());
        let hello = hello.map(str::to_owned);
        Self::new("smtp.resend.com".into(), 465, Security::Implicit, Some(credentials), hello)
            .ok_or(ConfigError::Resend)
    }

    fn new(
        host: String,
        port: u16,
        security: Security,
        credentials: Option<Credentials>,
        hello: Option<String>,
    ) -> Option<Self> {
        Some(Self {
            port,
            security,
            tls: trust(&host)?,
            host,
            credentials,
            hello: hello.map_or_else(ClientId::default, ClientId::Domain),
        })
    }

    /// Hands a message over, or says why not within half a minute.
    pub(crate) async fn deliver(&self, parcel: &Parcel<'_>) -> Result<(), SendError> {
        // lettre's own timeout ends with the connection's beginning.
        match timeout(EXCHANGE, self.converse(parcel)).await {
            Ok(Ok(mut connection)) => {
                // The message is the server's now: whatever comes after is no reason to send it again.
                let _ = timeout(GOODBYE, connection.abort()).await;
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(SendError::new(Cause::Temporary, "the mail server took too long")),
        }
    }

    async fn converse(&self, parcel: &Parcel<'_>) -> Result<AsyncSmtpConnection, SendError> {
        let implicit = (self.security == Security::Implicit).then(|| self.tls.clone());
        let place = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(place, Some(CONNECT), &self.hello, implicit, None)
            .await
            .map_err(|error| failure(Stage::Hello, &error, parcel))?;
        // lettre has no stream left to say goodbye on where this fails.
        self.secure(&mut connection, parcel).await?;
        match self.exchange(&mut connection, parcel).await {
            Ok(()) => Ok(connection),
            Err(error) => {
                let _ = timeout(GOODBYE, connection.abort()).await;
                Err(error)
            }
        }
    }

    async fn secure(&self, connection: &mut AsyncSmtpConnection, parcel: &Parcel<'_>) -> Result<(), SendError> {
        let wants_tls = matches!(self.security, Security::StartTls | Security::Opportunistic);
        if wants_tls && connection.can_starttls() {
            let upgraded = connection.starttls(self.tls.clone(), &self.hello).await;
            upgraded.map_err(|error| failure(Stage::Tls, &error, parcel))
        } else if self.security == Security::StartTls {
            Err(SendError::new(Cause::Operator, NO_STARTTLS))
        } else {
            Ok(())
        }
    }

    async fn exchange(&self, connection: &mut AsyncSmtpConnection, parcel: &Parcel<'_>) -> Result<(), SendError> {
        let at = |stage| move |error: Error| failure(stage, &error, parcel);
        if let Some(credentials) = &self.credentials {
            if connection.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
                let reason = if connection.can_starttls() { WANTS_STARTTLS } else { NO_LOGIN };
                return Err(SendError::new(Cause::Operator, reason));
            }
            connection.auth(DEFAULT_MECHANISMS, credentials).await.map_err(at(Stage::Auth))?;
        }
        let options = options(connection, parcel)?;
        let secure = connection.is_encrypted();
        connection.command(Mail::new(Some(parcel.from.clone()), options)).await.map_err(|error| {
            let refused = failure(Stage::Sender, &error, parcel);
            match refused.code {
                // RFC 3207, section 4, and RFC 4954, section 6, share the code.
                Some(530) if !secure => refused.because(WANTS_STARTTLS),
                Some(530) => refused.because("the mail server wants a user name and password"),
                _ => refused,
            }
        })?;
        connection.command(Rcpt::new(parcel.to.clone(), vec![])).await.map_err(at(Stage::Recipient))?;
        connection.command(Data).await.map_err(at(Stage::Message))?;
        connection.message(parcel.message).await.map_err(at(Stage::Message))?;
        Ok(())
    }
}

const NO_STARTTLS: &str = "the mail server does not offer STARTTLS, and SMTP_URL asks for TLS or holds credentials, which \
                           are never sent in clear text";
const WANTS_STARTTLS: &str = "the mail server demands STARTTLS: add ?tls=required to SMTP_URL";
const NO_LOGIN: &str = "the mail server offers no way to log in that is known here (AUTH PLAIN or LOGIN)";

/// SMTPUTF8 (RFC 6531) for an address beyond ASCII, 8BITMIME (RFC 6152) for the header field that names it.
fn options(connection: &AsyncSmtpConnection, parcel: &Parcel<'_>) -> Result<Vec<MailParameter>, SendError> {
    let mut options = Vec::new();
    let ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    let offers = |extension| connection.server_info().supports_feature(extension);
    if !ascii(parcel.to) || !ascii(parcel.from) {
        if !offers(Extension::SmtpUtfEight) {
            let reason =
                "the mail server cannot send to an address with letters beyond ASCII before the @ (no SMTPUTF8)";
            return Err(SendError::new(Cause::Final, reason));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    if !parcel.message.is_ascii() && offers(Extension::EightBitMime) {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(options)
}

/// What the URL asks for. `guarded`: there are credentials, and the server is another machine.
fn security(scheme: &str, asked: Option<&str>, guarded: bool) -> Result<Security, ConfigError> {
    Ok(match (scheme, asked) {
        ("smtps", None | Some("required")) => Security::Implicit,
        ("smtp", Some("required")) => Security::StartTls,
        ("smtp", None | Some("opportunistic")) if guarded => Security::StartTls,
        ("smtp", Some("opportunistic")) => Security::Opportunistic,
        ("smtp", None | Some("none")) => Security::Clear,
        _ => return Err(ConfigError::Smtp),
    })
}

/// A name or an address of the loopback (RFC 6761, section 6.3).
fn is_this_machine(host: &str) -> bool {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn decoded(text: &str) -> Result<String, ConfigError> {
    percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_| ConfigError::Smtp)
}

/// The authorities of [`tls`], as lettre takes them.
fn trust(host: &str) -> Option<TlsParameters> {
    let certificates = tls::host_certificates();
    let store = if certificates.is_empty() { CertificateStore::WebpkiRoots } else { CertificateStore::None };
    let builder = TlsParameters::builder(host.to_owned()).certificate_store(store);
    let builder = certificates
        .iter()
        .filter_map(|certificate| Certificate::from_der(certificate.to_vec()).ok())
        .fold(builder, |builder, certificate| builder.add_root_certificate(certificate));
    builder.build().ok()
}

/// What an error of lettre's means, in words that name nobody.
fn failure(stage: Stage, error: &Error, parcel: &Parcel<'_>) -> SendError {
    if let Some(code) = error.status().map(u16::from) {
        // The server's words are the error's source.
        let words = error.source().map(ToString::to_string).unwrap_or_default();
        let cause = reply::cause(stage, code, &words);
        let words = reply::redacted(&words, &[parcel.to_name, parcel.to.user(), parcel.from.user()]);
        return SendError::new(cause, refusal(stage, cause)).replied(code, words);
    }
    if let Some(why) = tls::failure(error) {
        return SendError::new(Cause::Operator, INSECURE).because_of(why);
    }
    match () {
        () if error.is_timeout() => SendError::new(Cause::Temporary, "the mail server took too long"),
        () if error.is_tls() => SendError::new(Cause::Operator, INSECURE),
        () if error.is_response() => SendError::new(Cause::Temporary, "the mail server broke off or made no sense"),
        () if error.is_client() => {
            SendError::new(Cause::Operator, "the mail server lacks something that the message needs")
        }
        () => SendError::new(Cause::Temporary, "the mail server cannot be reached"),
    }
}

const INSECURE: &str = "no secure connection to the mail server";

fn refusal(stage: Stage, cause: Cause) -> &'static str {
    match (cause, stage) {
        (Cause::Temporary, _) => "the mail server refused it for now",
        (Cause::Final, _) => "the mail server refused it for good",
        (_, Stage::Hello) => "the mail server refused the connection or the name announced to it (SMTP_HELO_NAME)",
        (_, Stage::Tls) => "the mail server refused STARTTLS",
        (_, Stage::Auth) => "the mail server does not accept our credentials",
        (_, Stage::Sender) => "the mail server refused the sender (MAIL_FROM)",
        (_, Stage::Recipient) => "the mail server refused to pass mail on",
        (_, Stage::Message) => "the mail server refused the message, or its sender",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_travels_in_clear_text_to_this_machine_only() {
        use Security::{Clear, Implicit, Opportunistic, StartTls};
        for (url, expected, port) in [
            ("smtps://u:p@mail.example", Implicit, 465),
            ("smtps://mail.example:4465", Implicit, 4465),
            ("smtp://mail.example", Clear, 25),
            ("smtp://mail.example?tls=none", Clear, 25),
            ("smtp://mail.example?tls=opportunistic", Opportunistic, 587),
            ("smtp://mail.example?tls=required", StartTls, 587),
            ("smtp://u:p@mail.example", StartTls, 25),
            ("smtp://u:p@mail.example:587", StartTls, 587),
            ("smtp://u:p@mail.example?tls=required", StartTls, 587),
            ("smtp://u:p@mail.example?tls=opportunistic", StartTls, 587),
            ("smtp://u:p@10.0.0.5", StartTls, 25),
            ("smtp://u:p@localhost.evil.example", StartTls, 25),
            // Asked for in so many words.
            ("smtp://u:p@mail.example?tls=none", Clear, 25),
            // This machine.
            ("smtp://u:p@localhost", Clear, 25),
            ("smtp://u:p@127.0.0.1:2525", Clear, 2525),
            ("smtp://u:p@127.8.8.8", Clear, 25),
            ("smtp://u:p@[::1]:2525", Clear, 2525),
            ("smtp://u:p@localhost?tls=opportunistic", Opportunistic, 587),
            ("smtp://u:p@localhost?tls=required", StartTls, 587),
        ] {
            let server = Server::from_url(url, None).unwrap_or_else(|error| panic!("{url}: {error}"));
            assert_eq!((server.security, server.port), (expected, port), "{url}");
        }
        for wrong in [
            "",
            "mail.example",
            "http://mail.example",
            "smtp://mail.example?tls=maybe",
            "smtps://mail.example?tls=none",
        ] {
            assert!(Server::from_url(wrong, None).is_err(), "{wrong}");
        }
    }

    #[test]
    fn credentials_are_decoded() {
        let server = Server::from_url("smtp://ada%40example.com:p%3A%40%2F@localhost", None).unwrap();
        let expected = Credentials::new("ada@example.com".into(), "p:@/".into());
        assert!(server.credentials == Some(expected));
    }

    #[test]
    fn the_announced_name() {
        let name = |url, hello| Server::from_url(url, hello).unwrap().hello.to_string();
        assert_eq!(name("smtp://mail.example/client.example", Some("other.example")), "client.example");
        assert_eq!(name("smtp://mail.example", Some("other.example")), "other.example");
        assert_eq!(name("smtp://mail.example", None), ClientId::default().to_string());
    }
}
