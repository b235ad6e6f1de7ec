//! The program as a process, asked over real connections.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const PLATFORM_KEY: &str = "the platform's key, which is long";

/// A data directory, and a place that looks like the pages' files. What is logged there is kept where `YAKSOK_LOGS` says, for
/// `scripts/logs.sh` to look through.
pub struct Place {
    pub data: TempDir,
    pub site: TempDir,
    settings: Vec<(&'static str, String)>,
}

impl Drop for Place {
    fn drop(&mut self) {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let Some(logs) = std::env::var_os("YAKSOK_LOGS").map(PathBuf::from) else { return };
        let name = format!("rust-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        for log in ["server.log", "postgres.log"] {
            // Not every place has both.
            let _ = fs::copy(self.data.path().join(log), logs.join(format!("{name}.{log}")));
        }
        let secret = |(name, value): &(&str, String)| match *name {
            "SMTP_URL" => Some(value.rsplit_once('@')?.0.rsplit_once(':')?.1.to_owned()),
            _ => (name.contains("KEY") || name.contains("SECRET")).then(|| value.clone()),
        };
        let secrets: Vec<String> = self.settings.iter().filter_map(secret).chain([PLATFORM_KEY.to_owned()]).collect();
        let _ = fs::write(logs.join(format!("{name}.secrets")), secrets.join("\n"));
    }
}

impl Place {
    pub fn new() -> Self {
        let (data, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(site.path().join("pkg")).unwrap();
        fs::write(site.path().join("robots.txt"), "User-agent: *\n").unwrap();
        Self { data, site, settings: Vec::new() }
    }

    /// With a variable set for every start.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((name, value.into()));
        self
    }

    /// Ask as often as you like, over as many connections, as a proxy would.
    pub fn without_limits(self) -> Self {
        let one_proxy = self.with("TRUSTED_PROXY_HOPS", "1");
        one_proxy.with("RATE_LIMIT_WRITES_PER_MINUTE", "0").with("RATE_LIMIT_READS_PER_MINUTE", "0")
    }

    /// The program with an environment that holds nothing of ours but what is needed. `YAKSOK` names another program to
    /// test, such as a release.
    pub fn yaksok(&self, arguments: &[&str]) -> Command {
        let program = std::env::var_os("YAKSOK").unwrap_or(OsString::from(env!("CARGO_BIN_EXE_yaksok")));
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("DATA_DIR", self.data.path())
            .env("LEPTOS_SITE_ROOT", self.site.path())
            .env("PLATFORM_API_KEY", PLATFORM_KEY)
            .env("RUST_LOG", "warn")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.yaksok(arguments).output().unwrap()
    }

    /// Starts the server, and does not wait for it.
    pub fn begin(&self) -> Server {
        let port = free_port();
        let log = fs::File::options().create(true).append(true).open(self.data.path().join("server.log")).unwrap();
        let mut command = self.yaksok(&["serve"]);
        command.env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}")).stdout(Stdio::null()).stderr(log);
        Server { child: command.spawn().unwrap(), port }
    }

    pub fn serve(&self) -> Server {
        let mut server = self.begin();
        self.wait_for(&mut server);
        server
    }

    /// Until it is ready.
    pub fn wait_for(&self, server: &mut Server) {
        let ready = waited(|| {
            assert!(server.child.try_wait().unwrap().is_none(), "it ended: {}", self.log());
            server.is_ready()
        });
        assert!(ready, "it is not ready: {}", self.log());
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.data.path().join("server.log")).unwrap_or_default()
    }

    /// The process id of PostgreSQL, if it says that it runs.
    pub fn postgres(&self) -> Option<String> {
        let text = fs::read_to_string(self.data.path().join("postgres/postmaster.pid")).ok()?;
        text.lines().next().map(str::to_owned)
    }
}

pub struct Server {
    pub child: Child,
    pub port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub struct Reply {
    pub status: u16,
    /// In lower case.
    pub head: String,
    pub body: String,
    /// It was asked for more than once: what was done may have been done for a request without this answer.
    pub insisted: bool,
    cookie: Option<String>,
}

impl Reply {
    /// The session that it begins.
    pub fn cookie(&self) -> String {
        self.cookie.clone().unwrap_or_else(|| panic!("no session: {} {}", self.head, self.body))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }
}

impl Server {
    pub fn get(&self, path: &str, token: &str) -> Reply {
        self.send("GET", path, token, "")
    }

    pub fn send(&self, method: &str, path: &str, token: &str, body: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        let authorization = [("Authorization", bearer.as_str())];
        let headers = if token.is_empty() { &[][..] } else { &authorization[..] };
        ask(self.port, method, path, headers, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    pub fn is_ready(&self) -> bool {
        ask(self.port, "GET", "/readyz", &[], "").is_ok_and(|reply| reply.status == 200)
    }

    pub fn signal(&self, signal: &str) {
        send_signal(signal, &self.child.id().to_string());
    }

    /// As a machine that loses power would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// One request on a connection of its own. An error: there was no whole answer.
pub fn ask(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Reply> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut head = format!("{method} {path} HTTP/1.1\r\n");
    for (name, value) in [("Host", "localhost"), ("Connection", "close"), ("Content-Type", "application/json")] {
        if !headers.iter().any(|(given, _)| *given == name) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    read_reply(stream)
}

/// As [`ask`], and as often as the answer is to come again (503 with `Retry-After`), which a machine that is busy enough
/// gives to anybody. The answer after a minute counts, whatever it is.
pub fn insist(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Reply> {
    let begin = Instant::now();
    let mut insisted = false;
    loop {
        let reply = ask(port, method, path, headers, body)?;
        let again = reply.status == 503 && reply.head.contains("retry-after");
        if !again || begin.elapsed() > Duration::from_secs(60) {
            return Ok(Reply { insisted, ..reply });
        }
        insisted = true;
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Reads an answer to its end.
pub fn read_reply(mut stream: TcpStream) -> io::Result<Reply> {
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let cut = || io::Error::new(io::ErrorKind::UnexpectedEof, format!("no whole answer: {text:?}"));
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(cut)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(cut)?;
    let cookie = head.split("set-cookie: yaksok=").nth(1).and_then(|rest| rest.split(';').next()).map(str::to_owned);
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    if length.is_some_and(|length| body.len() < length) {
        return Err(cut());
    }
    Ok(Reply { status, head, body: body.to_owned(), insisted: false, cookie })
}

pub fn send_signal(signal: &str, process: &str) {
    let done = Command::new("kill").args([signal, process]).stderr(Stdio::null()).status().unwrap();
    assert!(done.success(), "kill {signal} {process}");
}

pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Whether it comes true within half a minute.
pub fn waited(done: impl FnMut() -> bool) -> bool {
    waited_for(Duration::from_secs(30), done)
}

pub fn waited_for(time: Duration, mut done: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < time {
        if done() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

pub fn runs(process: &str) -> bool {
    Command::new("kill").args(["-0", process]).stderr(Stdio::null()).status().unwrap().success()
}

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
