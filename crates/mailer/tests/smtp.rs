//! Against a small SMTP server that does as it is told.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::{Part, assert_crlf_only, notice, organizer};
use mailer::{Cause, Event, Mailer, Outgoing, Recipient, Transport};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use scheduling::Language;
use std::{
    io,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// What the server answers to a command; `None`: nothing, ever.
type Script = fn(connection: usize, command: &str) -> Option<&'static str>;

/// A server's address, and what it was told: commands, then the message as one entry.
struct Server {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = heard.clone();
        tokio::spawn(async move {
            let mut connection = 0;
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, connection, script, notes.clone()));
                connection += 1;
            }
        });
        Self { address, heard }
    }

    fn mailer(&self, user: &str) -> Mailer {
        let url = format!("smtp://{user}{}/client.example", self.address);
        Mailer::new(Transport::Smtp(url), "Yaksok <bookings@yaksok.example>").unwrap()
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, connection: usize, script: Script, heard: Arc<Mutex<Vec<String>>>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut event = "CONNECT".to_owned();
    loop {
        let Some(answer) = script(connection, &event) else { return std::future::pending().await };
        stream.write_all(answer.as_bytes()).await?;
        let mut message = Vec::new();
        if answer.starts_with("354") {
            while !message.ends_with(b"\r\n.\r\n") {
                stream.read_until(b'\n', &mut message).await?;
            }
            message.truncate(message.len() - b".\r\n".len());
            event = ".".to_owned();
        } else {
            if stream.read_until(b'\n', &mut message).await? == 0 {
                return Ok(());
            }
            event = String::from_utf8_lossy(&message).trim_end().to_owned();
        }
        heard.lock().unwrap().push(String::from_utf8(message).unwrap());
    }
}

fn accepting(_: usize, command: &str) -> Option<&'static str> {
    Some(match command.split([' ', ':']).next().unwrap() {
        "CONNECT" => "220 test\r\n",
        "EHLO" => "250-test\r\n250 AUTH PLAIN\r\n",
        "AUTH" => "235 welcome\r\n",
        "DATA" => "354 go on\r\n",
        "QUIT" => "221 bye\r\n",
        _ => "250 fine\r\n",
    })
}

fn message() -> Outgoing {
    notice(Event::Booked, Recipient::Mentee, Language::Ko).compose(&organizer())
}

#[tokio::test]
async fn a_message_arrives_as_it_was_written() {
    let server = Server::start(accepting).await;
    let mut out = message();
    out.text = format!(".\n..leading dots\n{}", out.text);
    let sent = server.mailer("").send(&out).await.unwrap();
    assert!(sent.path.is_none());

    let heard = server.heard();
    assert_eq!(heard[0], "EHLO client.example\r\n");
    assert_eq!(heard[1], "MAIL FROM:<bookings@yaksok.example>\r\n");
    assert_eq!(heard[2], "RCPT TO:<ada@example.org>\r\n");
    assert_eq!(heard[3], "DATA\r\n");
    let wire = heard[4].strip_suffix("\r\n").unwrap().replace("\r\n..", "\r\n.");
    assert!(wire.is_ascii());
    assert_crlf_only(wire.as_bytes());
    let message = Part::parse(wire.as_bytes());
    let alternatives = &message.children[0].children;
    assert_eq!(alternatives[0].text().replace("\r\n", "\n"), out.text);
    assert_eq!(alternatives[2].text(), out.invite.as_ref().unwrap().ics);
    assert_eq!(message.children[1].text(), out.invite.unwrap().ics);
}

