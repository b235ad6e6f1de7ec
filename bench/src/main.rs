//! Measures a release as its users see it. Each row stands beside its aim, and beside what the machine itself can do in
//! the same run. `scripts/bench.sh` runs this and prints the table; see `docs/performance.md`.
//!
//!     bench PROGRAM POSTGRES_BIN CRITERION [soak]

mod http;
mod load;
mod server;

use http::{Connection, Request};
use load::{Times, alone, crowd, expect, lists, race};
use serde_json::{Value, json};
use server::{Place, Server};
use std::hint::black_box;
use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const MENTORS: usize = 16;
const BUSY: &str = "busy-mentor";
/// How long each load lasts.
const SPAN: Duration = Duration::from_secs(4);

/// Prints a row, for `scripts/bench.sh` to align.
#[expect(clippy::print_stdout, reason = "the rows are what this program is for")]
fn row(what: &str, measured: &str, aim: &str, met: bool, limit: &str) {
    println!("{}\t{what}\t{measured}\t{aim}\t{limit}", if met { "✓" } else { "✗" });
}

fn ms(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    if ms < 0.1 { format!("{:.1} µs", ms * 1000.0) } else { format!("{ms:.2} ms") }
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (program, postgres, criterion, soak) = match &arguments[..] {
        [program, postgres, criterion] => (program, postgres, criterion, false),
        [program, postgres, criterion, soak] if soak == "soak" => (program, postgres, criterion, true),
        _ => return Err(Error::other("usage: bench PROGRAM POSTGRES_BIN CRITERION [soak]")),
    };
    generation(Path::new(criterion))?;
    size(Path::new(program))?;
    let place = Place::new(PathBuf::from(program), PathBuf::from(postgres))?;
    let most = Duration::from_secs(if soak { 16 * 60 } else { 5 * 60 });
    tokio::time::timeout(most, measure(&place, soak)).await.map_err(|_| Error::other("it took too long"))?
}

async fn measure(place: &Place, soak: bool) -> Result<()> {
    let server = starts(place).await?;
    let idle = rested(&server).await?;
    place.seed().await?;
    reading(place, &server).await?;
    directory(place, &server).await?;
    booking(place, &server).await?;
    racing(&server).await?;
    let loaded = rested(&server).await?;
    row("memory, the database aside: idle", &format!("{idle:.0} MB"), "25 MB", idle <= 25.0, "");
    row("the same, after all this load", &format!("{loaded:.0} MB"), "50 MB", loaded <= 50.0, "");
    if soak {
        soaking(&server).await?;
    }
    server.stop().await
}

/// Its memory when it has had next to nothing to do for a while: what it keeps, not what it is using. What is free goes back
/// to the system while something is done, so it is asked a little meanwhile, as any server is.
async fn rested(server: &Server) -> Result<f64> {
    let mut connection = Connection::open(server.address).await?;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        expect(connection.ask(&Request::get("/readyz")).await?, 200)?;
    }
    server.memory().await
}

/// What criterion measured, beside the sorting of as many busy times.
fn generation(criterion: &Path) -> Result<()> {
    let median = |group: &str, busy: &str| {
        let file = criterion.join(group).join("busy").join(busy).join("new/estimates.json");
        let estimates: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
        let nanoseconds = estimates["median"]["point_estimate"].as_f64();
        nanoseconds
            .map(|ns| Duration::from_secs_f64(ns / 1e9))
            .ok_or_else(|| Error::other("criterion measured nothing"))
    };
    for (name, group, busy, aim) in
        [("a month, 200 busy times", "month", 200, 20), ("a year, 1,000 busy times", "year", 1000, 400)]
    {
        let measured = median(group, &busy.to_string())?;
        let limit = format!("sorting {busy} ranges: {}", ms(sorting(busy)));
        let aim = Duration::from_micros(aim);
        row(&format!("slots of {name}"), &ms(measured), &ms(aim), measured <= aim, &limit);
    }
    Ok(())
}

fn sorting(count: usize) -> Duration {
    let ranges: Vec<(usize, usize)> = (0..count).map(|n| (n * 7919 % count, n)).collect();
    let times = (0..200).map(|_| {
        let mut ranges = black_box(ranges.clone());
        let begin = Instant::now();
        ranges.sort_unstable();
        black_box(&ranges);
        begin.elapsed()
    });
    Times::new(times.collect()).percentile(50)
}

