//! Whatever happens on both sides of a connected calendar, and whatever fails meanwhile: once it is quiet, both sides agree.
//!
//! Another seed: `CONVERGE_SEED=17`. More cases than usual: `CONVERGE_CASES=500`.

use crate::calendars::{ANN, World, switch_on};
use crate::common::*;
use booking::bookings::{self, Key};
use booking::calendar::{self, Choice};
use booking::context::Clock;
use booking::{Context, holds, jobs};
use calendars::fakes::{Fault, Kept, NewEvent};
use calendars::remote::Provider;
use chrono::{DateTime, NaiveDate, TimeDelta, Timelike, Utc};
use scheduling::{BookingId, SessionType, Status};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::ops::Range;
use std::pin::{Pin, pin};
use std::task::{self, Poll};

/// For each provider, in about ten seconds.
const CASES: u64 = 8;
const STEPS: usize = 45;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % most as u64).unwrap()
    }

    fn of<T: Clone>(&mut self, some: &[T]) -> Option<T> {
        if some.is_empty() { None } else { Some(some[self.below(some.len())].clone()) }
    }
}

/// The clock of another server, which is wrong.
struct Skewed(Context, TimeDelta);

impl Clock for Skewed {
    fn now(&self) -> DateTime<Utc> {
        self.0.now() + self.1
    }
}

/// Work that is killed after some steps: whoever did it has died.
struct Killed<'a, F> {
    work: Pin<&'a mut F>,
    steps: usize,
}

impl<F: Future> Future for Killed<'_, F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<Self::Output> {
        if self.steps == 0 {
            return Poll::Ready(None);
        }
        self.steps -= 1;
        self.work.as_mut().poll(context).map(Some)
    }
}

/// What a booking may have become by somebody's act.
#[derive(Default)]
struct Expected {
    key: Option<Key>,
    starts: BTreeSet<DateTime<Utc>>,
    /// Somebody cancelled it, declined it, or deleted its event.
    ended: bool,
}

struct Case {
    world: World,
    other: Context,
    dice: Dice,
    bookings: BTreeMap<BookingId, Expected>,
    /// Events of the mentor's own.
    own: Vec<String>,
    /// Events of ours that the mentor deleted, perhaps to bring them back.
    deleted: Vec<String>,
    /// Events of ours that the mentor brought back after deleting them.
    theirs: BTreeSet<String>,
    letters: BTreeSet<String>,
    /// The provider has said what is not so, in words that cannot be told from the truth before the next full look.
    lied: bool,
    log: Log,
}

/// What happened, told if it ends badly.
struct Log {
    seed: u64,
    lines: Vec<String>,
}

impl Drop for Log {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("CONVERGE_SEED={}", self.seed);
            self.lines.iter().for_each(|line| eprintln!("  {line}"));
        }
    }
}

fn team(provider: Provider) -> &'static str {
    match provider {
        Provider::Google => "team@group.calendar.google.com",
        _ => "AAMkTeam=",
    }
}

impl Case {
    async fn new(provider: Provider, seed: u64) -> Self {
        let mut dice = Dice(seed);
        let world = World::new(provider).await;
        let skew = TimeDelta::seconds(dice.below(481) as i64 - 240);
        let clock = Skewed(world.context().clone(), skew);
        let fake = world.fake.clone();
        let change = |inner: &mut booking::context::Inner| {
            switch_on(inner, &fake, provider);
            inner.clock = Box::new(clock);
        };
        let other = world.app.another_server(change).await;
        world.fake.page_size(1 + dice.below(20));
        world.connect().await;
        let log = Log { seed, lines: vec![format!("the other server's clock is off by {skew}")] };
        Self {
            world,
            other,
            dice,
            bookings: BTreeMap::new(),
            own: Vec::new(),
            deleted: Vec::new(),
            theirs: BTreeSet::new(),
            letters: BTreeSet::new(),
            lied: false,
            log,
        }
    }

    fn note(&mut self, line: impl Into<String>) {
        let line = format!("{} {}", self.world.app.now().format("%d %H:%M:%S"), line.into());
        self.log.lines.push(line);
    }

