//! What can be booked.

use super::layout::CopyLink;
use crate::AppError;
use crate::api::dashboard::{delete_session_type, put_session_type, session_types};
use crate::carried::carried;
use crate::components::{
    Button, CheckboxField, Dialog, ErrorSummary, ErrorView, Icon, Picture, ScriptControls, SelectField, Skeleton,
    StaleBanner, TextField, browser, field_error, live, use_status,
};
use crate::context::use_visit;
use crate::format;
use crate::i18n::dashboard::Dashboard;
use crate::i18n::{error_text, fill, use_language, use_messages};
use leptos::prelude::*;
use leptos::task::spawn_local_scoped;
use leptos_meta::Title;
use scheduling::{FieldError, Location, LocationKind, Price, SessionType, urls};

/// What can be booked.
#[component]
pub fn SessionTypesPage() -> impl IntoView {
    let t = use_messages().dashboard();
    let listed = carried(|| (), |()| session_types());
    view! {
        <Title text=t.types_title/>
        <Suspense fallback=|| view! { <Skeleton lines=6/> }>
            {move || Suspend::new(async move {
                match listed.await {
                    Ok(view) => view! {
                        <ScriptControls>
                            <Types types=view.types receiving=view.receiving/>
                        </ScriptControls>
                    }
                    .into_any(),
                    Err(error) => view! { <ErrorView error=error retry=move |()| listed.refetch()/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

/// What is being edited.
#[derive(Clone, PartialEq, Eq)]
enum Editing {
    New,
    Old(SessionType),
}

#[component]
fn Types(types: Vec<SessionType>, receiving: Option<String>) -> impl IntoView {
    let (messages, status) = (use_messages(), use_status());
    let t = messages.dashboard();
    let types = RwSignal::new(types);
    let receiving = StoredValue::new(receiving);
    let visit = use_visit();
    // The frame's warning follows what is saved here.
    Effect::new(move |before: Option<()>| {
        let lacks = types.with(|types| types.iter().any(|session| session.active && lacks_link(session, receiving)));
        if before.is_some() {
            visit.update(|visit| {
                if let Some(viewer) = &mut visit.viewer {
                    viewer.lacks_link = lacks;
                }
            });
        }
    });
    let editing = RwSignal::new(None::<Editing>);
    let deleting = RwSignal::new(None::<SessionType>);
    let asking = RwSignal::new(false);
    let pending = RwSignal::new(false);
    let edit = move |what: Editing| {
        editing.set(Some(what));
        request_animation_frame(|| {
            browser::focus("name");
            browser::reveal("type-form");
        });
    };
    let done = move |saved: SessionType| {
        status.say(fill(t.type_saved, &[("name", &saved.name)]));
        types.update(|types| match types.iter_mut().find(|old| old.slug == saved.slug) {
            Some(old) => *old = saved,
            None => types.push(saved),
        });
        editing.set(None);
        request_animation_frame(|| {
            browser::focus("types-title");
        });
    };
    let delete = move |()| {
        let Some(session) = deleting.get_untracked() else { return };
        pending.set(true);
        spawn_local_scoped(async move {
            let answer = delete_session_type(session.slug.clone()).await;
            pending.set(false);
            asking.set(false);
            match answer {
                Ok(()) => {
                    types.update(|types| types.retain(|other| other.slug != session.slug));
                    status.say(fill(t.type_deleted, &[("name", &session.name)]));
                }
                Err(error) => status.fail(error_text(&error)),
            }
        });
    };
    let cards = move || {
        types
            .get()
            .into_iter()
            .map(|session| {
                let (to_edit, to_delete) = (session.clone(), session.clone());
                view! {
                    <li>
                        <TypeCard
                            lacks_link=lacks_link(&session, receiving)
                            session=session
                            on_edit=move |()| edit(Editing::Old(to_edit.clone()))
                            on_delete=move |()| {
                                deleting.set(Some(to_delete.clone()));
                                asking.set(true);
                            }
                        />
                    </li>
                }
            })
            .collect_view()
    };
    let question = Signal::derive(move || {
        let name = deleting.with(|session| session.as_ref().map(|session| session.name.clone())).unwrap_or_default();
        fill(t.type_delete_title, &[("name", &name)])
    });
    view! {
        <div class="stack">
            <div class="page-head">
                <h1 id="types-title" tabindex="-1">{t.types_title}</h1>
                <button class="button" data-kind="primary" type="button" on:click=move |_| edit(Editing::New)>
                    <Icon picture=Picture::Plus/>
                    {t.type_new}
                </button>
            </div>
            <p class="lead">{t.types_lead}</p>
            {move || {
                editing
                    .get()
                    .map(|what| {
                        let taken = types.with_untracked(|types| types.iter().map(|session| session.slug.clone()).collect());
                        view! { <TypeForm editing=what taken=taken receiving=receiving on_saved=done on_close=move |()| editing.set(None)/> }
                    })
            }}
            <Show when=move || types.with(Vec::is_empty)>
                <div class="empty">
                    <h2>{t.types_none_title}</h2>
                    <p>{t.types_none_text}</p>
                </div>
            </Show>
            <ul class="type-cards">{cards}</ul>
            <Dialog open=asking title=question id="delete-type" home="types-title">
                <p>{t.type_delete_text}</p>
                <div class="dialog-actions">
                    <button class="button" type="button" on:click=move |_| asking.set(false)>{messages.common.cancel}</button>
                    <Button kind="danger" pending=pending on_press=delete>{messages.common.delete}</Button>
                </div>
            </Dialog>
        </div>
    }
}

/// Whether nothing will make the meeting link that the session type promises, as the server decides it.
fn lacks_link(session: &SessionType, receiving: StoredValue<Option<String>>) -> bool {
    let location = session.location.as_ref().filter(|location| location.value.is_empty());
    let maker = location.and_then(|location| link_maker(location.kind));
    maker.is_some_and(|maker| receiving.with_value(|receiving| receiving.as_deref() != Some(maker)))
}

/// The provider whose calendar makes the links of a place of this kind.
const fn link_maker(kind: LocationKind) -> Option<&'static str> {
    match kind {
        LocationKind::Meet => Some("google"),
        LocationKind::Teams => Some("microsoft"),
        LocationKind::Link | LocationKind::Phone | LocationKind::InPerson => None,
    }
}

/// One session type, in a few words.
#[component]
fn TypeCard(
    session: SessionType,
    lacks_link: bool,
    #[prop(into)] on_edit: Callback<()>,
    #[prop(into)] on_delete: Callback<()>,
) -> impl IntoView {
    let (messages, language) = (use_messages(), use_language());
    let t = messages.dashboard();
    let handle = use_visit().with_untracked(|visit| visit.viewer.as_ref().map(|viewer| viewer.handle.clone()));
    let path = urls::book(&handle.unwrap_or_default(), &session.slug);
    let minutes = |minutes: u16| format::duration(u32::from(minutes), language);
    let buffers = match (session.buffer_before_minutes, session.buffer_after_minutes) {
        (0, 0) => None,
        (before, 0) => Some(fill(t.type_before, &[("time", &minutes(before))])),
        (0, after) => Some(fill(t.type_after, &[("time", &minutes(after))])),
        (before, after) => Some(fill(t.type_both, &[("before", &minutes(before)), ("after", &minutes(after))])),
    };
    let notice = (session.minimum_notice_minutes > 0)
        .then(|| fill(t.type_notice, &[("time", &format::duration(session.minimum_notice_minutes, language))]));
    let limit = session.daily_limit.map(|limit| fill(t.type_limit, &[("n", &limit.to_string())]));
    let facts = [
        Some(minutes(session.duration_minutes)),
        session.price.as_ref().map(format::price),
        session.location.as_ref().map(|location| kind_name(location.kind, messages.common).to_owned()),
        buffers,
        notice,
        limit,
        session.requires_approval.then(|| t.type_approval.to_owned()),
    ];
    let facts = facts.into_iter().flatten().map(|fact| view! { <li>{fact}</li> }).collect_view();
    let label = |action: &str| fill(t.action_label, &[("action", action), ("name", &session.name)]);
    let (edit_label, delete_label) = (label(t.type_edit), label(messages.common.delete));
    view! {
        <article class="card type-card" data-active=if session.active { "true" } else { "false" }>
            <div class="type-head">
                <h2 dir="auto">{session.name.clone()}</h2>
                {(!session.active).then(|| view! { <span class="badge">{t.type_hidden}</span> })}
            </div>
            {session.description.clone().map(|text| view! { <p class="muted type-description" dir="auto">{text}</p> })}
            <ul class="type-facts small">{facts}</ul>
            {lacks_link.then(|| view! { <p class="banner small" data-tone="warn">{t.type_no_link}</p> })}
            <p class="small type-path"><a href=path.clone()>{path.clone()}</a></p>
            <div class="button-row">
                <button class="button" data-size="small" type="button" aria-label=edit_label on:click=move |_| on_edit.run(())>{t.type_edit}</button>
                <button class="button" data-size="small" data-kind="quiet" type="button" aria-label=delete_label on:click=move |_| on_delete.run(())>{messages.common.delete}</button>
                {session.active.then(|| view! { <CopyLink path=path text=t.copy_link small=true/> })}
            </div>
        </article>
    }
}

const fn kind_name(kind: LocationKind, t: &'static crate::i18n::common::Common) -> &'static str {
    match kind {
        LocationKind::Link => t.location_link,
        LocationKind::Phone => t.location_phone,
        LocationKind::InPerson => t.location_in_person,
        LocationKind::Meet => t.location_meet,
        LocationKind::Teams => t.location_teams,
    }
}

const KINDS: [(&str, LocationKind); 5] = [
    ("link", LocationKind::Link),
    ("phone", LocationKind::Phone),
    ("in_person", LocationKind::InPerson),
    ("meet", LocationKind::Meet),
    ("teams", LocationKind::Teams),
];

/// A length of time as people say it: the largest unit that fits.
fn amount_and_unit(minutes: u32) -> (String, String) {
    match minutes {
        0 => ("0".into(), "60".into()),
        _ if minutes.is_multiple_of(1440) => ((minutes / 1440).to_string(), "1440".into()),
        _ if minutes.is_multiple_of(60) => ((minutes / 60).to_string(), "60".into()),
        _ => (minutes.to_string(), "1".into()),
    }
}

/// `30`, `30.50` or `30,000` in a currency's minor units.
fn minor_units(text: &str, currency: &str) -> Option<i64> {
    let digits = format::currency(currency).1 as usize;
    let text: String = text.trim().chars().filter(|c| !matches!(c, ',' | ' ' | '_')).collect();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let fine =
        !whole.is_empty() && part.len() <= digits && whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit());
    fine.then(|| format!("{whole}{part:0<digits$}").parse().ok()).flatten()
}

/// The other way.
fn major_units(price: &Price) -> String {
    let digits = format::currency(&price.currency).1 as usize;
    let amount = format!("{:0>width$}", price.amount.max(0), width = digits + 1);
    let (whole, part) = amount.split_at(amount.len() - digits);
    if digits == 0 { whole.to_owned() } else { format!("{whole}.{part}") }
}

/// A name in addresses, made of a name: letters, digits and hyphens.
fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for c in name.trim().to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
        if slug.len() == 40 {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// Least and most, as the contract has it.
fn range(field: &str) -> Option<(&'static str, &'static str)> {
    match field {
        "duration_minutes" | "start_interval_minutes" => Some(("5", "1440")),
        "buffer_before_minutes" | "buffer_after_minutes" => Some(("0", "1440")),
        "horizon_days" => Some(("1", "730")),
        "daily_limit" => Some(("1", "1000")),
        _ => None,
    }
}

/// What stands in the form.
#[derive(Clone, Copy)]
struct Form {
    slug: RwSignal<String>,
    name: RwSignal<String>,
    description: RwSignal<String>,
    duration: RwSignal<String>,
    interval: RwSignal<String>,
    before: RwSignal<String>,
    after: RwSignal<String>,
    notice: (RwSignal<String>, RwSignal<String>),
    horizon: RwSignal<String>,
    limit: RwSignal<String>,
    cancel: (RwSignal<String>, RwSignal<String>),
    price: RwSignal<String>,
    currency: RwSignal<String>,
    kind: RwSignal<String>,
    location: RwSignal<String>,
    approval: RwSignal<bool>,
    active: RwSignal<bool>,
}

impl Form {
    fn new(session: &SessionType, currency: &str) -> Self {
        let text = |value: &dyn ToString| RwSignal::new(value.to_string());
        let time = |minutes| {
            let (amount, unit) = amount_and_unit(minutes);
            (RwSignal::new(amount), RwSignal::new(unit))
        };
        let kind = session.location.as_ref().and_then(|location| KINDS.iter().find(|(_, kind)| *kind == location.kind));
        Self {
            slug: text(&session.slug),
            name: text(&session.name),
            description: RwSignal::new(session.description.clone().unwrap_or_default()),
            duration: text(&session.duration_minutes),
            interval: text(&session.start_interval_minutes),
            before: text(&session.buffer_before_minutes),
            after: text(&session.buffer_after_minutes),
            notice: time(session.minimum_notice_minutes),
            horizon: text(&session.horizon_days),
            limit: RwSignal::new(session.daily_limit.map(|limit| limit.to_string()).unwrap_or_default()),
            cancel: time(session.cancel_notice_minutes),
            price: RwSignal::new(session.price.as_ref().map(major_units).unwrap_or_default()),
            currency: RwSignal::new(session.price.as_ref().map_or(currency, |price| &price.currency).to_owned()),
            kind: RwSignal::new(kind.map(|(tag, _)| (*tag).to_owned()).unwrap_or_default()),
            location: RwSignal::new(session.location.as_ref().map(|place| place.value.clone()).unwrap_or_default()),
            approval: RwSignal::new(session.requires_approval),
            active: RwSignal::new(session.active),
        }
    }

    /// Takes what is saved.
    fn show(self, session: &SessionType, currency: &str) {
        let saved = Self::new(session, currency);
        for (own, saved) in self.texts().into_iter().zip(saved.texts()) {
            own.set(saved.get_untracked());
        }
        self.approval.set(session.requires_approval);
        self.active.set(session.active);
    }

    fn texts(self) -> [RwSignal<String>; 16] {
        let Self { slug, name, description, duration, interval, before, after, horizon, limit, .. } = self;
        let (notice, cancel) = (self.notice, self.cancel);
        [
            slug,
            name,
            description,
            duration,
            interval,
            before,
            after,
            notice.0,
            notice.1,
            horizon,
            limit,
            cancel.0,
            cancel.1,
            self.price,
            self.kind,
            self.location,
        ]
    }

    /// The fields in which the form differs from what is saved, with what is saved.
    fn differences(self, session: &SessionType, currency: &str, t: &'static Dashboard) -> Vec<(String, String)> {
        let saved = Self::new(session, currency);
        let labels = [
            t.type_slug,
            t.type_name,
            t.type_description,
            t.duration,
            t.interval,
            t.buffer_before,
            t.buffer_after,
            t.type_minimum_notice,
            t.unit_of_notice,
            t.type_horizon,
            t.type_daily_limit,
            t.type_cancel_notice,
            t.unit_of_cancel,
            t.type_price,
            t.location_kind,
            t.location_value,
        ];
        let texts = self.texts().into_iter().zip(saved.texts()).zip(labels);
        let differs = texts.filter_map(|((own, saved), label)| {
            let saved = saved.get_untracked();
            (own.get_untracked().trim() != saved.trim()).then(|| (label.to_owned(), saved))
        });
        let flags = [
            (self.approval.get_untracked(), session.requires_approval, t.type_requires_approval),
            (self.active.get_untracked(), session.active, t.type_active),
        ];
        let mark = |flag: bool| if flag { "✓" } else { "–" };
        let flags = flags.into_iter().filter(|(own, saved, _)| own != saved);
        differs.chain(flags.map(|(_, saved, label)| (label.to_owned(), mark(saved).to_owned()))).collect()
    }

    /// What was filled in, or what is wrong with it.
    fn read(self) -> Result<SessionType, Vec<FieldError>> {
        let mut errors = Vec::new();
        let text = |signal: RwSignal<String>| signal.get_untracked().trim().to_owned();
        let mut number = |signal: RwSignal<String>, field: &str| -> u32 {
            text(signal).parse().unwrap_or_else(|_| {
                errors.push(FieldError::new(field, "out_of_range", ""));
                0
            })
        };
        let short = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
        let duration_minutes = short(number(self.duration, "duration_minutes"));
        let start_interval_minutes = short(number(self.interval, "start_interval_minutes"));
        let buffer_before_minutes = short(number(self.before, "buffer_before_minutes"));
        let buffer_after_minutes = short(number(self.after, "buffer_after_minutes"));
        let horizon_days = short(number(self.horizon, "horizon_days"));
        let daily_limit =
            if text(self.limit).is_empty() { None } else { Some(short(number(self.limit, "daily_limit"))) };
        let mut time = |(amount, unit): (RwSignal<String>, RwSignal<String>), field: &str| {
            number(amount, field).saturating_mul(text(unit).parse().unwrap_or(1))
        };
        let minimum_notice_minutes = time(self.notice, "minimum_notice_minutes");
        let cancel_notice_minutes = time(self.cancel, "cancel_notice_minutes");
        let (amount, currency) = (text(self.price), text(self.currency).to_uppercase());
        let price = (!amount.is_empty()).then(|| {
            let amount = minor_units(&amount, &currency).unwrap_or_else(|| {
                errors.push(FieldError::new("price.amount", "invalid", ""));
                0
            });
            Price { amount, currency }
        });
        let kind = KINDS.iter().find(|(tag, _)| *tag == *self.kind.read_untracked());
        let session = SessionType {
            slug: text(self.slug),
            name: text(self.name),
            description: Some(text(self.description)).filter(|text| !text.is_empty()),
            duration_minutes,
            start_interval_minutes,
            buffer_before_minutes,
            buffer_after_minutes,
            minimum_notice_minutes,
            horizon_days,
            daily_limit,
            requires_approval: self.approval.get_untracked(),
            cancel_notice_minutes,
            price,
            location: kind.map(|(_, kind)| Location { kind: *kind, value: text(self.location) }),
            active: self.active.get_untracked(),
        };
        if let Err(wrong) = session.validate() {
            let new: Vec<_> = wrong.into_iter().filter(|new| errors.iter().all(|old| old.field != new.field)).collect();
            errors.extend(new);
        }
        if errors.is_empty() { Ok(session) } else { Err(errors) }
    }
}

/// Creates or edits.
#[component]
fn TypeForm(
    editing: Editing,
    taken: Vec<String>,
    receiving: StoredValue<Option<String>>,
    #[prop(into)] on_saved: Callback<SessionType>,
    #[prop(into)] on_close: Callback<()>,
) -> impl IntoView {
    let (messages, language) = (use_messages(), use_language());
    let t = messages.dashboard();
    let (is_new, session) = match editing {
        Editing::New => (true, SessionType { slug: String::new(), name: String::new(), ..SessionType::first() }),
        Editing::Old(session) => (false, session),
    };
    let currency = match language {
        scheduling::Language::En => "USD",
        scheduling::Language::Ko => "KRW",
    };
    let form = Form::new(&session, currency);
    // What is replaced; and what was saved in another window in the meantime.
    let before = RwSignal::new((!is_new).then(|| session.clone()));
    let newer = RwSignal::new(None::<SessionType>);
    let taken = StoredValue::new(taken);
    let error = RwSignal::new(None::<AppError>);
    let pending = RwSignal::new(false);
    let wrong = move |field: &'static str| {
        Signal::derive(move || {
            error.with(|error| {
                let text = field_error(error, field)?;
                // Says which numbers are possible, unless it says something else.
                let beyond = matches!(error, Some(AppError::Invalid(errors)) if errors.iter().any(|e| e.field == field && e.code == "beyond_horizon"));
                Some(match range(field).filter(|_| !beyond) {
                    Some((min, max)) => fill(t.number_range, &[("min", min), ("max", max)]),
                    None => text,
                })
            })
        })
    };
    // The address follows the name until it is changed by hand.
    Effect::new(move |before: Option<String>| {
        let name = form.name.get();
        if let (true, Some(before)) = (is_new, before)
            && form.slug.with_untracked(|slug| *slug == slug_of(&before))
        {
            form.slug.set(slug_of(&name));
        }
        name
    });
    // And starts follow the duration, as long as they are the same.
    Effect::new(move |before: Option<String>| {
        let duration = form.duration.get();
        if let (true, Some(before)) = (is_new, before)
            && form.interval.with_untracked(|interval| *interval == before)
        {
            form.interval.set(duration.clone());
        }
        duration
    });
    let slug = StoredValue::new(session.slug.clone());
    let save = move || {
        if pending.get_untracked() {
            return;
        }
        let session = match form.read() {
            Ok(session) if is_new && taken.with_value(|taken| taken.contains(&session.slug)) => {
                let taken = FieldError::new("slug", "taken", "");
                return error.set(Some(AppError::Invalid(vec![taken])));
            }
            Ok(session) => session,
            Err(wrong) => return error.set(Some(AppError::Invalid(wrong))),
        };
        error.set(None);
        pending.set(true);
        spawn_local_scoped(async move {
            let answer = put_session_type(session, before.get_untracked()).await;
            // Then what is saved is shown beside the form.
            let saved_elsewhere = match &answer {
                Err(AppError::Stale) => session_types().await.ok().and_then(|view| {
                    let slug = if is_new { form.slug.get_untracked() } else { slug.get_value() };
                    view.types.into_iter().find(|other| other.slug == slug)
                }),
                _ => None,
            };
            pending.set(false);
            match (answer, saved_elsewhere) {
                (Ok(saved), _) => on_saved.run(saved),
                (Err(_), Some(saved)) => newer.set(Some(saved)),
                (Err(failed), None) => error.set(Some(failed)),
            }
        });
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        save();
    };
    let use_mine = move |()| {
        before.set(newer.get_untracked());
        newer.set(None);
        save();
    };
    let use_saved = move |()| {
        if let Some(saved) = newer.get_untracked() {
            form.show(&saved, currency);
            before.set(Some(saved));
            newer.set(None);
        }
    };
    let no_link = move || {
        let kind = KINDS.iter().find(|(tag, _)| *tag == *form.kind.read()).and_then(|(_, kind)| link_maker(*kind));
        let empty = form.location.with(|text| text.trim().is_empty());
        kind.is_some_and(|maker| empty && receiving.with_value(|receiving| receiving.as_deref() != Some(maker)))
            .then(|| view! { <p class="banner small" data-tone="warn" id="no-link">{t.type_no_link}</p> })
    };
    let handle = use_visit().with_untracked(|visit| visit.viewer.as_ref().map(|viewer| viewer.handle.clone()));
    let prefix = format!("/{}/", handle.unwrap_or_default());
    let units = |t: &Dashboard| {
        vec![
            ("1".to_owned(), t.unit_minutes.to_owned()),
            ("60".to_owned(), t.unit_hours.to_owned()),
            ("1440".to_owned(), t.unit_days.to_owned()),
        ]
    };
    let kinds: Vec<_> = std::iter::once((String::new(), t.location_none.to_owned()))
        .chain(KINDS.iter().map(|(tag, kind)| ((*tag).to_owned(), kind_name(*kind, messages.common).to_owned())))
        .collect();
    let location_label = Signal::derive(move || {
        match form.kind.read().as_str() {
            "phone" => t.location_phone_label,
            "in_person" => t.location_place_label,
            _ => t.location_link_label,
        }
        .to_owned()
    });
    let location_hint = Signal::derive(move || match form.kind.read().as_str() {
        "meet" => Some(t.location_meet_hint.to_owned()),
        "teams" => Some(t.location_teams_hint.to_owned()),
        _ => None,
    });
    let fields = vec![
        ("name", t.type_name),
        ("slug", t.type_slug),
        ("description", t.type_description),
        ("duration_minutes", t.duration),
        ("start_interval_minutes", t.interval),
        ("buffer_before_minutes", t.buffer_before),
        ("buffer_after_minutes", t.buffer_after),
        ("minimum_notice_minutes", t.type_minimum_notice),
        ("horizon_days", t.type_horizon),
        ("daily_limit", t.type_daily_limit),
        ("cancel_notice_minutes", t.type_cancel_notice),
        ("price.amount", t.type_price),
        ("price.currency", t.type_currency),
        ("location.value", t.location_value),
    ];
    let hint = |text: &'static str| Signal::stored(Some(text.to_owned()));
    view! {
        <form class="card form type-form" id="type-form" novalidate on:submit=submit aria-labelledby="type-form-title">
            <h2 id="type-form-title">{if is_new { t.type_new.to_owned() } else { fill(t.type_edit_title, &[("name", &session.name)]) }}</h2>
            <ErrorSummary error=error fields=fields/>
            {live(move || newer.get().map(|saved| view! {
                <StaleBanner differences=form.differences(&saved, currency, t) on_mine=use_mine on_saved=use_saved/>
            }))}
            <TextField name="name" label=t.type_name bind=form.name max=200_u32 error=wrong("name")/>
            {is_new
                .then(|| {
                    view! { <TextField name="slug" label=t.type_slug bind=form.slug max=40_u32 prefix=prefix hint=hint(t.type_slug_hint) error=wrong("slug")/> }
                })}
            <TextField name="description" label=t.type_description bind=form.description multiline=true optional=true max=4000_u32 error=wrong("description")/>
            <fieldset class="form-part">
                <legend>{t.part_time}</legend>
                <div class="form-row">
                    <TextField name="duration_minutes" label=t.duration kind="number" bind=form.duration suffix=t.minutes_unit error=wrong("duration_minutes")/>
                    <TextField name="start_interval_minutes" label=t.interval kind="number" bind=form.interval suffix=t.minutes_unit error=wrong("start_interval_minutes")/>
                    <TextField name="buffer_before_minutes" label=t.buffer_before kind="number" bind=form.before suffix=t.minutes_unit error=wrong("buffer_before_minutes")/>
                    <TextField name="buffer_after_minutes" label=t.buffer_after kind="number" bind=form.after suffix=t.minutes_unit error=wrong("buffer_after_minutes")/>
                </div>
            </fieldset>
            <fieldset class="form-part">
                <legend>{t.part_rules}</legend>
                <div class="form-row">
                    <div class="amount">
                        <TextField name="minimum_notice_minutes" label=t.type_minimum_notice kind="number" bind=form.notice.0 hint=hint(t.type_minimum_notice_hint) error=wrong("minimum_notice_minutes")/>
                        <SelectField name="minimum_notice_unit" label=t.unit_of_notice options=units(t) bind=form.notice.1/>
                    </div>
                    <div class="amount">
                        <TextField name="cancel_notice_minutes" label=t.type_cancel_notice kind="number" bind=form.cancel.0 hint=hint(t.type_cancel_notice_hint) error=wrong("cancel_notice_minutes")/>
                        <SelectField name="cancel_notice_unit" label=t.unit_of_cancel options=units(t) bind=form.cancel.1/>
                    </div>
                </div>
                <div class="form-row">
                    <TextField name="horizon_days" label=t.type_horizon kind="number" bind=form.horizon suffix=t.unit_days hint=hint(t.type_horizon_hint) error=wrong("horizon_days")/>
                    <TextField name="daily_limit" label=t.type_daily_limit kind="number" bind=form.limit optional=true hint=hint(t.type_daily_limit_hint) error=wrong("daily_limit")/>
                </div>
                <CheckboxField name="requires_approval" label=t.type_requires_approval bind=form.approval/>
            </fieldset>
            <fieldset class="form-part">
                <legend>{t.part_where}</legend>
                <div class="form-row">
                    <TextField name="price.amount" label=t.type_price bind=form.price optional=true max=16_u32 hint=hint(t.type_price_hint) error=wrong("price.amount")/>
                    <TextField name="price.currency" label=t.type_currency bind=form.currency max=3_u32 hint=hint(t.type_currency_hint) error=wrong("price.currency")/>
                </div>
                <div class="form-row">
                    <SelectField name="location.kind" label=t.location_kind options=kinds bind=form.kind/>
                    <Show when=move || !form.kind.read().is_empty()>
                        <TextField name="location.value" label=location_label bind=form.location max=2000_u32 hint=location_hint error=wrong("location.value")/>
                    </Show>
                </div>
                {live(no_link)}
            </fieldset>
            <CheckboxField name="active" label=t.type_active bind=form.active/>
            <div class="button-row">
                <Button kind="primary" pending=pending>{messages.common.save}</Button>
                <button class="button" type="button" on:click=move |_| on_close.run(())>{messages.common.cancel}</button>
            </div>
        </form>
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn money_goes_there_and_back() {
        for (text, currency, amount, back) in [
            ("30", "USD", 3000, "30.00"),
            ("30.5", "USD", 3050, "30.50"),
            ("0.05", "EUR", 5, "0.05"),
            ("30,000", "KRW", 30_000, "30000"),
            ("1.005", "KWD", 1005, "1.005"),
        ] {
            assert_eq!(minor_units(text, currency), Some(amount), "{text} {currency}");
            assert_eq!(major_units(&Price { amount, currency: currency.into() }), back);
        }
        for (text, currency) in
            [("", "USD"), (".5", "USD"), ("1.005", "USD"), ("30.5", "KRW"), ("-1", "USD"), ("a", "USD")]
        {
            assert_eq!(minor_units(text, currency), None, "{text} {currency}");
        }
    }

    #[test]
    fn names_become_addresses() {
        assert_eq!(slug_of("  Career Talk, 1:1 "), "career-talk-1-1");
        assert_eq!(slug_of("커리어 Coffee"), "coffee");
        assert_eq!(slug_of("상담"), "");
    }

    #[test]
    fn lengths_of_time_in_the_largest_unit() {
        let text = |minutes| {
            let (amount, unit) = amount_and_unit(minutes);
            (amount.parse::<u32>().unwrap(), unit.parse::<u32>().unwrap())
        };
        assert_eq!(text(0), (0, 60));
        assert_eq!(text(90), (90, 1));
        assert_eq!(text(120), (2, 60));
        assert_eq!(text(2880), (2, 1440));
    }
}
