//! Connected calendars, with fakes of Google Calendar and Outlook that remember and can fail.

use crate::common::*;
use booking::bookings::{self, Key};
use booking::calendar::{self, Choice, ConnectError, ConnectionView, Service};
use booking::secrets::Secret;
use booking::{Context, Error, accounts, jobs, listing, rotation};
use calendars::fakes::{Fake, Fault, Kept, NewEvent};
use calendars::remote::Provider;
use calendars::seal::{SealKey, Sealer};
use chrono::{DateTime, TimeDelta, Utc};
use scheduling::{ConnectionId, Location, LocationKind, MentorId, SessionType, Status};
use std::ops::Range;
use std::time::Duration;

pub(crate) const ANN: &str = "ann@example.com";
pub(crate) const TEN: &str = "2026-11-24T10:00:00Z";
pub(crate) const ELEVEN: &str = "2026-11-24T11:00:00Z";

/// A mentor in UTC, open from nine to five, and a provider.
pub(crate) struct World {
    pub(crate) app: TestApp,
    pub(crate) fake: Fake,
    pub(crate) provider: Provider,
    pub(crate) ann: MentorId,
    session: Secret,
}

pub(crate) fn switch_on(inner: &mut booking::context::Inner, fake: &Fake, provider: Provider) {
    let service = Some(Service { app: fake.app(), api_url: fake.api_url() });
    match provider {
        Provider::Google => inner.calendars.google = service,
        _ => inner.calendars.microsoft = service,
    }
}

impl World {
    pub(crate) async fn new(provider: Provider) -> Self {
        Self::with(provider, |_| {}).await
    }

    pub(crate) async fn with(provider: Provider, change: impl FnOnce(&mut booking::context::Inner)) -> Self {
        let fake = match provider {
            Provider::Google => Fake::google().await,
            _ => Fake::graph().await,
        };
        let app = TestApp::with(|inner| {
            switch_on(inner, &fake, provider);
            change(inner);
        })
        .await;
        fake.set_now(app.now());
        let ann = app.mentor("ann", "UTC").await;
        app.offer(ann, session("session", 30, 30)).await;
        let (url, _) = accounts::login_link(&app.context, "ann").await.unwrap();
        let token = Secret::new(url.split_once("token=").unwrap().1);
        let session = accounts::enter(&app.context, &token).await.unwrap();
        Self { app, fake, provider, ann, session }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.app.context
    }

    /// Goes to the provider, follows the link there that is called so, and answers the state and the code it comes
    /// back with.
    async fn ask(&self, link: &str) -> (String, Option<Secret>) {
        let url = calendar::begin(self.context(), self.ann, &self.session, self.provider).await.unwrap();
        let (state, code) = self.fake.follow(&url, link).await.expect("a consent page with such a link");
        (state, code.map(Secret::new))
    }

    async fn finish(&self, state: &str, code: Option<Secret>) -> Result<ConnectionId, Error> {
        calendar::finish(self.context(), self.ann, &self.session, self.provider, state, code).await
    }

    pub(crate) async fn connect(&self) -> ConnectionId {
        let (state, code) = self.ask("Allow").await;
        let id = self.finish(&state, code).await.unwrap();
        self.look().await;
        id
    }

    /// Connects, and does not look yet.
    pub(crate) async fn connect_only(&self) {
        let (state, code) = self.ask("Allow").await;
        self.finish(&state, code).await.unwrap();
    }

    /// Connects an account at another provider.
    pub(crate) async fn connect_to(&self, provider: Provider, fake: &Fake) {
        let url = calendar::begin(self.context(), self.ann, &self.session, provider).await.unwrap();
        let (state, code) = fake.follow(&url, "Allow").await.unwrap();
        let code = code.map(Secret::new);
        calendar::finish(self.context(), self.ann, &self.session, provider, &state, code).await.unwrap();
        self.look().await;
    }

    pub(crate) async fn connection(&self) -> ConnectionView {
        let mut connections = calendar::list(self.context(), self.ann).await.unwrap();
        assert_eq!(connections.len(), 1);
        connections.remove(0)
    }

