//! Real CalDAV servers, each with one calendar of the user `me`, whose password is `secret`.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Radicale,
    Xandikos,
}

/// A calendar server of its own, with one calendar of the user `me`, whose password is `secret`.
pub struct Server {
    pub kind: Kind,
    child: Child,
    directory: PathBuf,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl Server {
    pub fn start(kind: Kind) -> Self {
        // The port may be taken by another test between being found free and being listened at.
        std::iter::repeat_with(|| Self::try_start(kind)).take(20).flatten().next().expect("a calendar server starts")
    }

    /// `None`: the program has ended at once.
    fn try_start(kind: Kind) -> Option<Self> {
        let name = if kind == Kind::Radicale { "radicale" } else { "xandikos" };
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/caldav/bin").join(name);
        assert!(program.exists(), "{name} is missing, which these tests talk to. Install it:  make setup");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{port}"));
        std::fs::create_dir_all(&directory).unwrap();
        let mut command = Command::new(program);
        command.current_dir(&directory).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match kind {
            Kind::Radicale => {
                std::fs::write(directory.join("users"), "me:secret\n").unwrap();
                let settings = format!(
                    "[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = htpasswd\nhtpasswd_filename = users\n\
                     htpasswd_encryption = plain\ndelay = 0\n[storage]\nfilesystem_folder = data\n"
                );
                std::fs::write(directory.join("config"), settings).unwrap();
                command.args(["--config", "config"]);
            }
            Kind::Xandikos => {
                command.args(["serve", "-d", "data", "--defaults", "--current-user-principal", "/me/"]);
                command.args([
                    "-l",
                    "127.0.0.1",
                    "-p",
                    &port.to_string(),
                    "--no-detect-systemd",
                    "--state-dir",
                    "state",
                ]);
            }
        }
        let mut server = Self { kind, child: command.spawn().unwrap(), directory, port };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if server.child.try_wait().unwrap().is_some() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        if kind == Kind::Radicale {
            server.make_calendar("team", "");
        }
        Some(server)
    }

    /// Radicale only: the user has chosen another password.
    pub fn set_password(&self, password: &str) {
        std::fs::write(self.directory.join("users"), format!("me:{password}\n")).unwrap();
    }

    /// Radicale only: an object of the calendar, as it is kept.
    pub fn kept(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.directory.join("data/collection-root/me/team").join(name)).ok()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn calendar(&self) -> String {
        self.url(match self.kind {
            Kind::Radicale => "/me/team/",
            Kind::Xandikos => "/me/calendars/calendar/",
        })
    }

    /// What the mentor's own programs do. Answers the status and all the rest.
    pub fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let path = path.strip_prefix(&self.url("")).unwrap_or(path);
        // `me:secret`
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic bWU6c2VjcmV0\r\nConnection: close\r\n\
             Content-Length: {}\r\n{headers}\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
    }

    pub fn make_calendar(&self, name: &str, properties: &str) -> String {
        let path = match self.kind {
            Kind::Radicale => format!("/me/{name}/"),
            Kind::Xandikos => format!("/me/calendars/{name}/"),
        };
        let body = format!(
            "<?xml version=\"1.0\"?><C:mkcalendar xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><D:set><D:prop>\
             <D:displayname>Calendar {name}</D:displayname>{properties}</D:prop></D:set></C:mkcalendar>"
        );
        let (status, answer) = self.request("MKCALENDAR", &path, "Content-Type: application/xml\r\n", &body);
        assert_eq!(status, 201, "{answer}");
        self.url(&path)
    }

    pub fn put(&self, calendar: &str, name: &str, events: &str) {
        let body =
            format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Test//EN\n{events}END:VCALENDAR\n").replace('\n', "\r\n");
        let (status, answer) =
            self.request("PUT", &format!("{calendar}{name}"), "Content-Type: text/calendar; charset=utf-8\r\n", &body);
        assert!(matches!(status, 200..=204), "{answer}");
    }
}