    fn server(&mut self) -> Context {
        if self.dice.below(3) == 0 { self.other.clone() } else { self.world.context().clone() }
    }

    /// A time of the days to come; perhaps one that is not offered.
    fn time(&mut self) -> DateTime<Utc> {
        let midnight = self.world.app.now().date_naive().and_hms_opt(0, 0, 0).unwrap().and_utc();
        let start = midnight + TimeDelta::days(1 + self.dice.below(6) as i64) + minutes(540);
        start + minutes(30 * self.dice.below(16) as i64)
    }

    fn some_booking(&mut self) -> Option<(BookingId, Key)> {
        let keys: Vec<_> = self.bookings.iter().map(|(id, expected)| (*id, expected.key.clone().unwrap())).collect();
        let (id, key) = self.dice.of(&keys)?;
        let mentor = self.dice.below(3) == 0;
        Some((id, if mentor { Key::Mentor(self.world.ann, id) } else { key }))
    }

    /// Events with the mark of a booking.
    fn ours(&self) -> Vec<(BookingId, Kept)> {
        let marked = |event: Kept| {
            let text = event.body.to_string();
            let id = self.bookings.keys().find(|id| text.contains(&id.to_string()))?;
            Some((*id, event))
        };
        self.world.fake.events().into_iter().filter_map(marked).collect()
    }

    async fn step(&mut self) {
        match self.dice.below(36) {
            0..=5 => self.book().await,
            6..=7 => {
                let start = self.time();
                let Some((id, key)) = self.some_booking() else { return };
                let moved = bookings::reschedule(&self.server(), &key, start).await.is_ok();
                self.note(format!("{id} moved to {start}: {moved}"));
                if moved {
                    self.bookings.get_mut(&id).unwrap().starts.insert(start);
                }
            }
            8 => {
                let Some((id, key)) = self.some_booking() else { return };
                let done = bookings::cancel(&self.server(), &key, None).await.is_ok();
                self.note(format!("{id} cancelled: {done}"));
                self.bookings.get_mut(&id).unwrap().ended |= done;
            }
            9 => {
                let Some((id, _)) = self.some_booking() else { return };
                let (server, ann) = (self.server(), self.world.ann);
                if self.dice.below(2) == 0 {
                    let done = bookings::confirm(&server, ann, id).await.is_ok();
                    self.note(format!("{id} confirmed: {done}"));
                } else {
                    let done = bookings::decline(&server, ann, id, None).await.is_ok();
                    self.note(format!("{id} declined: {done}"));
                    self.bookings.get_mut(&id).unwrap().ended |= done;
                }
            }
            10 => {
                let start = self.time();
                let held = holds::hold(&self.server(), "192.0.2.1", "ann", "session", start).await.is_ok();
                self.note(format!("{start} held: {held}"));
            }
            11..=15 => self.change_event().await,
            16..=19 => self.change_busy(),
            20 => self.choose().await,
            21 => self.disconnect_or_connect().await,
            22 => self.change_offer().await,
            23..=26 => self.fail(),
            27 => self.world.fake.expire_access_tokens(),
            28 => self.world.fake.expire_cursors(),
            29..=30 => self.look().await,
            31 => self.die().await,
            32 => self.all_at_once().await,
            33..=34 => {
                let (server, due) = (self.server(), self.dice.below(2));
                self.note("jobs run");
                match due {
                    0 => drop(jobs::run_due(&server).await.unwrap()),
                    _ => self.world.settle().await,
                }
            }
            _ => {
                let by = self.dice.of(&[1, 10, 60, 600, 3600, 7200]).unwrap();
                let by = if self.dice.below(12) == 0 { 20 * 3600 } else { by };
                self.world.app.pass(TimeDelta::seconds(by));
            }
        }
        self.world.app.pass(TimeDelta::milliseconds(self.dice.below(700) as i64));
    }

