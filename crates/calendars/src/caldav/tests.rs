//! Servers that mean no good, or are in trouble, and races that no real server loses on demand.

use super::*;
use crate::remote::Remote;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const PASSWORD: &str = "correct horse";
const BOOKING: &str = "0193a5f0-0000-7000-8000-000000000001";

/// What a server heard: request lines, headers and bodies.
type Heard = Arc<Mutex<Vec<String>>>;

/// A server that answers the nth request (from 0) with what `answer` makes of it.
async fn serve(answer: impl Fn(usize, &str) -> String + Send + 'static) -> (String, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/me/team/", listener.local_addr().unwrap());
    let heard = Heard::default();
    let log = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                let text = String::from_utf8_lossy(&request);
                let length =
                    |head: &str| head.to_lowercase().split("content-length: ").nth(1)?.split('\r').next()?.parse().ok();
                if let Some((head, body)) = text.split_once("\r\n\r\n")
                    && body.len() >= length(head).unwrap_or(0)
                {
                    break;
                }
                match stream.read(&mut buffer).await {
                    Ok(read @ 1..) => request.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let nth = log.lock().unwrap().len();
            let reply = answer(nth, &request);
            log.lock().unwrap().push(request);
            let _ = stream.write_all(reply.as_bytes()).await;
        }
    });
    (url, heard)
}

fn reply(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

fn multi(responses: &str) -> String {
    let body = format!(
        "<?xml version=\"1.0\"?><D:multistatus xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">{responses}</D:multistatus>"
    );
    reply("207 Multi-Status", "", &body)
}

fn response(href: &str, properties: &str) -> String {
    format!(
        "<D:response><D:href>{href}</D:href><D:propstat><D:prop>{properties}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    )
}

fn the_calendar() -> String {
    multi(&response(
        "/me/team/",
        "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype><D:sync-token>1</D:sync-token>",
    ))
}

fn event(name: &str, lines: &str) -> String {
    let text = format!(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:{name}\nDTSTART:20260301T090000Z\n{lines}END:VEVENT\nEND:VCALENDAR"
    );
    response(&format!("/me/team/{name}"), &format!("<C:calendar-data>{text}</C:calendar-data>"))
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn year() -> Range<DateTime<Utc>> {
    at("2026-01-01T00:00:00Z")..at("2027-01-01T00:00:00Z")
}

fn client(url: &str) -> CalDav {
    let password = Zeroizing::new(PASSWORD.to_owned());
    let guard = Guard::new(true.into());
    let url = Url::parse(url).unwrap();
    let wire = Wire::with_timeout(url, "me".to_owned(), password, guard, Duration::from_secs(2)).unwrap();
    CalDav::over(wire, "Asia/Seoul", &zones::Zones::compiled_in(), Arc::new(|| at("2026-11-22T09:00:00Z")))
}

async fn error_of(url: &str) -> RemoteError {
    let error = client(url).changes(url, &year(), None).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains(PASSWORD) && !text.contains("127.0.0.1") && !text.contains("team"), "{text}");
    error
}

fn refused(why: &str) -> RemoteError {
    RemoteError::Refused(why.to_owned())
}

fn unavailable(why: &str) -> RemoteError {
    RemoteError::Unavailable(why.to_owned())
}

#[tokio::test]
async fn a_name_of_this_machine_is_not_reached() {
    let (url, heard) = serve(|_, _| the_calendar()).await;
    let url = url.replace("http://127.0.0.1", "https://localhost");
    let clock: Clock = Arc::new(|| at("2026-11-22T09:00:00Z"));
    let new = |url: &str| {
        CalDav::new(
            url,
            "me",
            Zeroizing::new(PASSWORD.to_owned()),
            false,
            "Asia/Seoul",
            &zones::Zones::compiled_in(),
            Arc::clone(&clock),
        )
    };
    assert_eq!(new(&url).unwrap().account().await, Err(refused("the address is not a public one")));
    for bad in ["http://example.org/", "https://127.0.0.1/", "https://me:pw@example.org/", "https://", "10.0.0.1"] {
        assert!(matches!(new(bad), Err(RemoteError::Refused(_))), "{bad}");
    }
    assert!(new("caldav.example.org").is_ok());
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn redirects_end_and_do_not_leave_the_server() {
    let (url, heard) = serve(|_, _| reply("301 Moved", "Location: /me/team/\r\n", "")).await;
    assert_eq!(error_of(&url).await, refused("the server redirects too often"));
    assert_eq!(heard.lock().unwrap().len(), 6);

    let (other, unheard) = serve(|_, _| the_calendar()).await;
    for to in [other.as_str(), "http://169.254.169.254/latest/meta-data/", "https://example.org/", "file:///etc/passwd"]
    {
        let location = format!("Location: {to}\r\n");
        let (url, _) = serve(move |_, _| reply("302 Found", &location, "")).await;
        assert!(matches!(error_of(&url).await, RemoteError::Refused(_)), "{to}");
    }
    assert!(unheard.lock().unwrap().is_empty());

    let (url, heard) =
        serve(|nth, _| if nth == 0 { reply("308 Moved", "Location: ../team/\r\n", "") } else { the_calendar() }).await;
    let _ = client(&url).changes(&url, &year(), Some("1")).await.unwrap();
    let heard = heard.lock().unwrap();
    assert!(heard[1].starts_with("PROPFIND ") && heard[1].contains("<D:prop>"), "method and body stay");
}

#[tokio::test]
async fn answers_that_name_another_host_are_not_followed() {
    let (other, unheard) = serve(|_, _| the_calendar()).await;
    let principal = format!("<D:current-user-principal><D:href>{other}</D:href></D:current-user-principal>");
    let (url, _) = serve(move |_, _| multi(&response("/", &principal))).await;
    assert_eq!(client(&url).account().await, Err(refused("the server points to another host")));
    assert!(unheard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_slow_server_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/me/team/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(b"HTTP/1.1 207 Multi-Status\r\n\r\n").await;
                // Never silent for long, and never done.
                while stream.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            });
        }
    });
    assert_eq!(error_of(&url).await, unavailable("too slow"));
    assert_eq!(error_of("http://127.0.0.1:1/me/team/").await, unavailable("no connection"));
}

