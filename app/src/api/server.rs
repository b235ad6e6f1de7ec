//! The server's half of the server functions: context in, use case, wire types out.

use super::Page;
use super::cookies::{Cookies, Held, Receipt};
use super::dashboard::{
    Activity, ActivityLine, ActivityOf, ApiKeyView, BookingFilter, CalendarView, Calendars, ConnectionView, Deletion,
    Editor, HoursToSave, SessionTimes, SessionTypesView, Settings, TimesToSave, Upcoming,
};
use super::manage::{BookingKey, BookingView, OutsideView};
use super::public::{BookForm, Booked, BookedHere, HoldView, MentorCard, MentorPage, Month, ZoneChoice, ZoneChoices};
use crate::AppError;
use crate::i18n::messages;
use booking::bookings::{Idempotency, Key, List, Request};
use booking::calendar::ConnectError;
use booking::listing::{Horizon, Search};
use booking::secrets::{Kind, Secret, sha256};
use booking::store::{self, Account, Happened, Mentor, Profile};
use booking::version::Expected;
use booking::zones::search;
use booking::{
    Context, Error, accounts, activity as history, bookings as rules, calendar, erasure, holds, jobs, listing,
    schedule, version,
};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use leptos::prelude::*;
use scheduling::{
    Actor, ApiKeyId, BookingId, CalendarId, ConnectionId, FieldError, Language, MentorId, OffsetTable, RegionalFormat,
    SessionType, Status,
};
use uuid::Uuid;

/// Who calls: set by the server for each request, from the session cookie.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The mentor who is logged in.
    pub mentor: Option<MentorId>,
    /// The language that the request asks for.
    pub language: Language,
    /// How hours and weeks are written for them.
    pub format: RegionalFormat,
}

/// From which address a server function is called, as the limits count it; not set while a page is rendered.
#[derive(Clone, Debug, Default)]
pub struct Client(pub String);

fn context() -> Context {
    expect_context()
}

fn cookies() -> Cookies {
    use_context().unwrap_or_default()
}

/// Adds a cookie to the answer of a server function.
fn set_cookie(cookie: &str) {
    if let (Some(response), Ok(cookie)) =
        (use_context::<leptos_axum::ResponseOptions>(), http::HeaderValue::from_str(cookie))
    {
        response.append_header(http::header::SET_COOKIE, cookie);
    }
}

fn caller() -> Result<MentorId, AppError> {
    expect_context::<Caller>().mentor.ok_or(AppError::Unauthenticated).inspect_err(answer_with_status)
}

/// What the outside is told of an error; what is ours goes to the log.
pub fn wire(error: Error) -> AppError {
    match error {
        Error::NotFound => AppError::NotFound,
        Error::SlotUnavailable | Error::HoldExpired => AppError::SlotUnavailable,
        Error::TooManyHolds(_) => AppError::RateLimited,
        Error::AlreadyCancelled => AppError::AlreadyCancelled,
        Error::NotPending => AppError::NotPending,
        Error::TooLate => AppError::TooLate,
        Error::StillUpcoming => AppError::StillUpcoming,
        Error::Stale => AppError::Stale,
        Error::AccountClosed => AppError::AccountClosed,
        Error::HandleTaken => AppError::HandleTaken,
        Error::WrongCredentials => AppError::WrongCredentials,
        Error::SignupsClosed => AppError::NotFound,
        Error::Invalid(errors) => AppError::Invalid(errors),
        Error::Connect(error) => {
            let code = match error {
                ConnectError::TooMany => "too_many",
                ConnectError::Unreachable => "unreachable",
                _ => "refused",
            };
            AppError::Invalid(vec![FieldError::new("url", code, error.to_string())])
        }
        Error::IdempotencyKeyReused => AppError::SlotUnavailable,
        Error::Unavailable(what) => {
            tracing::warn!(error = what, "a use case has to be tried again");
            AppError::Unavailable
        }
        Error::Internal(what) => {
            tracing::error!(error = what, "a use case failed");
            AppError::Internal
        }
    }
}

