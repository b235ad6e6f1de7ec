//! Parts that pages share. Each is plain HTML first: the server's markup works without a script.

pub mod availability;
pub mod avatar;
pub mod browser;
pub mod button;
pub mod calendar;
pub mod controls;
pub mod dialog;
pub mod field;
pub mod frame;
pub mod head;
pub mod icon;
pub mod pick;
pub mod picker;
pub mod problem;
pub mod stale;
pub mod status;
pub mod zone;

pub use avatar::Avatar;
pub use button::Button;
pub use calendar::MonthCalendar;
pub use controls::{FormKey, ScriptControls};
pub use dialog::Dialog;
pub use field::{CheckboxField, SelectField, TextField};
pub use frame::{Footer, Header, SkipLink};
pub use icon::{Icon, Picture};
pub use picker::{Answer, SlotPicker, StartLabel, awaiting, month_answer, zone_notice};
pub use problem::{ErrorSummary, ErrorView, NotFoundView, Skeleton, field_error};
pub use stale::StaleBanner;
pub use status::{Status, StatusRegion, provide_status, use_status};
pub use zone::{REMEMBERED_ZONE, ZoneBar, ZoneField};

use leptos::prelude::*;
use std::sync::{Arc, Mutex};

/// A piece of a page that follows what it reads, and at times is not there.
///
/// A closure in a view would do as well, but each has a type of its own, and so has each element that it may give: the
/// framework's code comes into the program once for every such type. Here they are all one.
pub fn live<V: IntoView + 'static>(view: impl Fn() -> Option<V> + Send + 'static) -> AnyView {
    let view: Arc<Mutex<dyn FnMut() -> Option<AnyView> + Send>> =
        Arc::new(Mutex::new(move || view().map(|view| view.into_any())));
    view.into_any()
}