    /// The next look, and what follows from it.
    pub(crate) async fn look(&self) {
        for connection in calendar::list(self.context(), self.ann).await.unwrap() {
            calendar::sync_now(self.context(), self.ann, connection.id).await.unwrap();
        }
        calendar::sync_due(self.context()).await.unwrap();
        self.settle().await;
    }

    /// Runs jobs until nothing is due for the next seconds.
    pub(crate) async fn settle(&self) {
        for _ in 0..5 {
            self.app.run_jobs().await;
            self.app.pass(TimeDelta::seconds(1));
        }
    }

    pub(crate) async fn offers(&self, start: &str) -> bool {
        let day = at(start).date_naive();
        let slots = listing::slots(self.context(), "ann", "session", day, day, None).await.unwrap();
        slots.starts.contains(&at(start))
    }

    /// Events of ours at the provider.
    pub(crate) fn ours(&self) -> Vec<Kept> {
        self.fake.events().into_iter().filter(|event| event.body.to_string().contains("Ada")).collect()
    }

    pub(crate) fn when(&self, event: &Kept) -> Range<DateTime<Utc>> {
        let time = |which: &str| {
            let text = event.body[which]["dateTime"].as_str().unwrap();
            let zoned = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
            zoned.unwrap_or_else(|_| {
                chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").unwrap().and_utc()
            })
        };
        time("start")..time("end")
    }

    pub(crate) async fn status(&self, key: &Key) -> (Status, DateTime<Utc>, i32) {
        let booking = bookings::get(self.context(), key).await.unwrap().booking;
        (booking.status, booking.start, booking.sequence)
    }
}

pub(crate) fn hour(start: &str) -> Range<DateTime<Utc>> {
    at(start)..at(start) + TimeDelta::hours(1)
}

pub(crate) fn half(start: &str) -> Range<DateTime<Utc>> {
    at(start)..at(start) + TimeDelta::minutes(30)
}

pub(crate) const BOTH: [Provider; 2] = [Provider::Google, Provider::Microsoft];

