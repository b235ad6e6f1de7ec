//! The table of places: see `data/README.md` for its sources and licences.

use super::{Match, text};
use scheduling::Language;
use std::collections::HashMap;
use std::sync::LazyLock;

pub(super) const UTC: &str = "UTC";

static PLACES: LazyLock<Places> = LazyLock::new(|| Places::read(include_str!("../../data/places.tsv")));

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Zone,
    Country,
    /// A part of a country.
    Region,
    /// What a zone is called: `Eastern Time`.
    Name,
    City,
}

/// A row of the table.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) kind: Kind,
    /// The most populous first.
    pub(super) zones: Vec<&'static str>,
    /// ISO 3166.
    pub(super) country: &'static str,
    population: u32,
    english: &'static str,
    korean: &'static str,
    /// All names, [folded](text::fold), each between two `|`.
    names: String,
}

impl Place {
    fn read(line: &'static str) -> Option<Self> {
        let mut cells = line.split('\t');
        let kind = match cells.next()? {
            "zone" => Kind::Zone,
            "country" => Kind::Country,
            "region" => Kind::Region,
            "name" => Kind::Name,
            "city" => Kind::City,
            _ => return None,
        };
        let zones: Vec<_> = cells.next()?.split(',').collect();
        let (country, population) = (cells.next()?, cells.next()?.parse().ok()?);
        let (english, korean, others) = (cells.next()?, cells.next()?, cells.next()?);
        // The IANA name itself is a name, too.
        let own = if kind == Kind::Zone { zones[0] } else { "" };
        let mut names = String::from("|");
        for name in [english, korean, own].into_iter().chain(others.split('|')) {
            let name = text::fold(name);
            if !name.is_empty() {
                names.extend([name.as_str(), "|"]);
            }
        }
        Some(Self { kind, zones, country, population, english, korean, names })
    }

    /// What to call it.
    pub(super) fn label(&self, language: Language) -> &'static str {
        match language {
            Language::Ko if !self.korean.is_empty() => self.korean,
            _ => self.english,
        }
    }

    /// What decides between places that match equally well. A part of a country has no population in the table; it is as
    /// large as a large city.
    pub(super) fn weight(&self) -> u32 {
        if self.kind == Kind::Region { 2_000_000 } else { self.population }
    }

    /// How well a folded query is met.
    pub(super) fn matches(&self, query: &str) -> Option<Match> {
        let mut best = None;
        for (at, _) in self.names.match_indices(query) {
            let before = self.names.as_bytes()[at - 1];
            let how = match before {
                b'|' if self.names.as_bytes()[at + query.len()] == b'|' => return Some(Match::Whole),
                b'|' => Match::Start,
                b' ' => Match::Word,
                _ => continue,
            };
            best = best.min(Some(how)).or(Some(how));
        }
        best
    }

    /// Whether a word of a name begins so.
    pub(super) fn has_word(&self, word: &str) -> bool {
        self.matches(word).is_some()
    }
}

/// The whole table.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) all: Vec<Place>,
    /// Of zones and links: where their row is.
    zones: HashMap<&'static str, usize>,
    countries: HashMap<&'static str, usize>,
    /// The most populous first.
    by_population: Vec<usize>,
}

impl Places {
    pub(super) fn get() -> &'static Self {
        &PLACES
    }

    fn read(table: &'static str) -> Self {
        let lines = table.lines().filter(|line| !line.starts_with('#'));
        let (mut all, mut zones, mut countries) = (Vec::new(), HashMap::new(), HashMap::new());
        for (line, place) in lines.filter_map(|line| Some((line, Place::read(line)?))) {
            let at = all.len();
            match place.kind {
                Kind::Zone => {
                    let links = line.rsplit('\t').next().unwrap_or_default().split('|');
                    zones.extend(links.chain([place.zones[0]]).map(|name| (name, at)));
                }
                Kind::Country => {
                    countries.insert(place.country, at);
                }
                _ => {}
            }
            all.push(place);
        }
        let mut by_population: Vec<_> = (0..all.len()).filter(|at| all[*at].kind == Kind::Zone).collect();
        by_population.sort_by_key(|at| std::cmp::Reverse(all[*at].population));
        Self { all, zones, countries, by_population }
    }

    /// Every zone, the most populous first.
    pub(super) fn zones(&self) -> impl Iterator<Item = &'static str> {
        self.by_population.iter().map(|at| self.all[*at].zones[0])
    }

    /// The row of a zone or of what a link leads to.
    pub(super) fn of_zone(&self, name: &str) -> Option<&Place> {
        Some(&self.all[*self.zones.get(name)?])
    }

    /// The zone that a link leads to; the name itself where that is not known.
    pub(super) fn canonical<'a>(&self, name: &'a str) -> &'a str {
        self.of_zone(name).map_or(name, |place| place.zones[0])
    }

    pub(super) fn country(&self, code: &str) -> Option<&Place> {
        Some(&self.all[*self.countries.get(code)?])
    }
}

/// Whether a name of the database is a place's: `Asia/Seoul`, not `Etc/GMT+9` or `EST`.
pub(super) fn is_place(name: &str) -> bool {
    const REGIONS: [&str; 10] =
        ["Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];
    name.split_once('/').is_some_and(|(region, _)| REGIONS.contains(&region))
}

pub(super) fn utc_name(language: Language) -> &'static str {
    match language {
        Language::En => "Coordinated Universal Time",
        Language::Ko => "협정 세계시",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_every_zone_is_known() {
        let places = Places::get();
        let rows = include_str!("../../data/places.tsv").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(places.all.len(), rows);
        let zones = crate::Zones::compiled_in();
        for place in &places.all {
            assert!(!place.english.is_empty(), "{place:?}");
            for zone in &place.zones {
                assert!(zones.contains(zone), "{zone}");
                assert!(places.of_zone(zone).is_some(), "{zone} has a row of its own");
            }
        }
        let without: Vec<_> =
            zones.names().into_iter().filter(|name| is_place(name) && places.of_zone(name).is_none()).collect();
        assert!(without.is_empty(), "run scripts/zone-places.py: {without:?}");
    }
}
