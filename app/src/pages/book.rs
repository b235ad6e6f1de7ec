//! Booking one session.

use super::keeping::{HoldNotice, Keeper};
use super::mentor::{MentorMeta, SessionFacts};
use super::parts;
use crate::AppError;
use crate::api::public::{BookForm, MentorCard, Month, book, month, nearest};
use crate::carried::{Carried, carried};
use crate::components::head::{Tag, tell};
use crate::components::pick::{
    Pick, instant, instant_tag, month_shift, month_tag, use_page_query, use_pick, use_shown_clock,
};
use crate::components::{
    Answer, Avatar, Button, ErrorSummary, ErrorView, FormKey, Icon, Picture, REMEMBERED_ZONE, Skeleton, SlotPicker,
    StartLabel, TextField, awaiting, browser, field_error, live, month_answer, zone_notice,
};
use crate::context::{NEARBY, form_key, use_posted, use_visit};
use crate::format;
use crate::i18n::{fill, use_language, use_messages};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use scheduling::{FieldError, SessionType, rules, urls};

/// As many as `nearest` offers.
const AS_NEAR: usize = 6;

/// What the form holds, longer than the form is shown: choosing another time loses nothing.
#[derive(Clone, Copy)]
struct Form {
    name: RwSignal<String>,
    email: RwSignal<String>,
    notes: RwSignal<String>,
    error: RwSignal<Option<AppError>>,
    pending: RwSignal<bool>,
    /// The start that was refused.
    lost: RwSignal<Option<DateTime<Utc>>>,
    /// Free times near the refused one, as the server said.
    nearby: RwSignal<Vec<DateTime<Utc>>>,
}

