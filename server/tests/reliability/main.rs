//! What may go wrong around the program goes wrong here: it is killed, its database is, mail servers misbehave, many come
//! at once. Each test has a quick form, and a long one for `make soak` (`YAKSOK_SOAK=1`).
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "../../../crates/store/tests/common/cluster.rs"]
mod cluster;
#[path = "../common/mod.rs"]
mod common;
mod post;
mod world;

mod away;
mod clock;
mod disk;
mod killed;
mod logs;
mod mail;
mod races;
mod replicas;
mod slow;
