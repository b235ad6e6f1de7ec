//! What people see: pages, components, and the server functions that they call.
//!
//! Views never read a clock, a locale or a time zone of their own: what they show comes from the server, or from
//! what the person chose.

// Whole pages are one type each, and those are deep.
#![recursion_limit = "512"]

pub mod api;
pub mod carried;
pub mod components;
pub mod context;
#[cfg(feature = "ssr")]
pub mod document;
pub mod error;
pub use scheduling::format;
pub mod i18n;
pub mod pages;

pub use error::AppError;
pub use pages::App;
