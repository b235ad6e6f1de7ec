//! Questions in front of the page.

use super::browser;
use leptos::html;
use leptos::prelude::*;

/// A question in front of the page: the browser's own modal dialog, with its focus trap and Escape.
///
/// Closed it is in the page all the same, so what is in it may be written once. Without a script nothing opens it:
/// where that matters, use `<details>`.
#[component]
pub fn Dialog(
    /// Whether it is open; set to `false` also when the person closes it.
    open: RwSignal<bool>,
    /// Its heading.
    #[prop(into)]
    title: Signal<String>,
    /// An id, unique in the page.
    id: &'static str,
    /// The id of what takes the focus where the button that opened it has gone meanwhile.
    #[prop(default = "main")]
    home: &'static str,
    /// What is in it; put the buttons last, in a `<div class="dialog-actions">`.
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let wanted = open.get();
        let Some(dialog) = node.get() else { return };
        if wanted && !dialog.open() {
            let _ = dialog.show_modal();
        } else if !wanted && dialog.open() {
            dialog.close();
        }
    });
    let heading = format!("{id}-title");
    let labelled = heading.clone();
    view! {
        <dialog
            class="dialog"
            id=id
            node_ref=node
            aria-labelledby=labelled
            on:close=move |_| {
                open.set(false);
                if !browser::has_focus() {
                    browser::focus(home);
                }
            }
            on:click=move |event| {
                if on_veil(&event, node) {
                    open.set(false);
                }
            }
        >
            <div class="dialog-body">
                <h2 id=heading>{move || title.get()}</h2>
                {children()}
            </div>
        </dialog>
    }
    .into_any()
}

/// A press on the veil is a press on the dialog itself, outside its box.
fn on_veil(event: &leptos::ev::MouseEvent, node: NodeRef<html::Dialog>) -> bool {
    let Some(dialog) = node.get_untracked() else { return false };
    let itself: &leptos::web_sys::EventTarget = dialog.as_ref();
    if event.target().as_ref() != Some(itself) {
        return false;
    }
    let (x, y) = (event.client_x(), event.client_y());
    let (left, top) = (dialog.offset_left(), dialog.offset_top());
    let inside =
        (left..=left + dialog.offset_width()).contains(&x) && (top..=top + dialog.offset_height()).contains(&y);
    // A press by keyboard has no place.
    event.detail() > 0 && !inside
}
