//! CalDAV.
mod expand;
mod guard;
mod ical;
mod recur;
mod windows;
mod wire;
mod zone;
