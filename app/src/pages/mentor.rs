//! A mentor's page.

use super::book::Book;
use crate::AppError;
use crate::api::public::{MentorCard, MentorPage as Mentor, mentor};
use crate::carried::carried;
use crate::components::head::{Tag, tell};
use crate::components::{Avatar, ErrorView, Icon, NotFoundView, Picture, Skeleton};
use crate::context::use_visit;
use crate::format;
use crate::i18n::{fill, use_language, use_messages};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use scheduling::{Location, LocationKind, SessionType, urls};

/// `/{handle}` and `/{handle}/{session_type}`: what can be booked; with one session, booking it.
#[component]
pub fn MentorPage() -> impl IntoView {
    let params = use_params_map();
    let handle = Memo::new(move |_| params.with(|params| params.get("handle").unwrap_or_default()));
    let wanted = Memo::new(move |_| params.with(|params| params.get("session_type")));
    let page = carried(move || handle.get(), mentor);
    let show = move || {
        Suspend::new(async move {
            let result = page.await;
            match result {
                Ok(page) => view! { <Offered page=page wanted=wanted.get_untracked()/> }.into_any(),
                Err(AppError::NotFound) => {
                    let t = use_messages().public;
                    let title = fill(t.mentor_unknown_title, &[("handle", &handle.get_untracked())]);
                    view! { <div class="page"><NotFoundView title=title text=t.mentor_unknown_text/></div> }.into_any()
                }
                Err(error) => view! { <div class="page"><ErrorView page=true error=error retry=Callback::new(move |()| page.refetch())/></div> }
                .into_any(),
            }
        })
    };
    view! { <Suspense fallback=|| view! { <div class="page"><Skeleton lines=8/></div> }>{show}</Suspense> }.into_any()
}

/// The page of a mentor who exists.
#[component]
fn Offered(page: Mentor, wanted: Option<String>) -> impl IntoView {
    let t = use_messages().public;
    let Mentor { mentor, mut session_types } = page;
    let home = urls::mentor(&mentor.handle);
    let several = session_types.len() > 1;
    let (session, path) = match &wanted {
        Some(slug) => {
            let at = session_types.iter().position(|session| session.slug == *slug);
            (at.map(|at| session_types.swap_remove(at)), urls::book(&mentor.handle, slug))
        }
        None if several => (None, home.clone()),
        None => (session_types.pop(), home.clone()),
    };
    match (session, wanted) {
        (Some(session), _) => view! { <Book mentor=mentor session=session path=path several=several/> }.into_any(),
        (None, Some(_)) => view! {
            <div class="page">
                <NotFoundView
                    title=t.session_unknown_title
                    text=fill(t.session_unknown_text, &[("name", &mentor.name)])
                />
                <p class="after-lost"><a href=home>{t.session_unknown_link}</a></p>
            </div>
        }
        .into_any(),
        (None, None) => view! { <Choice mentor=mentor sessions=session_types/> }.into_any(),
    }
}

/// Several kinds of session, or none.
#[component]
fn Choice(mentor: MentorCard, sessions: Vec<SessionType>) -> impl IntoView {
    let t = use_messages().public;
    let language = use_language();
    let title = fill(t.mentor_title, &[("name", &mentor.name)]);
    let handle = mentor.handle.clone();
    let items = sessions
        .into_iter()
        .map(|session| {
            view! {
                <li class="session-card">
                    <h3><a href=urls::book(&handle, &session.slug)>{session.name.clone()}</a></h3>
                    <p class="session-facts">
                        <span>{format::duration(session.duration_minutes.into(), language)}</span>
                        {session.price.as_ref().map(|price| view! { <span>{price_text(price)}</span> }.into_any())}
                        {session.location.as_ref().map(|location| view! { <span>{location_kind(location)}</span> }.into_any())}
                    </p>
                    {session.description.map(|text| view! { <p class="muted prose clamp">{text}</p> }.into_any())}
                </li>
            }
            .into_any()
        })
        .collect_view();
    let none = items.is_empty();
    view! {
        <MentorMeta mentor=mentor.clone() title=title path=urls::mentor(&mentor.handle)/>
        <div class="page mentor-page">
            <MentorHead mentor=mentor.clone()/>
            {if none {
                view! {
                    <div class="empty">
                        <h2>{t.no_sessions_title}</h2>
                        <p>{fill(t.no_sessions_text, &[("name", &mentor.name)])}</p>
                        <a class="button" href=urls::HOME>{use_messages().common.to_home}</a>
                    </div>
                }
                    .into_any()
            } else {
                view! {
                    <section aria-labelledby="sessions-title">
                        <h2 id="sessions-title">{t.choose_session}</h2>
                        <ul class="session-list">{items}</ul>
                    </section>
                }
                    .into_any()
            }}
        </div>
    }
    .into_any()
}

