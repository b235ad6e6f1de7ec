//! What mail about a booking says: one conversation, the price, and only what can still be done.

use crate::common::*;
use booking::bookings::{self, Request};
use booking::{Error, accounts};
use chrono::TimeDelta;
use scheduling::{Price, SessionType};

#[tokio::test]
async fn mail_about_one_booking_is_one_conversation() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    let (_, key) = app.booked("ann", "session", "2026-11-24T10:00:00Z").await;
    let (first_mentee, first_mentor) = app.letters(ADA, "ann@example.com").await;
    assert_ne!(first_mentee.message_id, first_mentor.message_id);
    for first in [&first_mentee, &first_mentor] {
        assert_eq!((&first.in_reply_to, &first.references), (&None, &None), "it begins the conversation");
    }
    bookings::reschedule(&app.context, &key, at("2026-11-24T12:00:00Z")).await.unwrap();
    let moved = app.letters(ADA, "ann@example.com").await;
    bookings::cancel(&app.context, &key, None).await.unwrap();
    let cancelled = app.letters(ADA, "ann@example.com").await;
    let mut ids = Vec::new();
    for (first, later) in [(&first_mentee, [&moved.0, &cancelled.0]), (&first_mentor, [&moved.1, &cancelled.1])] {
        for letter in later {
            assert_eq!(letter.in_reply_to.as_ref(), Some(&first.message_id));
            assert_eq!(letter.references.as_ref(), Some(&first.message_id));
            ids.push(letter.message_id.clone());
        }
        ids.push(first.message_id.clone());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6, "each message has an id of its own");
}

/// Mail that waited for a mail server offers what can be done when it is sent, not when it was written.
#[tokio::test]
async fn mail_offers_only_what_is_still_possible_when_it_is_sent() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.offer(ann, SessionType { cancel_notice_minutes: 24 * 60, ..SessionType::first() }).await;
    app.offer(ann, SessionType { requires_approval: true, ..session("ask", 30, 30) }).await;
    let start = at("2026-11-25T10:00:00Z");

    for (before, possible) in [(TimeDelta::hours(25), true), (TimeDelta::hours(23), false), (-minutes(1), false)] {
        app.set_now(at(BEGINNING));
        let (_, key) = app.booked("ann", "session", "2026-11-25T10:00:00Z").await;
        app.set_now(start - before);
        let (mentee, mentor) = app.letters(ADA, "ann@example.com").await;
        assert_eq!(mentee.mentions("Change or cancel"), possible, "{}", mentee.text);
        assert_eq!(mentee.text.contains("can no longer be changed or cancelled online"), !possible, "{}", mentee.text);
        assert!(possible || mentee.text.contains("please tell"), "{}", mentee.text);
        assert_eq!(mentee.mentions("please use the link"), possible, "{}", mentee.text);
        assert!(mentee.mentions("Declining the invitation in a calendar app does not cancel the booking"));
        assert!(mentor.mentions("Declining the invitation in a calendar app does not cancel the booking"));
        assert!(!mentor.mentions("can no longer be changed"), "the notice binds the mentee");
        app.set_now(at(BEGINNING));
        bookings::cancel(&app.context, &key, None).await.unwrap();
        let (mentee, _) = app.letters(ADA, "ann@example.com").await;
        assert!(!mentee.mentions("Change or cancel") && !mentee.mentions("Declining the invitation"));
    }

    for (now, open) in [(start - minutes(1), true), (start + minutes(1), false)] {
        app.set_now(at(BEGINNING));
        app.booked("ann", "ask", "2026-11-25T10:00:00Z").await;
        app.set_now(now);
        let mail = app.mail().await;
        let asked = mail.iter().find(|letter| letter.to == "ann@example.com").unwrap();
        assert_eq!(asked.mentions("Confirm or decline"), open, "{}", asked.text);
        assert_eq!(asked.subject.starts_with("Please answer:"), open, "{}", asked.subject);
        assert_eq!(asked.subject.starts_with("Request closed:"), !open, "{}", asked.subject);
        app.set_now(start + minutes(1));
        app.mail().await;
    }
}

#[tokio::test]
async fn mail_names_the_price_of_the_moment_of_booking() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let offer = async |price: Option<Price>| {
        app.offer(ann, SessionType { price, ..SessionType::first() }).await;
    };
    let price = |amount, currency: &str| Some(Price { amount, currency: currency.into() });
    for (given, words) in [
        (price(3000, "USD"), Some("Price: $30.00")),
        (price(30_000, "KRW"), Some("Price: ₩30,000")),
        (price(12_345, "KWD"), Some("Price: KWD\u{a0}12.345")),
        (price(0, "EUR"), Some("Price: Free")),
        (None, None),
    ] {
        offer(given).await;
        let (_, key) = app.booked("ann", "session", "2026-11-24T10:00:00Z").await;
        offer(price(999_900, "USD")).await;
        for step in 0..2 {
            if step == 1 {
                bookings::cancel(&app.context, &key, None).await.unwrap();
            }
            let (mentee, mentor) = app.letters(ADA, "ann@example.com").await;
            for letter in [&mentee, &mentor] {
                match words {
                    Some(words) => assert!(letter.text.contains(words), "{}", letter.text),
                    None => assert!(!letter.text.contains("Price"), "{}", letter.text),
                }
            }
        }
    }
}

#[tokio::test]
async fn addresses_are_taken_as_people_write_them() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    let book = async |email: &str, start: &str| {
        let request = Request { email: email.into(), ..request("ann", "session", at(start)) };
        bookings::book(&app.context, request).await
    };
    for (n, (typed, kept, sent)) in [
        (" ada@example.org\n", "ada@example.org", "ada@example.org"),
        ("kim@한국.kr", "kim@한국.kr", "kim@xn--3e0b707e.kr"),
        ("\u{a0}kim@Bücher.example ", "kim@Bücher.example", "kim@xn--bcher-kva.example"),
    ]
    .into_iter()
    .enumerate()
    {
        let (_, token) = book(typed, &format!("2026-11-24T1{n}:00:00Z")).await.unwrap();
        let booking = bookings::get(&app.context, &bookings::Key::Token(token)).await.unwrap().booking;
        assert_eq!(booking.email, kept, "shown as it was typed");
        let (_, mentor) = app.letters(sent, "ann@example.com").await;
        assert!(mentor.text.contains(&format!("({kept})")), "{}", mentor.text);
    }
    // The last two: no ASCII form, and a machine's own name where people are served.
    for wrong in ["a@b", "ada@한국", "kim@-한국.kr", "kim@\u{300}한국.kr", "ada@localhost"] {
        let refused = book(wrong, "2026-11-24T15:00:00Z").await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{wrong}: {refused:?}");
        let mut new = account("bea", "UTC");
        new.email = wrong.into();
        assert!(matches!(accounts::create(&app.context, &new).await, Err(Error::Invalid(_))), "{wrong}");
    }
    let development = TestApp::with(|inner| inner.base_url = "http://localhost:3000".into()).await;
    let mut new = account("bea", "UTC");
    new.email = " bea@localhost ".into();
    assert!(accounts::create(&development.context, &new).await.is_ok());
}
