//! As little of HTTP/1.1 as it takes to ask a server of our own, so that asking costs the machine little.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Request(Vec<u8>);

impl Request {
    pub(crate) fn get(path: &str) -> Self {
        Self(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").into_bytes())
    }

    pub(crate) fn post(path: &str, body: &serde_json::Value) -> Self {
        let body = body.to_string();
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n");
        Self(format!("{head}Content-Length: {length}\r\n\r\n{body}").into_bytes())
    }
}

/// An answer, and how long it took.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) first_byte: Duration,
    pub(crate) whole: Duration,
}

/// A connection that is kept alive.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(64 * 1024) })
    }

    pub(crate) async fn ask(&mut self, request: &Request) -> Result<Reply> {
        let begin = Instant::now();
        self.received.clear();
        self.stream.write_all(&request.0).await?;
        self.receive().await?;
        let first_byte = begin.elapsed();
        let head = loop {
            match find(&self.received, b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => self.receive().await?,
            }
        };
        let text = String::from_utf8_lossy(&self.received[..head]).to_ascii_lowercase();
        let status = text.get(9..12).and_then(|digits| digits.parse().ok()).ok_or_else(|| broken("no status"))?;
        let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let length = header("content-length:").and_then(|digits| digits.parse::<usize>().ok());
        let body = match length {
            Some(length) => {
                while self.received.len() < head + length {
                    self.receive().await?;
                }
                self.received[head..].to_vec()
            }
            None if header("transfer-encoding:") == Some("chunked") => {
                while !self.received.ends_with(b"0\r\n\r\n") {
                    self.receive().await?;
                }
                self.received[head..].to_vec()
            }
            None => Vec::new(),
        };
        Ok(Reply { status, body, first_byte, whole: begin.elapsed() })
    }

    async fn receive(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(broken("the connection was closed")),
            _ => Ok(()),
        }
    }
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