fn size(program: &Path) -> Result<()> {
    let megabytes = std::fs::metadata(program)?.len() as f64 / 1_000_000.0;
    row("size of the program", &format!("{megabytes:.1} MB"), "30 MB", megabytes <= 30.0, "");
    Ok(())
}

/// From nothing to the first page, twice: with a database to be made, and with one that is there.
async fn starts(place: &Place) -> Result<Server> {
    let (made, started) = place.cluster().await?;
    let (server, first) = place.serve().await?;
    server.stop().await?;
    let (server, again) = place.serve().await?;
    let aim = |limit: Duration, measured: Duration| measured <= limit;
    let limit = format!("PostgreSQL alone: {}", seconds(started));
    row("start to first page", &seconds(again), "0.50 s", aim(Duration::from_millis(500), again), &limit);
    let limit = format!("initdb and PostgreSQL alone: {}", seconds(made + started));
    row("the same, first start ever", &seconds(first), "3.00 s", aim(Duration::from_secs(3), first), &limit);
    Ok(server)
}

/// Dates of the month from tomorrow on, as the database counts them.
async fn month(place: &Place) -> Result<(String, String)> {
    let dates = place.sql("SELECT current_date + 1 || ' ' || current_date + 30").await?;
    let (from, to) = dates.trim().split_once(' ').ok_or_else(|| Error::other("no dates"))?;
    Ok((from.to_owned(), to.to_owned()))
}

fn slots(mentor: &str, (from, to): &(String, String)) -> Request {
    Request::get(&format!("/api/v1/mentors/{mentor}/slots?session_type=session&from={from}&to={to}"))
}

/// So many spans of a month, in so many zones, that none is asked for twice in the second for which an answer may be given
/// again.
async fn months(place: &Place, mentor: &str) -> Result<Vec<Request>> {
    let spans = "SELECT current_date + a || ' ' || current_date + a + b FROM generate_series(1, 16) a, generate_series(28, 30) b";
    let spans = place.sql(spans).await?;
    let spans: Vec<_> = spans.lines().filter_map(|line| line.trim().split_once(' ')).collect();
    let zones = (-12..=12).map(|hours| format!("Etc/GMT{}{}", if hours < 0 { "-" } else { "%2B" }, i32::abs(hours)));
    let paths = zones.flat_map(|zone| {
        spans.iter().map(move |(from, to)| {
            format!("/api/v1/mentors/{mentor}/slots?session_type=session&from={from}&to={to}&timezone={zone}")
        })
    });
    Ok(paths.map(|path| Request::get(&path)).collect())
}

async fn reading(place: &Place, server: &Server) -> Result<()> {
    let address = server.address;
    let month = month(place).await?;
    let whole = |replies: &[http::Reply]| Times::new(replies.iter().map(|reply| reply.whole).collect());
    let health = Request::get("/healthz");
    let healthz = whole(&alone(address, std::slice::from_ref(&health), SPAN / 2).await?);
    let busy = slots(BUSY, &month);
    let alone_slots = whole(&alone(address, std::slice::from_ref(&busy), SPAN).await?);
    let timetable = format!(
        "BEGIN;\nSET LOCAL ROLE yaksok_visitor;\nSELECT * FROM timetables(ARRAY(SELECT id FROM mentors WHERE handle = '{BUSY}'), \
         current_date::timestamptz - interval '2 days', current_date + interval '34 days', now(), NULL);\nROLLBACK;\n"
    );
    let (_, of_database) = place.pgbench(&timetable, 1, 2).await?;
    let answers = |name: &str, times: &Times, limit: &str| {
        let (p50, p95) = (times.percentile(50), times.percentile(95));
        let met = p50 <= Duration::from_millis(1) && p95 <= Duration::from_millis(2);
        row(&format!("{name}: p50, p95"), &format!("{}, {}", ms(p50), ms(p95)), "1.00 ms, 2.00 ms", met, limit);
    };
    let limit = format!("the database alone: {} + /healthz: {}", ms(of_database), ms(healthz.percentile(50)));
    answers("GET slots, a month, 1,000 busy events, 30 series", &alone_slots, &limit);
    let anew = whole(&alone(address, &months(place, BUSY).await?, SPAN).await?);
    answers("the same, of another span or zone each time", &anew, "");

    let of_health = crowd(address, &health, 32, SPAN / 2).await?;
    let of_slots = crowd(address, &busy, 32, SPAN).await?;
    let against = |name: &str, rate: f64, limit: f64, of: &str| {
        let (measured, limit_said) =
            (format!("{rate:.0}/s ({:.0} %)", 100.0 * rate / limit), format!("{of}: {limit:.0}/s"));
        row(name, &measured, "50 % of the limit", rate * 2.0 >= limit, &limit_said);
    };
    against("the same, 32 clients", of_slots, of_health, "/healthz");

    let replies = alone(address, &[Request::get(&format!("/{BUSY}/session"))], SPAN).await?;
    let page = Times::new(replies.iter().map(|reply| reply.first_byte).collect()).percentile(95);
    let limit = format!("/healthz: {}", ms(healthz.percentile(95)));
    row("booking page, first byte: p95", &ms(page), "5.00 ms", page <= Duration::from_millis(5), &limit);
    Ok(())
}

