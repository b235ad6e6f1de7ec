//! Who changed what.

use super::calendars::provider_name;
use crate::api::dashboard::{Activity, ActivityLine, ActivityOf, activity};
use crate::carried::carried;
use crate::components::pick::{day_shift, instant_tag, with_query};
use crate::components::{ErrorView, Icon, Picture, Skeleton};
use crate::context::use_clock;
use crate::format;
use crate::i18n::{fill, use_language, use_messages};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use scheduling::{Actor, Change, EventKind, OffsetTable, Way, urls};

/// Who changed what, newest first.
#[component]
pub fn ActivityPage() -> impl IntoView {
    let t = use_messages().activity();
    let address = use_query_map();
    let before = Memo::new(move |_| address.with(|query| query.get("before")).filter(|cursor| !cursor.is_empty()));
    let page = carried(move || before.get(), activity);
    view! {
        <Title text=t.title/>
        <div class="stack">
            <a class="back-link" href=urls::SETTINGS>
                <Icon picture=Picture::ArrowLeft/>
                {t.back}
            </a>
            <div class="page-head">
                <h1>{t.title}</h1>
            </div>
            <p class="muted">{t.text}</p>
            <Transition fallback=|| view! { <Skeleton lines=8/> }>
                {move || {
                    let first = before.with(Option::is_none);
                    Suspend::new(async move {
                        match page.await {
                            Ok(page) => view! { <Days page=page first=first/> }.into_any(),
                            Err(error) => view! { <ErrorView error=error retry=move |()| page.refetch()/> }.into_any(),
                        }
                    })
                }}
            </Transition>
        </div>
    }
}

/// What happened, grouped by day, and the way to what happened before.
#[component]
fn Days(page: Activity, first: bool) -> impl IntoView {
    let t = use_messages().activity();
    let Activity { lines, zone, now } = page;
    if lines.items.is_empty() {
        return view! {
            <div class="empty">
                <h2>{t.none_title}</h2>
                <p>{t.none_text}</p>
            </div>
        }
        .into_any();
    }
    let mut days: Vec<(NaiveDate, Vec<ActivityLine>)> = Vec::new();
    for line in lines.items {
        let date = zone.wall(line.at).date();
        match days.last_mut() {
            Some((last, of_day)) if *last == date => of_day.push(line),
            _ => days.push((date, vec![line])),
        }
    }
    let today = zone.wall(now).date();
    let groups = days
        .into_iter()
        .map(|(date, lines)| {
            let lines =
                lines.into_iter().map(|line| view! { <Line line=line zone=zone.clone() now=now/> }).collect_view();
            view! {
                <section class="booking-day">
                    <h2>{day_text(date, today)}</h2>
                    <ul class="booking-cards">{lines}</ul>
                </section>
            }
        })
        .collect_view();
    let older = lines.next_cursor.map(|cursor| with_query(urls::ACTIVITY, &[("before", cursor)]));
    view! {
        <div class="stack">{groups}</div>
        <div class="button-row">
            {older.map(|href| view! { <a class="button" href=href rel="next">{t.older}</a> })}
            {(!first).then(|| view! { <a class="button" data-kind="quiet" href=urls::ACTIVITY>{t.newest}</a> })}
        </div>
    }
    .into_any()
}

fn day_text(date: NaiveDate, today: NaiveDate) -> impl IntoView {
    let (messages, language) = (use_messages(), use_language());
    let relative = match date {
        _ if date == today => Some(messages.dashboard().today_head),
        _ if date == day_shift(today, -1) => Some(messages.activity().yesterday),
        _ => None,
    };
    view! {
        {relative.map(|text| view! { <span class="day-relative">{text}</span> " " })}
        <span>{format::date_with_year(date, language)}</span>
    }
}

