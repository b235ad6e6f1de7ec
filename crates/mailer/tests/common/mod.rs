//! What the tests share: two people who meet, and a MIME reader written without looking at the writer.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use chrono::{DateTime, Utc};
use mailer::{BookingNotice, Event, Mailbox, Person, Recipient};
use scheduling::{ClockFormat, Language, Location, LocationKind, OffsetTable};

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn organizer() -> Mailbox {
    Mailbox { name: "Yaksok".into(), email: "bookings@yaksok.example".into() }
}

pub fn notice(event: Event, recipient: Recipient, language: Language) -> BookingNotice {
    BookingNotice {
        event,
        recipient,
        language,
        clock: ClockFormat::Twelve,
        message_id: "0193c1d2-booked-mentee".into(),
        thread: "0193c1d2-booked-mentee".into(),
        uid: "0193c1d2-7a4b-7c3e-9f00-1234567890ab@yaksok.example".into(),
        sequence: if matches!(event, Event::Booked | Event::Requested) { 0 } else { 1 },
        stamp: at("2026-11-22T09:00:00Z"),
        tentative: event == Event::Requested,
        start: at("2026-12-01T00:00:00Z"),
        end: at("2026-12-01T00:30:00Z"),
        mentor: Person {
            name: "김멘토".into(),
            email: "mentor@example.com".into(),
            zone: OffsetTable::fixed("Asia/Seoul", 9 * 3600),
        },
        mentee: Person {
            name: "Ada Lovelace".into(),
            email: "ada@example.org".into(),
            zone: OffsetTable::fixed("America/New_York", -5 * 3600),
        },
        session_name: "Portfolio review".into(),
        notes: Some("My questions:\n1. Is <b>Rust</b> & WASM worth it?\n2. \"When\" to start?".into()),
        location: Some(Location { kind: LocationKind::Link, value: "https://meet.example/ada-kim?a=1&b=2".into() }),
        price: None,
        reason: None,
        manage_url: Some("https://yaksok.example/b/ysm_SECRET".into()),
        dashboard_url: Some("https://yaksok.example/dashboard".into()),
        open: true,
        with_invite: true,
    }
}

/// One part of a message, decoded.
pub struct Part {
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub children: Vec<Part>,
}

impl Part {
    pub fn parse(bytes: &[u8]) -> Self {
        let end = find(bytes, b"\r\n\r\n").expect("an empty line after the headers");
        let head = std::str::from_utf8(&bytes[..end]).unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
        let headers: Vec<_> = head
            .split("\r\n")
            .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("not a header: {line:?}")))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut part = Self { headers, body: bytes[end + 4..].to_vec(), children: Vec::new() };
        if part.content_type().starts_with("multipart/") {
            let boundary = part.parameter("content-type", "boundary").unwrap();
            let raw = [b"\r\n".as_slice(), &part.body].concat();
            let delimiter = format!("\r\n--{boundary}");
            let mut pieces = split(&raw, delimiter.as_bytes()).into_iter().skip(1).collect::<Vec<_>>();
            assert!(pieces.pop().unwrap().starts_with(b"--"), "the last boundary is closed");
            part.children = pieces.into_iter().map(|p| Self::parse(p.strip_prefix(b"\r\n").unwrap())).collect();
            part.body.clear();
        } else {
            part.body = match part.header("content-transfer-encoding").unwrap() {
                "7bit" => part.body,
                "base64" => base64(&part.body),
                "quoted-printable" => quoted_printable(&part.body),
                other => panic!("unexpected encoding {other}"),
            };
        }
        part
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(n, _)| n == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} is there twice");
        value
    }

    /// A header's value with its encoded words (RFC 2047) read.
    pub fn words(&self, name: &str) -> String {
        let mut out = String::new();
        let mut rest = self.header(name).unwrap();
        while let Some(start) = rest.find("=?utf-8?b?") {
            let gap = &rest[..start];
            if !gap.trim().is_empty() || out.is_empty() {
                out.push_str(gap);
            }
            let encoded = &rest[start + 10..];
            let end = encoded.find("?=").unwrap();
            out.push_str(&String::from_utf8(base64(&encoded.as_bytes()[..end])).unwrap());
            rest = &encoded[end + 2..];
        }
        out + rest
    }

    pub fn content_type(&self) -> &str {
        self.header("content-type").unwrap()
    }

    pub fn parameter(&self, header: &str, name: &str) -> Option<String> {
        let value = self.header(header)?;
        let wanted = format!("{name}=");
        value.split(';').find_map(|p| p.trim().strip_prefix(&wanted)).map(|v| v.trim_matches('"').to_owned())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn split<'a>(mut bytes: &'a [u8], by: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    while let Some(position) = find(bytes, by) {
        pieces.push(&bytes[..position]);
        bytes = &bytes[position + by.len()..];
    }
    pieces.push(bytes);
    pieces
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    let value = |b: u8| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        b'=' | b'\r' | b'\n' => None,
        other => panic!("not base64: {other}"),
    };
    let sextets: Vec<u32> = bytes.iter().filter_map(|b| value(*b)).map(u32::from).collect();
    let mut out = Vec::new();
    for four in sextets.chunks(4) {
        let word = four.iter().fold(0, |word, s| word << 6 | s) << (6 * (4 - four.len()));
        out.extend_from_slice(&word.to_be_bytes()[1..four.len()]);
    }
    out
}

fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'=', [b'\r', b'\n', after @ ..]) => after,
            (b'=', [high, low, after @ ..]) => {
                out.push(u8::from_str_radix(std::str::from_utf8(&[*high, *low]).unwrap(), 16).unwrap());
                after
            }
            _ => {
                out.push(*first);
                after
            }
        };
    }
    out
}

/// CRLF and nothing else ends lines.
pub fn assert_crlf_only(bytes: &[u8]) {
    for (i, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' => assert!(i > 0 && bytes[i - 1] == b'\r', "a bare LF at {i}"),
            b'\r' => assert_eq!(bytes.get(i + 1), Some(&b'\n'), "a bare CR at {i}"),
            _ => {}
        }
    }
}

/// A directory that goes away with the test.
pub struct Directory(pub std::path::PathBuf);

impl Directory {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("yaksok-mailer-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
