//! The list of bookings.

use super::decide::{Act, Acting, Decide};
use super::layout::CopyLink;
use crate::api::Page;
use crate::api::dashboard::{BookingFilter, bookings};
use crate::api::manage::{BookingView, Status};
use crate::carried::carried;
use crate::components::pick::{day_shift, with_query};
use crate::components::{Button, ErrorView, Icon, Picture, ScriptControls, Skeleton, use_status};
use crate::context::{use_clock, use_visit};
use crate::format;
use crate::i18n::{city_name, error_text, fill, use_language, use_messages};
use chrono::NaiveDate;
use leptos::prelude::*;
use leptos::task::spawn_local_scoped;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use scheduling::{BookingId, urls};

/// As it stands in the address: `show=pending`.
const fn tag(filter: BookingFilter) -> &'static str {
    match filter {
        BookingFilter::Upcoming => "upcoming",
        BookingFilter::Pending => "pending",
        BookingFilter::Past => "past",
        BookingFilter::Cancelled => "cancelled",
    }
}

const FILTERS: [BookingFilter; 4] =
    [BookingFilter::Upcoming, BookingFilter::Pending, BookingFilter::Past, BookingFilter::Cancelled];

fn href(filter: BookingFilter, query: &str) -> String {
    let mut parts = Vec::new();
    if filter != BookingFilter::Upcoming {
        parts.push(("show", tag(filter).to_owned()));
    }
    if !query.is_empty() {
        parts.push(("query", query.to_owned()));
    }
    with_query(urls::DASHBOARD, &parts)
}

/// The mentor's bookings.
#[component]
pub fn DashboardPage() -> impl IntoView {
    let t = use_messages().dashboard();
    let address = use_query_map();
    let filter = Memo::new(move |_| {
        let show = address.with(|query| query.get("show")).unwrap_or_default();
        FILTERS.into_iter().find(|filter| tag(*filter) == show).unwrap_or_default()
    });
    let query = Memo::new(move |_| address.with(|query| query.get("query")).unwrap_or_default().trim().to_owned());
    let page = carried(
        move || (filter.get(), query.get()),
        |(filter, query)| bookings(filter, Some(query).filter(|query| !query.is_empty()), None),
    );
    let name = move |filter| match filter {
        BookingFilter::Upcoming => t.show_upcoming,
        BookingFilter::Pending => t.show_pending,
        BookingFilter::Past => t.show_past,
        BookingFilter::Cancelled => t.show_cancelled,
    };
    let tabs = FILTERS.map(|this| {
        let current = move || (filter.get() == this).then_some("page");
        view! { <a href=move || href(this, &query.get()) aria-current=current data-noscroll="true">{name(this)}</a> }
    });
    let busy = RwSignal::new(false);
    view! {
        <Title text=move || t.bookings_title/>
        <div class="stack bookings">
            <div class="page-head">
                <h1>{t.bookings_title}</h1>
            </div>
            <div class="bookings-tools">
                <nav class="segments" aria-label=t.show_label>{tabs.collect_view()}</nav>
                <form class="search" role="search" method="get" action=urls::DASHBOARD>
                    {move || {
                        let show = filter.get();
                        (show != BookingFilter::Upcoming).then(|| view! { <input type="hidden" name="show" value=tag(show)/> })
                    }}
                    <input
                        class="input"
                        type="search"
                        name="query"
                        maxlength="200"
                        aria-label=t.search_label
                        placeholder=t.search_label
                        value=query.get_untracked()
                        prop:value=move || query.get()
                    />
                    <button class="icon-button" type="submit" aria-label=t.search>
                        <Icon picture=Picture::Search/>
                    </button>
                </form>
            </div>
            <div aria-busy=move || busy.get().then_some("true")>
                <Transition fallback=|| view! { <Skeleton lines=6/> } set_pending=busy>
                    {move || {
                        let (filter, query) = (filter.get(), query.get());
                        Suspend::new(async move {
                            match page.await {
                                Ok(page) => view! {
                                    <ScriptControls>
                                        <List filter=filter query=query page=page/>
                                    </ScriptControls>
                                }
                                .into_any(),
                                Err(error) => view! { <ErrorView error=error/> }.into_any(),
                            }
                        })
                    }}
                </Transition>
            </div>
        </div>
    }
}

