//! Parts that pages share. Each is plain HTML first: the server's markup works without a script.

pub mod availability;
pub mod avatar;
pub mod browser;
pub mod button;
pub mod calendar;
pub mod dialog;
pub mod field;
pub mod frame;
pub mod icon;
pub mod pick;
pub mod picker;
pub mod problem;
pub mod status;
pub mod zone;

pub use avatar::Avatar;
pub use button::Button;
pub use calendar::MonthCalendar;
pub use dialog::Dialog;
pub use field::{CheckboxField, SelectField, TextField};
pub use frame::{Footer, Header, SkipLink};
pub use icon::{Icon, Picture};
pub use picker::{Answer, REMEMBERED_HOURS, SlotPicker, StartLabel, awaiting, month_answer};
pub use problem::{ErrorSummary, ErrorView, NotFoundView, Skeleton, field_error};
pub use status::{Status, StatusRegion, provide_status, use_status};
pub use zone::{REMEMBERED_ZONE, ZoneBar, ZoneField};
