//! Against Postfix, as Debian packages it, with a certificate of a private authority.
//!
//! Postfix needs root to start. `scripts/setup.sh test` installs it; no service of the system is started. Where either is
//! missing, as on macOS, there is nothing to test against.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
#![cfg(target_os = "linux")]

mod common;

use common::{Directory, Part, notice, organizer};
use mailer::{Cause, Event, Mailer, Recipient, SendError, Transport};
use scheduling::Language;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

const FROM: &str = "Yaksok <bookings@yaksok.test>";
/// Where the test that trusts the private authority finds the server's ports.
const PORTS: &str = "YAKSOK_TEST_POSTFIX";

/// The ports of one server.
#[derive(Clone, Copy)]
struct Ports {
    /// Offers STARTTLS.
    offers: u16,
    /// Takes nothing before STARTTLS.
    demands: u16,
    /// Knows no TLS.
    clear: u16,
    /// TLS from the first byte.
    implicit: u16,
}

struct Postfix {
    directory: Directory,
    ports: Ports,
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _ = postfix(&self.directory.0, "stop").status();
    }
}

fn postfix(directory: &Path, command: &str) -> Command {
    let mut postfix = Command::new("/usr/sbin/postfix");
    postfix.arg("-c").arg(directory).arg(command).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    postfix
}

fn run(directory: &Path, program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).current_dir(directory).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A private authority, `ca.pem`, and a certificate that it signed for `localhost`.
fn make_certificates(directory: &Path) {
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let authority = ["-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=A private authority"];
    run(directory, "openssl", &[&["req", "-x509"][..], &key, &authority].concat());
    let request = ["-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=localhost"];
    run(directory, "openssl", &[&["req"][..], &key, &request].concat());
    fs::write(directory.join("extensions"), "basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost\n").unwrap();
    let sign =
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 -extfile extensions";
    run(directory, "openssl", &sign.split(' ').collect::<Vec<_>>());
}

impl Postfix {
    /// `None` where there is no Postfix, or no right to start it.
    fn start() -> Option<Self> {
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
        if !is_root || !Path::new("/usr/sbin/postfix").exists() {
            eprintln!("Postfix is not installed, or this is not root: nothing was tested");
            return None;
        }
        let directory = Directory::new("postfix");
        let path = directory.0.clone();
        for part in ["", "queue", "data", "mail"] {
            fs::create_dir(path.join(part)).unwrap();
        }
        run(&path, "chown", &["postfix", "data"]);
        run(&path, "chown", &["nobody", "mail"]);
        make_certificates(&path);
        let ports = Ports { offers: free_port(), demands: free_port(), clear: free_port(), implicit: free_port() };
        fs::write(path.join("main.cf"), main_cf(&path)).unwrap();
        fs::write(path.join("master.cf"), master_cf(ports)).unwrap();
        assert!(postfix(&path, "check").status().unwrap().success());
        assert!(postfix(&path, "start").status().unwrap().success(), "{}", log(&path));
        while std::net::TcpStream::connect(("127.0.0.1", ports.implicit)).is_err() {
            sleep(Duration::from_millis(50));
        }
        Some(Self { directory, ports })
    }

    /// The one message in a mailbox, once it is there.
    fn delivered(&self, mailbox: &str) -> Part {
        let new = self.directory.0.join("mail").join(mailbox).join("new");
        loop {
            if let Some(Ok(entry)) = fs::read_dir(&new).ok().and_then(|mut entries| entries.next()) {
                let text = fs::read_to_string(entry.path()).unwrap();
                return Part::parse(text.replace('\n', "\r\n").as_bytes());
            }
            sleep(Duration::from_millis(50));
        }
    }
}

fn log(directory: &Path) -> String {
    fs::read_to_string(directory.join("log")).unwrap_or_default()
}

fn main_cf(directory: &Path) -> String {
    let directory = directory.display();
    format!(
        "compatibility_level = 3.6
queue_directory = {directory}/queue
data_directory = {directory}/data
maillog_file = {directory}/log
maillog_file_prefixes = {directory}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.test
mydestination =
mynetworks =
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = guests.test xn--3e0b707e.test
virtual_mailbox_base = {directory}/mail
virtual_mailbox_maps = inline:{{ {{ada@guests.test = ada/}}, {{kim@xn--3e0b707e.test = kim/}}, {{김@guests.test = hangul/}} }}
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 1
smtpd_tls_cert_file = {directory}/cert.pem
smtpd_tls_key_file = {directory}/key.pem
smtpd_tls_security_level = may
smtpd_helo_required = yes
smtpd_helo_restrictions = reject_non_fqdn_helo_hostname
smtpd_sender_restrictions = check_sender_access inline:{{ {{refused@yaksok.test = REJECT not owned by you}} }}
smtpd_relay_restrictions = reject_unauth_destination
smtputf8_enable = yes
"
    )
}

