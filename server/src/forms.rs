//! Plain forms: each posts to its own page. Done, it answers 303; refused, its page once more with what was typed.

use crate::pages::{Site, Visitor};
use crate::patience::busy;
use crate::zone_query;
use app::AppError;
use app::api::public::BookForm;
use app::api::server::{book_in, nearest_in, receipt_cookie, wire};
use app::components::pick::instant_tag;
use app::context::{NEARBY, Posted};
use axum::Router;
use axum::extract::{Extension, Form, FromRequest, FromRequestParts, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use booking::accounts::{self, NewAccount, SentForm};
use booking::bookings::{self, Key};
use booking::secrets::{Kind, Secret};
use booking::{Context, Error, erasure};
use chrono::DateTime;
use scheduling::{Language, urls};
use std::collections::BTreeMap;

type Values = BTreeMap<String, String>;

/// The routes of all forms.
pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route(urls::SIGNUP, post(sign_up))
        .route(urls::LOGIN, post(log_in))
        .route(urls::LOGOUT, post(log_out).get(to_home))
        .route(urls::FORGOT, post(forgot))
        .route(urls::VERIFY, post(verify))
        .route(urls::ENTER, get(enter))
        .route(urls::LANGUAGE, post(language))
        .route(urls::EXPORT, get(export))
        .route("/b/{token}", post(manage))
        .route("/b/{token}/invite.ics", get(invite))
        .route("/{handle}", post(book_only))
        .route("/{handle}/{session_type}", post(book))
}

/// A form that came in, and all that its page needs to be shown again.
struct Submission {
    site: Site,
    visitor: Visitor,
    uri: Uri,
    headers: HeaderMap,
    values: Values,
}

impl FromRequest<Site> for Submission {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor =
            Extension::<Visitor>::from_request_parts(&mut parts, site).await.map_err(IntoResponse::into_response)?;
        let (uri, headers) = (parts.uri.clone(), parts.headers.clone());
        let form = Form::<Values>::from_request(Request::from_parts(parts, body), site).await;
        let Form(values) = form.map_err(IntoResponse::into_response)?;
        Ok(Self { site: site.clone(), visitor: visitor.0, uri, headers, values })
    }
}

impl Submission {
    fn context(&self) -> &Context {
        &self.site.context
    }

    /// The form as it is recognised when it is sent again.
    ///
    /// These need it, since a repeat would mail a second time or find its link used up: signing up, asking for a new password,
    /// setting it, confirming an address. Booking has a key of its own (`book_in`). The others are idempotent: logging in opens
    /// a session, of which the browser keeps the last; logging out and choosing a language end in the same state; what a
    /// booking's page sends, see `act`. What the dashboard sends, a script sends once at a time: profile, hours, session types
    /// and the choice of calendars are put whole, an account on a calendar server is connected once, and deleting or
    /// disconnecting finds nothing the second time. A second API key can be told from the first, and revoked.
    fn sent(&self, about: &[&str]) -> Option<SentForm> {
        SentForm::new(self.value("idempotency_key"), about)
    }

    fn value(&self, field: &str) -> &str {
        self.values.get(field).map(String::as_str).unwrap_or_default()
    }

    /// The page once more, with the error beside what was typed, except passwords.
    async fn refuse(self, error: Error) -> Response {
        self.show_again(wire(error)).await
    }

    async fn show_again(mut self, error: AppError) -> Response {
        self.values.retain(|field, _| field != "password");
        let posted = Posted { values: self.values, error: Some(error) };
        self.site.render_posted(self.uri, self.headers, self.visitor, posted).await
    }

    /// Sends whoever logged in on, with a new session in place of the one that was shown.
    async fn logged_in(&self, token: &Secret, next: &str) -> Response {
        if let Some(before) = &self.visitor.session
            && let Err(error) = accounts::log_out(self.context(), before).await
        {
            tracing::error!(%error, "the session before could not be closed");
        }
        let mut response = see(next);
        response.headers_mut().append(header::SET_COOKIE, self.site.session_cookie(Some(token)));
        response
    }
}

