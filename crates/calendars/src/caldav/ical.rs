//! iCalendar (RFC 5545) as lines: enough to read events, and to change a few properties of one without touching the rest.
//!
//! Lines are kept as they came, so what a mentor or a program of theirs added to an event of ours survives our writing.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};

/// Calendars nest three deep at most; whoever nests deeper has something else in mind.
const MAX_DEPTH: usize = 8;
/// Octets of a line, without its end (section 3.1).
const MAX_LINE: usize = 75;

/// One content line, unfolded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Upper case.
    name: String,
    raw: String,
}

/// What lies between `BEGIN` and `END`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Component {
    /// Upper case.
    pub(super) name: String,
    pub(super) lines: Vec<Line>,
    pub(super) children: Vec<Component>,
}

/// The parts of `;NAME=value,"value";NAME=…:value`, where quotes hide what would separate.
fn split_unquoted(text: &str, separator: char) -> Option<(&str, &str)> {
    let mut quoted = false;
    let at = text.find(|c| {
        quoted ^= c == '"';
        c == separator && !quoted
    })?;
    Some((&text[..at], &text[at + separator.len_utf8()..]))
}

impl Line {
    /// A property of ours. `value` is in the form of the property's type.
    pub(super) fn new(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), raw: format!("{name}:{value}") }
    }

    fn parse(raw: String) -> Self {
        let end = raw.find([':', ';']).unwrap_or(raw.len());
        Self { name: raw[..end].trim().to_ascii_uppercase(), raw }
    }

    /// What stands after the colon; empty where there is none.
    pub(super) fn value(&self) -> &str {
        split_unquoted(&self.raw, ':').map_or("", |(_, value)| value.trim())
    }

    /// The value of a parameter, without quotes.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        let (head, _) = split_unquoted(&self.raw, ':')?;
        let (_, mut rest) = split_unquoted(head, ';')?;
        loop {
            let (param, after) = split_unquoted(rest, ';').unwrap_or((rest, ""));
            match param.split_once('=') {
                Some((key, value)) if key.trim().eq_ignore_ascii_case(name) => {
                    return Some(value.trim().trim_matches('"'));
                }
                _ if after.is_empty() => return None,
                _ => rest = after,
            }
        }
    }
}

impl Component {
    /// The first component of a text. Lines that are none are dropped, and components that do not end do so at the end.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut open: Vec<Self> = Vec::new();
        for line in unfolded(text) {
            let line = Line::parse(line);
            match line.name.as_str() {
                "BEGIN" if open.len() == MAX_DEPTH => return None,
                "BEGIN" => open.push(Self { name: line.value().to_ascii_uppercase(), ..Self::default() }),
                "END" => {
                    let done = open.pop()?;
                    match open.last_mut() {
                        Some(parent) => parent.children.push(done),
                        None => return Some(done),
                    }
                }
                _ => open.last_mut()?.lines.push(line),
            }
        }
        open.into_iter().rev().reduce(|child, mut parent| {
            parent.children.push(child);
            parent
        })
    }

    /// The first property of a name, which is in upper case.
    pub(super) fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.name == name)
    }

    /// The value of the first property of a name; empty where there is none.
    pub(super) fn value(&self, name: &str) -> &str {
        self.line(name).map_or("", Line::value)
    }

    /// All properties of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| line.name == name)
    }

    /// Takes away every property of a name.
    pub(super) fn remove(&mut self, name: &str) {
        self.lines.retain(|line| line.name != name);
    }

    /// Puts one property in the place of all of its name.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let at = self.lines.iter().position(|line| line.name == name).unwrap_or(self.lines.len());
        self.remove(name);
        self.lines.insert(at.min(self.lines.len()), Line::new(name, value));
    }

    /// The text, with CRLF and lines folded at 75 octets.
    pub(super) fn write(&self) -> String {
        let mut text = String::new();
        self.write_to(&mut text);
        text
    }

    fn write_to(&self, text: &mut String) {
        fold(text, &format!("BEGIN:{}", self.name));
        self.lines.iter().for_each(|line| fold(text, &line.raw));
        self.children.iter().for_each(|child| child.write_to(text));
        fold(text, &format!("END:{}", self.name));
    }
}

/// Lines with their continuations, by CRLF or by a bare LF.
fn unfolded(text: &str) -> impl Iterator<Item = String> {
    let mut lines = text.trim_start_matches('\u{feff}').lines().peekable();
    std::iter::from_fn(move || {
        let mut line = lines.next()?.to_owned();
        while let Some(more) = lines.peek().and_then(|next| next.strip_prefix([' ', '\t'])) {
            line.push_str(more);
            lines.next();
        }
        Some(line)
    })
    .filter(|line| !line.trim().is_empty())
}

fn fold(text: &mut String, line: &str) {
    let mut room = MAX_LINE;
    for c in line.chars() {
        if c.len_utf8() > room {
            text.push_str("\r\n ");
            room = MAX_LINE - 1;
        }
        room -= c.len_utf8();
        text.push(c);
    }
    text.push_str("\r\n");
}

