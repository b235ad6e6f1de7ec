//! Google and Microsoft, against fakes that are as strict as the vendors' pages.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod equality;
mod faults;
mod google;
mod microsoft;
mod oauth;
mod push;
mod strict;

use calendars::client::Client;
use calendars::fakes::Fake;
use calendars::google::Google;
use calendars::http::Http;
use calendars::microsoft::Microsoft;
use calendars::remote::{Change, Changes, Draft, Remote, RemoteEvent, When};
use chrono::{DateTime, TimeDelta, Utc};
use scheduling::BookingId;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

/// A fake, and an account of it that is connected.
pub(crate) struct Connected {
    pub(crate) fake: Fake,
    pub(crate) client: Client,
    pub(crate) primary: String,
}

/// Patient with a fake on this machine, not with one that hangs.
pub(crate) fn http() -> Http {
    Http::with_timeout(Duration::from_secs(2)).unwrap()
}

/// What somebody else asks with. It speaks to plain addresses only.
pub(crate) fn browser() -> reqwest::Client {
    let ring = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(ring).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).build().unwrap()
}

pub(crate) async fn google() -> Connected {
    connect(Fake::google().await, |fake| Client::Google(Google::new(http(), fake.api_url(), fake.token())))
}

pub(crate) async fn graph() -> Connected {
    connect(Fake::graph().await, |fake| {
        Client::Microsoft(Microsoft::new(http(), fake.api_url(), fake.token(), zones::Zones::compiled_in()))
    })
}

pub(crate) async fn both() -> [Connected; 2] {
    [google().await, graph().await]
}

fn connect(fake: Fake, client: impl FnOnce(&Fake) -> Client) -> Connected {
    let (client, primary) = (client(&fake), fake.primary());
    Connected { fake, client, primary }
}

impl Connected {
    pub(crate) async fn look(&self, cursor: Option<&str>) -> Changes {
        self.client.changes(&self.primary, &window(), cursor).await.unwrap()
    }
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// An hour of December 2026.
pub(crate) fn hour(day: u32, hour: u32) -> Range<DateTime<Utc>> {
    let start = at(&format!("2026-12-{day:02}T{hour:02}:00:00Z"));
    start..start + TimeDelta::hours(1)
}

pub(crate) fn window() -> Range<DateTime<Utc>> {
    at("2026-12-01T00:00:00Z")..at("2027-01-01T00:00:00Z")
}

pub(crate) fn draft(n: u128) -> Draft {
    Draft {
        booking: BookingId(uuid::Uuid::from_u128(0x0193_f00d_0000_7000_8000_0000_0000_0000 + n)),
        sequence: 0,
        during: hour(7, 9),
        title: "Ada: Session".into(),
        description: "With Ada.\nNotes: <none> & more".into(),
        location: None,
        tentative: false,
        meeting: None,
    }
}

pub(crate) fn present(changes: &Changes) -> Vec<&RemoteEvent> {
    let present = changes.changes.iter().filter_map(|change| match change {
        Change::Present(event) => Some(event),
        Change::Gone { .. } => None,
    });
    present.collect()
}

pub(crate) fn only(changes: &Changes) -> &RemoteEvent {
    let present = present(changes);
    assert_eq!(present.len(), 1, "{changes:?}");
    present[0]
}

pub(crate) fn timed(event: &RemoteEvent) -> Range<DateTime<Utc>> {
    match &event.when {
        When::Timed(during) => during.clone(),
        other => panic!("{other:?} is not timed"),
    }
}

/// What is known after a look, as whoever calls keeps it.
pub(crate) fn apply(known: &mut BTreeMap<String, RemoteEvent>, changes: &Changes) {
    if changes.complete {
        known.clear();
    }
    for change in &changes.changes {
        match change {
            Change::Present(event) => drop(known.insert(event.id.clone(), event.clone())),
            Change::Gone { id, .. } => drop(known.remove(id)),
        }
    }
}
