//! Server functions: each extracts, calls one use case of `booking`, and maps the error. Paths: `/fn/…`.

#[cfg(feature = "ssr")]
pub mod cookies;
pub mod dashboard;
pub mod manage;
pub mod public;
#[cfg(feature = "ssr")]
pub mod server;

use serde::{Deserialize, Serialize};

/// A part of a list, and where the next part begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Ask with this for the next page; `None` on the last.
    pub next_cursor: Option<String>,
}
