//! A calendar at a real CalDAV server, from connecting to disconnecting.

use crate::activity::{lines, since};
use crate::calendars::{ANN, ELEVEN, TEN};
use crate::common::*;
use crate::server::{Kind, Server};
use booking::bookings::{self, Key, Request};
use booking::calendar::{self, ConnectionView};
use booking::secrets::Secret;
use booking::zones::{Refresh, Zones, refresh};
use booking::{Error, erasure, jobs, listing};
use chrono::{TimeDelta, Timelike};
use scheduling::{MentorId, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zones::fakes::write_host;

struct World {
    app: TestApp,
    server: Server,
    ann: MentorId,
}

impl World {
    async fn new() -> Self {
        Self::of(TestApp::new().await).await
    }

    async fn of(app: TestApp) -> Self {
        let server = Server::start(Kind::Radicale);
        let ann = app.mentor("ann", "UTC").await;
        app.offer(ann, session("session", 30, 30)).await;
        Self { app, server, ann }
    }

    async fn connect(&self, url: &str, password: &str) -> Result<ConnectionView, Error> {
        calendar::connect_caldav(&self.app.context, self.ann, url, "me", Secret::new(password)).await
    }

    /// The field that is wrong, and how.
    async fn refused(&self, url: &str, password: &str) -> (String, String) {
        match self.connect(url, password).await {
            Err(Error::Invalid(errors)) => (errors[0].field.clone(), errors[0].code.clone()),
            other => panic!("{other:?}"),
        }
    }

    async fn connection(&self) -> ConnectionView {
        calendar::list(&self.app.context, self.ann).await.unwrap().pop().unwrap()
    }

    async fn look(&self) {
        let id = self.connection().await.id;
        calendar::sync_now(&self.app.context, self.ann, id).await.unwrap();
        calendar::sync_due(&self.app.context).await.unwrap();
        for _ in 0..3 {
            self.app.run_jobs().await;
            self.app.pass(TimeDelta::seconds(2));
        }
    }

    async fn offers(&self, start: &str) -> bool {
        let day = at(start).date_naive();
        let slots = listing::slots(&self.app.context, "ann", "session", day, day, None).await.unwrap();
        slots.starts.contains(&at(start))
    }

    fn put(&self, uid: &str, lines: &str) {
        let event = format!("BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20261101T000000Z\nSUMMARY:x\n{lines}END:VEVENT\n");
        self.server.put(&self.server.calendar(), &format!("{}.ics", uid.trim_end_matches("@yaksok")), &event);
    }

    /// Puts an object there as it stands.
    fn put_text(&self, name: &str, text: &str) {
        let url = format!("{}{name}", self.server.calendar());
        let (status, answer) = self.server.request("PUT", &url, "Content-Type: text/calendar; charset=utf-8\r\n", text);
        assert!(matches!(status, 200..=204), "{answer}");
    }

    fn delete(&self, name: &str) {
        let (status, answer) = self.server.request("DELETE", &format!("{}{name}", self.server.calendar()), "", "");
        assert!(matches!(status, 200 | 204), "{answer}");
    }

    async fn state(&self, key: &Key) -> (Status, String) {
        let booking = bookings::get(&self.app.context, key).await.unwrap().booking;
        (booking.status, booking.start.format("%dT%H:%M").to_string())
    }
}

/// An address where no calendar is, but a page.
async fn page() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nHello").await;
        }
    });
    url
}

#[tokio::test]
async fn connecting_says_what_is_wrong() {
    let world = World::new().await;
    let refused = async |url: &str, password: &str| {
        let (field, code) = world.refused(url, password).await;
        format!("{field} {code}")
    };
    assert_eq!(refused(&world.server.url("/"), "wrong").await, "password refused");
    assert_eq!(refused("http://127.0.0.1:1/", "secret").await, "url unreachable");
    assert_eq!(refused(&page().await, "secret").await, "url refused");
    assert_eq!(refused("", "secret").await.split(' ').next(), Some("url"));
    assert_eq!(refused(&world.server.url("/"), "").await, "password required");
    assert!(calendar::list(&world.app.context, world.ann).await.unwrap().is_empty(), "nothing is kept of it");

    let connection = world.connect(&world.server.url("/"), "secret").await.unwrap();
    assert_eq!((connection.provider.as_str(), connection.status.as_str()), ("caldav", "active"));
    assert!(connection.account.starts_with("me@127.0.0.1"), "{}", connection.account);
    let [calendar] = &connection.calendars[..] else { panic!("{connection:?}") };
    assert!(calendar.blocks && calendar.receives && calendar.writable);
    assert_eq!(
        world.connect(&world.server.url("/"), "secret").await.unwrap().id,
        connection.id,
        "one account, one row"
    );
}

