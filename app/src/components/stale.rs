//! A form whose content was changed in another window since it was opened.

use super::browser;
use crate::i18n::{fill, use_messages};
use leptos::prelude::*;

/// What is saved now where it differs from the form, and the choice. The form stays as it was filled in.
#[component]
pub fn StaleBanner(
    /// The fields' labels, each with the value that is saved now.
    differences: Vec<(String, String)>,
    /// Saves the form over what is saved.
    #[prop(into)]
    on_mine: Callback<()>,
    /// Shows what is saved in the form.
    #[prop(into)]
    on_saved: Callback<()>,
) -> impl IntoView {
    let t = use_messages().dashboard();
    Effect::new(|_| {
        browser::focus("stale-title");
    });
    let lines = differences
        .into_iter()
        .map(|(label, value)| {
            let value = if value.is_empty() { t.stale_empty.to_owned() } else { value };
            view! { <li><strong>{label}</strong> ". " <span dir="auto">{fill(t.stale_differs, &[("value", &value)])}</span></li> }
        })
        .collect_view();
    view! {
        <section class="banner" data-tone="warn" aria-labelledby="stale-title">
            <strong id="stale-title" tabindex="-1">{t.stale_title}</strong>
            <p>{t.stale_text}</p>
            <ul class="small">{lines}</ul>
            <div class="button-row">
                <button class="button" data-kind="primary" type="button" on:click=move |_| on_mine.run(())>{t.stale_use_mine}</button>
                <button class="button" type="button" on:click=move |_| on_saved.run(())>{t.stale_use_saved}</button>
            </div>
        </section>
    }
    .into_any()
}
