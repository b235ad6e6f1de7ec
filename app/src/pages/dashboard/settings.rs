//! The mentor’s settings, API keys, data.

use crate::AppError;
use crate::api::dashboard::{
    ApiKeyView, Deletion, Settings, api_keys, create_api_key, delete_account, deletion, revoke_api_key, save_settings,
    settings,
};
use crate::carried::carried;
use crate::components::{
    Button, Dialog, ErrorSummary, ErrorView, ScriptControls, SelectField, Skeleton, StaleBanner, TextField, ZoneField,
    browser, field_error, live, use_status,
};
use crate::context::use_visit;
use crate::format;
use crate::i18n::{error_text, fill, use_language, use_messages};
use leptos::prelude::*;
use leptos::task::spawn_local_scoped;
use leptos_meta::Title;
use scheduling::{ClockFormat, Language, RegionalFormat, urls};

/// The mentor's settings.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let t = use_messages().dashboard();
    let loaded = carried(
        || (),
        |()| async move {
            let settings = settings().await?;
            Ok::<_, AppError>((settings, api_keys().await?))
        },
    );
    view! {
        <Title text=t.settings_title/>
        <div class="stack settings">
            <div class="page-head">
                <h1>{t.settings_title}</h1>
            </div>
            <Suspense fallback=|| view! { <Skeleton lines=8/> }>
                {move || Suspend::new(async move {
                    match loaded.await {
                        Ok((settings, keys)) => view! {
                            <ScriptControls>
                                <Profile settings=settings/>
                                <Keys keys=keys/>
                                <History/>
                                <Data/>
                            </ScriptControls>
                        }
                        .into_any(),
                        Err(error) => view! { <ErrorView error=error retry=move |()| loaded.refetch()/> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

/// What others see of the mentor, and how the mentor is written to.
#[component]
fn Profile(settings: Settings) -> impl IntoView {
    let (messages, status, visit) = (use_messages(), use_status(), use_visit());
    let (t, common) = (messages.dashboard(), messages.common);
    let text = |text: &str| RwSignal::new(text.to_owned());
    let (name, handle, headline) = (text(&settings.name), text(&settings.handle), text(&settings.headline));
    let (bio, photo_url) = (text(&settings.bio), text(&settings.photo_url));
    let (timezone, language) = (text(&settings.timezone), text(settings.language.tag()));
    let (clock, week_start) = (text(settings.clock.tag()), text(&settings.week_start.to_string()));
    let email = settings.email.clone();
    let error = RwSignal::new(None::<AppError>);
    let pending = RwSignal::new(false);
    let wrong = move |field: &'static str| Signal::derive(move || error.with(|error| field_error(error, field)));
    let version = RwSignal::new(settings.version.clone());
    // What was saved in another window in the meantime.
    let newer = RwSignal::new(None::<Settings>);
    let show = move |saved: Settings| {
        for (signal, text) in [
            (name, saved.name),
            (handle, saved.handle),
            (headline, saved.headline),
            (bio, saved.bio),
            (photo_url, saved.photo_url),
            (timezone, saved.timezone),
            (language, saved.language.tag().to_owned()),
            (version, saved.version),
        ] {
            signal.set(text);
        }
        newer.set(None);
        error.set(None);
    };
    let save = move || {
        if pending.get_untracked() {
            return;
        }
        let trimmed = |signal: RwSignal<String>| signal.get_untracked().trim().to_owned();
        let wanted = Settings {
            version: version.get_untracked(),
            name: trimmed(name),
            handle: trimmed(handle),
            email: String::new(),
            headline: trimmed(headline),
            bio: trimmed(bio),
            photo_url: trimmed(photo_url),
            timezone: timezone.get_untracked(),
            language: Language::from_tag(&language.read_untracked()).unwrap_or_default(),
            clock: ClockFormat::from_tag(&clock.read_untracked()).unwrap_or_default(),
            week_start: week_start.read_untracked().parse().unwrap_or_default(),
        };
        pending.set(true);
        error.set(None);
        spawn_local_scoped(async move {
            let answer = save_settings(wanted).await;
            pending.set(false);
            match answer {
                Ok(saved) => {
                    visit.update(|visit| {
                        visit.format = RegionalFormat { clock: saved.clock, week_start: saved.week_start };
                        if let Some(viewer) = &mut visit.viewer {
                            viewer.handle = saved.handle.clone();
                            viewer.name = saved.name.clone();
                        }
                    });
                    show(saved);
                    status.say(t.settings_saved);
                }
                Err(AppError::Stale) => match self::settings().await {
                    Ok(saved) => newer.set(Some(saved)),
                    Err(failed) => error.set(Some(failed)),
                },
                Err(failed) => error.set(Some(failed)),
            }
        });
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        save();
    };
    let use_mine = move |()| {
        if let Some(saved) = newer.get_untracked() {
            version.set(saved.version);
            newer.set(None);
            save();
        }
    };
    let use_saved = move |()| {
        if let Some(saved) = newer.get_untracked() {
            show(saved);
        }
    };
    let differences = move |saved: Settings| {
        let shown = [
            (common.name, name, saved.name),
            (common.handle, handle, saved.handle),
            (t.headline, headline, saved.headline),
            (t.bio, bio, saved.bio),
            (t.photo_url, photo_url, saved.photo_url),
            (t.timezone, timezone, saved.timezone),
            (t.mail_language, language, saved.language.tag().to_owned()),
        ];
        let differs = |(label, signal, saved): (&'static str, RwSignal<String>, String)| {
            (signal.get_untracked().trim() != saved).then(|| (label.to_owned(), saved))
        };
        shown.into_iter().filter_map(differs).collect::<Vec<_>>()
    };
    let fields = vec![
        ("name", common.name),
        ("handle", common.handle),
        ("headline", t.headline),
        ("bio", t.bio),
        ("photo_url", t.photo_url),
        ("timezone", t.timezone),
        ("clock", t.clock),
        ("week_start", t.week_start),
    ];
    let prefix = visit.with_untracked(|visit| format!("{}/", visit.base_url.split("://").last().unwrap_or_default()));
    let languages = vec![("en".to_owned(), "English".to_owned()), ("ko".to_owned(), "한국어".to_owned())];
    let clocks = vec![("12h".to_owned(), t.clock_12.to_owned()), ("24h".to_owned(), t.clock_24.to_owned())];
    let ui_language = use_language();
    let week_starts =
        [1, 0, 6, 5].map(|day: u8| (day.to_string(), format::weekday(day, ui_language).to_owned())).to_vec();
    let hint = |text: &'static str| Signal::stored(Some(text.to_owned()));
    view! {
        <section class="settings-part" aria-labelledby="profile-title">
            <h2 id="profile-title">{t.profile_title}</h2>
            <form class="form" novalidate on:submit=submit>
                <ErrorSummary error=error fields=fields/>
                {live(move || newer.get().map(|saved| view! {
                    <StaleBanner differences=differences(saved) on_mine=use_mine on_saved=use_saved/>
                }))}
                <TextField name="name" label=common.name bind=name max=200_u32 autocomplete="name" error=wrong("name")/>
                <TextField name="handle" label=common.handle bind=handle max=40_u32 prefix=prefix hint=hint(t.handle_change_hint) error=wrong("handle")/>
                <TextField name="headline" label=t.headline bind=headline optional=true max=200_u32 hint=hint(t.headline_hint) error=wrong("headline")/>
                <TextField name="bio" label=t.bio bind=bio optional=true multiline=true max=4000_u32 error=wrong("bio")/>
                <TextField name="photo_url" label=t.photo_url kind="url" bind=photo_url optional=true max=2000_u32 hint=hint(t.photo_url_hint) error=wrong("photo_url")/>
                <div class="form-row">
                    <ZoneField name="timezone" label=t.timezone value=timezone on_choose=move |zone: String| timezone.set(zone) hint=hint(t.settings_timezone_hint) error=wrong("timezone")/>
                    <SelectField name="language" label=t.mail_language options=languages bind=language/>
                </div>
                <div class="form-row">
                    <SelectField name="clock" label=t.clock options=clocks bind=clock/>
                    <SelectField name="week_start" label=t.week_start options=week_starts bind=week_start/>
                </div>
                <div class="field">
                    <span class="field-label">{common.email}</span>
                    <p class="settings-email">{email}</p>
                </div>
                <div class="button-row">
                    <Button kind="primary" pending=pending>{common.save}</Button>
                </div>
            </form>
        </section>
    }
}

/// API keys: made, shown once, revoked.
#[component]
fn Keys(keys: Vec<ApiKeyView>) -> impl IntoView {
    let (messages, language, status) = (use_messages(), use_language(), use_status());
    let (t, common) = (messages.dashboard(), messages.common);
    let keys = RwSignal::new(keys);
    let name = RwSignal::new(String::new());
    let secret = RwSignal::new(None::<(String, String)>);
    let error = RwSignal::new(None::<AppError>);
    let pending = RwSignal::new(false);
    let revoking = RwSignal::new(None::<ApiKeyView>);
    let (asking, revoke_pending) = (RwSignal::new(false), RwSignal::new(false));
    let create = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() {
            return;
        }
        pending.set(true);
        error.set(None);
        spawn_local_scoped(async move {
            let answer = create_api_key(name.get_untracked().trim().to_owned()).await;
            pending.set(false);
            match answer {
                Ok((key, text)) => {
                    secret.set(Some((key.name.clone(), text)));
                    keys.update(|keys| keys.push(key));
                    name.set(String::new());
                    status.announce(t.key_made);
                    request_animation_frame(|| {
                        browser::focus("key-secret");
                    });
                }
                Err(failed) => error.set(Some(failed)),
            }
        });
    };
    let revoke = move |()| {
        let Some(key) = revoking.get_untracked() else { return };
        revoke_pending.set(true);
        spawn_local_scoped(async move {
            let answer = revoke_api_key(key.id).await;
            revoke_pending.set(false);
            asking.set(false);
            match answer {
                Ok(()) => {
                    keys.update(|keys| keys.retain(|other| other.id != key.id));
                    status.say(fill(t.key_revoked, &[("name", &key.name)]));
                }
                Err(failed) => status.fail(error_text(&failed)),
            }
        });
    };
    let copy = move |_| {
        let Some((_, text)) = secret.get_untracked() else { return };
        spawn_local_scoped(async move {
            if browser::copy(&text).await {
                status.say(common.copied);
            } else {
                browser::focus("key-secret");
            }
        });
    };
    let copied = move |_| {
        secret.set(None);
        browser::focus("keys-title");
    };
    let select_all = |event: leptos::ev::FocusEvent| event_target::<leptos::web_sys::HtmlInputElement>(&event).select();
    let rows = move || {
        keys.get()
            .into_iter()
            .map(|key| {
                let made = format::date_with_year(key.created_at.date_naive(), language);
                let used = match key.last_used_at {
                    Some(at) => fill(t.key_used, &[("date", &format::date_with_year(at.date_naive(), language))]),
                    None => t.key_unused.to_owned(),
                };
                let label = fill(t.action_label, &[("action", t.key_revoke), ("name", &key.name)]);
                let (name, prefix) = (key.name.clone(), key.prefix.clone());
                view! {
                    <li class="key-row">
                        <div>
                            <strong>{name}</strong>
                            " "
                            <code>{prefix} "…"</code>
                            <p class="muted small">{fill(t.key_created, &[("date", &made)])} " · " {used}</p>
                        </div>
                        <button
                            class="button"
                            data-size="small"
                            type="button"
                            aria-label=label
                            on:click=move |_| {
                                revoking.set(Some(key.clone()));
                                asking.set(true);
                            }
                        >
                            {t.key_revoke}
                        </button>
                    </li>
                }
            })
            .collect_view()
    };
    let problem = Signal::derive(move || {
        error.with(|error| {
            field_error(error, "name").or_else(|| error.as_ref().map(|error| error_text(error).to_owned()))
        })
    });
    let question = Signal::derive(move || {
        let name = revoking.with(|key| key.as_ref().map(|key| key.name.clone())).unwrap_or_default();
        fill(t.key_revoke_title, &[("name", &name)])
    });
    view! {
        <section class="settings-part" aria-labelledby="keys-title">
            <h2 id="keys-title" tabindex="-1">{t.keys_title}</h2>
            <p class="muted">{t.keys_text} " " <a href=urls::API_DOCS rel="external">{t.keys_docs}</a></p>
            {move || {
                secret
                    .get()
                    .map(|(name, text)| {
                        view! {
                            <div class="banner" data-tone="ok">
                                <strong>{fill(t.key_secret_title, &[("name", &name)])}</strong>
                                <p>{t.key_secret_text}</p>
                                <div class="key-secret">
                                    <input class="input" id="key-secret" type="text" readonly aria-label=t.key_secret_label value=text on:focus=select_all/>
                                    <button class="button" type="button" on:click=copy>{common.copy}</button>
                                    <button class="button" data-kind="quiet" type="button" on:click=copied>{t.key_secret_done}</button>
                                </div>
                            </div>
                        }
                    })
            }}
            <Show when=move || keys.with(Vec::is_empty)>
                <p class="muted small">{t.keys_none}</p>
            </Show>
            <ul class="keys">{rows}</ul>
            <form class="key-form" novalidate on:submit=create>
                <TextField name="key-name" label=t.key_name bind=name max=200_u32 hint=Some(t.key_name_hint.to_owned()) error=problem/>
                <Button pending=pending>{t.key_create}</Button>
            </form>
            <Dialog open=asking title=question id="revoke-key" home="keys-title">
                <p>{t.key_revoke_text}</p>
                <div class="dialog-actions">
                    <button class="button" type="button" on:click=move |_| asking.set(false)>{common.cancel}</button>
                    <Button kind="danger" pending=revoke_pending on_press=revoke>{t.key_revoke}</Button>
                </div>
            </Dialog>
        </section>
    }
}

/// The way to who changed what.
#[component]
fn History() -> impl IntoView {
    let t = use_messages().activity();
    view! {
        <section class="settings-part" aria-labelledby="activity-title">
            <h2 id="activity-title">{t.title}</h2>
            <p class="muted">{t.text}</p>
            <div class="button-row">
                <a class="button" href=urls::ACTIVITY>{t.link}</a>
            </div>
        </section>
    }
}

/// One's data: taken along, or deleted.
#[component]
fn Data() -> impl IntoView {
    let messages = use_messages();
    let (t, common) = (messages.dashboard(), messages.common);
    let open = RwSignal::new(false);
    let confirmation = RwSignal::new(String::new());
    let error = RwSignal::new(None::<AppError>);
    let pending = RwSignal::new(false);
    // What will happen, said before the password is asked for.
    let consequences = RwSignal::new(None::<Deletion>);
    Effect::new(move |_| {
        confirmation.set(String::new());
        error.set(None);
        if open.get() {
            spawn_local_scoped(async move {
                match deletion().await {
                    Ok(found) => consequences.set(Some(found)),
                    Err(failed) => error.set(Some(failed)),
                }
            });
        }
    });
    let explained = move || {
        consequences.get().map(|Deletion { upcoming, calendars }| {
            let sessions = match upcoming {
                0 => t.deletion_none.to_owned(),
                n => fill(t.deletion_upcoming, &[("n", &n.to_string())]),
            };
            let events = calendars.then_some(t.deletion_calendars);
            view! {
                <p class="banner" data-tone=(upcoming > 0).then_some("warn") id="deletion">{sessions} " " {events}</p>
            }
        })
    };
    let delete = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() {
            return;
        }
        pending.set(true);
        error.set(None);
        spawn_local_scoped(async move {
            let answer = delete_account(confirmation.get_untracked()).await;
            pending.set(false);
            match answer {
                Ok(()) => browser::load(urls::HOME),
                Err(failed) => error.set(Some(failed)),
            }
        });
    };
    let problem = Signal::derive(move || {
        error.with(|error| {
            field_error(error, "confirmation").or_else(|| {
                error.as_ref().map(|error| match error {
                    AppError::WrongCredentials => t.delete_wrong.to_owned(),
                    other => error_text(other).to_owned(),
                })
            })
        })
    });
    view! {
        <section class="settings-part" aria-labelledby="data-title">
            <h2 id="data-title">{t.data_title}</h2>
            <p class="muted">{t.export_text}</p>
            <div class="button-row">
                <a class="button" href=urls::EXPORT download="yaksok.json" rel="external">{t.export_do}</a>
                <button class="button" data-kind="danger" type="button" aria-haspopup="dialog" on:click=move |_| open.set(true)>{t.delete_account}</button>
            </div>
            <Dialog open=open title=t.delete_title id="delete-account">
                <form class="stack" novalidate on:submit=delete>
                    <p>{t.delete_text}</p>
                    {live(explained)}
                    <TextField
                        name="confirmation"
                        label=t.delete_confirmation
                        kind="password"
                        autocomplete="current-password"
                        bind=confirmation
                        hint=Some(t.delete_confirmation_hint.to_owned())
                        error=problem
                    />
                    <div class="dialog-actions">
                        <button class="button" type="button" on:click=move |_| open.set(false)>{common.cancel}</button>
                        <Button kind="danger" pending=pending>{t.delete_do}</Button>
                    </div>
                </form>
            </Dialog>
        </section>
    }
}
