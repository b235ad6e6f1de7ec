//! The bytes: structure, line ends, line lengths, and strangers' text that tries to be more than text.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::{Directory, Part, assert_crlf_only, at, notice, organizer};
use mailer::{AccountNotice, ConfigError, Event, Mailer, Outgoing, Recipient, Transport};
use scheduling::{Language, Location, LocationKind};
use std::os::unix::fs::PermissionsExt as _;

const FROM: &str = "Yaksok <bookings@yaksok.example>";

async fn written(directory: &Directory, message: &Outgoing) -> Vec<u8> {
    let mailer = Mailer::new(Transport::Files(directory.0.clone()), FROM).unwrap();
    let sent = mailer.send(message).await.unwrap();
    std::fs::read(sent.path.unwrap()).unwrap()
}

/// `mixed` of `alternative` (text, HTML, calendar) and the attachment.
fn assert_invitation(message: &Part, method: &str) {
    assert!(message.content_type().starts_with("multipart/mixed;"));
    let [alternative, attachment] = &message.children[..] else { panic!("mixed has two parts") };
    assert!(alternative.content_type().starts_with("multipart/alternative;"));
    let [text, html, calendar] = &alternative.children[..] else { panic!("alternative has three parts") };
    assert_eq!(text.content_type(), "text/plain; charset=utf-8");
    assert_eq!(html.content_type(), "text/html; charset=utf-8");
    let plain_type = format!("text/calendar; charset=utf-8; method={method}");
    assert_eq!(calendar.content_type(), plain_type);
    assert_eq!(attachment.content_type(), format!("{plain_type}; name=invite.ics"));
    assert_eq!(attachment.header("content-disposition"), Some("attachment; filename=\"invite.ics\""));
    assert_eq!(attachment.body, calendar.body);
}

fn assert_wire_safe(bytes: &[u8]) {
    assert!(bytes.is_ascii());
    assert_crlf_only(bytes);
    let longest = bytes.split(|b| *b == b'\n').map(<[u8]>::len).max().unwrap();
    assert!(longest <= 998, "a line of {longest} octets");
}

fn assert_calendar_lines(ics: &str) {
    assert_crlf_only(ics.as_bytes());
    for line in ics.strip_suffix("\r\n").unwrap().split("\r\n") {
        assert!(line.len() <= 75, "{} octets: {line}", line.len());
        assert!(!line.is_empty() && !line.chars().any(char::is_control), "{line:?}");
    }
}

#[tokio::test]
async fn a_booking_with_its_invitation() {
    let directory = Directory::new("invitation");
    let out = notice(Event::Booked, Recipient::Mentee, Language::Ko).compose(&organizer());
    let bytes = written(&directory, &out).await;
    assert_wire_safe(&bytes);

    let message = Part::parse(&bytes);
    assert_eq!(message.words("from"), "Yaksok <bookings@yaksok.example>");
    assert_eq!(message.words("to"), "\"Ada Lovelace\" <ada@example.org>");
    assert_eq!(message.words("reply-to"), "김멘토 <mentor@example.com>");
    assert_eq!(message.words("subject"), out.subject);
    assert_eq!(message.header("date"), Some("Sun, 22 Nov 2026 09:00:00 +0000"));
    assert_eq!(message.header("message-id"), Some("<0193c1d2-booked-mentee@yaksok.example>"));
    assert_eq!((message.header("in-reply-to"), message.header("references")), (None, None));
    assert_eq!(message.header("auto-submitted"), Some("auto-generated"));
    assert_eq!(message.header("mime-version"), Some("1.0"));
    assert_invitation(&message, "REQUEST");
    let alternatives = &message.children[0].children;
    assert_eq!(alternatives[0].text().replace("\r\n", "\n"), out.text);
    assert_eq!(alternatives[1].text().replace("\r\n", "\n"), out.html);
    assert_eq!(alternatives[2].text(), out.invite.unwrap().ics);
}