fn refused(result: Result<ConnectionId, Error>) -> ConnectError {
    match result {
        Err(Error::Connect(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_calendar_is_connected_by_whoever_set_out_once() {
    for provider in BOTH {
        let world = World::new(provider).await;
        let (state, code) = world.ask("Deny").await;
        assert!(code.is_none());
        assert_eq!(refused(world.finish(&state, code).await), ConnectError::Denied);
        let (state, code) = world.ask("Allow only some").await;
        assert_eq!(refused(world.finish(&state, code).await), ConnectError::ScopeMissing);

        // Another session of the same mentor, another mentor, no state of ours, and too late.
        let (state, code) = world.ask("Allow").await;
        let (url, _) = accounts::login_link(world.context(), "ann").await.unwrap();
        let other = accounts::enter(world.context(), &Secret::new(url.split_once("token=").unwrap().1)).await.unwrap();
        let stolen = calendar::finish(world.context(), world.ann, &other, provider, &state, code.clone()).await;
        assert_eq!(refused(stolen), ConnectError::Stale);
        assert_eq!(refused(world.finish(&state, code).await), ConnectError::Stale, "it is used up by then");
        assert_eq!(refused(world.finish("made up", Some(Secret::new("x"))).await), ConnectError::Stale);
        let (state, code) = world.ask("Allow").await;
        world.app.pass(minutes(15));
        assert_eq!(refused(world.finish(&state, code).await), ConnectError::Stale);
        assert!(calendar::list(world.context(), world.ann).await.unwrap().is_empty());

        let (state, code) = world.ask("Allow").await;
        world.finish(&state, code.clone()).await.unwrap();
        assert_eq!(refused(world.finish(&state, code).await), ConnectError::Stale, "a replay");
        let connection = world.connection().await;
        assert_eq!((connection.status.as_str(), connection.account.as_str()), ("active", "mentor@example.com"));
        assert_eq!(connection.last_synced_at, None);
        let primary = &connection.calendars[0];
        assert!(primary.primary && primary.blocks && primary.receives && primary.writable);
        assert!(connection.calendars[1..].iter().all(|calendar| !calendar.blocks && !calendar.receives));
        assert!(connection.calendars.iter().any(|calendar| !calendar.writable));

        world.look().await;
        let connection = world.connection().await;
        assert!(connection.last_synced_at.is_some() && connection.error.is_none());

        // The same account again is the same connection.
        world.connect().await;
        assert_eq!(world.connection().await.id, connection.id);
    }
}

#[tokio::test]
async fn busy_time_is_not_offered() {
    for provider in BOTH {
        let world = World::new(provider).await;
        let busy = world.fake.add_event(NewEvent::timed("Dentist", hour(TEN)));
        world.fake.add_event(NewEvent::timed("Lunch", hour(ELEVEN)).free());
        world.fake.add_event(NewEvent::timed("No, thanks", hour("2026-11-24T12:00:00Z")).declined());
        // A Friday in Seoul is from 15:00 on Thursday.
        world.fake.add_event(NewEvent::all_day("Away", date("2026-11-27"), date("2026-11-28")));
        let weekly = world.fake.add_event(NewEvent::timed("Choir", hour("2026-12-01T14:00:00Z")).weekly(3));
        world.fake.add_event(NewEvent::timed("Theirs", hour("2026-11-24T15:00:00Z")).of(match provider {
            Provider::Google => "team@group.calendar.google.com",
            _ => "AAMkTeam=",
        }));
        world.connect().await;

        assert!(!world.offers(TEN).await && !world.offers("2026-11-24T10:30:00Z").await);
        assert!(world.offers("2026-11-24T09:30:00Z").await, "half-open");
        assert!(world.offers(ELEVEN).await && world.offers("2026-11-24T12:00:00Z").await);
        assert!(world.offers("2026-11-24T15:00:00Z").await, "a calendar that does not block");
        assert!(world.offers("2026-11-26T14:30:00Z").await && !world.offers("2026-11-26T15:00:00Z").await);
        assert!(!world.offers("2026-11-27T14:30:00Z").await && world.offers("2026-11-27T15:00:00Z").await);
        for start in ["2026-12-01T14:00:00Z", "2026-12-08T14:00:00Z", "2026-12-15T14:30:00Z"] {
            assert!(!world.offers(start).await, "{start}");
        }
        assert!(world.offers("2026-12-22T14:00:00Z").await);
        assert!(matches!(world.app.book("ann", "session", TEN).await, Err(Error::SlotUnavailable)));

        world.fake.move_event(&busy, hour("2026-11-24T13:00:00Z"));
        world.fake.delete_event(&world.fake.instances(&weekly)[1]);
        world.look().await;
        assert!(world.offers(TEN).await && !world.offers("2026-11-24T13:00:00Z").await);
        assert!(world.offers("2026-12-08T14:00:00Z").await && !world.offers("2026-12-15T14:00:00Z").await);
        world.fake.delete_event(&busy);
        world.fake.delete_event(&weekly);
        world.fake.expire_cursors();
        world.look().await;
        assert!(world.offers("2026-11-24T13:00:00Z").await && world.offers("2026-12-15T14:00:00Z").await);

        // The mentor chooses otherwise: at once, and then by the next look.
        let team = world.connection().await.calendars.iter().find(|c| c.name == "Team").unwrap().id;
        let choice = Choice { blocking: vec![team], receiving: None };
        calendar::choose(world.context(), world.ann, &choice).await.unwrap();
        assert!(world.offers("2026-11-27T14:30:00Z").await, "what blocked is free at once");
        world.look().await;
        assert!(!world.offers("2026-11-24T15:00:00Z").await);
    }
}

#[tokio::test]
async fn a_booking_has_one_event_that_follows_it() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let (made, key) = world.app.booked("ann", "session", TEN).await;
        let (to_ada, to_ann) = world.app.letters(ADA, ANN).await;
        assert!(to_ada.invite.is_some());
        assert!(to_ann.invite.is_none(), "the event is in the calendar already");
        let [event] = &world.ours()[..] else { panic!("{:?}", world.ours()) };
        assert_eq!(world.when(event), half(TEN));
        let id = event.id.clone();

        // What we wrote is not busy time, and blocks its own booking from nothing.
        world.look().await;
        assert_eq!(world.app.number("SELECT count(*) FROM calendar_busy").await, 0);
        bookings::reschedule(world.context(), &key, at("2026-11-24T10:30:00Z")).await.unwrap();
        world.settle().await;
        let [event] = &world.ours()[..] else { panic!("{:?}", world.ours()) };
        assert_eq!((world.when(event), &event.id), (half("2026-11-24T10:30:00Z"), &id));

        // Written once more, it is still one.
        world.app.sql("UPDATE booking_calendar_events SET remote_id = NULL, written_sequence = -1").await;
        world
            .app
            .sql(&format!(
                "INSERT INTO jobs (kind, payload, run_at, created_at)
                 VALUES ('event', '{{\"kind\":\"event\",\"booking\":\"{}\"}}', '2026-01-01', '2026-01-01')",
                made.id
            ))
            .await;
        world.settle().await;
        assert_eq!(world.ours().len(), 1);

        world.look().await;
        assert_eq!(
            world.status(&key).await,
            (Status::Confirmed, at("2026-11-24T10:30:00Z"), 1),
            "nothing was taken back"
        );
        bookings::cancel(world.context(), &key, None).await.unwrap();
        world.settle().await;
        assert!(world.ours().is_empty());
        world.look().await;
        assert_eq!(jobs::state(world.context()).await.unwrap().1, 0);
        // The hour after each message: nothing more is to be said.
        world.app.mail().await;
        world.app.pass(minutes(70));
        assert!(world.app.mail().await.is_empty());
    }
}

#[tokio::test]
async fn bookings_from_before_are_written_when_a_calendar_is_connected() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.app.booked("ann", "session", TEN).await;
        let (_, gone) = world.app.booked("ann", "session", ELEVEN).await;
        bookings::cancel(world.context(), &gone, None).await.unwrap();
        world.connect().await;
        assert_eq!(world.ours().len(), 1);
        // Disconnected and connected again: the same event.
        let id = world.connection().await.id;
        calendar::disconnect(world.context(), world.ann, id).await.unwrap();
        world.connect().await;
        assert_eq!(world.ours().len(), 1);
        assert_eq!(world.app.number("SELECT count(*) FROM calendar_busy").await, 0, "ours is nobody's busy time");
    }
}

