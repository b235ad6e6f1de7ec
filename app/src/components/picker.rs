//! Choosing a start.

use super::calendar::MonthCalendar;
use super::icon::{Icon, Picture};
use super::live;
use super::pick::{Pick, month_start, month_tag, starts_on, use_shown_clock};
use super::zone::ZoneBar;
use crate::AppError;
use crate::api::public::Month;
use crate::context::{remember_clock, use_visit};
use crate::format;
use crate::i18n::{city_name, fill, use_language, use_messages};
use chrono::{DateTime, NaiveDate, Timelike, Utc};
use leptos::prelude::*;
use scheduling::{ClockFormat, OffsetTable, urls};

/// What has become of asking for a month.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is on its way.
    Awaited,
    /// It is here.
    Here,
    /// It did not come.
    Failed(AppError),
}

/// Splits a resource in two: what has become of it, and the latest month that came. What is drawn from them stays in
/// the page while another month is fetched, and so does the focus. Call inside `<Transition>`.
pub fn month_answer(
    read: impl Fn() -> Option<Result<Month, AppError>> + Copy + Send + Sync + 'static,
) -> (Memo<Answer>, Memo<Month>) {
    let answer = Memo::new(move |_| match read() {
        None => Answer::Awaited,
        Some(Ok(_)) => Answer::Here,
        Some(Err(error)) => Answer::Failed(error),
    });
    let month = Memo::new(move |before: Option<&Month>| match read() {
        Some(Ok(month)) => month,
        _ => before.cloned().unwrap_or_else(no_month),
    });
    (answer, month)
}

/// Waits for an answer, and says so meanwhile. `Transition` tells of waiting as well, but where the page hydrates it may
/// begin with it and not notice that there is nothing to wait for.
pub async fn awaiting<T>(busy: RwSignal<bool>, answer: impl Future<Output = T>) -> T {
    let _ = busy.try_set(true);
    let answer = answer.await;
    let _ = busy.try_set(false);
    answer
}

/// Stands in until there is one; nobody sees it.
fn no_month() -> Month {
    Month {
        first_day: NaiveDate::default(),
        zone: OffsetTable::utc(),
        mentor_zone: OffsetTable::utc(),
        now: DateTime::UNIX_EPOCH,
        starts: Vec::new(),
        next_free: None,
        horizon_end: DateTime::UNIX_EPOCH,
        duration_minutes: 0,
        held: None,
        booked: Vec::new(),
    }
}