#[tokio::test]
async fn refusals_say_who_can_help_and_why_in_the_servers_words() {
    use Cause::{Final, Operator, Temporary};
    let cases: [(Script, Cause, &str); 10] = [
        (
            |n, c| {
                if c.starts_with("RCPT") {
                    Some("451 4.7.1 <ada@example.org>: greylisted\r\n")
                } else {
                    accepting(n, c)
                }
            },
            Temporary,
            "the mail server refused it for now (451 4.7.1 <…>: greylisted)",
        ),
        (
            |n, c| if c.starts_with("RCPT") { Some("550 5.1.1 user ada unknown\r\n") } else { accepting(n, c) },
            Final,
            "the mail server refused it for good (550 5.1.1 user … unknown)",
        ),
        (
            |n, c| {
                if c.starts_with("RCPT") {
                    Some("554 5.7.1 <ada@example.org>: Relay access denied\r\n")
                } else {
                    accepting(n, c)
                }
            },
            Operator,
            "the mail server refused to pass mail on (554 5.7.1 <…>: Relay access denied)",
        ),
        (
            |n, c| {
                if c.starts_with("RCPT") {
                    Some("504 5.5.2 <host>: Helo command rejected\r\n")
                } else {
                    accepting(n, c)
                }
            },
            Operator,
            "the mail server refused to pass mail on (504 5.5.2 <host>: Helo command rejected)",
        ),
        (
            |n, c| if c.starts_with("EHLO") { Some("550-first line\r\n550 bad name\r\n") } else { accepting(n, c) },
            Operator,
            "the mail server refused the connection or the name announced to it (SMTP_HELO_NAME) (550 first line bad name)",
        ),
        (
            |n, c| {
                if c.starts_with("MAIL") {
                    Some("550 5.7.1 bookings@yaksok.example is not verified\r\n")
                } else {
                    accepting(n, c)
                }
            },
            Operator,
            "the mail server refused the sender (MAIL_FROM) (550 5.7.1 … is not verified)",
        ),
        (
            |n, c| if c == "." { Some("554 the domain is not verified\r\n") } else { accepting(n, c) },
            Operator,
            "the mail server refused the message, or its sender (554 the domain is not verified)",
        ),
        (
            |n, c| if c == "." { Some("452 disk is full\r\n") } else { accepting(n, c) },
            Temporary,
            "the mail server refused it for now (452 disk is full)",
        ),
        (
            |n, c| if c == "CONNECT" { Some("421 too busy\r\n") } else { accepting(n, c) },
            Temporary,
            "the mail server refused it for now (421 too busy)",
        ),
        // Our password is wrong: the operator's to correct, not the message's fault.
        (
            |n, c| if c.starts_with("AUTH") { Some("535 no\r\n") } else { accepting(n, c) },
            Operator,
            "the mail server does not accept our credentials (535 no)",
        ),
    ];
    for (script, cause, said) in cases {
        let server = Server::start(script).await;
        let mailer = server.mailer("user:password@");
        let error = mailer.send(&message()).await.unwrap_err();
        assert_eq!(error.cause, cause, "{error}");
        assert_eq!(error.to_string(), format!("mail was not sent: {said}"));
        assert_eq!(mailer.failing().is_some(), cause == Operator, "{error}");
        let shown = format!("{error} {error:?}");
        for private in ["ada", "example.org", "yaksok.example", "password", "김멘토"] {
            assert!(!shown.contains(private), "{shown}");
        }
    }
}

#[tokio::test]
async fn what_the_operator_must_mend_is_seen_until_a_message_is_taken() {
    let server =
        Server::start(|n, c| if n == 0 && c.starts_with("MAIL") { Some("550 no\r\n") } else { accepting(n, c) }).await;
    let mailer = server.mailer("");
    assert_eq!(mailer.failing(), None);
    mailer.send(&message()).await.unwrap_err();
    assert_eq!(mailer.failing(), Some("the mail server refused the sender (MAIL_FROM)"));
    mailer.clone().send(&message()).await.unwrap();
    assert_eq!(mailer.failing(), None);
}

/// RFC 3207, section 4: the server takes nothing before STARTTLS.
#[tokio::test]
async fn a_server_that_demands_starttls_is_understood() {
    let demands: Script = |n, c| match c.split(' ').next().unwrap() {
        "EHLO" => Some("250-test\r\n250 STARTTLS\r\n"),
        "MAIL" | "AUTH" => Some("530 5.7.0 Must issue a STARTTLS command first\r\n"),
        _ => accepting(n, c),
    };
    for user in ["", "user:password@"] {
        let server = Server::start(demands).await;
        let error = server.mailer(user).send(&message()).await.unwrap_err();
        let said = "mail was not sent: the mail server demands STARTTLS: add ?tls=required to SMTP_URL";
        assert!(error.to_string().starts_with(said), "{error}");
        assert_eq!(error.cause, Cause::Operator);
        assert!(!server.heard().concat().contains("AUTH"), "no password before TLS");
    }
}

/// RFC 6531: an address with letters beyond ASCII before the `@` needs a server that says it can.
#[tokio::test]
async fn an_internationalised_address_needs_smtputf8() {
    let can: Script = |n, c| match c {
        c if c.starts_with("EHLO") => Some("250-test\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"),
        c => accepting(n, c),
    };
    let mut out = message();
    out.to_email = "김@한국.kr".into();
    let server = Server::start(can).await;
    server.mailer("").send(&out).await.unwrap();
    let heard = server.heard();
    assert!(heard[1].starts_with("MAIL FROM:<bookings@yaksok.example> SMTPUTF8"), "{heard:?}");
    assert_eq!(heard[2], "RCPT TO:<김@xn--3e0b707e.kr>\r\n");

    let server = Server::start(accepting).await;
    let error = server.mailer("").send(&out).await.unwrap_err();
    assert!(error.is_permanent() && error.to_string().ends_with("(no SMTPUTF8)"), "{error}");
    // The domain alone needs nothing of the kind.
    out.to_email = "kim@한국.kr".into();
    server.mailer("").send(&out).await.unwrap();
    assert!(server.heard().contains(&"RCPT TO:<kim@xn--3e0b707e.kr>\r\n".to_owned()));
}

#[tokio::test]
async fn the_announced_name_can_be_chosen() {
    let server = Server::start(accepting).await;
    let transport = Transport::Smtp(format!("smtp://{}", server.address));
    let mailer = Mailer::with_helo_name(transport, "a@example.com", Some("book.example.com")).unwrap();
    mailer.send(&message()).await.unwrap();
    assert_eq!(server.heard()[0], "EHLO book.example.com\r\n");
}

