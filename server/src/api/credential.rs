//! Bearer tokens: who asks. A token that is not known is refused on every row, public ones too.

use crate::limits::bearer;
use crate::problem::Problem;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use booking::activity::Author;
use booking::bookings::{self, Key};
use booking::secrets::{Kind, Secret};
use booking::{Context, Error, accounts};

/// What it takes to know who asks.
#[derive(Clone)]
pub(crate) struct Doorkeeper {
    pub(crate) context: Context,
    /// SHA-256 of the platform's key, if there is one.
    pub(crate) platform: Option<[u8; 32]>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    Nobody,
    Platform,
    Mentor(Author),
    Manage(Secret),
}

impl Credential {
    /// The mentor, on rows that are a mentor's, and the key that was shown.
    pub(crate) fn mentor(&self) -> Result<Author, Problem> {
        match self {
            Self::Mentor(author) => Ok(*author),
            _ => Err(Problem::unauthenticated()),
        }
    }

    /// The platform, on rows that are the platform's.
    pub(crate) fn platform(&self) -> Result<(), Problem> {
        match self {
            Self::Platform => Ok(()),
            _ => Err(Problem::unauthenticated()),
        }
    }

    /// The right to a booking: by its own token, or as its mentor. Who asks is settled before what exists.
    pub(crate) fn booking(&self, id: &str) -> Result<Key, Problem> {
        match self {
            Self::Manage(token) => Ok(Key::Token(token.clone())),
            Self::Mentor(author) => Ok(author.booking(id.parse().map_err(|_| Problem::not_found())?)),
            _ => Err(Problem::unauthenticated()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Credential {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or(Self::Nobody))
    }
}

/// Finds out who asks, before any row does.
pub(crate) async fn know(State(keeper): State<Doorkeeper>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match keeper.of(&parts).await {
        Ok(credential) => {
            parts.extensions.insert(credential);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    }
}

impl Doorkeeper {
    async fn of(&self, parts: &Parts) -> Result<Credential, Problem> {
        let shown = parts.headers.get_all(header::AUTHORIZATION).iter().count();
        if shown == 0 {
            return Ok(Credential::Nobody);
        }
        let token = bearer(&parts.headers).filter(|_| shown == 1).ok_or_else(Problem::unauthenticated)?;
        let token = Secret::new(token);
        // Hashes are compared, so the time it takes tells nothing of the key.
        if self.platform == Some(token.hash()) {
            return Ok(Credential::Platform);
        }
        if token.reveal().starts_with(Kind::ApiKey.prefix()) {
            let author = accounts::mentor_of_api_key(&self.context, &token).await?;
            return author.map(Credential::Mentor).ok_or_else(Problem::unauthenticated);
        }
        if token.reveal().starts_with(Kind::Manage.prefix()) {
            return match bookings::get(&self.context, &Key::Token(token.clone())).await {
                Ok(_) => Ok(Credential::Manage(token)),
                Err(Error::NotFound) => Err(Problem::unauthenticated()),
                Err(error) => Err(error.into()),
            };
        }
        Err(Problem::unauthenticated())
    }
}
