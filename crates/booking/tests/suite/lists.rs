//! Lists in pages: nothing lost, nothing twice, in order.

use crate::common::*;
use booking::bookings::{self, Booked, Key, List};
use booking::listing::Search;
use booking::seed::{self, Amounts};
use booking::{Error, listing};
use chrono::{DateTime, Utc};
use scheduling::{BookingId, MentorId, Status};

/// 130 bookings that were cancelled, at five starts only; and two that were not.
async fn with_bookings() -> (TestApp, MentorId) {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.mentor("ben", "UTC").await;
    for start in ["2026-11-23T10:00:00Z", "2026-11-25T10:00:00Z"] {
        app.book("ann", "session", start).await.unwrap();
        app.book("ben", "session", start).await.unwrap();
    }
    app.sql(&format!(
        "INSERT INTO bookings (id, mentor_id, session_slug, session_name, status, during, buffer_before_minutes,
             buffer_after_minutes, cancel_notice_minutes, booker_name, booker_email, booker_timezone, booker_language,
             manage_token_hash, manage_token_sealed, created_at)
         SELECT md5('booking ' || n)::uuid, '{ann}', 'session', 'Session', 'cancelled',
             tstzrange(start, start + interval '30 minutes'), 0, 0, 0, 'Bob 50%_' || n, 'bob' || n || '@example.com', 'UTC', 'en',
             sha256(n::text::bytea), 'sealed', now()
         FROM generate_series(1, 130) n, LATERAL (SELECT timestamptz '2026-11-24 10:00Z' + n % 5 * interval '1 hour') s(start)"
    ))
    .await;
    (app, ann)
}

/// Every page, one after the other; and how many there were.
async fn all(app: &TestApp, ann: MentorId, list: &List) -> (Vec<Booked>, usize) {
    let (mut found, mut pages, mut cursor) = (Vec::new(), 0, None);
    loop {
        let (page, next) = bookings::list(&app.context, ann, List { cursor, ..list.clone() }).await.unwrap();
        pages += 1;
        assert!(!page.is_empty() || next.is_none());
        found.extend(page);
        cursor = next;
        if cursor.is_none() {
            return (found, pages);
        }
    }
}

fn places(found: &[Booked]) -> Vec<(DateTime<Utc>, BookingId)> {
    found.iter().map(|booked| (booked.booking.start, booked.booking.id)).collect()
}

#[tokio::test]
async fn bookings_come_in_order_and_all_of_them() {
    let (app, ann) = with_bookings().await;
    let (found, pages) = all(&app, ann, &List::default()).await;
    assert_eq!((found.len(), pages), (132, 3));
    assert!(places(&found).is_sorted_by(|a, b| a < b), "oldest first, each once");
    assert!(found.iter().all(|booked| booked.mentor.handle == "ann"));

    let (reversed, _) = all(&app, ann, &List { descending: true, ..List::default() }).await;
    assert_eq!(places(&reversed).into_iter().rev().collect::<Vec<_>>(), places(&found));

    // A page that ends among equal starts, and what is added and taken away between pages.
    let (first, cursor) = bookings::list(&app.context, ann, List::default()).await.unwrap();
    app.sql(&format!("DELETE FROM bookings WHERE id = '{}'", first[49].booking.id)).await;
    app.book("ann", "session", "2026-11-23T09:00:00Z").await.unwrap();
    let (second, _) = bookings::list(&app.context, ann, List { cursor, ..List::default() }).await.unwrap();
    assert_eq!(places(&second), places(&found)[50..100]);
}