/// The message is the server's once it said so, however it says goodbye.
#[tokio::test(start_paused = true)]
async fn a_goodbye_that_hangs_is_no_failure() {
    let server = Server::start(|n, c| if c == "QUIT" { None } else { accepting(n, c) }).await;
    server.mailer("").send(&message()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_worth_another_try() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mailer = Mailer::new(Transport::Smtp(format!("smtp://{address}")), "a@example.com").unwrap();
    let error = mailer.send(&message()).await.unwrap_err();
    assert_eq!(error.to_string(), "mail was not sent: the mail server cannot be reached");
    assert!(!error.is_permanent());
}

/// Time stands still until nobody has anything to do, then jumps to the next timer.
#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_holds_nobody_up() {
    let scripts: [Script; 3] = [
        |_, _| None,
        |n, c| if c.starts_with("MAIL") { None } else { accepting(n, c) },
        |n, c| if c == "." { None } else { accepting(n, c) },
    ];
    for script in scripts {
        let server = Server::start(script).await;
        let begin = tokio::time::Instant::now();
        let error = server.mailer("").send(&message()).await.unwrap_err();
        assert!(!error.is_permanent() && error.code.is_none());
        assert_eq!(error.to_string(), "mail was not sent: the mail server took too long");
        assert!(begin.elapsed() <= std::time::Duration::from_secs(31));
    }
}

/// The first connection stops answering in the middle; what it still owes must not be read as answers to the next message.
#[tokio::test(start_paused = true)]
async fn giving_up_does_not_spoil_the_next_message() {
    let server = Server::start(|n, c| if n == 0 && c.starts_with("RCPT") { None } else { accepting(n, c) }).await;
    let mailer = server.mailer("");
    mailer.send(&message()).await.unwrap_err();
    tokio::time::resume();
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    mailer.send(&message()).await.unwrap();
    let heard = server.heard();
    assert_eq!(heard.iter().filter(|line| line.starts_with("EHLO")).count(), 2);
    assert_eq!(heard.iter().filter(|line| line.contains("\r\nMessage-ID: ")).count(), 1);
}

/// How a server secures its connections.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tls {
    /// From the first byte.
    AtOnce,
    /// After STARTTLS.
    Later,
    /// It cannot.
    Never,
}

/// A server whose certificate nobody has vouched for.
async fn untrusted(tls: Tls) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notes = heard.clone();
    let certificate = CertificateDer::from(include_bytes!("untrusted/certificate.der").as_slice());
    let key = PrivatePkcs8KeyDer::from(include_bytes!("untrusted/key.der").as_slice());
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let note = |what: &str| notes.lock().unwrap().push(what.to_owned());
            if tls != Tls::AtOnce {
                stream.write_all(b"220 test\r\n").await.unwrap();
                let mut lines = BufReader::new(&mut stream).lines();
                loop {
                    let Ok(Some(line)) = lines.next_line().await else { break };
                    note(&line);
                    let answer = match (line.split(' ').next().unwrap(), tls) {
                        ("EHLO", Tls::Later) => "250-test\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n",
                        ("EHLO", _) => "250-test\r\n250 AUTH PLAIN\r\n",
                        ("STARTTLS", _) => "220 go on\r\n",
                        ("AUTH", _) => "235 welcome\r\n",
                        _ => "250 fine\r\n",
                    };
                    lines.get_mut().get_mut().write_all(answer.as_bytes()).await.unwrap();
                    if line == "STARTTLS" {
                        break;
                    }
                }
            }
            // Whoever trusted it would go on.
            if let Ok(secured) = acceptor.accept(stream).await {
                let mut lines = BufReader::new(secured).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    note(&line);
                }
            }
        }
    });
    Server { address, heard }
}

#[tokio::test]
async fn a_server_that_is_not_who_it_says_is_told_no_password_and_no_mail() {
    let insecure = "no secure connection to the mail server: its certificate is self-signed, made for an authority and not \
                    for a server";
    let lacks = "the mail server does not offer STARTTLS, and SMTP_URL asks for TLS or holds credentials, which are never \
                 sent in clear text";
    let cases = [
        ("smtps", "", Tls::AtOnce, insecure),
        ("smtp", "?tls=required", Tls::Later, insecure),
        ("smtp", "?tls=opportunistic", Tls::Later, insecure),
        ("smtp", "?tls=required", Tls::Never, lacks),
    ];
    for (scheme, query, tls, reason) in cases {
        let server = untrusted(tls).await;
        let url = format!("{scheme}://user:password@{}{query}", server.address);
        let mailer = Mailer::new(Transport::Smtp(url), "Yaksok <bookings@yaksok.example>").unwrap();
        let error = mailer.send(&message()).await.unwrap_err();
        assert!(!error.is_permanent(), "it is the operator's to mend: {error}");
        assert!(error.to_string().ends_with(reason), "{error}");
        assert!(!format!("{error} {error:?}").contains("password"), "{error}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let heard = server.heard();
        let harmless = |line: &String| ["EHLO", "STARTTLS", "QUIT"].contains(&line.split(' ').next().unwrap());
        assert!(heard.iter().all(harmless), "{heard:?}");
    }
}
