//! Calendar objects (RFC 4791, section 4.1) to events: each instance of a recurring one by itself.
//!
//! Servers differ too much in how they expand (`C:expand`), so it is done here, for all of them alike. It is work for a
//! blocking thread; a [`Budget`] bounds it. A series that is too dense (`FREQ=SECONDLY`) loses what goes beyond its cap: an
//! invitation from a stranger must not keep the rest of the calendar from being read.

use super::ical::{Component, Line, Stamp, duration, utc};
use super::recur::{Budget, Rule};
use super::zone::{ObjectZones, Zone};
use crate::remote::{RemoteError, RemoteEvent, Revision, When};
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use scheduling::BookingId;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use zones::Zones;

/// Our mark on an event.
pub(super) const MARK: &str = "X-YAKSOK-BOOKING";
/// What it was written as.
pub(super) const REVISION: &str = "X-YAKSOK-REVISION";
/// What the UIDs of our events end in.
pub(super) const UID_SUFFIX: &str = "@yaksok";

/// Instances of a whole calendar in one window.
const MAX_EVENTS: usize = 50_000;
/// Days and times that all series of a calendar may look at: a second or so.
const MAX_STEPS: u64 = 10_000_000;

/// How a calendar is to be read.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    /// Only what touches it.
    pub(super) window: Range<DateTime<Utc>>,
    /// IANA name of the calendar's zone, where the server tells it.
    pub(super) timezone: Option<String>,
    /// The zone of times that name none, and of whole days.
    pub(super) zone: Zone,
    /// The rules of zones that events name.
    pub(super) zones: Zones,
    /// The account's own addresses, in lower case and without `mailto:`.
    pub(super) mine: Vec<String>,
}

/// A start, or another point of a series.
#[derive(Clone, Debug)]
enum Moment {
    Day(NaiveDate),
    Time(NaiveDateTime, Zone),
}

impl Moment {
    fn instant(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Day(_) => None,
            Self::Time(local, zone) => zone.to_utc(*local),
        }
    }

    fn local(&self) -> NaiveDateTime {
        match self {
            Self::Day(day) => day.and_time(NaiveTime::MIN),
            Self::Time(local, _) => *local,
        }
    }

    /// The same kind of moment at another clock time.
    fn at(&self, local: NaiveDateTime) -> Self {
        match self {
            Self::Day(_) => Self::Day(local.date()),
            Self::Time(_, zone) => Self::Time(local, zone.clone()),
        }
    }

    /// A name for the instance that begins then, whatever zone it is written in.
    fn key(&self) -> Option<String> {
        match self {
            Self::Day(day) => Some(day.format("%Y%m%d").to_string()),
            Self::Time(..) => self.instant().map(utc),
        }
    }
}

/// Instances that the series itself does not have: left out, or written down by themselves.
#[derive(Default)]
struct Without {
    instants: HashSet<DateTime<Utc>>,
    days: HashSet<NaiveDate>,
}

impl Without {
    /// Programs write dates where times belong, and the other way round.
    fn add(&mut self, moment: &Moment, whole_days: bool) {
        match moment.instant() {
            Some(instant) if !whole_days => self.instants.insert(instant),
            _ => self.days.insert(moment.local().date()),
        };
    }

    fn has(&self, moment: &Moment) -> bool {
        self.days.contains(&moment.local().date())
            || moment.instant().is_some_and(|instant| self.instants.contains(&instant))
    }
}