impl Form {
    /// Under which key the tab remembers what was typed, in order.
    const REMEMBERED: [&'static str; 3] = ["yaksok.form.name", "yaksok.form.email", "yaksok.form.notes"];

    /// What was typed outlasts a reload: the tab remembers it until something is booked.
    fn outlast_reload(self) {
        let fields = move || Self::REMEMBERED.into_iter().zip([self.name, self.email, self.notes]);
        Effect::new(move |before: Option<()>| {
            for (key, field) in fields() {
                let typed = field.get();
                if before.is_some() {
                    browser::store_in_tab(key, &typed);
                }
            }
        });
        // What was typed before the page came to life is taken over first, and counts more.
        request_animation_frame(move || {
            for (key, field) in fields() {
                if field.try_with_untracked(String::is_empty) == Some(true)
                    && let Some(typed) = browser::stored_in_tab(key)
                {
                    field.set(typed);
                }
            }
        });
    }

    /// It is booked: the tab forgets what was typed.
    fn forget() {
        for key in Self::REMEMBERED {
            browser::store_in_tab(key, "");
        }
    }
}

/// Booking one session: mentor, date, time, then the form.
#[component]
pub fn Book(
    /// Who.
    mentor: MentorCard,
    /// What.
    session: SessionType,
    /// The page that the links lead to.
    path: String,
    /// Whether the mentor offers others.
    several: bool,
) -> impl IntoView {
    let t = use_messages().public;
    let pick = with_posted(use_pick());
    let posted = use_posted().unwrap_or_default();
    let refused = posted.error == Some(AppError::SlotUnavailable);
    let form = Form {
        name: RwSignal::new(posted.value("name")),
        email: RwSignal::new(posted.value("email")),
        notes: RwSignal::new(posted.value("notes")),
        error: RwSignal::new(posted.error.clone().filter(|_| !refused)),
        pending: RwSignal::new(false),
        lost: RwSignal::new(refused.then(|| instant(&posted.value("start"))).flatten()),
        // A plain form's answer tells them; a script asks when it is refused itself.
        nearby: RwSignal::new(posted.value(NEARBY).split(' ').filter(|_| refused).filter_map(instant).collect()),
    };
    let zone = zone_of(pick, &mentor.timezone, posted.values.is_empty());
    let busy = RwSignal::new(false);
    let (handle, slug) = (mentor.handle.clone(), session.slug.clone());
    let post_path = urls::book(&handle, &slug);
    let data = {
        let (handle, slug) = (handle.clone(), slug.clone());
        carried(
            move || (pick.with(|pick| pick.month.clone()), zone.get()),
            move |(wanted, zone)| awaiting(busy, month(handle.clone(), slug.clone(), wanted, zone)),
        )
    };
    let keeper = Keeper::new((handle, slug), data, (pick, zone), form.lost, form.nearby);
    keeper.follow();
    let awaited = RwSignal::new(None);
    let shown_path = {
        let path = path.clone();
        Signal::derive(move || path.clone())
    };
    follow_focus(pick);
    Effect::new(move |_| form.outlast_reload());
    // The form is a part of its own, and comes while somebody is choosing.
    Effect::new(|_| {
        browser::at_first_touch(|| {
            spawn_local(async {
                // What does not come now is asked for once more with the form.
                let _ = parts::preload_details().await;
            });
        });
    });

    let title = fill(t.mentor_session_title, &[("name", &mentor.name), ("session", &session.name)]);
    let nothing = fill(t.nothing_free_text, &[("name", &mentor.name)]);
    let times =
        Times { data, form, keeper, pick, path: shown_path, awaited, session: StoredValue::new(session.clone()) };
    view! {
        <MentorMeta mentor=mentor.clone() title=title path=path/>
        <div class="page booking" data-step=move || pick.with(Pick::step)>
            <MentorPane mentor=mentor session=session several=several/>
            <Transition fallback=|| view! { <Skeleton lines=10/> }>
                <Choosing times=times busy=busy nothing=nothing.clone() post_path=post_path.clone()/>
            </Transition>
        </div>
    }
    .into_any()
}

/// What choosing a time and giving details share.
#[derive(Clone, Copy)]
pub struct Times {
    data: Carried<Result<Month, AppError>>,
    form: Form,
    keeper: Keeper,
    pick: Memo<Pick>,
    path: Signal<String>,
    awaited: RwSignal<Option<NaiveDate>>,
    session: StoredValue<SessionType>,
}

/// The calendar with its times, or once one is chosen the form.
#[component]
fn Choosing(times: Times, busy: RwSignal<bool>, nothing: String, post_path: String) -> impl IntoView {
    let Times { data, pick, path, awaited, .. } = times;
    let (answer, month) = month_answer(move || data.get());
    let start = Memo::new(move |_| pick.with(|pick| pick.start));
    // The form is a part of its own. Where the server has rendered it, the page has waited for it to come to life.
    let loaded = RwSignal::new(start.with_untracked(Option::is_some));
    move || match answer.get() {
        Answer::Awaited => ().into_any(),
        Answer::Failed(error) => {
            view! { <ErrorView error=error retry=Callback::new(move |()| data.refetch())/> }.into_any()
        }
        Answer::Here => match start.get() {
            Some(start) => {
                if loaded.get() {
                    Suspend::new(parts::details(times, start, month, post_path.clone())).into_any()
                } else {
                    spawn_local(async move {
                        let _ = parts::preload_details().await;
                        loaded.try_set(true);
                    });
                    view! { <div class="pane pane-details"><Skeleton lines=10/></div> }.into_any()
                }
            }
            None => view! {
                <SlotPicker
                    month=month
                    pick=pick
                    path=path
                    fixed=&[]
                    busy=busy
                    awaited=awaited
                    nothing=nothing.clone()
                />
            }
            .into_any(),
        },
    }
}

#[component]
fn MentorPane(mentor: MentorCard, session: SessionType, several: bool) -> impl IntoView {
    let t = use_messages().public;
    let home = urls::mentor(&mentor.handle);
    view! {
        <header class="pane pane-mentor">
            <Avatar name=mentor.name.clone() photo=mentor.photo_url large=true/>
            <div class="pane-mentor-name">
                <h1>{mentor.name}</h1>
                {mentor.headline.map(|text| view! { <p class="muted">{text}</p> }.into_any())}
            </div>
            <div class="pane-mentor-session">
                <p class="session-name">{session.name.clone()}</p>
                <SessionFacts session=session.clone()/>
                {several.then(|| view! { <p class="small other-sessions"><a href=home>{t.all_sessions}</a></p> }.into_any())}
            </div>
            {session.description.map(|text| view! { <p class="prose pane-mentor-more">{text}</p> }.into_any())}
            {mentor.bio.map(|text| view! { <p class="prose muted pane-mentor-more">{text}</p> }.into_any())}
        </header>
    }
    .into_any()
}

/// The form, with what was chosen above it.
#[component]
pub fn Details(
    /// What it shares with the step before.
    times: Times,
    /// The time that was chosen.
    start: DateTime<Utc>,
    /// What is free.
    month: Memo<Month>,
    /// Where a plain form is posted to.
    post_path: String,
) -> impl IntoView {
    let Times { data, form, keeper, pick, path, session, .. } = times;
    let messages = use_messages();
    let (t, common) = (messages.public, messages.common);
    let language = use_language();
    let navigate = use_navigate();
    let hours = use_shown_clock(pick);
    let (needs_approval, minutes) =
        session.with_value(|session| (session.requires_approval, i64::from(session.duration_minutes)));

    // A link from yesterday may lead to a time that is gone today.
    let gone = Memo::new(move |_| {
        month.with(|month| {
            let from = month.zone.date_start(month.first_day);
            let to = month.zone.date_start(month_shift(month.first_day, 1));
            let is_offered = month.starts.binary_search(&start).is_ok() || month.held == Some(start);
            (from..to).contains(&start) && !is_offered
        }) && !keeper.has(start)
    });
    // It is gone because it was booked here: whoever comes back to the form is led to the booking.
    let booked = Memo::new(move |_| {
        let of = |month: &Month| month.booked.iter().find(|booked| booked.start == start).cloned();
        if form.pending.get() { None } else { month.with(of).map(|booked| booked.manage_path) }
    });
    keeper.keep_while_open(start, gone);
    let lost =
        move || booked.with(Option::is_none) && ((gone.get() && !form.pending.get()) || form.lost.get() == Some(start));
    Effect::new(move |_| {
        let notice = match (lost(), booked.with(Option::is_some)) {
            (true, _) => "lost-title",
            (false, true) => "booked-here-title",
            (false, false) => return,
        };
        // The notice is there a frame later, and laid out after another.
        request_animation_frame(move || {
            request_animation_frame(move || {
                browser::focus(notice);
            });
        });
    });
    let nearby = Memo::new(move |_| {
        let said = form.nearby.get();
        if said.is_empty() { month.with(|month| closest(month, start)) } else { said }
    });

    let action = pick.with_untracked(|pick| pick.href(&post_path, &[]));
    let back = move || {
        pick.with(|pick| {
            let date = month.with(|month| month.zone.wall(start).date());
            let next = Pick { start: None, month: Some(month_tag(date)), date: Some(date), ..pick.clone() };
            path.with(|path| next.href(path, &[]))
        })
    };
    let (mentor, slug) = {
        let mut parts = post_path.trim_start_matches('/').splitn(2, '/');
        (parts.next().unwrap_or_default().to_string(), parts.next().unwrap_or_default().to_string())
    };
    let zone_name = move || month.with(|month| month.zone.name.clone());
    // Whatever sends this form, and however often, it is one request: of several presses comes one booking.
    let about = start.timestamp().to_string();
    let key = form_key(&about);
    let visit = use_visit();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if form.pending.get_untracked() {
            return;
        }
        // A button with a start of its own books that one.
        let start = event
            .submitter()
            .and_then(|button| button.get_attribute("value"))
            .and_then(|value| instant(&value))
            .unwrap_or(start);
        let mut request = BookForm {
            mentor: mentor.clone(),
            session_type: slug.clone(),
            start,
            name: form.name.get_untracked().trim().into(),
            email: form.email.get_untracked().trim().into(),
            timezone: untrack(zone_name),
            notes: form.notes.get_untracked().trim().into(),
            idempotency_key: key.clone(),
            hold: None,
        };
        let wrong = check(&request);
        if !wrong.is_empty() {
            form.error.set(Some(AppError::Invalid(wrong)));
            return;
        }
        form.error.set(None);
        form.pending.set(true);
        let navigate = navigate.clone();
        spawn_local(async move {
            let (mentor, slug) = (request.mentor.clone(), request.session_type.clone());
            request.hold = keeper.shown(start).await;
            match book(request).await {
                Ok(booked) => {
                    keeper.spent(start);
                    Form::forget();
                    // The next form of this page is another request.
                    visit.update_untracked(|visit| visit.form_key = browser::random_id());
                    navigate(&format!("{}?new=1", booked.manage_path), NavigateOptions::default());
                }
                Err(AppError::SlotUnavailable) => {
                    keeper.refused();
                    form.nearby.set(nearest(mentor, slug, start).await.unwrap_or_default());
                    form.lost.set(Some(start));
                    data.refetch();
                }
                Err(error) => form.error.set(Some(error)),
            }
            form.pending.set(false);
        });
    };