/// Choosing a start: the month, and the times of the chosen date beside it. In a narrow window, one after the other.
#[component]
pub fn SlotPicker(
    /// What is free.
    month: Memo<Month>,
    /// What is chosen.
    pick: Memo<Pick>,
    /// The page that the links lead to.
    #[prop(into)]
    path: Signal<String>,
    /// Parts of its query that always stay.
    fixed: &'static [(&'static str, &'static str)],
    /// Something else is being loaded.
    #[prop(into)]
    busy: Signal<bool>,
    /// The date that takes the focus when its month has come.
    awaited: RwSignal<Option<NaiveDate>>,
    /// What to say where nothing is free at all.
    #[prop(into)]
    nothing: String,
) -> impl IntoView {
    let t = use_messages();
    let language = use_language();
    let selected = Memo::new(move |_| month.with(|month| shown_date(month, pick.with(|pick| pick.date))));
    let zone = Memo::new(move |_| month.with(|month| month.zone.name.clone()));
    let mentor_zone = Signal::derive(move || month.with(|month| Some(month.mentor_zone.name.clone())));
    let is_empty = Memo::new(move |_| month.with(|month| month.starts.is_empty()));

    let shown_clock = use_shown_clock(pick);

    let unknown_zone = live(move || {
        pick.with(|pick| pick.timezone.clone())
            .filter(|asked| zone.with(|shown| asked != shown) && !busy.get())
            .map(|asked| view! { <p class="note">{fill(t.common.zone_unknown, &[("name", &asked)])}</p> })
    });
    let free_link = move || {
        month.with(|month| month.next_free.map(|start| month.zone.wall(start).date())).map(|date| {
            let next = Pick { month: Some(month_tag(date)), date: Some(date), start: None, ..pick.get() };
            let text = fill(t.public.to_next_free, &[("date", &format::date_short(date, language))]);
            view! {
                <p>
                    <a
                        class="button"
                        data-size="small"
                        href=path.with(|path| next.href(path, fixed))
                        data-noscroll="true"
                        rel="nofollow"
                    >
                        {text}
                    </a>
                </p>
            }
        })
    };
    let notice = live(move || {
        is_empty.get().then(|| {
            let (title, text) = month.with(|month| match month.next_free {
                None => (t.public.nothing_free_title.to_string(), nothing.clone()),
                Some(_) => {
                    let name = format::month(month.first_day, language);
                    (fill(t.public.month_full_title, &[("month", &name)]), t.public.month_full_text.into())
                }
            });
            view! {
                <div class="empty" data-small="true" role="status">
                    <h3>{title}</h3>
                    <p>{text}</p>
                    {live(free_link)}
                </div>
            }
        })
    });
    let times = live(move || {
        let date = selected.get()?;
        let hours = shown_clock.get();
        let starts = month.with(|month| starts_on(&month.starts, &month.zone, date).collect::<Vec<_>>());
        Some(if starts.is_empty() {
            let title = fill(t.public.date_full_title, &[("date", &format::date(date, language))]);
            view! {
                <div class="empty" data-small="true">
                    <h3>{title}</h3>
                    {live(free_link)}
                </div>
            }
            .into_any()
        } else {
            view! { <Times month=month starts=starts date=date hours=hours pick=pick path=path fixed=fixed/> }
                .into_any()
        })
    });
    let heading = move || match selected.get() {
        Some(date) => format::date(date, language),
        None => t.public.choose_time.into(),
    };
    let in_zone = move || {
        let at = selected.get();
        month.with(|month| {
            let first = at.and_then(|date| starts_on(&month.starts, &month.zone, date).next());
            format::zone_with_offset(&month.zone, first.unwrap_or(month.now))
        })
    };
    let dates_href = move || {
        pick.with(|pick| {
            let back = Pick { date: None, start: None, ..pick.clone() };
            path.with(|path| back.href(path, fixed))
        })
    };

    // A mentor who moves a booking sees their own times.
    let own = path.with_untracked(|path| path.starts_with(urls::DASHBOARD));
    let notice_of_zone = live(move || if own { None } else { month.with(|month| zone_notice(pick, month)) });
    view! {
        <div class="picker" data-step=move || pick.with(Pick::step) aria-busy=move || busy.get().then_some("true")>
            {notice_of_zone}
            <section class="pane pane-date" aria-label=t.public.choose_date>
                <MonthCalendar month=month pick=pick selected=selected path=path fixed=fixed awaited=awaited/>
                {notice}
                <ZoneBar zone=zone mentor=mentor_zone pick=pick path=path fixed=fixed/>
                {unknown_zone}
            </section>
            <section class="pane pane-time" aria-labelledby="times-title" hidden=move || is_empty.get()>
                <a class="step-back" href=dates_href data-noscroll="true" rel="nofollow">
                    <Icon picture=Picture::ArrowLeft/>
                    {t.public.back_to_dates}
                </a>
                <div class="times-head">
                    <div>
                        <h2 id="times-title" tabindex="-1" aria-live="polite">{move || heading()}</h2>
                        <p class="muted small">{move || in_zone()}</p>
                    </div>
                    <HoursSwitch pick=pick path=path fixed=fixed/>
                </div>
                {times}
            </section>
        </div>
    }
    .into_any()
}

/// 12 or 24 hours.
#[component]
fn HoursSwitch(
    pick: Memo<Pick>,
    path: Signal<String>,
    fixed: &'static [(&'static str, &'static str)],
) -> impl IntoView {
    let t = use_messages().common;
    let (shown, visit) = (use_shown_clock(pick), use_visit());
    let choice = |hours: ClockFormat, text: &'static str| {
        let href = move || {
            pick.with(|pick| {
                let next = Pick { hours: Some(hours), ..pick.clone() };
                path.with(|path| next.href(path, fixed))
            })
        };
        view! {
            <a
                href=href
                aria-current=move || (shown.get() == hours).then_some("true")
                data-noscroll="true"
                rel="nofollow"
                on:click=move |_| remember_clock(visit, hours)
            >
                {text}
            </a>
        }
    };
    view! {
        <div class="segments" role="group" aria-label=t.hours_label>
            {choice(ClockFormat::Twelve, t.hours_12)}
            {choice(ClockFormat::TwentyFour, t.hours_24)}
        </div>
    }
    .into_any()
}

