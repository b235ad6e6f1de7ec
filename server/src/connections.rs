//! Connections: how many there may be at once, and how long each may take to say what it wants. Slow or silent clients
//! cost a little memory for a while, and never a worker.

use crate::proxies::{Proxies, network};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

/// The largest head of a request: its line and its headers.
const LARGEST_HEAD: usize = 32 * 1024;

/// So many may wait to be accepted. With fewer, a crowd that comes at once meets connections that are reset.
const WAITING: u32 = 4096;

/// What connections may take.
pub(crate) struct Bounds {
    /// So many at once; more wait to be accepted.
    connections: usize,
    /// As many of them may be one client's; more are closed at once, so that nobody takes every place.
    of_one: usize,
    /// Connections of a proxy are those of many clients.
    proxies: Proxies,
    /// So long until a request's head is there, from the connection's beginning or the answer before.
    head: Duration,
}

impl Bounds {
    /// What this process can bear: the files that it may open, but for those of the database, of mail and of pages.
    pub(crate) fn of_process(proxies: Proxies) -> Self {
        let connections = most_files().saturating_sub(256).clamp(64, 8192);
        Self { connections, of_one: (connections / 4).min(256), proxies, head: Duration::from_secs(30) }
    }

    fn of_peer(&self, peer: IpAddr) -> usize {
        if self.proxies.may_be_proxy(peer) { usize::MAX } else { self.of_one }
    }
}

/// How many files this process may open, after asking for as many as it may ask for.
fn most_files() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    let current = if setrlimit(Resource::Nofile, raised).is_ok() { raised.current } else { limit.current };
    current.map_or(usize::MAX, |current| usize::try_from(current).unwrap_or(usize::MAX))
}

/// Listens on an address.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// Serves until `stop` is done; then accepts nobody any more and ends when all requests in flight are answered.
pub(crate) async fn serve(
    mut listener: TcpListener,
    application: Router,
    bounds: Bounds,
    stop: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(bounds.head).max_header_size(LARGEST_HEAD);
    let places = Arc::new(Semaphore::new(bounds.connections));
    let clients = Arc::new(Crowd::default());
    let (closing, closed) = watch::channel(());
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            (place, Listener::accept(&mut listener).await)
        };
        let (place, (stream, peer)) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let Some(seat) = clients.clone().enter(peer.ip(), bounds.of_peer(peer.ip())) else { continue };
        let application = application.clone();
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            application.clone().oneshot(request)
        });
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let mut closed = closed.clone();
        tokio::spawn(async move {
            let mut connection = pin!(connection);
            tokio::select! {
                _ = connection.as_mut() => {}
                _ = closed.changed() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
            drop((place, seat, closed));
        });
    }
    drop((listener, closed));
    closing.send_replace(());
    closing.closed().await;
}

/// How many connections each client has, by [`network`].
#[derive(Default)]
struct Crowd(Mutex<HashMap<IpAddr, usize>>);

impl Crowd {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more, unless the client has `most` already.
    fn enter(self: Arc<Self>, client: IpAddr, most: usize) -> Option<Seat> {
        let client = network(client);
        let mut crowd = self.lock();
        let count = crowd.entry(client).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        drop(crowd);
        Some(Seat { crowd: self, client })
    }
}

/// A connection of a client's; dropped, it is not any more.
struct Seat {
    crowd: Arc<Crowd>,
    client: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut crowd = self.crowd.lock();
        if let Some(count) = crowd.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                crowd.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::time::Instant;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;
    use tokio::time::{sleep, timeout};

