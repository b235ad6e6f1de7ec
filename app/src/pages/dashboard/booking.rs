//! One booking.

use super::bookings::StatusBadge;
use super::decide::{Act, Acting, Decide};
use crate::AppError;
use crate::api::manage::{
    BookingKey, BookingView, OutsideView, Status, booking, booking_month, move_outside_hours, outside_hours, reschedule,
};
use crate::carried::carried;
use crate::components::pick::{Pick, use_pick, use_shown_clock};
use crate::components::{
    Button, ErrorView, Icon, NotFoundView, Picture, ScriptControls, Skeleton, SlotPicker, TextField, awaiting, live,
    use_status,
};
use crate::context::use_clock;
use crate::format;
use crate::i18n::{error_text, fill, use_language, use_messages};
use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;
use leptos::task::spawn_local_scoped;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use scheduling::{BookingId, Location, LocationKind, OffsetTable, urls};

const MOVING: &[(&str, &str)] = &[("move", "1")];

/// One booking, as the mentor sees it.
#[component]
pub fn BookingDetailPage() -> impl IntoView {
    let t = use_messages().dashboard();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).and_then(|id| id.parse::<BookingId>().ok()));
    let shown = carried(
        move || id.get(),
        |id| async move {
            match id {
                Some(id) => booking(BookingKey::Own(id)).await,
                None => Err(AppError::NotFound),
            }
        },
    );
    view! {
        <div class="stack booking-page">
            <a class="back-link" href=urls::DASHBOARD>
                <Icon picture=Picture::ArrowLeft/>
                {t.back_to_bookings}
            </a>
            <Transition fallback=|| view! { <Skeleton lines=6/> }>
                {move || Suspend::new(async move {
                    match shown.await {
                        Ok(booking) => view! {
                            <ScriptControls>
                                <Detail booking=booking/>
                            </ScriptControls>
                        }
                        .into_any(),
                        Err(AppError::NotFound) => view! { <NotFoundView title=t.booking_unknown text=t.booking_unknown_text/> }.into_any(),
                        Err(error) => view! { <ErrorView error=error retry=move |()| shown.refetch()/> }.into_any(),
                    }
                })}
            </Transition>
        </div>
    }
}

/// When, in words: date, times, zone.
fn when(start: DateTime<Utc>, end: DateTime<Utc>, zone: &OffsetTable) -> impl IntoView + use<> {
    let language = use_language();
    let (from, to) = (zone.wall(start), zone.wall(end));
    view! {
        <span class="when-date">{format::date_with_year(from.date(), language)}</span>
        <br/>
        <span class="when-time">{format::time_range(from, to, use_clock(), language)}</span>
        " "
        <span class="muted small">{format::zone_with_offset(zone, start)}</span>
    }
}

fn place(location: &Location) -> impl IntoView + use<> {
    let t = use_messages().common;
    let kind = match location.kind {
        LocationKind::Link => t.location_link,
        LocationKind::Phone => t.location_phone,
        LocationKind::InPerson => t.location_in_person,
        LocationKind::Meet => t.location_meet,
        LocationKind::Teams => t.location_teams,
    };
    let value = location.value.clone();
    let is_link = value.starts_with("https://") || value.starts_with("http://");
    let value = match (is_link, value.is_empty()) {
        (true, _) => {
            view! { <a href=value.clone() rel="noopener noreferrer" target="_blank">{value.clone()}</a> }.into_any()
        }
        (false, false) => view! { <span>{value}</span> }.into_any(),
        (false, true) => view! { <span class="muted">{t.location_to_come}</span> }.into_any(),
    };
    view! { {kind} <br/> {value} }
}