/// Bookings grouped by day, and the way to more of them.
#[component]
fn List(filter: BookingFilter, query: String, page: Page<BookingView>) -> impl IntoView {
    let (t, language, status) = (use_messages().dashboard(), use_language(), use_status());
    let today = page.items.first().map(|booking| booking.mentor_zone.wall(booking.now).date());
    let items = RwSignal::new(page.items);
    let cursor = RwSignal::new(page.next_cursor);
    let pending = RwSignal::new(false);
    let acting = Acting::idle();
    let shown_query = StoredValue::new(query);
    let more = move |()| {
        pending.set(true);
        spawn_local_scoped(async move {
            let query = Some(shown_query.get_value()).filter(|query| !query.is_empty());
            match bookings(filter, query, cursor.get_untracked()).await {
                Ok(page) => {
                    items.update(|items| items.extend(page.items));
                    cursor.set(page.next_cursor);
                }
                Err(error) => status.fail(error_text(&error)),
            }
            pending.set(false);
        });
    };
    // What was decided stays in sight where it still belongs, else it leaves the list.
    let decided = move |changed: BookingView| {
        items.update(|items| {
            let stays = match filter {
                BookingFilter::Upcoming => matches!(changed.status, Status::Pending | Status::Confirmed),
                BookingFilter::Pending => changed.status == Status::Pending,
                BookingFilter::Past | BookingFilter::Cancelled => true,
            };
            match items.iter().position(|booking| booking.id == changed.id) {
                Some(place) if stays => items[place] = changed,
                Some(place) => {
                    items.remove(place);
                }
                None => {}
            }
        });
    };
    let days = Memo::new(move |_| {
        items.with(|items| {
            let mut days: Vec<(NaiveDate, Vec<BookingId>)> = Vec::new();
            for booking in items {
                let date = booking.mentor_zone.wall(booking.start).date();
                match days.last_mut() {
                    Some((last, ids)) if *last == date => ids.push(booking.id),
                    _ => days.push((date, vec![booking.id])),
                }
            }
            days
        })
    });
    let day_text = move |date: NaiveDate| {
        let relative = today.and_then(|today| match date {
            _ if date == today => Some(t.today_head),
            _ if date == day_shift(today, 1) => Some(t.tomorrow_head),
            _ => None,
        });
        let full = format::date_with_year(date, language);
        view! {
            {relative.map(|text| view! { <span class="day-relative">{text}</span> " " })}
            <span>{full}</span>
        }
    };
    let groups = move || {
        days.get()
            .into_iter()
            .map(|(date, ids)| {
                let cards = ids
                    .into_iter()
                    .filter_map(|id| items.with(|items| items.iter().find(|booking| booking.id == id).cloned()))
                    .map(|booking| view! { <li><Card booking=booking acting=acting/></li> })
                    .collect_view();
                view! {
                    <section class="booking-day">
                        <h2>{day_text(date)}</h2>
                        <ul class="booking-cards">{cards}</ul>
                    </section>
                }
            })
            .collect_view()
    };
    let empty = move || items.with(Vec::is_empty);
    view! {
        <Show when=empty>
            <Empty filter=filter query=shown_query.get_value()/>
        </Show>
        <div class="stack">{groups}</div>
        <Show when=move || cursor.with(Option::is_some)>
            <div class="more"><Button pending=pending on_press=more>{t.load_more}</Button></div>
        </Show>
        <Decide acting=acting on_done=decided/>
    }
}

