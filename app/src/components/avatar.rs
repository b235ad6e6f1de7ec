//! Who somebody is, at a glance.

use leptos::prelude::*;

/// A person's photo, or the first letter of the name. The name stands beside it, so it says nothing itself.
#[component]
pub fn Avatar(
    /// Whose.
    #[prop(into)]
    name: String,
    /// Address of the photo.
    #[prop(optional_no_strip)]
    photo: Option<String>,
    /// For the head of a page.
    #[prop(optional)]
    large: bool,
) -> impl IntoView {
    let size = large.then_some("large");
    match photo {
        Some(src) => view! {
            <img class="avatar" data-size=size src=src alt="" loading="lazy"/>
        }
        .into_any(),
        None => {
            // The style sheet makes it a capital: in the program, that would be a table of all the world's letters.
            let initial = name.trim().chars().next().map(String::from);
            view! { <span class="avatar" data-size=size aria-hidden="true">{initial}</span> }.into_any()
        }
    }
}