/// The HTTP status that says the same.
pub fn status(error: &AppError) -> http::StatusCode {
    use http::StatusCode as S;
    match error {
        AppError::NotFound => S::NOT_FOUND,
        AppError::Unauthenticated | AppError::WrongCredentials => S::UNAUTHORIZED,
        AppError::SlotUnavailable
        | AppError::AlreadyCancelled
        | AppError::NotPending
        | AppError::TooLate
        | AppError::StillUpcoming
        | AppError::HandleTaken => S::CONFLICT,
        AppError::Stale => S::PRECONDITION_FAILED,
        AppError::AccountClosed => S::GONE,
        AppError::Invalid(_) => S::UNPROCESSABLE_ENTITY,
        AppError::RateLimited => S::TOO_MANY_REQUESTS,
        AppError::Unavailable => S::SERVICE_UNAVAILABLE,
        AppError::Network | AppError::Internal => S::INTERNAL_SERVER_ERROR,
    }
}

/// Plain forms never come here (they post to their page), so the status can always be told.
pub(crate) fn answer_with_status(error: &AppError) {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(status(error));
    }
}

fn fail(error: Error) -> AppError {
    let error = wire(error);
    answer_with_status(&error);
    error
}

fn card(mentor: Mentor) -> MentorCard {
    MentorCard {
        handle: mentor.handle,
        name: mentor.name,
        headline: mentor.headline,
        bio: mentor.bio,
        photo_url: mentor.photo_url,
        timezone: mentor.timezone,
        free_in_minutes: None,
    }
}

pub(super) async fn mentors(query: Option<String>, cursor: Option<String>) -> Result<Page<MentorCard>, AppError> {
    let search = Search { query: query.unwrap_or_default(), cursor, ..Search::default() };
    let context = context();
    let (mentors, next_cursor) = listing::mentors(&context, &search).await.map_err(fail)?;
    let now = context.now();
    let items = mentors.into_iter().map(|listed| {
        let wait = listed.next_free.map(|start| u32::try_from((start - now).num_minutes()).unwrap_or_default());
        MentorCard { free_in_minutes: wait, ..card(listed.mentor) }
    });
    Ok(Page { items: items.collect(), next_cursor })
}

pub(super) async fn mentor(handle: String) -> Result<MentorPage, AppError> {
    let (mentor, session_types) = listing::mentor(&context(), &handle).await.map_err(fail)?;
    redirect_renamed(&handle, &mentor.handle);
    Ok(MentorPage { mentor: card(mentor), session_types })
}

/// A page that was asked for under a handle that its mentor gave up is at the handle of today (308, RFC 9110, 15.4.9). Server
/// functions are answered as they are.
fn redirect_renamed(asked: &str, current: &str) {
    let (Some(parts), Some(response)) =
        (use_context::<http::request::Parts>(), use_context::<leptos_axum::ResponseOptions>())
    else {
        return;
    };
    let rest = parts.uri.path().strip_prefix('/').and_then(|path| path.strip_prefix(asked));
    let Some(rest) = rest.filter(|rest| asked != current && (rest.is_empty() || rest.starts_with('/'))) else { return };
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    if let Ok(location) = http::HeaderValue::from_str(&format!("/{current}{rest}{query}")) {
        response.set_status(http::StatusCode::PERMANENT_REDIRECT);
        response.insert_header(http::header::LOCATION, location);
    }
}

pub(super) async fn month(
    handle: String,
    session_type: String,
    month: Option<String>,
    timezone: Option<String>,
) -> Result<Month, AppError> {
    let (context, cookies) = (context(), cookies());
    let horizon = listing::recent_horizon(&context, &handle, &session_type, timezone.as_deref()).await;
    let month = month_of(horizon.map_err(fail)?, month.as_deref());
    let held = cookies.held.as_ref().filter(|held| held.mentor == handle && held.until > month.now);
    let booked = booked_here(&context, &cookies, &handle, &month).await;
    Ok(Month { held: held.map(|held| held.start), booked, ..month })
}

/// What this browser has booked with a mentor and is not offered any more, as far as it still stands.
async fn booked_here(context: &Context, cookies: &Cookies, handle: &str, month: &Month) -> Vec<BookedHere> {
    let mut booked = Vec::new();
    let gone = |receipt: &&Receipt| receipt.mentor == handle && month.starts.binary_search(&receipt.start).is_err();
    for receipt in cookies.booked.iter().filter(gone) {
        let Ok(key) = key(BookingKey::Token(receipt.token.clone())) else { continue };
        let stands = rules::get(context, &key).await.is_ok_and(|rules::Booked { booking, .. }| {
            booking.start == receipt.start && matches!(booking.status, Status::Pending | Status::Confirmed)
        });
        if stands {
            booked.push(BookedHere { start: receipt.start, manage_path: receipt.path() });
        }
    }
    booked
}

