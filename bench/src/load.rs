//! Asking one after the other, and many at once.

use crate::http::{Connection, Reply, Request};
use std::io::{Error, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// How long each of many answers took, ascending.
#[derive(Clone, Debug)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// So many of a hundred took no longer.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        self.0.get((self.0.len() * percent / 100).min(last)).copied().unwrap_or_default()
    }
}

/// Answers with the wanted status, or an error that says what came instead.
pub(crate) fn expect(reply: Reply, status: u16) -> Result<Reply> {
    if reply.status == status {
        return Ok(reply);
    }
    let said = String::from_utf8_lossy(&reply.body[..reply.body.len().min(300)]).into_owned();
    Err(Error::other(format!("{} in place of {status}: {said}", reply.status)))
}

/// One client asks `requests` in turn for so long; the first tenth warms up and is not counted.
pub(crate) async fn alone(address: SocketAddr, requests: &[Request], span: Duration) -> Result<Vec<Reply>> {
    let mut connection = Connection::open(address).await?;
    let begin = Instant::now();
    let mut replies = Vec::new();
    for request in requests.iter().cycle() {
        if begin.elapsed() > span {
            break;
        }
        let mut reply = expect(connection.ask(request).await?, 200)?;
        if begin.elapsed() > span / 10 {
            reply.body.clear();
            replies.push(reply);
        }
    }
    Ok(replies)
}

/// So many clients ask `request` for so long: answers a second.
pub(crate) async fn crowd(address: SocketAddr, request: &Request, clients: usize, span: Duration) -> Result<f64> {
    let together = Arc::new(Barrier::new(clients));
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (request, together) = (request.clone(), together.clone());
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await?;
            expect(connection.ask(&request).await?, 200)?;
            together.wait().await;
            let (begin, mut count) = (Instant::now(), 0_u32);
            while begin.elapsed() < span {
                expect(connection.ask(&request).await?, 200)?;
                count += 1;
            }
            Result::Ok(f64::from(count) / begin.elapsed().as_secs_f64())
        });
    }
    let mut rate = 0.0;
    while let Some(done) = tasks.join_next().await {
        rate += done.map_err(Error::other)??;
    }
    Ok(rate)
}

/// Each client works its own list off, one after the other, until the time is over: how long each answer took, and
/// answers a second.
pub(crate) async fn lists(address: SocketAddr, lists: Vec<Vec<Request>>, span: Duration) -> Result<(Times, f64)> {
    let mut tasks = JoinSet::new();
    for list in lists {
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let (begin, mut times) = (Instant::now(), Vec::new());
            for request in &list {
                if begin.elapsed() > span {
                    break;
                }
                times.push(expect(connection.ask(request).await?, 201)?.whole);
            }
            let rate = times.len() as f64 / begin.elapsed().as_secs_f64();
            Result::Ok((times, rate))
        });
    }
    let (mut times, mut rate) = (Vec::new(), 0.0);
    while let Some(done) = tasks.join_next().await {
        let (of_one, rate_of_one) = done.map_err(Error::other)??;
        times.extend(of_one);
        rate += rate_of_one;
    }
    Ok((Times::new(times), rate))
}

/// So many clients, each with a connection of its own, ask at the same moment: every status, and how long the last waited.
pub(crate) async fn race(address: SocketAddr, request: &Request, clients: usize) -> Result<(Vec<u16>, Duration)> {
    let together = Arc::new(Barrier::new(clients));
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (request, together) = (request.clone(), together.clone());
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await?;
            together.wait().await;
            let reply = connection.ask(&request).await?;
            Result::Ok((reply.status, reply.whole))
        });
    }
    let (mut statuses, mut last) = (Vec::new(), Duration::ZERO);
    while let Some(done) = tasks.join_next().await {
        let (status, waited) = done.map_err(Error::other)??;
        statuses.push(status);
        last = last.max(waited);
    }
    Ok((statuses, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let times = Times::new((1..=200).rev().map(Duration::from_millis).collect());
        let ms = |percent| times.percentile(percent).as_millis();
        assert_eq!([ms(0), ms(50), ms(95), ms(100)], [1, 101, 191, 200]);
        assert_eq!(Times::new(vec![]).percentile(95), Duration::ZERO);
    }
}
