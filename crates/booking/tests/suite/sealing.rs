//! Manage tokens at rest: sealed for one booking, and re-encrypted when the key changes.

use crate::common::*;
use booking::bookings::{self, Idempotency, Key, Made, Request};
use booking::secrets::Secret;
use booking::{Context, Error, jobs, rotation};
use calendars::seal::{SealKey, Sealer};

fn keyed(start: &str) -> Request {
    let idempotency = Idempotency { key: start.into(), request_hash: [0; 32] };
    Request { idempotency: Some(idempotency), ..request("ann", "session", at(start)) }
}

const TEN: &str = "2026-11-23T10:00:00Z";
const ELEVEN: &str = "2026-11-23T11:00:00Z";

#[tokio::test]
async fn the_database_does_not_know_what_opens_a_booking() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    let (_, token) = bookings::book(&app.context, keyed(TEN)).await.unwrap();
    app.run_jobs().await;
    for table in ["bookings", "idempotency_keys", "jobs", "booking_events"] {
        // Rows as text show bytes in hexadecimal.
        let random = token.reveal().strip_prefix("ysm_").unwrap();
        let hex: String = token.reveal().bytes().map(|byte| format!("{byte:02x}")).collect();
        let found = format!("SELECT count(*) FROM {table} t WHERE t::text LIKE '%{random}%' OR t::text LIKE '%{hex}%'");
        assert_eq!(app.number(&found).await, 0, "{table}");
    }
}

#[tokio::test]
async fn a_token_moved_to_another_booking_does_not_open() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    let (first, _) = bookings::book(&app.context, keyed(TEN)).await.unwrap();
    let (second, _) = bookings::book(&app.context, keyed(ELEVEN)).await.unwrap();
    for table in ["bookings", "idempotency_keys"] {
        let id = if table == "bookings" { "id" } else { "booking_id" };
        app.sql(&format!(
            "UPDATE {table} SET manage_token_sealed = (SELECT manage_token_sealed FROM {table} WHERE {id} = '{}')
             WHERE {id} = '{}'",
            first.id, second.id
        ))
        .await;
    }
    bookings::book(&app.context, keyed(TEN)).await.expect("in its place it opens");
    let refused = bookings::book(&app.context, keyed(ELEVEN)).await.map(|_| ());
    assert!(matches!(refused, Err(Error::Internal(_))), "{refused:?}");

    // The mentee's mail, which would show it, waits; the mentor's does not need it.
    let letters = app.mail().await;
    let to_mentee = letters.iter().filter(|letter| letter.to == ADA).count();
    assert_eq!((letters.len(), to_mentee), (3, 1));
    assert_eq!(jobs::state(&app.context).await.unwrap(), (1, 0));
}

async fn repeat(context: &Context, start: &str) -> Result<(Made, Secret), Error> {
    bookings::book(context, keyed(start)).await
}

#[tokio::test]
async fn after_rotation_the_old_key_is_not_needed() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    let mut tokens = Vec::new();
    for start in [TEN, ELEVEN] {
        tokens.push(repeat(&app.context, start).await.unwrap().1);
    }
    let key = |byte| SealKey::new(&[byte; 32]);
    let both = app.another_server(|inner| inner.sealer = Sealer::new(key(2), Some(key(1)))).await;
    let new = app.another_server(|inner| inner.sealer = Sealer::new(key(2), None)).await;
    assert!(matches!(repeat(&new, TEN).await, Err(Error::Internal(_))), "sealed under the old key");
    assert_eq!(repeat(&both, TEN).await.unwrap().1.reveal(), tokens[0].reveal());

    for (server, fits) in [(&app.context, true), (&both, true), (&new, false)] {
        assert_eq!(rotation::key_fits(server).await.unwrap(), fits);
    }
    assert_eq!(rotation::rotate(&both).await.unwrap(), 2);
    for (server, fits) in [(&app.context, false), (&both, true), (&new, true)] {
        assert_eq!(rotation::key_fits(server).await.unwrap(), fits);
    }
    assert_eq!(rotation::rotate(&both).await.unwrap(), 0, "nothing is left to do");
    for (start, token) in [TEN, ELEVEN].into_iter().zip(&tokens) {
        assert_eq!(repeat(&new, start).await.unwrap().1.reveal(), token.reveal());
        assert!(matches!(repeat(&app.context, start).await, Err(Error::Internal(_))), "the old key opens nothing");
        bookings::get(&new, &Key::Token(token.clone())).await.unwrap();
    }
    assert_eq!(jobs::run_due(&new).await.unwrap(), 4);
    let letters = app.mail().await;
    for token in &tokens {
        assert_eq!(letters.iter().filter(|letter| letter.mentions(token.reveal())).count(), 1);
    }
}

#[tokio::test]
async fn rotation_goes_on_after_the_first_hundred() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.open(ann, every_day("UTC", "00:00", "24:00")).await;
    app.offer(ann, session("short", 5, 5)).await;
    let mut last = None;
    for n in 0..105 {
        let start = at("2026-11-23T00:00:00Z") + minutes(5 * n);
        last = Some(app.booked("ann", "short", &start.to_rfc3339()).await.1);
    }
    let keys = || Sealer::new(SealKey::new(&[2; 32]), Some(SealKey::new(&[1; 32])));
    let both = app.another_server(|inner| inner.sealer = keys()).await;
    assert_eq!(rotation::rotate(&both).await.unwrap(), 105);
    let new = app.another_server(|inner| inner.sealer = Sealer::new(SealKey::new(&[2; 32]), None)).await;
    bookings::invite(&new, &last.unwrap()).await.unwrap();
}
