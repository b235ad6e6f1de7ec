//! The booking's own page.

use super::book::{follow_focus, with_posted};
use super::mentor::location_kind;
use crate::AppError;
use crate::api::manage::{BookingKey, BookingView, Status, booking, booking_month, cancel, erase, reschedule};
use crate::api::public::Month;
use crate::carried::{Carried, carried};
use crate::components::head::{Tag, tell};
use crate::components::pick::{
    Pick, encode, instant_tag, month_tag, use_page_query, use_pick, use_shown_clock, with_query,
};
use crate::components::{
    Answer, Button, ErrorSummary, ErrorView, Icon, NotFoundView, Picture, Skeleton, SlotPicker, StartLabel, TextField,
    awaiting, browser, month_answer, use_status,
};
use crate::context::{set_status, use_posted, use_visit};
use crate::format;
use crate::i18n::{city_name, fill, use_language, use_messages};
use chrono::{DateTime, NaiveDate, Utc};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};
use scheduling::ClockFormat;
use scheduling::{LocationKind, OffsetTable, urls};

/// Parts of the address while another time is being chosen.
const MOVING: &[(&str, &str)] = &[("move", "1")];

/// What this page knows and does, for its parts.
#[derive(Clone, Copy)]
struct Page {
    token: StoredValue<String>,
    path: Signal<String>,
    pick: Memo<Pick>,
    hours: Signal<ClockFormat>,
    error: RwSignal<Option<AppError>>,
    pending: RwSignal<bool>,
    refetch: Callback<()>,
    refetch_month: Callback<()>,
}

impl Page {
    /// Does what a form asks for. While it is under way a second press does nothing; what fails is said above.
    fn submit(self, event: &SubmitEvent, act: impl Future<Output = Result<(), AppError>> + 'static) {
        event.prevent_default();
        if self.pending.get_untracked() {
            return;
        }
        self.pending.set(true);
        self.error.set(None);
        spawn_local(async move {
            if let Err(error) = act.await {
                self.error.set(Some(error));
                self.refetch.run(());
            }
            self.pending.set(false);
        });
    }
}

/// `/b/{manage_token}`: the booking as it is now, for the mentee.
#[component]
pub fn BookingPage() -> impl IntoView {
    let params = use_params_map();
    let query = use_page_query();
    let token = params.with_untracked(|params| params.get("token").unwrap_or_default());
    let key = BookingKey::Token(token.clone());
    let posted = use_posted();
    let posted_move = posted.as_ref().is_some_and(|posted| posted.value("action") == "reschedule");
    let pick = with_posted(use_pick());
    // The answer to a form is not loaded once more.
    if posted.is_none() && pick.with_untracked(|pick| pick.timezone.is_none()) {
        let here = use_visit().with_untracked(|visit| visit.timezone.clone());
        tell(Tag::Zone, here.as_deref().unwrap_or_default());
    }
    let moving = Memo::new(move |_| query.with(|query| query.get_str("move").is_some()) || posted_move);

    let data = {
        let key = key.clone();
        carried(|| (), move |()| booking(key.clone()))
    };
    let busy = RwSignal::new(false);
    let month = carried(
        move || {
            let wanted = pick.with(|pick| (pick.month.clone(), pick.timezone.clone()));
            moving.get().then_some(wanted)
        },
        move |wanted| {
            let key = key.clone();
            async move {
                match wanted {
                    Some((wanted, zone)) => awaiting(busy, booking_month(key, wanted, zone)).await.map(Some),
                    None => Ok(None),
                }
            }
        },
    );
    let path = urls::manage(&token);
    let page = Page {
        token: StoredValue::new(token),
        path: Signal::derive(move || path.clone()),
        pick,
        hours: use_shown_clock(pick).into(),
        error: RwSignal::new(posted.and_then(|posted| posted.error)),
        pending: RwSignal::new(false),
        refetch: Callback::new(move |()| data.refetch()),
        refetch_month: Callback::new(move |()| month.refetch()),
    };
    follow_focus(pick);
    // Between the booking and the calendar the path stays the same, the page does not.
    Effect::new(move |before: Option<bool>| {
        let moving = moving.get();
        if before.is_some_and(|before| before != moving) {
            browser::focus("main");
        }
        moving
    });
    let awaited = RwSignal::new(None);

    let view = move || {
        data.get().map(|result| match result {
            Ok(booking) => {
                let t = use_messages().public;
                let title = fill(t.booking_title, &[("name", &booking.mentor_name)]);
                let booking = StoredValue::new(booking);
                let body = move || {
                    let can_move = booking.with_value(|booking| booking.can_move);
                    if moving.get() && can_move {
                        view! { <Move page=page booking=booking month=month busy=busy awaited=awaited/> }.into_any()
                    } else {
                        view! { <Booked page=page booking=booking.get_value()/> }.into_any()
                    }
                };
                view! {
                    <Title text=title/>
                    {body}
                }
                .into_any()
            }
            Err(AppError::NotFound) => {
                let t = use_messages().public;
                view! { <NotFoundView title=t.booking_unknown_title text=t.booking_unknown_text/> }.into_any()
            }
            Err(AppError::AccountClosed) => {
                let t = use_messages().public;
                set_status(410);
                view! {
                    <Title text=t.closed_title/>
                    <div class="stack">
                        <h1>{t.closed_title}</h1>
                        <p class="lead">{t.closed_text}</p>
                        <p><a class="button" href=urls::HOME>{t.closed_others}</a></p>
                    </div>
                }
                .into_any()
            }
            Err(error) => view! { <ErrorView page=true error=error retry=page.refetch/> }.into_any(),
        })
    };
    tell(Tag::Name("robots"), "noindex");
    tell(Tag::Name("referrer"), "same-origin");
    view! {
        <div class="page">
            <Transition fallback=|| view! { <Skeleton lines=8/> }>
                {view}
            </Transition>
        </div>
    }
    .into_any()
}