async fn directory(place: &Place, server: &Server) -> Result<()> {
    let timetables = "SELECT count(*) FROM timetables(ARRAY(SELECT id FROM mentors ORDER BY handle LIMIT 1000), \
                      now() - interval '3 days', now() + interval '10 days', now(), NULL);\n";
    let (_, of_database) = place.pgbench(timetables, 1, 2).await?;
    let tuesday = "date_trunc('week', now()) + interval '8 days'";
    let evening = place
        .sql(&format!("SELECT to_char({tuesday} + h * interval '1 hour', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM (VALUES (17), (20)) v (h)"))
        .await?;
    let evening: Vec<&str> = evening.lines().collect();
    let free = format!("/api/v1/mentors?limit=1000&free_from={}&free_to={}", evening.join("&free_to="), "")
        .trim_end_matches("&free_to=")
        .to_owned();
    for (name, path) in [
        ("the next free start of each of 1,000 mentors: p50", "/api/v1/mentors?limit=1000".to_owned()),
        ("who of 1,000 is free on Tuesday evening: p50", free),
    ] {
        let replies = alone(server.address, &[Request::get(&path)], SPAN / 2).await?;
        let p50 = Times::new(replies.iter().map(|reply| reply.whole).collect()).percentile(50);
        let limit = format!("the database alone: {}", ms(of_database));
        row(name, &ms(p50), "50.00 ms", p50 <= Duration::from_millis(50), &limit);
    }
    Ok(())
}

/// A booking for every free hour of a mentor.
async fn wishes(server: &Server, mentor: &str, month: &(String, String)) -> Result<Vec<Request>> {
    let reply = expect(Connection::open(server.address).await?.ask(&slots(mentor, month)).await?, 200)?;
    let answer: Value = serde_json::from_slice(&reply.body)?;
    let starts =
        answer["days"].as_array().into_iter().flatten().flat_map(|day| day["slots"].as_array().into_iter().flatten());
    // Sessions of half an hour and a quarter of an hour between them: every other start stays free.
    Ok(starts.step_by(2).map(|slot| wish(mentor, &slot["start"])).collect())
}

fn wish(mentor: &str, start: &Value) -> Request {
    let body = json!({
        "mentor": mentor, "session_type": "session", "start": start, "name": "Ada", "email": "ada@example.com",
        "timezone": "Europe/Berlin", "notes": "About my portfolio.",
    });
    Request::post("/api/v1/bookings", &body)
}

