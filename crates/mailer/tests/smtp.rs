//! Against a small SMTP server that does as it is told.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::{Part, assert_crlf_only, notice, organizer};
use mailer::{Event, Mailer, Outgoing, Recipient, Transport};
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
async fn refusals_say_whether_to_try_again() {
    let cases: [(Script, bool, u16); 6] = [
        (
            |n, c| if c.starts_with("RCPT") { Some("451 ada@example.org: later\r\n") } else { accepting(n, c) },
            false,
            451,
        ),
        (
            |n, c| if c.starts_with("RCPT") { Some("550 ada@example.org unknown\r\n") } else { accepting(n, c) },
            true,
            550,
        ),
        (|n, c| if c == "." { Some("554 5.7.1 spam\r\n") } else { accepting(n, c) }, true, 554),
        (|n, c| if c == "." { Some("452 disk is full\r\n") } else { accepting(n, c) }, false, 452),
        (|n, c| if c == "CONNECT" { Some("421 too busy\r\n") } else { accepting(n, c) }, false, 421),
        // Our password is wrong: the operator's to mend, not the message's fault.
        (|n, c| if c.starts_with("AUTH") { Some("535 no\r\n") } else { accepting(n, c) }, false, 535),
    ];
    for (script, permanent, code) in cases {
        let server = Server::start(script).await;
        let error = server.mailer("user:password@").send(&message()).await.unwrap_err();
        assert_eq!((error.permanent, error.code), (permanent, Some(code)), "{error}");
        let shown = format!("{error} {error:?}");
        for private in ["ada", "example", "password", "spam", "김멘토"] {
            assert!(!shown.contains(private), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_worth_another_try() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mailer = Mailer::new(Transport::Smtp(format!("smtp://{address}")), "a@example.com").unwrap();
    let error = mailer.send(&message()).await.unwrap_err();
    assert_eq!(error.to_string(), "mail was not sent: the mail server cannot be reached");
    assert!(!error.permanent);
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
        assert!(!error.permanent && error.code.is_none());
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
    const INSECURE: &str = "no secure connection to the mail server";
    let cases = [
        ("smtps", "", Tls::AtOnce, INSECURE),
        ("smtp", "?tls=required", Tls::Later, INSECURE),
        ("smtp", "?tls=required", Tls::Never, "the mail server lacks something that the message needs"),
    ];
    for (scheme, query, tls, reason) in cases {
        let server = untrusted(tls).await;
        let url = format!("{scheme}://user:password@{}{query}", server.address);
        let mailer = Mailer::new(Transport::Smtp(url), "Yaksok <bookings@yaksok.example>").unwrap();
        let error = mailer.send(&message()).await.unwrap_err();
        assert!(!error.permanent, "it is the operator's to mend: {error}");
        assert!(error.to_string().ends_with(reason), "{error}");
        assert!(!format!("{error} {error:?}").contains("password"), "{error}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let heard = server.heard();
        let harmless = |line: &String| ["EHLO", "STARTTLS", "QUIT"].contains(&line.split(' ').next().unwrap());
        assert!(heard.iter().all(harmless), "{heard:?}");
    }
}