    async fn book(&mut self) {
        let start = self.time();
        let made = bookings::book(&self.server(), request("ann", "session", start)).await;
        if let Ok((made, token)) = made {
            self.note(format!("{} booked for {start}", made.id));
            let expected = Expected { key: Some(Key::Token(token)), starts: BTreeSet::from([start]), ended: false };
            self.bookings.insert(made.id, expected);
        }
    }

    /// The mentor does something to an event of ours.
    async fn change_event(&mut self) {
        let what = self.dice.below(11);
        if what == 0 {
            let Some(id) = self.dice.of(&self.deleted.clone()) else { return };
            self.note(format!("event {id} is brought back"));
            self.world.fake.undelete_event(&id);
            self.theirs.insert(id);
            return;
        }
        let Some((booking, mut event)) = self.dice.of(&self.ours()) else { return };
        let Some(now) = busy_time(&event) else { return };
        let start = self.time();
        // What is done to a series is done to all of it.
        if let Some(series) = event.body["recurringEventId"].as_str().or(event.body["seriesMasterId"].as_str()) {
            event.id = series.to_owned();
        }
        let to = match what {
            1 => {
                self.note(format!("event of {booking} deleted"));
                self.world.fake.delete_event(&event.id);
                self.bookings.get_mut(&booking).unwrap().ended = true;
                self.deleted.push(event.id);
                return;
            }
            2 => now.start..now.end + minutes(45),
            3 => start + minutes(7)..start + minutes(37),
            4 => now.start - TimeDelta::days(30)..now.end - TimeDelta::days(30),
            5 => {
                let day = start.date_naive();
                self.note(format!("event of {booking} made into a day"));
                let change = match self.world.provider {
                    Provider::Google => serde_json::json!({
                        "start": { "date": day, "dateTime": null },
                        "end": { "date": day.succ_opt().unwrap(), "dateTime": null },
                    }),
                    _ => serde_json::json!({
                        "start": { "dateTime": format!("{day}T00:00:00.0000000"), "timeZone": "UTC" },
                        "end": { "dateTime": format!("{}T00:00:00.0000000", day.succ_opt().unwrap()), "timeZone": "UTC" },
                        "isAllDay": true,
                    }),
                };
                self.world.fake.change_event(&event.id, &change);
                return;
            }
            6 => {
                let to = self.dice.of(&[team(self.world.provider).to_owned(), self.world.fake.primary()]).unwrap();
                let id = &event.id;
                let known = format!("SELECT count(*) FROM booking_calendar_events WHERE remote_id = '{id}'");
                if to != event.calendar && self.world.app.number(&known).await == 1 {
                    self.note(format!("event of {booking} put into {to}"));
                    self.world.fake.transfer_event(&event.id, &to);
                }
                return;
            }
            8 | 9 => {
                let weeks = 2 + self.dice.below(3) as u32;
                self.note(format!("event of {booking} repeated {weeks} times"));
                self.world.fake.repeat_event(&event.id, weeks);
                return;
            }
            10 => now.start - minutes(30)..now.end,
            _ => start..start + (now.end - now.start),
        };
        self.note(format!("event of {booking} moved to {to:?}"));
        self.bookings.get_mut(&booking).unwrap().starts.insert(to.start);
        self.world.fake.move_event(&event.id, to);
    }

