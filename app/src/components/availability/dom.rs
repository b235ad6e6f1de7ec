//! What the editor asks of the browser. On the server each of these does nothing.

#[cfg(feature = "hydrate")]
mod inner {
    use leptos::__reexports::send_wrapper::SendWrapper;
    use leptos::ev;
    use leptos::prelude::*;
    use leptos::web_sys;
    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;
    use web_sys::Element;

    thread_local! {
        static UNGUARDED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    }

    /// Left, top, width and height of an element in the window.
    pub fn bounds(element: &Element) -> [f64; 4] {
        let bounds = element.get_bounding_client_rect();
        [bounds.left(), bounds.top(), bounds.width(), bounds.height()]
    }

    /// Scrolls a row of links sideways, so that the one of this page is in its middle.
    pub fn show_current(row: &Element) {
        let Ok(Some(current)) = row.query_selector("[aria-current]") else { return };
        let ([left, _, width, _], [from, _, room, _]) = (bounds(&current), bounds(row));
        let off_middle = left - from + (width - room) / 2.0;
        row.set_scroll_left(row.scroll_left() + off_middle.round() as i32);
    }

    /// What an attribute says of the element at a place of the window, or of what it is in.
    pub fn data_at(x: f64, y: f64, attribute: &str) -> Option<String> {
        let element = document().element_from_point(x as f32, y as f32)?;
        element.closest(&format!("[{attribute}]")).ok()??.get_attribute(attribute)
    }

    /// How high the window is.
    pub fn window_height() -> f64 {
        window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(0.0)
    }

    /// The child at `place`.
    pub fn child(element: &Element, place: u32) -> Option<Element> {
        element.children().item(place)
    }

    /// Moves the focus.
    pub fn focus(element: &Element) {
        if let Some(element) = element.dyn_ref::<web_sys::HtmlElement>() {
            let _ = element.focus();
        }
    }

