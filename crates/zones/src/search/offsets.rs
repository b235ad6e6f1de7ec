//! Offsets as people write them.

use unicode_normalization::UnicodeNormalization;

/// Clocks have been at most this far from UTC: Kiribati.
const LARGEST: i32 = 14 * 3600;

/// Seconds east of UTC, of `+9`, `UTC+9`, `GMT+05:30`, `-3`, `+0530`, `utc−5`, `UTC 5.5`. `None` for anything else. A number
/// alone is no offset: it needs a sign, or `UTC` or `GMT` in front.
pub(super) fn parse(typed: &str) -> Option<i32> {
    let text: String = typed.nfkc().filter(|c| !c.is_whitespace() && !matches!(c, '(' | ')')).collect();
    let text = text.to_ascii_lowercase();
    let named = ["utc", "gmt"].iter().find_map(|name| text.strip_prefix(name));
    let rest = named.unwrap_or(&text);
    if rest.is_empty() || rest == "±0" {
        return (named.is_some() && text != "gmt" || rest == "±0").then_some(0);
    }
    let (negative, number) = match rest.chars().next()? {
        c @ ('+' | '±') => (false, &rest[c.len_utf8()..]),
        // Hyphen, minus, dashes.
        c @ ('-' | '\u{2212}' | '\u{2010}'..='\u{2015}') => (true, &rest[c.len_utf8()..]),
        '0'..='9' if named.is_some() => (false, rest),
        _ => return None,
    };
    let seconds = seconds(number)?;
    (seconds <= LARGEST).then_some(if negative { -seconds } else { seconds })
}

/// `9`, `09`, `930`, `0930`, `9:30`, `9.5`, `9h`, `9h30`.
fn seconds(number: &str) -> Option<i32> {
    let digits = |text: &str, most: usize| -> Option<i32> {
        let plain = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if plain { text.parse().ok() } else { None }
    };
    let (hours, minutes) = if let Some((hours, fraction)) = number.split_once(['.', ',']) {
        let parts = digits(fraction, 2)? * if fraction.len() == 1 { 10 } else { 1 };
        (digits(hours, 2)?, parts * 60 / 100)
    } else if let Some((hours, minutes)) = number.split_once([':', 'h']) {
        let minutes = if minutes.is_empty() { 0 } else { digits(minutes, 2)? };
        (digits(hours, 2)?, minutes)
    } else if number.len() > 2 {
        let (hours, minutes) = number.split_at_checked(number.len() - 2)?;
        (digits(hours, 2)?, digits(minutes, 2)?)
    } else {
        (digits(number, 2)?, 0)
    };
    (minutes < 60).then_some(hours * 3600 + minutes * 60)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn every_notation() {
        for (typed, minutes) in [
            ("+9", 540),
            ("+09", 540),
            ("+0900", 540),
            ("+900", 540),
            ("+09:00", 540),
            ("＋９", 540),
            ("UTC+9", 540),
            ("utc + 9", 540),
            ("UTC 9", 540),
            ("(UTC+09:00)", 540),
            ("GMT+05:30", 330),
            ("+0530", 330),
            ("+5.5", 330),
            ("+5,75", 345),
            ("+5h30", 330),
            ("-3", -180),
            ("utc\u{2212}5", -300),
            ("GMT\u{2013}3:30", -210),
            ("UTC", 0),
            ("utc±0", 0),
            ("+0", 0),
            ("+14", 840),
        ] {
            assert_eq!(parse(typed), Some(minutes * 60), "{typed}");
        }
        for typed in
            ["", "9", "09:00", "GMT", "+", "-", "+15", "+99", "+5:60", "utc+x", "Etc/GMT+9", "gmtx", "+1é", "+12345"]
        {
            assert_eq!(parse(typed), None, "{typed}");
        }
    }
}