#[component]
fn Detail(booking: BookingView) -> impl IntoView {
    let (t, language) = (use_messages().dashboard(), use_language());
    let query = use_query_map();
    let id = booking.id;
    let path = urls::dashboard_booking(id);
    let current = RwSignal::new(booking);
    let acting = Acting::idle();
    let moving = Memo::new(move |_| query.with(|query| query.get("move").is_some()));
    // Stays as it was when the choice of a new time ends, so that nothing is drawn anew in what is on its way out.
    let at = use_pick();
    let pick = Memo::new(move |before: Option<&Pick>| match before {
        Some(before) if !moving.get() => before.clone(),
        _ => at.get(),
    });
    let ask = move |act: Act| move |_| acting.ask(act, current.get_untracked());
    let ended = move || current.with(|booking| booking.end <= booking.now);
    let title = move || {
        current.with(|booking| {
            let date = format::date_short(booking.mentor_zone.wall(booking.start).date(), language);
            fill(t.booking_title, &[("name", &booking.mentee_name), ("date", &date)])
        })
    };
    let facts = move || {
        current.with(|booking| {
            let ended_by = booking.cancelled_by.as_deref().map(|by| match by {
                "mentee" => t.by_mentee,
                "mentor" => t.by_mentor,
                "calendar" => t.by_calendar,
                _ => t.by_expiry,
            });
            let mail = (!booking.erased)
                .then(|| view! { <br/> <a href=format!("mailto:{}", booking.mentee_email)>{booking.mentee_email.clone()}</a> });
            let same_zone = booking.mentee_zone.name == booking.mentor_zone.name;
            view! {
                <dl class="facts">
                    <div><dt>{t.fact_when}</dt><dd>{when(booking.start, booking.end, &booking.mentor_zone)}</dd></div>
                    {(!same_zone)
                        .then(|| {
                            view! { <div><dt>{fill(t.fact_when_theirs, &[("name", &booking.mentee_name)])}</dt><dd>{when(booking.start, booking.end, &booking.mentee_zone)}</dd></div> }
                        })}
                    <div><dt>{t.fact_who}</dt><dd><bdi>{booking.mentee_name.clone()}</bdi> {mail}</dd></div>
                    <div><dt>{t.fact_session}</dt><dd><bdi>{booking.session_name.clone()}</bdi> ", " {format::duration(u32::from(booking.duration_minutes), language)}</dd></div>
                    {booking.location.as_ref().map(|location| view! { <div><dt>{t.fact_where}</dt><dd>{place(location)}</dd></div> })}
                    {booking.notes.clone().map(|notes| view! { <div><dt>{t.fact_notes}</dt><dd class="prose" dir="auto">{notes}</dd></div> })}
                    {ended_by.map(|text| view! { <div><dt>{t.fact_ended}</dt><dd>{text}</dd></div> })}
                    {booking.reason.clone().map(|reason| view! { <div><dt>{t.fact_reason}</dt><dd class="prose" dir="auto">{reason}</dd></div> })}
                </dl>
            }
        })
    };
    let move_href = Pick::default().href(&path, MOVING);
    let actions = move || {
        let (status, can_cancel, can_move) =
            current.with(|booking| (booking.status, booking.can_cancel, booking.can_move));
        let pending = status == Status::Pending && !ended();
        view! {
            {pending
                .then(|| {
                    view! {
                        <button class="button" data-kind="seal" type="button" on:click=ask(Act::Confirm)>{t.confirm}</button>
                        <button class="button" type="button" on:click=ask(Act::Decline)>{t.decline}</button>
                    }
                })}
            {(can_move && !moving.get()).then(|| view! { <a class="button" href=move_href.clone() data-noscroll="true">{t.move_booking}</a> })}
            {(can_cancel && !pending).then(|| view! { <button class="button" data-kind="danger" type="button" on:click=ask(Act::Cancel)>{t.cancel_booking}</button> })}
        }
    };
    view! {
        // As text: what the head holds is read when the page is written, and by then there is no booking to ask.
        {move || view! { <Title text=title()/> }}
        <div class="page-head">
            <h1 dir="auto">{move || current.with(|booking| booking.mentee_name.clone())}</h1>
            {move || view! { <StatusBadge status=current.with(|booking| booking.status) ended=ended()/> }}
        </div>
        {facts}
        <div class="button-row">{actions}</div>
        <Show when=move || moving.get() && current.with(|booking| booking.can_move)>
            <Mover current=current pick=pick path=path.clone()/>
        </Show>
        <Decide acting=acting on_done=move |changed| current.set(changed)/>
    }
}