/// The booking, and what can be done with it.
#[component]
fn Booked(page: Page, booking: BookingView) -> impl IntoView {
    let t = use_messages().public;
    let query = use_page_query();
    let over = booking.end <= booking.now;
    let live = matches!(booking.status, Status::Confirmed | Status::Pending);
    let fresh = query.with_untracked(|query| query.get_str("new").is_some()) && live && booking.sequence == 0;
    let moved = query.with_untracked(|query| query.get_str("moved").is_some()) && live && booking.sequence > 0;

    let name = booking.mentor_name.as_str();
    let email = booking.mentee_email.as_str();
    let (title, text) = match booking.status {
        Status::Confirmed if fresh => (t.booked_title, fill(t.booked_text, &[("email", email)])),
        Status::Pending if fresh => (t.requested_title, fill(t.requested_text, &[("name", name), ("email", email)])),
        Status::Cancelled => (t.cancelled_title, cancelled_text(&booking)),
        Status::Declined => (t.declined_title, fill(t.declined_text, &[("name", name)])),
        _ if moved && !over => (t.moved_title, fill(t.moved_text, &[("email", email)])),
        _ if over => (t.past_title, String::new()),
        Status::Pending => (t.pending_title, fill(t.pending_text, &[("name", name)])),
        Status::Confirmed if booking.start <= booking.now => (t.running_title, String::new()),
        Status::Confirmed => ("", String::new()),
    };
    let sealed = booking.status == Status::Confirmed && !over;
    let line = fill(t.booking_line, &[("name", name), ("session", &booking.session_name)]);
    let heading = if title.is_empty() { line.clone() } else { title.to_string() };
    let subtitle = (!title.is_empty()).then_some(line);
    let again = (!live || over).then(|| urls::book(&booking.mentor_handle, &booking.session_slug));
    let reason = booking.reason.clone().filter(|reason| !reason.is_empty());

    view! {
        <article class="booked" data-state=if live && !over { "live" } else { "over" }>
            <header class="booked-head">
                {sealed
                    .then(|| {
                        view! {
                            <span class="seal-mark booked-seal" data-fresh=(fresh || moved).then_some("true") lang="ko" aria-hidden="true">
                                <span>"약"</span>
                                <span>"속"</span>
                            </span>
                        }
                    })}
                <div>
                    <StatusBadge booking=booking.clone()/>
                    <h1 dir="auto">{heading}</h1>
                    {subtitle.map(|line| view! { <p class="lead">{line}</p> })}
                    {(!text.is_empty()).then_some(text).map(|text| view! { <p class="booked-text">{text}</p> })}
                </div>
            </header>
            <ErrorSummary error=page.error/>
            {reason
                .map(|reason| {
                    view! {
                        <div class="banner">
                            <strong>{t.reason_given}</strong>
                            <p class="prose" dir="auto">{reason}</p>
                        </div>
                    }
                })}
            <Facts booking=booking.clone() hours=page.hours/>
            {again
                .map(|href| {
                    view! {
                        <p>
                            <a class="button" data-kind="primary" href=href>
                                {t.book_again}
                            </a>
                        </p>
                    }
                })}
            {(live && !over).then(|| view! { <AddToCalendar page=page booking=booking.clone()/> })}
            {(live && !over).then(|| view! { <Change page=page booking=booking.clone()/> })}
            {(live && !over).then(|| view! { <KeepLink page=page/> })}
            <Details page=page booking=booking.clone() upcoming=live && !over/>
        </article>
    }
    .into_any()
}