    /// The mentor's other events.
    fn change_busy(&mut self) {
        let start = self.time();
        let length = minutes(30 * (1 + self.dice.below(6) as i64));
        let what = self.dice.below(8);
        if what < 4 {
            let calendar =
                if self.dice.below(3) == 0 { team(self.world.provider).into() } else { self.world.fake.primary() };
            let event = match what {
                0 => NewEvent::timed("Busy", start..start + length).weekly(4),
                1 => NewEvent::all_day("Busy", start.date_naive(), start.date_naive().succ_opt().unwrap()),
                2 if self.dice.below(2) == 0 => NewEvent::timed("Free", start..start + length).free(),
                _ => NewEvent::timed("Busy", start..start + length),
            };
            self.note(format!("{} at {start} in {calendar}", event.title));
            self.own.push(self.world.fake.add_event(event.of(&calendar)));
            return;
        }
        let Some(id) = self.dice.of(&self.own.clone()) else { return };
        let instance = self.dice.of(&self.world.fake.instances(&id));
        match (what, instance) {
            (4, _) => {
                self.note(format!("{id} deleted"));
                self.world.fake.delete_event(&id);
            }
            (5, Some(instance)) => {
                self.note(format!("{instance} deleted"));
                self.world.fake.delete_event(&instance);
            }
            (6, _) => {
                self.note(format!("{id} brought back"));
                self.world.fake.undelete_event(&id);
            }
            (_, Some(instance)) => {
                self.note(format!("{instance} moved to {start}"));
                self.world.fake.move_event(&instance, start..start + length);
            }
            (_, None) => {
                self.note(format!("{id} moved to {start}"));
                let all_day = serde_json::json!({ "isAllDay": false });
                if self.world.provider == Provider::Microsoft {
                    self.world.fake.change_event(&id, &all_day);
                }
                self.world.fake.move_event(&id, start..start + length);
            }
        }
    }

    async fn choose(&mut self) {
        let Some(connection) = calendar::list(self.world.context(), self.world.ann).await.unwrap().pop() else {
            return;
        };
        let writable: Vec<_> = connection.calendars.iter().filter(|c| c.writable).map(|c| c.id).collect();
        let mut choice = Choice { blocking: Vec::new(), receiving: self.dice.of(&writable) };
        for calendar in &connection.calendars {
            if self.dice.below(2) == 0 {
                choice.blocking.push(calendar.id);
            }
        }
        if self.dice.below(6) == 0 {
            choice.receiving = None;
        }
        let names: Vec<_> = connection
            .calendars
            .iter()
            .map(|c| (choice.blocking.contains(&c.id), choice.receiving == Some(c.id), &c.name))
            .collect();
        let line = format!("chosen: {names:?}");
        calendar::choose(&self.server(), self.world.ann, &choice).await.unwrap();
        self.note(line);
    }

