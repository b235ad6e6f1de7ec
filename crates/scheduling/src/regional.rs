//! How clock times and weeks are written where a person lives.
//!
//! The tables are CLDR 48.2 (`supplemental/timeData`, `weekData` and `likelySubtags` of the npm package `cldr-core`,
//! licence Unicode-3.0), reduced to what differs from the world's most common habit: 24 hours, and weeks that begin on Monday.

use serde::{Deserialize, Serialize};

/// How hours are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ClockFormat {
    /// 1 to 12, twice a day: `1:30 PM`, `오후 1:30`.
    #[default]
    #[serde(rename = "12h")]
    Twelve,
    /// 0 to 23: `13:30`.
    #[serde(rename = "24h")]
    TwentyFour,
}

impl ClockFormat {
    /// Both, in the order of the switch.
    pub const ALL: [Self; 2] = [Self::Twelve, Self::TwentyFour];

    /// As it stands in addresses, cookies and the API: `12h` or `24h`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Twelve => "12h",
            Self::TwentyFour => "24h",
        }
    }

    /// The format of a tag. Links of earlier releases say `12` and `24`.
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag {
            "12h" | "12" => Some(Self::Twelve),
            "24h" | "24" => Some(Self::TwentyFour),
            _ => None,
        }
    }
}

/// What clock times and calendars look like in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionalFormat {
    /// How hours are counted.
    pub clock: ClockFormat,
    /// The first day of a week: 0 (Sunday) to 6 (Saturday).
    pub week_start: u8,
}

impl Default for RegionalFormat {
    /// As in the United States and in Korea.
    fn default() -> Self {
        Self { clock: ClockFormat::Twelve, week_start: 0 }
    }
}

impl RegionalFormat {
    /// The habits of the region that an `Accept-Language` header (RFC 9110, 12.5.4) prefers; the default where it names none.
    ///
    /// The tag with the highest quality decides, also where the page is in another language: a person who reads German and
    /// gets an English page still counts 24 hours. A tag without a region stands for the region where most of its
    /// speakers live.
    ///
    /// ```
    /// use scheduling::{ClockFormat, RegionalFormat};
    /// let british = RegionalFormat::negotiate("en-GB,en;q=0.9");
    /// assert_eq!((british.clock, british.week_start), (ClockFormat::TwentyFour, 1));
    /// assert_eq!(RegionalFormat::negotiate("ko").clock, ClockFormat::Twelve);
    /// ```
    pub fn negotiate(header: &str) -> Self {
        Self::preferred(header).unwrap_or_default()
    }

    /// As [`negotiate`](Self::negotiate); `None` where the header names no language, as that of many programs (`*`).
    pub fn preferred(header: &str) -> Option<Self> {
        let mut best: Option<(f32, &str)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().filter(|tag| tag.starts_with(|first: char| first.is_ascii_alphabetic()));
            let quality = parts.find_map(|p| p.strip_prefix("q=")).map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
            if let Some(tag) = tag.filter(|_| quality > 0.0 && best.is_none_or(|(most, _)| quality > most)) {
                best = Some((quality, tag));
            }
        }
        best.map(|(_, tag)| Self::of_tag(tag))
    }

    /// The habits of a BCP 47 tag's region: `en-GB`, `zh-Hant-TW`, `de`.
    pub fn of_tag(tag: &str) -> Self {
        let mut subtags = tag.split('-');
        let language = subtags.next().unwrap_or_default().to_ascii_lowercase();
        let is_region = |subtag: &&str| subtag.len() == 2 && subtag.bytes().all(|byte| byte.is_ascii_alphabetic());
        // A single letter begins an extension, whose parts are no regions.
        let region = subtags.take_while(|subtag| subtag.len() > 1).find(is_region).map(str::to_ascii_uppercase);
        let likely = || LIKELY_REGIONS.iter().find(|(of, _)| *of == language).map(|(_, region)| (*region).to_owned());
        let region = region.or_else(likely).unwrap_or_default();
        let within = |regions: &[&str]| regions.contains(&region.as_str());
        // French Canada is the one place whose languages differ in this and that browsers name often.
        let twelve = within(TWELVE_HOUR_REGIONS) && !(language == "fr" && region == "CA");
        Self {
            clock: if twelve { ClockFormat::Twelve } else { ClockFormat::TwentyFour },
            week_start: match () {
                () if within(SUNDAY_REGIONS) => 0,
                () if within(SATURDAY_REGIONS) => 6,
                () if region == "MV" => 5,
                () => 1,
            },
        }
    }
}