/// A value of type TEXT (section 3.3.11).
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() && c != '\t' => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// An instant in the form `20261122T090000Z`.
pub(super) fn utc(instant: DateTime<Utc>) -> String {
    instant.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A DATE or DATE-TIME as it is written (sections 3.3.4 and 3.3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    Date(NaiveDate),
    /// Clock time of a zone that stands elsewhere, or of no zone.
    Local(NaiveDateTime),
    Utc(NaiveDateTime),
}

impl Stamp {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.is_ascii() || text.len() < 8 {
            return None;
        }
        let number = |range: std::ops::Range<usize>| -> Option<u32> {
            let digits = text.get(range)?;
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
        };
        let date = NaiveDate::from_ymd_opt(i32::try_from(number(0..4)?).ok()?, number(4..6)?, number(6..8)?)?;
        if text.len() == 8 {
            return Some(Self::Date(date));
        }
        if !matches!(text.as_bytes()[8], b'T' | b't') {
            return None;
        }
        // 60 is a leap second, which no calendar means.
        let time = date.and_hms_opt(number(9..11)?, number(11..13)?, number(13..15)?.min(59))?;
        match &text[15..] {
            "" => Some(Self::Local(time)),
            "Z" | "z" => Some(Self::Utc(time)),
            _ => None,
        }
    }
}

/// A DURATION (section 3.3.6), from `-P…` to 10,000 weeks; a day is 24 hours.
pub(super) fn duration(text: &str) -> Option<TimeDelta> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut seconds: i64 = 0;
    let mut digits = String::new();
    for c in text.strip_prefix('P')?.chars() {
        let unit = match c {
            '0'..='9' => {
                digits.push(c);
                continue;
            }
            'T' if digits.is_empty() => continue,
            'W' => 7 * 86_400,
            'D' => 86_400,
            'H' => 3_600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    let length = TimeDelta::try_seconds(seconds).filter(|length| *length <= TimeDelta::weeks(10_000))?;
    digits.is_empty().then_some(if negative { -length } else { length })
}

/// An offset from UTC (section 3.3.14), in seconds.
pub(super) fn offset(text: &str) -> Option<i32> {
    let text = text.trim();
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.strip_prefix(['+', '-'])?;
    if !matches!(digits.len(), 4 | 6) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |at: usize| digits.get(at..at + 2).map_or(Ok(0), str::parse::<i32>).ok();
    let seconds = part(0)? * 3600 + part(2)? * 60 + part(4)?;
    (seconds < 86_400).then_some(sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_folded_and_quoted() {
        let text = "BEGIN:vcalendar\r\nBEGIN:VEVENT\r\nattendee;CN=\"A; B: C\";PARTSTAT=DECL\r\n INED:mailto:me@exam\n\tple.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let calendar = Component::parse(text).unwrap();
        assert_eq!(calendar.name, "VCALENDAR");
        let line = calendar.children[0].line("ATTENDEE").unwrap();
        assert_eq!(line.value(), "mailto:me@example.org");
        assert_eq!(line.param("CN"), Some("A; B: C"));
        assert_eq!(line.param("partstat"), Some("DECLINED"));
        assert_eq!(line.param("ROLE"), None);
    }

    #[test]
    fn writes_lines_of_75_octets() {
        let mut event = Component { name: "VEVENT".into(), ..Component::default() };
        let value = "약속".repeat(60);
        event.set("SUMMARY", &value);
        let text = event.write();
        assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])));
        assert_eq!(Component::parse(&text).unwrap().value("SUMMARY"), value);
    }

    #[test]
    fn setting_keeps_the_place() {
        let mut event = Component::parse("BEGIN:VEVENT\nUID:1\nSUMMARY:a\nX-MINE:x\nSUMMARY:b\nEND:VEVENT").unwrap();
        event.set("SUMMARY", "c");
        event.set("STATUS", "CONFIRMED");
        assert_eq!(
            event.write(),
            "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:c\r\nX-MINE:x\r\nSTATUS:CONFIRMED\r\nEND:VEVENT\r\n"
        );
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(escape("a,b;c\\d\r\ne\u{7}\nEND:VEVENT"), "a\\,b\\;c\\\\d\\ne\\nEND:VEVENT");
    }

    #[test]
    fn values() {
        assert_eq!(duration("PT1H30M"), Some(TimeDelta::minutes(90)));
        assert_eq!(duration("P1W"), Some(TimeDelta::days(7)));
        assert_eq!(duration("-P1DT1S"), Some(-TimeDelta::seconds(86_401)));
        for bad in ["", "P", "1D", "P1", "P99999999999999999999D", "P9999999999W", "P1Y"] {
            assert!(duration(bad).is_none_or(|length| length.is_zero()), "{bad}");
        }
        assert_eq!(offset("-0330"), Some(-12_600));
        assert_eq!(offset("+053020"), Some(19_820));
        assert!(["+9999", "0100", "+1", "+00:0"].iter().all(|bad| offset(bad).is_none()));
        assert!(matches!(Stamp::parse("20260101"), Some(Stamp::Date(_))));
        assert!(matches!(Stamp::parse("20260101T000000"), Some(Stamp::Local(_))));
        assert!(matches!(Stamp::parse("20260101T235960Z"), Some(Stamp::Utc(_))));
        assert!(
            ["20261301", "20260101T2400", "20260101T000000+01", "2026-01-01"]
                .iter()
                .all(|bad| Stamp::parse(bad).is_none())
        );
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(Component::parse(&"BEGIN:VEVENT\n".repeat(100_000)).is_none());
        assert!(
            Component::parse("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1")
                .is_some_and(|calendar| calendar.children.len() == 1)
        );
    }
}