    async fn disconnect_or_connect(&mut self) {
        match calendar::list(self.world.context(), self.world.ann).await.unwrap().pop() {
            Some(connection) if self.dice.below(2) == 0 => {
                self.note("disconnected");
                calendar::disconnect(&self.server(), self.world.ann, connection.id).await.unwrap();
                // The permission is taken back by and by.
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            _ => self.try_to_connect().await,
        }
    }

    async fn try_to_connect(&mut self) {
        self.note("connected");
        // A mentor tries until it works.
        self.world.fake.clear_faults();
        self.world.connect().await;
    }

    async fn change_offer(&mut self) {
        let what = self.dice.below(4);
        self.note(format!("offers otherwise: {what}"));
        let usual = session("session", 30, 30);
        let offer = match what {
            0 => SessionType { requires_approval: true, ..usual },
            1 => SessionType { buffer_after_minutes: 15, duration_minutes: 60, ..usual },
            2 => SessionType { horizon_days: 90, ..usual },
            _ => usual,
        };
        self.world.app.offer(self.world.ann, offer).await;
        let hours = if self.dice.below(2) == 0 { ("08:00", "20:00") } else { ("09:00", "17:00") };
        self.world.app.open(self.world.ann, every_day("UTC", hours.0, hours.1)).await;
    }

    fn fail(&mut self) {
        let list = if self.world.provider == Provider::Google { "/events?" } else { "/calendarView" };
        let ids: Vec<_> = self.ours().into_iter().map(|(_, event)| event.id).collect();
        let phantom = self.dice.of(&ids);
        let (matching, fault) = match self.dice.below(14) {
            0 => ("", Fault::Status(401)),
            1 => (list, Fault::Status(410)),
            2 => ("PATCH /", Fault::Status(412)),
            3 => ("", Fault::Throttled(20 + self.dice.below(200) as u32)),
            4 => ("", Fault::Status(500)),
            5 => ("", Fault::Drop),
            6 => ("POST /calendar", Fault::LostAnswer),
            7 => ("POST /v1.0", Fault::LostAnswer),
            8 => ("PATCH /", Fault::LostAnswer),
            9 => ("DELETE /", Fault::LostAnswer),
            10 => (list, Fault::Empty),
            11 => (list, Fault::Garbage),
            12 => ("/token", Fault::Status(500)),
            _ => match phantom {
                Some(id) => (list, Fault::Phantom(id)),
                None => ("/events", Fault::Drop),
            },
        };
        if matches!(fault, Fault::Empty) {
            // A list without its members is a lie only when it is a full one, and else the truth of another day.
            self.lied = true;
        }
        let times = 1 + self.dice.below(3) as u32;
        let times = if matches!(fault, Fault::Empty) { 1 } else { times };
        self.note(format!("{times} of {matching:?} will fail: {fault:?}"));
        self.world.fake.fail(matching, times, fault);
    }

    async fn look(&mut self) {
        let server = self.server();
        for connection in calendar::list(&server, self.world.ann).await.unwrap() {
            for _ in 0..=self.dice.below(2) {
                calendar::sync_now(&server, self.world.ann, connection.id).await.unwrap();
            }
        }
        let looks = calendar::sync_due(&server).await.unwrap();
        self.note(format!("{looks} looks"));
    }

    /// A server dies while it looks or runs jobs.
    async fn die(&mut self) {
        let (server, steps) = (self.server(), self.dice.below(60));
        self.note(format!("a server dies after {steps} steps"));
        for connection in calendar::list(&server, self.world.ann).await.unwrap() {
            calendar::sync_now(&server, self.world.ann, connection.id).await.unwrap();
        }
        if self.dice.below(2) == 0 {
            let work = pin!(jobs::run_due(&server));
            Killed { work, steps }.await;
        } else {
            let work = pin!(calendar::sync_due(&server));
            Killed { work, steps }.await;
        }
    }

    async fn all_at_once(&mut self) {
        self.note("two servers look, write and move at once");
        let start = self.time();
        let (one, two) = (self.world.context().clone(), self.other.clone());
        for connection in calendar::list(&one, self.world.ann).await.unwrap() {
            calendar::sync_now(&one, self.world.ann, connection.id).await.unwrap();
        }
        let moving = self.some_booking();
        let moved = async {
            match &moving {
                Some((_, key)) => bookings::reschedule(&two, key, start).await.is_ok(),
                None => false,
            }
        };
        let (.., moved) = tokio::join!(
            jobs::run_due(&one),
            jobs::run_due(&two),
            calendar::sync_due(&one),
            calendar::sync_due(&two),
            moved
        );
        if let Some((id, _)) = moving.filter(|_| moved) {
            self.note(format!("{id} moved to {start}"));
            self.bookings.get_mut(&id).unwrap().starts.insert(start);
        }
    }

    async fn read_mail(&mut self) {
        // What a server was writing when it died.
        for file in std::fs::read_dir(self.world.app.mail_directory()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|kind| kind == "draft") {
                std::fs::remove_file(path).unwrap();
            }
        }
        let letters = self.world.app.mail().await;
        self.letters.extend(letters.into_iter().map(|letter| {
            assert!([ADA, ANN].contains(&letter.to.as_str()));
            letter.message_id
        }));
    }

    async fn quiet(&mut self) {
        self.world.fake.clear_faults();
        for wait in [1, 4, 10, 20, 40, 60] {
            self.world.app.pass(minutes(wait));
            self.world.look().await;
            self.read_mail().await;
        }
        let state = calendar::list(self.world.context(), self.world.ann).await.unwrap().pop();
        if state.is_none_or(|connection| connection.status == "expired") {
            self.try_to_connect().await;
        }
        if self.lied {
            self.world.app.pass(TimeDelta::hours(24));
        }
        let receives = |connection: &calendar::ConnectionView| connection.calendars.iter().any(|c| c.receives);
        let connection = self.world.connection().await;
        if !receives(&connection) {
            let of = |wanted: fn(&calendar::CalendarView) -> bool| {
                connection.calendars.iter().filter(move |c| wanted(c)).map(|c| c.id)
            };
            let choice = Choice { blocking: of(|c| c.blocks).collect(), receiving: of(|c| c.primary).next() };
            calendar::choose(self.world.context(), self.world.ann, &choice).await.unwrap();
        }
        self.note("it is quiet");
        for wait in [1, 5, 10, 15] {
            self.world.app.pass(minutes(wait));
            self.world.look().await;
            self.read_mail().await;
        }
    }