    /// Moves the focus, scrolling no more than it takes.
    pub fn focus_nearby(element: &Element) {
        focus_in_place(element);
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        options.set_inline(web_sys::ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }

    /// Moves the focus without scrolling there.
    pub fn focus_in_place(element: &Element) {
        let options = js_sys::Object::new();
        let _ = js_sys::Reflect::set(&options, &"preventScroll".into(), &true.into());
        let focus = js_sys::Reflect::get(element, &"focus".into()).map(JsCast::dyn_into::<js_sys::Function>);
        if let Ok(Ok(focus)) = focus {
            let _ = focus.call1(element, &options);
        }
    }

    /// Whether keys belong to a control where text is typed.
    pub fn types_text(event: &web_sys::KeyboardEvent) -> bool {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        target.is_some_and(|target| target.matches("input:not([type=checkbox]), textarea, select").unwrap_or(false))
    }

    /// The first control in the element of this id that says it is wrong takes the focus. Whether there was one.
    pub fn focus_invalid(id: &str) -> bool {
        let found = document().query_selector(&format!("#{id} [aria-invalid=true]")).ok().flatten();
        if let Some(found) = &found {
            focus(found);
        }
        found.is_some()
    }

    /// Leaving by a link: hears of each before the router, and may keep it from going anywhere.
    ///
    /// `stays` is given the address and answers whether to stay.
    pub fn guard_links(stays: impl Fn(String) -> bool + 'static) {
        let listener = Closure::<dyn FnMut(web_sys::MouseEvent)>::new(move |event: web_sys::MouseEvent| {
            let other =
                event.button() != 0 || event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key();
            let link = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let link = link.and_then(|target| target.closest("a[href]").ok().flatten());
            let Some(link) = link else { return };
            let elsewhere =
                link.has_attribute("download") || link.get_attribute("target").is_some_and(|t| t != "_self");
            let href = link.get_attribute("href").unwrap_or_default();
            if !other && !elsewhere && !href.starts_with('#') && stays(href) {
                event.prevent_default();
                event.stop_propagation();
            }
        });
        let function: js_sys::Function = listener.into_js_value().unchecked_into();
        let _ = document().add_event_listener_with_callback_and_bool("click", &function, true);
        let function = SendWrapper::new(function);
        on_cleanup(move || {
            let _ = document().remove_event_listener_with_callback_and_bool("click", &function, true);
        });
    }

    /// Leaving the site, or closing the window: the browser asks, as long as `dirty` says so.
    pub fn guard_unload(dirty: impl Fn() -> bool + 'static) {
        let handle = window_event_listener(ev::beforeunload, move |event| {
            if dirty() && !UNGUARDED.get() {
                event.prevent_default();
                event.set_return_value("yes");
            }
        });
        on_cleanup(move || handle.remove());
    }

    /// From now on the window may be left without a question.
    pub fn forget_unload() {
        UNGUARDED.set(true);
    }

    /// A link to a part of this page: goes there without the router, which would take it for another page.
    pub fn go_to(id: &'static str) -> impl Fn(web_sys::MouseEvent) + Clone {
        move |event| {
            event.prevent_default();
            if let Some(element) = document().get_element_by_id(id) {
                element.scroll_into_view();
                focus_in_place(&element);
            }
        }
    }

    /// What is being typed counts: the field that has the focus hears that it has changed.
    pub fn settle() {
        let active = document().active_element().and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
        if let Some(active) = active.filter(|active| active.matches("input, textarea").unwrap_or(false)) {
            let _ = active.blur();
            focus_in_place(&active);
        }
    }

    /// As long as `draws` says so, fingers on the element do not scroll; and a long press there opens no menu.
    ///
    /// For good: call it once for each element. `touch-action` cannot do this, since the browser reads it when a finger comes
    /// down, before anybody knows what it will do.
    pub fn keep_from_scrolling(element: &Element, draws: impl Fn() -> bool + 'static) {
        let listener = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
            if draws() && event.cancelable() {
                event.prevent_default();
            }
        });
        let function: js_sys::Function = listener.into_js_value().unchecked_into();
        let options = web_sys::AddEventListenerOptions::new();
        options.set_passive(false);
        for kind in ["touchmove", "contextmenu"] {
            let _ = element.add_event_listener_with_callback_and_add_event_listener_options(kind, &function, &options);
        }
    }

    /// A slight buzz, where the device can: a long press has begun to draw.
    pub fn buzz() {
        let navigator = window().navigator();
        if let Ok(vibrate) = js_sys::Reflect::get(&navigator, &"vibrate".into())
            && let Ok(vibrate) = vibrate.dyn_into::<js_sys::Function>()
        {
            let _ = vibrate.call1(&navigator, &10.into());
        }
    }

    /// Keys, wherever the focus is, until the current owner ends.
    pub fn on_key(listener: impl Fn(web_sys::KeyboardEvent) + 'static) {
        let handle = window_event_listener(ev::keydown, listener);
        on_cleanup(move || handle.remove());
    }
}

#[cfg(not(feature = "hydrate"))]
mod inner {
    #![allow(missing_docs)]

    use leptos::web_sys::{Element, KeyboardEvent};

    pub fn bounds(_element: &Element) -> [f64; 4] {
        [0.0; 4]
    }

    pub fn show_current(_row: &Element) {}

    pub fn data_at(_x: f64, _y: f64, _attribute: &str) -> Option<String> {
        None
    }

    pub fn window_height() -> f64 {
        0.0
    }

    pub fn child(_element: &Element, _place: u32) -> Option<Element> {
        None
    }

    pub fn focus(_element: &Element) {}

    pub fn focus_nearby(_element: &Element) {}

    pub fn focus_in_place(_element: &Element) {}

    pub fn types_text(_event: &KeyboardEvent) -> bool {
        false
    }

    pub fn focus_invalid(_id: &str) -> bool {
        false
    }

    pub fn guard_links(_stays: impl Fn(String) -> bool + 'static) {}

    pub fn guard_unload(_dirty: impl Fn() -> bool + 'static) {}

    pub fn forget_unload() {}

    pub fn go_to(_id: &'static str) -> impl Fn(leptos::web_sys::MouseEvent) + Clone {
        |_| {}
    }

    pub fn settle() {}

    pub fn keep_from_scrolling(_element: &Element, _draws: impl Fn() -> bool + 'static) {}

    pub fn buzz() {}

    pub fn on_key(_listener: impl Fn(KeyboardEvent) + 'static) {}
}

pub use inner::*;
