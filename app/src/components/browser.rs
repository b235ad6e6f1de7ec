//! What only a browser knows. On the server each of these answers nothing; call them from effects and event
//! handlers, never while a view is made, so that the page hydrates as it was rendered.

use leptos::prelude::*;

/// `false` on the server and while the page hydrates, `true` from then on.
pub fn use_hydrated() -> ReadSignal<bool> {
    let (hydrated, set_hydrated) = signal(false);
    Effect::new(move |_| set_hydrated.set(true));
    hydrated
}

#[cfg(feature = "hydrate")]
mod inner {
    use leptos::prelude::{document, window};
    use wasm_bindgen::prelude::Closure;
    use wasm_bindgen::{JsCast, JsValue};

    /// The device's IANA time zone.
    pub fn time_zone() -> Option<String> {
        text(&resolved_options(&js_sys::Object::new()), "timeZone").filter(|name| !name.is_empty())
    }

    /// Has the server render with this zone from now on, see `document.js`.
    pub fn tell_zone(zone: &str) {
        let secure =
            if window().location().protocol().is_ok_and(|protocol| protocol == "https:") { "; Secure" } else { "" };
        let cookie = format!("tz={zone}; Path=/; Max-Age=31536000; SameSite=Lax{secure}");
        let _ = js_sys::Reflect::set(&document(), &"cookie".into(), &cookie.into());
    }

    /// What this tab was asked to remember under `key`.
    pub fn stored_in_tab(key: &str) -> Option<String> {
        window().session_storage().ok()??.get_item(key).ok()?
    }

    /// Asks this tab to remember `value` under `key` until it is closed; nothing, to forget.
    pub fn store_in_tab(key: &str, value: &str) {
        if let Ok(Some(storage)) = window().session_storage() {
            let _ = if value.is_empty() { storage.remove_item(key) } else { storage.set_item(key, value) };
        }
    }

