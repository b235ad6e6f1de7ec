//! The shipped configurations of reverse proxies, each in front of a real server: what a client claims of its address is
//! not believed, events arrive as they happen, large bodies are refused, and a booking passes.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::*;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const WRITES_PER_MINUTE: usize = 8;

/// Where `scripts/setup.sh` unpacks the proxies.
fn unpacked() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/proxies")
}

/// A program of a proxy's; `None`, with a line that says so, where the system packages none.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = ["usr/sbin", "usr/bin"].map(|folder| unpacked().join(folder));
    let found =
        folders.into_iter().chain(std::env::split_paths(&path)).map(|folder| folder.join(name)).find(|p| p.exists());
    if found.is_none() {
        assert!(!Path::new("/etc/debian_version").exists(), "{name} is missing. Install it:  make setup");
        #[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
        {
            println!("skipped: {name} is not packaged for this system");
        }
    }
    found
}

/// A proxy that is one of several kinds.
#[derive(Clone, Copy)]
enum Kind {
    Nginx,
    HaProxy,
    Caddy,
    Apache,
}

/// A proxy that runs; it ends with this.
struct Proxy {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The shipped file with other addresses, and without TLS.
fn adapted(file: &str, port: u16, server: u16, more: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(file);
    let shipped = fs::read_to_string(path).unwrap();
    let (here, there) = (port.to_string(), format!("127.0.0.1:{server}"));
    let mut text = shipped.replace("127.0.0.1:3000", &there);
    for (from, to) in more {
        assert!(text.contains(from), "{file} does not hold {from:?}");
        text = text.replace(from, &to.replace("PORT", &here));
    }
    text
}

impl Kind {
    /// The configuration file, and the command that runs the proxy with it.
    fn prepare(self, program: &Path, folder: &Path, port: u16, server: u16) -> (String, Command) {
        let mut command = Command::new(program);
        let file = folder.join("configuration");
        let text = match self {
            Self::Nginx => {
                command.arg("-c").arg(&file).arg("-p").arg(folder).arg("-e").arg(folder.join("log"));
                let site = adapted(
                    "nginx.conf",
                    port,
                    server,
                    &[
                        (
                            "    listen 80;\n    listen [::]:80;\n    server_name book.example.com;\n    return",
                            "    listen unix:redirect;\n    return",
                        ),
                        ("listen 443 ssl;", "listen 127.0.0.1:PORT;"),
                        ("    listen [::]:443 ssl;\n", ""),
                        ("ssl_certificate", "# ssl_certificate"),
                    ],
                );
                let redirect = format!("unix:{}", folder.join("redirect").display());
                let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                    .map(|name| format!("{name}_temp_path {}/{name};\n", folder.display()))
                    .concat();
                format!(
                    "daemon off;\nmaster_process off;\npid {0}/pid;\nerror_log {0}/log;\nevents {{}}\nhttp {{\naccess_log off;\n\
                     {temporary}{1}\n}}\n",
                    folder.display(),
                    site.replace("unix:redirect", &redirect),
                )
            }
            Self::HaProxy => {
                command.arg("-db").arg("-f").arg(&file);
                let more = [
                    ("    bind :80\n", ""),
                    (
                        "bind :443 ssl crt /etc/haproxy/certs/book.example.com.pem alpn h2,http/1.1",
                        "bind 127.0.0.1:PORT",
                    ),
                    ("    http-request redirect scheme https code 301 unless { ssl_fc }\n", ""),
                ];
                adapted("haproxy.cfg", port, server, &more)
            }
            Self::Caddy => {
                command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&file).env("HOME", folder);
                let site = adapted("Caddyfile", port, server, &[("book.example.com {", "http://127.0.0.1:PORT {")]);
                format!("{{\nadmin off\nauto_https off\n}}\n{site}")
            }
            Self::Apache => {
                command.args(["-D", "FOREGROUND", "-f"]).arg(&file);
                let site = adapted(
                    "apache.conf",
                    port,
                    server,
                    &[("*:443", "127.0.0.1:PORT"), ("SSLEngine on", ""), ("SSLCertificate", "# SSLCertificate")],
                );
                let modules: String = ["mpm_event", "authz_core", "headers", "proxy", "proxy_http", "alias"]
                    .map(|name| self.module(name))
                    .concat();
                format!(
                    "ServerRoot {0}\nPidFile {0}/pid\nErrorLog {0}/log\nMutex file:{0} default\nServerName localhost\n\
                     Listen 127.0.0.1:{port}\n{modules}User nobody\nGroup nogroup\n{site}",
                    folder.display(),
                )
            }
        };
        fs::write(&file, text).unwrap();
        (file.display().to_string(), command)
    }