#[tokio::test]
async fn bookings_are_chosen_by_time_status_and_words() {
    let (app, ann) = with_bookings().await;
    let count = async |list: List| all(&app, ann, &list).await.0.len();
    let some = |text| Some(at(text));
    assert_eq!(count(List { statuses: vec![Status::Confirmed], ..List::default() }).await, 2);
    assert_eq!(count(List { statuses: vec![Status::Confirmed, Status::Cancelled], ..List::default() }).await, 132);
    assert_eq!(count(List { statuses: vec![Status::Pending], ..List::default() }).await, 0);
    assert_eq!(count(List { from: some("2026-11-24T14:00:00Z"), ..List::default() }).await, 27);
    assert_eq!(count(List { to: some("2026-11-24T10:00:00Z"), ..List::default() }).await, 1);
    let (from, to) = (some("2026-11-24T10:00:00Z"), some("2026-11-24T11:00:00Z"));
    assert_eq!(count(List { from, to, ..List::default() }).await, 26);
    assert_eq!(count(List { ends_after: some("2026-11-24T14:30:00Z"), ..List::default() }).await, 1);
    assert_eq!(count(List { ends_by: some("2026-11-24T10:30:00Z"), ..List::default() }).await, 27);
    for (query, found) in [("ADA", 2), ("bob7@", 1), ("50%_13", 2), ("%", 130), ("_", 130), ("\\", 0), ("nobody", 0)] {
        assert_eq!(count(List { query: query.into(), ..List::default() }).await, found, "{query}");
    }
}

#[tokio::test]
async fn a_cursor_is_one_of_ours() {
    let (app, ann) = with_bookings().await;
    for cursor in ["", "!", "AAAA", "MTo", "OTk5OTk5OTk5OTk5OTk5OTk5OTk6MA"] {
        let refused = bookings::list(&app.context, ann, List { cursor: Some(cursor.into()), ..List::default() }).await;
        assert!(matches!(refused, Err(Error::Invalid(errors)) if errors[0].field == "cursor"), "{cursor}");
    }
}

#[tokio::test]
async fn mentors_come_by_handle_and_all_of_them() {
    let app = TestApp::new().await;
    app.sql(
        "INSERT INTO mentors (id, handle, name, headline, email, email_verified_at, created_at)
         SELECT md5('mentor ' || n)::uuid, 'mentor-' || n, 'Name ' || n, CASE WHEN n = 7 THEN 'Rust & 50%' END,
             n || '@example.com', CASE WHEN n <= 110 THEN now() END, now()
         FROM generate_series(1, 120) n",
    )
    .await;
    let (mut handles, mut cursor): (Vec<String>, Option<String>) = Default::default();
    for pages in 1.. {
        let (page, next) = listing::mentors(&app.context, &Search { cursor, ..Search::default() }).await.unwrap();
        handles.extend(page.into_iter().map(|listed| listed.mentor.handle));
        cursor = next;
        if cursor.is_none() {
            assert_eq!(pages, 3);
            break;
        }
    }
    assert_eq!(handles.len(), 110, "who has confirmed the address");
    assert!(handles.is_sorted_by(|a, b| a < b));
    for (query, found) in [("NAME 70", 1), (" rust ", 1), ("50%", 1), ("mentor-11", 2), ("%", 1), ("example.com", 0)] {
        let (page, _) =
            listing::mentors(&app.context, &Search { query: query.into(), ..Search::default() }).await.unwrap();
        assert_eq!(page.len(), found, "{query}");
    }
}

