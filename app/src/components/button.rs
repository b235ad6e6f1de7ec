//! Buttons that can wait.

use super::live;
use leptos::prelude::*;

/// A button that knows how to wait. While `pending` it shows that it works, keeps the focus, and takes no press.
///
/// In a form it submits; with `on_press` it is a button of its own.
#[component]
pub fn Button(
    /// `primary`, `seal` (the one that promises), `quiet`, `danger`; plain without.
    #[prop(optional)]
    kind: &'static str,
    /// `small`, else the usual size.
    #[prop(optional)]
    size: &'static str,
    /// Something is under way.
    #[prop(optional, into)]
    pending: Signal<bool>,
    /// It cannot be pressed now, and says so.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// What it is called, where its text is not enough.
    #[prop(optional, into)]
    label: String,
    /// What it does, where it does not submit a form.
    #[prop(optional, into)]
    on_press: Option<Callback<()>>,
    /// What it says.
    children: Children,
) -> impl IntoView {
    let blocked = move || pending.get() || disabled.get();
    let press = move |event: leptos::ev::MouseEvent| {
        if pending.get_untracked() || disabled.get_untracked() {
            event.prevent_default();
        } else if let Some(on_press) = on_press {
            on_press.run(());
        }
    };
    view! {
        <button
            class="button"
            type=if on_press.is_some() { "button" } else { "submit" }
            data-kind=(!kind.is_empty()).then_some(kind)
            data-size=(!size.is_empty()).then_some(size)
            aria-label=(!label.is_empty()).then_some(label)
            aria-disabled=move || blocked().then_some("true")
            aria-busy=move || pending.get().then_some("true")
            on:click=press
        >
            {live(move || pending.get().then(|| view! { <span class="spinner" aria-hidden="true"></span> }))}
            {children()}
        </button>
    }
    .into_any()
}