#[tokio::test]
async fn answers_are_bounded() {
    let (url, _) = serve(|_, _| reply("207 Multi-Status", "", &" ".repeat(wire::MAX_BODY + 1))).await;
    assert_eq!(error_of(&url).await, refused("the answer is larger than 8 MiB"));

    let large = |request: &str| {
        if request.starts_with("PROPFIND") { the_calendar() } else { multi(&" ".repeat(wire::MAX_BODY)) }
    };
    let (url, heard) = serve(move |_, request| large(request)).await;
    assert_eq!(error_of(&url).await, refused("the calendar is too large"));
    assert_eq!(heard.lock().unwrap().len(), 6, "the window is not halved for ever");

    let bomb = "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\">]><multistatus xmlns=\"DAV:\">&b;</multistatus>";
    let (url, _) = serve(move |_, _| reply("207 Multi-Status", "", bomb)).await;
    assert_eq!(error_of(&url).await, refused("the answer is no XML that can be read"));
    let (url, _) = serve(|_, _| reply("200 OK", "", "<html>Welcome</html>")).await;
    assert_eq!(error_of(&url).await, refused("this is no calendar server"));
}

#[tokio::test]
async fn a_hostile_calendar_holds_nobody_up() {
    let (url, _) = serve(|_, request| {
        if request.starts_with("PROPFIND") {
            return the_calendar();
        }
        let long = format!("DESCRIPTION:{}\n", "x".repeat(1_000_000));
        multi(&[event("dense", "RRULE:FREQ=SECONDLY\n"), event("long", &long), event("plain", "")].concat())
    })
    .await;
    let changes = client(&url).changes(&url, &year(), None).await.unwrap();
    let ids = changes.changes.iter().filter_map(|change| match change {
        Change::Present(event) => Some(event.id.as_str()),
        Change::Gone { .. } => None,
    });
    let ids: Vec<_> = ids.collect();
    assert_eq!(ids.iter().filter(|id| id.starts_with("dense")).count(), 5_000);
    assert!(ids.contains(&"long") && ids.contains(&"plain"));
}

#[tokio::test]
async fn an_answer_that_was_cut_short_is_not_taken_for_all() {
    let (url, _) = serve(|nth, request| {
        let full =
            "<D:response><D:href>/me/team/</D:href><D:status>HTTP/1.1 507 Insufficient Storage</D:status></D:response>";
        match nth {
            _ if request.starts_with("PROPFIND") => the_calendar(),
            1 => multi(&[event("a", ""), full.to_owned()].concat()),
            2 => multi(&event("a", "")),
            _ => multi(&[event("a", ""), event("b", "")].concat()),
        }
    })
    .await;
    let changes = client(&url).changes(&url, &year(), None).await.unwrap();
    assert_eq!((changes.changes.len(), changes.complete), (2, true));
}