impl Reader {
    /// The events of calendar objects, each given by its id and its text. Cancelled ones are not there.
    ///
    /// # Errors
    /// [`RemoteError::Refused`] where there are too many of them.
    pub(super) fn events(
        &self,
        objects: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Vec<RemoteEvent>, RemoteError> {
        let mut budget = Budget::new(MAX_STEPS);
        let mut events = Vec::new();
        for (id, text) in objects {
            if let Some(calendar) = Component::parse(&text) {
                self.object(&id, &calendar, &mut events, &mut budget);
            }
            if events.len() > MAX_EVENTS || budget.is_spent() {
                return Err(RemoteError::Refused("the calendar holds too many events".to_owned()));
            }
        }
        Ok(events)
    }

    fn object(&self, id: &str, calendar: &Component, events: &mut Vec<RemoteEvent>, budget: &mut Budget) {
        let mut zones = ObjectZones::of(&self.zones, calendar, &self.window, budget);
        // One UID for each object, says the RFC; a second one would need an id of its own.
        let all = || calendar.children.iter().filter(|child| child.name == "VEVENT");
        let Some(uid) = all().next().map(|event| event.value("UID")) else { return };
        let of_uid = || all().filter(|event| event.value("UID") == uid);
        let master = of_uid().find(|event| event.line("RECURRENCE-ID").is_none());
        let start = master.and_then(|master| self.moment(master.line("DTSTART")?, &mut zones));
        let whole_days = matches!(start, Some(Moment::Day(_)));

        let mut overrides = HashMap::new();
        let mut without = Without::default();
        for event in of_uid() {
            let original = event.line("RECURRENCE-ID").and_then(|line| self.moment(line, &mut zones));
            if let Some((original, key)) = original.and_then(|original| Some((original.clone(), original.key()?))) {
                without.add(&original, whole_days);
                overrides.insert(key, event);
            }
        }
        for (key, event) in overrides {
            if let Some(start) = event.line("DTSTART").and_then(|line| self.moment(line, &mut zones)) {
                let length = self.length(event, &start, &mut zones);
                let instance = self.event(format!("{id}#{key}"), event, &start, length, None);
                events.extend(instance.map(|instance| RemoteEvent { series: Some(id.to_owned()), ..instance }));
            }
        }

        let (Some(master), Some(start)) = (master, start) else { return };
        let length = self.length(master, &start, &mut zones);
        let booking = booking_of(master);
        if master.line("RRULE").is_none() && master.line("RDATE").is_none() {
            events.extend(self.event(id.to_owned(), master, &start, length, booking));
            return;
        }
        if booking.is_some() {
            // Ours, made a series: its first instance stands for it, whatever was done to that one.
            let whole = self.event(id.to_owned(), master, &start, length, booking);
            events.extend(whole.map(|whole| RemoteEvent { recurring: true, ..whole }));
            without.add(&start, whole_days);
        }
        for moment in self.moments(master, "EXDATE", &mut zones) {
            without.add(&moment, whole_days);
        }
        let mut starts: BTreeSet<NaiveDateTime> =
            self.recurrences(master, &start, length, budget).into_iter().collect();
        for extra in self.moments(master, "RDATE", &mut zones) {
            starts.extend(match (&start, extra.instant()) {
                (Moment::Time(_, zone), Some(instant)) => Some(zone.to_local(instant)),
                (Moment::Time(local, _), None) => Some(extra.local().date().and_time(local.time())),
                (Moment::Day(_), _) => Some(extra.local().date().and_time(NaiveTime::MIN)),
            });
        }
        for local in starts {
            let moment = start.at(local);
            if without.has(&moment) {
                continue;
            }
            let instance =
                moment.key().and_then(|key| self.event(format!("{id}#{key}"), master, &moment, length, None));
            events.extend(instance.map(|instance| RemoteEvent { series: Some(id.to_owned()), ..instance }));
        }
    }

    fn recurrences(
        &self,
        master: &Component,
        start: &Moment,
        length: TimeDelta,
        budget: &mut Budget,
    ) -> Vec<NaiveDateTime> {
        let first = start.local();
        let Some(rule) = master.line("RRULE").and_then(|line| Rule::parse(line.value())) else { return vec![first] };
        // A day more on each side than the window, in clock time; what is too much falls to `event`.
        let from = self.window.start.checked_sub_signed(length).unwrap_or(DateTime::<Utc>::MIN_UTC);
        let (to_local, zone): (Box<dyn Fn(NaiveDateTime) -> NaiveDateTime>, &Zone) = match start {
            Moment::Day(_) => (Box::new(|utc| utc), &self.zone),
            Moment::Time(_, zone) => (Box::new(|utc| zone.to_local(utc.and_utc())), zone),
        };
        let day = TimeDelta::days(1);
        let local = |instant| zone.to_local(instant);
        let range = local(from).checked_sub_signed(day).unwrap_or(NaiveDateTime::MIN)
            ..=local(self.window.end).checked_add_signed(day).unwrap_or(NaiveDateTime::MAX);
        rule.starts(first, rule.until(to_local), &range, budget)
    }

    fn moment(&self, line: &Line, zones: &mut ObjectZones<'_>) -> Option<Moment> {
        self.moment_of(line.value(), line.param("TZID"), zones)
    }

    fn moment_of(&self, value: &str, zone: Option<&str>, zones: &mut ObjectZones<'_>) -> Option<Moment> {
        Some(match Stamp::parse(value)? {
            Stamp::Date(day) => Moment::Day(day),
            Stamp::Utc(time) => Moment::Time(time, Zone::utc()),
            Stamp::Local(time) => Moment::Time(time, zone.and_then(|id| zones.get(id)).unwrap_or(&self.zone).clone()),
        })
    }

    /// The values of EXDATE or RDATE; of a PERIOD its start.
    fn moments(&self, event: &Component, name: &str, zones: &mut ObjectZones<'_>) -> Vec<Moment> {
        let mut moments = Vec::new();
        for line in event.all(name) {
            let starts = line.value().split(',').map(|value| value.split('/').next().unwrap_or(value));
            moments.extend(starts.filter_map(|value| self.moment_of(value, line.param("TZID"), zones)));
        }
        moments
    }

    /// How long each instance is; of whole days one at least.
    fn length(&self, event: &Component, start: &Moment, zones: &mut ObjectZones<'_>) -> TimeDelta {
        let end = event.line("DTEND").and_then(|line| self.moment(line, zones));
        let told = end.map(|end| match (start.instant(), end.instant()) {
            (Some(start), Some(end)) => end - start,
            _ => end.local() - start.local(),
        });
        let length = told.or_else(|| duration(event.value("DURATION"))).unwrap_or_default();
        match start {
            Moment::Day(_) => TimeDelta::days(length.num_days().max(1)),
            Moment::Time(..) => length.max(TimeDelta::zero()),
        }
    }

    /// One instance, if it takes place and touches the window.
    fn event(
        &self,
        id: String,
        event: &Component,
        start: &Moment,
        length: TimeDelta,
        booking: Option<BookingId>,
    ) -> Option<RemoteEvent> {
        if event.value("STATUS").eq_ignore_ascii_case("CANCELLED") {
            return None;
        }
        let (when, during) = match start {
            Moment::Day(first) => {
                let after = first.checked_add_days(Days::new(u64::try_from(length.num_days()).ok()?))?;
                let midnight = |day: NaiveDate| self.zone.to_utc(day.and_time(NaiveTime::MIN));
                let during = midnight(*first)?..midnight(after)?;
                (When::AllDay { first: *first, after, timezone: self.timezone.clone() }, during)
            }
            Moment::Time(..) => {
                let start = start.instant()?;
                let during = start..start.checked_add_signed(length)?;
                (When::Timed(during.clone()), during)
            }
        };
        let empty_inside = during.is_empty() && self.window.contains(&during.start);
        let touches = during.start < self.window.end && during.end > self.window.start;
        let free = event.value("TRANSP").eq_ignore_ascii_case("TRANSPARENT") || self.declined(event);
        let revision = Revision::parse(event.value(REVISION));
        let original = booking.is_some() && booking_by_uid(event) == booking;
        (touches || empty_inside).then_some(RemoteEvent {
            id,
            when,
            busy: !free,
            booking,
            revision,
            original,
            recurring: false,
            series: None,
        })
    }

    fn declined(&self, event: &Component) -> bool {
        event.all("ATTENDEE").any(|attendee| {
            attendee.param("PARTSTAT").is_some_and(|status| status.eq_ignore_ascii_case("DECLINED"))
                && self.mine.contains(&plain_address(attendee.value()))
        })
    }
}

/// A calendar user address in lower case, without `mailto:`.
pub(super) fn plain_address(address: &str) -> String {
    let address = address.trim().to_lowercase();
    address.strip_prefix("mailto:").unwrap_or(&address).to_owned()
}

/// The booking that an event was written for.
pub(super) fn booking_of(event: &Component) -> Option<BookingId> {
    event.value(MARK).parse().ok().or_else(|| booking_by_uid(event))
}

/// The booking whose UID the event has. A copy has another one.
fn booking_by_uid(event: &Component) -> Option<BookingId> {
    event.value("UID").strip_suffix(UID_SUFFIX)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn instant(text: &str) -> DateTime<Utc> {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap().and_utc()
    }

    fn reader(from: &str, to: &str, zone: &str) -> Reader {
        Reader {
            window: instant(from)..instant(to),
            timezone: Some(zone.to_owned()),
            zone: Zone::named(&Zones::compiled_in(), zone).unwrap(),
            zones: Zones::compiled_in(),
            mine: vec!["me@example.org".to_owned()],
        }
    }

    fn year() -> Reader {
        reader("2026-01-01T00:00", "2027-01-01T00:00", "Asia/Seoul")
    }

    fn object(lines: &str) -> (String, String) {
        ("a.ics".to_owned(), format!("BEGIN:VCALENDAR\n{}\nEND:VCALENDAR", lines.replace(' ', "\n")))
    }

    /// Each event in one line, in order of time.
    fn read(reader: &Reader, lines: &str) -> Vec<String> {
        let mut events = reader.events([object(lines)]).unwrap();
        events.sort_by_key(|event| format!("{:?}", event.when));
        let line = |event: &RemoteEvent| {
            let when = match &event.when {
                When::Timed(during) => {
                    format!("{} {}m", during.start.format("%m-%dT%H:%M"), (during.end - during.start).num_minutes())
                }
                When::AllDay { first, after, .. } => format!("{first} {after}"),
            };
            format!("{when}{}", if event.busy { "" } else { " free" })
        };
        events.iter().map(line).collect()
    }

    #[test]
    fn a_weekly_series_keeps_its_clock_time_over_a_change() {
        let events = read(
            &year(),
            "BEGIN:VEVENT UID:1 DTSTART;TZID=Europe/Berlin:20261015T090000 DTEND;TZID=Europe/Berlin:20261015T093000 \
             RRULE:FREQ=WEEKLY;UNTIL=20261112T080000Z EXDATE;TZID=Europe/Berlin:20261022T090000 END:VEVENT \
             BEGIN:VEVENT UID:1 RECURRENCE-ID:20261105T080000Z DTSTART:20261106T120000Z DURATION:PT1H END:VEVENT",
        );
        assert_eq!(events, ["10-15T07:00 30m", "10-29T08:00 30m", "11-06T12:00 60m", "11-12T08:00 30m"]);
    }

    #[test]
    fn whole_days_and_floating_times_are_of_the_calendars_zone() {
        assert_eq!(
            read(&year(), "BEGIN:VEVENT UID:1 DTSTART:20260302T090000 DURATION:PT1H END:VEVENT"),
            ["03-02T00:00 60m"]
        );
        assert_eq!(
            read(&year(), "BEGIN:VEVENT UID:1 DTSTART;VALUE=DATE:20260302 END:VEVENT"),
            ["2026-03-02 2026-03-03"]
        );
        let series = "BEGIN:VEVENT UID:1 DTSTART;VALUE=DATE:20260302 DTEND;VALUE=DATE:20260304 \
            RRULE:FREQ=YEARLY;COUNT=3 EXDATE;VALUE=DATE:20270302 END:VEVENT";
        let three_years = reader("2026-01-01T00:00", "2029-01-01T00:00", "Asia/Seoul");
        assert_eq!(read(&three_years, series), ["2026-03-02 2026-03-04", "2028-03-02 2028-03-04"]);
        // Midnight in Seoul is three in the afternoon.
        let day =
            |from, to| read(&reader(from, to, "Asia/Seoul"), "BEGIN:VEVENT UID:1 DTSTART:20260302 END:VEVENT").len();
        assert_eq!(day("2026-03-01T14:00", "2026-03-01T15:00"), 0);
        assert_eq!(day("2026-03-01T14:00", "2026-03-01T15:01"), 1);
        assert_eq!(day("2026-03-02T15:00", "2026-03-02T16:00"), 0);
    }

    #[test]
    fn busy_or_not() {
        let one = |lines: &str| {
            read(&year(), &format!("BEGIN:VEVENT UID:1 DTSTART:20260302T090000Z DURATION:PT1H {lines} END:VEVENT"))
        };
        let (busy, free) = ("03-02T09:00 60m", "03-02T09:00 60m free");
        assert_eq!(one("TRANSP:TRANSPARENT"), [free]);
        assert_eq!(one("TRANSP:OPAQUE"), [busy]);
        assert_eq!(one("STATUS:CANCELLED"), [""; 0]);
        assert_eq!(one("STATUS:TENTATIVE"), [busy]);
        assert_eq!(one("ATTENDEE;PARTSTAT=DECLINED:mailto:Me@Example.org"), [free]);
        assert_eq!(one("ATTENDEE;PARTSTAT=DECLINED:mailto:you@example.org"), [busy]);
        assert_eq!(one("ATTENDEE;PARTSTAT=ACCEPTED:mailto:me@example.org"), [busy]);
    }

    #[test]
    fn a_cancelled_instance_is_gone() {
        let events = read(
            &year(),
            "BEGIN:VEVENT UID:1 DTSTART:20260302T090000Z DURATION:PT1H RRULE:FREQ=DAILY;COUNT=3 END:VEVENT \
             BEGIN:VEVENT UID:1 RECURRENCE-ID:20260303T090000Z DTSTART:20260303T090000Z STATUS:CANCELLED END:VEVENT",
        );
        assert_eq!(events, ["03-02T09:00 60m", "03-04T09:00 60m"]);
    }

    #[test]
    fn extra_dates_and_those_without_a_rule() {
        let events = read(
            &year(),
            "BEGIN:VEVENT UID:1 DTSTART:20260302T090000Z DURATION:PT1H \
             RDATE:20260305T100000Z,20260305T100000Z RDATE;VALUE=PERIOD:20260306T100000Z/PT2H END:VEVENT",
        );
        // Without a rule the first instance stands by itself.
        assert_eq!(events, ["03-02T09:00 60m", "03-05T10:00 60m", "03-06T10:00 60m"]);
    }

    #[test]
    fn ours_is_known_by_its_mark_and_only_once() {
        let id = "0193a5f0-0000-7000-8000-000000000001";
        let marked = |lines: String| year().events([object(&lines)]).unwrap();
        let events = marked(format!(
            "BEGIN:VEVENT UID:{id}@yaksok DTSTART:20260302T090000Z RRULE:FREQ=DAILY;COUNT=3 END:VEVENT"
        ));
        let ours: Vec<_> = events.iter().filter(|event| event.booking.is_some()).collect();
        assert_eq!((events.len(), ours.len(), ours[0].id.as_str()), (3, 1, "a.ics"));
        let copied =
            marked(format!("BEGIN:VEVENT UID:other X-YAKSOK-BOOKING:{id} DTSTART:20260302T090000Z END:VEVENT"));
        assert_eq!(copied[0].booking, id.parse().ok());
        assert_eq!(
            marked("BEGIN:VEVENT UID:no-uuid@yaksok DTSTART:20260302T090000Z END:VEVENT".into())[0].booking,
            None
        );
    }

    #[test]
    fn hostile_series_are_capped() {
        for rule in [
            "FREQ=SECONDLY",
            "FREQ=SECONDLY;COUNT=4000000000",
            "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=YEARLY;BYDAY=MO;BYSETPOS=366",
            "FREQ=DAILY;COUNT=4000000000;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=MINUTELY;INTERVAL=4294967295",
        ] {
            let series =
                format!("BEGIN:VEVENT UID:1 DTSTART:19700101T000000Z DTEND:99991231T000000Z RRULE:{rule} END:VEVENT");
            assert!(read(&year(), &series).len() <= 5_000, "{rule}");
        }
        let all: Vec<String> = (0..24).map(|n| n.to_string()).collect();
        let sixty: Vec<String> = (0..60).map(|n| n.to_string()).collect();
        let dense = format!(
            "BEGIN:VEVENT UID:1 DTSTART:19700101T000000Z RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR={};BYMINUTE={1};BYSECOND={1} END:VEVENT",
            all.join(","),
            sixty.join(",")
        );
        assert!(read(&year(), &dense).len() <= 5_000);
        let many = (0..200).map(|n| {
            (
                format!("{n}"),
                object("BEGIN:VEVENT UID:1 DTSTART:19700101T000000Z RRULE:FREQ=SECONDLY;COUNT=4000000000 END:VEVENT").1,
            )
        });
        assert!(matches!(year().events(many), Err(RemoteError::Refused(_))));
    }

    #[test]
    fn a_line_of_a_million_bytes() {
        let long = "x".repeat(1_000_000);
        let text = format!("BEGIN:VEVENT UID:1 DTSTART:20260302T090000Z DESCRIPTION:{long} X-{long};{long} END:VEVENT");
        assert_eq!(read(&year(), &text).len(), 1);
    }

    /// Values that are nearly right reach further than noise does.
    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9]{8}(T[0-9]{6}Z?)?",
            "(0000|1900|2026|9999)(01|02|12|13)(00|01|29|31)T(00|02|24)(00|30)(00|60)Z?",
            "-?P[0-9]{1,20}[WDHMS](T[0-9]{1,3}[HMS])?",
            "FREQ=(SECONDLY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY)(;(INTERVAL|COUNT|BYMONTHDAY|BYYEARDAY|BYSETPOS|BYWEEKNO|BYHOUR)=-?[0-9]{1,10}){0,3}",
            "FREQ=(WEEKLY|MONTHLY|YEARLY);BYDAY=-?[0-9]{0,3}(MO|SU)(,TU)?;WKST=(MO|SU);UNTIL=[0-9]{8}(T[0-9]{6}Z)?",
            "[+-][0-9]{4}",
            "\\PC{0,20}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn nothing_panics_on_noise(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let _ = year().events([("a".to_owned(), text.clone()), object(&format!("BEGIN:VEVENT {text}"))]);
        }

        #[test]
        fn nothing_panics_on_what_is_nearly_right(
            lines in prop::collection::vec(
                (
                    prop::sample::select(vec![
                        "DTSTART", "DTSTART;TZID=Europe/Berlin", "DTSTART;TZID=Own", "DTEND", "DTEND;VALUE=DATE", "DURATION",
                        "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "TZOFFSETFROM", "TZOFFSETTO", "END", "BEGIN",
                    ]),
                    value(),
                ),
                0..12,
            )
        ) {
            let body: String = lines.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
            let text = format!("BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Own\nBEGIN:STANDARD\n{body}END:STANDARD\n\
                END:VTIMEZONE\nBEGIN:VEVENT\nDTSTART:20260101T000000\n{body}END:VEVENT\nBEGIN:VEVENT\n{body}");
            let window = year().window;
            for event in year().events([("a".to_owned(), text)]).unwrap_or_default() {
                if let When::Timed(during) = event.when {
                    prop_assert!(during.start <= during.end && during.start < window.end && during.end >= window.start);
                }
            }
        }
    }
}