/// One booking: when, who, what, and what can be done.
#[component]
fn Card(booking: BookingView, acting: Acting) -> impl IntoView {
    let (t, language) = (use_messages().dashboard(), use_language());
    let (from, to) = (booking.mentor_zone.wall(booking.start), booking.mentor_zone.wall(booking.end));
    let time = format::time_range(from, to, use_clock(), language);
    let theirs = mentee_time(&booking);
    let ended = booking.end <= booking.now;
    let href = urls::dashboard_booking(booking.id);
    let can_cancel = booking.can_cancel && matches!(booking.status, Status::Confirmed);
    let pending = booking.status == Status::Pending && !ended;
    let label = |text: &str| fill(t.action_label, &[("action", text), ("name", &booking.mentee_name)]);
    let (confirm, decline, cancel) = (label(t.confirm), label(t.decline), label(t.cancel_booking));
    let stored = StoredValue::new(booking.clone());
    let act = move |act: Act| move |_| acting.ask(act, stored.get_value());
    view! {
        <article class="booking-card" data-status=status_tag(booking.status)>
            <div class="booking-when">
                <p class="booking-time">{time}</p>
                {theirs.map(|text| view! { <p class="muted small">{text}</p> })}
            </div>
            <div class="booking-who">
                <h3><a href=href><bdi>{booking.mentee_name.clone()}</bdi></a></h3>
                <p class="muted small">{booking.session_name.clone()}</p>
                {booking.notes.clone().map(|notes| view! { <p class="booking-notes small" dir="auto">{notes}</p> })}
            </div>
            <div class="booking-status"><StatusBadge status=booking.status ended=ended/></div>
            <div class="booking-actions">
                {pending
                    .then(|| {
                        view! {
                            <button class="button" data-kind="primary" data-size="small" type="button" aria-label=confirm on:click=act(Act::Confirm)>{t.confirm}</button>
                            <button class="button" data-size="small" type="button" aria-label=decline on:click=act(Act::Decline)>{t.decline}</button>
                        }
                    })}
                {can_cancel
                    .then(|| {
                        view! { <button class="button" data-kind="quiet" data-size="small" type="button" aria-label=cancel on:click=act(Act::Cancel)>{t.cancel_booking}</button> }
                    })}
            </div>
        </article>
    }
}

/// The mentee's clock time, where it is another than the mentor's.
pub(super) fn mentee_time(booking: &BookingView) -> Option<String> {
    let (t, language) = (use_messages().dashboard(), use_language());
    let differs = booking.mentee_zone.offset_at(booking.start) != booking.mentor_zone.offset_at(booking.start);
    differs.then(|| {
        let (wall, own) = (booking.mentee_zone.wall(booking.start), booking.mentor_zone.wall(booking.start));
        let mut time = format::time(wall.time(), use_clock(), language);
        if wall.date() != own.date() {
            time = format!("{time}, {}", format::date_short(wall.date(), language));
        }
        fill(t.mentee_time, &[("time", &time), ("city", &city_name(&booking.mentee_zone.name))])
    })
}

const fn status_tag(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::Confirmed => "confirmed",
        Status::Declined => "declined",
        Status::Cancelled => "cancelled",
    }
}

/// Where a booking stands.
#[component]
pub fn StatusBadge(
    /// Where it stands.
    status: Status,
    /// Whether its end has passed.
    ended: bool,
) -> impl IntoView {
    let t = use_messages().common;
    let (tone, text) = match status {
        Status::Pending => ("warn", t.status_pending),
        Status::Confirmed if ended => ("", t.status_past),
        Status::Confirmed => ("ok", t.status_confirmed),
        Status::Declined => ("danger", t.status_declined),
        Status::Cancelled => ("danger", t.status_cancelled),
    };
    view! { <span class="badge" data-tone=(!tone.is_empty()).then_some(tone)>{text}</span> }
}

/// Nothing here: why perhaps, and what helps.
#[component]
fn Empty(filter: BookingFilter, query: String) -> impl IntoView {
    let t = use_messages().dashboard();
    if !query.is_empty() {
        return view! {
            <div class="empty">
                <h2>{fill(t.none_found_title, &[("query", &query)])}</h2>
                <p>{t.none_found_text}</p>
                <a class="button" href=href(filter, "")>{t.search_clear}</a>
            </div>
        }
        .into_any();
    }
    let (title, text) = match filter {
        BookingFilter::Upcoming => (t.none_upcoming_title, t.none_upcoming_text),
        BookingFilter::Pending => (t.none_pending_title, t.none_pending_text),
        BookingFilter::Past => (t.none_past_title, t.none_past_text),
        BookingFilter::Cancelled => (t.none_cancelled_title, t.none_cancelled_text),
    };
    let handle = use_visit().with_untracked(|visit| visit.viewer.as_ref().map(|viewer| viewer.handle.clone()));
    let helps = (filter == BookingFilter::Upcoming).then(|| {
        view! {
            <div class="button-row">
                {handle.map(|handle| view! { <CopyLink path=urls::mentor(&handle) text=t.copy_own_link/> })}
                <a class="button" data-kind="quiet" href=urls::AVAILABILITY>{t.set_hours}</a>
            </div>
        }
    });
    view! {
        <div class="empty">
            <h2>{title}</h2>
            <p>{text}</p>
            {helps}
        </div>
    }
    .into_any()
}
