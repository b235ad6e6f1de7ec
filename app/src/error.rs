//! The error that crosses the wire.

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use scheduling::FieldError;
use serde::{Deserialize, Serialize};

/// The one error that crosses the wire to a page. Nothing from inside the server is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    /// There is no such thing, or it is somebody else's.
    #[error("not found")]
    NotFound,
    /// Nobody is logged in.
    #[error("log in first")]
    Unauthenticated,
    /// The start is taken, or was never offered.
    #[error("that time is not available")]
    SlotUnavailable,
    /// The booking is cancelled already.
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
    /// It was changed elsewhere since it was read; nothing was saved.
    #[error("it was changed in the meantime")]
    Stale,
    /// The mentor has closed the account, which cancelled the booking.
    #[error("the mentor has closed the account")]
    AccountClosed,
    /// Somebody has that handle.
    #[error("the handle is taken")]
    HandleTaken,
    /// Fields are wrong; each says which and why.
    #[error("some fields are not valid")]
    Invalid(Vec<FieldError>),
    /// Too many requests from one place.
    #[error("too many requests")]
    RateLimited,
    /// E-mail address or password is wrong, or a link has been used or has expired.
    #[error("wrong e-mail address or password")]
    WrongCredentials,
    /// The server could not be reached, or answered nothing that makes sense.
    #[error("the server could not be reached")]
    Network,
    /// The server cannot do it now, and may well in a while.
    #[error("the server is busy")]
    Unavailable,
    /// Something is broken on the server; it is logged there.
    #[error("something went wrong on the server")]
    Internal,
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let error = Self::of(&error);
        // Leptos would answer 500, whoever's fault it is.
        #[cfg(feature = "ssr")]
        crate::api::server::answer_with_status(&error);
        error
    }
}

impl AppError {
    fn of(error: &ServerFnErrorErr) -> Self {
        match error {
            // On the server: what came is no text.
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::unreadable(),
            ServerFnErrorErr::Deserialization(_) if cfg!(feature = "ssr") => Self::unreadable(),
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) | ServerFnErrorErr::Deserialization(_) => {
                Self::Network
            }
            _ => Self::Internal,
        }
    }

    fn unreadable() -> Self {
        Self::Invalid(vec![FieldError::new("", "invalid", "The request could not be read.")])
    }
}