/// 303 to a path of ours.
pub(crate) fn see(path: &str) -> Response {
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// A path of ours, or the fallback: no link leads anybody elsewhere through us.
fn local<'a>(path: &'a str, fallback: &'a str) -> &'a str {
    let fine = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n', '\t']);
    if fine { path } else { fallback }
}

async fn sign_up(form: Submission) -> Response {
    let new = NewAccount {
        handle: form.value("handle").trim().to_owned(),
        name: form.value("name").to_owned(),
        email: form.value("email").trim().to_owned(),
        timezone: zone_query::meant(form.context(), form.value("timezone")),
        headline: None,
        bio: None,
        photo_url: None,
        language: form.visitor.language,
        format: Some(form.visitor.format),
    };
    let sent = form.sent(&["signup", &new.email, &new.handle]);
    match accounts::sign_up_once(form.context(), &new, Secret::new(form.value("password")), sent).await {
        Ok(()) => see(&format!("{}?sent=1", urls::SIGNUP)),
        Err(error) => form.refuse(error).await,
    }
}

async fn log_in(form: Submission) -> Response {
    match accounts::log_in(form.context(), form.value("email"), Secret::new(form.value("password"))).await {
        Ok(token) => form.logged_in(&token, local(form.value("next"), urls::DASHBOARD)).await,
        Err(error) => form.refuse(error).await,
    }
}

async fn log_out(State(site): State<Site>, Extension(visitor): Extension<Visitor>) -> Response {
    if let Some(token) = &visitor.session
        && let Err(error) = accounts::log_out(&site.context, token).await
    {
        tracing::error!(%error, "a session could not be closed");
    }
    let mut response = see(urls::HOME);
    response.headers_mut().append(header::SET_COOKIE, site.session_cookie(None));
    response
}

async fn to_home() -> Response {
    see(urls::HOME)
}

async fn forgot(form: Submission) -> Response {
    let token = form.value("token");
    let done = if token.is_empty() {
        let (email, sent) = (form.value("email"), form.sent(&["forgot", form.value("email")]));
        accounts::forgot_once(form.context(), email, sent).await.map(|()| format!("{}?sent=1", urls::FORGOT))
    } else {
        let (password, sent) = (Secret::new(form.value("password")), form.sent(&["reset", token]));
        accounts::reset_password_once(form.context(), &Secret::new(token), password, sent)
            .await
            .map(|()| format!("{}?reset=1", urls::LOGIN))
    };
    match done {
        Ok(path) => see(&path),
        Err(error) => form.refuse(error).await,
    }
}

async fn verify(form: Submission) -> Response {
    let (token, sent) = (Secret::new(form.value("token")), form.sent(&["verify", form.value("token")]));
    match accounts::verify_email_once(form.context(), &token, sent).await {
        Ok(token) => form.logged_in(&token, urls::DASHBOARD).await,
        Err(error) => form.refuse(error).await,
    }
}

/// A login link is made by the platform for a browser that it sends here, never mailed: following it logs in.
async fn enter(State(site): State<Site>, Query(query): Query<Values>) -> Response {
    let token = Secret::new(query.get("token").map(String::as_str).unwrap_or_default());
    match accounts::enter(&site.context, &token).await {
        Ok(session) => {
            let mut response = see(urls::DASHBOARD);
            response.headers_mut().append(header::SET_COOKIE, site.session_cookie(Some(&session)));
            response
        }
        // The link is as good as before.
        Err(Error::Unavailable(what)) => {
            tracing::warn!(error = what, "a login link could not be used now");
            busy()
        }
        Err(Error::Internal(what)) => {
            tracing::error!(error = what, "a login link could not be used");
            see(urls::LOGIN)
        }
        Err(_) => see(&format!("{}?link=expired", urls::LOGIN)),
    }
}

async fn language(form: Submission) -> Response {
    let mut response = see(local(form.value("next"), urls::HOME));
    if let Some(language) = Language::from_tag(form.value("language")) {
        response.headers_mut().append(header::SET_COOKIE, form.site.lasting_cookie("language", language.tag()));
    }
    response
}

async fn export(State(site): State<Site>, Extension(visitor): Extension<Visitor>) -> Response {
    // `identify` has sent whoever is not logged in to the login page.
    let Some(mentor) = visitor.mentor else { return StatusCode::UNAUTHORIZED.into_response() };
    match accounts::export(&site.context, mentor).await {
        Ok(export) => {
            let name = HeaderValue::from_static("attachment; filename=\"yaksok-export.json\"");
            ([(header::CONTENT_DISPOSITION, name)], axum::Json(export)).into_response()
        }
        Err(error) => crate::problem::Problem::from(error).into_response(),
    }
}

async fn book_only(Path(handle): Path<String>, form: Submission) -> Response {
    let session_type = form.value("session_type").to_owned();
    book_form(form, handle, session_type).await
}

async fn book(Path((handle, session_type)): Path<(String, String)>, form: Submission) -> Response {
    book_form(form, handle, session_type).await
}

async fn book_form(mut form: Submission, mentor: String, session_type: String) -> Response {
    let Ok(start) = DateTime::parse_from_rfc3339(form.value("start")) else {
        return form.refuse(Error::invalid("start", "required", "Choose a time first.")).await;
    };
    let asked = BookForm {
        start: start.to_utc(),
        name: form.value("name").to_owned(),
        email: form.value("email").to_owned(),
        timezone: form.value("timezone").to_owned(),
        notes: form.value("notes").to_owned(),
        idempotency_key: form.value("idempotency_key").to_owned(),
        hold: form.visitor.cookies.hold_of(&mentor, start.to_utc(), form.context().now()),
        mentor,
        session_type,
    };
    let (mentor, session_type) = (asked.mentor.clone(), asked.session_type.clone());
    form.values.remove(NEARBY);
    match book_in(form.context(), asked, form.visitor.caller()).await {
        Ok(token) => {
            let receipt = (start.to_utc(), mentor);
            let cookie = receipt_cookie(form.context(), &form.visitor.cookies, receipt, &token);
            let mut response = see(&format!("{}?new=1", bookings::manage_path(&token)));
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => {
            let error = wire(error);
            if error == AppError::SlotUnavailable {
                let near = nearest_in(form.context(), &mentor, &session_type, start.to_utc()).await.unwrap_or_default();
                let near = near.into_iter().map(instant_tag).collect::<Vec<_>>().join(" ");
                form.values.insert(NEARBY.into(), near);
            }
            form.show_again(error).await
        }
    }
}

fn manage_key(token: &str) -> Result<Key, Error> {
    if token.starts_with(Kind::Manage.prefix()) { Ok(Key::Token(Secret::new(token))) } else { Err(Error::NotFound) }
}

async fn manage(Path(token): Path<String>, form: Submission) -> Response {
    match act(&form, &token).await {
        Ok(done) => see(&format!("{}{done}", urls::manage(&token))),
        Err(error) => form.refuse(error).await,
    }
}

/// Does what a form of the booking's page asks for. Answers the query of the page that says so.
///
/// None of these needs an idempotency key. Sent again, cancelling finds the booking cancelled, moving finds it at that start,
/// and erasing finds nothing left: each leads to the page as it is.
async fn act(form: &Submission, token: &str) -> Result<&'static str, Error> {
    let key = manage_key(token)?;
    match form.value("action") {
        "cancel" => match bookings::cancel(form.context(), &key, Some(form.value("reason").to_owned())).await {
            Ok(_) | Err(Error::AlreadyCancelled) => {}
            Err(error) => return Err(error),
        },
        "reschedule" => {
            let start = DateTime::parse_from_rfc3339(form.value("start"))
                .map_err(|_| Error::invalid("start", "required", "Choose a time first."))?;
            bookings::reschedule(form.context(), &key, start.to_utc()).await?;
            return Ok("?moved=1");
        }
        "erase" => {
            let Key::Token(token) = &key else { return Err(Error::NotFound) };
            erasure::erase(form.context(), token).await?;
        }
        _ => return Err(Error::invalid("action", "invalid", "Choose what to do: cancel, reschedule or erase.")),
    }
    Ok("")
}

async fn invite(State(site): State<Site>, Path(token): Path<String>) -> Response {
    let found = match manage_key(&token) {
        Ok(key) => bookings::invite(&site.context, &key).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(invite) => calendar_file(invite),
        Err(Error::Unavailable(_)) => busy(),
        Err(error) => {
            let status = app::api::server::status(&wire(error));
            (status, "There is no such booking.").into_response()
        }
    }
}

/// A calendar file to download.
pub(crate) fn calendar_file(invite: mailer::Invite) -> Response {
    let kind = format!("text/calendar; charset=utf-8; method={}", invite.method.as_str());
    let kind = HeaderValue::from_str(&kind).unwrap_or(HeaderValue::from_static("text/calendar; charset=utf-8"));
    let name = HeaderValue::from_static("attachment; filename=\"invite.ics\"");
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], invite.ics).into_response()
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn nobody_is_led_elsewhere() {
        assert_eq!(local("/dashboard/settings?x=1", "/"), "/dashboard/settings?x=1");
        for elsewhere in
            ["https://evil.example", "//evil.example", "/\\evil.example", "", "javascript:alert(1)", "/\t/evil"]
        {
            assert_eq!(local(elsewhere, "/"), "/", "{elsewhere}");
        }
    }
}
