//! How long it takes to find the slots of a month and of a year: half-hour sessions, Monday to Friday from nine to
//! five in New York, with so many busy times in the span asked for.

#![allow(clippy::unwrap_used, reason = "a bench may panic")]

use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use scheduling::{
    Availability, Busy, ClockTime, OffsetTable, Policy, Request, SessionType, Transition, WeeklyWindow, slots,
};
use std::hint::black_box;

/// 2027, with its two transitions.
fn new_york() -> OffsetTable {
    let spring = Transition { at: 1_805_007_600, offset: -4 * 3600 };
    let fall = Transition { at: 1_825_567_200, offset: -5 * 3600 };
    OffsetTable::new("America/New_York", -5 * 3600, vec![spring, fall]).unwrap()
}

fn nine_to_five() -> Availability {
    let time = |hour: u16| ClockTime::from_minutes(hour * 60).unwrap();
    let weekly = (1..=5).map(|day_of_week| WeeklyWindow { day_of_week, start_time: time(9), end_time: time(17) });
    let (timezone, weekly) = ("America/New_York".into(), weekly.collect());
    Availability { timezone, weekly, overrides: vec![], blocked: vec![] }
}

/// So many half hours, spread evenly over a span but in no order, as a database may give them.
fn busy(count: i64, start: DateTime<Utc>, span: TimeDelta) -> Vec<Busy> {
    let half_hours = span.num_minutes() / 30;
    let nth = |n: i64| {
        // 7919 is a prime: every place is taken once.
        let place = n * 7919 % count;
        let start = start + TimeDelta::minutes(30 * (place * half_hours / count));
        Busy {
            start,
            end: start + TimeDelta::minutes(30),
            buffer_before_minutes: 0,
            buffer_after_minutes: 15,
            counts_to_daily_limit: true,
        }
    };
    (0..count).map(nth).collect()
}

fn bench(c: &mut Criterion) {
    let (availability, zone) = (nine_to_five(), new_york());
    let start: DateTime<Utc> = "2027-01-01T05:00:00Z".parse().unwrap();
    let policy = Policy { horizon_days: 730, ..Policy::from(&SessionType::first()) };
    for (name, days) in [("month", 31), ("year", 365)] {
        let mut group = c.benchmark_group(name);
        for count in [0, 200, 1000] {
            let span = TimeDelta::days(days);
            let busy = busy(count, start, span);
            let request = Request { availability: &availability, zone: &zone, policy, busy: &busy, now: start };
            group.bench_function(BenchmarkId::new("busy", count), |b| {
                b.iter(|| slots(black_box(&request), black_box(start..start + span)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
