//! Days on which clocks change, through the whole stack.

use crate::book::unavailable;
use crate::common::*;
use booking::bookings;
use booking::{Error, listing};
use chrono::TimeZone;
use scheduling::SessionType;

/// A mentor in New York who works from midnight to five.
async fn night_owl(now: &str) -> TestApp {
    let app = TestApp::new().await;
    app.set_now(at(now));
    let owl = app.mentor("owl", "America/New_York").await;
    app.open(owl, every_day("America/New_York", "00:00", "05:00")).await;
    app.offer(owl, session("hour", 60, 30)).await;
    app
}

/// What is listed on a date of a zone, as clocks there show it.
async fn listed(app: &TestApp, day: &str, zone: Option<&str>) -> Vec<String> {
    let slots = listing::slots(&app.context, "owl", "hour", date(day), date(day), zone).await.unwrap();
    let local = |start| slots.zone.from_utc_datetime(&chrono::DateTime::naive_utc(start));
    slots.starts.iter().map(|start| local(start).format("%H:%M%:z").to_string()).collect()
}

#[tokio::test]
async fn where_clocks_jump_forward_an_hour_is_missing() {
    let app = night_owl("2027-03-10T12:00:00Z").await;
    let before = ["00:00-05:00", "00:30-05:00", "01:00-05:00", "01:30-05:00"];
    let after = ["03:00-04:00", "03:30-04:00", "04:00-04:00"];
    assert_eq!(listed(&app, "2027-03-14", None).await, [&before[..], &after].concat());
    assert_eq!(listed(&app, "2027-03-13", None).await.len(), 9, "any other night");

    // Half past one lasts until half past three; and half past two there is not.
    for absent in ["2027-03-14T05:15:00Z", "2027-03-14T09:00:00Z", "2027-03-14T04:30:00Z"] {
        assert!(unavailable(app.book("owl", "hour", absent).await), "{absent}");
    }
    let made = app.book("owl", "hour", "2027-03-14T06:30:00Z").await.unwrap();
    assert_eq!(made.end, at("2027-03-14T07:30:00Z"));
    assert_eq!(listed(&app, "2027-03-14", None).await, ["00:00-05:00", "00:30-05:00", "03:30-04:00", "04:00-04:00"]);
    let mail = app.mail().await;
    let to_mentor = mail.iter().find(|letter| letter.to == "owl@example.com").unwrap();
    assert!(to_mentor.text.contains("1:30") && to_mentor.text.contains("3:30"), "{}", to_mentor.text);
    assert_eq!(to_mentor.invite().get("DTSTART"), "20270314T063000Z");
}

#[tokio::test]
async fn where_clocks_fall_back_an_hour_comes_twice() {
    let app = night_owl("2027-11-01T12:00:00Z").await;
    let nights = [
        "00:00-04:00",
        "00:30-04:00",
        "01:00-04:00",
        "01:30-04:00",
        "01:00-05:00",
        "01:30-05:00",
        "02:00-05:00",
        "02:30-05:00",
        "03:00-05:00",
        "03:30-05:00",
        "04:00-05:00",
    ];
    assert_eq!(listed(&app, "2027-11-07", None).await, nights);
    // The first half past one, and the second: two bookings of one clock time.
    app.book("owl", "hour", "2027-11-07T05:30:00Z").await.unwrap();
    app.book("owl", "hour", "2027-11-07T06:30:00Z").await.unwrap();
    assert_eq!(
        listed(&app, "2027-11-07", None).await,
        ["00:00-04:00", "00:30-04:00", "02:30-05:00", "03:00-05:00", "03:30-05:00", "04:00-05:00"]
    );
}

/// The date, and with it the limit of a day, is the mentor's; a day that is asked for is of the zone that asks.
#[tokio::test]
async fn days_are_those_of_the_zone_that_asks() {
    let app = night_owl("2027-03-10T12:00:00Z").await;
    let seoul = listed(&app, "2027-03-14", Some("Asia/Seoul")).await;
    assert_eq!(seoul.first().map(String::as_str), Some("14:00+09:00"), "midnight of the 14th in New York");
    assert_eq!(seoul.len(), 7);
    let los_angeles = listed(&app, "2027-03-13", Some("America/Los_Angeles")).await;
    assert_eq!(
        los_angeles,
        [
            "00:00-08:00",
            "00:30-08:00",
            "01:00-08:00",
            "21:00-08:00",
            "21:30-08:00",
            "22:00-08:00",
            "22:30-08:00",
            "23:00-08:00",
            "23:30-08:00"
        ]
    );
    for (from, to, zone) in [
        ("2027-03-14", "2027-03-13", None),
        ("2027-03-14", "2027-06-14", None),
        ("2027-03-14", "2027-03-14", Some("Mars/Base")),
    ] {
        let refused = listing::slots(&app.context, "owl", "hour", date(from), date(to), zone).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{from} {to} {zone:?}");
    }
    listing::slots(&app.context, "owl", "hour", date("2027-03-14"), date("2027-06-13"), None).await.unwrap();
    for (from, to) in
        [(chrono::NaiveDate::MIN, chrono::NaiveDate::MIN), (chrono::NaiveDate::MAX, chrono::NaiveDate::MAX)]
    {
        match listing::slots(&app.context, "owl", "hour", from, to, None).await {
            Ok(slots) => assert!(slots.starts.is_empty()),
            Err(Error::Invalid(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test]
async fn a_day_of_twenty_five_hours_has_one_limit() {
    let app = night_owl("2027-11-01T12:00:00Z").await;
    let owl = booking::listing::mentor(&app.context, "owl").await.unwrap().0.id();
    app.open(owl, every_day("America/New_York", "00:00", "24:00")).await;
    app.offer(owl, SessionType { daily_limit: Some(2), ..session("hour", 60, 30) }).await;
    // Midnight and eleven at night, 24 hours later.
    let (_, first) = app.booked("owl", "hour", "2027-11-07T04:00:00Z").await;
    app.book("owl", "hour", "2027-11-08T04:00:00Z").await.unwrap();
    assert!(unavailable(app.book("owl", "hour", "2027-11-07T18:00:00Z").await));
    assert_eq!(listed(&app, "2027-11-07", None).await.len(), 0);
    app.book("owl", "hour", "2027-11-08T05:00:00Z").await.expect("midnight of the next day");
    bookings::cancel(&app.context, &first, None).await.unwrap();
    app.book("owl", "hour", "2027-11-07T18:00:00Z").await.unwrap();
}