/// Mail programs put what refers to one message into one conversation.
#[tokio::test]
async fn later_messages_refer_to_the_first() {
    let directory = Directory::new("thread");
    let first = notice(Event::Booked, Recipient::Mentee, Language::En);
    let mut moved = notice(Event::Confirmed, Recipient::Mentee, Language::En);
    moved.message_id = "0193c1d3.mentee".into();
    moved.thread = first.message_id.clone();
    let [first, moved] = [first.compose(&organizer()), moved.compose(&organizer())];
    let first = Part::parse(&written(&directory, &first).await);
    let moved = Part::parse(&written(&directory, &moved).await);
    assert_eq!(moved.header("message-id"), Some("<0193c1d3.mentee@yaksok.example>"));
    assert_eq!(moved.header("in-reply-to"), first.header("message-id"));
    assert_eq!(moved.header("references"), first.header("message-id"));
}

/// RFC 5890: a domain beyond ASCII travels by its A-labels, in headers too; people read what was typed.
#[tokio::test]
async fn an_internationalised_domain_is_written_in_ascii() {
    let directory = Directory::new("international");
    let mut booked = notice(Event::Booked, Recipient::Mentee, Language::Ko);
    booked.mentee.email = "kim@한국.kr".into();
    booked.mentor.email = "mentor@bücher.example".into();
    let out = booked.compose(&organizer());
    let bytes = written(&directory, &out).await;
    assert_wire_safe(&bytes);
    let message = Part::parse(&bytes);
    assert_eq!(message.words("to"), "\"Ada Lovelace\" <kim@xn--3e0b707e.kr>");
    assert!(message.words("reply-to").ends_with("<mentor@xn--bcher-kva.example>"));
    let ics = message.children[1].text().replace("\r\n ", "");
    assert!(ics.contains("mailto:kim@xn--3e0b707e.kr\r\n"), "{ics}");
    booked.recipient = Recipient::Mentor;
    assert!(booked.compose(&organizer()).text.contains("(kim@한국.kr)"));
}

#[tokio::test]
async fn a_cancellation() {
    let directory = Directory::new("cancellation");
    let out = notice(Event::Declined, Recipient::Mentor, Language::En).compose(&organizer());
    assert_invitation(&Part::parse(&written(&directory, &out).await), "CANCEL");
}

#[tokio::test]
async fn without_invitation_there_are_two_alternatives() {
    let directory = Directory::new("plain");
    let mut booked = notice(Event::Booked, Recipient::Mentor, Language::En);
    booked.with_invite = false;
    let verify = AccountNotice::VerifyEmail { url: "https://yaksok.example/verify/x".into() };
    for out in [
        booked.compose(&organizer()),
        verify.compose(Language::Ko, "김멘토", "mentor@example.com", "verify-1", at("2026-11-22T09:00:00Z")),
    ] {
        let message = Part::parse(&written(&directory, &out).await);
        assert!(message.content_type().starts_with("multipart/alternative;"));
        let types: Vec<_> = message.children.iter().map(Part::content_type).collect();
        assert_eq!(types, ["text/plain; charset=utf-8", "text/html; charset=utf-8"]);
    }
}

/// Everything a form could bring, in every field at once.
const HOSTILE: [&str; 9] = [
    "Eve\r\nBcc: victim@example.com\r\n\r\n<b>body</b>",
    "Eve\nATTENDEE:mailto:victim@example.com\nX-EVIL:1",
    "\"Eve\" <eve@example.com>, \"Bob\"",
    "a\",b;c:d\\e\\nf,;^n^'",
    "\u{202E}gnp.exe\u{2066}\u{0}\u{7}\u{85}\u{2028}Bcc: x",
    "👩‍💻🇰🇷 김철수 \u{1F600}",
    "\"",
    " ",
    "=?utf-8?b?SGk=?= %0d%0aBcc: x@example.com",
];