#[component]
fn Line(line: ActivityLine, zone: OffsetTable, now: DateTime<Utc>) -> impl IntoView {
    let t = use_messages().activity();
    let time = format::time(zone.wall(line.at).time(), use_clock(), use_language());
    let by = match (line.by, &line.api_key) {
        (Actor::Mentee, _) => t.by_mentee.to_owned(),
        (Actor::Mentor, Some(key)) => fill(t.by_key, &[("key", key)]),
        (Actor::Mentor, None) => t.by_mentor.to_owned(),
        (Actor::Calendar, _) => t.by_calendar.to_owned(),
        (Actor::Expiry, _) => t.by_itself.to_owned(),
        (Actor::Platform, _) => t.by_platform.to_owned(),
        (Actor::Retention, _) => t.by_retention.to_owned(),
    };
    let sentence = match &line.what {
        ActivityOf::Booking { id, .. } => {
            let href = urls::dashboard_booking(*id);
            view! { <a href=href>{of_booking(&line.what, &zone, now)}</a> }.into_any()
        }
        ActivityOf::Account { change, key } => of_account(change, key.as_deref().unwrap_or_default()).into_any(),
    };
    view! {
        <li class="activity-line">
            <time datetime=instant_tag(line.at)>{time}</time>
            <div>
                <p>{sentence}</p>
                <p class="muted small">{by}</p>
            </div>
        </li>
    }
}

fn of_booking(what: &ActivityOf, zone: &OffsetTable, now: DateTime<Utc>) -> String {
    let (t, language) = (use_messages().activity(), use_language());
    let ActivityOf::Booking { kind, name, session_name, start, other_start, .. } = what else { return String::new() };
    let when = |at: DateTime<Utc>| {
        let wall = zone.wall(at);
        let this_year = wall.year() == zone.wall(now).year();
        let date = if this_year { format::date_short } else { format::date_with_year };
        format!("{}, {}", date(wall.date(), language), format::time(wall.time(), use_clock(), language))
    };
    let template = match kind {
        EventKind::Booked => t.booked,
        EventKind::Requested => t.requested,
        EventKind::Confirmed => t.confirmed,
        EventKind::Declined => t.declined,
        EventKind::Moved => t.moved,
        EventKind::Cancelled => t.cancelled,
        EventKind::MoveRefused => t.move_refused,
        EventKind::Erased => t.erased,
    };
    fill(
        template,
        &[
            ("name", name.as_deref().unwrap_or(t.erased_name)),
            ("session", session_name),
            ("when", &when(*start)),
            ("from", &when(other_start.unwrap_or(*start))),
        ],
    )
}

fn of_account(change: &Change, key: &str) -> String {
    let t = use_messages().activity();
    let provider = |provider: &str, account: &str, template: &str| {
        fill(template, &[("provider", provider_name(provider)), ("account", account)])
    };
    let also = |text: String, timezone: &Option<[String; 2]>| match timezone {
        Some([from, to]) => format!("{text}; {}", fill(t.timezone_changed, &[("from", from), ("to", to)])),
        None => text,
    };
    match change {
        Change::AccountCreated => t.account_created.to_owned(),
        Change::EmailConfirmed => t.email_confirmed.to_owned(),
        Change::SignedIn { way: Way::Password } => t.signed_in_password.to_owned(),
        Change::SignedIn { way: Way::Link } => t.signed_in_link.to_owned(),
        Change::LoginLinkMade => t.login_link_made.to_owned(),
        Change::PasswordChanged => t.password_changed.to_owned(),
        Change::ProfileChanged { timezone } => also(t.profile_changed.to_owned(), timezone),
        Change::ApiKeyCreated { .. } => fill(t.key_created, &[("key", key)]),
        Change::ApiKeyRevoked { .. } => fill(t.key_revoked, &[("key", key)]),
        Change::HoursChanged { windows, overrides, blocked, timezone } => {
            let [windows, overrides, blocked] = [windows, overrides, blocked].map(ToString::to_string);
            let counts = [("windows", &*windows), ("overrides", &*overrides), ("blocked", &*blocked)];
            also(fill(t.hours_changed, &counts), timezone)
        }
        Change::SessionTypeAdded { slug } => fill(t.type_added, &[("slug", slug)]),
        Change::SessionTypeChanged { slug } => fill(t.type_changed, &[("slug", slug)]),
        Change::SessionTypeDeleted { slug } => fill(t.type_deleted, &[("slug", slug)]),
        Change::CalendarConnected { provider: p, account } => provider(p, account, t.calendar_connected),
        Change::CalendarDisconnected { provider: p, account } => provider(p, account, t.calendar_disconnected),
        Change::CalendarExpired { provider: p, account } => provider(p, account, t.calendar_expired),
        Change::CalendarsChosen { blocking, receiving } => {
            let template = if *receiving { t.calendars_receiving } else { t.calendars_not_receiving };
            fill(template, &[("count", &blocking.to_string())])
        }
    }
}