#[component]
fn MentorHead(mentor: MentorCard) -> impl IntoView {
    view! {
        <header class="mentor-head">
            <Avatar name=mentor.name.clone() photo=mentor.photo_url large=true/>
            <div>
                <h1>{mentor.name}</h1>
                {mentor.headline.map(|text| view! { <p class="lead">{text}</p> }.into_any())}
            </div>
            {mentor.bio.map(|text| view! { <p class="prose mentor-bio">{text}</p> }.into_any())}
        </header>
    }
    .into_any()
}

/// Title, description, and how the page looks where it is shared.
#[component]
pub fn MentorMeta(
    /// Whose page.
    mentor: MentorCard,
    /// Its title.
    #[prop(into)]
    title: String,
    /// Its path.
    path: String,
) -> impl IntoView {
    let t = use_messages().public;
    let base = use_visit().with_untracked(|visit| visit.base_url.clone());
    // Every month and date of a page is the same page.
    let address = format!("{base}{path}");
    let description = match &mentor.headline {
        Some(headline) => format!("{headline} — {}", fill(t.mentor_description, &[("name", &mentor.name)])),
        None => fill(t.mentor_description, &[("name", &mentor.name)]),
    };
    tell(Tag::Name("description"), &description);
    tell(Tag::Property("og:type"), "profile");
    tell(Tag::Property("og:site_name"), "Yaksok");
    tell(Tag::Property("og:title"), &title);
    tell(Tag::Property("og:description"), &description);
    tell(Tag::Property("og:url"), &address);
    tell(Tag::Canonical, &address);
    if let Some(photo) = mentor.photo_url {
        tell(Tag::Property("og:image"), &photo);
    }
    view! { <Title text=title/> }.into_any()
}

/// What a session costs, `0` in words.
pub(super) fn price_text(price: &scheduling::Price) -> String {
    if price.amount == 0 { use_messages().public.free_of_charge.into() } else { format::price(price) }
}

/// The kind of place, in a word or two.
pub(crate) fn location_kind(location: &Location) -> &'static str {
    let t = use_messages().common;
    match location.kind {
        LocationKind::Link => t.location_link,
        LocationKind::Phone => t.location_phone,
        LocationKind::InPerson => t.location_in_person,
        LocationKind::Meet => t.location_meet,
        LocationKind::Teams => t.location_teams,
    }
}

/// What is worth knowing of a session, one line each with a picture.
#[component]
pub fn SessionFacts(
    /// Which session.
    session: SessionType,
) -> impl IntoView {
    let t = use_messages().public;
    let language = use_language();
    let fact = |picture: Picture, label: &'static str, text: String| {
        view! {
            <li>
                <Icon picture=picture/>
                <span class="visually-hidden">{label} ": "</span>
                <span>{text}</span>
            </li>
        }
        .into_any()
    };
    let place = session.location.as_ref().map(|location| {
        let picture = match location.kind {
            LocationKind::Phone => Picture::Phone,
            LocationKind::InPerson => Picture::Pin,
            _ => Picture::Video,
        };
        let text = match location.kind {
            LocationKind::InPerson => location.value.clone(),
            _ => location_kind(location).into(),
        };
        fact(picture, t.fact_location, text)
    });
    view! {
        <ul class="session-fact-list">
            {fact(Picture::Clock, t.fact_duration, format::duration(session.duration_minutes.into(), language))}
            {session.price.as_ref().map(|price| fact(Picture::Price, t.fact_price, price_text(price)))}
            {place}
            {session.requires_approval.then(|| fact(Picture::Check, t.fact_approval, t.needs_approval.into()))}
        </ul>
    }
    .into_any()
}
