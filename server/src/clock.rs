//! The one clock: the machine's, but one that jumps is not believed at once.
//!
//! Somebody sets the machine's clock hours ahead and back again. Believed, it would end holds and sessions before their time,
//! offer no start of the next hours, and leave everything that was put off meanwhile waiting for hours. So time goes on as
//! it went, measured by what nobody can set, until the machine has kept to its new time for a while.

use booking::context::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// As much is a correction, and followed.
const CORRECTION: TimeDelta = TimeDelta::minutes(1);
/// A jump that has lasted for so long was meant.
const BELIEVED_AFTER: Duration = Duration::from_secs(2 * 60);

pub(crate) struct SystemClock(Mutex<Followed>);

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Followed { wall: wall(), steady: steady(), jumped_at: None }))
    }
}

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).now(wall(), steady())
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where time comes in")]
fn wall() -> DateTime<Utc> {
    Utc::now()
}

/// Since some beginning, sleep included, and never set.
#[cfg(target_os = "linux")]
fn steady() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::new(time.tv_sec.try_into().unwrap_or_default(), time.tv_nsec.try_into().unwrap_or_default())
}

#[cfg(not(target_os = "linux"))]
fn steady() -> Duration {
    static BEGINNING: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    BEGINNING.elapsed()
}

/// What the machine's clock said when it was last believed.
struct Followed {
    wall: DateTime<Utc>,
    steady: Duration,
    /// Since when it has said something else.
    jumped_at: Option<Duration>,
}

impl Followed {
    fn now(&mut self, wall: DateTime<Utc>, steady: Duration) -> DateTime<Utc> {
        let passed = TimeDelta::from_std(steady.saturating_sub(self.steady)).unwrap_or_default();
        let reckoned = self.wall + passed;
        let jump = wall - reckoned;
        if jump.abs() > CORRECTION {
            let since = *self.jumped_at.get_or_insert_with(|| {
                tracing::warn!(seconds = jump.num_seconds(), "the machine's clock has jumped, and is not followed yet");
                steady
            });
            if steady.saturating_sub(since) < BELIEVED_AFTER {
                return reckoned;
            }
            tracing::warn!(seconds = jump.num_seconds(), "the machine's clock has jumped for good, and is followed");
        }
        *self = Self { wall, steady, jumped_at: None };
        wall
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOURS: TimeDelta = TimeDelta::hours(2);

    /// A machine that has run for so many seconds, and whose clock is `off`.
    fn at(seconds: u64, off: TimeDelta) -> (DateTime<Utc>, Duration) {
        let passed = Duration::from_secs(seconds);
        (right(seconds) + off, passed)
    }

    fn right(seconds: u64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds.try_into().unwrap())
    }

    fn followed() -> Followed {
        Followed { wall: right(0), steady: Duration::ZERO, jumped_at: None }
    }

    fn ask(clock: &mut Followed, seconds: u64, off: TimeDelta) -> DateTime<Utc> {
        let (wall, steady) = at(seconds, off);
        clock.now(wall, steady)
    }

    #[test]
    fn a_jump_that_is_taken_back_is_not_followed() {
        for off in [HOURS, -HOURS] {
            let mut clock = followed();
            for (seconds, off) in [(10, TimeDelta::zero()), (20, off), (100, off), (110, TimeDelta::zero())] {
                assert_eq!(ask(&mut clock, seconds, off), right(seconds), "{off}");
            }
            // And the next one is doubted for as long again.
            assert_eq!(ask(&mut clock, 120, off), right(120));
            assert_eq!(ask(&mut clock, 230, off), right(230));
        }
    }

    #[test]
    fn a_jump_that_lasts_is_followed() {
        for off in [HOURS, -HOURS] {
            let mut clock = followed();
            assert_eq!(ask(&mut clock, 10, off), right(10));
            assert_eq!(ask(&mut clock, 129, off), right(129));
            assert_eq!(ask(&mut clock, 130, off), right(130) + off);
            assert_eq!(ask(&mut clock, 140, off), right(140) + off);
        }
    }

    #[test]
    fn a_clock_that_is_corrected_is_followed() {
        let mut clock = followed();
        // Twenty seconds every time make more than a minute in the end.
        for n in 1..10 {
            let off = TimeDelta::seconds(20 * i64::try_from(n).unwrap());
            assert_eq!(ask(&mut clock, 60 * n, off), right(60 * n) + off);
        }
    }
}
