//! How messages leave the house.

use crate::{Mailbox, Outgoing, mime, text};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor, message::Mailbox as Addressee,
    transport::smtp::authentication::Credentials,
};
use std::{error::Error, fmt, io, iter, path::PathBuf, sync::Arc, time::Duration};
use tokio::{fs, io::AsyncWriteExt as _, time};

/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(15);
/// How long a server may take for everything: a job that waits longer is better tried again.
const EXCHANGE: Duration = Duration::from_secs(30);

type Smtp = AsyncSmtpTransport<Tokio1Executor>;

/// Where mail goes.
#[derive(Clone)]
pub enum Transport {
    /// Any SMTP server, by URL: `smtp://host:25`, `smtp://user:password@host:587?tls=required`,
    /// `smtps://user:password@host`.
    Smtp(String),
    /// Resend's SMTP relay, by API key.
    Resend(String),
    /// A directory; each message becomes an `.eml` file that mail programs open.
    Files(PathBuf),
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Smtp(_) => "Smtp",
            Self::Resend(_) => "Resend",
            Self::Files(_) => "Files",
        })
    }
}

/// A setting that cannot work. Says which and how it should look, and holds none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not a mailbox.
    #[error("MAIL_FROM must look like `Yaksok <bookings@example.com>`, with an ASCII address")]
    From,
    /// Not a URL that lettre knows.
    #[error("SMTP_URL must look like `smtp://user:password@host:587?tls=required` or `smtps://user:password@host`")]
    Smtp,
    /// No key.
    #[error("RESEND_API_KEY must not be empty")]
    Resend,
}

/// A message was not sent. Holds no address and nothing of the message, so it can be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("mail was not sent: {reason}{}", Code(*code))]
pub struct SendError {
    /// Trying again cannot help.
    pub permanent: bool,
    /// The SMTP reply code, if there was one.
    pub code: Option<u16>,
    reason: &'static str,
}

struct Code(Option<u16>);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |code| write!(f, " ({code})"))
    }
}

/// A message was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The file, for [`Transport::Files`].
    pub path: Option<PathBuf>,
}

/// Sends messages. Cheap to clone.
#[derive(Clone)]
pub struct Mailer(Arc<Inner>);

struct Inner {
    from: Addressee,
    organizer: Mailbox,
    route: Route,
}

/// Each message has a connection of its own. lettre's pool (0.11.23) takes a connection back whose conversation was broken
/// off by a timeout, and the next message would read the answers meant for the last one. Without the pool, giving up
/// closes the connection, and a server is asked for a handshake per message.
enum Route {
    Smtp(Smtp),
    Files(PathBuf),
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mailer").finish_non_exhaustive()
    }
}

impl Mailer {
    /// A mailer that sends as `from`, such as `Yaksok <bookings@example.com>`. Contacts nobody yet.
    ///
    /// # Errors
    /// The setting that cannot work.
    pub fn new(transport: Transport, from: &str) -> Result<Self, ConfigError> {
        let from: Addressee = from.trim().parse().map_err(|_| ConfigError::From)?;
        let organizer =
            Mailbox { name: text::line(from.name.as_deref().unwrap_or_default()), email: from.email.to_string() };
        let from = mime::addressee(&organizer.name, &organizer.email)
            // The domain stands in `Message-ID`, and lettre reads the header back.
            .filter(|from| organizer.email.is_ascii() && from.to_string().parse::<Addressee>().is_ok())
            .ok_or(ConfigError::From)?;
        let route = match transport {
            Transport::Smtp(url) => {
                Route::Smtp(Smtp::from_url(&url).map_err(|_| ConfigError::Smtp)?.timeout(Some(CONNECT)).build())
            }
            Transport::Resend(key) if key.trim().is_empty() => return Err(ConfigError::Resend),
            Transport::Resend(key) => {
                let credentials = Credentials::new("resend".into(), key.trim().into());
                let relay = Smtp::relay("smtp.resend.com").map_err(|_| ConfigError::Resend)?;
                Route::Smtp(relay.credentials(credentials).timeout(Some(CONNECT)).build())
            }
            Transport::Files(directory) => Route::Files(directory),
        };
        Ok(Self(Arc::new(Inner { from, organizer, route })))
    }

