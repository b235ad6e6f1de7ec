//! What went wrong, and what is not there.

use crate::AppError;
use crate::components::{ScriptControls, browser, live};
use crate::context::{set_status, use_visit};
use crate::i18n::{error_text, field_error_text, use_messages};
use leptos::prelude::*;
use leptos_meta::Title;
use scheduling::{FieldError, urls};

/// The sentence for what is wrong with `field`, if anything is.
pub fn field_error(error: &Option<AppError>, field: &str) -> Option<String> {
    match error {
        Some(AppError::Invalid(errors)) => errors.iter().find(|e| e.field == field).map(field_error_text),
        Some(AppError::HandleTaken) if field == "handle" => Some(use_messages().common.field_handle_taken.into()),
        _ => None,
    }
}

/// What went wrong with a form, in front of it. It takes the focus, and leads to each field that is wrong.
#[component]
pub fn ErrorSummary(
    /// What went wrong, if anything.
    #[prop(into)]
    error: Signal<Option<AppError>>,
    /// Names of the form's fields and their labels, in order; a control's id is its name.
    #[prop(optional)]
    fields: Vec<(&'static str, &'static str)>,
    /// The id of this part, unique in the page.
    #[prop(default = "problem")]
    id: &'static str,
) -> impl IntoView {
    Effect::new(move |_| {
        if error.with(Option::is_some) {
            request_animation_frame(move || {
                browser::focus(id);
            });
        }
    });
    live(move || {
        error.get().map(|error| {
            let items = match &error {
                AppError::Invalid(errors) => errors.iter().map(|e| item(e, &fields)).collect_view().into_any(),
                _ => ().into_any(),
            };
            let listed = matches!(&error, AppError::Invalid(errors) if !errors.is_empty());
            view! {
                <div class="banner error-summary" data-tone="danger" id=id tabindex="-1" role="group" autofocus aria-labelledby=format!("{id}-title")>
                    <h2 id=format!("{id}-title")>{use_messages().common.error_heading}</h2>
                    <p>{error_text(&error)}</p>
                    {listed.then(|| view! { <ul>{items}</ul> }.into_any())}
                </div>
            }
        })
    })
}

fn item(error: &FieldError, fields: &[(&'static str, &'static str)]) -> impl IntoView + use<> {
    let text = field_error_text(error);
    match fields.iter().find(|(name, _)| *name == error.field) {
        Some((name, label)) => {
            let name = *name;
            let go = move |event: leptos::ev::MouseEvent| {
                // The router would take a link to a part of this page for a way to another.
                event.prevent_default();
                browser::focus(name);
            };
            view! { <li><a href=format!("#{name}") on:click=go>{*label} ": " {text}</a></li> }.into_any()
        }
        None if error.field.is_empty() => view! { <li>{text}</li> }.into_any(),
        None => view! { <li><code>{error.field.clone()}</code> ": " {text}</li> }.into_any(),
    }
}

/// A page that is not there. Answers 404.
#[component]
pub fn NotFoundView(
    /// What is not there; the general words without.
    #[prop(optional, into)]
    title: Option<String>,
    /// Why perhaps, and what to do.
    #[prop(optional, into)]
    text: Option<String>,
) -> impl IntoView {
    set_status(404);
    let t = use_messages().common;
    let title = title.unwrap_or_else(|| t.not_found_title.into());
    view! {
        <Title text=title.clone()/>
        <section class="lost">
            <p class="lost-number" aria-hidden="true">"404"</p>
            <h1>{title}</h1>
            <p class="lead">{text.unwrap_or_else(|| t.not_found_text.into())}</p>
            <p><a class="button" href=urls::HOME>{t.to_home}</a></p>
        </section>
    }
    .into_any()
}

/// Something could not be loaded: says why, and offers to try again.
#[component]
pub fn ErrorView(
    /// What went wrong.
    error: AppError,
    /// Loads it again.
    #[prop(optional, into)]
    retry: Option<Callback<()>>,
    /// It was the whole page, so this is its heading and title.
    #[prop(optional)]
    page: bool,
) -> impl IntoView {
    set_status(match error {
        AppError::NotFound => 404,
        AppError::RateLimited => 429,
        AppError::Unauthenticated => 401,
        AppError::Invalid(_) => 422,
        AppError::Unavailable => 503,
        _ => 500,
    });
    // The session has ended: the dashboard leads to the login, and back.
    if error == AppError::Unauthenticated {
        let visit = use_visit();
        Effect::new(move |_| visit.update(|visit| visit.viewer = None));
    }
    let t = use_messages().common;
    view! {
        <div class="banner" data-tone="danger" role="alert">
            {if page {
                view! {
                    <Title text=t.broken_title/>
                    <h1>{t.broken_title}</h1>
                }
                    .into_any()
            } else {
                view! { <h2>{t.broken_title}</h2> }.into_any()
            }}
            <p>{error_text(&error)}</p>
            {retry
                .map(|retry| {
                    view! {
                        <ScriptControls>
                            <button class="button" type="button" on:click=move |_| retry.run(())>
                                {t.retry}
                            </button>
                        </ScriptControls>
                    }
                    .into_any()
                })}
        </div>
    }
    .into_any()
}

/// The shape of what is being loaded.
#[component]
pub fn Skeleton(
    /// How many lines.
    #[prop(default = 3)]
    lines: u8,
) -> impl IntoView {
    view! {
        <div class="skeletons" role="status">
            <span class="visually-hidden">{use_messages().common.loading}</span>
            {(0..lines).map(|_| view! { <span class="skeleton" aria-hidden="true"></span> }.into_any()).collect_view()}
        </div>
    }
    .into_any()
}
