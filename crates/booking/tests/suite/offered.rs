//! A booking succeeds if and only if its start is listed; and so does a move.

use crate::book::unavailable;
use crate::common::*;
use booking::bookings::{self, Key};
use booking::listing::Search;
use booking::{accounts, listing};
use chrono::{DateTime, Days, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use scheduling::{Availability, BlockedRange, ClockTime, DateOverride, MentorId, SessionType, WeeklyWindow, Window};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// A mentor's whole setting, and where in time two days of it are tried.
#[derive(Clone, Debug)]
struct Case {
    zone: &'static str,
    /// Where the two days begin; in several zones a clock changes in them.
    begins: &'static str,
    hours: Availability,
    types: [SessionType; 2],
    /// Minutes after the beginning, of a kind, and whether it is cancelled again.
    bookings: Vec<(i64, usize, bool)>,
    now: i64,
}

const SLUGS: [&str; 2] = ["one", "two"];
const CASES: u32 = 6;
const SERVERS: usize = 4;

fn windows() -> impl Strategy<Value = Vec<Window>> {
    let minute = || (0_u16..=288).prop_map(|step| ClockTime::from_minutes(step * 5).unwrap());
    proptest::collection::vec((minute(), minute()), 0..4).prop_map(|pairs| {
        let window = |(a, b): (ClockTime, ClockTime)| Window { start_time: a.min(b), end_time: a.max(b) };
        pairs.into_iter().map(window).filter(|w| w.start_time < w.end_time).collect()
    })
}

fn session_type(slug: &'static str) -> impl Strategy<Value = SessionType> {
    let buffer = || prop_oneof![Just(0_u16), Just(10), Just(45)];
    let limit = prop_oneof![3 => Just(None), 1 => (1_u16..4).prop_map(Some)];
    let notice = prop_oneof![2 => Just(0_u32), 1 => Just(600), 1 => Just(2000)];
    let lengths =
        (prop_oneof![Just(5_u16), Just(30), Just(50), Just(180)], prop_oneof![Just(5_u16), Just(15), Just(25)]);
    (lengths, buffer(), buffer(), limit, notice, 1_u16..4, any::<bool>()).prop_map(
        move |((duration, interval), before, after, daily_limit, notice, horizon_days, requires_approval)| {
            SessionType {
                buffer_before_minutes: before,
                buffer_after_minutes: after,
                // Beyond the horizon it is refused.
                minimum_notice_minutes: notice.min(u32::from(horizon_days) * 1440),
                daily_limit,
                horizon_days,
                requires_approval,
                ..session(slug, duration, interval)
            }
        },
    )
}

fn case() -> impl Strategy<Value = Case> {
    let place = prop_oneof![
        Just(("Asia/Seoul", "2026-11-24T00:00:00Z")),
        Just(("America/New_York", "2027-03-13T20:00:00Z")),
        Just(("America/New_York", "2027-11-06T20:00:00Z")),
        Just(("Australia/Lord_Howe", "2027-04-03T00:00:00Z")),
        Just(("Asia/Kathmandu", "2026-12-31T00:00:00Z")),
    ];
    let of_week = proptest::collection::vec(windows(), 7);
    let overrides = proptest::collection::vec((0_u64..4, windows()), 0..2);
    let blocked = proptest::collection::vec(0_u64..4, 0..2);
    let bookings = proptest::collection::vec((0_i64..576, 0_usize..2, any::<bool>()), 0..12);
    (place, of_week, overrides, blocked, session_type(SLUGS[0]), session_type(SLUGS[1]), bookings, 0_i64..1440)
        .prop_map(|((zone, begins), of_week, overrides, blocked, one, two, bookings, now)| {
            let first = at(begins).date_naive() - Days::new(1);
            let weekly = of_week.iter().zip(0..).flat_map(|(windows, day_of_week)| {
                windows.iter().map(move |w| WeeklyWindow {
                    day_of_week,
                    start_time: w.start_time,
                    end_time: w.end_time,
                })
            });
            let hours = Availability {
                timezone: zone.into(),
                weekly: weekly.collect(),
                overrides: overrides
                    .into_iter()
                    .take(1)
                    .map(|(day, windows)| DateOverride { date: first + Days::new(day), windows })
                    .collect(),
                blocked: blocked
                    .into_iter()
                    .map(|day| first + Days::new(day))
                    .map(|day| BlockedRange { starts_on: day, ends_on: day, note: None })
                    .collect(),
            };
            let bookings = bookings.into_iter().map(|(step, kind, off)| (step * 5, kind, off)).collect();
            Case { zone, begins, hours, types: [one, two], bookings, now }
        })
}

/// Sets the case up for one more mentor. The clock stands at its now, or, to make bookings, two days before.
async fn set_up(app: &TestApp, case: &Case, handle: &str) -> MentorId {
    let (made, _) = accounts::create(&app.context, &account(handle, case.zone)).await.unwrap();
    let mentor = made.id();
    app.open(mentor, case.hours.clone()).await;
    // While bookings are made, nothing but hours and other bookings is in the way.
    for session_type in &case.types {
        let free =
            SessionType { minimum_notice_minutes: 0, daily_limit: None, horizon_days: 730, ..session_type.clone() };
        app.offer(mentor, free).await;
    }
    for (minute, kind, off) in &case.bookings {
        let start = at(case.begins) + minutes(*minute);
        if let Ok((_, token)) = bookings::book(&app.context, request(handle, SLUGS[*kind], start)).await
            && *off
        {
            bookings::cancel(&app.context, &Key::Token(token), None).await.unwrap();
        }
    }
    for session_type in &case.types {
        app.offer(mentor, session_type.clone()).await;
    }
    mentor
}

async fn listed(app: &TestApp, case: &Case, handle: &str, slug: &str) -> BTreeSet<DateTime<Utc>> {
    let first = at(case.begins).date_naive();
    let (from, to) = (first - Days::new(3), first + Days::new(5));
    let slots = listing::slots(&app.context, handle, slug, from, to, None).await.unwrap();
    slots.starts.into_iter().collect()
}

/// Tries every fifth minute of the two days: what is listed can be booked, what is not cannot. Each booking that succeeds
/// is taken back, so that every attempt meets the same state. Several mentors share the work: they do not wait for
/// each other.
async fn book_everything(app: Arc<TestApp>, case: Case, number: usize) -> usize {
    app.set_now(at(case.begins) - TimeDelta::days(2));
    let mut mentors = Vec::new();
    for server in 0..SERVERS {
        let handle = format!("mentor-{number}-{server}");
        mentors.push((set_up(&app, &case, &handle).await, handle));
    }
    app.set_now(at(case.begins) + minutes(case.now));
    let tasks: Vec<_> = mentors
        .into_iter()
        .enumerate()
        .map(|(server, (mentor, handle))| {
            let (app, case) = (app.clone(), case.clone());
            tokio::spawn(async move {
                let mut successes = 0;
                for slug in SLUGS {
                    let listed = listed(&app, &case, &handle, slug).await;
                    let first = at(case.begins);
                    for step in (0..576).filter(|step| step % SERVERS == server) {
                        let start = first + minutes(5 * step as i64);
                        // Half of the instants for each kind; those that are listed for both.
                        if step / SERVERS % 2 != usize::from(slug == SLUGS[1]) && !listed.contains(&start) {
                            continue;
                        }
                        let result = bookings::book(&app.context, request(&handle, slug, start)).await;
                        let succeeded = result.is_ok();
                        assert_eq!(succeeded, listed.contains(&start), "{slug} at {start} of {case:?}: {result:?}");
                        if let Ok((made, _)) = result {
                            successes += 1;
                            app.sql(&format!("DELETE FROM bookings WHERE id = '{}'", made.id)).await;
                        } else {
                            assert!(unavailable(result));
                        }
                    }
                }
                app.sql(&format!("DELETE FROM mentors WHERE id = '{mentor}'")).await;
                successes
            })
        })
        .collect();
    let mut successes = 0;
    for task in tasks {
        successes += task.await.unwrap();
    }
    successes
}

/// Moves one booking about; each time what it may be moved to is asked before.
async fn move_everywhere(app: &TestApp, case: &Case, number: usize) -> usize {
    app.set_now(at(case.begins) - TimeDelta::days(2));
    let handle = format!("mover-{number}");
    let mentor = set_up(app, case, &handle).await;
    app.set_now(at(case.begins) + minutes(case.now));
    let listed = listed(app, case, &handle, SLUGS[0]).await;
    let Some(start) = listed.into_iter().find(|start| *start > app.now()) else { return 0 };
    let (made, token) = bookings::book(&app.context, request(&handle, SLUGS[0], start)).await.unwrap();
    let mut moves = 0;
    for step in 0..60 {
        // Now the mentee, now the mentor, whom no notice binds; to a place that jumps about.
        let key = if step % 2 == 0 { Key::Token(token.clone()) } else { Key::Mentor(mentor, made.id) };
        let offered = bookings::horizon_to_move(&app.context, &key, None).await.unwrap().starts;
        let start = match step % 3 {
            0 if !offered.is_empty() => offered[step * 7919 % offered.len()],
            _ => at(case.begins) + minutes((step * 7919 % 576 * 5) as i64),
        };
        let before = bookings::get(&app.context, &key).await.unwrap().booking;
        if before.start <= app.now() {
            break;
        }
        let result = bookings::reschedule(&app.context, &key, start).await;
        let may = start == before.start || offered.contains(&start);
        assert_eq!(result.is_ok(), may, "to {start} of {case:?}: {result:?}");
        moves += usize::from(may);
        assert!(may || unavailable(result));
    }
    app.sql(&format!("DELETE FROM mentors WHERE id = '{mentor}'")).await;
    moves
}

/// The same cases at every run.
fn runner() -> TestRunner {
    let config = Config { cases: CASES, failure_persistence: None, max_shrink_iters: 8, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

#[test]
fn a_booking_succeeds_if_and_only_if_it_is_listed() {
    let runtime = Runtime::new().unwrap();
    let app = Arc::new(runtime.block_on(TestApp::new()));
    let (number, successes) = (Cell::new(0), Cell::new(0));
    let tried = runner().run(&case(), |case| {
        number.set(number.get() + 1);
        let of_case = runtime.block_on(book_everything(app.clone(), case, number.get()));
        successes.set(successes.get() + of_case);
        Ok(())
    });
    tried.unwrap();
    assert!(successes.get() > 100, "most cases list something: {successes:?}");
}

#[test]
fn a_booking_moves_to_where_it_may_and_nowhere_else() {
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(TestApp::new());
    let (number, moves) = (Cell::new(0), Cell::new(0));
    let tried = runner().run(&case(), |case| {
        number.set(number.get() + 1);
        moves.set(moves.get() + runtime.block_on(move_everywhere(&app, &case, number.get())));
        Ok(())
    });
    tried.unwrap();
    assert!(moves.get() > 30, "most can be moved: {moves:?}");
}

/// What the directory says of each mentor, in `free` or ever, is the first start that is listed for one of the kinds.
async fn the_directory_agrees(app: &TestApp, cases: &[Case], round: usize) -> usize {
    let begins = cases[0].begins;
    app.set_now(at(begins) - TimeDelta::days(2));
    let mut mentors = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let handle = format!("listed-{round}-{number}");
        let case = Case { begins, ..case.clone() };
        mentors.push((set_up(app, &case, &handle).await, handle));
    }
    app.set_now(at(begins) + minutes(cases[0].now));
    let whole_day = at(begins)..at(begins) + TimeDelta::days(1);
    let evening = at(begins) + minutes(cases[1].now)..at(begins) + minutes(cases[1].now + 180);
    let mut found = 0;
    for free in [None, Some(whole_day), Some(evening), Some(at(begins) - TimeDelta::days(9)..at(begins))] {
        let search = Search { query: format!("listed-{round}-"), free: free.clone(), ..Search::default() };
        let (page, next) = listing::mentors(&app.context, &search).await.unwrap();
        assert_eq!(next, None);
        for (_, handle) in &mentors {
            let mut starts = Vec::new();
            let (_, types) = listing::mentor(&app.context, handle).await.unwrap();
            for SessionType { slug, .. } in types {
                starts.extend(listing::horizon(&app.context, handle, &slug, None).await.unwrap().starts);
            }
            let first = starts.into_iter().filter(|start| free.as_ref().is_none_or(|free| free.contains(start))).min();
            let listed = page.iter().find(|listed| listed.mentor.handle == *handle);
            assert_eq!(listed.is_some(), first.is_some() || free.is_none(), "{handle} in {free:?} of {cases:?}");
            assert_eq!(listed.and_then(|listed| listed.next_free), first, "{handle} in {free:?} of {cases:?}");
            found += usize::from(first.is_some());
        }
    }
    for (mentor, _) in mentors {
        app.sql(&format!("DELETE FROM mentors WHERE id = '{mentor}'")).await;
    }
    found
}

#[test]
fn the_directory_tells_of_the_first_start_that_is_listed() {
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(TestApp::new());
    let (round, found) = (Cell::new(0), Cell::new(0));
    let tried = runner().run(&proptest::collection::vec(case(), 5), |cases| {
        round.set(round.get() + 1);
        found.set(found.get() + runtime.block_on(the_directory_agrees(&app, &cases, round.get())));
        Ok(())
    });
    tried.unwrap();
    assert!(found.get() > 40, "most can be booked: {found:?}");
}