fn master_cf(ports: Ports) -> String {
    let Ports { offers, demands, clear, implicit } = ports;
    format!(
        "127.0.0.1:{offers} inet n - n - - smtpd
127.0.0.1:{demands} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
127.0.0.1:{clear} inet n - n - - smtpd
  -o smtpd_tls_security_level=none
127.0.0.1:{implicit} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"
    )
}

async fn send(url: String, from: &str, helo: &str, to: &str) -> Result<(), SendError> {
    let mut out = notice(Event::Booked, Recipient::Mentee, Language::Ko).compose(&organizer());
    out.to_email = to.into();
    let mailer = Mailer::with_helo_name(Transport::Smtp(url), from, Some(helo)).unwrap();
    mailer.send(&out).await.map(drop)
}

/// In a process of its own, because trust is read from the environment once.
#[tokio::test]
#[ignore = "run by `mail_goes_through_a_real_server`, with SSL_CERT_FILE"]
async fn with_the_private_authority() {
    let ports: Vec<u16> = std::env::var(PORTS).unwrap().split(' ').map(|port| port.parse().unwrap()).collect();
    let [offers, demands, clear, implicit] = ports[..] else { panic!("four ports") };
    let required = |port: u16| format!("smtp://localhost:{port}?tls=required");
    let (helo, ada) = ("book.test", "ada@guests.test");

    send(required(offers), FROM, helo, ada).await.unwrap();
    send(required(demands), FROM, helo, "kim@한국.test").await.unwrap();
    send(format!("smtps://localhost:{implicit}"), FROM, helo, "김@guests.test").await.unwrap();

    let cases = [
        (
            required(offers),
            "refused@yaksok.test",
            helo,
            ada,
            Cause::Operator,
            "Sender address rejected: not owned by you",
        ),
        (required(offers), FROM, helo, "bob@elsewhere.test", Cause::Operator, "554 5.7.1 <…>: Relay access denied"),
        (
            required(offers),
            FROM,
            "book",
            ada,
            Cause::Operator,
            "504 5.5.2 <book>: Helo command rejected: need fully-qualified",
        ),
        (
            required(offers),
            FROM,
            helo,
            "bob@guests.test",
            Cause::Final,
            "550 5.1.1 <…>: Recipient address rejected: User unknown",
        ),
        (required(clear), FROM, helo, ada, Cause::Operator, "the mail server does not offer STARTTLS"),
        (
            format!("smtp://localhost:{demands}"),
            FROM,
            helo,
            ada,
            Cause::Operator,
            "the mail server demands STARTTLS: add ?tls=required to SMTP_URL (530 5.7.0 Must issue a STARTTLS command first)",
        ),
        (
            format!("smtp://127.0.0.1:{offers}?tls=required"),
            FROM,
            helo,
            ada,
            Cause::Operator,
            "no secure connection to the mail server: its certificate is for another name",
        ),
        (
            format!("smtps://localhost:{clear}"),
            FROM,
            helo,
            ada,
            Cause::Operator,
            "no secure connection to the mail server: it does not speak TLS on this port",
        ),
    ];
    for (url, from, helo, to, cause, said) in cases {
        let error = send(url.clone(), from, helo, to).await.unwrap_err();
        assert_eq!(error.cause, cause, "{url}: {error}");
        assert!(error.to_string().contains(said), "{url}: {error}");
        for private in [to, from, "@", "bob"] {
            assert!(!error.to_string().contains(private), "{error}");
        }
    }
}

#[tokio::test]
async fn mail_goes_through_a_real_server() {
    let Some(server) = Postfix::start() else { return };
    let Ports { offers, demands, clear, implicit } = server.ports;

    // The host does not know the authority.
    for url in [format!("smtp://localhost:{offers}?tls=required"), format!("smtps://localhost:{implicit}")] {
        let error = send(url, FROM, "book.test", "ada@guests.test").await.unwrap_err();
        assert_eq!(error.cause, Cause::Operator);
        assert!(error.to_string().contains("unknown issuer"), "{error}");
    }

    let trusting = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "with_the_private_authority", "--ignored", "--nocapture"])
        .env("SSL_CERT_FILE", server.directory.0.join("ca.pem"))
        .env(PORTS, format!("{offers} {demands} {clear} {implicit}"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&trusting.stdout).into_owned() + &String::from_utf8_lossy(&trusting.stderr);
    assert!(trusting.status.success() && said.contains("1 passed"), "{said}\n{}", log(&server.directory.0));

    for (mailbox, to) in [("ada", "ada@guests.test"), ("kim", "kim@xn--3e0b707e.test"), ("hangul", "김@guests.test")] {
        let message = server.delivered(mailbox);
        assert!(message.words("to").contains(to), "{}", message.words("to"));
        assert!(message.header("received").is_some_and(|line| line.contains("book.test") && line.contains("SMTPS")));
        assert!(message.children[1].text().contains("METHOD:REQUEST"), "the invitation is whole");
    }
    let untrusted = log(&server.directory.0);
    assert!(untrusted.contains("SSL_accept error") || untrusted.contains("TLS library problem"), "{untrusted}");
}