/// Where the booking stands, in a word.
#[component]
pub fn StatusBadge(
    /// Which one.
    booking: BookingView,
) -> impl IntoView {
    let t = use_messages().common;
    let over = booking.end <= booking.now;
    let (text, tone) = match booking.status {
        Status::Cancelled => (t.status_cancelled, "danger"),
        Status::Declined => (t.status_declined, "danger"),
        _ if over => (t.status_past, ""),
        Status::Pending => (t.status_pending, "warn"),
        Status::Confirmed => (t.status_confirmed, "ok"),
    };
    view! {
        <p class="badge-line">
            <span class="badge" data-tone=(!tone.is_empty()).then_some(tone)>{text}</span>
        </p>
    }
    .into_any()
}

fn cancelled_text(booking: &BookingView) -> String {
    let t = use_messages().public;
    let template = match booking.cancelled_by.as_deref() {
        Some("mentee") => t.cancelled_by_mentee,
        Some("mentor") => t.cancelled_by_mentor,
        Some("calendar") => t.cancelled_by_calendar,
        Some("expiry") => t.cancelled_by_expiry,
        _ => t.cancelled_other,
    };
    fill(template, &[("name", &booking.mentor_name)])
}

/// Date, time and zone of a session, as three lines.
#[component]
fn WhenLines(start: DateTime<Utc>, end: DateTime<Utc>, zone: OffsetTable, hours: Signal<ClockFormat>) -> impl IntoView {
    let language = use_language();
    let (from, to) = (zone.wall(start), zone.wall(end));
    view! {
        <span class="when">
            <span class="when-date">{format::date_with_year(from.date(), language)}</span>
            <span class="when-time">{move || format::time_range(from, to, hours.get(), language)}</span>
            <span class="when-zone">{format::zone_with_offset(&zone, start)}</span>
        </span>
    }
    .into_any()
}

