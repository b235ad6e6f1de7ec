//! Finding a zone by what people type: an offset, an abbreviation, a city, a country, a region or the name of a zone, in
//! English or Korean, with or without accents.
//!
//! `Etc/GMT+9` and its like are never found: their sign is the opposite of what people mean, `Etc/GMT+9` being UTC−9.

mod abbreviations;
mod offsets;
mod places;
mod text;

use crate::Zones;
use chrono::{DateTime, Utc};
use places::{Kind, Place, Places};
use scheduling::Language;
use std::cmp::Reverse;
use std::collections::HashSet;

/// As many as a person would read.
const MOST: usize = 12;
/// Longer queries are cut: no place has a longer name.
const LONGEST_QUERY: usize = 80;

/// Zones to begin with, where nothing is known about the person: of most people and regions, from west to east.
const USUAL: [&str; 14] = [
    "America/Los_Angeles",
    "America/Denver",
    "America/Chicago",
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Shanghai",
    "Asia/Seoul",
    "Asia/Tokyo",
    "Australia/Sydney",
];

/// A zone that was found, and how to show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// IANA name.
    pub zone: String,
    /// The place that was meant, in the language of the page: `Munich`, `뮌헨`.
    pub place: String,
    /// What tells it from others of its name: a country, or the name of the zone, such as `Eastern Time`. May be empty.
    pub detail: String,
    /// Seconds east of UTC at this moment.
    pub offset: i32,
}

/// How well a place answers the query; a lower one is better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    /// A name is what was typed.
    Whole,
    /// A name begins with it.
    Start,
    /// A later word of a name begins with it.
    Word,
    /// Every word that was typed begins a word of its names or its country's.
    Words,
}

/// The zones that `typed` may mean, the likeliest first; none where it means nothing. Of several places in one zone only
/// the likeliest is there. Equals are in order of population, but zones in `preferred` come before all other zones of one
/// offset or abbreviation.
///
/// ```
/// use scheduling::Language;
/// let now = "2026-11-29T00:00:00Z".parse().unwrap();
/// let found = zones::search::find(&zones::Zones::compiled_in(), "munchen", &[], Language::En, now);
/// assert_eq!((found[0].place.as_str(), found[0].detail.as_str()), ("Munich", "Germany"));
/// assert_eq!((found[0].zone.as_str(), found[0].offset), ("Europe/Berlin", 3600));
/// ```
pub fn find(zones: &Zones, typed: &str, preferred: &[&str], language: Language, now: DateTime<Utc>) -> Vec<Found> {
    let typed: String = typed.chars().take(LONGEST_QUERY).collect();
    let search = Search { zones, places: Places::get(), language, now };
    // A browser may say `Asia/Calcutta`.
    let preferred: Vec<&str> = preferred.iter().map(|zone| search.places.canonical(zone)).collect();
    let mut all = match offsets::parse(&typed) {
        Some(offset) => search.at_offset(offset, &preferred),
        None => {
            let query = text::fold(&typed);
            // Digits alone are in the names of districts, and mean none of them.
            if !query.contains(char::is_alphabetic) {
                return Vec::new();
            }
            let mut all = search.abbreviated(&query, &preferred);
            all.extend(search.named(&query));
            all
        }
    };
    let mut seen = HashSet::new();
    all.retain(|found| seen.insert(found.zone.clone()));
    all.truncate(MOST);
    all
}

/// Zones to offer before anything is typed: those in `known` first, then usual ones, each once.
pub fn suggest(zones: &Zones, known: &[&str], language: Language, now: DateTime<Utc>) -> Vec<Found> {
    let search = Search { zones, places: Places::get(), language, now };
    let mut seen = HashSet::new();
    let all = known.iter().copied().chain(USUAL).filter(|zone| zones.contains(zone));
    all.filter(|zone| seen.insert(search.places.canonical(zone))).filter_map(|zone| search.zone(zone)).collect()
}

/// The zone that was meant by what stands in a field: exactly this name, or the likeliest that [`find`] finds.
pub fn resolve(zones: &Zones, typed: &str, now: DateTime<Utc>) -> Option<String> {
    let typed = typed.trim();
    if zones.contains(typed) {
        return Some(typed.to_owned());
    }
    // One letter is no answer.
    typed.chars().nth(1)?;
    find(zones, typed, &[], Language::En, now).into_iter().next().map(|found| found.zone)
}

struct Search<'a> {
    zones: &'a Zones,
    places: &'static Places,
    language: Language,
    now: DateTime<Utc>,
}