    /// A line that loads a module of Apache's; none for one that is compiled in.
    fn module(self, name: &str) -> String {
        let folders = [unpacked().join("usr/lib/apache2/modules"), "/usr/lib/apache2/modules".into()];
        let file = folders.iter().map(|folder| folder.join(format!("mod_{name}.so"))).find(|file| file.exists());
        file.map(|file| format!("LoadModule {name}_module {}\n", file.display())).unwrap_or_default()
    }

    /// Starts the proxy in front of a server; `None` where it is not packaged.
    fn start(self, port: u16, server: u16) -> Option<Proxy> {
        let program = program(match self {
            Self::Nginx => "nginx",
            Self::HaProxy => "haproxy",
            Self::Caddy => "caddy",
            Self::Apache => "apache2",
        })?;
        let folder = tempfile::tempdir().unwrap();
        // Apache's workers run as another user.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let (_, mut command) = self.prepare(&program, folder.path(), port, server);
        let log = fs::File::create(folder.path().join("output")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut proxy = Proxy { child: command.spawn().unwrap(), port, folder };
        let ready = waited(|| {
            assert!(proxy.child.try_wait().unwrap().is_none(), "the proxy ended: {}", proxy.log());
            ask(port, "GET", "/healthz", &[], "").is_ok_and(|reply| reply.status == 200)
        });
        assert!(ready, "the proxy does not answer: {}", proxy.log());
        Some(proxy)
    }
}

impl Proxy {
    fn log(&self) -> String {
        ["output", "log"].map(|name| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()).concat()
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let host = format!("127.0.0.1:{}", self.port);
        ask(self.port, method, path, &[&[("Host", host.as_str())], headers].concat(), body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}: {}", self.log()))
    }
}

/// Open around the clock, in UTC: the mentor's API key.
fn mentor(server: &Server, handle: &str) -> String {
    let new = json!({"handle": handle, "name": "Name", "email": format!("{handle}@example.com"), "timezone": "UTC"});
    let made = server.send("POST", "/api/v1/mentors", PLATFORM_KEY, &new.to_string());
    assert_eq!(made.status, 201, "{}", made.body);
    let key = made.json()["api_key"].as_str().unwrap().to_owned();
    let weekly: Vec<Value> =
        (0..7).map(|day| json!({"day_of_week": day, "start_time": "00:00", "end_time": "24:00"})).collect();
    let hours = json!({"timezone": "UTC", "weekly": weekly, "overrides": [], "blocked": []});
    let saved = ask(
        server.port,
        "PUT",
        "/api/v1/availability",
        &[("Authorization", &format!("Bearer {key}"))],
        &hours.to_string(),
    );
    assert_eq!(saved.unwrap().status, 200);
    key
}

/// The offered starts of the next days.
fn starts(server: &Server, handle: &str) -> Vec<String> {
    let now = server.get("/healthz", "").head;
    let date = now.lines().find_map(|line| line.strip_prefix("date: ")).unwrap();
    let today = chrono::DateTime::parse_from_rfc2822(date).unwrap().date_naive();
    let (from, to) = (today + chrono::TimeDelta::days(2), today + chrono::TimeDelta::days(4));
    let path = format!("/api/v1/mentors/{handle}/slots?session_type=session&from={from}&to={to}&timezone=UTC");
    let answer = server.get(&path, "");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let days = answer.json()["days"].as_array().unwrap().clone();
    let of_day = |day: &Value| day["slots"].as_array().unwrap().clone();
    days.iter().flat_map(of_day).map(|slot| slot["start"].as_str().unwrap().to_owned()).collect()
}

fn booking(handle: &str, start: &str) -> String {
    json!({"mentor": handle, "session_type": "session", "start": start, "name": "A guest",
        "email": "guest@example.com", "timezone": "Europe/Berlin"})
    .to_string()
}

fn findings(server: &Server) -> Value {
    server.get("/readyz", "").json()["proxy"].clone()
}

/// Reads the event stream up to the first change; fails where the proxy collects it.
fn follow(port: u16, handle: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(
        stream,
        "GET /fn/live/{handle} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n\
        Accept-Encoding: gzip, br, zstd\r\n\r\n"
    )
    .unwrap();
    let mut lines = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(lines.read_line(&mut head).unwrap() > 0, "{head}");
    }
    assert!(head.starts_with("HTTP/1.1 200") && head.to_lowercase().contains("text/event-stream"), "{head}");
    assert!(!head.to_lowercase().contains("content-encoding"), "{head}");
    lines
}