/// The part of what is offered that one month shows.
fn month_of(horizon: Horizon, month: Option<&str>) -> Month {
    let Horizon { mut starts, mentor_zone, zone, now, end, duration_minutes } = horizon;
    let next_free = starts.first().copied();
    let asked = month.and_then(|text| NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok());
    let fallback = zone.wall(next_free.unwrap_or(now)).date();
    let first_day = asked.unwrap_or(fallback);
    let first_day = first_day.with_day(1).unwrap_or(first_day);
    starts.retain(|start| {
        let date = zone.wall(*start).date();
        (date.year(), date.month()) == (first_day.year(), first_day.month())
    });
    let (held, booked) = (None, Vec::new());
    Month { first_day, zone, mentor_zone, now, starts, next_free, horizon_end: end, duration_minutes, held, booked }
}

pub(super) async fn nearest(
    handle: String,
    session_type: String,
    start: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>, AppError> {
    nearest_in(&context(), &handle, &session_type, start).await.map_err(fail)
}

/// The offered starts nearest to `start`, at most six, ascending.
///
/// # Errors
/// As [`listing::horizon`].
pub async fn nearest_in(
    context: &Context,
    handle: &str,
    session_type: &str,
    start: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>, Error> {
    let mut starts = listing::horizon(context, handle, session_type, None).await?.starts;
    starts.sort_by_key(|other| (*other - start).abs());
    starts.truncate(6);
    starts.sort();
    Ok(starts)
}

pub(super) async fn book(form: BookForm) -> Result<Booked, AppError> {
    let (context, receipt) = (context(), (form.start, form.mentor.clone()));
    let token = book_in(&context, form, expect_context::<Caller>()).await.map_err(fail)?;
    set_cookie(&receipt_cookie(&context, &cookies(), receipt, &token));
    Ok(Booked { manage_path: rules::manage_path(&token) })
}

/// `Set-Cookie` by which the browser knows that it has booked this start with this mentor.
pub fn receipt_cookie(
    context: &Context,
    cookies: &Cookies,
    (start, mentor): (DateTime<Utc>, String),
    token: &Secret,
) -> String {
    cookies.with_booked(Receipt { start, mentor, token: token.reveal().to_owned() }, &context.base_url)
}

/// The shortest key that is taken for one of ours: it is long enough that nobody else can know it.
const SHORTEST_FORM_KEY: usize = 32;

/// Books what the form asks for; the same from a plain form and from a script. Answers the manage token.
///
/// A form books once: sent again, even with something else in it, it leads to the booking that it made.
///
/// # Errors
/// As [`booking::bookings::book`], but for [`Error::HoldExpired`]: whoever typed for longer than the time was kept still
/// gets it, if it is free.
pub async fn book_in(context: &Context, mut form: BookForm, caller: Caller) -> Result<Secret, Error> {
    let hold = form.hold.take();
    // A script sends what was typed without the blanks around it, and with the line ends of the page; a plain form does not.
    for text in [&mut form.name, &mut form.email, &mut form.notes] {
        *text = text.trim().replace("\r\n", "\n");
    }
    // The key is for this very form: another content is another booking. By which hold it is kept is no content.
    let idempotency = (!form.idempotency_key.is_empty()).then(|| {
        let content = format!("{form:?}");
        Idempotency { key: form.idempotency_key.clone(), request_hash: sha256(content.as_bytes()) }
    });
    let request = Request {
        mentor: form.mentor,
        session_type: form.session_type,
        start: form.start,
        name: form.name,
        email: form.email,
        timezone: form.timezone,
        notes: Some(form.notes),
        language: caller.language,
        clock: caller.format.clock,
        hold,
        idempotency,
    };
    let key = form.idempotency_key;
    let mentor = request.mentor.clone();
    let made = match rules::book(context, request.clone()).await {
        Err(Error::HoldExpired) => rules::book(context, Request { hold: None, ..request }).await,
        made => made,
    };
    match made {
        Ok((_, token)) => Ok(token),
        Err(Error::IdempotencyKeyReused) if key.len() >= SHORTEST_FORM_KEY => {
            rules::booked_by_key(context, &mentor, &key).await?.ok_or(Error::IdempotencyKeyReused)
        }
        Err(error) => Err(error),
    }
}

pub(super) async fn hold(
    mentor: String,
    session_type: String,
    start: DateTime<Utc>,
    before: Option<Uuid>,
    id: Option<Uuid>,
) -> Result<HoldView, AppError> {
    let (context, client) = (context(), use_context::<Client>().unwrap_or_default());
    let hold = holds::exchange(&context, &client.0, &mentor, &session_type, start, before, id).await.map_err(fail)?;
    set_cookie(&Held { id: hold.id, start, until: hold.expires_at, mentor }.cookie(&context.base_url));
    Ok(HoldView { id: hold.id, expires_at: hold.expires_at, now: context.now() })
}

pub(super) async fn release_hold(mentor: String, id: Uuid) -> Result<(), AppError> {
    holds::release(&context(), &mentor, id).await.map_err(fail)
}

/// More zones than a browser has at hand.
const MOST_KNOWN: usize = 8;

pub(super) async fn find_zones(typed: &str, known: &str) -> Result<ZoneChoices, AppError> {
    let (context, language) = (context(), expect_context::<Caller>().language);
    let (zones, now) = (&context.zones, context.now());
    let known: Vec<&str> = known.split(',').take(MOST_KNOWN).collect();
    let found = match typed.trim() {
        "" => search::suggest(zones, &known, language, now),
        typed => search::find(zones, typed, &known, language, now),
    };
    let choice = |search::Found { zone, place, detail, offset }| ZoneChoice { zone, place, detail, offset };
    Ok(ZoneChoices { now, choices: found.into_iter().map(choice).collect() })
}

pub(super) async fn zone(name: String) -> Result<OffsetTable, AppError> {
    let context = context();
    context
        .zones
        .around(&name, context.now())
        .ok_or_else(|| fail(Error::invalid("timezone", "invalid", "Give a time zone name of the IANA database.")))
}

/// The key of a booking, by the right of whoever calls.
fn key(key: BookingKey) -> Result<Key, AppError> {
    match key {
        BookingKey::Token(token) if token.starts_with(Kind::Manage.prefix()) => Ok(Key::Token(Secret::new(token))),
        BookingKey::Token(_) => Err(fail(Error::NotFound)),
        BookingKey::Own(id) => Ok(Key::Mentor(caller()?, id)),
    }
}

fn view(context: &Context, booked: rules::Booked, by: Actor) -> Result<BookingView, AppError> {
    let rules::Booked { booking, mentor } = booked;
    let now = context.now();
    let span = booking.start.min(now) - TimeDelta::days(31)..booking.end.max(now) + TimeDelta::days(800);
    let zone = |name: &str| {
        context.zones.table(name, span.clone()).ok_or_else(|| fail(Error::Internal("a zone without rules".into())))
    };
    let (can_cancel, can_move) = rules::rights(&booking, by, now);
    let here = cookies().timezone.filter(|_| by == Actor::Mentee);
    let erased = booking.erased_at.is_some();
    let placeholder = messages(expect_context::<Caller>().language).activity().erased_name;
    Ok(BookingView {
        erased,
        id: booking.id,
        status: booking.status,
        start: booking.start,
        end: booking.end,
        // Of a zone that was erased, the mentor's is left.
        mentee_zone: zone(if erased { &mentor.timezone } else { &booking.timezone })?,
        mentor_handle: mentor.handle,
        mentor_name: mentor.name,
        mentor_zone: zone(&mentor.timezone)?,
        here: here.as_deref().and_then(|name| context.zones.table(name, span.clone())),
        session_slug: booking.session_slug.clone(),
        session_name: booking.session_name.clone(),
        duration_minutes: u16::try_from((booking.end - booking.start).num_minutes()).unwrap_or_default(),
        change_until: rules::change_until(&booking),
        can_cancel,
        can_move,
        cancel_notice_minutes: booking.cancel_notice_minutes,
        sequence: booking.sequence,
        mentee_name: if erased { placeholder.to_owned() } else { booking.name },
        mentee_email: booking.email,
        notes: booking.notes,
        location: booking.location,
        cancelled_by: booking.cancelled_by.map(|by| by.as_str().to_owned()),
        reason: booking.reason,
        now,
    })
}

fn by(key: &BookingKey) -> Actor {
    match key {
        BookingKey::Token(_) => Actor::Mentee,
        BookingKey::Own(_) => Actor::Mentor,
    }
}

pub(super) async fn booking(asked: BookingKey) -> Result<BookingView, AppError> {
    let (context, by) = (context(), by(&asked));
    let booked = rules::get(&context, &key(asked)?).await.map_err(fail)?;
    view(&context, booked, by)
}

pub(super) async fn booking_month(
    asked: BookingKey,
    month: Option<String>,
    timezone: Option<String>,
) -> Result<Month, AppError> {
    let here = cookies().timezone.filter(|_| by(&asked) == Actor::Mentee);
    let timezone = timezone.or(here);
    let horizon = rules::horizon_to_move(&context(), &key(asked)?, timezone.as_deref()).await.map_err(fail)?;
    Ok(month_of(horizon, month.as_deref()))
}

pub(super) async fn cancel(asked: BookingKey, reason: Option<String>) -> Result<BookingView, AppError> {
    let (context, by) = (context(), by(&asked));
    let booked = rules::cancel(&context, &key(asked)?, reason).await.map_err(fail)?;
    view(&context, booked, by)
}

pub(super) async fn erase(token: String) -> Result<BookingView, AppError> {
    let context = context();
    let Key::Token(token) = key(BookingKey::Token(token))? else { return Err(fail(Error::NotFound)) };
    let booked = erasure::erase(&context, &token).await.map_err(fail)?;
    view(&context, booked, Actor::Mentee)
}

pub(super) async fn reschedule(asked: BookingKey, start: DateTime<Utc>) -> Result<BookingView, AppError> {
    let (context, by) = (context(), by(&asked));
    let booked = rules::reschedule(&context, &key(asked)?, start).await.map_err(fail)?;
    view(&context, booked, by)
}

pub(super) async fn bookings(
    filter: BookingFilter,
    query: Option<String>,
    cursor: Option<String>,
) -> Result<Page<BookingView>, AppError> {
    let (context, mentor) = (context(), caller()?);
    let now = context.now();
    let query = query.unwrap_or_default().trim().to_owned();
    let list = match filter {
        BookingFilter::Upcoming => {
            List { ends_after: Some(now), statuses: vec![Status::Pending, Status::Confirmed], ..List::default() }
        }
        BookingFilter::Pending => List { statuses: vec![Status::Pending], ..List::default() },
        BookingFilter::Past => List {
            ends_by: Some(now),
            statuses: vec![Status::Pending, Status::Confirmed],
            descending: true,
            ..List::default()
        },
        BookingFilter::Cancelled => {
            List { statuses: vec![Status::Cancelled, Status::Declined], descending: true, ..List::default() }
        }
    };
    let (items, next_cursor) = rules::list(&context, mentor, List { query, cursor, ..list }).await.map_err(fail)?;
    let items: Result<_, _> = items.into_iter().map(|booked| view(&context, booked, Actor::Mentor)).collect();
    Ok(Page { items: items?, next_cursor })
}

pub(super) async fn confirm(id: BookingId) -> Result<BookingView, AppError> {
    let (context, mentor) = (context(), caller()?);
    let booked = rules::confirm(&context, mentor, id).await.map_err(fail)?;
    view(&context, booked, Actor::Mentor)
}

pub(super) async fn decline(id: BookingId, reason: Option<String>) -> Result<BookingView, AppError> {
    let (context, mentor) = (context(), caller()?);
    let booked = rules::decline(&context, mentor, id, reason).await.map_err(fail)?;
    view(&context, booked, Actor::Mentor)
}

pub(super) async fn editor() -> Result<Editor, AppError> {
    let (context, mentor) = (context(), caller()?);
    editor_of(&context, schedule::editing(&context, mentor).await.map_err(fail)?)
}

fn editor_of(context: &Context, editing: schedule::Editing) -> Result<Editor, AppError> {
    let schedule::Editing { availability, version, session_types, busy, upcoming, now } = editing;
    let zone = context.zones.around(&availability.timezone, now);
    let zone = zone.ok_or_else(|| fail(Error::Internal("a zone without rules".into())))?;
    let upcoming = upcoming.into_iter().map(|b| Upcoming { id: b.id, name: b.name, start: b.start, end: b.end });
    Ok(Editor { availability, session_types, zone, busy, upcoming: upcoming.collect(), version, now })
}

pub(super) async fn save_availability(hours: Option<HoursToSave>, times: Vec<TimesToSave>) -> Result<Editor, AppError> {
    let hours = hours.map(|hours| (hours.availability, hours.version.map_or(Expected::Anything, Expected::is)));
    let times = times.into_iter().map(|times| (times_of(times.times), times.before.map(times_of))).collect();
    let (context, mentor) = (context(), caller()?);
    let saved = schedule::save(&context, mentor, schedule::Changes { hours, times }).await.map_err(fail)?;
    editor_of(&context, saved)
}

fn times_of(times: SessionTimes) -> schedule::Times {
    schedule::Times {
        slug: times.slug,
        duration_minutes: times.duration_minutes,
        start_interval_minutes: times.start_interval_minutes,
        buffer_before_minutes: times.buffer_before_minutes,
        buffer_after_minutes: times.buffer_after_minutes,
    }
}

pub(super) async fn session_types() -> Result<SessionTypesView, AppError> {
    let (context, mentor) = (context(), caller()?);
    let types = schedule::session_types(&context, mentor).await.map_err(fail)?;
    let receiving = schedule::receiving_provider(&context, mentor).await.map_err(fail)?;
    Ok(SessionTypesView { types, receiving })
}

pub(super) async fn put_session_type(
    session_type: SessionType,
    before: Option<SessionType>,
) -> Result<SessionType, AppError> {
    let expected = match before {
        Some(before) => Expected::is(version::of(&before).map_err(fail)?),
        None => Expected::Nothing,
    };
    schedule::put_expected_session_type(&context(), caller()?, session_type, &expected).await.map_err(fail)
}

pub(super) async fn delete_session_type(slug: String) -> Result<(), AppError> {
    schedule::delete_session_type(&context(), caller()?, &slug).await.map_err(fail)
}

fn settings_of(account: Account) -> Result<Settings, AppError> {
    let format = accounts::chosen_format(&account, expect_context::<Caller>().format);
    Ok(Settings {
        version: accounts::profile_version(&account).map_err(fail)?,
        clock: format.clock,
        week_start: format.week_start,
        name: account.name,
        handle: account.handle,
        email: account.email,
        headline: account.headline.unwrap_or_default(),
        bio: account.bio.unwrap_or_default(),
        photo_url: account.photo_url.unwrap_or_default(),
        timezone: account.timezone,
        language: Language::from_tag(&account.language).unwrap_or_default(),
    })
}

pub(super) async fn settings() -> Result<Settings, AppError> {
    let account = accounts::account(&context(), caller()?).await.map_err(fail)?;
    settings_of(account)
}

pub(super) async fn save_settings(settings: Settings) -> Result<Settings, AppError> {
    let expected = if settings.version.is_empty() { Expected::Anything } else { Expected::is(settings.version) };
    let profile = Profile {
        handle: settings.handle,
        name: settings.name,
        headline: Some(settings.headline),
        bio: Some(settings.bio),
        photo_url: Some(settings.photo_url),
        timezone: settings.timezone,
        language: settings.language.tag().to_owned(),
        clock: Some(settings.clock.tag().to_owned()),
        week_start: Some(i16::from(settings.week_start)),
    };
    let account = accounts::update_expected_profile(&context(), caller()?, profile, &expected).await.map_err(fail)?;
    settings_of(account)
}

pub(super) async fn deletion() -> Result<Deletion, AppError> {
    let preview = accounts::deletion(&context(), caller()?).await.map_err(fail)?;
    Ok(Deletion { upcoming: preview.upcoming, calendars: preview.calendars })
}

pub(super) async fn delete_account(confirmation: String) -> Result<(), AppError> {
    accounts::delete(&context(), caller()?, Secret::new(confirmation)).await.map_err(fail)
}

fn key_view(key: booking::store::ApiKey) -> ApiKeyView {
    ApiKeyView {
        id: ApiKeyId(key.id),
        name: key.name,
        prefix: key.prefix,
        created_at: key.created_at,
        last_used_at: key.last_used_at,
    }
}

pub(super) async fn api_keys() -> Result<Vec<ApiKeyView>, AppError> {
    let keys = accounts::api_keys(&context(), caller()?).await.map_err(fail)?;
    Ok(keys.into_iter().map(key_view).collect())
}

pub(super) async fn create_api_key(name: String) -> Result<(ApiKeyView, String), AppError> {
    let (key, secret) = accounts::create_api_key(&context(), caller()?, &name).await.map_err(fail)?;
    Ok((key_view(key), secret.reveal().to_owned()))
}

pub(super) async fn revoke_api_key(id: ApiKeyId) -> Result<(), AppError> {
    accounts::revoke_api_key(&context(), caller()?, id).await.map_err(fail)
}

pub(super) async fn activity(before: Option<String>) -> Result<Activity, AppError> {
    let (context, mentor) = (context(), caller()?);
    let account = accounts::account(&context, mentor).await.map_err(fail)?;
    let (found, next_cursor) = history::list(&context, mentor, before.as_deref()).await.map_err(fail)?;
    let now = context.now();
    let items: Vec<_> = found.into_iter().map(activity_line).collect();
    let (mut first, mut last) = (now, now);
    for line in &items {
        let (start, other) = match &line.what {
            ActivityOf::Booking { start, other_start, .. } => (Some(*start), *other_start),
            ActivityOf::Account { .. } => (None, None),
        };
        for at in [Some(line.at), start, other].into_iter().flatten() {
            (first, last) = (first.min(at), last.max(at));
        }
    }
    let zone = context.zones.table(&account.timezone, first - TimeDelta::days(1)..last + TimeDelta::days(1));
    let zone = zone.ok_or_else(|| fail(Error::Internal("a zone without rules".into())))?;
    Ok(Activity { lines: Page { items, next_cursor }, zone, now })
}

fn activity_line(of: store::Activity) -> ActivityLine {
    let what = match of.what {
        Happened::Booking { id, kind, name, session_name, during, previous } => ActivityOf::Booking {
            id,
            kind,
            name,
            session_name,
            start: during.start,
            other_start: previous.map(|span| span.start),
        },
        Happened::Change { change, key } => ActivityOf::Account { change, key },
    };
    ActivityLine { at: of.at, by: of.actor, api_key: of.api_key, what }
}

pub(super) async fn try_again() -> Result<(), AppError> {
    let mentor = caller()?;
    jobs::try_again(&context(), mentor).await.map_err(fail)
}

pub(super) async fn calendars() -> Result<Calendars, AppError> {
    let (context, mentor) = (context(), caller()?);
    let page = CalendarsPage::read(&context, mentor).await?;
    let connections = calendar::list(&context, mentor).await.map_err(fail)?;
    page.with(&context, connections).await
}

/// What the page of calendars needs besides the connections. A change reads it first, since what fails after its commit must not
/// turn it into an error.
struct CalendarsPage {
    mentor: MentorId,
    now: DateTime<Utc>,
    zone: OffsetTable,
}

impl CalendarsPage {
    async fn read(context: &Context, mentor: MentorId) -> Result<Self, AppError> {
        let account = accounts::account(context, mentor).await.map_err(fail)?;
        let now = context.now();
        let zone = context.zones.around(&account.timezone, now);
        let zone = zone.ok_or(AppError::Internal).inspect_err(answer_with_status)?;
        Ok(Self { mentor, now, zone })
    }

    async fn with(self, context: &Context, connections: Vec<calendar::ConnectionView>) -> Result<Calendars, AppError> {
        let version = calendar::choice_version(&connections).map_err(fail)?;
        let mut views = Vec::with_capacity(connections.len());
        for of in connections {
            let lapsed = of.provider == "caldav" && of.status == "expired";
            // A help to fill in a form, no more: without it the form begins empty.
            let login = match lapsed {
                true => calendar::caldav_login(context, self.mentor, of.id).await.ok().flatten(),
                false => None,
            };
            views.push(ConnectionView { login, ..connection(of) });
        }
        Ok(Calendars {
            google: context.calendars.google.is_some(),
            microsoft: context.calendars.microsoft.is_some(),
            connections: views,
            version,
            now: self.now,
            zone: self.zone,
        })
    }
}

fn connection(of: calendar::ConnectionView) -> ConnectionView {
    let calendar = |of: calendar::CalendarView| CalendarView {
        id: of.id,
        name: of.name,
        writable: of.writable,
        primary: of.primary,
        blocks: of.blocks,
        receives: of.receives,
    };
    ConnectionView {
        id: of.id,
        provider: of.provider,
        account: of.account,
        status: of.status,
        last_synced_at: of.last_synced_at,
        next_sync_at: of.next_sync_at,
        error: of.error,
        login: None,
        calendars: of.calendars.into_iter().map(calendar).collect(),
    }
}

pub(super) async fn connect_caldav(url: String, username: String, password: String) -> Result<Calendars, AppError> {
    let (context, mentor) = (context(), caller()?);
    let page = CalendarsPage::read(&context, mentor).await?;
    let connected = calendar::connect_caldav(&context, mentor, &url, &username, Secret::new(password)).await;
    let connected = connected.map_err(fail)?;
    let connections = match calendar::list(&context, mentor).await {
        Ok(connections) => connections,
        // It is connected all the same; the others are shown when the page is read again.
        Err(error) => {
            tracing::warn!(%error, "the other connections cannot be read");
            vec![connected]
        }
    };
    page.with(&context, connections).await
}

pub(super) async fn choose_calendars(
    blocking: Vec<CalendarId>,
    receiving: Option<CalendarId>,
    version: Option<String>,
) -> Result<Calendars, AppError> {
    let (context, mentor) = (context(), caller()?);
    let page = CalendarsPage::read(&context, mentor).await?;
    let choice = calendar::Choice { blocking, receiving };
    let chosen = calendar::choose_expected(&context, mentor, &choice, version.as_deref()).await.map_err(fail)?;
    page.with(&context, chosen).await
}

pub(super) async fn sync_calendar(id: ConnectionId) -> Result<Calendars, AppError> {
    let (context, mentor) = (context(), caller()?);
    let page = CalendarsPage::read(&context, mentor).await?;
    let connections = calendar::sync_now(&context, mentor, id).await.map_err(fail)?;
    page.with(&context, connections).await
}

pub(super) async fn disconnect_calendar(id: ConnectionId) -> Result<Calendars, AppError> {
    let (context, mentor) = (context(), caller()?);
    let page = CalendarsPage::read(&context, mentor).await?;
    let left = calendar::disconnect(&context, mentor, id).await.map_err(fail)?;
    page.with(&context, left).await
}

pub(super) async fn outside_hours(id: BookingId, wall: String) -> Result<OutsideView, AppError> {
    let (context, mentor) = (context(), caller()?);
    let invalid = || fail(Error::invalid("wall", "invalid", "Send a date and a time, YYYY-MM-DDTHH:MM."));
    let wall = chrono::NaiveDateTime::parse_from_str(&wall, "%Y-%m-%dT%H:%M").map_err(|_| invalid())?;
    let key = Key::Mentor(mentor, id);
    let timezone = accounts::account(&context, mentor).await.map_err(fail)?.timezone;
    let about = wall.and_utc();
    let zone = context.zones.table(&timezone, about - TimeDelta::days(3)..about + TimeDelta::days(3));
    // A time that clocks skip is none; of one that comes twice the first is meant.
    let start = zone.and_then(|zone| zone.instants(wall).next()).ok_or_else(invalid)?;
    let found = rules::outside(&context, &key, start).await.map_err(fail)?;
    let rules::Outside { possible, listed, busy_in_calendar } = found;
    Ok(OutsideView { start, possible, listed, busy_in_calendar })
}

pub(super) async fn move_outside_hours(id: BookingId, start: DateTime<Utc>) -> Result<BookingView, AppError> {
    let (context, mentor) = (context(), caller()?);
    let key = Key::Mentor(mentor, id);
    let moved = rules::reschedule_within(&context, &key, start, rules::Limits::OutsideHours).await.map_err(fail)?;
    view(&context, moved, Actor::Mentor)
}