#[component]
fn Facts(booking: BookingView, hours: Signal<ClockFormat>) -> impl IntoView {
    let messages = use_messages();
    let t = messages.public;
    let language = use_language();
    let differs = booking.mentee_zone.offset_at(booking.start) != booking.mentor_zone.offset_at(booking.start);
    let city = city_name(&booking.mentor_zone.name);
    // Opened in a third zone, or booked in the mentor's for want of a better one.
    let offset = |zone: &OffsetTable| zone.offset_at(booking.start);
    let known = [offset(&booking.mentee_zone), offset(&booking.mentor_zone)];
    let here = booking.here.clone().filter(|zone| !known.contains(&offset(zone)));
    let place = booking.location.as_ref().map(|location| {
        let kind = location_kind(location);
        let value = location.value.clone();
        let is_link = value.starts_with("https://") || value.starts_with("http://");
        let value = match location.kind {
            LocationKind::Link | LocationKind::Meet | LocationKind::Teams if is_link => {
                view! { <a href=value.clone() rel="external noopener noreferrer" target="_blank">{value.clone()}</a> }
                    .into_any()
            }
            LocationKind::Phone => {
                view! { <a href=format!("tel:{}", value.replace(' ', "")) rel="external">{value.clone()}</a> }
                    .into_any()
            }
            _ if !value.is_empty() => view! { <span class="prose" dir="auto">{value}</span> }.into_any(),
            _ => view! { <span class="muted">{messages.common.location_to_come}</span> }.into_any(),
        };
        view! {
            <div>
                <dt>{t.fact_location}</dt>
                <dd>{kind} <br/> {value}</dd>
            </div>
        }
    });
    view! {
        <dl class="facts">
            <div>
                <dt>{t.fact_when}</dt>
                <dd><WhenLines start=booking.start end=booking.end zone=booking.mentee_zone.clone() hours=hours/></dd>
            </div>
            {differs
                .then(|| {
                    view! {
                        <div>
                            <dt>{fill(t.fact_when_mentor, &[("city", &city)])}</dt>
                            <dd><WhenLines start=booking.start end=booking.end zone=booking.mentor_zone.clone() hours=hours/></dd>
                        </div>
                    }
                })}
            {here
                .map(|zone| {
                    view! {
                        <div>
                            <dt>{t.fact_when_here}</dt>
                            <dd><WhenLines start=booking.start end=booking.end zone=zone hours=hours/></dd>
                        </div>
                    }
                })}
            <div>
                <dt>{t.fact_with}</dt>
                <dd>
                    <a href=urls::mentor(&booking.mentor_handle)><bdi>{booking.mentor_name.clone()}</bdi></a>
                    <br/>
                    <span class="muted">
                        <bdi>{booking.session_name.clone()}</bdi> " · " {format::duration(booking.duration_minutes.into(), language)}
                    </span>
                </dd>
            </div>
            {place}
            {(!booking.erased)
                .then(|| {
                    view! {
                        <div>
                            <dt>{t.fact_you}</dt>
                            <dd><bdi>{booking.mentee_name.clone()}</bdi> <br/> <span class="muted">{booking.mentee_email.clone()}</span></dd>
                        </div>
                    }
                })}
            {booking
                .notes
                .filter(|notes| !notes.is_empty())
                .map(|notes| {
                    view! {
                        <div>
                            <dt>{t.fact_notes}</dt>
                            <dd class="prose" dir="auto">{notes}</dd>
                        </div>
                    }
                })}
        </dl>
    }
    .into_any()
}

#[component]
fn AddToCalendar(page: Page, booking: BookingView) -> impl IntoView {
    let t = use_messages().public;
    let base = use_visit().with_untracked(|visit| visit.base_url.clone());
    let invite = page.token.with_value(|token| urls::manage_invite(token));
    let subject = format!("{} · {}", booking.session_name, fill(t.calendar_subject, &[("name", &booking.mentor_name)]));
    let text = format!("{} {base}{}", t.calendar_manage, page.path.get_untracked());
    let place = booking.location.as_ref().map(|location| location.value.clone()).unwrap_or_default();
    let basic = |at: DateTime<Utc>| instant_tag(at).replace(['-', ':'], "");
    let google = with_query(
        "https://calendar.google.com/calendar/render",
        &[
            ("action", "TEMPLATE".into()),
            ("text", subject.clone()),
            ("dates", format!("{}/{}", basic(booking.start), basic(booking.end))),
            ("details", text.clone()),
            ("location", place.clone()),
        ],
    );
    let outlook = with_query(
        "https://outlook.live.com/calendar/0/deeplink/compose",
        &[
            ("path", "/calendar/action/compose".into()),
            ("rru", "addevent".into()),
            ("startdt", instant_tag(booking.start)),
            ("enddt", instant_tag(booking.end)),
            ("subject", subject),
            ("body", text),
            ("location", place),
        ],
    );
    view! {
        <section class="booked-part" aria-labelledby="add-title">
            <h2 id="add-title">{t.add_to_calendar}</h2>
            <div class="button-row">
                <a class="button" href=google target="_blank" rel="external noopener noreferrer">{t.add_google}</a>
                <a class="button" href=outlook target="_blank" rel="external noopener noreferrer">{t.add_outlook}</a>
                <a class="button" href=invite rel="external" download="invite.ics">
                    <Icon picture=Picture::Download/>
                    {t.add_ics}
                </a>
            </div>
        </section>
    }
    .into_any()
}