/// What must hold behind each proxy.
fn passes(kind: Kind) {
    let port = free_port();
    let base_url = format!("http://127.0.0.1:{port}");
    let place = Place::new()
        .with("TRUSTED_PROXY_HOPS", "1")
        .with("BASE_URL", base_url.clone())
        .with("RATE_LIMIT_WRITES_PER_MINUTE", WRITES_PER_MINUTE.to_string());
    let server = place.serve();
    let Some(proxy) = kind.start(port, server.port) else { return };
    mentor(&server, "ann");
    let mut starts = starts(&server, "ann").into_iter();
    let host = format!("127.0.0.1:{port}");

    // A mentee: a page, its changes as they happen, and a booking.
    let page = proxy.ask("GET", "/ann", &[("Accept", "text/html")], "");
    assert!(page.status == 200 && page.body.contains("</html>"), "{} {}", page.status, page.head);
    let mut events = follow(port, "ann");
    let from_its_own_page = [("Origin", base_url.as_str())];
    let booked = proxy.ask("POST", "/api/v1/bookings", &from_its_own_page, &booking("ann", &starts.next().unwrap()));
    assert_eq!(booked.status, 201, "{}", booked.body);
    assert!(booked.body.contains(&format!("{base_url}/b/")), "links lead to the proxy: {}", booked.body);
    let mut line = String::new();
    while !line.contains("changed") {
        line.clear();
        assert!(events.read_line(&mut line).unwrap() > 0, "the stream ended");
    }
    drop(events);

    // Nobody gets more by claiming to be others, in whatever way.
    let mut accepted = 1;
    for n in 0..40 {
        let (one, list, other) =
            (format!("203.0.113.{n}"), format!("203.0.113.{n}, 198.51.100.{n}"), format!("for=203.0.113.{n}"));
        let claims: &[(&str, &str)] = match n % 4 {
            0 => &[("X-Forwarded-For", &one)],
            1 => &[("X-Forwarded-For", &list), ("x-forwarded-for", &one)],
            2 => &[("Forwarded", &other), ("X-Real-IP", &one), ("X-Forwarded-For", "")],
            _ => &[("X-Forwarded-For", &one), ("Connection", "close, X-Forwarded-For")],
        };
        let reply = proxy.ask("POST", "/api/v1/bookings", claims, "{}");
        accepted += usize::from(reply.status == 422);
        assert!([422, 429].contains(&reply.status), "{claims:?}: {} {}", reply.status, proxy.log());
    }
    // One more grows back in a minute's eighth.
    // What was written beside the proxy counts for the same address, since proxy and client share this machine.
    assert!((WRITES_PER_MINUTE - 3..WRITES_PER_MINUTE + 10).contains(&accepted), "{accepted} writes were let through");
    assert_eq!(findings(&server), json!({"status": "ok", "findings": []}), "{}", place.log());

    // Large bodies end at one of the two, and the next request goes through. Who is refused before the end of a body may find
    // the connection closed while still sending; a proxy in that place says 502.
    let bearer = format!("Bearer {PLATFORM_KEY}");
    for length in [200_000, 5_000_000] {
        let sent = ask(port, "POST", "/api/v1/mentors", &[("Authorization", &bearer)], &"x".repeat(length));
        if let Ok(refused) = sent {
            assert!([413, 502].contains(&refused.status), "{length}: {} {}", refused.status, refused.body);
        }
    }
    assert_eq!(proxy.ask("GET", "/api/v1/mentors/ann", &[], "").status, 200);

    // Two requests on one connection, the first of which asks for another protocol.
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(
        stream,
        "GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
        HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\nGET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200").count(), 2, "{text}");
}

#[test]
fn nginx_passes_a_booking_and_no_claims() {
    passes(Kind::Nginx);
}

#[test]
fn haproxy_passes_a_booking_and_no_claims() {
    passes(Kind::HaProxy);
}

#[test]
fn caddy_passes_a_booking_and_no_claims() {
    passes(Kind::Caddy);
}

#[test]
fn apache_passes_a_booking_and_no_claims() {
    passes(Kind::Apache);
}

/// What the server writes about proxies: one word of each line.
fn logged(place: &Place) -> Vec<String> {
    let word = |line: &str| Some(line.split_once(r#""finding":""#)?.1.split('"').next()?.to_owned());
    place.log().lines().filter_map(word).collect()
}

#[test]
fn a_proxy_that_is_not_configured_is_reported_once_and_locks_nobody_out() {
    let place = Place::new().with("BASE_URL", "http://book.example.com").with("RATE_LIMIT_WRITES_PER_MINUTE", "2");
    let server = place.serve();
    assert_eq!(findings(&server), json!({"status": "ok", "findings": []}), "health checks say nothing");
    for n in 0..20 {
        let claim = format!("203.0.113.{n}");
        let headers = [("X-Forwarded-For", claim.as_str()), ("Host", "book.example.com")];
        let reply = ask(server.port, "GET", "/api/v1/mentors", if n % 2 == 0 { &headers } else { &headers[1..] }, "");
        assert_eq!(reply.unwrap().status, 200);
    }
    // Visitors whom the proxy does not name.
    for _ in 0..26 {
        let reply = ask(server.port, "POST", "/api/v1/bookings", &[("Host", "book.example.com")], "{}").unwrap();
        assert_eq!(reply.status, 422, "{}", reply.body);
    }
    assert_eq!(findings(&server), json!({"status": "check", "findings": ["hops_unset"]}));
    assert_eq!(server.get("/readyz", "").status, 200, "bookings can be taken");
    assert_eq!(logged(&place), ["hops_unset"]);
    assert!(!place.log().contains("203.0.113") && !place.log().contains("127.0.0.1"), "{}", place.log());
}

#[test]
fn a_proxy_that_sets_no_address_is_reported_and_its_clients_claims_win_little() {
    let place = Place::new()
        .with("BASE_URL", "http://book.example.com")
        .with("TRUSTED_PROXY_HOPS", "1")
        .with("RATE_LIMIT_WRITES_PER_MINUTE", "2");
    let server = place.serve();
    let write = |headers: &[(&str, &str)]| ask(server.port, "POST", "/api/v1/bookings", headers, "{}").unwrap().status;
    assert_eq!(write(&[]), 422, "a program beside the server");
    assert_eq!(findings(&server)["findings"], json!([]));
    assert_eq!(write(&[("User-Agent", "Mozilla/5.0")]), 422, "a visitor");
    assert_eq!(findings(&server)["findings"], json!(["address_missing"]));
    let names: Vec<String> = (0..200).map(|n| format!("203.0.113.{n}")).collect();
    let accepted = names.iter().filter(|name| write(&[("X-Forwarded-For", name)]) == 422).count();
    // Twenty shares of two, and what grows back meanwhile.
    assert!(accepted < 150, "{accepted} of 200 claims were believed");
    assert!(logged(&place).contains(&"address_missing".to_owned()), "{}", place.log());
    assert!(!place.log().contains("203.0.113"), "{}", place.log());
}

/// Proxies send the head of a request before its body, and keep the connection for others.
#[test]
fn a_connection_outlives_an_answer_that_asked_for_no_body() {
    let place = Place::new().with("RATE_LIMIT_WRITES_PER_MINUTE", "1");
    let server = place.serve();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    // Refused by a limit, without a token, without a route, by another method.
    for (request, status) in [
        ("POST /api/v1/bookings", 422),
        ("POST /api/v1/bookings", 429),
        ("PUT /api/v1/availability", 429),
        ("GET /api/v1/availability", 401),
        ("GET /api/v1/nothing", 404),
        ("PUT /healthz", 405),
    ] {
        write!(
            stream,
            "{request} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
        )
        .unwrap();
        std::thread::sleep(Duration::from_millis(100));
        stream.write_all(b"{}").unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(lines.read_line(&mut head).unwrap() > 0, "{request}: closed after {head:?}");
        }
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{request}: {head}");
        assert!(!head.to_lowercase().contains("connection: close"), "{request}: {head}");
        let length = head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        lines.read_exact(&mut vec![0; length.unwrap()]).unwrap();
    }
    // More than anybody would wait for: the connection ends, and says so.
    let head = "POST /api/v1/bookings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("HTTP/1.1 429") && rest.to_lowercase().contains("connection: close"), "{rest}");
}

#[test]
fn files_of_the_pages_are_not_counted() {
    let place = Place::new().with("RATE_LIMIT_READS_PER_MINUTE", "1");
    fs::write(place.site.path().join("pkg/yaksok.css"), "body {}").unwrap();
    let server = place.serve();
    for _ in 0..30 {
        assert_eq!(server.get("/pkg/yaksok.css", "").status, 200);
        assert_eq!(server.get("/robots.txt", "").status, 200);
    }
    assert_eq!(server.get("/api/v1/mentors", "").status, 200);
    assert_eq!(server.get("/api/v1/mentors", "").status, 429);
}
