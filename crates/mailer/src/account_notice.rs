use crate::{
    Outgoing,
    letter::Letter,
    messages::{self, Account},
    text,
};
use chrono::{DateTime, Utc};
use scheduling::Language;
use std::fmt;

/// Mail to a mentor about the account itself.
#[derive(Clone, PartialEq, Eq)]
pub enum AccountNotice {
    /// Prove that the address is yours.
    VerifyEmail {
        /// The single-use link.
        url: String,
    },
    /// Choose a new password.
    ResetPassword {
        /// The single-use link.
        url: String,
    },
    /// Somebody tried to sign up with the address of an account: only its owner is told.
    EmailInUse {
        /// The page to log in.
        login_url: String,
        /// The page to choose a new password.
        reset_url: String,
    },
    /// A connected calendar refuses us.
    CalendarExpired {
        /// `google`, `microsoft`, `caldav`, or a name to show as it is.
        provider: String,
        /// The page to connect it again.
        url: String,
    },
}

impl fmt::Debug for AccountNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VerifyEmail { .. } => "VerifyEmail",
            Self::ResetPassword { .. } => "ResetPassword",
            Self::EmailInUse { .. } => "EmailInUse",
            Self::CalendarExpired { .. } => "CalendarExpired",
        })
    }
}

impl AccountNotice {
    /// The message in the recipient's language.
    pub fn compose(
        &self,
        language: Language,
        to_name: impl Into<String>,
        to_email: impl Into<String>,
        message_id: impl Into<String>,
        date: DateTime<Utc>,
    ) -> Outgoing {
        let messages = messages::of(language);
        let plain = |account: &'static Account, url: &str| {
            (account.subject.to_owned(), account.lead.to_owned(), account.button, url.to_owned(), account.after)
        };
        let (heading, lead, button, url, after) = match self {
            Self::VerifyEmail { url } => plain(&messages.verify_email, url),
            Self::ResetPassword { url } => plain(&messages.reset_password, url),
            Self::EmailInUse { login_url, .. } => plain(&messages.email_in_use, login_url),
            Self::CalendarExpired { provider, url } => {
                let provider = provider_name(provider);
                (
                    (messages.calendar_expired_subject)(&provider),
                    (messages.calendar_expired_lead)(&provider),
                    messages.calendar_expired_button,
                    url.clone(),
                    messages.calendar_expired_after,
                )
            }
        };
        let mut small_print = Vec::new();
        if let Self::EmailInUse { reset_url, .. } = self {
            small_print.push(format!("{}\n{reset_url}", messages.email_in_use_reset));
        }
        small_print.push(after.to_owned());

        let to_name = to_name.into();
        let letter = Letter {
            language,
            to_name: text::line(&to_name),
            heading: heading.clone(),
            bad_news: matches!(self, Self::CalendarExpired { .. }),
            lead: vec![lead],
            details: Vec::new(),
            button: Some((button, url)),
            after: small_print,
        };
        Outgoing {
            to_name,
            to_email: to_email.into(),
            message_id: message_id.into(),
            thread: None,
            subject: heading,
            text: letter.text(),
            html: letter.html(),
            invite: None,
            date,
            reply_to: None,
        }
    }
}

fn provider_name(provider: &str) -> String {
    match provider {
        "google" => "Google Calendar".into(),
        "microsoft" => "Outlook".into(),
        "caldav" => "CalDAV".into(),
        other => text::line(other),
    }
}
