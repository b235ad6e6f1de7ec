//! Controls that only a script answers.

use super::browser;
use crate::context::form_key;
use leptos::prelude::*;

/// The key by which the server recognises a form that is sent again, see [`form_key`].
#[component]
pub fn FormKey(
    /// What the form is about: the same form of the same page has the same key.
    #[prop(into)]
    about: String,
) -> impl IntoView {
    // A browser that fills in what a form held before a reload must not bring an old key back.
    view! { <input type="hidden" name="idempotency_key" value=form_key(&about) autocomplete="off"/> }.into_any()
}

/// Controls that do nothing without the page's script: disabled, and seen to be, until it runs. Links, forms with an action
/// and `<details>` need none of this; they work from the start.
///
/// A `<fieldset>`, since the browser disables everything in it, however deep.
#[component]
pub fn ScriptControls(
    /// What is in it.
    children: Children,
) -> impl IntoView {
    let hydrated = browser::use_hydrated();
    view! {
        <fieldset class="script-controls" role="none" disabled=move || !hydrated.get()>
            {children()}
        </fieldset>
    }
    .into_any()
}
