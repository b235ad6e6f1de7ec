//! What people read: every event, to both sides, in both languages.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::{at, notice, organizer};
use mailer::{AccountNotice, CancelledBy, Event, Method, Recipient};
use scheduling::{Language, Location, LocationKind};
use std::fmt::Write as _;

const SIDES: [Recipient; 2] = [Recipient::Mentee, Recipient::Mentor];

fn events() -> [(&'static str, Event); 9] {
    let (previous_start, previous_end) = (at("2026-11-27T04:45:00Z"), at("2026-11-27T05:15:00Z"));
    [
        ("booked", Event::Booked),
        ("requested", Event::Requested),
        ("confirmed", Event::Confirmed),
        ("declined", Event::Declined),
        ("moved", Event::Moved { previous_start, previous_end }),
        ("cancelled_by_mentee", Event::Cancelled { by: CancelledBy::Mentee }),
        ("cancelled_by_mentor", Event::Cancelled { by: CancelledBy::Mentor }),
        ("cancelled_by_calendar", Event::Cancelled { by: CancelledBy::Calendar }),
        ("expired", Event::Cancelled { by: CancelledBy::Expiry }),
    ]
}

#[test]
fn texts() {
    for (name, event) in events() {
        let mut all = String::new();
        for language in Language::ALL {
            for recipient in SIDES {
                let mut notice = notice(event, recipient, language);
                if matches!(event, Event::Declined | Event::Cancelled { by: CancelledBy::Mentor }) {
                    notice.reason = Some("I’m travelling that day.\nSorry!".into());
                }
                let out = notice.compose(&organizer());
                let (to, reply_to) = (out.to_email, out.reply_to.unwrap().1);
                let _ = writeln!(all, "=== {recipient:?}, {}", language.tag());
                let _ = writeln!(all, "To: {to}\nReply-To: {reply_to}\nSubject: {}\n\n{}", out.subject, out.text);
            }
        }
        insta::assert_snapshot!(format!("text_{name}"), all);
    }
}

/// The mentor alone is told, and gets no invitation for what has not changed.
#[test]
fn what_is_undone_in_a_connected_calendar() {
    let (wanted_start, wanted_end) = (at("2026-11-28T18:00:00Z"), at("2026-11-28T18:30:00Z"));
    for (name, event) in [
        ("move_refused", Event::MoveRefused { wanted_start, wanted_end }),
        ("length_undone", Event::LengthUndone { wanted_start, wanted_end: at("2026-11-28T19:30:00Z") }),
        ("repetition_undone", Event::RepetitionUndone),
        ("event_made_again", Event::EventMadeAgain),
    ] {
        let mut all = String::new();
        for language in Language::ALL {
            let notice = notice(event, Recipient::Mentor, language);
            let out = mailer::BookingNotice { with_invite: false, ..notice }.compose(&organizer());
            assert!(out.invite.is_none());
            let (tag, to) = (language.tag(), &out.to_email);
            let _ = writeln!(all, "=== {tag}\nTo: {to}\nSubject: {}\n\n{}", out.subject, out.text);
        }
        insta::assert_snapshot!(format!("text_{name}"), all);
    }
}

#[test]
fn pages() {
    let [booked, .., moved, _, cancelled, _, _] = events();
    for (name, event, recipient, language) in [
        ("booked_mentee_en", booked.1, Recipient::Mentee, Language::En),
        ("moved_mentee_ko", moved.1, Recipient::Mentee, Language::Ko),
        ("cancelled_mentor_en", cancelled.1, Recipient::Mentor, Language::En),
    ] {
        insta::assert_snapshot!(format!("html_{name}"), notice(event, recipient, language).compose(&organizer()).html);
    }
}

#[test]
fn invitations() {
    for (name, event) in events() {
        let ics = |recipient, language| notice(event, recipient, language).ics(&organizer()).ics;
        let (mentee, mentor) = (ics(Recipient::Mentee, Language::En), ics(Recipient::Mentor, Language::Ko));
        insta::assert_snapshot!(format!("ics_{name}"), format!("{mentee}\n{mentor}").replace("\r\n", "\n"));
    }
}

#[test]
fn account_mail() {
    let mut all = String::new();
    for language in Language::ALL {
        for notice in [
            AccountNotice::VerifyEmail { url: "https://yaksok.example/verify/SECRET".into() },
            AccountNotice::ResetPassword { url: "https://yaksok.example/reset/SECRET".into() },
            AccountNotice::EmailInUse {
                login_url: "https://yaksok.example/login".into(),
                reset_url: "https://yaksok.example/forgot".into(),
            },
            AccountNotice::CalendarExpired {
                provider: "google".into(),
                url: "https://yaksok.example/dashboard/calendars".into(),
            },
        ] {
            let out = notice.compose(language, "김멘토", "mentor@example.com", "verify-1", at("2026-11-22T09:00:00Z"));
            assert!(out.invite.is_none() && out.reply_to.is_none());
            assert!(out.html.contains(&format!("<html lang=\"{}\">", language.tag())));
            let _ = writeln!(all, "=== {notice:?}, {}\nSubject: {}\n\n{}", language.tag(), out.subject, out.text);
        }
    }
    insta::assert_snapshot!("text_accounts", all);
}

#[test]
fn each_side_has_its_own_link_only() {
    for (_, event) in events() {
        for language in Language::ALL {
            for (recipient, own, others) in
                [(Recipient::Mentee, "ysm_SECRET", "/dashboard"), (Recipient::Mentor, "/dashboard", "ysm_SECRET")]
            {
                let out = notice(event, recipient, language).compose(&organizer());
                for part in [&out.text, &out.html, &out.invite.unwrap().ics.replace("\r\n ", "")] {
                    assert!(part.contains(own), "{event:?} {recipient:?} lacks its link: {part}");
                    assert!(!part.contains(others), "{event:?} {recipient:?} has the other's link: {part}");
                }
            }
        }
    }
}

#[test]
fn methods_and_states() {
    for (event, method, status) in [
        (Event::Booked, Method::Request, "CONFIRMED"),
        (Event::Requested, Method::Request, "TENTATIVE"),
        (Event::Confirmed, Method::Request, "CONFIRMED"),
        (Event::Declined, Method::Cancel, "CANCELLED"),
        (Event::Cancelled { by: CancelledBy::Expiry }, Method::Cancel, "CANCELLED"),
    ] {
        let invite = notice(event, Recipient::Mentee, Language::En).ics(&organizer());
        assert_eq!(invite.method, method);
        assert!(invite.ics.contains(&format!("\r\nMETHOD:{}\r\n", method.as_str())));
        assert!(invite.ics.contains(&format!("\r\nSTATUS:{status}\r\n")));
        assert_eq!(invite.ics.matches("\r\nATTENDEE;").count(), 2);
        assert!(invite.ics.ends_with("END:VCALENDAR\r\n"));
    }
}

#[test]
fn a_move_before_the_answer_stays_tentative() {
    let moved = events()[4].1;
    let mut pending = notice(moved, Recipient::Mentee, Language::En);
    pending.tentative = true;
    let out = pending.compose(&organizer());
    assert!(out.text.contains("has yet to confirm it"));
    assert!(out.invite.unwrap().ics.contains("STATUS:TENTATIVE"));
}

/// What is not possible any more is not offered, in no part, to nobody, in no language.
#[test]
fn what_is_closed_is_not_offered() {
    for language in Language::ALL {
        for (_, event) in events() {
            for recipient in SIDES {
                let mut open = notice(event, recipient, language);
                let mut closed = open.clone();
                (open.open, closed.open) = (true, false);
                let everywhere = |notice: &mailer::BookingNotice| {
                    let out = notice.compose(&organizer());
                    let ics = out.invite.unwrap().ics.replace("\r\n ", "");
                    format!("{} {} {} {ics} {}", out.subject, out.text, out.html, notice.event_text().description)
                };
                let offers = [
                    "Change or cancel",
                    "예약 변경·취소하기",
                    "Confirm or decline",
                    "수락 또는 거절하기",
                    "Please answer",
                    "[확인 필요]",
                ];
                let found = |text: &str| offers.iter().any(|offer| text.contains(offer));
                let off = matches!(event, Event::Declined | Event::Cancelled { .. });
                let offered = !off && (recipient == Recipient::Mentee || event == Event::Requested);
                assert_eq!(found(&everywhere(&open)), offered, "{event:?} {recipient:?} {language:?}");
                assert!(!found(&everywhere(&closed)), "{event:?} {recipient:?} {language:?}");
                let told =
                    ["can no longer be changed or cancelled online", "온라인에서는 예약을 바꾸거나 취소할 수 없어요"];
                let tells = |text: &str| told.iter().any(|words| text.contains(words));
                assert_eq!(tells(&everywhere(&closed)), !off && recipient == Recipient::Mentee, "{event:?}");
                assert!(!tells(&everywhere(&open)));
            }
        }
    }
}

/// Calendar programs offer to decline an invitation; a connected calendar's event is the mentor's own.
#[test]
fn every_invitation_says_that_declining_it_does_not_cancel() {
    let words =
        |text: &str| text.contains("does not cancel the booking") || text.contains("거절해도 예약은 취소되지 않아요");
    for language in Language::ALL {
        for (_, event) in events() {
            for recipient in SIDES {
                let notice = notice(event, recipient, language);
                let out = notice.compose(&organizer());
                let off = matches!(event, Event::Declined | Event::Cancelled { .. });
                for part in [&out.text, &out.html, &out.invite.unwrap().ics.replace("\r\n ", "")] {
                    assert_eq!(words(part), !off, "{event:?} {recipient:?} {language:?}: {part}");
                }
                assert!(!words(&notice.event_text().description));
                let mut without = notice.clone();
                without.with_invite = false;
                assert!(!words(&without.compose(&organizer()).text));
            }
        }
    }
}

#[test]
fn one_zone_is_written_once() {
    let mut notice = notice(Event::Booked, Recipient::Mentee, Language::En);
    notice.mentor.zone = notice.mentee.zone.clone();
    assert_eq!(notice.compose(&organizer()).text.matches("America/New_York").count(), 1);
}

#[test]
fn without_the_invitation_nothing_speaks_of_it() {
    let mut notice = notice(Event::Booked, Recipient::Mentor, Language::En);
    notice.with_invite = false;
    let out = notice.compose(&organizer());
    assert!(out.invite.is_none());
    assert!(!out.text.contains("attached"));
}

#[test]
fn places() {
    for (kind, value, words, ics) in [
        (LocationKind::Phone, "+82 2 123 4567", "Where: Phone +82 2 123 4567", "LOCATION:+82 2 123 4567"),
        (LocationKind::InPerson, "Room 3, Seoul; 2F", "Where: Room 3, Seoul; 2F", "LOCATION:Room 3\\, Seoul\\; 2F"),
        (LocationKind::Meet, "", "Where: Google Meet (the mentor will send the link", "LOCATION:Google Meet"),
        (LocationKind::Teams, "", "Where: Microsoft Teams (the mentor will send the link", "LOCATION:Microsoft Teams"),
        (LocationKind::Meet, "https://meet.google.com/x", "Where: https://meet.google.com/x", "LOCATION:https://meet"),
        (LocationKind::Link, "javascript:alert(1)", "Where: javascript:alert(1)", "LOCATION:javascript"),
    ] {
        let mut notice = notice(Event::Booked, Recipient::Mentee, Language::En);
        notice.location = Some(Location { kind, value: value.into() });
        let out = notice.compose(&organizer());
        assert!(out.text.contains(words), "{}", out.text);
        assert!(out.invite.unwrap().ics.contains(ics));
        assert!(!out.html.contains("href=\"javascript"));
    }
}

#[test]
fn debug_output_keeps_secrets() {
    let notice = notice(Event::Booked, Recipient::Mentee, Language::En);
    let out = notice.compose(&organizer());
    let account = AccountNotice::VerifyEmail { url: "https://yaksok.example/verify/SECRET".into() };
    let shown = format!("{notice:?} {out:?} {:?} {:?} {account:?}", out.invite, notice.mentee);
    for secret in ["SECRET", "@example", "Ada", "Rust"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
