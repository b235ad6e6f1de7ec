//! What people fill in.

use super::live;
use crate::i18n::use_messages;
use leptos::html;
use leptos::prelude::*;

/// A label, a line or box of text to fill in, a hint, an error.
///
/// With `bind` it is always in step with a signal. Without, what was typed stays in the page's own form (also what was
/// typed before the page hydrated), and `value` is only where it begins.
#[component]
pub fn TextField(
    /// The field's name in the form, and the id of the control.
    name: &'static str,
    /// What it is for.
    #[prop(into)]
    label: Signal<String>,
    /// The id, where the name is not unique in the page.
    #[prop(optional)]
    id: &'static str,
    /// The control's type: `text`, `email`, `password`, `url`, `search`, `number`, `date`, `time`, …
    #[prop(default = "text")]
    kind: &'static str,
    /// What is in it at first.
    #[prop(optional, into)]
    value: String,
    /// Always the same as this.
    #[prop(optional)]
    bind: Option<RwSignal<String>>,
    /// What helps to fill it in.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// May stay empty, and says so.
    #[prop(optional)]
    optional: bool,
    /// Several lines.
    #[prop(optional)]
    multiline: bool,
    /// What the browser may fill in: `name`, `email`, `current-password`, …
    #[prop(optional)]
    autocomplete: &'static str,
    /// The longest value in characters.
    #[prop(optional, into)]
    max: Option<u32>,
    /// The shortest value in characters.
    #[prop(optional, into)]
    min: Option<u32>,
    /// Stands in front of the control, such as the address that a handle completes.
    #[prop(optional, into)]
    prefix: String,
    /// Stands behind the control, such as a unit.
    #[prop(optional, into)]
    suffix: String,
    /// Only for screen readers: the label is clear from where the field stands.
    #[prop(optional)]
    label_hidden: bool,
) -> impl IntoView {
    let id = if id.is_empty() { name } else { id };
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described = {
        let (hint_id, error_id) = (hint_id.clone(), error_id.clone());
        move || match (error.with(Option::is_some), hint.with(Option::is_some)) {
            (true, true) => Some(format!("{error_id} {hint_id}")),
            (true, false) => Some(error_id.clone()),
            (false, true) => Some(hint_id.clone()),
            (false, false) => None,
        }
    };
    let invalid = move || error.with(Option::is_some).then_some("true");
    let initial = bind.map_or(value, |signal| signal.get_untracked());
    let input = move |text: String| {
        if let Some(signal) = bind {
            signal.set(text);
        }
    };
    let (line, lines) = (NodeRef::<html::Input>::new(), NodeRef::<html::Textarea>::new());
    if let Some(signal) = bind {
        let initial = initial.clone();
        Effect::new(move |before: Option<()>| {
            let wanted = signal.get();
            let typed = line.get().map(|i| i.value()).or_else(|| lines.get().map(|i| i.value()));
            match typed {
                None => {}
                Some(typed) if typed == wanted => {}
                // Typed before the page hydrated.
                Some(typed) if before.is_none() && wanted == initial => signal.set(typed),
                Some(_) => {
                    if let Some(input) = line.get_untracked() {
                        input.set_value(&wanted);
                    }
                    if let Some(input) = lines.get_untracked() {
                        input.set_value(&wanted);
                    }
                }
            }
        });
    }
    let (max, min) = (max.map(|n| n.to_string()), min.map(|n| n.to_string()));
    let autocomplete = (!autocomplete.is_empty()).then_some(autocomplete);
    // Browsers rewrite or refuse internationalised addresses in a field of this type.
    let is_email = kind == "email";
    let lowercase = matches!(kind, "email" | "url" | "password") || name == "handle";
    let control = if multiline {
        view! {
            <textarea
                node_ref=lines
                class="input"
                dir="auto"
                id=id
                name=name
                maxlength=max
                autocomplete=autocomplete
                aria-invalid=invalid
                aria-describedby=described
                aria-required=(!optional).then_some("true")
                inner_html=escaped(&initial)
                on:input=move |event| input(event_target_value(&event))
            ></textarea>
        }
        .into_any()
    } else {
        view! {
            <input
                node_ref=line
                class="input"
                dir=matches!(kind, "text" | "search").then_some("auto")
                id=id
                name=name
                type=if is_email { "text" } else { kind }
                inputmode=is_email.then_some("email")
                value=initial
                maxlength=max
                minlength=min
                autocomplete=autocomplete
                autocapitalize=lowercase.then_some("none")
                spellcheck=lowercase.then_some("false")
                aria-invalid=invalid
                aria-describedby=described
                aria-required=(!optional && kind != "search").then_some("true")
                on:input=move |event| input(event_target_value(&event))
            />
        }
        .into_any()
    };
    view! {
        <div class="field">
            <label for=id class:visually-hidden=label_hidden>
                {move || label.get()}
                {optional.then(|| view! { " " <span class="field-optional">{use_messages().common.optional}</span> }.into_any())}
            </label>
            {live(move || hint.get().map(|text| view! { <p class="field-hint" id=hint_id.clone()>{text}</p> }))}
            <div class="input-group">
                {(!prefix.is_empty()).then(|| view! { <span class="input-affix" aria-hidden="true">{prefix}</span> }.into_any())}
                {control}
                {(!suffix.is_empty()).then(|| view! { <span class="input-affix" aria-hidden="true">{suffix}</span> }.into_any())}
            </div>
            {live(move || error.get().map(|text| view! { <p class="field-error" id=error_id.clone()>{text}</p> }))}
        </div>
    }
    .into_any()
}

/// As a child, an empty text would be rendered as a space.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// A label and a choice of one.
#[component]
pub fn SelectField(
    /// The field's name in the form, and the id of the control.
    name: &'static str,
    /// What it is for.
    #[prop(into)]
    label: Signal<String>,
    /// The id, where the name is not unique in the page.
    #[prop(optional)]
    id: &'static str,
    /// What can be chosen: value and text.
    #[prop(into)]
    options: Vec<(String, String)>,
    /// What is chosen.
    bind: RwSignal<String>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let id = if id.is_empty() { name } else { id };
    let error_id = format!("{id}-error");
    let described = {
        let error_id = error_id.clone();
        move || error.with(Option::is_some).then(|| error_id.clone())
    };
    let options = options
        .into_iter()
        .map(|(value, text)| {
            let this = value.clone();
            view! { <option value=value selected=move || bind.with(|chosen| *chosen == this)>{text}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=id>{move || label.get()}</label>
            <select
                class="input"
                id=id
                name=name
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=described
                prop:value=move || bind.get()
                on:change=move |event| bind.set(event_target_value(&event))
            >
                {options}
            </select>
            {live(move || error.get().map(|text| view! { <p class="field-error" id=error_id.clone()>{text}</p> }))}
        </div>
    }
    .into_any()
}

/// A box to tick.
#[component]
pub fn CheckboxField(
    /// The field's name in the form, and the id of the control.
    name: &'static str,
    /// What ticking it means.
    #[prop(into)]
    label: Signal<String>,
    /// Whether it is ticked.
    bind: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <label class="checkbox">
            <input
                type="checkbox"
                id=name
                name=name
                value="true"
                checked=bind.get_untracked()
                prop:checked=move || bind.get()
                on:change=move |event| bind.set(event_target_checked(&event))
            />
            <span>{move || label.get()}</span>
        </label>
    }
    .into_any()
}