async fn booking(place: &Place, server: &Server) -> Result<()> {
    let month = month(place).await?;
    let name = |n: usize| format!("mentor-{n:05}");
    let synced = Times::new(place.synced_writes()?).percentile(50);
    let one = wishes(server, &name(1), &month).await?;
    let (times, _) = lists(server.address, vec![one], SPAN).await?;
    let p95 = times.percentile(95);
    let limit = format!("a synced write of 8 kB: {}", ms(synced));
    row("POST bookings, one client: p95", &ms(p95), "10.00 ms", p95 <= Duration::from_millis(10), &limit);

    let mut of_all = Vec::new();
    for n in 0..MENTORS {
        // Three mentors each, so that no list runs out.
        let mut list = Vec::new();
        for k in 0..3 {
            list.extend(wishes(server, &name(100 + n * 3 + k), &month).await?);
        }
        of_all.push(list);
    }
    let (_, rate) = lists(server.address, of_all, SPAN).await?;
    // The mail of these bookings is written, before the database is measured alone.
    for _ in 0..60 {
        if place.sql("SELECT count(*) FROM jobs WHERE run_at <= now()").await?.trim() == "0" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    place.sql("CREATE SEQUENCE measured").await?;
    let (bare, _) = place.pgbench(BARE, MENTORS, 4).await?;
    row(
        "POST bookings, 16 clients, 16 mentors",
        &format!("{rate:.0}/s ({:.0} %)", 100.0 * rate / bare),
        "50 % of the limit",
        rate * 2.0 >= bare,
        &format!("the same inserts, pgbench: {bare:.0}/s"),
    );
    Ok(())
}

/// What a booking leaves in the database, and nothing else. The jobs are for nobody's next year.
const BARE: &str = r"
SELECT nextval('measured') AS n \gset
BEGIN;
INSERT INTO bookings (id, mentor_id, session_type_id, session_slug, session_name, status, during, buffer_before_minutes,
    buffer_after_minutes, cancel_notice_minutes, booker_name, booker_email, booker_timezone, booker_language, notes,
    manage_token_hash, manage_token_sealed, created_at)
SELECT md5('measured ' || :n)::uuid, mentor_id, id, slug, name, 'confirmed',
    tstzrange('2040-01-01'::timestamptz + :n * interval '1 hour', '2040-01-01'::timestamptz + :n * interval '1 hour' + interval '30 minutes'),
    0, 15, 0, 'Ada', 'ada@example.com', 'Europe/Berlin', 'en', 'About my portfolio.', sha256(('measured ' || :n)::bytea),
    decode(repeat('00', 80), 'hex'), now()
FROM session_types WHERE mentor_id = (SELECT id FROM mentors WHERE handle = 'mentor-' || lpad((:client_id + 200)::text, 5, '0'));
INSERT INTO booking_events (id, booking_id, mentor_id, kind, actor, sequence, during, created_at)
SELECT gen_random_uuid(), id, mentor_id, 'booked', 'mentee', 0, during, now() FROM bookings WHERE id = md5('measured ' || :n)::uuid;
INSERT INTO jobs (mentor_id, kind, payload, run_at, created_at)
SELECT mentor_id, 'none', jsonb_build_object('booking', id), now() + interval '1 year', now()
FROM bookings, generate_series(1, 3) WHERE id = md5('measured ' || :n)::uuid;
COMMIT;
";

async fn racing(server: &Server) -> Result<()> {
    const CLIENTS: usize = 1000;
    let (_, healthz) = race(server.address, &Request::get("/healthz"), CLIENTS).await?;
    let path = "/api/v1/mentors/mentor-00300";
    let mentor = expect(Connection::open(server.address).await?.ask(&Request::get(path)).await?, 200)?;
    let listed: Value = serde_json::from_slice(&mentor.body)?;
    let list = Request::get("/api/v1/mentors?query=mentor-00300");
    let reply = expect(Connection::open(server.address).await?.ask(&list).await?, 200)?;
    let answer: Value = serde_json::from_slice(&reply.body)?;
    let start = &answer["items"][0]["next_free"];
    let handle = listed["handle"].as_str().unwrap_or_default();
    let (statuses, last) = race(server.address, &wish(handle, start), CLIENTS).await?;
    let count = |status: u16| statuses.iter().filter(|s| **s == status).count();
    let (won, lost) = (count(201), count(409));
    row(
        "1,000 requests for one slot: the last answer",
        &format!("{} ({won} booked, {lost} refused)", seconds(last)),
        "5.00 s, one booked",
        last <= Duration::from_secs(5) && (won, lost) == (1, CLIENTS - 1),
        &format!("1,000 at /healthz: {}", seconds(healthz)),
    );
    Ok(())
}

/// Ten minutes of everything that visitors read: what the memory grows by, once it is warm.
async fn soaking(server: &Server) -> Result<()> {
    let page = Request::get(&format!("/{BUSY}/session"));
    let list = Request::get("/api/v1/mentors");
    let mut warm = 0.0;
    for minute in 0..10 {
        crowd(server.address, &page, 4, Duration::from_secs(30)).await?;
        crowd(server.address, &list, 4, Duration::from_secs(30)).await?;
        if minute == 2 {
            warm = rested(server).await?;
        }
    }
    let grown = rested(server).await? - warm;
    row("memory grown by in minutes four to ten of load", &format!("{grown:.1} MB"), "1.0 MB", grown <= 1.0, "");
    Ok(())
}
