//! What is let in: `Availability::normalise`, `SessionType::validate`, `rules`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{date, hours, weekly};
use proptest::{collection::vec, prelude::*};
use scheduling::{rules::*, *};

/// `field: code` of every error.
fn said<T>(result: Result<T, Vec<FieldError>>) -> Vec<String> {
    let errors = result.err().unwrap_or_default();
    assert!(errors.iter().all(|e| e.message.ends_with('.')), "sentences: {errors:?}");
    errors.into_iter().map(|e| format!("{}: {}", e.field, e.code)).collect()
}

fn window(start: &str, end: &str) -> Window {
    Window { start_time: start.parse().unwrap(), end_time: end.parse().unwrap() }
}

fn blocked(starts_on: &str, ends_on: &str, note: Option<&str>) -> BlockedRange {
    BlockedRange { starts_on: date(starts_on), ends_on: date(ends_on), note: note.map(Into::into) }
}

fn other(day: &str, windows: Vec<Window>) -> DateOverride {
    DateOverride { date: date(day), windows }
}

#[test]
fn the_normal_form_is_sorted_and_merged() {
    let mut messy =
        hours(weekly([6, 1, 0], &["13:00-17:00", "09:00-12:00", "11:00-13:00", "20:00-24:00", "20:30-21:00"]));
    messy.overrides = vec![
        other("2026-12-26", vec![window("10:00", "11:00"), window("09:00", "10:00")]),
        other("2026-12-24", vec![]),
    ];
    messy.blocked = vec![
        blocked("2026-12-05", "2026-12-09", Some("  later \n")),
        blocked("2026-12-01", "2026-12-05", Some(" \n ")),
        blocked("2026-12-01", "2026-12-03", Some("first")),
    ];
    let normal = messy.normalise().unwrap();
    assert_eq!(normal.weekly, weekly([0, 1, 6], &["09:00-17:00", "20:00-24:00"]));
    assert_eq!(normal.overrides, [other("2026-12-24", vec![]), other("2026-12-26", vec![window("09:00", "11:00")])]);
    assert_eq!(
        normal.blocked,
        [
            blocked("2026-12-01", "2026-12-03", Some("first")),
            blocked("2026-12-01", "2026-12-05", None),
            blocked("2026-12-05", "2026-12-09", Some("later")),
        ]
    );
}

#[test]
fn every_error_of_hours_has_its_path() {
    let mut wrong = hours(weekly([1], &["09:00-12:00", "12:00-12:00", "17:00-09:00"]));
    wrong.weekly[0].day_of_week = 7;
    wrong.overrides = vec![
        other("2026-12-24", vec![window("09:00", "12:00"), window("24:00", "24:00")]),
        other("1969-12-31", vec![]),
        other("2026-12-24", vec![]),
    ];
    wrong.blocked = vec![
        blocked("1970-01-01", "2200-12-31", None),
        blocked("2026-12-02", "2026-12-01", Some("\u{7}")),
        blocked("1969-12-31", "2201-01-01", Some(&"x".repeat(4001))),
    ];
    assert_eq!(
        said(wrong.normalise()),
        [
            "weekly[0].day_of_week: out_of_range",
            "weekly[1].end_time: out_of_range",
            "weekly[2].end_time: out_of_range",
            "overrides[0].windows[1].end_time: out_of_range",
            "overrides[1].date: out_of_range",
            "overrides[2].date: duplicate",
            "blocked[1].ends_on: out_of_range",
            "blocked[1].note: invalid",
            "blocked[2].starts_on: out_of_range",
            "blocked[2].ends_on: out_of_range",
            "blocked[2].note: too_long",
        ]
    );
}

#[test]
fn lists_have_ends() {
    let mut long = hours(weekly([1], &["09:00-12:00"; 500]));
    let day = |n: u64| date("2026-01-01") + chrono::Days::new(n);
    long.overrides =
        (0..1000).map(|n| DateOverride { date: day(n), windows: vec![window("09:00", "12:00"); 100] }).collect();
    long.blocked = vec![blocked("2026-12-01", "2026-12-01", None); 1000];
    assert_eq!(said(long.clone().normalise()), [""; 0]);

    long.weekly.extend(weekly([9], &["09:00-12:00"]));
    long.overrides[7].windows.push(window("12:00", "09:00"));
    long.blocked.push(blocked("2026-12-02", "2026-12-01", None));
    let mut expected = vec!["weekly: too_many", "overrides[7].windows: too_many", "blocked: too_many"];
    assert_eq!(said(long.clone().normalise()), expected);

    long.overrides.push(DateOverride { date: day(0), windows: vec![] });
    expected[1] = "overrides: too_many";
    assert_eq!(said(long.normalise()), expected);
}

/// Changes one thing of a session type that is fine, and looks at what is said.
fn changed(change: impl FnOnce(&mut SessionType)) -> Vec<String> {
    let mut session = SessionType::first();
    change(&mut session);
    said(session.validate())
}

