//! How messages leave the house.

use crate::{
    Mailbox, Outgoing, address, mime,
    reply::Cause,
    smtp::{Parcel, Server},
    text,
};
use lettre::message::Mailbox as Addressee;
use std::{
    fmt, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{fs, io::AsyncWriteExt as _};

/// Where mail goes.
#[derive(Clone)]
pub enum Transport {
    /// Any SMTP server, by URL: `smtps://user:password@host`, `smtp://user:password@host:587?tls=required`,
    /// `smtp://host:25`. With a password, `smtp://` means STARTTLS, unless the host is this machine or `?tls=none` is there.
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendError {
    /// Who can change that.
    pub cause: Cause,
    /// The SMTP reply code, if there was one.
    pub code: Option<u16>,
    reason: &'static str,
    /// The server's words, or what is wrong with its certificate.
    detail: String,
}

impl std::error::Error for SendError {}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mail was not sent: {}", self.reason)?;
        match self.code {
            Some(code) => write!(f, " ({})", format!("{code} {}", self.detail).trim_end()),
            None if self.detail.is_empty() => Ok(()),
            None => write!(f, ": {}", self.detail),
        }
    }
}

impl SendError {
    pub(crate) fn new(cause: Cause, reason: &'static str) -> Self {
        Self { cause, code: None, reason, detail: String::new() }
    }

    /// With the server's reply.
    pub(crate) fn replied(self, code: u16, words: String) -> Self {
        Self { code: Some(code), detail: words, ..self }
    }

    /// With a detail that is not a reply.
    pub(crate) fn because_of(self, detail: &str) -> Self {
        Self { detail: detail.to_owned(), ..self }
    }

    /// For another reason.
    pub(crate) fn because(self, reason: &'static str) -> Self {
        Self { reason, ..self }
    }

    /// Trying again cannot help.
    pub fn is_permanent(&self) -> bool {
        self.cause == Cause::Final
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
    /// What the operator has to mend, since the last message that was taken.
    failing: Mutex<Option<&'static str>>,
}

enum Route {
    Smtp(Server),
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
        Self::with_helo_name(transport, from, None)
    }

    /// The same, with the name that is announced to SMTP servers (RFC 5321, section 4.1.1.1): the fully qualified name of
    /// this machine. Without one, it is what the machine calls itself.
    ///
    /// # Errors
    /// See [`Mailer::new`].
    pub fn with_helo_name(transport: Transport, from: &str, name: Option<&str>) -> Result<Self, ConfigError> {
        let from: Addressee = from.trim().parse().map_err(|_| ConfigError::From)?;
        let organizer =
            Mailbox { name: text::line(from.name.as_deref().unwrap_or_default()), email: from.email.to_string() };
        let from = mime::addressee(&organizer.name, &organizer.email)
            // The domain stands in `Message-ID`, and lettre reads the header back.
            .filter(|from| organizer.email.is_ascii() && from.to_string().parse::<Addressee>().is_ok())
            .ok_or(ConfigError::From)?;
        let route = match transport {
            Transport::Smtp(url) => Route::Smtp(Server::from_url(&url, name)?),
            Transport::Resend(key) if key.trim().is_empty() => return Err(ConfigError::Resend),
            Transport::Resend(key) => Route::Smtp(Server::resend(key.trim(), name)?),
            Transport::Files(directory) => Route::Files(directory),
        };
        Ok(Self(Arc::new(Inner { from, organizer, route, failing: Mutex::new(None) })))
    }

    /// Who mail comes from, and the organizer of every invitation.
    pub fn organizer(&self) -> &Mailbox {
        &self.0.organizer
    }

    /// Why mail fails until the operator acts; `None` while it goes out, and before the first message.
    ///
    /// Of this process: a restart begins with `None`, and the next attempt says how it stands.
    pub fn failing(&self) -> Option<&'static str> {
        *self.0.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends one message, or gives up after half a minute.
    ///
    /// Safe to repeat: the `Message-ID` stays the same, and so does the name of the file.
    ///
    /// # Errors
    /// [`SendError::cause`] says whether to try again, and who can help.
    pub async fn send(&self, message: &Outgoing) -> Result<Sent, SendError> {
        let no_address = || SendError::new(Cause::Final, "the recipient's address is not an address");
        let to = address::wire(&message.to_email).ok_or_else(no_address)?;
        let mime = message.to_mime(&self.0.from).ok_or_else(no_address)?.formatted();
        match &self.0.route {
            Route::Smtp(server) => {
                let parcel = Parcel { from: &self.0.from.email, to: &to, to_name: &message.to_name, message: &mime };
                let sent = server.deliver(&parcel).await;
                self.note(&sent);
                sent.map(|()| Sent { path: None })
            }
            Route::Files(directory) => {
                let name = format!("{}-{}.eml", message.date.format("%Y%m%dT%H%M%SZ"), message.safe_id());
                let path = write(directory, &name, &mime)
                    .await
                    .map_err(|_| SendError::new(Cause::Temporary, "the mail directory cannot be written"))?;
                tracing::info!(path = %path.display(), "mail was written to a file");
                Ok(Sent { path: Some(path) })
            }
        }
    }

    /// Remembers whether the operator is needed, and logs when that changes.
    fn note(&self, sent: &Result<(), SendError>) {
        let now = match sent {
            Err(SendError { cause: Cause::Temporary, .. }) => return,
            Err(SendError { cause: Cause::Operator, reason, .. }) => Some(*reason),
            // A server that refuses one recipient takes mail.
            Err(SendError { cause: Cause::Final, code: None, .. }) => return,
            Err(SendError { cause: Cause::Final, .. }) | Ok(()) => None,
        };
        let mut failing = self.0.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match (std::mem::replace(&mut *failing, now), now, sent) {
            (None, Some(_), Err(error)) => {
                tracing::error!(%error, "mail waits until the configuration or the mail server is corrected");
            }
            (Some(_), None, _) => tracing::info!("mail goes out again"),
            _ => {}
        }
    }
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