    const WHOLE: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    async fn start(connections: usize, head: Duration) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let slowly = get(async || {
            sleep(Duration::from_millis(300)).await;
            "done"
        });
        let application = Router::new().route("/", get(async || "fine")).route("/slowly", slowly);
        let (stop, stopped) = oneshot::channel();
        let bounds = Bounds { connections, of_one: 3, proxies: Proxies::none(), head };
        (address, stop, tokio::spawn(serve(listener, application, bounds, async { drop(stopped.await) })))
    }

    /// What is answered within a second.
    async fn read(stream: &mut TcpStream) -> String {
        let mut bytes = [0; 1024];
        let length = timeout(Duration::from_secs(1), stream.read(&mut bytes)).await.map_or(0, |read| read.unwrap());
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    #[tokio::test]
    async fn who_says_nothing_or_takes_forever_is_cut_off() {
        let (address, _stop, _) = start(10, Duration::from_millis(300)).await;
        let begin = Instant::now();
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut trickling = TcpStream::connect(address).await.unwrap();
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(WHOLE).await.unwrap();
        assert!(read(&mut idle).await.ends_with("fine"));
        for byte in WHOLE.iter().take(25) {
            // Each byte comes in time; the head does not.
            if trickling.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
        for stream in [&mut silent, &mut trickling, &mut idle] {
            let mut rest = Vec::new();
            let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await.expect("it is closed");
        }
        assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    }

    #[tokio::test]
    async fn who_finds_no_place_waits_for_one() {
        let (address, _stop, _) = start(2, Duration::from_secs(60)).await;
        let first = TcpStream::connect(address).await.unwrap();
        let _second = TcpStream::connect(address).await.unwrap();
        sleep(Duration::from_millis(50)).await;
        let mut third = TcpStream::connect(address).await.unwrap();
        third.write_all(WHOLE).await.unwrap();
        assert_eq!(read(&mut third).await, "");
        drop(first);
        assert!(read(&mut third).await.ends_with("fine"));
    }

    #[tokio::test]
    async fn nobody_takes_every_place() {
        let (address, _stop, _) = start(10, Duration::from_secs(60)).await;
        let mut held = Vec::new();
        for _ in 0..3 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(WHOLE).await.unwrap();
            assert!(read(&mut stream).await.ends_with("fine"));
            held.push(stream);
        }
        let mut fourth = TcpStream::connect(address).await.unwrap();
        let closed = timeout(Duration::from_secs(1), fourth.read(&mut [0; 1])).await.expect("it is closed at once");
        assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");
        held.clear();
        sleep(Duration::from_millis(50)).await;
        let mut again = TcpStream::connect(address).await.unwrap();
        again.write_all(WHOLE).await.unwrap();
        assert!(read(&mut again).await.ends_with("fine"));
    }

    #[test]
    fn clients_are_counted_apart_and_forgotten() {
        let crowd = Arc::new(Crowd::default());
        let enter = |address: &str| crowd.clone().enter(address.parse().unwrap(), 2);
        let seats =
            [enter("192.0.2.1"), enter("192.0.2.1"), enter("192.0.2.2"), enter("2001:db8::1"), enter("2001:db8::2")];
        assert!(seats.iter().all(Option::is_some));
        assert!(enter("192.0.2.1").is_none());
        assert!(enter("::ffff:192.0.2.1").is_none(), "the same client");
        assert!(enter("2001:db8::3").is_none(), "whoever has an IPv6 address has many");
        drop(seats);
        assert!(enter("192.0.2.1").is_some());
        assert!(crowd.lock().is_empty(), "nobody is remembered");
    }

    #[tokio::test]
    async fn a_head_has_an_end() {
        let (address, _stop, _) = start(2, Duration::from_secs(60)).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(LARGEST_HEAD));
        stream.write_all(head.as_bytes()).await.unwrap();
        assert!(read(&mut stream).await.starts_with("HTTP/1.1 431"));
    }

    #[tokio::test]
    async fn what_is_in_flight_is_answered_before_it_ends() {
        let (address, stop, server) = start(10, Duration::from_secs(60)).await;
        let _idle = TcpStream::connect(address).await.unwrap();
        let mut busy = TcpStream::connect(address).await.unwrap();
        busy.write_all(b"GET /slowly HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        sleep(Duration::from_millis(100)).await;
        stop.send(()).unwrap();
        assert!(read(&mut busy).await.ends_with("done"));
        timeout(Duration::from_secs(1), server).await.expect("idle connections hold nothing up").unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