#[test]
fn numbers_of_a_session_type_have_bounds() {
    macro_rules! bounds {
        ($($field:ident: $fine:expr, not $wrong:expr;)*) => {$(
            for value in $fine {
                assert_eq!(changed(|s| s.$field = value), [""; 0]);
            }
            for value in $wrong {
                assert_eq!(changed(|s| s.$field = value), [concat!(stringify!($field), ": out_of_range")]);
            }
        )*};
    }
    bounds! {
        duration_minutes: [5, 1440], not [0, 4, 1441];
        start_interval_minutes: [5, 1440], not [0, 4, 1441];
        buffer_before_minutes: [0, 1440], not [1441];
        buffer_after_minutes: [0, 1440], not [1441];
        minimum_notice_minutes: [0, 86_400], not [525_601];
        horizon_days: [1, 730], not [0, 731];
        cancel_notice_minutes: [0, 525_600], not [525_601];
        daily_limit: [None, Some(1), Some(1000)], not [Some(0), Some(1001)];
    }
}

#[test]
fn words_of_a_session_type_have_rules() {
    assert_eq!(changed(|s| s.name = " ".into()), ["name: required"]);
    assert_eq!(changed(|s| s.slug.clear()), ["slug: invalid"]);
    assert_eq!(changed(|s| s.description = Some("\n".repeat(4001))), ["description: too_long"]);
    assert_eq!(changed(|s| s.description = Some(String::new())), [""; 0]);

    let price = |amount, currency: &str| changed(|s| s.price = Some(Price { amount, currency: currency.into() }));
    assert_eq!(price(0, "KRW"), [""; 0]);
    assert_eq!(price(1_000_000_000_000, "USD"), [""; 0]);
    assert_eq!(price(-1, "usd"), ["price.amount: out_of_range", "price.currency: invalid"]);
    assert_eq!(price(1_000_000_000_001, "USDT"), ["price.amount: out_of_range", "price.currency: invalid"]);
    assert_eq!(price(0, "ÄÖ"), ["price.currency: invalid"]);

    let location = |kind, value: &str| changed(|s| s.location = Some(Location { kind, value: value.into() }));
    use LocationKind::*;
    for kind in [Meet, Teams] {
        assert_eq!(location(kind, ""), [""; 0]);
        assert_eq!(location(kind, "https://meet.example.com/abc"), [""; 0]);
        assert_eq!(location(kind, "abc"), ["location.value: invalid"]);
    }
    for kind in [Phone, InPerson] {
        assert_eq!(location(kind, "+82 2 123 4567"), [""; 0]);
        assert_eq!(location(kind, " "), ["location.value: required"]);
        assert_eq!(location(kind, "one\ntwo"), ["location.value: invalid"]);
        assert_eq!(location(kind, &"x".repeat(501)), ["location.value: too_long"]);
    }
    assert_eq!(location(Link, "https://example.com"), [""; 0]);
    assert_eq!(location(Link, ""), ["location.value: invalid"]);
}

/// Which of some texts a rule refuses.
fn refused<'a>(check: fn(&str, &str) -> Option<FieldError>, texts: &[&'a str]) -> Vec<&'a str> {
    texts.iter().copied().filter(|text| check("field", text).is_some()).collect()
}

#[test]
fn names() {
    let longest = "이".repeat(200);
    assert_eq!(refused(check_name, &["김멘토", "Ada Lovelace", "O'Neill", "👩‍🏫 Ada", "עדה", &longest]), [""; 0]);
    let too_long = "이".repeat(201);
    let bad =
        ["", " \u{3000}", "a\nb", "a\tb", "a\0", "\u{7f}", "\u{85}", "a\u{202e}b", "\u{2066}a\u{2069}", &too_long];
    assert_eq!(refused(check_name, &bad), bad);
}

#[test]
fn texts() {
    let check = |field: &str, value: &str| check_text(field, value, 10);
    assert_eq!(refused(check, &["", "a\nb\r\nc\td", "\r\n", "0123456789"]), [""; 0]);
    let bad = ["a\rb", "\r", "\n\r", "a\r\r\n", "\0", "\u{1b}[1m", "\u{9f}", "0123456789x"];
    assert_eq!(refused(check, &bad), bad);
}

#[test]
fn handles_and_slugs() {
    let forty = "a".repeat(40);
    let more = "a".repeat(41);
    assert_eq!(refused(check_handle, &["kim", "kim-mentor", "a-1", "a--", &forty]), [""; 0]);
    let bad = ["", "ki", "Kim", "1kim", "-kim", "kim mentor", "kim_mentor", "kím", "김멘토", "kim\n", &more];
    assert_eq!(refused(check_handle, &bad), bad);

    assert_eq!(refused(check_slug, &["a", "1", "30-min", "a-", &forty]), [""; 0]);
    let bad = ["", "-a", "A", "a b", "a/b", "..", "é", &more];
    assert_eq!(refused(check_slug, &bad), bad);
}

