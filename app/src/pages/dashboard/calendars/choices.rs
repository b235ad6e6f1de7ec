//! Which calendars block, and where bookings go.

use super::{Page, provider_name};
use crate::AppError;
use crate::api::dashboard::{CalendarView, Calendars, ConnectionView, calendars, choose_calendars};
use crate::components::use_status;
use crate::i18n::{error_text, fill, use_messages};
use leptos::prelude::*;
use leptos::task::spawn_local_scoped;
use scheduling::{CalendarId, ConnectionId};
use std::collections::BTreeSet;

/// Which calendars block, and which one receives bookings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    blocking: BTreeSet<CalendarId>,
    pub(super) receiving: Option<CalendarId>,
}

impl Choice {
    pub(super) fn of(data: &Calendars) -> Self {
        let all = || data.connections.iter().flat_map(|connection| &connection.calendars);
        Self {
            blocking: all().filter(|calendar| calendar.blocks).map(|calendar| calendar.id).collect(),
            receiving: all().find(|calendar| calendar.receives).map(|calendar| calendar.id),
        }
    }
}

impl Page {
    /// Saves a choice that is shown already; takes it back where that fails. Choices that are made meanwhile go along.
    fn choose(self, said: String, change: impl FnOnce(&mut Choice)) {
        let (t, status) = (use_messages().dashboard(), use_status());
        self.chosen.update(change);
        if self.saving.get_untracked() {
            return;
        }
        self.saving.set(true);
        spawn_local_scoped(async move {
            loop {
                let Some(sent) = self.chosen.try_get_untracked() else { return };
                let version = self.data.with_untracked(|data| data.version.clone());
                let blocking = sent.blocking.iter().copied().collect();
                let answer = choose_calendars(blocking, sent.receiving, Some(version)).await;
                let Some(newest) = self.chosen.try_get_untracked() else { return };
                match answer {
                    Ok(fresh) if newest != sent => self.data.set(fresh),
                    // Chosen in another window: that is shown, and the choice can be made again.
                    Err(AppError::Stale) => {
                        self.saving.set(false);
                        match calendars().await {
                            Ok(fresh) => {
                                self.take(fresh);
                            }
                            Err(_) => self.chosen.set(self.data.with_untracked(Choice::of)),
                        }
                        return status.fail(error_text(&AppError::Stale));
                    }
                    Ok(fresh) => {
                        self.saving.set(false);
                        self.take(fresh);
                        return status.say(said);
                    }
                    Err(error) => {
                        self.saving.set(false);
                        self.chosen.set(self.data.with_untracked(Choice::of));
                        return status.fail(format!("{} {}", t.choice_failed, error_text(&error)));
                    }
                }
            }
        });
    }
}

/// The calendars of one connection, as far as a choice among them shows.
#[derive(Clone, PartialEq, Eq)]
struct Group {
    connection: ConnectionId,
    account: String,
    provider: String,
    calendars: Vec<CalendarView>,
}

/// Which calendars block, and where bookings go.
#[component]
pub fn Choices(
    /// The page that it is on.
    page: Page,
) -> impl IntoView {
    let t = use_messages().dashboard();
    // Drawn anew only where there are others, so that a choice keeps the focus.
    let groups = Memo::new(move |_| {
        page.data.with(|data| {
            let group = |connection: &ConnectionView| Group {
                connection: connection.id,
                account: connection.account.clone(),
                provider: connection.provider.clone(),
                calendars: connection
                    .calendars
                    .iter()
                    .map(|calendar| CalendarView { blocks: false, receives: false, ..calendar.clone() })
                    .collect(),
            };
            data.connections.iter().map(group).collect::<Vec<_>>()
        })
    });
    let main = move |calendar: &CalendarView| {
        calendar.primary.then(|| view! { " " <span class="muted small">"(" {t.calendar_main} ")"</span> })
    };
    let head = move |group: &Group| {
        let several = groups.with(|groups| groups.len() > 1);
        let name = format!("{} · {}", provider_name(&group.provider), group.account);
        several.then(|| view! { <h3 class="choice-account">{name}</h3> })
    };
    let block = move |calendar: CalendarView| {
        let (id, name) = (calendar.id, calendar.name.clone());
        let chosen = move || page.chosen.with(|choice| choice.blocking.contains(&id));
        let change = move |event| {
            let blocks = event_target_checked(&event);
            let said = fill(if blocks { t.blocks_now } else { t.blocks_no_more }, &[("name", &name)]);
            page.choose(said, |choice| {
                if blocks {
                    choice.blocking.insert(id);
                } else {
                    choice.blocking.remove(&id);
                }
            });
        };
        view! {
            <label class="checkbox">
                <input type="checkbox" name="blocking" value=id.to_string() checked=untrack(chosen) prop:checked=chosen on:change=change/>
                <span>{calendar.name.clone()} {main(&calendar)}</span>
            </label>
        }
    };
    let receive = move |calendar: CalendarView| {
        let (id, name) = (calendar.id, calendar.name.clone());
        let chosen = move || page.chosen.with(|choice| choice.receiving == Some(id));
        let change = move |_| {
            let said = fill(t.receives_now, &[("name", &name)]);
            page.choose(said, |choice| choice.receiving = Some(id));
        };
        view! {
            <label class="checkbox">
                <input type="radio" name="receiving" value=id.to_string() checked=untrack(chosen) prop:checked=chosen on:change=change/>
                <span>{calendar.name.clone()} {main(&calendar)}</span>
            </label>
        }
    };
    let blocking = move || {
        let of = |group: Group| {
            let empty = group.calendars.is_empty().then(|| view! { <p class="muted small">{t.calendars_of_none}</p> });
            view! {
                {head(&group)}
                {group.calendars.into_iter().map(block).collect_view()}
                {empty}
            }
        };
        groups.get().into_iter().map(of).collect_view()
    };
    let receiving = move || {
        let of = |mut group: Group| {
            group.calendars.retain(|calendar| calendar.writable);
            (!group.calendars.is_empty()).then(|| {
                view! {
                    {head(&group)}
                    {group.calendars.into_iter().map(receive).collect_view()}
                }
            })
        };
        groups.get().into_iter().map(of).collect_view()
    };
    let nowhere = move || page.chosen.with(|choice| choice.receiving.is_none());
    let to_nowhere = move |_| page.choose(t.receives_mail.to_owned(), |choice| choice.receiving = None);
    view! {
        <div class="choices">
            <fieldset class="card choice" aria-describedby="blocks-text">
                <legend><h2>{t.blocks_title}</h2></legend>
                <p class="muted small" id="blocks-text">{t.blocks_text}</p>
                {blocking}
            </fieldset>
            <fieldset class="card choice" aria-describedby="receives-text">
                <legend><h2>{t.receives_title}</h2></legend>
                <p class="muted small" id="receives-text">{t.receives_text}</p>
                {receiving}
                <label class="checkbox choice-none">
                    <input type="radio" name="receiving" value="" checked=untrack(nowhere) prop:checked=nowhere on:change=to_nowhere/>
                    <span>{t.receives_none} " " <span class="muted small">{t.receives_none_hint}</span></span>
                </label>
            </fieldset>
        </div>
    }
}