#[tokio::test]
async fn what_the_mentor_does_in_the_calendar_happens_here() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let (_, key) = world.app.booked("ann", "session", TEN).await;
        world.settle().await;
        world.app.mail().await;
        let id = world.ours()[0].id.clone();

        world.fake.move_event(&id, half(ELEVEN));
        world.look().await;
        assert_eq!(world.status(&key).await, (Status::Confirmed, at(ELEVEN), 1));
        let (to_ada, to_ann) = world.app.letters(ADA, ANN).await;
        assert_eq!(to_ada.invite().state(), ("REQUEST", "1", "CONFIRMED"));
        assert!(to_ann.invite.is_none());

        // Longer: a session keeps its length, and the event goes back.
        world.fake.move_event(&id, hour(ELEVEN));
        world.look().await;
        assert_eq!(world.status(&key).await, (Status::Confirmed, at(ELEVEN), 1));
        assert_eq!(world.when(&world.ours()[0]), half(ELEVEN));
        let letters = world.app.mail().await;
        assert!(letters.len() == 1 && letters[0].to == ANN && letters[0].invite.is_none());
        assert!(letters[0].subject.starts_with("Length unchanged"), "{}", letters[0].subject);

        // To where it cannot be: where another session is; into the past.
        world.app.booked("ann", "session", "2026-11-24T14:00:00Z").await;
        world.look().await;
        world.app.mail().await;
        for wrong in ["2026-11-24T14:15:00Z", "2026-11-20T10:00:00Z"] {
            world.fake.move_event(&id, half(wrong));
            world.look().await;
            assert_eq!(world.status(&key).await, (Status::Confirmed, at(ELEVEN), 1), "{wrong}");
            let event = world.ours().into_iter().find(|event| event.id == id).unwrap();
            assert_eq!(world.when(&event), half(ELEVEN), "{wrong}");
            let letters = world.app.mail().await;
            assert_eq!(letters.len(), 1, "{wrong}");
            assert_eq!(letters[0].to, ANN);
            assert!(letters[0].subject.starts_with("Not moved") && letters[0].invite.is_none());
        }

        // The mentor moved it knowingly: at night, off the grid, and where the calendar has something else.
        world.fake.add_event(NewEvent::timed("Dentist", hour("2026-11-24T15:00:00Z")));
        world.look().await;
        for (sequence, outside) in (2..).zip(["2026-11-24T03:00:00Z", "2026-11-24T12:07:00Z", "2026-11-24T15:00:00Z"]) {
            world.fake.move_event(&id, half(outside));
            world.look().await;
            assert_eq!(world.status(&key).await, (Status::Confirmed, at(outside), sequence), "{provider:?}");
            let (to_ada, _) = world.app.letters(ADA, ANN).await;
            assert_eq!(to_ada.invite().state().0, "REQUEST");
        }
        world.fake.move_event(&id, half(ELEVEN));
        world.look().await;
        world.app.mail().await;

        world.fake.delete_event(&id);
        world.look().await;
        assert_eq!(world.status(&key).await.0, Status::Cancelled);
        let by = bookings::get(world.context(), &key).await.unwrap().booking.cancelled_by;
        assert_eq!(by, Some(scheduling::Actor::Calendar));
        let (to_ada, _) = world.app.letters(ADA, ANN).await;
        assert_eq!(to_ada.invite().state(), ("CANCEL", "6", "CANCELLED"));
        assert!(world.offers(ELEVEN).await);
    }
}

