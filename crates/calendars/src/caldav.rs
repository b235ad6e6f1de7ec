//! CalDAV.
mod guard;
mod wire;
mod windows;