    fn resolved_options(options: &js_sys::Object) -> JsValue {
        js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), options).resolved_options().into()
    }

    fn text(object: &JsValue, name: &str) -> Option<String> {
        js_sys::Reflect::get(object, &name.into()).ok()?.as_string()
    }

    /// What this browser was asked to remember under `key`.
    pub fn stored(key: &str) -> Option<String> {
        window().local_storage().ok()??.get_item(key).ok()?
    }

    /// Asks this browser to remember `value` under `key`; it may decline.
    pub fn store(key: &str, value: &str) {
        if let Ok(Some(storage)) = window().local_storage() {
            let _ = storage.set_item(key, value);
        }
    }

    /// Keeps a cookie of ours for a year. `value` must need no escaping.
    pub fn set_cookie(name: &str, value: &str) {
        let secure =
            if window().location().protocol().is_ok_and(|scheme| scheme == "https:") { "; Secure" } else { "" };
        let cookie = format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax{secure}");
        let _ = js_sys::Reflect::set(&document(), &"cookie".into(), &cookie.into());
    }

    /// Has this browser forget what it was asked to remember under keys that begin like this, if the value is such.
    pub fn forget(keys: &str, such: impl Fn(&str) -> bool) {
        let Ok(Some(storage)) = window().local_storage() else { return };
        let all = 0..storage.length().unwrap_or_default();
        let all: Vec<_> = all.filter_map(|at| storage.key(at).ok()?.filter(|key| key.starts_with(keys))).collect();
        for key in all {
            if storage.get_item(&key).ok().flatten().is_some_and(|value| such(&value)) {
                let _ = storage.remove_item(&key);
            }
        }
    }

    /// What another tab has asked the browser to remember, by a `storage` event: the key and the value.
    pub fn told(event: &web_sys::Event) -> Option<(String, String)> {
        Some((text(event, "key")?, text(event, "newValue")?))
    }

    /// Milliseconds that no change of the clock disturbs.
    pub fn ticks() -> f64 {
        window().performance().map_or(0.0, |performance| performance.now())
    }

    /// Posts a form's values to a path of ours, also while the page is being left. Nobody hears the answer.
    pub fn send_off(path: &str, values: &[(&str, &str)]) {
        let Ok(form) = web_sys::UrlSearchParams::new() else { return };
        for (name, value) in values {
            form.append(name, value);
        }
        let _ = window().navigator().send_beacon_with_opt_url_search_params(path, Some(&form));
    }

    /// Whether the page cannot be seen: another tab is in front.
    pub fn is_hidden() -> bool {
        document().hidden()
    }

    /// Whether the event shows a page that was kept, script and all, when it was left.
    pub fn is_kept_page(event: &web_sys::Event) -> bool {
        js_sys::Reflect::get(event, &"persisted".into()).is_ok_and(|kept| kept.is_truthy())
    }

    /// The link that has the focus: its address.
    pub fn focused_link() -> Option<String> {
        document().active_element()?.get_attribute("href")
    }

    /// Moves the focus to the link of this address in the element of this class, where there is one and it has not got it.
    pub fn focus_link(class: &str, address: &str) {
        if focused_link().as_deref() == Some(address) {
            return;
        }
        let Ok(links) = document().query_selector_all(&format!(".{class} a[href]")) else { return };
        for at in 0..links.length() {
            let link = links.item(at).and_then(|node| node.dyn_into::<web_sys::HtmlElement>().ok());
            if let Some(link) = link.filter(|link| link.get_attribute("href").as_deref() == Some(address)) {
                let _ = link.focus();
                return;
            }
        }
    }

    /// Events that the server sends, until this is dropped.
    pub struct Events {
        source: web_sys::EventSource,
        _listeners: [Closure<dyn FnMut()>; 2],
    }

    impl Events {
        /// Calls `heard` for every event `name` from a path of ours, and whenever some may have been missed: when the
        /// connection was lost and is there again, and with `missed` the first time as well.
        pub fn open(path: &str, name: &str, missed: bool, heard: impl Fn() + Clone + 'static) -> Option<Self> {
            let source = web_sys::EventSource::new(path).ok()?;
            let event = Closure::<dyn FnMut()>::new({
                let heard = heard.clone();
                move || heard()
            });
            let mut missed = missed;
            let open = Closure::<dyn FnMut()>::new(move || {
                if std::mem::replace(&mut missed, true) {
                    heard();
                }
            });
            source.add_event_listener_with_callback(name, event.as_ref().unchecked_ref()).ok()?;
            source.add_event_listener_with_callback("open", open.as_ref().unchecked_ref()).ok()?;
            Some(Self { source, _listeners: [event, open] })
        }
    }

    impl Drop for Events {
        fn drop(&mut self) {
            self.source.close();
        }
    }

    /// A fresh random identifier.
    pub fn random_id() -> String {
        // `randomUUID` exists in secure contexts only; these bytes exist everywhere.
        let mut bytes = [0_u8; 16];
        let Ok(crypto) = window().crypto() else { return String::new() };
        if crypto.get_random_values_with_u8_array(&mut bytes).is_err() {
            return String::new();
        }
        bytes.iter().fold(String::with_capacity(32), |mut id, byte| {
            for digit in [byte >> 4, byte & 15] {
                id.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
            id
        })
    }

    /// Moves the focus to the element of this id; whether there is one.
    pub fn focus(id: &str) -> bool {
        focus_with(id, false)
    }

    /// As [`focus`], without scrolling there.
    pub fn focus_in_place(id: &str) -> bool {
        focus_with(id, true)
    }

    /// Whether anything has the focus.
    pub fn has_focus() -> bool {
        document().active_element().is_some_and(|element| element.tag_name() != "BODY")
    }

    /// Presses the element of this id.
    pub fn click(id: &str) {
        let element = document().get_element_by_id(id);
        if let Some(element) = element.as_ref().and_then(|element| element.dyn_ref::<web_sys::HtmlElement>()) {
            element.click();
        }
    }

    fn focus_with(id: &str, prevent_scroll: bool) -> bool {
        let Some(element) = document().get_element_by_id(id) else { return false };
        let Some(element) = element.dyn_ref::<web_sys::HtmlElement>() else { return false };
        let options = js_sys::Object::new();
        let _ = js_sys::Reflect::set(&options, &"preventScroll".into(), &prevent_scroll.into());
        let focus = js_sys::Reflect::get(element, &"focus".into());
        let Ok(Ok(focus)) = focus.map(|focus| focus.dyn_into::<js_sys::Function>()) else { return false };
        focus.call1(element, &options).is_ok()
    }

    /// Whether the window is at most `pixels` wide.
    pub fn narrower_than(pixels: u32) -> bool {
        let width = window().inner_width().ok().and_then(|width| width.as_f64());
        width.is_some_and(|width| width <= f64::from(pixels))
    }

    /// Brings the element of this id into view, moving as little as possible.
    pub fn reveal(id: &str) {
        if let Some(element) = document().get_element_by_id(id) {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            element.scroll_into_view_with_scroll_into_view_options(&options);
        }
    }

    /// Puts `text` into the clipboard; whether the browser took it.
    pub async fn copy(text: &str) -> bool {
        // There is none outside secure contexts.
        let navigator: JsValue = window().navigator().into();
        match js_sys::Reflect::get(&navigator, &"clipboard".into()) {
            Ok(clipboard) if clipboard.is_object() => {
                let clipboard: web_sys::Clipboard = clipboard.unchecked_into();
                js_sys::futures::JsFuture::from(clipboard.write_text(text)).await.is_ok()
            }
            _ => false,
        }
    }

    /// Comes back after a while.
    pub async fn sleep(time: std::time::Duration) {
        let milliseconds = i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
        let promise = js_sys::Promise::new(&mut |resolve, _| {
            let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
        });
        let _ = js_sys::futures::JsFuture::from(promise).await;
    }

    /// Leaves for another page of ours by an ordinary load.
    pub fn load(path: &str) {
        let _ = window().location().assign(path);
    }

    /// As [`load`], from a page that is of no use any more: should the browser keep it and show it again, it is loaded anew.
    pub fn leave_for_good(path: &str) {
        leptos::prelude::window_event_listener_untyped("pageshow", |event| {
            if is_kept_page(&event) {
                let _ = window().location().reload();
            }
        });
        load(path);
    }

    /// Takes away what the page that the server sent has told others about itself, see `head`.
    pub fn forget_head() {
        let told = "link[rel=canonical], meta[property], meta[name=description], meta[name=robots]";
        let Ok(tags) = document().query_selector_all(told) else { return };
        for tag in (0..tags.length()).filter_map(|at| tags.item(at)) {
            if let Some(head) = tag.parent_node() {
                let _ = head.remove_child(&tag);
            }
        }
    }

    /// Calls at the first sign that somebody is using the page, by hand or keyboard, perhaps more than once.
    pub fn at_first_touch(then: impl Fn() + 'static) {
        let then: js_sys::Function = Closure::<dyn Fn()>::new(then).into_js_value().unchecked_into();
        let once = web_sys::AddEventListenerOptions::new();
        once.set_once(true);
        for sign in ["pointermove", "pointerdown", "keydown"] {
            let _ = window().add_event_listener_with_callback_and_add_event_listener_options(sign, &then, &once);
        }
    }

    /// Whether the page has come to life, see `frontend`.
    pub fn is_alive() -> bool {
        document().document_element().is_some_and(|page| page.has_attribute("data-hydrated"))
    }
}

