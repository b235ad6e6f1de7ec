//! What a page tells search engines, and whoever shows a preview of a link to it.
//!
//! They read what the server sends, so the browser's program carries none of this; it only takes away what is no longer
//! true once it has gone on to another page ([`forget_head`](super::browser::forget_head)).

#[cfg(feature = "ssr")]
use leptos::prelude::*;

/// A line of the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// `<meta name="…" content="…">`
    Name(&'static str),
    /// `<meta property="…" content="…">`
    Property(&'static str),
    /// `<link rel="canonical" href="…">`: of all its addresses, the page's own.
    Canonical,
    /// `<html data-zone="…">`: the zone in which the page writes times, where nobody has asked for it. The script in the
    /// head loads the page once more where the browser is in another.
    Zone,
}

/// The lines that are in the head already: what waits for something is made twice while the server renders.
#[cfg(feature = "ssr")]
#[derive(Clone, Default)]
struct Told(ArcStoredValue<Vec<Tag>>);

/// Call once, at the root.
pub fn provide_head() {
    #[cfg(feature = "ssr")]
    provide_context(Told::default());
}

/// Puts a line into the head of the page that the server sends.
pub fn tell(tag: Tag, content: &str) {
    #[cfg(feature = "ssr")]
    {
        use leptos_meta::{Html, Link, Meta};

        let Told(told) = expect_context();
        if told.with_value(|told| told.contains(&tag)) {
            return;
        }
        told.update_value(|told| told.push(tag));
        let content = content.to_string();
        // Rendering is what puts it there.
        let _ = match tag {
            Tag::Name(name) => view! { <Meta name=name content=content/> }.to_html(),
            Tag::Property(property) => view! { <Meta property=property content=content/> }.to_html(),
            Tag::Canonical => view! { <Link rel="canonical" href=content/> }.to_html(),
            Tag::Zone => view! { <Html {..} data-zone=content/> }.to_html(),
        };
    }
    #[cfg(not(feature = "ssr"))]
    let _ = (tag, content);
}
