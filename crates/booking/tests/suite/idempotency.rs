//! Sent twice, booked once.

use crate::book::unavailable;
use crate::common::*;
use booking::Error;
use booking::bookings::{self, Idempotency, Key, Made, Request};
use booking::secrets::Secret;
use chrono::TimeDelta;
use scheduling::Status;

fn with_key(mentor: &str, start: &str, key: &str, hash: u8) -> Request {
    let idempotency = Idempotency { key: key.into(), request_hash: [hash; 32] };
    Request { idempotency: Some(idempotency), ..request(mentor, "session", at(start)) }
}

fn same((made, token): &(Made, Secret), (other, other_token): &(Made, Secret)) {
    assert_eq!(serde_json::to_value(made).unwrap(), serde_json::to_value(other).unwrap());
    assert_eq!(token.reveal(), other_token.reveal());
}

const TEN: &str = "2026-11-23T10:00:00Z";
const ELEVEN: &str = "2026-11-23T11:00:00Z";

#[tokio::test]
async fn the_same_again_gives_the_first_answer_again() {
    let mut app = TestApp::new().await;
    app.leaves_no_jobs();
    let ann = app.mentor("ann", "UTC").await;
    let ask = || with_key("ann", TEN, "key", 1);
    let first = bookings::book(&app.context, ask()).await.unwrap();
    same(&first, &bookings::book(&app.context, ask()).await.unwrap());
    assert_eq!(app.number("SELECT count(*) FROM bookings").await, 1);
    assert_eq!(app.mail().await.len(), 2, "told once");

    // As it was then, whatever became of it.
    let key = Key::Token(first.1.clone());
    bookings::reschedule(&app.context, &key, at(ELEVEN)).await.unwrap();
    same(&first, &bookings::book(&app.context, ask()).await.unwrap());
    bookings::cancel(&app.context, &key, None).await.unwrap();
    booking::schedule::delete_session_type(&app.context, ann, "session").await.unwrap();
    app.pass(TimeDelta::hours(24));
    same(&first, &bookings::book(&app.context, ask()).await.unwrap());
    let booking = bookings::get(&app.context, &key).await.unwrap().booking;
    assert_eq!(booking.status, Status::Cancelled, "a repeat changes nothing");
    app.mail().await;
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    bookings::book(&app.context, with_key("ann", TEN, "key", 1)).await.unwrap();
    for start in [TEN, ELEVEN] {
        let refused = bookings::book(&app.context, with_key("ann", start, "key", 2)).await;
        assert!(matches!(refused, Err(Error::IdempotencyKeyReused)), "{refused:?}");
    }
    bookings::book(&app.context, with_key("ann", ELEVEN, "another key", 2)).await.unwrap();
    assert_eq!(app.number("SELECT count(*) FROM bookings").await, 2);
}

#[tokio::test]
async fn each_mentor_has_keys_of_their_own() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    app.mentor("ben", "UTC").await;
    let of_ann = bookings::book(&app.context, with_key("ann", TEN, "key", 1)).await.unwrap();
    let of_ben = bookings::book(&app.context, with_key("ben", TEN, "key", 2)).await.unwrap();
    assert_ne!(of_ann.0.id, of_ben.0.id);
    same(&of_ann, &bookings::book(&app.context, with_key("ann", TEN, "key", 1)).await.unwrap());
    same(&of_ben, &bookings::book(&app.context, with_key("ben", TEN, "key", 2)).await.unwrap());
}

#[tokio::test]
async fn after_a_day_a_key_is_forgotten() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    let first = bookings::book(&app.context, with_key("ann", ELEVEN, "key", 1)).await.unwrap();
    app.pass(TimeDelta::hours(24) + TimeDelta::microseconds(1));
    let again = bookings::book(&app.context, with_key("ann", ELEVEN, "key", 1)).await;
    assert!(unavailable(again), "tried afresh: its own booking is in the way");
    bookings::cancel(&app.context, &Key::Token(first.1), None).await.unwrap();
    let second = bookings::book(&app.context, with_key("ann", ELEVEN, "key", 2)).await.unwrap();
    assert_ne!(first.0.id, second.0.id);
    same(&second, &bookings::book(&app.context, with_key("ann", ELEVEN, "key", 2)).await.unwrap());
}

#[tokio::test]
async fn a_refusal_is_tried_afresh() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    let (_, in_the_way) = app.booked("ann", "session", TEN).await;
    let ask = || with_key("ann", TEN, "key", 1);
    assert!(unavailable(bookings::book(&app.context, ask()).await));
    assert!(unavailable(bookings::book(&app.context, with_key("ann", TEN, "key", 2)).await), "and by any request");
    let wrong = bookings::book(&app.context, Request { name: String::new(), ..ask() }).await;
    assert!(matches!(wrong, Err(Error::Invalid(_))), "{wrong:?}");
    bookings::cancel(&app.context, &in_the_way, None).await.unwrap();
    let made = bookings::book(&app.context, ask()).await.unwrap();
    same(&made, &bookings::book(&app.context, ask()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeats_that_come_while_the_first_is_in_flight_wait_for_it() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    let other = app.another_server(|_| {}).await;
    let tasks: Vec<_> = (0..60)
        .map(|n| {
            let context = if n % 2 == 0 { app.context.clone() } else { other.clone() };
            // One in ten says something else.
            let hash = if n % 10 == 9 { 2 } else { 1 };
            tokio::spawn(async move { (hash, bookings::book(&context, with_key("ann", TEN, "key", hash)).await) })
        })
        .collect();
    let mut made = Vec::new();
    let mut reused = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            (hash, Ok(answer)) => made.push((hash, answer)),
            (hash, Err(Error::IdempotencyKeyReused)) => reused.push(hash),
            (_, Err(error)) => panic!("{error:?}"),
        }
    }
    let first = made[0].0;
    assert!(made.iter().all(|(hash, _)| *hash == first) && reused.iter().all(|hash| *hash != first));
    made.iter().for_each(|(_, answer)| same(answer, &made[0].1));
    assert_eq!(app.number("SELECT count(*) FROM bookings").await, 1);
    assert_eq!(app.mail().await.len(), 2);
}