#[tokio::test]
async fn a_provider_with_a_bad_day_cancels_nothing() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let (_, key) = world.app.booked("ann", "session", TEN).await;
        world.settle().await;
        let busy = world.fake.add_event(NewEvent::timed("Dentist", hour(ELEVEN)));
        world.look().await;
        world.app.mail().await;
        let id = world.ours()[0].id.clone();
        let list = if provider == Provider::Google { "/events?" } else { "/calendarView" };
        for fault in [
            Fault::Empty,
            Fault::Phantom(id.clone()),
            Fault::Status(500),
            Fault::Status(404),
            Fault::Drop,
            Fault::Garbage,
            Fault::Throttled(30),
        ] {
            world.fake.expire_cursors();
            world.fake.fail(list, 2, fault.clone());
            world.look().await;
            assert_eq!(world.status(&key).await, (Status::Confirmed, at(TEN), 0), "{fault:?}");
            world.app.pass(minutes(60));
            world.look().await;
            assert_eq!(world.status(&key).await, (Status::Confirmed, at(TEN), 0), "{fault:?}");
            assert!(!world.offers(ELEVEN).await, "{fault:?}");
            world.fake.change_event(&busy, &serde_json::json!({ "location": null }));
        }
        assert!(
            world.app.mail().await.iter().all(|letter| letter.to == ANN && letter.subject.starts_with("New booking"))
        );
        assert_eq!(world.ours().len(), 1);
        // It has asked for patience, which nobody else's wishes change.
        world.fake.forget_requests();
        world.look().await;
        assert!(world.fake.requests().is_empty());
        world.app.pass(minutes(1));
        world.look().await;
        assert_eq!(world.connection().await.status, "active");
    }
}

#[tokio::test]
async fn an_empty_calendar_is_believed_after_the_time_between_two_looks() {
    for provider in BOTH {
        let world = World::with(provider, |inner| inner.calendars.sync_interval = TimeDelta::seconds(30)).await;
        world.connect().await;
        world.fake.add_event(NewEvent::timed("Dentist", hour(ELEVEN)));
        world.look().await;
        assert!(!world.offers(ELEVEN).await);
        let list = if provider == Provider::Google { "/events?" } else { "/calendarView" };
        world.fake.expire_cursors();
        world.fake.fail(list, 100, Fault::Empty);
        world.look().await;
        world.look().await;
        assert!(!world.offers(ELEVEN).await, "{provider:?}: ten seconds are too soon");
        world.app.pass(TimeDelta::seconds(30));
        world.look().await;
        assert!(world.offers(ELEVEN).await, "{provider:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_throttled_is_asked_for_once_and_a_long_wait_is_shown() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        for at in [TEN, ELEVEN] {
            world.app.booked("ann", "session", at).await;
        }
        world.fake.expire_access_tokens();
        world.fake.forget_requests();
        world.fake.fail("/token", 1, Fault::Throttled(3600));
        world.settle().await;
        let asked = world.fake.requests().iter().filter(|seen| seen.path.contains("token")).count();
        assert_eq!(asked, 1, "{provider:?}");
        let shown = world.connection().await;
        assert_eq!((shown.status.as_str(), shown.error.as_deref()), ("error", Some("throttled")));
        assert!(shown.next_sync_at.unwrap() > world.app.now() + minutes(55));
        world.app.pass(minutes(60));
        world.look().await;
        assert_eq!(world.connection().await.status, "active");
        assert_eq!(world.ours().len(), 2);
    }
}