/// Where hours are counted to twelve, as `_preferred` says.
const TWELVE_HOUR_REGIONS: &[&str] = &[
    "AE", "AG", "AL", "AR", "AS", "AU", "BB", "BD", "BH", "BM", "BN", "BO", "BS", "BT", "CA", "CL", "CO", "CR", "CU",
    "CY", "DJ", "DM", "DO", "DZ", "EC", "EG", "EH", "ER", "ET", "FJ", "FM", "GD", "GH", "GM", "GR", "GT", "GU", "GY",
    "HK", "HN", "IN", "IQ", "JM", "JO", "KH", "KI", "KN", "KP", "KR", "KW", "KY", "LB", "LC", "LR", "LS", "LY", "MH",
    "MO", "MP", "MR", "MW", "MX", "MY", "NA", "NI", "NZ", "OM", "PA", "PE", "PG", "PH", "PK", "PR", "PS", "PW", "PY",
    "QA", "SA", "SB", "SD", "SG", "SL", "SO", "SS", "SV", "SY", "SZ", "TC", "TD", "TN", "TO", "TT", "TW", "UM", "US",
    "UY", "VC", "VE", "VG", "VI", "VU", "WS", "YE", "ZM",
];
/// Where weeks begin on Sunday.
const SUNDAY_REGIONS: &[&str] = &[
    "AG", "AS", "BD", "BR", "BS", "BT", "BW", "BZ", "CA", "CO", "DM", "DO", "ET", "GT", "GU", "HK", "HN", "ID", "IL",
    "IN", "IS", "JM", "JP", "KE", "KH", "KR", "LA", "MH", "MM", "MO", "MT", "MX", "MZ", "NI", "NP", "PA", "PE", "PH",
    "PK", "PR", "PT", "PY", "SA", "SG", "SV", "TH", "TT", "TW", "UM", "US", "VE", "VI", "WS", "YE", "ZA", "ZW",
];
/// Where weeks begin on Saturday.
const SATURDAY_REGIONS: &[&str] = &["AF", "BH", "DJ", "DZ", "EG", "IQ", "IR", "JO", "KW", "LY", "OM", "QA", "SD", "SY"];
/// The regions of languages that are named without one, as far as their habits are in the tables above.
const LIKELY_REGIONS: &[(&str, &str)] = &[
    ("aa", "ET"),
    ("ae", "IR"),
    ("af", "ZA"),
    ("ak", "GH"),
    ("am", "ET"),
    ("ar", "EG"),
    ("as", "IN"),
    ("ay", "BO"),
    ("bi", "VU"),
    ("bn", "BD"),
    ("ch", "GU"),
    ("cr", "CA"),
    ("dv", "MV"),
    ("dz", "BT"),
    ("ee", "GH"),
    ("el", "GR"),
    ("en", "US"),
    ("fa", "IR"),
    ("fil", "PH"),
    ("fj", "FJ"),
    ("gn", "PY"),
    ("gu", "IN"),
    ("he", "IL"),
    ("hi", "IN"),
    ("ho", "PG"),
    ("hz", "NA"),
    ("id", "ID"),
    ("ik", "US"),
    ("in", "ID"),
    ("is", "IS"),
    ("iu", "CA"),
    ("iw", "IL"),
    ("ja", "JP"),
    ("jv", "ID"),
    ("jw", "ID"),
    ("ki", "KE"),
    ("kj", "NA"),
    ("km", "KH"),
    ("kn", "IN"),
    ("ko", "KR"),
    ("ks", "IN"),
    ("lo", "LA"),
    ("mh", "MH"),
    ("mi", "NZ"),
    ("ml", "IN"),
    ("mr", "IN"),
    ("ms", "MY"),
    ("mt", "MT"),
    ("my", "MM"),
    ("nd", "ZW"),
    ("ne", "NP"),
    ("ng", "NA"),
    ("nr", "ZA"),
    ("nv", "US"),
    ("ny", "MW"),
    ("oj", "CA"),
    ("om", "ET"),
    ("or", "IN"),
    ("pa", "IN"),
    ("ps", "AF"),
    ("pt", "BR"),
    ("qu", "PE"),
    ("sa", "IN"),
    ("sd", "PK"),
    ("sm", "WS"),
    ("sn", "ZW"),
    ("so", "SO"),
    ("sq", "AL"),
    ("ss", "ZA"),
    ("st", "ZA"),
    ("su", "ID"),
    ("ta", "IN"),
    ("te", "IN"),
    ("th", "TH"),
    ("ti", "ET"),
    ("tl", "PH"),
    ("tn", "ZA"),
    ("to", "TO"),
    ("ts", "ZA"),
    ("ur", "PK"),
    ("ve", "ZA"),
    ("xh", "ZA"),
    ("zu", "ZA"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use ClockFormat::{Twelve, TwentyFour};

    #[test]
    fn habits_follow_the_preferred_region() {
        let cases = [
            ("", Twelve, 0),
            ("*", Twelve, 0),
            ("en", Twelve, 0),
            ("en-US,en;q=0.9", Twelve, 0),
            ("en-GB", TwentyFour, 1),
            ("en-AU", Twelve, 1),
            ("en-IN,hi;q=0.5", Twelve, 0),
            ("ko-KR,ko;q=0.9,en-US;q=0.8", Twelve, 0),
            ("ko", Twelve, 0),
            ("de", TwentyFour, 1),
            ("de-AT", TwentyFour, 1),
            ("fr;q=0.4, de-CH;q=0.9, en-US;q=0.5", TwentyFour, 1),
            ("ja", TwentyFour, 0),
            ("zh-Hant-TW", Twelve, 0),
            ("zh-CN", TwentyFour, 1),
            ("pt-BR", TwentyFour, 0),
            ("ar", Twelve, 6),
            ("fr-CA", TwentyFour, 0),
            ("en-CA", Twelve, 0),
            ("dv", TwentyFour, 5),
            ("en-us-u-hc-h23", Twelve, 0),
            ("de;q=0, en-US;q=0.1", Twelve, 0),
            ("xx-ZZ", TwentyFour, 1),
        ];
        for (header, clock, week_start) in cases {
            assert_eq!(RegionalFormat::negotiate(header), RegionalFormat { clock, week_start }, "{header}");
        }
    }

    #[test]
    fn programs_prefer_nothing() {
        for header in ["", "*", "*;q=0.5", "de;q=0"] {
            assert_eq!(RegionalFormat::preferred(header), None, "{header}");
        }
    }

    #[test]
    fn any_header_is_read() {
        for header in [",;q=,-,--", "é-É", "en-", "-US", "en;q=high", "a-b-c-d"] {
            RegionalFormat::negotiate(header);
        }
    }

    #[test]
    fn the_tables_are_sorted_and_name_regions_once() {
        for table in [TWELVE_HOUR_REGIONS, SUNDAY_REGIONS, SATURDAY_REGIONS] {
            assert!(table.is_sorted_by(|a, b| a < b));
        }
        assert!(LIKELY_REGIONS.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn tags_are_read_back() {
        for format in ClockFormat::ALL {
            assert_eq!(ClockFormat::from_tag(format.tag()), Some(format));
            assert_eq!(serde_json::to_value(format).ok().as_ref().and_then(|value| value.as_str()), Some(format.tag()));
        }
        assert_eq!(ClockFormat::from_tag("24"), Some(TwentyFour));
        assert_eq!(ClockFormat::from_tag("13"), None);
    }
}
