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
    use wasm_bindgen::{JsCast, JsValue};

    /// The device's IANA time zone.
    pub fn time_zone() -> Option<String> {
        text(&resolved_options(&js_sys::Object::new()), "timeZone").filter(|name| !name.is_empty())
    }

    /// `true` where the device's locale counts 24 hours.
    pub fn counts_24_hours() -> Option<bool> {
        let options = js_sys::Object::new();
        js_sys::Reflect::set(&options, &"hour".into(), &"numeric".into()).ok()?;
        text(&resolved_options(&options), "hourCycle").map(|cycle| cycle.starts_with("h2"))
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
}

#[cfg(not(feature = "hydrate"))]
mod inner {
    #![allow(missing_docs)]

    pub fn time_zone() -> Option<String> {
        None
    }

    pub fn counts_24_hours() -> Option<bool> {
        None
    }

    pub fn stored(_key: &str) -> Option<String> {
        None
    }

    pub fn store(_key: &str, _value: &str) {}

    pub fn random_id() -> String {
        String::new()
    }

    pub fn focus(_id: &str) -> bool {
        false
    }

    pub fn focus_in_place(_id: &str) -> bool {
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
}

pub use inner::*;