#[tokio::test]
async fn no_clock_that_was_wrong_silences_a_connection() {
    let world = World::new(Provider::Google).await;
    world.connect().await;
    world.app.sql("UPDATE mentor_calendar_tokens SET throttled_until = '2036-01-01'").await;
    world.app.booked("ann", "session", TEN).await;
    world.look().await;
    assert_eq!(world.ours().len(), 1);
    assert_eq!(world.connection().await.last_synced_at, Some(world.app.now() - TimeDelta::seconds(5)));
}

#[tokio::test]
async fn whoever_asks_for_patience_is_asked_nothing_for_so_long() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let list = if provider == Provider::Google { "/events?" } else { "/calendarView" };
        world.fake.forget_requests();
        world.fake.expire_cursors();
        world.fake.fail(list, 1, Fault::Throttled(30));
        world.look().await;
        let lists = |path: &str| path.ends_with("/events") || path.contains("/calendarView");
        let asked = world.fake.requests().iter().filter(|seen| lists(&seen.path)).count();
        assert_eq!(asked, 1, "{provider:?}: neither once more nor for another calendar");

        world.fake.forget_requests();
        world.app.booked("ann", "session", TEN).await;
        world.settle().await;
        assert!(world.fake.requests().is_empty(), "{provider:?}: the event has to wait as well");
        world.app.pass(TimeDelta::seconds(30));
        world.settle().await;
        assert_eq!(world.ours().len(), 1);

        world.fake.fail("POST /", 1, Fault::Throttled(30));
        world.app.booked("ann", "session", ELEVEN).await;
        world.settle().await;
        world.fake.forget_requests();
        world.look().await;
        assert!(world.fake.requests().is_empty(), "{provider:?}: nor is it looked at");
        world.app.pass(TimeDelta::seconds(30));
        world.look().await;
        assert_eq!(world.ours().len(), 2);
        assert_eq!(world.connection().await.status, "active");
    }
}

#[tokio::test]
async fn writing_goes_on_until_it_is_done_and_says_so_by_mail_if_it_takes_long() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        world.fake.fail("POST /", 2, Fault::Status(503));
        world.fake.fail("POST /", 1, Fault::LostAnswer);
        world.app.booked("ann", "session", TEN).await;
        let (_, to_ann) = world.app.letters(ADA, ANN).await;
        assert!(to_ann.invite.is_none());
        for _ in 0..40 {
            world.settle().await;
            world.app.pass(TimeDelta::seconds(20));
        }
        assert_eq!(world.ours().len(), 1, "the lost answer made no second one");
        world.app.pass(minutes(60));
        let more = world.app.mail().await;
        assert!(more.is_empty(), "it was written within the hour: {more:?}");

        world.fake.fail("POST /", 1000, Fault::Status(503));
        world.app.booked("ann", "session", ELEVEN).await;
        world.app.letters(ADA, ANN).await;
        for _ in 0..60 {
            let early = world.app.mail().await;
            assert!(early.is_empty(), "{early:?}");
            world.app.pass(minutes(1));
        }
        let late = world.app.mail().await;
        assert_eq!(late.len(), 1);
        assert_eq!(late[0].to, ANN);
        assert_eq!(late[0].invite().state(), ("REQUEST", "0", "CONFIRMED"));
    }
}