/// Moving and cancelling, or why not.
#[component]
fn Change(page: Page, booking: BookingView) -> impl IntoView {
    let messages = use_messages();
    let t = messages.public;
    let language = use_language();
    let status = use_status();
    let posted_cancel = use_posted().filter(|posted| posted.value("action") == "cancel");
    let notice = format::duration(booking.cancel_notice_minutes, language);
    let zone = booking.mentee_zone.clone();
    let began = booking.start <= booking.now;
    let explained = {
        let booking = booking.clone();
        move || {
            let wall = zone.wall(booking.change_until);
            let until = format!(
                "{}, {}",
                format::date(wall.date(), language),
                format::time(wall.time(), page.hours.get(), language)
            );
            match (booking.can_cancel, booking.cancel_notice_minutes) {
                (true, 0) => t.change_until_start.to_string(),
                (true, _) => fill(t.change_until, &[("notice", &notice), ("until", &until)]),
                (false, 0) => t.change_too_late.to_string(),
                (false, _) if began => t.change_too_late.to_string(),
                (false, _) => fill(t.change_too_late_notice, &[("notice", &notice)]),
            }
        }
    };
    let move_href = {
        let zone = booking.mentee_zone.name.clone();
        let month = month_tag(booking.mentee_zone.wall(booking.start).date());
        move || {
            let from = Pick { timezone: Some(zone.clone()), month: Some(month.clone()), ..page.pick.get().cleared() };
            page.path.with(|path| from.href(path, MOVING))
        }
    };
    let reason = RwSignal::new(posted_cancel.as_ref().map(|posted| posted.value("reason")).unwrap_or_default());
    let submit = move |event: SubmitEvent| {
        let key = BookingKey::Token(page.token.get_value());
        let text = reason.get_untracked().trim().to_string();
        page.submit(&event, async move {
            cancel(key, (!text.is_empty()).then_some(text)).await?;
            status.say(t.cancel_done);
            page.refetch.run(());
            browser::focus("main");
            Ok(())
        });
    };
    let cancelling = booking.can_cancel.then(|| {
        view! {
            <details class="disclosure" id="cancel" open=posted_cancel.is_some()>
                <summary class="button" data-kind="danger">{t.cancel_booking}</summary>
                <form class="form card" method="post" action=page.path.get_untracked() on:submit=submit>
                    <h3>{t.cancel_question}</h3>
                    <p>{fill(t.cancel_explained, &[("name", &booking.mentor_name)])}</p>
                    <input type="hidden" name="action" value="cancel"/>
                    <TextField
                        name="reason"
                        label=t.cancel_reason
                        bind=reason
                        multiline=true
                        optional=true
                        max=4000_u32
                        hint=t.cancel_reason_hint.to_string()
                    />
                    <div class="button-row">
                        <Button kind="danger" pending=page.pending>{t.cancel_confirm}</Button>
                    </div>
                </form>
            </details>
        }
    });
    view! {
        <section class="booked-part" aria-labelledby="change-title">
            <h2 id="change-title">{t.change_heading}</h2>
            <p class="muted">{explained}</p>
            <div class="change-row">
                {booking
                    .can_move
                    .then(|| {
                        view! {
                            <a class="button" href=move_href rel="nofollow">
                                <Icon picture=Picture::Calendar/>
                                {t.reschedule}
                            </a>
                        }
                    })} {cancelling}
            </div>
        </section>
    }
    .into_any()
}