    /// Both sides agree.
    async fn check(&mut self) {
        let app = &self.world.app;
        let now = app.now();
        let count = app.number("SELECT count(*) FROM bookings WHERE status <> 'held'").await;
        assert_eq!(count, self.bookings.len() as i64, "no booking vanished or doubled");
        let (_, dead) = jobs::state(self.world.context()).await.unwrap();
        assert_eq!(dead, 0, "a job was given up");
        let connection = self.world.connection().await;
        assert_eq!((connection.status.as_str(), connection.error.as_deref()), ("active", None));

        let links = "SELECT e.booking_id || ' ' || e.remote_id || ' ' || c.remote_id FROM booking_calendar_events e
            JOIN calendars c ON c.id = e.calendar_id WHERE e.remote_id IS NOT NULL";
        let mut linked = BTreeMap::new();
        for link in app.texts(links).await {
            let parts: Vec<_> = link.splitn(3, ' ').map(str::to_owned).collect();
            linked.insert(parts[0].parse::<BookingId>().unwrap(), (parts[1].clone(), parts[2].clone()));
        }
        let ours = self.ours();
        let (mut live, mut live_ids) = (BTreeMap::new(), BTreeSet::new());
        for (id, expected) in &self.bookings {
            let booking = bookings::get(self.world.context(), &Key::Mentor(self.world.ann, *id)).await.unwrap().booking;
            let history =
                "SELECT kind || ' by ' || actor FROM booking_events WHERE booking_id = '{}' ORDER BY created_at, id";
            let history = app.texts(&history.replace("{}", &id.to_string())).await;
            let what = format!("{id} {:?} at {} {history:?}", booking.status, booking.start);
            let events: Vec<_> = ours.iter().filter(|(of, _)| of == id).map(|(_, event)| event).collect();
            let is_linked = |event: &Kept| linked.get(id) == Some(&(event.id.clone(), event.calendar.clone()));
            let shown: Vec<_> =
                events.iter().filter(|event| is_linked(event) || !self.theirs.contains(&event.id)).collect();
            assert!(expected.starts.contains(&booking.start), "nobody wanted it there: {what}");
            match booking.status {
                Status::Pending | Status::Confirmed => {
                    if booking.start > now {
                        let [event] = shown[..] else { panic!("events {shown:?} of {what}") };
                        assert_eq!(self.world.when(event), booking.start..booking.end, "{what}");
                    }
                    live_ids.insert(*id);
                    assert!(live.insert(booking.start, booking.end).is_none(), "{what}");
                }
                Status::Cancelled | Status::Declined => {
                    let expired = booking.cancelled_by == Some(scheduling::Actor::Expiry);
                    assert!(expected.ended || expired, "nobody ended it: {what}");
                    let left: Vec<_> = events.iter().filter(|event| !self.theirs.contains(&event.id)).collect();
                    assert!(left.is_empty() || booking.end < now, "{left:?} of {what}");
                }
            }
        }
        let spans: Vec<_> = live.iter().collect();
        assert!(spans.windows(2).all(|two| two[0].1 <= two[1].0), "sessions overlap");

        let window = now..(now + TimeDelta::days(40)).with_hour(0).unwrap();
        let blocking = "SELECT remote_id FROM calendars WHERE blocks";
        let blocking: BTreeSet<_> = app.texts(blocking).await.into_iter().collect();
        // Of what the mentor brought back, both may be said.
        let perhaps = |event: &Kept| self.theirs.contains(&event.id);
        let mine = |event: &Kept| {
            let here = (event.id.clone(), event.calendar.clone());
            let of = ours.iter().find(|(_, other)| other.id == event.id && other.calendar == event.calendar);
            of.is_some_and(|(id, _)| linked.get(id).is_none_or(|link| *link == here && live_ids.contains(id)))
        };
        let events = self.world.fake.events();
        let busy = |wanted: &dyn Fn(&Kept) -> bool| {
            let events = events.iter().filter(|event| blocking.contains(&event.calendar) && wanted(event));
            merged(events.filter_map(busy_time).collect(), &window)
        };
        let least = busy(&|event| !mine(event) && !perhaps(event));
        let most = busy(&|event| !mine(event) || perhaps(event));
        let kept =
            "SELECT extract(epoch FROM lower(during))::bigint || ' ' || extract(epoch FROM upper(during))::bigint
            FROM calendar_busy";
        let second = |text: &str| DateTime::from_timestamp(text.parse().unwrap(), 0).unwrap();
        let kept = app.texts(kept).await.into_iter().map(|line| {
            let (start, end) = line.split_once(' ').unwrap();
            second(start)..second(end)
        });
        let kept = merged(kept.collect(), &window);
        let within = |some: &[Range<DateTime<Utc>>], all: &[Range<DateTime<Utc>>]| {
            some.iter().all(|span| all.iter().any(|whole| whole.start <= span.start && span.end <= whole.end))
        };
        assert!(within(&least, &kept), "busy: {least:?}, known: {kept:?}");
        assert!(within(&kept, &most), "known: {kept:?}, busy: {most:?}");

        let told = "SELECT CASE WHEN e.kind IN ('booked', 'requested') THEN e.booking_id ELSE e.id END || '.' || s.side || ' ' || e.kind FROM booking_events e, (VALUES ('mentee'), ('mentor')) s (side)
            WHERE NOT (s.side = 'mentee' AND e.kind = 'move_refused')";
        for notice in app.texts(told).await {
            let id = notice.split(' ').next().unwrap();
            assert!(self.letters.iter().any(|letter| letter.contains(id)), "nobody was told: {notice}");
        }
    }
}

