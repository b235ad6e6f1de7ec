//! CalDAV against real servers: Radicale and xandikos, which differ in nearly everything that the RFCs leave open.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "common/server.rs"]
mod server;

use calendars::caldav::{CalDav, Clock};
use calendars::remote::{Change, Changes, Draft, Remote, RemoteError, RemoteEvent, When};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use scheduling::BookingId;
use server::{Kind, Server};
use std::ops::Range;
use std::sync::Arc;
use zeroize::Zeroizing;

const BOOKING: &str = "0193a5f0-0000-7000-8000-000000000001";

impl Server {
    fn client(&self, url: &str, password: &str) -> CalDav {
        let clock: Clock = Arc::new(|| at("2026-11-22T09:00:00Z"));
        CalDav::new(
            url,
            "me",
            Zeroizing::new(password.to_owned()),
            true,
            "Asia/Seoul",
            &zones::Zones::compiled_in(),
            clock,
        )
        .unwrap()
        .of_person("mentor@example.com")
    }

    fn me(&self) -> CalDav {
        self.client(&self.calendar(), "secret")
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn year() -> Range<DateTime<Utc>> {
    at("2026-01-01T00:00:00Z")..at("2027-01-01T00:00:00Z")
}

fn draft(start: &str, sequence: i32) -> Draft {
    Draft {
        booking: booking(),
        sequence,
        during: at(start)..at(start) + TimeDelta::minutes(30),
        title: "Ada, 30 분".to_owned(),
        description: "With Ada;\nnotes: a, b\\c\r\n".to_owned() + &"긴 글 ".repeat(50),
        location: Some("https://meet.example.org/x,y".to_owned()),
        tentative: false,
        meeting: None,
    }
}

fn booking() -> BookingId {
    BOOKING.parse().unwrap()
}

fn present(changes: Changes) -> Vec<RemoteEvent> {
    let event = |change| match change {
        Change::Present(event) => event,
        Change::Gone { id, .. } => panic!("{id} is gone"),
    };
    changes.changes.into_iter().map(event).collect()
}

/// Each event in a line, by its start.
fn lines(changes: Changes) -> Vec<String> {
    let mut lines: Vec<String> = present(changes)
        .into_iter()
        .map(|event| {
            let when = match event.when {
                When::Timed(during) => {
                    format!("{} {}m", during.start.format("%m-%dT%H:%M"), (during.end - during.start).num_minutes())
                }
                When::AllDay { first, after, timezone } => {
                    let zone = timezone.unwrap_or_default();
                    format!("{} {}d {zone}", first.format("%m-%d"), (after - first).num_days())
                }
            };
            format!("{when}{} {}", if event.busy { "" } else { " free" }, event.id)
        })
        .collect();
    lines.sort();
    lines
}

const SEOUL: &str = "<C:calendar-timezone>BEGIN:VCALENDAR&#13;\nVERSION:2.0&#13;\nPRODID:-//Test//EN&#13;\n\
    BEGIN:VTIMEZONE&#13;\nTZID:Asia/Seoul&#13;\nBEGIN:STANDARD&#13;\nDTSTART:19700101T000000&#13;\n\
    TZOFFSETFROM:+0900&#13;\nTZOFFSETTO:+0900&#13;\nEND:STANDARD&#13;\nEND:VTIMEZONE&#13;\nEND:VCALENDAR</C:calendar-timezone>";

macro_rules! of_both {
    ($($test:ident),* $(,)?) => {
        mod radicale {
            $(#[tokio::test] async fn $test() { super::$test(super::Server::start(super::Kind::Radicale)).await })*
        }
        mod xandikos {
            $(#[tokio::test] async fn $test() { super::$test(super::Server::start(super::Kind::Xandikos)).await })*
        }
    };
}

of_both!(discovery, reading, writing, repeating, what_is_not_there);

async fn discovery(server: Server) {
    let other = server.make_calendar("other", SEOUL);
    let home = if server.kind == Kind::Radicale { "/me/" } else { "/me/calendars/" };
    for path in ["", "/", "/me/", "/me", home, "/.well-known/caldav", "/nowhere/"] {
        let account = server.client(&server.url(path), "secret").account().await;
        let account = account.unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(account.name, "me");
        let ids: Vec<_> = account.calendars.iter().map(|calendar| calendar.id.as_str()).collect();
        assert!(
            ids.len() == 2 && ids.contains(&other.as_str()) && ids.contains(&server.calendar().as_str()),
            "{path} {ids:?}"
        );
        let primary: Vec<_> = account.calendars.iter().map(|calendar| calendar.primary).collect();
        assert_eq!(primary, [true, false]);
        assert!(account.calendars.iter().all(|calendar| calendar.writable && calendar.owned), "{account:?}");
        let calendar = account.calendars.iter().find(|calendar| calendar.id == other).unwrap();
        assert_eq!((calendar.name.as_str(), calendar.timezone.as_deref()), ("Calendar other", Some("Asia/Seoul")));
    }
    for url in [server.calendar().as_str(), &other, other.trim_end_matches('/')] {
        let account = server.client(url, "secret").account().await.unwrap();
        assert_eq!(account.calendars.len(), 2);
        assert_eq!(account.calendars[0].id.trim_end_matches('/'), url.trim_end_matches('/'));
        assert!(account.calendars[0].primary);
    }
    if server.kind == Kind::Radicale {
        let wrong = server.client(&server.url("/"), "wrong");
        assert_eq!(wrong.account().await, Err(RemoteError::GrantRefused));
        assert_eq!(wrong.changes(&server.calendar(), &year(), None).await, Err(RemoteError::GrantRefused));
    }
}

async fn reading(server: Server) {
    let calendar = server.make_calendar("seoul", SEOUL);
    let client = server.me();
    let put = |name: &str, lines: &str| server.put(&calendar, name, lines);
    let event = |uid: &str, lines: &str| {
        format!("BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260101T000000Z\nSUMMARY:x\n{lines}END:VEVENT\n")
    };
    put("day.ics", &event("day", "DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260304\n"));
    put("floating.ics", &event("floating", "DTSTART:20260305T090000\nDTEND:20260305T100000\n"));
    put("free.ics", &event("free", "DTSTART:20260306T090000Z\nDTEND:20260306T100000Z\nTRANSP:TRANSPARENT\n"));
    put("cancelled.ics", &event("cancelled", "DTSTART:20260307T090000Z\nDTEND:20260307T100000Z\nSTATUS:CANCELLED\n"));
    put(
        "declined.ics",
        &event(
            "declined",
            "DTSTART:20260308T090000Z\nDTEND:20260308T100000Z\nORGANIZER:mailto:a@example.org\nATTENDEE;PARTSTAT=DECLINED:mailto:me\n",
        ),
    );
    // By the mentor's own address, which an account that is called `me` need not know.
    put(
        "declined-by-address.ics",
        &event(
            "declined-by-address",
            "DTSTART:20260309T090000Z\nDTEND:20260309T100000Z\nORGANIZER:mailto:a@example.org\nATTENDEE;PARTSTAT=DECLINED:MAILTO:Mentor@example.com\n",
        ),
    );
    put(
        "declined-by-another.ics",
        &event(
            "declined-by-another",
            "DTSTART:20260310T090000Z\nDTEND:20260310T100000Z\nORGANIZER:mailto:a@example.org\nATTENDEE;PARTSTAT=DECLINED:mailto:other@example.com\n",
        ),
    );
    put("old.ics", &event("old", "DTSTART:20250308T090000Z\nDTEND:20250308T100000Z\n"));
    let berlin = "BEGIN:VTIMEZONE\nTZID:W. Europe Standard Time\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\n\
        TZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\n\
        TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n";
    let zone = "TZID=W. Europe Standard Time";
    let series = event(
        "series",
        &format!(
            "DTSTART;{zone}:20261008T090000\nDTEND;{zone}:20261008T093000\nRRULE:FREQ=WEEKLY;COUNT=5\nEXDATE;{zone}:20261015T090000\n"
        ),
    );
    let moved = event(
        "series",
        &format!(
            "RECURRENCE-ID;{zone}:20261029T090000\nDTSTART;{zone}:20261030T140000\nDTEND;{zone}:20261030T150000\n"
        ),
    );
    put("series.ics", &format!("{berlin}{series}{moved}"));

    let changes = client.changes(&calendar, &year(), None).await.unwrap();
    assert!(changes.complete);
    let cursor = changes.cursor.clone();
    assert!(cursor.is_some());
    assert_eq!(
        lines(changes),
        [
            "03-02 2d Asia/Seoul day.ics",
            "03-05T00:00 60m floating.ics",
            "03-06T09:00 60m free free.ics",
            "03-08T09:00 60m free declined.ics",
            "03-09T09:00 60m free declined-by-address.ics",
            "03-10T09:00 60m declined-by-another.ics",
            "10-08T07:00 30m series.ics#20261008T070000Z",
            "10-22T07:00 30m series.ics#20261022T070000Z",
            "10-30T13:00 60m series.ics#20261029T080000Z",
            "11-05T08:00 30m series.ics#20261105T080000Z",
        ]
    );
    // One instance by itself, the moved one too; not one that is left out.
    for (id, start) in [
        ("series.ics#20261022T070000Z", "2026-10-22T07:00:00Z"),
        ("series.ics#20261029T080000Z", "2026-10-30T13:00:00Z"),
    ] {
        let When::Timed(during) = client.get(&calendar, id).await.unwrap().unwrap().when else { panic!("{id}") };
        assert_eq!(during.start, at(start));
    }
    assert_eq!(client.get(&calendar, "series.ics#20261015T070000Z").await, Ok(None));
    assert_eq!(client.get(&calendar, "cancelled.ics").await, Ok(None));
    let day = client.get(&calendar, "day.ics").await.unwrap().unwrap();
    let (first, after) = (NaiveDate::from_ymd_opt(2026, 3, 2).unwrap(), NaiveDate::from_ymd_opt(2026, 3, 4).unwrap());
    assert_eq!(day.when, When::AllDay { first, after, timezone: Some("Asia/Seoul".to_owned()) });

    // A part of the series, as a window sees it.
    let october = at("2026-10-20T00:00:00Z")..at("2026-10-31T00:00:00Z");
    assert_eq!(lines(client.changes(&calendar, &october, None).await.unwrap()).len(), 2);

    let unchanged = client.changes(&calendar, &year(), cursor.as_deref()).await.unwrap();
    assert_eq!(unchanged, Changes { changes: Vec::new(), cursor: cursor.clone(), complete: false });
    let (status, _) = server.request("DELETE", &format!("{calendar}free.ics"), "", "");
    assert!(matches!(status, 200 | 204));
    let changed = client.changes(&calendar, &year(), cursor.as_deref()).await.unwrap();
    assert!(changed.complete && changed.cursor != cursor);
    assert_eq!(changed.changes.len(), 9);
}

async fn writing(server: Server) {
    let (calendar, client) = (server.calendar(), server.me());
    let text = || {
        let (status, answer) = server.request("GET", &format!("{calendar}{BOOKING}.ics"), "", "");
        assert_eq!(status, 200, "{answer}");
        answer.replace("\r\n ", "")
    };
    // Two at once, as when a lease lapses: one event.
    let first = draft("2026-12-01T00:00:00Z", 0);
    let (one, two) = tokio::join!(client.put(&calendar, &first, None), client.put(&calendar, &first, None));
    let written = one.unwrap();
    assert_eq!(two.unwrap(), written);
    let again = client.put(&calendar, &first, Some(&written.id)).await.unwrap();
    assert_eq!(again, written);
    let events = present(client.changes(&calendar, &year(), None).await.unwrap());
    let [event] = <[RemoteEvent; 1]>::try_from(events).unwrap();
    assert_eq!((&event.id, event.booking, event.busy), (&written.id, Some(booking()), true));
    assert_eq!(event.when, When::Timed(first.during.clone()));
    assert_eq!(client.get(&calendar, &written.id).await.unwrap(), Some(event));
    let kept = text();
    for line in [
        "UID:0193a5f0-0000-7000-8000-000000000001@yaksok",
        "DTSTART:20261201T000000Z",
        "DTEND:20261201T003000Z",
        "STATUS:CONFIRMED",
        "SUMMARY:Ada\\, 30 분",
        "LOCATION:https://meet.example.org/x\\,y",
    ] {
        assert!(kept.contains(line), "{line} in {kept}");
    }
    assert!(!kept.contains("ATTENDEE") && !kept.contains("ORGANIZER"));

    // The mentor moves it, adds an alarm and a note; the booking moves, and both stay.
    let own = format!(
        "BEGIN:VEVENT\nUID:{BOOKING}@yaksok\nDTSTAMP:20261122T090000Z\nDTSTART:20261202T000000Z\nDTEND:20261202T003000Z\n\
         SUMMARY:Mine\nSEQUENCE:7\nX-YAKSOK-BOOKING:{BOOKING}\nX-MINE;X-P=\"a;b\":hello\nBEGIN:VALARM\nACTION:DISPLAY\n\
         DESCRIPTION:soon\nTRIGGER:-PT10M\nEND:VALARM\nEND:VEVENT\n"
    );
    server.put(&calendar, &format!("{BOOKING}.ics"), &own);
    let moved_by_mentor = client.get(&calendar, &written.id).await.unwrap().unwrap();
    assert_eq!(moved_by_mentor.when, When::Timed(at("2026-12-02T00:00:00Z")..at("2026-12-02T00:30:00Z")));
    let moved = Draft { tentative: true, ..draft("2026-12-03T00:00:00Z", 1) };
    assert_eq!(client.put(&calendar, &moved, None).await.unwrap(), written);
    let kept = text();
    for line in
        ["DTSTART:20261203T000000Z", "STATUS:TENTATIVE", "SEQUENCE:7", "hello", "BEGIN:VALARM", "TRIGGER:-PT10M"]
    {
        assert!(kept.contains(line), "{line} in {kept}");
    }
    assert!(!kept.contains("SUMMARY:Mine"));

    // Moved away and back, a program of the mentor's may have given it another name.
    let (status, _) = server.request("DELETE", &format!("{calendar}{BOOKING}.ics"), "", "");
    assert!(matches!(status, 200 | 204));
    server.put(&calendar, "elsewhere.ics", &own);
    assert_eq!(client.get(&calendar, &written.id).await.unwrap().unwrap().id, "elsewhere.ics");
    assert_eq!(client.put(&calendar, &first, None).await.unwrap().id, "elsewhere.ics");
    assert_eq!(present(client.changes(&calendar, &year(), None).await.unwrap()).len(), 1);

    assert_eq!(client.delete(&calendar, "elsewhere.ics").await, Ok(()));
    assert_eq!(client.delete(&calendar, "elsewhere.ics").await, Ok(()));
    assert_eq!(client.get(&calendar, "elsewhere.ics").await, Ok(None));
    assert_eq!(client.get(&calendar, &written.id).await, Ok(None));
    assert!(present(client.changes(&calendar, &year(), None).await.unwrap()).is_empty());
    // Where it is known that there was one, a write does not bring it back by itself.
    assert_eq!(client.put(&calendar, &first, Some(&written.id)).await, Err(RemoteError::EventGone));
    assert_eq!(client.put(&calendar, &first, None).await.unwrap(), written);
    assert!(client.get(&calendar, &written.id).await.unwrap().is_some());
}

/// The owner repeats an event of ours: the first instance stands for it, the others are part of it, and the next write makes it
/// a single one again.
async fn repeating(server: Server) {
    let (calendar, client) = (server.calendar(), server.me());
    let first = draft("2026-12-01T00:00:00Z", 0);
    let written = client.put(&calendar, &first, None).await.unwrap();
    let repeated = format!(
        "BEGIN:VEVENT\nUID:{BOOKING}@yaksok\nDTSTAMP:20261122T090000Z\nDTSTART:20261201T000000Z\nDTEND:20261201T003000Z\n\
         SUMMARY:Mine\nRRULE:FREQ=WEEKLY;COUNT=3\nX-YAKSOK-BOOKING:{BOOKING}\nEND:VEVENT\n\
         BEGIN:VEVENT\nUID:{BOOKING}@yaksok\nDTSTAMP:20261122T090000Z\nRECURRENCE-ID:20261201T000000Z\n\
         DTSTART:20261201T050000Z\nDTEND:20261201T053000Z\nSUMMARY:Mine\nEND:VEVENT\n"
    );
    server.put(&calendar, &format!("{BOOKING}.ics"), &repeated);
    let events = present(client.changes(&calendar, &year(), None).await.unwrap());
    let (whole, instances): (Vec<_>, Vec<_>) = events.into_iter().partition(|event| event.id == written.id);
    assert!(whole[0].recurring && whole[0].original && whole[0].booking == Some(booking()));
    assert_eq!(whole[0].when, When::Timed(first.during.clone()));
    assert_eq!(instances.len(), 3);
    assert!(instances.iter().all(|event| event.series.as_ref() == Some(&written.id) && event.booking.is_none()));
    assert!(client.get(&calendar, &written.id).await.unwrap().unwrap().recurring);

    assert_eq!(client.put(&calendar, &first, Some(&written.id)).await.unwrap(), written);
    let events = present(client.changes(&calendar, &year(), None).await.unwrap());
    let [event] = <[RemoteEvent; 1]>::try_from(events).unwrap();
    assert!(event.original && !event.recurring && event.when == When::Timed(first.during.clone()));

    // A copy has a UID of its own.
    let copy = format!(
        "BEGIN:VEVENT\nUID:copy\nDTSTAMP:20261122T090000Z\nDTSTART:20261202T000000Z\nDTEND:20261202T003000Z\n\
         SUMMARY:Mine\nX-YAKSOK-BOOKING:{BOOKING}\nEND:VEVENT\n"
    );
    server.put(&calendar, "copy.ics", &copy);
    let copy = client.get(&calendar, "copy.ics").await.unwrap().unwrap();
    assert!(copy.booking == Some(booking()) && !copy.original);
}

async fn what_is_not_there(server: Server) {
    let client = server.me();
    let missing = server.calendar().replace("/team/", "/gone/").replace("/calendar/", "/gone/");
    assert_eq!(client.changes(&missing, &year(), None).await, Err(RemoteError::NotFound));
    assert_eq!(client.get(&missing, "a.ics").await, Err(RemoteError::NotFound));
    let refused = client.put(&missing, &draft("2026-12-01T00:00:00Z", 0), None).await;
    assert_eq!(refused, Err(RemoteError::NotFound));
    assert_eq!(client.get(&server.calendar(), "a.ics").await, Ok(None));
    // Ids come from a database, but another host's they cannot be.
    let elsewhere = client.changes("http://127.0.0.2/me/team/", &year(), None).await;
    assert!(matches!(elsewhere, Err(RemoteError::Refused(_))));
    assert_eq!(client.get(&server.calendar(), "//example.org/x").await, Err(RemoteError::NotFound));
}