#[tokio::test]
async fn a_withdrawn_permission_is_said_once_and_what_was_busy_stays_so() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.fake.add_event(NewEvent::timed("Dentist", hour(TEN)));
        world.connect().await;
        world.fake.withdraw();
        world.app.pass(minutes(61));
        world.look().await;
        assert_eq!(world.connection().await.status, "active", "it takes a second look");
        world.app.pass(minutes(1));
        world.look().await;
        world.look().await;
        let connection = world.connection().await;
        assert_eq!((connection.status.as_str(), connection.error.as_deref()), ("expired", Some("grant_refused")));
        let letters = world.app.mail().await;
        assert_eq!(letters.len(), 1, "{letters:?}");
        assert!(letters[0].to == ANN && letters[0].mentions("/dashboard/calendars"));
        assert!(!world.offers(TEN).await, "the last known busy time keeps blocking");

        // Meanwhile invitations come by mail.
        world.app.booked("ann", "session", ELEVEN).await;
        let (_, to_ann) = world.app.letters(ADA, ANN).await;
        assert!(to_ann.invite.is_some());
        assert!(world.ours().is_empty());

        world.connect().await;
        assert_eq!(world.connection().await.status, "active");
        assert_eq!(world.ours().len(), 1, "what was missed is written");
        assert_eq!(jobs::state(world.context()).await.unwrap().1, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_a_provider() {
    for provider in BOTH {
        let http = calendars::http::Http::with_timeout(Duration::from_secs(24 * 3600)).unwrap();
        let world = World::with(provider, |inner| inner.calendars.http = http).await;
        world.connect().await;
        world.fake.fail("/", 10_000, Fault::Hang);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn(jobs::run(world.context().clone(), async move { drop(stopped.await) }));
        let id = world.connection().await.id;
        calendar::sync_now(world.context(), world.ann, id).await.unwrap();
        for hour in 9..17 {
            assert!(world.offers(&format!("2026-11-25T{hour:02}:00:00Z")).await);
            world.app.booked("ann", "session", &format!("2026-11-25T{hour:02}:00:00Z")).await;
        }
        while std::fs::read_dir(world.app.mail_directory()).unwrap().count() < 16 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(world.fake.abandoned(), 0, "nothing had to be given up for that");
        drop(stop);
        running.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_look_and_one_refresh_at_a_time() {
    for provider in BOTH {
        let world = World::new(provider).await;
        let id = world.connect().await;
        let other = world.app.another_server(|inner| switch_on(inner, &world.fake, provider)).await;
        world.fake.forget_requests();
        calendar::sync_now(world.context(), world.ann, id).await.unwrap();
        let looks = [world.context(), &other, world.context(), &other].map(|context| {
            let context = context.clone();
            tokio::spawn(async move { calendar::sync_due(&context).await.unwrap() })
        });
        let mut done = 0;
        for look in looks {
            done += look.await.unwrap();
        }
        assert_eq!(done, 1);

        // Eight events to write with a token that is over: a refresh token that works once is asked with once.
        for hour in 9..17 {
            world.app.booked("ann", "session", &format!("2026-11-25T{hour:02}:00:00Z")).await;
        }
        world.app.pass(minutes(61));
        world.fake.expire_access_tokens();
        world.fake.forget_requests();
        let runs = [world.context(), &other, world.context(), &other].map(|context| {
            let context = context.clone();
            tokio::spawn(async move { jobs::run_due(&context).await.unwrap() })
        });
        for run in runs {
            run.await.unwrap();
        }
        world.settle().await;
        let refreshes = world.fake.requests().iter().filter(|seen| seen.path.contains("token")).count();
        assert_eq!(refreshes, 1);
        assert_eq!(world.ours().len(), 8);
        assert_eq!(world.connection().await.status, "active");
    }
}

#[tokio::test]
async fn disconnecting_takes_the_permission_back_and_forgets() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.fake.add_event(NewEvent::timed("Dentist", hour(TEN)));
        let id = world.connect().await;
        let other = world.app.mentor("bea", "UTC").await;
        assert!(matches!(calendar::disconnect(world.context(), other, id).await, Err(Error::NotFound)));
        world.fake.forget_requests();
        calendar::disconnect(world.context(), world.ann, id).await.unwrap();
        assert!(world.offers(TEN).await);
        assert!(calendar::list(world.context(), world.ann).await.unwrap().is_empty());
        for table in ["calendars", "calendar_busy", "mentor_calendar_tokens", "booking_calendar_events"] {
            assert_eq!(world.app.number(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
        }
        if provider == Provider::Google {
            for _ in 0..100 {
                if world.fake.requests().iter().any(|seen| seen.path.contains("revoke")) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            panic!("the permission was not taken back");
        }
    }
}

#[tokio::test]
async fn a_meeting_link_is_in_the_mail_on_the_page_and_in_the_invitation() {
    for (provider, kind) in [(Provider::Google, LocationKind::Meet), (Provider::Microsoft, LocationKind::Teams)] {
        let world = World::new(provider).await;
        world.connect().await;
        let location = Some(Location { kind, value: String::new() });
        world.app.offer(world.ann, SessionType { location, ..session("session", 30, 30) }).await;
        let (_, key) = world.app.booked("ann", "session", TEN).await;
        world.settle().await;
        let booking = bookings::get(world.context(), &key).await.unwrap().booking;
        let link = booking.location.unwrap().value;
        assert!(link.starts_with("https://"), "{link}");
        let (to_ada, to_ann) = world.app.letters(ADA, ANN).await;
        assert!(to_ada.text.contains(&link) && to_ada.invite().get("LOCATION") == link && to_ann.text.contains(&link));

        // Without the provider, the message goes out after a while, without a link.
        world.fake.fail("POST /", 1000, Fault::Status(503));
        world.app.booked("ann", "session", ELEVEN).await;
        assert!(world.app.mail().await.is_empty());
        for _ in 0..13 {
            world.app.run_jobs().await;
            world.app.pass(TimeDelta::seconds(10));
        }
        assert_eq!(world.app.mail().await.len(), 2);
    }
}

#[tokio::test]
async fn a_request_that_waits_for_approval_is_tentative_there() {
    let world = World::new(Provider::Google).await;
    world.app.offer(world.ann, SessionType { requires_approval: true, ..session("session", 30, 30) }).await;
    world.connect().await;
    let (made, _) = world.app.booked("ann", "session", TEN).await;
    world.settle().await;
    assert_eq!(world.ours()[0].body["status"], "tentative");
    bookings::confirm(world.context(), world.ann, made.id).await.unwrap();
    world.settle().await;
    assert_eq!(world.ours()[0].body["status"], "confirmed");
    let (made, _) = world.app.booked("ann", "session", ELEVEN).await;
    world.settle().await;
    bookings::decline(world.context(), world.ann, made.id, None).await.unwrap();
    world.settle().await;
    assert_eq!(world.ours().len(), 1);
}

#[tokio::test]
async fn tokens_are_sealed_for_their_row_and_sealed_anew() {
    let world = World::new(Provider::Google).await;
    world.connect().await;
    let refresh = "SELECT count(*) FROM mentor_calendar_tokens WHERE refresh_token IS NOT NULL AND position('refresh' in encode(refresh_token, 'escape')) = 0";
    assert_eq!(world.app.number(refresh).await, 1);
    let key = |byte| SealKey::new(&[byte; 32]);
    let both = world
        .app
        .another_server(|inner| {
            switch_on(inner, &world.fake, Provider::Google);
            inner.sealer = Sealer::new(key(2), Some(key(1)));
        })
        .await;
    assert_eq!(rotation::rotate(&both).await.unwrap(), 2);
    assert_eq!(rotation::rotate(&both).await.unwrap(), 0);
    let new = world
        .app
        .another_server(|inner| {
            switch_on(inner, &world.fake, Provider::Google);
            inner.sealer = Sealer::new(key(2), None);
        })
        .await;
    world.fake.add_event(NewEvent::timed("Dentist", hour(TEN)));
    world.app.pass(minutes(61));
    calendar::sync_due(&new).await.unwrap();
    assert!(!world.offers(TEN).await);

    // A row's tokens in another row open nothing.
    world.app.mentor("bea", "UTC").await;
    world
        .app
        .sql("UPDATE mentor_calendar_tokens SET mentor_id = (SELECT id FROM mentors WHERE handle = 'bea'), next_sync_at = '2026-01-01'")
        .await;
    let before = world.fake.requests().len();
    calendar::sync_due(&new).await.unwrap();
    assert_eq!(world.fake.requests().len(), before);
}