#[tokio::test]
async fn busy_time_there_is_not_offered_here() {
    let world = World::new().await;
    world.put("dentist", "DTSTART:20261124T100000Z\nDTEND:20261124T110000Z\n");
    world.put(
        "choir",
        "DTSTART:20261201T140000Z\nDTEND:20261201T150000Z\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE:20261208T140000Z\n",
    );
    world.put("away", "DTSTART;VALUE=DATE:20261127\nDTEND;VALUE=DATE:20261128\n");
    world.put("lunch", "DTSTART:20261124T120000Z\nDTEND:20261124T130000Z\nTRANSP:TRANSPARENT\n");
    world.connect(&world.server.url("/"), "secret").await.unwrap();
    world.look().await;
    for taken in [TEN, "2026-12-01T14:30:00Z", "2026-12-15T14:00:00Z", "2026-11-27T09:00:00Z", "2026-11-27T16:30:00Z"] {
        assert!(!world.offers(taken).await, "{taken}");
    }
    for free in [ELEVEN, "2026-12-08T14:00:00Z", "2026-11-26T16:30:00Z", "2026-11-28T09:00:00Z", "2026-11-24T12:00:00Z"]
    {
        assert!(world.offers(free).await, "{free}");
    }
    world.delete("dentist.ics");
    world.put("choir", "DTSTART:20261201T150000Z\nDTEND:20261201T160000Z\nRRULE:FREQ=WEEKLY;COUNT=3\n");
    world.look().await;
    assert!(world.offers(TEN).await && world.offers("2026-12-15T14:00:00Z").await);
    assert!(!world.offers("2026-12-08T15:00:00Z").await);
}

#[tokio::test]
async fn a_booking_and_its_event_follow_each_other() {
    let world = World::new().await;
    world.connect(&world.server.url("/"), "secret").await.unwrap();
    world.look().await;
    let (made, key) = world.app.booked("ann", "session", TEN).await;
    world.look().await;
    let name = format!("{}.ics", made.id);
    let kept = || world.server.kept(&name).unwrap_or_default().replace("\r\n ", "");
    assert!(kept().contains("DTSTART:20261124T100000Z") && !kept().contains("ATTENDEE"), "{}", kept());
    assert_eq!(world.app.number("SELECT count(*) FROM calendar_busy").await, 0, "what we wrote is not busy time");

    bookings::reschedule(&world.app.context, &key, at("2026-11-24T10:30:00Z")).await.unwrap();
    world.look().await;
    assert!(kept().contains("DTSTART:20261124T103000Z"));
    assert_eq!(world.state(&key).await, (Status::Confirmed, "24T10:30".into()));

    let uid = format!("{}@yaksok", made.id);
    world.put(&uid, "DTSTART:20261124T110000Z\nDTEND:20261124T113000Z\n");
    world.look().await;
    assert_eq!(world.state(&key).await, (Status::Confirmed, "24T11:00".into()));
    world.put(&uid, "DTSTART:20261124T030000Z\nDTEND:20261124T033000Z\n");
    world.look().await;
    assert_eq!(world.state(&key).await, (Status::Confirmed, "24T03:00".into()), "the mentor moved it knowingly");
    world.put(&uid, "DTSTART:20261121T030000Z\nDTEND:20261121T033000Z\n");
    world.look().await;
    assert_eq!(world.state(&key).await, (Status::Confirmed, "24T03:00".into()), "the past is no time for a session");
    assert!(kept().contains("DTSTART:20261124T030000Z"), "the event is back where the booking is");

    // Another program's calendar of the same account: the event is there now, and the booking lives.
    let other = world.server.make_calendar("other", "");
    world.delete(&name);
    let event = format!(
        "BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20261101T000000Z\nSUMMARY:x\nDTSTART:20261124T130000Z\nDTEND:20261124T133000Z\nEND:VEVENT\n"
    );
    // Radicale keeps a UID to one object of a calendar, and so it may be in both.
    world.server.put(&other, &name, &event);
    world.connect(&world.server.url("/"), "secret").await.unwrap();
    world.look().await;
    world.look().await;
    assert_eq!(world.state(&key).await, (Status::Confirmed, "24T13:00".into()));

    let (status, _) = world.server.request("DELETE", &format!("{other}{name}"), "", "");
    assert!(matches!(status, 200 | 204));
    world.look().await;
    assert_eq!(world.state(&key).await.0, Status::Cancelled);
    let by = bookings::get(&world.app.context, &key).await.unwrap().booking.cancelled_by;
    assert_eq!(by, Some(scheduling::Actor::Calendar));
    assert_eq!(jobs::state(&world.app.context).await.unwrap().1, 0);
}