#[tokio::test]
async fn no_text_becomes_structure() {
    let directory = Directory::new("hostile");
    let long = ["가나다 라".repeat(50), "x".repeat(4000), "\u{1F468}\u{200D}\u{1F469}".repeat(300)];
    let ordinary = Part::parse(&written(&directory, &hostile_notice("Eve", Recipient::Mentee)).await);
    for text in HOSTILE.into_iter().chain(long.iter().map(String::as_str)) {
        for recipient in [Recipient::Mentee, Recipient::Mentor] {
            let out = hostile_notice(text, recipient);
            let bytes = written(&directory, &out).await;
            assert_wire_safe(&bytes);
            let message = Part::parse(&bytes);
            let names = |part: &Part| part.headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
            assert_eq!(names(&message), names(&ordinary), "{text:?} adds or takes a header");
            assert_invitation(&message, "REQUEST");
            for header in ["subject", "to", "reply-to"] {
                let words = message.words(header);
                assert!(!words.chars().any(|c| c.is_control() || ('\u{202A}'..='\u{202E}').contains(&c)), "{words:?}");
            }
            let to = if recipient == Recipient::Mentee { "ada@example.org" } else { "mentor@example.com" };
            assert!(message.words("to").ends_with(to) || message.words("to").ends_with(&format!("<{to}>")));

            let html = message.children[0].children[1].text();
            assert!(!html.contains("<b>") && !html.contains("<eve@"), "{html}");

            let ics = message.children[1].text();
            assert_calendar_lines(ics);
            let unfolded = ics.replace("\r\n ", "");
            let properties: Vec<_> = unfolded.lines().map(|l| l.split([':', ';']).next().unwrap()).collect();
            assert_eq!(properties.iter().filter(|p| **p == "ATTENDEE").count(), 2);
            assert!(!properties.iter().any(|p| ["BCC", "Bcc", "X-EVIL"].contains(p)));
            for line in unfolded.lines().filter(|l| l.starts_with("ATTENDEE")) {
                assert_eq!(line.matches('"').count() % 2, 0, "{line}");
                assert!(
                    line.ends_with("RSVP=FALSE:mailto:ada@example.org")
                        || line.ends_with("RSVP=FALSE:mailto:mentor@example.com"),
                    "{line}"
                );
            }
        }
    }
}

fn hostile_notice(text: &str, recipient: Recipient) -> Outgoing {
    let mut notice = notice(Event::Booked, recipient, Language::En);
    notice.mentee.name = text.into();
    notice.mentor.name = text.into();
    notice.session_name = text.into();
    notice.notes = Some(text.into());
    notice.reason = Some(text.into());
    notice.location = Some(Location { kind: LocationKind::InPerson, value: text.into() });
    notice.compose(&organizer())
}

#[test]
fn calendar_text_survives_the_way() {
    let mut notice = notice(Event::Booked, Recipient::Mentee, Language::Ko);
    let notes = "쉼표, 세미콜론; 역슬래시 \\ 그리고 \\n 글자,\n둘째 줄 — ".to_owned() + &"가나다라마바사 ".repeat(60);
    notice.notes = Some(notes.clone());
    let ics = notice.ics(&organizer()).ics;
    assert_calendar_lines(&ics);
    let unfolded = ics.replace("\r\n ", "");
    let description = unfolded.lines().find_map(|l| l.strip_prefix("DESCRIPTION:")).unwrap();
    let mut plain = String::new();
    let mut chars = description.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.push(match chars.next().unwrap() {
                'n' => '\n',
                escaped @ ('\\' | ',' | ';') => escaped,
                other => panic!("unknown escape {other}"),
            }),
            ',' | ';' => panic!("an unescaped {c}"),
            c => plain.push(c),
        }
    }
    assert!(plain.contains(notes.trim()), "{plain}");
}

/// Every length of a text moves the fold by one octet: no character is ever split.
#[test]
fn folds_fall_between_characters() {
    for length in 0..160 {
        let mut notice = notice(Event::Booked, Recipient::Mentee, Language::En);
        notice.session_name = "x".repeat(length) + "약👩‍💻속, ";
        let ics = notice.ics(&organizer()).ics;
        assert_calendar_lines(&ics);
        let unfolded = ics.replace("\r\n ", "");
        assert!(unfolded.contains(&format!("SUMMARY:{}약👩‍💻속\\,: 김멘토 & Ada Lovelace\r\n", "x".repeat(length))));
    }
}

