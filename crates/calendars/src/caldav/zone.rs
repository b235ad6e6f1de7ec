//! The zones that a calendar's times are in: by IANA name, by Windows name, or as the calendar itself describes them.

use super::ical::{Component, Stamp, offset};
use super::recur::{Budget, Rule};
use crate::windows_zones::of_windows;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use std::collections::HashMap;
use std::ops::Range;
use zones::Zones;

/// Rules that turn clock time into instants and back.
#[derive(Clone, Debug)]
pub(crate) enum Zone {
    /// Of the IANA database.
    Iana(zones::Zone),
    /// Of a VTIMEZONE.
    Own {
        /// Seconds east of UTC, before the first change.
        before: i32,
        /// From this clock time on, so many seconds east. In order.
        changes: Vec<(NaiveDateTime, i32)>,
    },
}

impl Zone {
    pub(super) fn utc() -> Self {
        Self::Iana(zones::Zone::utc())
    }

    /// The zone that a TZID names: an IANA name, perhaps behind a prefix of the program that wrote it, or a Windows name.
    pub(crate) fn named(zones: &Zones, id: &str) -> Option<Self> {
        if let Some(zone) = of_windows(id) {
            return zones.find(zone).map(Self::Iana);
        }
        // As in `/freeassociation.sourceforge.net/America/Argentina/Salta`.
        let tails = std::iter::once(id).chain(id.match_indices('/').map(|(at, _)| &id[at + 1..]));
        tails.take(8).find_map(|name| zones.find(name)).map(Self::Iana)
    }

    /// The IANA name, where it has one.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Iana(zone) => zone.name(),
            Self::Own { .. } => None,
        }
    }

    /// The instant of a clock time. A time that comes twice is the first of the two; one that is skipped counts on with
    /// the offset before (RFC 5545, section 3.3.5). `None` outside the years that can be told.
    pub(crate) fn to_utc(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        match self {
            Self::Iana(zone) => zone.to_utc(local),
            Self::Own { before, changes } => {
                let after = |at: usize| at.checked_sub(1).map_or(*before, |at| changes[at].1);
                let at = changes.partition_point(|(from, _)| *from <= local);
                let skipped = at
                    .checked_sub(1)
                    .is_some_and(|last| local - changes[last].0 < TimeDelta::seconds((after(at) - after(last)).into()));
                let offset = after(if skipped { at - 1 } else { at });
                Some(local.checked_sub_signed(TimeDelta::seconds(offset.into()))?.and_utc())
            }
        }
    }

    /// The clock time of an instant.
    pub(super) fn to_local(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        let offset = match self {
            Self::Iana(zone) => return zone.to_local(instant),
            Self::Own { before, changes } => {
                // A change is told in the clock time before it, which the offset before it makes an instant.
                let offsets = std::iter::once(*before).chain(changes.iter().map(|(_, offset)| *offset));
                let passed = changes.iter().zip(offsets).take_while(|((from, _), offset)| {
                    instant.naive_utc() >= *from - TimeDelta::seconds((*offset).into())
                });
                passed.last().map_or(*before, |((_, offset), _)| *offset)
            }
        };
        instant.naive_utc().checked_add_signed(TimeDelta::seconds(offset.into())).unwrap_or(instant.naive_utc())
    }

    /// The zone that a VTIMEZONE describes, for times in and near `window`.
    fn described(description: &Component, window: &Range<DateTime<Utc>>, budget: &mut Budget) -> Option<Self> {
        let near = (window.start.naive_utc() - TimeDelta::days(800))..=(window.end.naive_utc() + TimeDelta::days(400));
        let mut changes = Vec::new();
        let mut before = None;
        for part in &description.children {
            let (Some(from), Some(to)) = (offset(part.value("TZOFFSETFROM")), offset(part.value("TZOFFSETTO"))) else {
                continue;
            };
            let Some(Stamp::Local(first)) = Stamp::parse(part.value("DTSTART")) else { continue };
            changes.push((first, to));
            if before.is_none_or(|(earliest, _)| first < earliest) {
                before = Some((first, from));
            }
            if let Some(rule) = part.line("RRULE").and_then(|line| Rule::parse(line.value())) {
                let until = rule.until(|utc| utc + TimeDelta::seconds(from.into()));
                changes.extend(rule.starts(first, until, &near, budget).into_iter().map(|start| (start, to)));
            }
            let dates = part.all("RDATE").flat_map(|line| line.value().split(','));
            changes.extend(dates.filter_map(|date| match Stamp::parse(date) {
                Some(Stamp::Local(start)) => Some((start, to)),
                _ => None,
            }));
        }
        changes.sort_unstable();
        changes.dedup();
        before.map(|(_, before)| Self::Own { before, changes })
    }
}

