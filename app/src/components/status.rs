//! What happens after the page is there.

use super::icon::{Icon, Picture};
use super::live;
use crate::i18n::use_messages;
use leptos::prelude::*;
use std::time::Duration;

/// How long a message of success stays.
const STAY: Duration = Duration::from_secs(6);

/// Says things that happen after the page is there: shown at the foot of the window, and read out.
#[derive(Clone, Copy)]
pub struct Status {
    shown: RwSignal<Option<Message>>,
    read_out: RwSignal<String>,
    count: StoredValue<u32>,
}

#[derive(Clone, PartialEq, Eq)]
struct Message {
    number: u32,
    text: String,
    failed: bool,
}

impl Status {
    /// Something went well: shown for some seconds.
    pub fn say(self, text: impl Into<String>) {
        let number = self.show(text.into(), false);
        set_timeout(
            move || {
                if self.shown.try_with_untracked(|m| m.as_ref().is_some_and(|m| m.number == number)) == Some(true) {
                    self.shown.set(None);
                }
            },
            STAY,
        );
    }

    /// Something went wrong: shown until it is closed.
    pub fn fail(self, text: impl Into<String>) {
        self.show(text.into(), true);
    }

    /// Only read out, for what is plain to see.
    pub fn announce(self, text: impl Into<String>) {
        let mut text = text.into();
        // The same text twice is a change too.
        if self.read_out.with_untracked(|last| *last == text) {
            text.push('\u{a0}');
        }
        self.read_out.set(text);
    }

    /// Takes the message away.
    pub fn clear(self) {
        self.shown.set(None);
    }

    fn show(self, text: String, failed: bool) -> u32 {
        let number = self.count.get_value().wrapping_add(1);
        self.count.set_value(number);
        self.shown.set(Some(Message { number, text, failed }));
        number
    }
}

/// Call once, at the root.
pub fn provide_status() {
    provide_context(Status {
        shown: RwSignal::new(None),
        read_out: RwSignal::new(String::new()),
        count: StoredValue::new(0),
    });
}

/// Where to say what happens.
pub fn use_status() -> Status {
    expect_context()
}

/// Where it is said. Once, at the end of the page.
#[component]
pub fn StatusRegion() -> impl IntoView {
    let status = use_status();
    let close = use_messages().common.close;
    view! {
        <div class="visually-hidden" role="status" aria-live="polite" aria-atomic="true">
            {move || status.read_out.get()}
        </div>
        <div class="toasts" role="status" aria-live="polite">
            {live(move || {
                status
                    .shown
                    .get()
                    .map(|message| {
                        view! {
                            <div class="toast" data-tone=message.failed.then_some("danger")>
                                <span>{message.text}</span>
                                <button type="button" aria-label=close on:click=move |_| status.clear()>
                                    <Icon picture=Picture::Close/>
                                </button>
                            </div>
                        }
                    })
            })}
        </div>
    }
    .into_any()
}