    let chosen = move || {
        month.with(|month| {
            let (from, to) = (month.zone.wall(start), month.zone.wall(start + Duration::minutes(minutes)));
            let label = StartLabel::new(start, &month.zone, &month.mentor_zone);
            view! {
                <p class="chosen-date">{format::date_with_year(from.date(), language)}</p>
                <p class="chosen-time">{format::time_range(from, to, hours.get(), language)}</p>
                <p class="muted small">{format::zone_with_offset(&month.zone, start)}</p>
                {zone_notice(pick, month)}
                {label.mentor(hours.get()).map(|view| view! { <p class="muted small">{view}</p> }.into_any())}
            }
        })
    };
    let lost_notice = live(move || {
        lost().then(|| {
            let wall = move |at| month.with(|month| month.zone.wall(at));
            let time = format::time(wall(start).time(), hours.get(), language);
            let none = nearby.with(Vec::is_empty);
            let date = wall(start).date();
            let buttons = nearby
                .get()
                .into_iter()
                .map(|start| {
                    let wall = wall(start);
                    let day = (wall.date() != date).then(|| format!("{} ", format::date_short(wall.date(), language)));
                    view! {
                        <button
                            class="button"
                            type="submit"
                            form="book-form"
                            name="start"
                            value=instant_tag(start)
                            aria-disabled=move || form.pending.get().then_some("true")
                        >
                            {day}
                            {format::time(wall.time(), hours.get(), language)}
                        </button>
                    }
                    .into_any()
                })
                .collect_view();
            view! {
                <div class="banner lost-time" data-tone="warn" role="group" aria-labelledby="lost-title">
                    <h3 id="lost-title" tabindex="-1">{fill(t.lost_title, &[("time", &time)])}</h3>
                    <p>{if none { t.lost_none } else { t.lost_text }}</p>
                    // Enter in a field presses the form's first button: none of these is chosen by it.
                    <button type="submit" form="book-form" disabled hidden></button>
                    <div class="button-row" role="group" aria-label=t.nearest_label>{buttons}</div>
                </div>
            }
        })
    });
    let booked_notice = live(move || {
        booked.get().map(|path| {
            view! {
                <div class="banner booked-here" data-tone="ok" role="group" aria-labelledby="booked-here-title">
                    <h2 id="booked-here-title" tabindex="-1">{t.booked_here_title}</h2>
                    <p>{t.booked_here_text}</p>
                    <div class="button-row">
                        <a class="button" data-kind="primary" href=path>{t.booked_here_open}</a>
                        <a class="button" href=back data-noscroll="true" rel="nofollow">{t.booked_here_other}</a>
                    </div>
                </div>
            }
        })
    });
    let wrong = move |field: &'static str| Signal::derive(move || form.error.with(|error| field_error(error, field)));
    let submit_row = live(move || {
        (!lost()).then(|| {
            let text = move || match (form.pending.get(), needs_approval) {
                (true, _) => t.form_pending,
                (false, true) => t.form_submit_request,
                (false, false) => t.form_submit,
            };
            view! {
                <div class="button-row">
                    <Button kind="seal" pending=form.pending>{move || text()}</Button>
                </div>
            }
        })
    });
    let fields = view! {
        <form class="form" id="book-form" method="post" action=action novalidate on:submit=submit>
            {live(move || (!lost()).then(|| view! { <input type="hidden" name="start" value=instant_tag(start)/> }))}
            <input type="hidden" name="timezone" value=zone_name autocomplete="off"/>
            <FormKey about=about/>
            <TextField name="name" label=t.form_name bind=form.name autocomplete="name" max=200_u32 error=wrong("name")/>
            <TextField
                name="email"
                label=common.email
                kind="email"
                bind=form.email
                autocomplete="email"
                max=254_u32
                hint=t.form_email_hint.to_string()
                error=wrong("email")
            />
            <TextField
                name="notes"
                label=t.form_notes
                bind=form.notes
                multiline=true
                optional=true
                max=4000_u32
                hint=t.form_notes_hint.to_string()
                error=wrong("notes")
            />
            {needs_approval.then(|| view! { <p class="note">{t.form_approval}</p> }.into_any())}
            {submit_row}
        </form>
    }
    .into_any();
    view! {
        <section class="pane pane-details" aria-labelledby="details-title">
            <a class="step-back" href=back data-noscroll="true" rel="nofollow">
                <Icon picture=Picture::ArrowLeft/>
                {t.back_to_times}
            </a>
            <div class="chosen" data-lost=move || lost().then_some("true")>
                {move || chosen()}
                <a class="small chosen-change" href=back data-noscroll="true" rel="nofollow">{t.form_change_time}</a>
            </div>
            <HoldNotice keeper=keeper start=start lost=Signal::derive(move || lost() || booked.with(Option::is_some))/>
            {booked_notice}
            <div class="details-form" hidden=move || booked.with(Option::is_some)>
                <h2 id="details-title" tabindex="-1">{t.form_title}</h2>
                {lost_notice}
                <ErrorSummary
                    error=form.error
                    fields=vec![("name", t.form_name), ("email", common.email), ("notes", t.form_notes)]
                />
                {fields}
            </div>
        </section>
    }
    .into_any()
}

