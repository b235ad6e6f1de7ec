//! Confirming, declining and cancelling, from the list and from a booking's own page.

use super::bookings::mentee_time;
use crate::api::dashboard::{confirm, decline};
use crate::api::manage::{BookingKey, BookingView, cancel};
use crate::components::{Button, Dialog, TextField, use_status};
use crate::context::use_clock;
use crate::format;
use crate::i18n::{error_text, fill, use_language, use_messages};
use leptos::prelude::*;
use leptos::task::spawn_local_scoped;

/// What the mentor decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Act {
    Confirm,
    Decline,
    Cancel,
}

/// What is being decided; asked once, in one dialog for the whole page.
#[derive(Clone, Copy)]
pub struct Acting {
    asked: RwSignal<Option<(Act, BookingView)>>,
    open: RwSignal<bool>,
}

impl Acting {
    /// Nothing is asked yet.
    pub fn idle() -> Self {
        Self { asked: RwSignal::new(None), open: RwSignal::new(false) }
    }

    /// Asks whether to do this to that booking.
    pub fn ask(self, act: Act, booking: BookingView) {
        self.asked.set(Some((act, booking)));
        self.open.set(true);
    }
}

/// The dialog. What is done is told to `on_done` with the booking as it is then.
#[component]
pub fn Decide(
    /// What is asked.
    acting: Acting,
    /// Hears of what was done.
    #[prop(into)]
    on_done: Callback<BookingView>,
) -> impl IntoView {
    let (messages, language, status) = (use_messages(), use_language(), use_status());
    let t = messages.dashboard();
    let Acting { asked, open } = acting;
    let reason = RwSignal::new(String::new());
    let pending = RwSignal::new(false);
    let problem = RwSignal::new(None::<&'static str>);
    Effect::new(move |_| {
        asked.track();
        reason.set(String::new());
        problem.set(None);
    });
    let act = move || asked.with(|asked| asked.as_ref().map(|(act, _)| *act));
    let title = Signal::derive(move || {
        match act() {
            Some(Act::Decline) => t.decline_title,
            Some(Act::Cancel) => t.cancel_title,
            _ => t.confirm_title,
        }
        .to_owned()
    });
    let clock = use_clock();
    let what = move || {
        asked.with(|asked| {
            let (_, booking) = asked.as_ref()?;
            let (from, to) = (booking.mentor_zone.wall(booking.start), booking.mentor_zone.wall(booking.end));
            let when =
                format!("{}, {}", format::date(from.date(), language), format::time_range(from, to, clock, language));
            Some(view! {
                <p>
                    <strong><bdi>{booking.mentee_name.clone()}</bdi></strong>
                    " · "
                    {booking.session_name.clone()}
                    <br/>
                    {when}
                </p>
                {mentee_time(booking).map(|text| view! { <p class="muted small">{text}</p> })}
            })
        })
    };
    let does = move || match act() {
        Some(Act::Decline) => t.decline_do,
        Some(Act::Cancel) => t.cancel_do,
        _ => t.confirm_do,
    };
    let go = move |()| {
        let Some((act, booking)) = asked.get_untracked() else { return };
        let text = Some(reason.get_untracked().trim().to_owned()).filter(|text| !text.is_empty());
        pending.set(true);
        problem.set(None);
        spawn_local_scoped(async move {
            let answer = match act {
                Act::Confirm => confirm(booking.id).await,
                Act::Decline => decline(booking.id, text).await,
                Act::Cancel => cancel(BookingKey::Own(booking.id), text).await,
            };
            pending.set(false);
            match answer {
                Ok(changed) => {
                    open.set(false);
                    let done = match act {
                        Act::Confirm => t.confirm_done,
                        Act::Decline => t.decline_done,
                        Act::Cancel => t.cancel_done,
                    };
                    status.say(fill(done, &[("name", &changed.mentee_name)]));
                    on_done.run(changed);
                }
                Err(error) => problem.set(Some(error_text(&error))),
            }
        });
    };
    let asks_why = move || matches!(act(), Some(Act::Decline | Act::Cancel));
    view! {
        <Dialog open=open title=title id="decide">
            {what}
            <div hidden=move || !asks_why()>
                <TextField name="reason" label=t.reason bind=reason multiline=true optional=true max=4000_u32 hint=Some(t.reason_hint.to_owned())/>
            </div>
            {move || problem.get().map(|text| view! { <p class="field-error" role="alert">{text}</p> })}
            <div class="dialog-actions">
                <button class="button" type="button" on:click=move |_| open.set(false)>{t.keep_it}</button>
                <Show
                    when=asks_why
                    fallback=move || view! { <Button kind="seal" pending=pending on_press=go>{does}</Button> }
                >
                    <Button kind="danger" pending=pending on_press=go>{does}</Button>
                </Show>
            </div>
        </Dialog>
    }
}