#[tokio::test]
async fn an_event_that_is_repeated_or_made_longer_is_put_back() {
    let world = World::new().await;
    world.connect(&world.server.url("/"), "secret").await.unwrap();
    world.look().await;
    let (made, key) = world.app.booked("ann", "session", TEN).await;
    world.look().await;
    world.app.mail().await;
    let (uid, name) = (format!("{}@yaksok", made.id), format!("{}.ics", made.id));
    let kept = || world.server.kept(&name).unwrap_or_default().replace("\r\n ", "");
    let told = async || {
        let letters = world.app.mail().await.into_iter().filter(|letter| letter.to == ANN);
        let mut told: Vec<_> = letters.map(|letter| letter.subject.split(':').next().unwrap().to_owned()).collect();
        told.sort();
        told
    };
    world.put(&uid, "DTSTART:20261124T100000Z\nDTEND:20261124T103000Z\nRRULE:FREQ=WEEKLY;COUNT=4\n");
    world.look().await;
    assert!(!kept().contains("RRULE"), "{}", kept());
    assert_eq!(told().await, ["Not repeated"]);
    world.look().await;
    assert_eq!(world.app.number("SELECT count(*) FROM calendar_busy").await, 0);

    // Repeated and moved, before it is moved here too.
    world.put(&uid, "DTSTART:20261124T110000Z\nDTEND:20261124T113000Z\nRRULE:FREQ=WEEKLY;COUNT=4\n");
    world.look().await;
    assert_eq!(world.state(&key).await, (Status::Confirmed, "24T11:00".into()));
    assert!(!kept().contains("RRULE") && kept().contains("DTSTART:20261124T110000Z"), "{}", kept());
    assert_eq!(told().await.len(), 2);

    world.put(&uid, "DTSTART:20261124T110000Z\nDTEND:20261124T120000Z\n");
    world.look().await;
    assert!(kept().contains("DTEND:20261124T113000Z"), "{}", kept());
    assert_eq!(told().await, ["Length unchanged"]);
    world.put(&uid, "DTSTART:20261124T103000Z\nDTEND:20261124T113000Z\n");
    world.look().await;
    assert_eq!(world.state(&key).await, (Status::Confirmed, "24T10:30".into()));
    assert!(kept().contains("DTEND:20261124T110000Z"), "{}", kept());
    assert!(told().await.contains(&"Length unchanged".to_owned()));

    // Deleted as a series.
    world.put(&uid, "DTSTART:20261124T103000Z\nDTEND:20261124T110000Z\nRRULE:FREQ=WEEKLY;COUNT=4\n");
    bookings::cancel(&world.app.context, &key, None).await.unwrap();
    world.look().await;
    assert_eq!(world.server.kept(&name), None);
    assert_eq!(jobs::state(&world.app.context).await.unwrap().1, 0);
}

#[tokio::test]
async fn a_copy_in_another_calendar_is_taken_away_and_the_event_stays() {
    let world = World::new().await;
    let other = world.server.make_calendar("other", "");
    world.connect(&world.server.url("/"), "secret").await.unwrap();
    let (made, key) = world.app.booked("ann", "session", TEN).await;
    world.look().await;
    let (uid, name) = (format!("{}@yaksok", made.id), format!("{}.ics", made.id));
    let event = format!(
        "BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20261101T000000Z\nSUMMARY:x\nDTSTART:20261124T130000Z\nDTEND:20261124T133000Z\nEND:VEVENT\n"
    );
    world.server.put(&other, &name, &event);
    world.look().await;
    world.look().await;
    assert_eq!(world.server.request("GET", &format!("{other}{name}"), "", "").0, 404);
    assert!(world.server.kept(&name).is_some());
    assert_eq!(world.state(&key).await, (Status::Confirmed, "24T10:00".into()));
    assert!(world.offers("2026-11-24T13:00:00Z").await);
}