/// The zones of one calendar object.
pub(super) struct ObjectZones<'a> {
    zones: &'a Zones,
    known: HashMap<String, Zone>,
}

impl<'a> ObjectZones<'a> {
    /// Those that `calendar` describes, for times in and near `window`; the IANA database is believed before it, since the
    /// description is as old as the event.
    pub(super) fn of(
        zones: &'a Zones,
        calendar: &Component,
        window: &Range<DateTime<Utc>>,
        budget: &mut Budget,
    ) -> Self {
        let mut known = HashMap::new();
        for description in calendar.children.iter().filter(|child| child.name == "VTIMEZONE") {
            let id = description.value("TZID");
            let zone = Zone::named(zones, id)
                .or_else(|| Zone::named(zones, description.value("X-LIC-LOCATION")))
                .or_else(|| Zone::described(description, window, budget));
            known.extend(zone.map(|zone| (id.to_owned(), zone)));
        }
        Self { zones, known }
    }

    /// The zone of a TZID parameter.
    pub(super) fn get(&mut self, id: &str) -> Option<&Zone> {
        if !self.known.contains_key(id) {
            self.known.insert(id.to_owned(), Zone::named(self.zones, id)?);
        }
        self.known.get(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap()
    }

    #[test]
    fn names_of_many_kinds() {
        let name = |id: &str| Zone::named(&Zones::compiled_in(), id).and_then(|zone| zone.name().map(str::to_owned));
        assert_eq!(name("Asia/Seoul").as_deref(), Some("Asia/Seoul"));
        assert_eq!(name("W. Europe Standard Time").as_deref(), Some("Europe/Berlin"));
        assert_eq!(
            name("/freeassociation.sourceforge.net/America/Argentina/Salta").as_deref(),
            Some("America/Argentina/Salta")
        );
        assert_eq!(name("/mozilla.org/20050126_1/Europe/Paris").as_deref(), Some("Europe/Paris"));
        assert_eq!(name("Customized Time Zone"), None);
    }

    #[test]
    fn times_that_come_twice_or_never() {
        let berlin = Zone::named(&Zones::compiled_in(), "Europe/Berlin").unwrap();
        assert_eq!(berlin.to_utc(local("2026-10-25T02:30")).unwrap().naive_utc(), local("2026-10-25T00:30"));
        assert_eq!(berlin.to_utc(local("2026-03-29T02:30")).unwrap().naive_utc(), local("2026-03-29T01:30"));
        assert_eq!(berlin.to_local(local("2026-03-29T01:30").and_utc()), local("2026-03-29T03:30"));
    }

    #[test]
    fn a_description_agrees_with_the_database() {
        let text = "BEGIN:VTIMEZONE\nTZID:Mine\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\n\
            TZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nBEGIN:DAYLIGHT\n\
            DTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\n\
            END:DAYLIGHT\nEND:VTIMEZONE";
        let description = Component::parse(text).unwrap();
        let window = local("2026-01-01T00:00").and_utc()..local("2027-01-01T00:00").and_utc();
        let own = Zone::described(&description, &window, &mut Budget::new(100_000)).unwrap();
        let berlin = Zone::named(&Zones::compiled_in(), "Europe/Berlin").unwrap();
        for hour in 0..365 * 24 {
            let instant = window.start + TimeDelta::hours(hour);
            let at = berlin.to_local(instant);
            assert_eq!(own.to_local(instant), at);
            assert_eq!(own.to_utc(at), berlin.to_utc(at), "{at}");
        }
        let never = local("2026-03-29T02:30");
        assert_eq!(own.to_utc(never), berlin.to_utc(never));
    }
}