/// The rules that the server will ask for, asked before.
fn check(request: &BookForm) -> Vec<FieldError> {
    [
        rules::check_name("name", &request.name),
        rules::check_email("email", &request.email),
        rules::check_text("notes", &request.notes, rules::MAX_TEXT),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The free times of the month nearest to `start`, ascending.
fn closest(month: &Month, start: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let mut starts = month.starts.clone();
    if starts.is_empty() {
        starts.extend(month.next_free);
    }
    starts.sort_by_key(|other| (*other - start).num_seconds().abs());
    starts.truncate(AS_NEAR);
    starts.sort();
    starts
}

/// What was posted to this very address without success is chosen, until something else is.
pub(super) fn with_posted(pick: Memo<Pick>) -> Memo<Pick> {
    let posted = use_posted();
    let query = use_page_query();
    let at_first = query.get_untracked();
    Memo::new(move |_| {
        let mut pick = pick.get();
        if let Some(posted) = posted.as_ref().filter(|_| query.with(|query| *query == at_first)) {
            let zone = posted.value("timezone");
            pick.timezone = pick.timezone.or((!zone.is_empty()).then_some(zone));
            pick.start = pick.start.or_else(|| instant(&posted.value("start")));
            pick.month = pick.month.or_else(|| pick.start.map(|start| month_tag(start.date_naive())));
        }
        pick
    })
}

/// The zone in which times are written: the one that was asked for, else the browser's, which the server knows before the page
/// is rendered. `None` stands for the mentor's.
///
/// `is_fresh`: the page is not the answer to a form.
fn zone_of(pick: Memo<Pick>, mentor_zone: &str, is_fresh: bool) -> Memo<Option<String>> {
    let visit = use_visit();
    if is_fresh && pick.with_untracked(|pick| pick.timezone.is_none()) {
        let shown = visit.with_untracked(|visit| visit.timezone.clone());
        tell(Tag::Zone, shown.as_deref().unwrap_or(mentor_zone));
    }
    // What is chosen here counts for the pages that follow.
    Effect::new(move |_| {
        if let Some(chosen) = pick.with(|pick| pick.timezone.clone())
            && browser::stored(REMEMBERED_ZONE).as_ref() == Some(&chosen)
            && visit.with_untracked(|visit| visit.timezone.as_ref() != Some(&chosen))
        {
            browser::tell_zone(&chosen);
            visit.update(|visit| visit.timezone = Some(chosen));
        }
    });
    let mentor_zone = mentor_zone.to_owned();
    Memo::new(move |_| {
        let asked = pick.with(|pick| pick.timezone.clone());
        asked.or_else(|| visit.with(|visit| visit.timezone.clone())).filter(|zone| *zone != mentor_zone)
    })
}

/// Moves the focus in the next frame, or as soon as what shall get it is there: the form may still be on its way. Unless
/// somebody has moved it meanwhile, or it takes longer than `until`, in [`ticks`](browser::ticks).
fn focus_soon(id: &'static str, until: f64) {
    request_animation_frame(move || {
        if !browser::focus(id) && !browser::has_focus() && browser::ticks() < until {
            focus_soon(id, until);
        }
    });
}

/// The focus goes where the next step is: to the form when a time is chosen, to the times when it is taken back, and
/// in a narrow window to the times when a date is chosen.
pub(super) fn follow_focus(pick: Memo<Pick>) {
    Effect::new(move |before: Option<(Option<DateTime<Utc>>, Option<NaiveDate>)>| {
        let now = pick.with(|pick| (pick.start, pick.date));
        if let Some(before) = before {
            let target = match (before, now) {
                ((None, _), (Some(_), _)) => Some("details-title"),
                ((Some(_), _), (None, Some(_))) => Some("times-title"),
                ((None, None), (None, Some(_))) if browser::narrower_than(720) => Some("times-title"),
                ((_, Some(_)), (None, None)) if browser::narrower_than(720) => Some("calendar-title"),
                _ => None,
            };
            if let Some(target) = target {
                // One frame for the views to change, one for the browser to lay them out.
                request_animation_frame(move || focus_soon(target, browser::ticks() + 30_000.0));
            }
        }
        now
    });
}