#[tokio::test]
async fn another_password_is_asked_for_once() {
    let world = World::new().await;
    world.put("dentist", "DTSTART:20261124T100000Z\nDTEND:20261124T110000Z\n");
    let id = world.connect(&world.server.url("/"), "secret").await.unwrap().id;
    world.look().await;
    world.server.set_password("other");
    for _ in 0..3 {
        world.look().await;
        world.app.pass(minutes(5));
    }
    let connection = world.connection().await;
    assert_eq!((connection.status.as_str(), connection.error.as_deref()), ("expired", Some("grant_refused")));
    let letters = world.app.mail().await;
    assert!(letters.len() == 1 && letters[0].to == ANN && letters[0].mentions("/dashboard/calendars"), "{letters:?}");
    assert!(!world.offers(TEN).await, "the last known busy time keeps blocking");

    let (made, _) = world.app.booked("ann", "session", ELEVEN).await;
    let (_, to_ann) = world.app.letters(ADA, ANN).await;
    assert!(to_ann.invite.is_some());
    assert_eq!(world.refused(&world.server.url("/"), "secret").await.1, "refused");
    assert_eq!(world.connect(&world.server.url("/"), "other").await.unwrap().id, id);
    let before = world.app.now();
    world.look().await;
    let connection = world.connection().await;
    assert_eq!(connection.status, "active");
    assert!(
        connection.last_synced_at.unwrap() >= before.with_nanosecond(0).unwrap(),
        "it is looked at without waiting"
    );
    assert!(world.server.kept(&format!("{}.ics", made.id)).is_some(), "what was missed is written");

    calendar::disconnect(&world.app.context, world.ann, id).await.unwrap();
    assert!(calendar::list(&world.app.context, world.ann).await.unwrap().is_empty());
    assert!(world.offers(TEN).await);
    assert!(world.server.kept(&format!("{}.ics", made.id)).is_some(), "what was written stays");
}

#[tokio::test]
async fn a_write_that_arrives_after_a_later_one_is_not_taken_for_the_mentors_own_move() {
    let world = World::new().await;
    world.connect(&world.server.url("/"), "secret").await.unwrap();
    let (made, key) = world.app.booked("ann", "session", TEN).await;
    world.look().await;
    let name = format!("{}.ics", made.id);
    let kept = || world.server.kept(&name).unwrap();
    let first = kept();
    bookings::reschedule(&world.app.context, &key, at("2026-11-24T10:30:00Z")).await.unwrap();
    world.look().await;

    // The first write once more, by a server that had hung.
    let told = "SELECT count(*) FROM booking_events";
    let before = world.app.number(told).await;
    world.put_text(&name, &first);
    world.look().await;
    assert_eq!(world.state(&key).await, (Status::Confirmed, "24T10:30".into()), "the mentor has done nothing");
    assert!(kept().contains("DTSTART:20261124T103000Z"), "{}", kept());
    assert_eq!(world.app.number(told).await, before, "nobody hears of it");

    // What the mentor does with it is the mentor's, and so is what becomes of an event that does not say what it was.
    world.put_text(&name, &first.replace("20261124T100000Z", "20261124T110000Z").replace("103000Z", "113000Z"));
    world.look().await;
    assert_eq!(world.state(&key).await, (Status::Confirmed, "24T11:00".into()));
    let unmarked = first.lines().filter(|line| !line.starts_with("X-YAKSOK-REVISION"));
    world.put_text(&name, &unmarked.collect::<Vec<_>>().join("\r\n"));
    world.look().await;
    assert_eq!(world.state(&key).await, (Status::Confirmed, "24T10:00".into()));
}

#[tokio::test]
async fn the_event_loses_the_details_that_are_erased_and_stays() {
    let world = World::new().await;
    world.connect(&world.server.url("/"), "secret").await.unwrap();
    let book = async |start: &str| {
        let notes = Some("On the Analytical Engine".to_owned());
        let byron = Request { name: "Augusta Byron".into(), notes, ..request("ann", "session", at(start)) };
        let (made, token) = bookings::book(&world.app.context, byron).await.unwrap();
        (format!("{}.ics", made.id), token)
    };
    let ((name, token), (second, other)) = (book(TEN).await, book(ELEVEN).await);
    world.look().await;
    let kept = |name: &str| world.server.kept(name).map(|text| text.replace("\r\n ", ""));
    let details = ["Byron", ADA, "Analytical"];
    let told = kept(&name).unwrap();
    assert!(details.iter().all(|detail| told.contains(detail)), "{told}");

    world.app.set_now(at("2026-11-25T10:00:00Z"));
    // The mentor has taken the second one out of the calendar: it does not come back.
    world.delete(&second);
    for token in [&token, &other] {
        erasure::erase(&world.app.context, token).await.unwrap();
    }
    world.look().await;
    let left = kept(&name).unwrap();
    assert!(!details.iter().any(|detail| left.contains(detail)), "{left}");
    assert!(left.contains("details erased") && left.contains("DTSTART:20261124T100000Z"), "{left}");
    assert_eq!(kept(&second), None);
    assert_eq!(world.state(&Key::Token(token)).await, (Status::Confirmed, "24T10:00".into()));
    assert_eq!(jobs::state(&world.app.context).await.unwrap().1, 0);
}