fn busy_time(event: &Kept) -> Option<Range<DateTime<Utc>>> {
    let title = event.body["summary"].as_str().or(event.body["subject"].as_str());
    if title == Some("Free") {
        return None;
    }
    let at = |end: &str| {
        let time = &event.body[end];
        let date: Option<NaiveDate> = match (time["date"].as_str(), event.body["isAllDay"] == true) {
            (Some(date), _) => Some(date.parse().unwrap()),
            (None, true) => Some(time["dateTime"].as_str().unwrap()[..10].parse().unwrap()),
            _ => None,
        };
        match date {
            // Midnight in Seoul.
            Some(date) => date.and_hms_opt(0, 0, 0).unwrap().and_utc() - TimeDelta::hours(9),
            None => {
                let text = time["dateTime"].as_str().unwrap().trim_end_matches('Z');
                chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").unwrap().and_utc()
            }
        }
    };
    Some(at("start")..at("end"))
}

/// As ranges that do not meet, within a window.
fn merged(mut spans: Vec<Range<DateTime<Utc>>>, window: &Range<DateTime<Utc>>) -> Vec<Range<DateTime<Utc>>> {
    spans.sort_by_key(|span| span.start);
    let mut all: Vec<Range<DateTime<Utc>>> = Vec::new();
    for span in spans {
        let span = span.start.max(window.start)..span.end.min(window.end);
        match all.last_mut() {
            _ if span.is_empty() => {}
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => all.push(span),
        }
    }
    all
}

async fn converges(provider: Provider) {
    let first = setting("CONVERGE_SEED");
    let cases = setting("CONVERGE_CASES").unwrap_or(if first.is_some() { 1 } else { CASES });
    for nth in 0..cases {
        let mut case = Case::new(provider, first.unwrap_or(1).wrapping_add(nth)).await;
        for _ in 0..STEPS {
            case.step().await;
        }
        case.quiet().await;
        case.check().await;
    }
}

#[tokio::test]
async fn both_sides_agree_once_it_is_quiet_with_google() {
    converges(Provider::Google).await;
}

#[tokio::test]
async fn both_sides_agree_once_it_is_quiet_with_outlook() {
    converges(Provider::Microsoft).await;
}
