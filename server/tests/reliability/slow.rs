//! Clients that are slow, silent or immoderate: everybody else is served as ever.

use crate::common::*;
use crate::world::*;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn connect(server: &Server, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// How long the slowest of some ordinary requests takes.
fn ordinary(server: &Server) -> Duration {
    let mut slowest = Duration::ZERO;
    for path in ["/healthz", "/api/v1/mentors", "/", "/readyz"] {
        let begin = Instant::now();
        assert_eq!(server.get(path, "").status, 200, "{path}");
        slowest = slowest.max(begin.elapsed());
    }
    slowest
}

#[test]
fn slow_and_silent_clients_keep_nobody_else_waiting() {
    let place = Place::new().without_limits();
    let server = place.serve();
    Mentor::new(&server, "ann");
    let silent = amount(600, 2000);
    let begin = Instant::now();
    let connections: Vec<_> = (0..silent).map(|_| connect(&server, "")).collect();
    let head = "POST /api/v1/bookings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let mut heads: Vec<_> = (0..100).map(|_| connect(&server, head)).collect();
    let whole_head = format!("{head}Content-Length: 1000\r\n\r\n{{");
    let mut bodies: Vec<_> = (0..100).map(|_| connect(&server, &whole_head)).collect();
    let mut slowest = Duration::ZERO;
    for _ in 0..8 {
        for stream in heads.iter_mut().chain(&mut bodies) {
            let _ = stream.write_all(b"x");
        }
        slowest = slowest.max(ordinary(&server));
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(slowest < Duration::from_secs(3), "{slowest:?}");
    measured(&format!("{silent} silent connections, 200 slow ones: others are answered after {slowest:.1?} at most"));
    // A body has ten seconds, a head thirty.
    let mut text = String::new();
    bodies[0].read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 408"), "{text}");
    assert!(text.contains("\"too_slow\""), "{text}");
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    if amount(false, true) {
        for mut stream in heads.into_iter().chain(connections) {
            let _ = stream.read_to_end(&mut Vec::new());
        }
        assert!(begin.elapsed() < Duration::from_secs(50), "{:?}", begin.elapsed());
        measured(&format!("all of them were cut off after {:.1?}", begin.elapsed()));
    }
}

#[test]
fn whatever_is_too_large_is_refused_everywhere() {
    let place = Place::new().without_limits();
    let server = place.serve();
    let ann = Mentor::new(&server, "ann");
    let large = "x".repeat(64 * 1024 + 1);
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let bearer = format!("Bearer {}", ann.key);
    for (method, path, headers) in [
        ("POST", "/api/v1/bookings", vec![]),
        ("POST", "/api/v1/holds", vec![]),
        ("PUT", "/api/v1/availability", vec![("Authorization", bearer.as_str())]),
        ("POST", "/fn/book", vec![]),
        ("POST", "/fn/save_settings", vec![]),
        ("POST", "/login", vec![form]),
        ("POST", "/signup", vec![form]),
        ("POST", "/ann", vec![form]),
        ("POST", "/b/ysm_x", vec![form]),
    ] {
        let reply = ask(server.port, method, path, &headers, &large).unwrap();
        assert_eq!(reply.status, 413, "{method} {path}: {}", reply.body);
        // Nobody says beforehand how long it is.
        let mut chunked = connect(
            &server,
            &format!(
                "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
            ),
        );
        let kind = if headers.contains(&form) { form.1 } else { "application/json" };
        chunked.write_all(format!("Content-Type: {kind}\r\n").as_bytes()).unwrap();
        for (name, value) in headers.iter().filter(|(name, _)| *name != "Content-Type") {
            chunked.write_all(format!("{name}: {value}\r\n").as_bytes()).unwrap();
        }
        chunked.write_all(format!("\r\n{:x}\r\n{large}\r\n0\r\n\r\n", large.len()).as_bytes()).unwrap();
        let reply = read_reply(chunked).unwrap();
        assert_eq!(reply.status, 413, "{method} {path}, chunked: {}", reply.body);
    }
    let deep = format!("{{\"mentor\":{}1{}}}", "[".repeat(30_000), "]".repeat(30_000));
    assert_eq!(server.send("POST", "/api/v1/bookings", "", &deep).status, 400);
    let deep_function = server.send("POST", "/fn/book", "", &deep);
    assert_eq!(deep_function.status, 422, "{}", deep_function.body);
    let head = [("X-Large", large.as_str())];
    assert_eq!(ask(server.port, "GET", "/healthz", &head, "").unwrap().status, 431);
    let names: Vec<String> = (0..200).map(|n| format!("X-{n}")).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
    assert_eq!(ask(server.port, "GET", "/healthz", &many, "").unwrap().status, 431);
    let path = format!("/{}", "x".repeat(100_000));
    assert!([414, 431].contains(&ask(server.port, "GET", &path, &[], "").unwrap().status));
    assert_eq!(server.get("/healthz", "").status, 200);
}
