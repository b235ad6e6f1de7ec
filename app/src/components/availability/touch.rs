//! A finger on something that is both scrolled and drawn on.
//!
//! Scrolling is the browser's and comes first (`touch-action: pan-y`). A finger draws only once it has rested for a moment,
//! or when it goes sideways, where there is nothing to scroll. A tap is neither.

use leptos::prelude::*;
use std::time::Duration;

/// A finger that rests for so long draws.
const LONG_PRESS: Duration = Duration::from_millis(250);
/// A finger that has moved by fewer pixels rests.
const SLOP: f64 = 8.0;

/// What a move of a finger means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// Nothing yet: it rests, or it is no finger that we wait for.
    Rests,
    /// It draws from where it came down.
    Draws,
    /// It scrolls.
    Scrolls,
}

impl Motion {
    /// By how far a finger has gone from where it came down, in pixels.
    fn of(across: f64, down: f64) -> Self {
        match across.hypot(down) {
            way if way < SLOP => Self::Rests,
            // Sideways, or nearly: a thumb moves in a bow.
            _ if across.abs() > 1.5 * down.abs() => Self::Draws,
            _ => Self::Scrolls,
        }
    }
}

/// A finger that is down and has neither drawn nor scrolled.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Waiting {
    pointer: i32,
    x: f64,
    y: f64,
    /// Which press it is: a timer of an earlier one does not count.
    number: u32,
}

/// Tells what a finger is about to do.
#[derive(Clone, Copy, Debug)]
pub struct Touch {
    waiting: StoredValue<Option<Waiting>>,
    number: StoredValue<u32>,
}

impl Touch {
    /// No finger is down.
    pub fn idle() -> Self {
        Self { waiting: StoredValue::new(None), number: StoredValue::new(0) }
    }

    /// A finger is down. Calls `draw` with its place once it has rested long enough.
    pub fn down(self, pointer: i32, x: f64, y: f64, draw: impl FnOnce(f64, f64) + 'static) {
        let number = self.number.get_value().wrapping_add(1);
        self.number.set_value(number);
        self.waiting.set_value(Some(Waiting { pointer, x, y, number }));
        set_timeout(
            move || {
                let waits = |waiting: &Option<Waiting>| waiting.is_some_and(|waiting| waiting.number == number);
                if self.waiting.try_with_value(waits) == Some(true) {
                    self.waiting.set_value(None);
                    draw(x, y);
                }
            },
            LONG_PRESS,
        );
    }

    /// The finger is at another place. Whatever is decided is decided: from then on it is not waited for.
    pub fn moved(self, pointer: i32, x: f64, y: f64) -> Motion {
        let Some(waiting) = self.waiting.get_value().filter(|waiting| waiting.pointer == pointer) else {
            return Motion::Rests;
        };
        let motion = Motion::of(x - waiting.x, y - waiting.y);
        if motion != Motion::Rests {
            self.waiting.set_value(None);
        }
        motion
    }

    /// Where the finger came down, while it is waited for.
    pub fn place(self, pointer: i32) -> Option<(f64, f64)> {
        self.waiting.get_value().filter(|waiting| waiting.pointer == pointer).map(|waiting| (waiting.x, waiting.y))
    }

    /// The finger is lifted. Answers where it tapped, if that was all it did.
    pub fn up(self, pointer: i32) -> Option<(f64, f64)> {
        let place = self.place(pointer);
        if place.is_some() {
            self.waiting.set_value(None);
        }
        place
    }

    /// The browser scrolls, or a second finger has come: it is nothing of ours.
    pub fn give_up(self) {
        self.waiting.set_value(None);
    }
}

#[cfg(test)]
mod tests {
    use super::Motion;

    #[test]
    fn sideways_draws_and_everything_else_scrolls() {
        assert_eq!(Motion::of(0.0, 0.0), Motion::Rests);
        assert_eq!(Motion::of(-5.0, 5.0), Motion::Rests);
        assert_eq!(Motion::of(0.0, 9.0), Motion::Scrolls);
        assert_eq!(Motion::of(9.0, -9.0), Motion::Scrolls, "aslant, a thumb scrolls");
        assert_eq!(Motion::of(-12.0, 3.0), Motion::Draws);
        assert_eq!(Motion::of(12.0, 0.0), Motion::Draws);
    }
}
