//! The weekly hours.

use crate::api::dashboard::editor;
use crate::carried::carried;
use crate::components::availability::AvailabilityEditor;
use crate::components::{ErrorView, ScriptControls, Skeleton};
use crate::i18n::use_messages;
use leptos::prelude::*;
use leptos_meta::Title;

/// The weekly hours: the availability editor.
#[component]
pub fn AvailabilityPage() -> impl IntoView {
    let t = use_messages().dashboard();
    let opened = carried(|| (), |()| editor());
    view! {
        <Title text=t.editor_title/>
        <Suspense fallback=|| {
            view! { <Skeleton lines=8/> }
        }>
            {move || Suspend::new(async move {
                match opened.await {
                    Ok(editor) => view! {
                        <ScriptControls>
                            <AvailabilityEditor editor=editor/>
                        </ScriptControls>
                    }
                    .into_any(),
                    Err(error) => view! { <ErrorView error=error retry=move |()| opened.refetch()/> }.into_any(),
                }
            })}
        </Suspense>
    }
}