#[tokio::test]
async fn files_are_private_named_and_repeatable() {
    let directory = Directory::new("files");
    let mailer = Mailer::new(Transport::Files(directory.0.join("deep/mail")), FROM).unwrap();
    let mut out = notice(Event::Booked, Recipient::Mentee, Language::En).compose(&organizer());
    out.message_id = "../..//etc/pass wd\r\n".into();
    let first = mailer.send(&out).await.unwrap().path.unwrap();
    let again = mailer.clone().send(&out).await.unwrap().path.unwrap();
    assert_eq!(first, again);
    assert_eq!(first, directory.0.join("deep/mail/20261122T090000Z-..-..--etc-pass-wd--.eml"));
    assert_eq!(first.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(first.parent().unwrap()).unwrap().count(), 1, "no draft is left behind");
    let message = Part::parse(&std::fs::read(first).unwrap());
    assert_eq!(message.header("message-id"), Some("<..-..--etc-pass-wd--@yaksok.example>"));
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_for_good() {
    let directory = Directory::new("address");
    let mailer = Mailer::new(Transport::Files(directory.0.clone()), FROM).unwrap();
    for address in ["", "ada", "ada@example.org\r\nRCPT TO:<eve@example.com>", "ada@example.org, eve@example.com"] {
        let mut out = notice(Event::Booked, Recipient::Mentee, Language::En).compose(&organizer());
        out.to_email = address.into();
        let error = mailer.send(&out).await.unwrap_err();
        assert!(error.is_permanent(), "{address:?}");
        assert_eq!(error.to_string(), "mail was not sent: the recipient's address is not an address");
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_worth_another_try() {
    let directory = Directory::new("blocked");
    std::fs::write(&directory.0, "a file").unwrap();
    let mailer = Mailer::new(Transport::Files(directory.0.join("mail")), FROM).unwrap();
    let out = notice(Event::Booked, Recipient::Mentee, Language::En).compose(&organizer());
    assert!(!mailer.send(&out).await.unwrap_err().is_permanent());
    std::fs::remove_file(&directory.0).unwrap();
}

/// The draft leads to a device that has no room, ever: what is left of it must go, so that the next try finds a place.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_disk_that_is_full_keeps_no_half_message_and_is_worth_another_try() {
    let directory = Directory::new("full");
    std::fs::create_dir_all(&directory.0).unwrap();
    let mailer = Mailer::new(Transport::Files(directory.0.clone()), FROM).unwrap();
    let out = notice(Event::Booked, Recipient::Mentee, Language::En).compose(&organizer());
    let draft = directory.0.join(".20261122T090000Z-0193c1d2-booked-mentee.eml.draft");
    std::os::unix::fs::symlink("/dev/full", &draft).unwrap();
    let error = mailer.send(&out).await.unwrap_err();
    assert!(!error.is_permanent());
    assert_eq!(error.to_string(), "mail was not sent: the mail directory cannot be written");
    assert_eq!(std::fs::read_dir(&directory.0).unwrap().count(), 0, "nothing of it is left");
    let path = mailer.send(&out).await.unwrap().path.unwrap();
    let message = Part::parse(&std::fs::read(path).unwrap());
    assert_eq!(message.header("message-id"), Some("<0193c1d2-booked-mentee@yaksok.example>"));
}

/// A plain test, outside of any runtime: configuration is checked before one exists.
#[test]
fn settings_are_checked_at_once() {
    let files = || Transport::Files("mail".into());
    for from in [
        "Yaksok <bookings@localhost>",
        "bookings@example.com",
        "\"Yaksok, Inc.\" <a@example.com>",
        "약속 <a@example.com>",
    ] {
        let mailer = Mailer::new(files(), from).unwrap_or_else(|e| panic!("{from}: {e}"));
        assert!(from.contains(&mailer.organizer().email));
        assert!(from.contains(&mailer.organizer().name));
    }
    for from in ["", "Yaksok", "Yaksok <>", "a@b@c", "Yaksok <a@예시.한국>", "x <a@example.com>\r\nBcc: y@example.com"]
    {
        assert_eq!(Mailer::new(files(), from).unwrap_err(), ConfigError::From, "{from:?}");
    }
    for url in ["smtp://localhost:25", "smtps://u:p%40@mail.example", "smtp://u:p@mail.example:587?tls=required"] {
        assert!(Mailer::new(Transport::Smtp(url.into()), FROM).is_ok(), "{url}");
    }
    for url in ["", "mail.example", "http://mail.example", "smtp://mail.example?tls=maybe"] {
        assert_eq!(Mailer::new(Transport::Smtp(url.into()), FROM).unwrap_err(), ConfigError::Smtp, "{url}");
    }
    assert!(Mailer::new(Transport::Resend("re_key".into()), FROM).is_ok());
    assert_eq!(Mailer::new(Transport::Resend(" ".into()), FROM).unwrap_err(), ConfigError::Resend);
    assert_eq!(format!("{:?}", Transport::Smtp("smtp://u:secret@h".into())), "Smtp");
}