    /// Who mail comes from, and the organizer of every invitation.
    pub fn organizer(&self) -> &Mailbox {
        &self.0.organizer
    }

    /// Sends one message, or gives up after half a minute.
    ///
    /// Safe to repeat: the `Message-ID` stays the same, and so does the name of the file.
    ///
    /// # Errors
    /// [`SendError::permanent`] says whether to try again.
    pub async fn send(&self, message: &Outgoing) -> Result<Sent, SendError> {
        let mime = message.to_mime(&self.0.from).ok_or(SendError {
            permanent: true,
            code: None,
            reason: "the recipient's address is not an address",
        })?;
        match &self.0.route {
            Route::Smtp(smtp) => {
                deliver(smtp, mime).await?;
                Ok(Sent { path: None })
            }
            Route::Files(directory) => {
                let name = format!("{}-{}.eml", message.date.format("%Y%m%dT%H%M%SZ"), message.safe_id());
                let path = write(directory, &name, &mime.formatted()).await.map_err(|_| SendError {
                    permanent: false,
                    code: None,
                    reason: "the mail directory cannot be written",
                })?;
                tracing::info!(path = %path.display(), "mail was written to a file");
                Ok(Sent { path: Some(path) })
            }
        }
    }
}

async fn deliver(smtp: &Smtp, mime: Message) -> Result<(), SendError> {
    // lettre's own timeout ends with the connection's beginning.
    match time::timeout(EXCHANGE, smtp.send(mime)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(SendError::from_smtp(&error)),
        Err(_) => Err(SendError { permanent: false, code: None, reason: "the mail server took too long" }),
    }
}

impl SendError {
    /// 5xx is about this message and final, except where the server refuses *us*: a wrong password is the operator's to
    /// mend, and no reason to lose mail (RFC 4954, section 6).
    fn from_smtp(error: &lettre::transport::smtp::Error) -> Self {
        let code = error.status().map(u16::from);
        let (permanent, reason) = match code {
            Some(530 | 534 | 535 | 538) => (false, "the mail server does not accept our credentials"),
            Some(_) if error.is_permanent() => (true, "the mail server refused it for good"),
            Some(_) => (false, "the mail server refused it for now"),
            None if error.is_timeout() => (false, "the mail server took too long"),
            None if error.is_tls() || is_insecure(error) => (false, "no secure connection to the mail server"),
            None if error.is_response() => (false, "the mail server broke off or made no sense"),
            None if error.is_client() => (false, "the mail server lacks something that the message needs"),
            None => (false, "the mail server cannot be reached"),
        };
        Self { permanent, code, reason }
    }
}

/// Whether rustls is behind it: a certificate that is no good, or bytes that are no TLS. To lettre that is a connection like
/// any other that fails.
fn is_insecure(error: &dyn Error) -> bool {
    iter::successors(error.source(), |&cause| cause.source())
        .filter_map(|cause| cause.downcast_ref::<io::Error>()?.get_ref())
        .any(|inner| inner.is::<rustls::Error>())
}

/// Writes under another name first, so that no reader ever sees half a message. What cannot be written whole, because the
/// disk is full, is taken away again.
async fn write(directory: &std::path::Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).await?;
    let (path, draft) = (directory.join(name), directory.join(format!(".{name}.draft")));
    let written = async {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft).await?;
        file.write_all(bytes).await?;
        file.sync_all().await?;
        fs::rename(&draft, &path).await
    };
    if let Err(error) = written.await {
        let _ = fs::remove_file(&draft).await;
        return Err(error);
    }
    Ok(path)
}