/// The free starts of one date, by part of the day.
#[component]
fn Times(
    month: Memo<Month>,
    starts: Vec<DateTime<Utc>>,
    date: NaiveDate,
    hours: ClockFormat,
    pick: Memo<Pick>,
    path: Signal<String>,
    fixed: &'static [(&'static str, &'static str)],
) -> impl IntoView {
    let t = use_messages().public;
    let parts = [(0, t.night), (6, t.morning), (12, t.afternoon), (18, t.evening)];
    let part_of = |hour: u32| parts.iter().rposition(|(from, _)| *from <= hour).unwrap_or(0);
    let (labels, twice) = month.with(|month| {
        let labels: Vec<_> =
            starts.iter().map(|start| StartLabel::new(*start, &month.zone, &month.mentor_zone)).collect();
        let twice = labels.iter().any(|label| label.offset.is_some());
        (labels, twice)
    });
    let mut groups: Vec<(usize, Vec<StartLabel>)> = Vec::new();
    for label in labels {
        let part = part_of(label.wall.hour());
        match groups.last_mut() {
            Some((last, group)) if *last == part => group.push(label),
            _ => groups.push((part, vec![label])),
        }
    }
    let groups = groups
        .into_iter()
        .map(|(part, labels)| {
            let items = labels
                .into_iter()
                .map(|label| {
                    let start = label.start;
                    let href = move || {
                        let mut next = pick.get();
                        next.month = Some(month_tag(date));
                        next.date = Some(date);
                        next.start = Some(start);
                        path.with(|path| next.href(path, fixed))
                    };
                    view! {
                        <li>
                            <a class="time" href=href rel="nofollow" data-noscroll="true">
                                {label.view(hours)}
                            </a>
                        </li>
                    }
                    .into_any()
                })
                .collect_view();
            view! {
                <div class="times-part">
                    <h3>{parts[part].1}</h3>
                    <ul>{items}</ul>
                </div>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="times">
            {twice.then(|| view! { <p class="note">{t.clock_change}</p> }.into_any())}
            {groups}
        </div>
    }
    .into_any()
}

/// How a start is written: in the mentee's time, and in the mentor's where that is another.
pub struct StartLabel {
    /// The start.
    pub start: DateTime<Utc>,
    wall: chrono::NaiveDateTime,
    /// Set where the clock shows this time twice on that date.
    offset: Option<i32>,
    mentor: Option<(chrono::NaiveDateTime, String)>,
}

impl StartLabel {
    /// `start` for a mentee in `zone`, with a mentor in `mentor_zone`.
    pub fn new(start: DateTime<Utc>, zone: &OffsetTable, mentor_zone: &OffsetTable) -> Self {
        let wall = zone.wall(start);
        let offset = zone.offset_at(start);
        Self {
            start,
            wall,
            offset: (zone.instants(wall).nth(1).is_some()).then_some(offset),
            mentor: (mentor_zone.offset_at(start) != offset)
                .then(|| (mentor_zone.wall(start), city_name(&mentor_zone.name))),
        }
    }

    /// The label.
    pub fn view(self, hours: ClockFormat) -> impl IntoView {
        let mentor = self.mentor(hours);
        let time = format::time(self.wall.time(), hours, use_language());
        view! {
            <span class="time-own">
                {time} {self.offset.map(|offset| view! { " " <span class="time-offset">{format::offset(offset)}</span> }.into_any())}
            </span>
            {mentor}
        }
    }

    /// The mentor's own time, where it is another.
    pub fn mentor(&self, hours: ClockFormat) -> Option<AnyView> {
        let t = use_messages().public;
        self.mentor.as_ref().map(|(wall, city)| {
            let time = format::time(wall.time(), hours, use_language());
            let days = (wall.date() - self.wall.date()).num_days();
            let shift = (days != 0).then(|| {
                let words = if days > 0 { t.next_day } else { t.previous_day };
                view! {
                    " "
                    <span class="shift" title=words>
                        <span aria-hidden="true">{format::day_shift(days)}</span>
                        <span class="visually-hidden">{words}</span>
                    </span>
                }
                .into_any()
            });
            view! { <span class="time-mentor">{fill(t.mentor_time, &[("time", &time), ("city", city)])} {shift}</span> }
                .into_any()
        })
    }
}

/// Says whose time it is where the mentee's zone is not known: no script runs, and none was asked for.
pub fn zone_notice(pick: Memo<Pick>, month: &Month) -> Option<AnyView> {
    let visit = use_visit();
    let is_assumed = month.zone.name == month.mentor_zone.name
        && pick.with(|pick| pick.timezone.is_none())
        && visit.with(|visit| visit.timezone.is_none());
    is_assumed.then(|| {
        let text = fill(use_messages().common.zone_mentors, &[("city", &city_name(&month.zone.name))]);
        view! { <p class="zone-notice">{text}</p> }.into_any()
    })
}

/// The date whose times are shown: the chosen one, else the first free one of the month.
fn shown_date(month: &Month, chosen: Option<NaiveDate>) -> Option<NaiveDate> {
    chosen
        .filter(|date| month_start(*date) == month.first_day)
        .or_else(|| month.starts.first().map(|start| month.zone.wall(*start).date()))
}
