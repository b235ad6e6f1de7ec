use crate::calendar::ConnectError;
use chrono::TimeDelta;
use scheduling::FieldError;
use store::StoreError;

/// Why a use case did nothing. Each that a person can cause has a sentence of its own on the page and in the API.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or it is somebody else's.
    #[error("not found")]
    NotFound,
    /// The start is taken, or was never offered.
    #[error("that time is not available")]
    SlotUnavailable,
    /// The hold is expired, spent, unknown, or for another start.
    #[error("the hold is not good any more")]
    HoldExpired,
    /// The client keeps as many times as it may, for so long.
    #[error("too many times are kept at once")]
    TooManyHolds(TimeDelta),
    /// The booking is cancelled or declined already.
    #[error("the booking is cancelled already")]
    AlreadyCancelled,
    /// The booking does not wait for approval.
    #[error("the booking does not wait for approval")]
    NotPending,
    /// Past the cancel notice, or the session has begun.
    #[error("too late to change the booking")]
    TooLate,
    /// The booking is still to come: its details are needed until it is over or cancelled.
    #[error("the booking is still to come")]
    StillUpcoming,
    /// What is saved is not what the change was made from any more.
    #[error("it was changed in the meantime")]
    Stale,
    /// The mentor has closed the account, which cancelled the booking.
    #[error("the mentor has closed the account")]
    AccountClosed,
    /// Somebody has that handle, or it is a path of ours.
    #[error("the handle is taken")]
    HandleTaken,
    /// The idempotency key came with another request before.
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    /// Wrong address or password, or a link that was used or has expired.
    #[error("wrong e-mail address, password or link")]
    WrongCredentials,
    /// Signing up is closed on this server.
    #[error("only the platform creates mentors here")]
    SignupsClosed,
    /// A calendar was not connected.
    #[error("{0}")]
    Connect(#[from] ConnectError),
    /// Fields are wrong.
    #[error("{} fields are not valid", .0.len())]
    Invalid(Vec<FieldError>),
    /// The database is away, overloaded or out of space: the same may well succeed in a while. For the log.
    #[error("{0}")]
    Unavailable(String),
    /// Something of ours failed; for the log.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// One field is wrong.
    pub fn invalid(field: &str, code: &str, message: &str) -> Self {
        Self::Invalid(vec![FieldError::new(field, code, message)])
    }

    /// Fails with all of `errors`, if there are any.
    pub(crate) fn check(errors: impl IntoIterator<Item = Option<FieldError>>) -> Result<(), Self> {
        let errors: Vec<FieldError> = errors.into_iter().flatten().collect();
        if errors.is_empty() { Ok(()) } else { Err(Self::Invalid(errors)) }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Overlap => Self::SlotUnavailable,
            StoreError::HandleTaken => Self::HandleTaken,
            StoreError::EmailTaken => Self::invalid("email", "taken", "Another account has this e-mail address."),
            StoreError::BadCursor => Self::invalid("cursor", "invalid", "Use next_cursor of the page before."),
            StoreError::Nul => Self::invalid("", "invalid", "Take the character U+0000 out."),
            away @ StoreError::Unavailable(_) => Self::Unavailable(away.to_string()),
            other => Self::Internal(other.to_string()),
        }
    }
}
