//! Everybody who can be booked.

use crate::api::public::{MentorCard, mentors};
use crate::carried::carried;
use crate::components::head::{Tag, tell};
use crate::components::pick::{use_page_query, with_query};
use crate::components::{Avatar, ErrorView, Icon, Picture, Skeleton};
use crate::context::use_visit;
use crate::format;
use crate::i18n::{fill, use_messages};
use leptos::prelude::*;
use leptos_meta::Title;
use scheduling::urls;

/// `/`: what this is, and everybody who can be booked.
#[component]
pub fn DirectoryPage() -> impl IntoView {
    let t = use_messages().public;
    let visit = use_visit();
    let query = use_page_query();
    let get = move |name| query.with(|query| query.get_str(name).map(str::trim).unwrap_or_default().to_string());
    let wanted = Memo::new(move |_| get("query"));
    let cursor = Memo::new(move |_| get("cursor"));
    let page = carried(
        move || (wanted.get(), cursor.get()),
        |(wanted, cursor)| {
            let some = |text: String| (!text.is_empty()).then_some(text);
            mentors(some(wanted), some(cursor))
        },
    );
    let busy = RwSignal::new(false);
    let list = move || {
        page.get().map(|result| match result {
            Ok(page) if page.items.is_empty() => view! { <Nobody wanted=wanted/> }.into_any(),
            Ok(page) => {
                let next = page.next_cursor.map(|cursor| {
                    let mut parts = vec![("cursor", cursor)];
                    let wanted = wanted.get_untracked();
                    if !wanted.is_empty() {
                        parts.insert(0, ("query", wanted));
                    }
                    view! { <a class="button" href=with_query(urls::HOME, &parts)>{t.next_page}</a> }
                });
                let first = (!cursor.get_untracked().is_empty())
                    .then(|| view! { <a class="button" data-kind="quiet" href=urls::HOME>{t.first_page}</a> });
                view! {
                    <ul class="mentor-list">
                        {page.items.into_iter().map(|mentor| view! { <Card mentor=mentor/> }).collect_view()}
                    </ul>
                    <div class="button-row">{first} {next}</div>
                }
                .into_any()
            }
            Err(error) => view! { <ErrorView error=error retry=Callback::new(move |()| page.refetch())/> }.into_any(),
        })
    };
    let heading = move || match wanted.get() {
        wanted if wanted.is_empty() => t.mentors.to_string(),
        wanted => fill(t.search_results, &[("query", &wanted)]),
    };
    tell(Tag::Name("description"), t.home_description);
    tell(Tag::Property("og:title"), "Yaksok");
    tell(Tag::Property("og:description"), t.home_description);
    view! {
        <Title text=t.home_title/>
        <div class="page home">
            <section class="hero">
                <span class="seal-mark hero-seal" lang="ko" aria-hidden="true">
                    <span>"약"</span>
                    <span>"속"</span>
                </span>
                <h1>{t.hero_title}</h1>
                <p class="lead">{t.hero_text}</p>
                <Show when=move || visit.with(|visit| visit.viewer.is_none() && visit.signups_open)>
                    <p><a class="hero-link" href=urls::SIGNUP>{t.hero_mentor} <Icon picture=Picture::ArrowRight/></a></p>
                </Show>
            </section>
            <section class="directory" aria-labelledby="mentors-title" aria-busy=move || busy.get().then_some("true")>
                <div class="directory-head">
                    <h2 id="mentors-title" aria-live="polite">{heading}</h2>
                    <form class="search" method="get" action=urls::HOME role="search">
                        <label class="visually-hidden" for="query">{t.search_label}</label>
                        <input
                            class="input"
                            type="search"
                            id="query"
                            name="query"
                            maxlength="200"
                            placeholder=t.search_placeholder
                            value=wanted.get_untracked()
                        />
                        <button class="button" type="submit">
                            <Icon picture=Picture::Search/>
                            <span class="search-word">{t.search}</span>
                        </button>
                    </form>
                </div>
                <Transition fallback=|| view! { <Skeleton lines=6/> } set_pending=busy>
                    {list}
                </Transition>
            </section>
        </div>
    }
    .into_any()
}

#[component]
fn Card(mentor: MentorCard) -> impl IntoView {
    let t = use_messages().public;
    let visit = use_visit();
    let next_free = match mentor.free_in_minutes {
        Some(minutes) => {
            let wait = format::wait(minutes, visit.with_untracked(|visit| visit.language));
            fill(t.next_free_in, &[("wait", &wait)])
        }
        None => t.next_free_none.to_string(),
    };
    view! {
        <li class="mentor-card">
            <Avatar name=mentor.name.clone() photo=mentor.photo_url/>
            <div>
                <h3><a href=urls::mentor(&mentor.handle)><bdi>{mentor.name}</bdi></a></h3>
                {mentor.headline.map(|headline| view! { <p class="muted">{headline}</p> })}
                <p class="muted small">{next_free}</p>
            </div>
            <span class="mentor-card-go" aria-hidden="true">{t.see_times} <Icon picture=Picture::ArrowRight/></span>
        </li>
    }
    .into_any()
}

#[component]
fn Nobody(wanted: Memo<String>) -> impl IntoView {
    let t = use_messages().public;
    let visit = use_visit();
    let wanted = wanted.get_untracked();
    if wanted.is_empty() {
        let open = visit.with_untracked(|visit| visit.signups_open && visit.viewer.is_none());
        view! {
            <div class="empty">
                <h3>{t.directory_empty_title}</h3>
                <p>{t.directory_empty_text}</p>
                {open
                    .then(|| {
                        view! {
                            <a class="button" data-kind="primary" href=urls::SIGNUP>
                                {t.directory_empty_action}
                            </a>
                        }
                    })}
            </div>
        }
        .into_any()
    } else {
        view! {
            <div class="empty">
                <h3>{fill(t.search_none_title, &[("query", &wanted)])}</h3>
                <p>{t.search_none_text}</p>
                <a class="button" href=urls::HOME>{t.search_clear}</a>
            </div>
        }
        .into_any()
    }
}
