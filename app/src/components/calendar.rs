//! A month of dates.

use super::browser;
use super::icon::{Icon, Picture};
use super::pick::{Pick, day_shift, month_shift, month_start, month_tag};
use crate::api::public::Month;
use crate::context::use_visit;
use crate::format;
use crate::i18n::{fill, use_language, use_messages};
use chrono::{Datelike, NaiveDate};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

/// A month of dates, as a grid that the keyboard walks (ARIA's date grid pattern) and as links that work without a
/// script. Dates with free times are links, the others can be walked over, not chosen.
#[component]
pub fn MonthCalendar(
    /// What is free.
    month: Memo<Month>,
    /// What is chosen.
    pick: Memo<Pick>,
    /// The date whose times are shown.
    #[prop(into)]
    selected: Signal<Option<NaiveDate>>,
    /// The page that the links lead to.
    #[prop(into)]
    path: Signal<String>,
    /// Parts of its query that always stay.
    fixed: &'static [(&'static str, &'static str)],
    /// The date that takes the focus when its month has come: set by walking out of a month.
    awaited: RwSignal<Option<NaiveDate>>,
) -> impl IntoView {
    let t = use_messages().public;
    let language = use_language();
    let week_start = use_visit().with_untracked(|visit| visit.format.week_start);
    let hydrated = browser::use_hydrated();
    let navigate = use_navigate();

    // What the grid is drawn from; the rest of the month's answer may change without it.
    let frame = Memo::new(move |_| month.with(Frame::new));

    let href = move |change: &dyn Fn(&mut Pick)| {
        let mut next = pick.get();
        next.start = None;
        change(&mut next);
        path.with(|path| next.href(path, fixed))
    };
    let month_href = move |first_day: NaiveDate| {
        href(&|pick| {
            pick.month = Some(month_tag(first_day));
            pick.date = None;
        })
    };
    let date_href = move |date: NaiveDate| {
        href(&|pick| {
            pick.month = Some(month_tag(date));
            pick.date = Some(date);
        })
    };

    // The one date that Tab reaches; the arrows lead on from there.
    let walked = RwSignal::new(None::<NaiveDate>);
    let reachable = Memo::new(move |_| {
        let frame = frame.read();
        let inside = |date: &NaiveDate| month_start(*date) == frame.first_day;
        let free = frame.days().find(|date| frame.count(*date) > 0);
        walked.get().filter(inside).or(selected.get().filter(inside)).or(free).unwrap_or(frame.first_day)
    });
    Effect::new(move |_| {
        let first_day = frame.with(|frame| frame.first_day);
        if let Some(date) = awaited.get_untracked().filter(|date| month_start(*date) == first_day) {
            awaited.set(None);
            walked.set(Some(date));
            request_animation_frame(move || {
                browser::focus_in_place(&day_id(date));
            });
        }
    });

    let walk = move |event: leptos::ev::KeyboardEvent| {
        if event.alt_key() || event.ctrl_key() || event.meta_key() {
            return;
        }
        let from = reachable.get_untracked();
        let weekday = i64::from(format::days_into_week(from, week_start));
        let to = match event.key().as_str() {
            "ArrowLeft" => day_shift(from, -1),
            "ArrowRight" => day_shift(from, 1),
            "ArrowUp" => day_shift(from, -7),
            "ArrowDown" => day_shift(from, 7),
            "Home" => day_shift(from, -weekday),
            "End" => day_shift(from, 6 - weekday),
            "PageUp" => same_day(from, -1),
            "PageDown" => same_day(from, 1),
            " " => {
                event.prevent_default();
                browser::click(&day_id(from));
                return;
            }
            _ => return,
        };
        event.prevent_default();
        let to_month = month_start(to);
        let frame = frame.get_untracked();
        if to_month == frame.first_day {
            walked.set(Some(to));
            browser::focus_in_place(&day_id(to));
        } else if (frame.first_month..=frame.last_month).contains(&to_month) {
            awaited.set(Some(to));
            let address = untrack(|| month_href(to_month));
            navigate(&address, NavigateOptions { scroll: false, ..Default::default() });
        }
    };

    let cell = move |frame: &Frame, date: NaiveDate| {
        let inside = month_start(date) == frame.first_day;
        let free = frame.count(date);
        let count = match free {
            0 => t.no_times.into(),
            1 => t.one_time.into(),
            n => fill(t.many_times, &[("n", &n.to_string())]),
        };
        let mut label = fill(t.day_label, &[("date", &format::date(date, language)), ("count", &count)]);
        if date == frame.today {
            label = format!("{}, {label}", t.today);
        }
        let text = view! {
            <span aria-hidden="true">{date.day()}</span>
            <span class="visually-hidden">{label}</span>
        };
        let content = if free > 0 {
            view! {
                <a
                    class="day"
                    id=day_id(date)
                    href=move || date_href(date)
                    tabindex=move || (hydrated.get() && reachable.get() != date).then_some("-1")
                    data-noscroll="true"
                    rel="nofollow"
                >
                    {text}
                </a>
            }
            .into_any()
        } else if inside {
            view! {
                <span
                    class="day"
                    id=day_id(date)
                    tabindex=move || if hydrated.get() && reachable.get() == date { "0" } else { "-1" }
                    role="link"
                    aria-disabled="true"
                >
                    {text}
                </span>
            }
            .into_any()
        } else {
            ().into_any()
        };
        let is_selected = move || (free > 0).then(|| if selected.get() == Some(date) { "true" } else { "false" });
        view! {
            <td aria-selected=is_selected data-today=(date == frame.today && inside).then_some("true")>
                {content}
            </td>
        }
        .into_any()
    };
    let rows = move || {
        let frame = frame.read();
        let lead = i64::from(format::days_into_week(frame.first_day, week_start));
        let weeks = (lead + frame.length + 6) / 7;
        (0..weeks)
            .map(|week| {
                let cells =
                    (0..7).map(|day| cell(&frame, day_shift(frame.first_day, week * 7 + day - lead))).collect_view();
                view! { <tr>{cells}</tr> }.into_any()
            })
            .collect_view()
    };
    let head = (0..7)
        .map(|day| (day + week_start) % 7)
        .map(|day| {
            view! {
                <th scope="col">
                    <span aria-hidden="true">{weekday_initial(day, language)}</span>
                    <span class="visually-hidden">{format::weekday(day, language)}</span>
                </th>
            }
            .into_any()
        })
        .collect_view();

    let back = move || {
        let frame = frame.read();
        (frame.first_day > frame.first_month).then(|| month_href(month_shift(frame.first_day, -1)))
    };
    let on = move || {
        let frame = frame.read();
        (frame.first_day < frame.last_month).then(|| month_href(month_shift(frame.first_day, 1)))
    };
    view! {
        <div class="calendar">
            <div class="calendar-head">
                <h2 id="calendar-title" tabindex="-1" aria-live="polite">{move || format::month(frame.with(|frame| frame.first_day), language)}</h2>
                <div class="calendar-months">
                    <MonthLink
                        to=Signal::derive(back)
                        picture=Picture::ArrowLeft
                        label=t.previous_month
                        none=t.no_earlier_month
                    />
                    <MonthLink
                        to=Signal::derive(on)
                        picture=Picture::ArrowRight
                        label=t.next_month
                        none=t.no_later_month
                    />
                </div>
            </div>
            <table role="grid" aria-labelledby="calendar-title" on:keydown=walk>
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{move || rows()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A month with how much is free on each of its dates, and how far one can walk.
#[derive(Clone, PartialEq, Eq)]
struct Frame {
    first_day: NaiveDate,
    length: i64,
    today: NaiveDate,
    first_month: NaiveDate,
    last_month: NaiveDate,
    counts: [u16; 31],
}

impl Frame {
    fn new(month: &Month) -> Self {
        let first_day = month.first_day;
        let mut counts = [0_u16; 31];
        for start in &month.starts {
            let date = month.zone.wall(*start).date();
            if let Some(count) = counts.get_mut(date.day0() as usize).filter(|_| month_start(date) == first_day) {
                *count += 1;
            }
        }
        let today = month.zone.wall(month.now).date();
        Self {
            first_day,
            length: (month_shift(first_day, 1) - first_day).num_days(),
            today,
            first_month: month_start(today),
            last_month: month_start(month.zone.wall(month.horizon_end).date()),
            counts,
        }
    }

    fn count(&self, date: NaiveDate) -> u16 {
        if month_start(date) == self.first_day { self.counts[date.day0() as usize % 31] } else { 0 }
    }

    fn days(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let first_day = self.first_day;
        (0..self.length).map(move |day| day_shift(first_day, day))
    }
}

/// To another month; where there is none, it stays in its place and says why.
#[component]
fn MonthLink(
    #[prop(into)] to: Signal<Option<String>>,
    picture: Picture,
    label: &'static str,
    none: &'static str,
) -> impl IntoView {
    view! {
        <a
            class="icon-button"
            href=move || to.get()
            role=move || to.with(Option::is_none).then_some("link")
            aria-disabled=move || to.with(Option::is_none).then_some("true")
            aria-label=move || if to.with(Option::is_some) { label } else { none }
            title=move || if to.with(Option::is_some) { label } else { none }
            data-noscroll="true"
            rel="nofollow"
        >
            <Icon picture=picture/>
        </a>
    }
    .into_any()
}

fn day_id(date: NaiveDate) -> String {
    format!("day-{date}")
}

/// The same day of the month before or after, or its last day.
fn same_day(date: NaiveDate, by: i8) -> NaiveDate {
    month_shift(date, by)
}

/// `Su`, `일`.
fn weekday_initial(day: u8, language: scheduling::Language) -> &'static str {
    match language {
        scheduling::Language::En => &format::weekday(day, language)[..2],
        scheduling::Language::Ko => format::weekday_short(day, language),
    }
}
