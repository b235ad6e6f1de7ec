//! Yaksok's server: configuration, wiring, HTTP API, middleware, command line.

// Whole pages are one type each, and those are deep.
#![recursion_limit = "512"]

mod api;
mod cli;
mod clock;
mod config;
mod connect;
mod connections;
mod data_dir;
mod edge;
mod forms;
mod health;
mod http_server;
mod limits;
mod live;
mod metrics;
mod pages;
mod patience;
mod problem;
mod proxies;
mod zone_query;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

/// Gives memory back after a rush, where others would keep two or three times as much: see docs/performance.md. It is set in
/// `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // reqwest and lettre use the one provider that is compiled in.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("yaksok: TLS could not be set up");
        return ExitCode::FAILURE;
    }
    cli::run()
}