#[cfg(not(feature = "hydrate"))]
mod inner {
    #![allow(missing_docs)]

    pub fn time_zone() -> Option<String> {
        None
    }

    pub fn tell_zone(_zone: &str) {}

    pub fn stored_in_tab(_key: &str) -> Option<String> {
        None
    }

    pub fn store_in_tab(_key: &str, _value: &str) {}

    pub fn stored(_key: &str) -> Option<String> {
        None
    }

    pub fn store(_key: &str, _value: &str) {}

    pub fn set_cookie(_name: &str, _value: &str) {}

    pub fn forget(_keys: &str, _such: impl Fn(&str) -> bool) {}

    pub fn told(_event: &leptos::web_sys::Event) -> Option<(String, String)> {
        None
    }

    pub fn ticks() -> f64 {
        0.0
    }

    pub fn send_off(_path: &str, _values: &[(&str, &str)]) {}

    pub fn is_hidden() -> bool {
        true
    }

    pub fn is_kept_page(_event: &leptos::web_sys::Event) -> bool {
        false
    }

    pub fn focused_link() -> Option<String> {
        None
    }

    pub fn focus_link(_class: &str, _address: &str) {}

    pub struct Events;

    impl Events {
        pub fn open(_path: &str, _name: &str, _missed: bool, _heard: impl Fn() + Clone + 'static) -> Option<Self> {
            None
        }
    }

    pub fn random_id() -> String {
        String::new()
    }

    pub fn focus(_id: &str) -> bool {
        false
    }

    pub fn focus_in_place(_id: &str) -> bool {
        false
    }

    pub fn has_focus() -> bool {
        false
    }

    pub fn click(_id: &str) {}

    pub fn narrower_than(_pixels: u32) -> bool {
        false
    }

    pub fn reveal(_id: &str) {}

    pub async fn copy(_text: &str) -> bool {
        false
    }

    pub async fn sleep(_time: std::time::Duration) {}

    pub fn load(_path: &str) {}

    pub fn leave_for_good(_path: &str) {}

    pub fn forget_head() {}

    pub fn at_first_touch(_then: impl Fn() + 'static) {}

    pub fn is_alive() -> bool {
        false
    }
}

pub use inner::*;