/// Choosing another start, and sealing it.
#[component]
fn Mover(current: RwSignal<BookingView>, pick: Memo<Pick>, path: String) -> impl IntoView {
    let (messages, language, status) = (use_messages(), use_language(), use_status());
    let t = messages.dashboard();
    let navigate = use_navigate();
    let id = current.with_untracked(|booking| booking.id);
    let busy = RwSignal::new(false);
    let month = carried(
        move || pick.with(|pick| (pick.month.clone(), pick.timezone.clone())),
        move |(month, zone)| awaiting(busy, booking_month(BookingKey::Own(id), month, zone)),
    );
    let (awaited, pending) = (RwSignal::new(None), RwSignal::new(false));
    let stored_path = StoredValue::new(path);
    let shown_path = Signal::derive(move || stored_path.get_value());
    let shown_clock = use_shown_clock(pick);
    let go_back = {
        let navigate = navigate.clone();
        move |()| navigate(&stored_path.get_value(), NavigateOptions { scroll: false, ..Default::default() })
    };
    let go_back = Callback::new(go_back);
    let seal = move |start: DateTime<Utc>| {
        pending.set(true);
        spawn_local_scoped(async move {
            let answer = reschedule(BookingKey::Own(id), start).await;
            pending.set(false);
            match answer {
                Ok(changed) => {
                    status.say(fill(t.moved_done, &[("name", &changed.mentee_name)]));
                    current.set(changed);
                    go_back.run(());
                }
                Err(error) => {
                    status.fail(error_text(&error));
                    month.refetch();
                }
            }
        });
    };
    let chosen = move |start: DateTime<Utc>| {
        let hours = shown_clock.get();
        let (old, new, zone) = current.with_untracked(|booking| {
            let text = |start: DateTime<Utc>| {
                let end = start + TimeDelta::minutes(i64::from(booking.duration_minutes));
                let (from, to) = (booking.mentor_zone.wall(start), booking.mentor_zone.wall(end));
                format!("{}, {}", format::date(from.date(), language), format::time_range(from, to, hours, language))
            };
            (text(booking.start), text(start), format::zone_with_offset(&booking.mentor_zone, start))
        });
        let back =
            move || pick.with(|pick| Pick { start: None, ..pick.clone() }.href(&stored_path.get_value(), MOVING));
        view! {
            <div class="card move-confirm" role="group" aria-labelledby="move-title">
                <h3 id="move-title">{t.move_confirm}</h3>
                <p><s class="muted">{old}</s></p>
                <p class="move-new">{new}</p>
                <p class="muted small">{zone}</p>
                <p class="small">{t.move_tells}</p>
                <div class="button-row">
                    <Button kind="seal" pending=pending on_press=move |()| seal(start)>{t.move_do}</Button>
                    <a class="button" href=back data-noscroll="true">{t.move_other_time}</a>
                </div>
            </div>
        }
    };
    view! {
        <section class="mover" aria-labelledby="mover-title">
            <div class="page-head">
                <h2 id="mover-title">{t.move_title}</h2>
                <a href=move || stored_path.get_value() data-noscroll="true">{t.move_not}</a>
            </div>
            <p class="muted">{t.move_text}</p>
            <Transition fallback=|| view! { <Skeleton lines=8/> }>
                {move || {
                    month.get().map(|answer| match answer {
                        Ok(month) => {
                            let month = StoredValue::new(month);
                            let view = move || match pick.with(|pick| pick.start) {
                                Some(start) => chosen(start).into_any(),
                                None => view! {
                                    <SlotPicker
                                        month=Memo::new(move |_| month.get_value())
                                        pick=pick
                                        path=shown_path
                                        fixed=MOVING
                                        busy=busy
                                        awaited=awaited
                                        nothing=t.move_nothing
                                    />
                                }
                                .into_any(),
                            };
                            view.into_any()
                        }
                        Err(error) => view! { <ErrorView error=error retry=move |()| month.refetch()/> }.into_any(),
                    })
                }}
            </Transition>
            <OutsideHours current=current go_back=go_back/>
        </section>
    }
}