/// What we keep of whoever booked, and having it erased.
#[component]
fn Details(page: Page, booking: BookingView, upcoming: bool) -> impl IntoView {
    let t = use_messages().public;
    let status = use_status();
    let asked = use_posted().is_some_and(|posted| posted.value("action") == "erase");
    let submit = move |event: SubmitEvent| {
        page.submit(&event, async move {
            erase(page.token.get_value()).await?;
            status.say(t.erase_done);
            page.refetch.run(());
            browser::focus("main");
            Ok(())
        });
    };
    let what = match (booking.erased, upcoming) {
        (true, _) => view! { <p>{t.erased_text}</p> }.into_any(),
        (false, true) if booking.can_cancel => view! {
            <p class="muted">{t.erase_cancel_first} " " <a href="#cancel" rel="external">{t.erase_to_cancel}</a></p>
        }
        .into_any(),
        (false, true) => view! { <p class="muted">{t.erase_when_over}</p> }.into_any(),
        (false, false) => view! {
            <details class="disclosure" open=asked>
                <summary class="button">{t.erase_details}</summary>
                <form class="form card" method="post" action=page.path.get_untracked() on:submit=submit>
                    <h3>{t.erase_question}</h3>
                    <p>{fill(t.erase_explained, &[("name", &booking.mentor_name)])}</p>
                    <p>{t.erase_final}</p>
                    <input type="hidden" name="action" value="erase"/>
                    <div class="button-row">
                        <Button kind="danger" pending=page.pending>{t.erase_confirm}</Button>
                    </div>
                </form>
            </details>
        }
        .into_any(),
    };
    view! {
        <section class="booked-part" aria-labelledby="your-details-title">
            <h2 id="your-details-title">{t.your_details}</h2>
            {what}
        </section>
    }
    .into_any()
}

#[component]
fn KeepLink(page: Page) -> impl IntoView {
    let messages = use_messages();
    let t = messages.public;
    let status = use_status();
    let hydrated = browser::use_hydrated();
    let address = use_visit().with_untracked(|visit| format!("{}{}", visit.base_url, page.path.get_untracked()));
    let copied = StoredValue::new(address.clone());
    let copy = move |()| {
        spawn_local(async move {
            if browser::copy(&copied.get_value()).await {
                status.say(messages.common.copied);
            }
        });
    };
    view! {
        <section class="booked-part" aria-labelledby="link-title">
            <h2 id="link-title">{t.keep_link}</h2>
            <p class="muted">{t.keep_link_text}</p>
            <p class="keep-link">
                <a href=page.path.get_untracked()>{address}</a>
                <span hidden=move || !hydrated.get()>
                    <Button size="small" on_press=copy>
                        <Icon picture=Picture::Copy/>
                        {messages.common.copy}
                    </Button>
                </span>
            </p>
        </section>
    }
    .into_any()
}

/// Choosing another time: the same calendar, then from and to side by side.
#[component]
fn Move(
    page: Page,
    booking: StoredValue<BookingView>,
    month: Carried<Result<Option<Month>, AppError>>,
    busy: RwSignal<bool>,
    awaited: RwSignal<Option<NaiveDate>>,
) -> impl IntoView {
    let t = use_messages().public;
    let keep = move || {
        let at = page.pick.get().cleared();
        page.path.with(|path| Pick { timezone: None, ..at }.href(path, &[]))
    };
    view! {
        <div class="moving" data-step=move || page.pick.with(Pick::step)>
            <header class="moving-head">
                <a class="step-back" href=keep>
                    <Icon picture=Picture::ArrowLeft/>
                    {t.move_keep}
                </a>
                <h1>{t.move_title}</h1>
                <p class="muted">{t.move_text}</p>
                {booking
                    .with_value(|booking| {
                        view! {
                            <p class="moving-now">
                                <span class="muted small">{t.move_from}</span>
                                <WhenLines
                                    start=booking.start
                                    end=booking.end
                                    zone=booking.mentee_zone.clone()
                                    hours=page.hours
                                />
                            </p>
                        }
                    })}
            </header>
            <ErrorSummary error=page.error/>
            <Transition fallback=|| view! { <Skeleton lines=8/> }>
                <MoveChoosing page=page booking=booking month=month busy=busy awaited=awaited/>
            </Transition>
        </div>
    }
    .into_any()
}