/// One in thirty of these mentors is open at all, and all of them at the same time.
#[tokio::test]
async fn pages_of_those_who_are_free_leave_nobody_out() {
    let app = TestApp::new().await;
    app.sql(
        "INSERT INTO mentors (id, handle, name, email, email_verified_at, timezone, created_at)
         SELECT md5('mentor ' || n)::uuid, 'mentor-' || lpad(n::text, 4, '0'), 'Name', n || '@example.com', now(), 'UTC', now()
         FROM generate_series(1, 1500) n;
         INSERT INTO session_types (id, mentor_id, slug, name, duration_minutes, start_interval_minutes,
             buffer_before_minutes, buffer_after_minutes, minimum_notice_minutes, horizon_days, requires_approval,
             cancel_notice_minutes, active, created_at)
         SELECT id, id, 'session', 'Session', 30, 30, 0, 0, 0, 60, false, 0, true, now() FROM mentors;
         INSERT INTO mentor_availability SELECT id, 2, 1020, 1200 FROM mentors WHERE right(handle, 4)::int % 30 = 0",
    )
    .await;
    let tuesday = at("2026-12-15T18:00:00Z")..at("2026-12-15T19:00:00Z");
    for limit in [7, 50, 1000] {
        let (mut handles, mut cursor, mut pages) = (Vec::new(), None, 0);
        loop {
            let search = Search { cursor, limit, free: Some(tuesday.clone()), ..Search::default() };
            let (page, next) = listing::mentors(&app.context, &search).await.unwrap();
            assert!(page.len() <= limit);
            assert!(page.iter().all(|listed| listed.next_free == Some(tuesday.start)));
            handles.extend(page.into_iter().map(|listed| listed.mentor.handle));
            (cursor, pages) = (next, pages + 1);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(handles.len(), 50, "{limit} on a page");
        assert!(handles.is_sorted_by(|a, b| a < b));
        assert!((2..12).contains(&pages), "{pages} pages of {limit}: a thousand mentors are looked at for one");
    }
    let friday = Search { free: Some(at("2026-12-18T18:00:00Z")..at("2026-12-18T19:00:00Z")), ..Search::default() };
    let (nobody, _) = listing::mentors(&app.context, &friday).await.unwrap();
    assert!(nobody.is_empty());
}

#[tokio::test]
async fn made_up_data_fills_an_empty_database_only() {
    let app = TestApp::new().await;
    let few = Amounts { mentors: 20, bookings: 300, events: 100, series: 2 };
    assert!(seed::fill(&app.context, few, false).await.unwrap());
    assert!(!seed::fill(&app.context, few, false).await.unwrap(), "it has mentors");
    assert!(booking::rotation::key_fits(&app.context).await.unwrap(), "the server starts again on it");
    for (table, rows) in [("mentors", 21), ("bookings", 300 + 4 * 21), ("calendar_busy", 100 + 2 * 52)] {
        assert_eq!(app.number(&format!("SELECT count(*) FROM {table}")).await, rows, "{table}");
    }
    let (listed, _) = listing::mentors(&app.context, &Search::default()).await.unwrap();
    assert!(listed.iter().all(|listed| listed.next_free.is_some()), "everybody can be booked: {listed:?}");
}

#[tokio::test]
async fn a_listed_booking_opens() {
    let (app, ann) = with_bookings().await;
    let (found, _) = bookings::list(&app.context, ann, List::default()).await.unwrap();
    let booked = bookings::get(&app.context, &Key::Mentor(ann, found[0].booking.id)).await.unwrap();
    assert_eq!(booked.booking.start, at("2026-11-23T10:00:00Z"));
}

#[tokio::test]
async fn a_booking_is_found_however_its_name_is_typed() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    // As a Mac sends it, and composed.
    for (hour, name) in [(9, "Jose\u{301} Nu\u{301}n\u{303}ez"), (10, "José"), (11, "김멘토"), (12, "ИВАН")] {
        let start = at("2026-11-24T00:00:00Z") + minutes(60 * hour);
        let wish = bookings::Request { name: name.into(), ..request("ann", "session", start) };
        bookings::book(&app.context, wish).await.unwrap();
    }
    for (query, found) in [
        ("jose", 2),
        ("JOSÉ", 2),
        ("núñez", 1),
        ("\u{1100}\u{1175}\u{11b7}멘", 1),
        ("иван", 1),
        (ADA, 4),
        ("", 4),
        ("nobody", 0),
    ] {
        let list = List { query: query.into(), ..List::default() };
        let (page, _) = bookings::list(&app.context, ann, list).await.unwrap();
        assert_eq!(page.len(), found, "{query:?}");
    }
}