/// A time that is not offered, chosen knowingly: apart from the offered ones, checked before it is taken.
#[component]
fn OutsideHours(current: RwSignal<BookingView>, go_back: Callback<()>) -> impl IntoView {
    let (messages, language, status) = (use_messages(), use_language(), use_status());
    let t = messages.dashboard();
    let id = current.with_untracked(|booking| booking.id);
    let wall = current.with_untracked(|booking| booking.mentor_zone.wall(booking.start));
    let date = RwSignal::new(wall.date().to_string());
    let time = RwSignal::new(wall.format("%H:%M").to_string());
    let clock = use_clock();
    let found = RwSignal::new(None::<OutsideView>);
    let error = RwSignal::new(None::<AppError>);
    let pending = RwSignal::new(false);
    // What was found is of the time that was asked for.
    Effect::new(move |_| {
        date.track();
        time.track();
        found.set(None);
    });
    let check = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() {
            return;
        }
        pending.set(true);
        error.set(None);
        let asked = format!("{}T{}", date.get_untracked(), time.get_untracked());
        spawn_local_scoped(async move {
            match outside_hours(id, asked).await {
                Ok(outside) => found.set(Some(outside)),
                Err(failed) => error.set(Some(failed)),
            }
            pending.set(false);
        });
    };
    let seal = move |start: DateTime<Utc>| {
        if pending.get_untracked() {
            return;
        }
        pending.set(true);
        spawn_local_scoped(async move {
            let answer = move_outside_hours(id, start).await;
            pending.set(false);
            match answer {
                Ok(changed) => {
                    status.say(fill(t.moved_done, &[("name", &changed.mentee_name)]));
                    current.set(changed);
                    go_back.run(());
                }
                Err(failed) => {
                    found.set(None);
                    error.set(Some(failed));
                }
            }
        });
    };
    let answer = move || {
        let outside = found.get()?;
        let when = current.with_untracked(|booking| {
            let end = outside.start + TimeDelta::minutes(i64::from(booking.duration_minutes));
            let text = |zone: &OffsetTable| {
                let (from, to) = (zone.wall(outside.start), zone.wall(end));
                let time = format::time_range(from, to, clock, language);
                format!(
                    "{}, {time} · {}",
                    format::date(from.date(), language),
                    format::zone_with_offset(zone, outside.start)
                )
            };
            [text(&booking.mentor_zone), text(&booking.mentee_zone)]
        });
        let [own, theirs] = when;
        let theirs = (own != theirs).then(|| view! { <p class="muted small">{theirs}</p> });
        if !outside.possible {
            return Some(
                view! { <p class="banner" data-tone="danger" role="alert">{t.move_outside_taken}</p> }.into_any(),
            );
        }
        let view = view! {
            <div class="card move-confirm" role="group" aria-labelledby="outside-title">
                <h3 id="outside-title">{t.move_confirm}</h3>
                <p class="move-new">{own}</p>
                {theirs}
                {(!outside.listed).then(|| view! { <p class="banner small" data-tone="warn">{t.move_outside_warn}</p> })}
                {outside.busy_in_calendar.then(|| view! { <p class="banner small" data-tone="warn">{t.move_outside_busy}</p> })}
                <p class="small">{t.move_tells}</p>
                <div class="button-row">
                    <Button kind="seal" pending=pending on_press=move |()| seal(outside.start)>{t.move_do}</Button>
                </div>
            </div>
        };
        Some(view.into_any())
    };
    let failed = move || {
        error.get().map(|error| view! { <p class="banner" data-tone="danger" role="alert">{error_text(&error)}</p> })
    };
    view! {
        <details class="disclosure outside-hours" id="outside-hours">
            <summary class="button">{t.move_outside}</summary>
            <form class="form card" novalidate on:submit=check>
                <p>{t.move_outside_text}</p>
                <div class="form-row">
                    <TextField name="outside-date" label=t.move_outside_date kind="date" bind=date/>
                    <TextField name="outside-time" label=t.move_outside_time kind="time" bind=time/>
                </div>
                <p class="muted small">{move || current.with(|booking| format::zone_with_offset(&booking.mentor_zone, booking.start))}</p>
                <div class="button-row">
                    <Button pending=pending>{t.move_outside_check}</Button>
                </div>
                {live(failed)}
            </form>
            {live(answer)}
        </details>
    }
}