#[tokio::test]
async fn events_that_are_only_named_are_asked_for() {
    let (url, _) = serve(|_, request| match request.split(' ').next() {
        Some("PROPFIND") => the_calendar(),
        Some("GET") => {
            reply("200 OK", "", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260301T090000Z\nEND:VEVENT\nEND:VCALENDAR")
        }
        _ => {
            let gone = "<D:response><D:href>c</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>";
            multi(&[response("/me/team/", ""), response("/me/team/a", ""), event("b", ""), gone.to_owned()].concat())
        }
    })
    .await;
    assert_eq!(client(&url).changes(&url, &year(), None).await.unwrap().changes.len(), 2);
}

#[tokio::test]
async fn statuses_say_what_to_do() {
    for (status, headers, error) in [
        ("401 Unauthorized", "", RemoteError::GrantRefused),
        ("403 Forbidden", "", RemoteError::NotFound),
        ("404 Not Found", "", RemoteError::NotFound),
        ("410 Gone", "", RemoteError::NotFound),
        ("429 Too Many", "Retry-After: 7\r\n", RemoteError::Throttled(Some(TimeDelta::seconds(7)))),
        ("429 Too Many", "", RemoteError::Throttled(None)),
        (
            "503 Busy",
            "Retry-After: Sun, 22 Nov 2026 09:01:00 GMT\r\n",
            RemoteError::Throttled(Some(TimeDelta::minutes(1))),
        ),
        ("503 Busy", "Retry-After: 99999999\r\n", RemoteError::Throttled(Some(TimeDelta::days(1)))),
        ("503 Busy", "", unavailable("status 503")),
        ("507 Full", "", unavailable("status 507")),
        ("500 Oops", "", unavailable("status 500")),
        ("400 Bad", "", refused("status 400")),
    ] {
        let (url, _) = serve(move |_, _| reply(status, headers, "")).await;
        assert_eq!(error_of(&url).await, error, "{status}");
    }
    let (url, _) = serve(|_, _| reply("403 Forbidden", "", "")).await;
    assert_eq!(client(&url).account().await, Err(RemoteError::GrantRefused));
}

#[tokio::test]
async fn a_write_that_loses_a_race_reads_again() {
    let there = |note: &str| {
        format!(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:{BOOKING}@yaksok\nSEQUENCE:1\nX-NOTE:{note}\nEND:VEVENT\nEND:VCALENDAR"
        )
    };
    let (url, heard) = serve(move |nth, _| match nth {
        0 | 2 => reply("412 Precondition Failed", "", ""),
        1 => reply("200 OK", "ETag: \"a\"\r\n", &there("first")),
        3 => reply("200 OK", "ETag: \"b\"\r\n", &there("second")),
        _ => reply("204 No Content", "", ""),
    })
    .await;
    let draft = Draft {
        booking: BOOKING.parse().unwrap(),
        sequence: 3,
        during: at("2026-12-01T00:00:00Z")..at("2026-12-01T00:30:00Z"),
        title: "Ada\nEND:VEVENT\nATTENDEE:mailto:x@example.org".to_owned(),
        description: String::new(),
        location: None,
        tentative: false,
        meeting: None,
    };
    let written = client(&url).put(&url, &draft, None).await.unwrap();
    assert_eq!(written.id, format!("{BOOKING}.ics"));
    let heard = heard.lock().unwrap();
    let condition = |nth: usize, header: &str| heard[nth].contains(header);
    assert!(condition(0, "if-none-match: *") && condition(2, "if-match: \"a\"") && condition(4, "if-match: \"b\""));
    assert!(heard[4].contains("X-NOTE:second\r\n") && heard[4].contains("SEQUENCE:3\r\n"));
    assert!(heard[4].contains("DTSTAMP:20261122T090000Z\r\n"));
    assert!(!heard[4].contains("\r\nATTENDEE"), "a title stays a title");
}

#[test]
fn a_mailed_invitation_loses_its_guests_and_an_event_of_ours_keeps_the_mentors() {
    let draft = Draft {
        booking: BOOKING.parse().unwrap(),
        sequence: 1,
        during: at("2026-12-01T00:00:00Z")..at("2026-12-01T00:30:00Z"),
        title: "Ada".to_owned(),
        description: String::new(),
        location: None,
        tentative: false,
        meeting: None,
    };
    let there = |mark: &str| {
        let text = format!(
            "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:{BOOKING}@yaksok\nDTSTART:20261201T090000Z\n{mark}\
             ORGANIZER;CN=Yaksok:mailto:bookings@yaksok.example\nATTENDEE;RSVP=TRUE:mailto:ada@\n example.org\n\
             ATTENDEE:mailto:ann@example.org\nX-NOTE:mine\nEND:VEVENT\nEND:VCALENDAR"
        );
        event_text(&draft, Some(&text), at("2026-11-22T09:00:00Z"))
    };
    let invitation = there("");
    assert!(!invitation.contains("mailto:") && !invitation.contains("METHOD") && invitation.contains("X-NOTE:mine"));
    let ours = there(&format!("X-YAKSOK-BOOKING:{BOOKING}\n"));
    assert_eq!(ours.matches("mailto:").count(), 3, "{ours}");
}

#[tokio::test]
async fn gone_is_said_only_by_a_calendar_that_answers() {
    let (url, _) = serve(|_, request| match request.split(' ').next() {
        Some("GET") => reply("404 Not Found", "", ""),
        _ => reply("503 Busy", "", ""),
    })
    .await;
    assert_eq!(client(&url).get(&url, "a.ics").await, Err(unavailable("status 503")));
    let (url, _) = serve(|_, request| match request.split(' ').next() {
        Some("GET") => reply("404 Not Found", "", ""),
        _ => the_calendar(),
    })
    .await;
    assert_eq!(client(&url).get(&url, "a.ics").await, Ok(None));
    let (url, _) = serve(|_, request| match request.split(' ').next() {
        Some("GET") => reply("200 OK", "", "<html>Log in</html>"),
        _ => the_calendar(),
    })
    .await;
    assert_eq!(client(&url).get(&url, "a.ics").await, Err(refused("the event cannot be read")));
}

#[test]
fn paths_are_compared_however_they_are_written() {
    let collection = Url::parse("https://example.org/%7Eme/my%20work/").unwrap();
    assert_eq!(object_id(&collection, "/~me/my%20work/a%40b.ics").as_deref(), Some("a@b.ics"));
    assert_eq!(object_id(&collection, "/%7eme/my%20work/%ec%95%bd.ics").as_deref(), Some("%EC%95%BD.ics"));
    assert_eq!(object_id(&collection, "/~me/my%20work/"), None);
    let back = object_url(&collection, "a:b%2Fc.ics").unwrap();
    assert_eq!(object_id(&collection, back.path()).as_deref(), Some("a:b%2Fc.ics"));
    assert!(object_url(&collection, "//evil.org/x").is_err());
}

/// The address set of the principal (RFC 6638, section 2.4.1), the mentor's address and the account's name are all one person.
#[tokio::test]
async fn an_event_that_its_own_person_declined_does_not_block() {
    let answers = |_: usize, request: &str| {
        let path = request.split(' ').nth(1).unwrap();
        if request.contains("calendar-query") {
            let declined = |name: &str, who: &str| {
                event(name, &format!("DTEND:20260301T100000Z\nATTENDEE;PARTSTAT=DECLINED:mailto:{who}\n"))
            };
            return multi(
                &[
                    declined("alias", "Alias@example.net"),
                    declined("name", "me"),
                    declined("mentor", "mentor@example.com"),
                    declined("other", "other@example.com"),
                ]
                .concat(),
            );
        }
        if path == "/principals/me/" {
            let set = "<C:calendar-user-address-set><D:href>mailto:alias@example.net</D:href><D:href>/principals/me/</D:href></C:calendar-user-address-set>";
            return multi(&response(path, set));
        }
        multi(&response(
            "/me/team/",
            "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype><D:sync-token>1</D:sync-token>\
             <D:current-user-principal><D:href>/principals/me/</D:href></D:current-user-principal>",
        ))
    };
    let (url, _) = serve(answers).await;
    let changes = client(&url).of_person("Mentor@Example.com").changes(&url, &year(), None).await.unwrap();
    let mut blocking: Vec<_> = changes
        .changes
        .iter()
        .filter_map(|change| match change {
            crate::remote::Change::Present(event) if event.busy => Some(event.id.as_str()),
            _ => None,
        })
        .collect();
    blocking.sort_unstable();
    assert_eq!(blocking, ["other"]);
}

/// A server with a certificate that no authority vouches for.
fn untrusted() -> String {
    use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/me/team/", listener.local_addr().unwrap());
    let certificate = include_bytes!("../../../mailer/tests/untrusted/certificate.der");
    let key = include_bytes!("../../../mailer/tests/untrusted/key.der");
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(certificate.as_slice())],
            PrivatePkcs8KeyDer::from(key.as_slice()).into(),
        )
        .unwrap();
    let config = Arc::new(config);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let _ = tls.complete_io(&mut stream);
        }
    });
    url
}

/// A server that speaks without TLS, whatever it is sent.
fn in_clear_text() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/me/team/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = std::io::Read::read(&mut stream, &mut [0; 16]);
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            // Until the client has read it: closing at once could discard it.
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
    });
    url
}

/// Every client of ours says why there is no TLS: CalDAV, and the one that asks Google, Microsoft and their OAuth.
#[tokio::test]
async fn why_tls_fails_is_said() {
    for (url, why) in [
        (in_clear_text(), "no secure connection: it does not speak TLS on this port"),
        (
            untrusted(),
            "no secure connection: its certificate is self-signed, made for an authority and not for a server",
        ),
    ] {
        assert_eq!(error_of(&url).await, unavailable(why));
        let http = crate::http::Http::new().unwrap();
        let request = http.request(reqwest::Method::GET, Url::parse(&url).unwrap());
        assert_eq!(http.send(request).await.unwrap_err(), unavailable(why));
    }
}
