//! Pages of a logged-in mentor.

pub mod activity;
pub mod availability;
pub mod booking;
pub mod bookings;
pub mod calendars;
pub mod decide;
pub mod layout;
pub mod session_types;
pub mod settings;

pub use activity::ActivityPage;
pub use availability::AvailabilityPage;
pub use booking::BookingDetailPage;
pub use bookings::DashboardPage;
pub use calendars::CalendarsPage;
pub use layout::DashboardLayout;
pub use session_types::SessionTypesPage;
pub use settings::SettingsPage;
