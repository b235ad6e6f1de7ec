//! How the browser starts, and nothing else.

// Whole pages are one type each, and those are deep.
#![recursion_limit = "512"]

/// Takes over the page that the server rendered.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
    // Tells style sheets and tests that the page is alive.
    if let Some(page) = leptos::prelude::document().document_element() {
        let _ = page.set_attribute("data-hydrated", "true");
    }
}