#[test]
fn emails() {
    let local = format!("{}@example.com", "a".repeat(64));
    let longest = format!("a@{}", [&*"b".repeat(63); 4].join(".")).split_at(254).0.to_owned();
    let good = [
        "ada@example.com",
        "a@localhost",
        "ada.l+x@mail.ex-ample.co.kr",
        "o'neill@x.y",
        "1@2.3",
        " ada@example.com",
        "ada@example.com ",
        "ada@example.com\n",
        "\u{a0}ada@example.com\t",
        "kim@한국.kr",
        "ada@exämple.com",
        "ädа@example.com",
        "김@예시.한국",
        "राम@उदाहरण.भारत",
        &local,
        &longest,
    ];
    assert_eq!(refused(check_email, &good), [""; 0]);
    let long_local = format!("{}@example.com", "a".repeat(65));
    let long_label = format!("a@{}.com", "b".repeat(64));
    let long = format!("{longest}b");
    let bad = [
        "",
        "ada",
        "@example.com",
        "ada@",
        "a@b@c",
        "ada @example.com",
        " ",
        "a@b",
        "ada@한국",
        "ada@example\n.com",
        "ada@\u{a0}example.com",
        "a\u{200b}da@example.com",
        "ada@exam\u{ad}ple.com",
        "ada@example。com",
        "<ada@example.com>",
        "Ada <ada@example.com>",
        "\"ada\"@example.com",
        "a,b@example.com",
        "a;b@example.com",
        "a:b@example.com",
        "a\\b@example.com",
        "a(b)@example.com",
        "a..b@example.com",
        ".a@example.com",
        "a.@example.com",
        "ada@-example.com",
        "ada@example-.com",
        "ada@example..com",
        "ada@.example.com",
        "ada@example.com.",
        "ada@exam_ple.com",
        "ada@[127.0.0.1]",
        "ada@example.com\u{202e}",
        &long_local,
        &long_label,
        &long,
    ];
    assert_eq!(refused(check_email, &bad), bad);
}

#[test]
fn web_addresses() {
    let longest = format!("https://example.com/{}", "a".repeat(1980));
    let good = [
        "https://example.com",
        "http://localhost:3000/x",
        "HTTPS://EXAMPLE.COM/?q=1#f",
        "https://[::1]/",
        "https://example.com/@ada",
        "https://약속.kr/김멘토",
        "https://example.com?x=a://b",
        &longest,
    ];
    assert_eq!(refused(check_url, &good), [""; 0]);
    let longer = format!("{longest}a");
    let bad = [
        "",
        "example.com",
        "//example.com",
        "https:",
        "https://",
        "https:///path",
        "https://:80/",
        "https://?q",
        "ftp://example.com",
        "javascript:alert(1)",
        "javascript://example.com/%0aalert(1)",
        "data:text/html,x",
        " https://example.com",
        "https://example.com/a b",
        "https://example.com/\n",
        "https://example.com/\"onclick",
        "https://example.com/<b>",
        "https://good.example@evil.example/",
        "https://example.com\\@evil.example",
        "https://exam\u{202e}ple.com",
        "https://exam\0ple.com",
        &longer,
    ];
    assert_eq!(refused(check_url, &bad), bad);
}

proptest! {
    /// Whatever is let in has a normal form that stays as it is.
    #[test]
    fn the_normal_form_is_the_normal_form_of_itself(
        windows in vec((0..=7u8, 0..=96u16, 0..=96u16), 0..30),
        overrides in vec((0..40u64, vec((0..=96u16, 0..=96u16), 0..5)), 0..6),
        blocked in vec((0..40u64, 0..40u64, proptest::option::of(".{0,9}")), 0..6),
    ) {
        let quarter = |n: u16| ClockTime::from_minutes(n * 15).unwrap();
        let window = |(a, b)| Window { start_time: quarter(a), end_time: quarter(b) };
        let weekly =
            |(day_of_week, a, b)| WeeklyWindow { day_of_week, start_time: quarter(a), end_time: quarter(b) };
        let day = |n: u64| date("2026-12-01") + chrono::Days::new(n);
        let range = |(a, b, note)| BlockedRange { starts_on: day(a), ends_on: day(b), note };
        let any = Availability {
            timezone: "UTC".into(),
            weekly: windows.into_iter().map(weekly).collect(),
            overrides: overrides
                .into_iter()
                .map(|(n, windows)| DateOverride { date: day(n), windows: windows.into_iter().map(window).collect() })
                .collect(),
            blocked: blocked.into_iter().map(range).collect(),
        };
        match any.clone().normalise() {
            Ok(normal) => prop_assert_eq!(normal.clone().normalise(), Ok(normal)),
            Err(errors) => prop_assert!(!errors.is_empty()),
        }
    }

    #[test]
    fn any_text_gets_an_answer(text in any::<String>()) {
        for check in [check_name, check_handle, check_slug, check_email, check_url] {
            let _ = check("field", &text);
        }
        let _ = check_text("field", &text, 10);
    }
}