/// The calendar with its times, or once one is chosen the question whether to move there.
#[component]
fn MoveChoosing(
    page: Page,
    booking: StoredValue<BookingView>,
    month: Carried<Result<Option<Month>, AppError>>,
    busy: RwSignal<bool>,
    awaited: RwSignal<Option<NaiveDate>>,
) -> impl IntoView {
    let nothing = use_messages().public.nothing_free_move;
    let (answer, month) = month_answer(move || month.get().and_then(Result::transpose));
    let start = Memo::new(move |_| page.pick.with(|pick| pick.start));
    move || match answer.get() {
        Answer::Awaited => ().into_any(),
        Answer::Failed(error) => view! { <ErrorView error=error retry=page.refetch_month/> }.into_any(),
        Answer::Here => match start.get() {
            Some(start) => {
                let (zone, mentor) =
                    month.with(|month| (month.zone.clone(), StartLabel::new(start, &month.zone, &month.mentor_zone)));
                view! { <ConfirmMove page=page booking=booking start=start zone=zone mentor=mentor/> }.into_any()
            }
            None => view! {
                <SlotPicker
                    month=month
                    pick=page.pick
                    path=page.path
                    fixed=MOVING
                    busy=busy
                    awaited=awaited
                    nothing=nothing
                />
            }
            .into_any(),
        },
    }
}

#[component]
fn ConfirmMove(
    page: Page,
    booking: StoredValue<BookingView>,
    start: DateTime<Utc>,
    zone: OffsetTable,
    mentor: StartLabel,
) -> impl IntoView {
    let t = use_messages().public;
    let navigate = use_navigate();
    let (length, action) = (booking.with_value(|booking| booking.end - booking.start), page.path.get_untracked());
    let date = zone.wall(start).date();
    let back = move || {
        let next = Pick { start: None, month: Some(month_tag(date)), date: Some(date), ..page.pick.get() };
        page.path.with(|path| next.href(path, MOVING))
    };
    let submit = move |event: SubmitEvent| {
        let key = BookingKey::Token(page.token.get_value());
        let navigate = navigate.clone();
        let back = untrack(back);
        page.submit(&event, async move {
            match reschedule(key, start).await {
                Ok(_) => {
                    let mut address = format!("{}?moved=1", page.path.get_untracked());
                    if let Some(hours) = page.pick.with_untracked(|pick| pick.hours) {
                        address.push_str("&h=");
                        encode(hours.tag(), &mut address);
                    }
                    page.refetch.run(());
                    navigate(&address, NavigateOptions { replace: true, ..Default::default() });
                    browser::focus("main");
                }
                Err(AppError::SlotUnavailable) => {
                    page.error.set(Some(AppError::SlotUnavailable));
                    page.refetch_month.run(());
                    navigate(&back, NavigateOptions { replace: true, scroll: false, ..Default::default() });
                }
                Err(error) => return Err(error),
            }
            Ok(())
        });
    };
    view! {
        <section class="pane pane-details" aria-labelledby="details-title">
            <a class="step-back" href=back data-noscroll="true" rel="nofollow">
                <Icon picture=Picture::ArrowLeft/>
                {t.back_to_times}
            </a>
            <h2 id="details-title" tabindex="-1">{t.move_confirm_title}</h2>
            <div class="chosen">
                <p class="muted small">{t.move_to}</p>
                <WhenLines start=start end=start + length zone=zone.clone() hours=page.hours/>
                {mentor.mentor(page.hours.get_untracked()).map(|view| view! { <p class="muted small">{view}</p> })}
            </div>
            <form class="form" method="post" action=action on:submit=submit>
                <input type="hidden" name="action" value="reschedule"/>
                <input type="hidden" name="start" value=instant_tag(start)/>
                <input type="hidden" name="timezone" value=zone.name/>
                <div class="button-row">
                    <Button kind="seal" pending=page.pending>{t.move_confirm}</Button>
                </div>
            </form>
        </section>
    }
    .into_any()
}