#[tokio::test]
async fn what_is_connected_and_what_comes_back_is_written_down() {
    let world = World::new().await;
    let before = lines(&world.app, world.ann).await.len();
    let connection = world.connect(&world.server.url("/"), "secret").await.unwrap();
    let (made, _) = world.app.booked("ann", "session", TEN).await;
    world.look().await;
    world.put(&format!("{}@yaksok", made.id), "DTSTART:20261124T110000Z\nDTEND:20261124T113000Z\n");
    world.look().await;
    world.delete(&format!("{}.ics", made.id));
    world.look().await;
    world.server.set_password("other");
    for _ in 0..3 {
        world.look().await;
        world.app.pass(minutes(61));
    }
    world.connect(&world.server.url("/"), "other").await.unwrap();
    calendar::disconnect(&world.app.context, world.ann, connection.id).await.unwrap();

    let about = format!(r#""provider":"caldav","account":"{}""#, connection.account);
    assert_eq!(
        since(&world.app, world.ann, before).await,
        [
            format!(r#"mentor: {{"kind":"calendar_connected",{about}}}"#),
            "mentee: booked Ada".into(),
            "calendar: moved Ada".into(),
            "calendar: cancelled Ada".into(),
            format!(r#"calendar: {{"kind":"calendar_expired",{about}}}"#),
            format!(r#"mentor: {{"kind":"calendar_connected",{about}}}"#),
            format!(r#"mentor: {{"kind":"calendar_disconnected",{about}}}"#),
        ]
    );
}

/// A government moves its clocks, and the host learns of it while the server runs: what is offered, what a calendar takes and
/// what mail says follow, without a restart.
#[tokio::test]
async fn slots_calendars_and_mail_follow_newer_rules_at_once() {
    let host = tempfile::tempdir().unwrap();
    let zones = Zones::of(vec![host.path().to_owned()]);
    let world = World::of(TestApp::with(|inner| inner.zones = zones).await).await;
    let (app, zone) = (&world.app, "America/Lima");
    app.open(world.ann, every_day(zone, "09:00", "12:00")).await;
    // 10:00 in Lima, told as the clock time there.
    world.put("dentist", "DTSTART;TZID=America/Lima:20261124T100000\nDTEND;TZID=America/Lima:20261124T103000\n");
    world.connect(&world.server.url("/"), "secret").await.unwrap();
    world.look().await;
    let listed = async || {
        let day = date("2026-11-24");
        let slots = listing::slots(&app.context, "ann", "session", day, day, Some("UTC")).await.unwrap();
        slots.starts.iter().map(|start| start.format("%H:%M").to_string()).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, ["14:00", "14:30", "15:30", "16:00", "16:30"], "UTC-5; 15:00 is the dentist's");
    app.mail().await;

    write_host(host.path(), "2099a", &[(zone, "America/Sao_Paulo")]).unwrap();
    assert_eq!(refresh(&app.context).await.unwrap(), Refresh::Changing);
    assert_eq!(listed().await.len(), 5, "nothing changes by halves");
    assert_eq!(refresh(&app.context).await.unwrap(), Refresh::Replaced);
    let now: Vec<_> = listed().await;
    assert_eq!(now.first().map(String::as_str), Some("12:00"), "UTC-3, in the same second, also from memory");
    world.look().await;
    assert_eq!(listed().await, ["12:00", "12:30", "13:30", "14:00", "14:30"], "13:00 is the dentist's now");
    let made = app.book("ann", "session", "2026-11-24T12:30:00Z").await.unwrap();
    let mail = app.mail().await;
    let to_mentor = mail.iter().find(|letter| letter.to == "ann@example.com").unwrap();
    assert!(to_mentor.text.contains("9:30") && !to_mentor.text.contains("7:30"), "{}", to_mentor.text);
    assert_eq!(made.start, at("2026-11-24T12:30:00Z"));
}