impl Search<'_> {
    fn found(&self, zone: &str, place: &str, detail: &str) -> Option<Found> {
        let offset = self.zones.offset_at(zone, self.now)?;
        Some(Found { zone: zone.to_owned(), place: place.to_owned(), detail: detail.to_owned(), offset })
    }

    /// A zone by the city that it is named after.
    fn zone(&self, zone: &str) -> Option<Found> {
        match self.places.of_zone(zone) {
            Some(place) => self.found(zone, place.label(self.language), self.country(place.country)),
            None if zone == places::UTC => self.found(zone, zone, places::utc_name(self.language)),
            // Younger than the table.
            None => self.found(zone, &zone.rsplit('/').next()?.replace('_', " "), ""),
        }
    }

    fn country(&self, code: &str) -> &'static str {
        self.places.country(code).map_or("", |country| country.label(self.language))
    }

    /// A zone by its city, with what the zone is called: `New York`, `Eastern Time`.
    fn zone_by_name(&self, zone: &str) -> Option<Found> {
        let found = self.zone(zone)?;
        let name = self.places.all.iter().find(|place| place.kind == Kind::Name && place.zones.contains(&zone));
        Some(Found { detail: name.map_or(found.detail, |name| name.label(self.language).to_owned()), ..found })
    }

    /// Every zone whose clocks show this offset now.
    fn at_offset(&self, offset: i32, preferred: &[&str]) -> Vec<Found> {
        let mut zones: Vec<&str> = self.places.zones().collect();
        zones.sort_by_key(|zone| !preferred.contains(zone));
        // Without an offset it is UTC that is meant.
        let utc = (offset == 0).then_some(places::UTC);
        let at = |zone: &&str| self.zones.offset_at(zone, self.now) == Some(offset);
        utc.into_iter().chain(zones.into_iter().filter(at)).filter_map(|zone| self.zone(zone)).take(MOST).collect()
    }

    /// Every zone that has this abbreviation: by common use first, then by the database.
    fn abbreviated(&self, query: &str, preferred: &[&str]) -> Vec<Found> {
        if !(1..=5).contains(&query.len()) || !query.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Vec::new();
        }
        let abbreviation = query.to_ascii_uppercase();
        let (first, last) = abbreviations::meanings(&abbreviation);
        let of_data =
            self.places.zones().filter(|zone| self.zones.abbreviations(zone, self.now).contains(&abbreviation));
        let mut zones: Vec<&str> = first.iter().copied().chain(of_data).chain(last.iter().copied()).collect();
        zones.sort_by_key(|zone| !preferred.contains(zone));
        zones.into_iter().filter_map(|zone| self.zone_by_name(zone)).collect()
    }

    /// By the names of places, and the IANA names of zones.
    fn named(&self, query: &str) -> Vec<Found> {
        let mut matches: Vec<(Match, &Place)> =
            self.places.all.iter().filter_map(|place| Some((self.matches(place, query)?, place))).collect();
        // People think of places sooner than of the names of zones.
        matches.sort_by_key(|(how, place)| (*how, place.kind == Kind::Name, Reverse(place.weight())));
        let mut all = Vec::new();
        for (_, place) in matches {
            if all.len() > MOST * 4 {
                break;
            }
            for zone in place.zones.iter().filter(|zone| self.zones.contains(zone)) {
                all.extend(match place.kind {
                    Kind::Country => self.zone(zone),
                    Kind::Name => self.zone_by_name(zone),
                    Kind::Zone | Kind::City | Kind::Region => {
                        self.found(zone, place.label(self.language), self.country(place.country))
                    }
                });
            }
        }
        all.extend(self.young(query));
        all
    }

    fn matches(&self, place: &Place, query: &str) -> Option<Match> {
        place.matches(query).or_else(|| {
            let country = self.places.country(place.country)?;
            let begins = |word: &str| place.has_word(word) || country.has_word(word);
            let several = query.contains(' ') && query.split(' ').all(begins);
            // Otherwise every place of the country would be found by the country's name.
            (several && query.split(' ').any(|word| place.has_word(word))).then_some(Match::Words)
        })
    }

    /// Zones that the data in use has and the table has not, by their own name.
    fn young(&self, query: &str) -> Vec<Found> {
        let names = self.zones.names();
        let places = |name: &&String| places::is_place(name) && self.places.canonical(name) == name.as_str();
        names
            .iter()
            .filter(places)
            .filter(|name| self.places.of_zone(name).is_none())
            .filter(|name| text::fold(name).split(' ').any(|word| word.starts_with(query)))
            .filter_map(|name| self.zone(name))
            .collect()
    }
}
