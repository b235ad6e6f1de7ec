//! How the browser starts, and nothing else.

// Whole pages are one type each, and those are deep.
#![recursion_limit = "512"]

use leptos::mount::hydrate_from_async;
use leptos::prelude::document;
use leptos::tachys::dom::body;

/// Takes over the page that the server rendered, once the part of the program that the page needs is there.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(async {
        hydrate_from_async(body(), app::App).await.forget();
        // Tells style sheets and tests that the page is alive.
        if let Some(page) = document().document_element() {
            let _ = page.set_attribute("data-hydrated", "true");
        }
    });
}
