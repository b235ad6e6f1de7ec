//! The message catalogue of the pages. A typed struct for each part, one static for each language: a missing
//! translation does not compile.

pub mod activity;
pub mod common;
pub mod dashboard;
pub mod public;

use crate::AppError;
use crate::context::use_visit;
use leptos::prelude::*;
use scheduling::{FieldError, Language};

/// All messages of one language.
pub struct Messages {
    language: Language,
    /// Frame, accounts, errors, dates.
    pub common: &'static common::Common,
    /// Pages for visitors and mentees.
    pub public: &'static public::Public,
}

static EN: Messages = Messages { language: Language::En, common: &common::EN, public: &public::EN };
static KO: Messages = Messages { language: Language::Ko, common: &common::KO, public: &public::KO };

impl Messages {
    /// Pages for mentors. A function rather than a field, so that the texts are loaded with the code that shows them.
    pub fn dashboard(&self) -> &'static dashboard::Dashboard {
        match self.language {
            Language::En => &dashboard::EN,
            Language::Ko => &dashboard::KO,
        }
    }

    /// Who changed what: for mentors, too.
    pub fn activity(&self) -> &'static activity::Activity {
        match self.language {
            Language::En => &activity::EN,
            Language::Ko => &activity::KO,
        }
    }
}

/// The messages of `language`.
pub fn messages(language: Language) -> &'static Messages {
    match language {
        Language::En => &EN,
        Language::Ko => &KO,
    }
}

/// The messages of the page's language. The language changes with a new page only, so this is not reactive.
pub fn use_messages() -> &'static Messages {
    messages(use_visit().with_untracked(|visit| visit.language))
}

/// The page's language.
pub fn use_language() -> Language {
    use_visit().with_untracked(|visit| visit.language)
}

/// What happened and what to do, in the page's language.
pub fn error_text(error: &AppError) -> &'static str {
    let t = use_messages().common;
    match error {
        AppError::NotFound => t.error_not_found,
        AppError::Unauthenticated => t.error_unauthenticated,
        AppError::SlotUnavailable => t.error_slot_unavailable,
        AppError::AlreadyCancelled => t.error_already_cancelled,
        AppError::NotPending => t.error_not_pending,
        AppError::TooLate => t.error_too_late,
        AppError::StillUpcoming => t.error_still_upcoming,
        AppError::Stale => t.error_stale,
        AppError::AccountClosed => t.error_account_closed,
        AppError::HandleTaken => t.error_handle_taken,
        AppError::Invalid(_) => t.error_invalid,
        AppError::RateLimited => t.error_rate_limited,
        AppError::WrongCredentials => t.error_wrong_credentials,
        AppError::Network => t.error_network,
        AppError::Unavailable => t.error_unavailable,
        AppError::Internal => t.error_internal,
    }
}

/// What is wrong with a field and what to do, in the page's language.
pub fn field_error_text(error: &FieldError) -> String {
    let t = use_messages().common;
    // `weekly[3].start_time` is a `start_time`.
    let field = error.field.rsplit('.').next().unwrap_or_default();
    let text = match (error.code.as_str(), field) {
        ("required", _) => t.field_required,
        ("too_long", _) => t.field_too_long,
        ("too_short", "password") => t.field_password_short,
        ("too_short", _) => t.field_too_short,
        // Of a calendar server.
        ("too_many", "url") => t.calendar_too_many,
        ("unreachable", "url") => t.caldav_unreachable,
        ("not_found", "url") => t.caldav_not_found,
        ("refused", "url") => t.caldav_refused,
        ("refused", "password") => t.caldav_wrong_password,
        ("too_many", _) => t.field_too_many,
        ("out_of_range", _) => t.field_out_of_range,
        ("beyond_horizon", _) => t.field_beyond_horizon,
        ("duplicate", _) => t.field_duplicate,
        ("overlap", _) => t.field_overlap,
        ("taken", "handle") => t.field_handle_taken,
        ("taken", _) => t.field_taken,
        (_, "email") => t.field_email,
        (_, "photo_url" | "url") => t.field_url,
        (_, "handle") => t.field_handle,
        (_, "slug") => t.field_slug,
        (_, "timezone") => t.field_timezone,
        (_, "password" | "confirmation") => t.field_password_wrong,
        // Codes without a sentence of ours: English says what the server says.
        _ if use_language() == Language::En && !error.message.is_empty() => return error.message.clone(),
        _ => t.field_invalid,
    };
    text.into()
}

/// A zone's city in the page's language, as far as it is known: `New York`, `뉴욕`.
pub fn city_name(zone: &str) -> String {
    let t = use_messages().public;
    let known = t.city_names.iter().find(|(_, name)| use_language() == Language::Ko && *name == zone);
    known.map_or_else(|| crate::format::zone_city(zone), |(city, _)| (*city).into())
}

/// `template` with each `{name}` replaced.
///
/// ```
/// assert_eq!(app::i18n::fill("{n} of {total}", &[("n", "1"), ("total", "3")]), "1 of 3");
/// ```
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        let Some(length) = rest[open..].find('}') else { break };
        let name = &rest[open + 1..open + length];
        match values.iter().find(|(key, _)| *key == name) {
            Some((_, value)) => text.push_str(value),
            None => text.push_str(&rest[open..=open + length]),
        }
        rest = &rest[open + length + 1..];
    }
    text.push_str(rest);
    text
}
