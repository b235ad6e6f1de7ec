//! Answers that are given again to whoever asks the same within the same second, while nothing has changed.

use crate::Context;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// For so long an answer may be given again.
pub const RECENT: TimeDelta = TimeDelta::seconds(1);

/// When something was asked, and after which changes.
#[derive(Clone, Copy, Debug)]
struct Moment {
    now: DateTime<Utc>,
    changes: u64,
}

impl Moment {
    /// Whether what was read then may be said now.
    fn holds_at(self, now: Self) -> bool {
        self.changes == now.changes && (TimeDelta::zero()..RECENT).contains(&(now.now - self.now))
    }
}

/// Answers of the kind `V` to questions of the kind `K`.
///
/// None is given once this server has changed anything, or has heard that another has; and none that is older than
/// [`RECENT`], should a change be told late or never. What decides, such as booking, never asks here.
#[derive(Debug)]
pub struct Recent<K, V> {
    answers: Mutex<HashMap<K, (Moment, V)>>,
    most: usize,
    is_small: fn(&V) -> bool,
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// Keeps so many answers at most, and only those that are small: together they bound the memory that this takes.
    pub fn new(most: usize, is_small: fn(&V) -> bool) -> Self {
        Self { answers: Mutex::default(), most, is_small }
    }

    /// What was just answered, or what `read` finds.
    ///
    /// # Errors
    /// As `read`; a failure is not kept.
    pub async fn ask<E>(
        &self,
        context: &Context,
        question: K,
        read: impl AsyncFnOnce(&K) -> Result<V, E>,
    ) -> Result<V, E> {
        // Before it is read: a change in between is not missed.
        // Newer time zone rules change every answer, too.
        let changes = context.store.changes_seen().wrapping_add(context.zones.revision());
        let asked = Moment { now: context.now(), changes };
        if let Some(answer) = self.get(&question, asked) {
            return Ok(answer);
        }
        let answer = read(&question).await?;
        self.keep(question, asked, &answer);
        Ok(answer)
    }

    fn get(&self, question: &K, now: Moment) -> Option<V> {
        let answers = self.lock();
        answers.get(question).filter(|(read, _)| read.holds_at(now)).map(|(_, answer)| answer.clone())
    }

    fn keep(&self, question: K, asked: Moment, answer: &V) {
        let mut answers = self.lock();
        answers.retain(|_, (read, _)| read.holds_at(asked));
        if answers.len() < self.most && (self.is_small)(answer) {
            answers.insert(question, (asked, answer.clone()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, (Moment, V)>> {
        // Nothing that is done under this lock can be half done.
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(milliseconds: i64, changes: u64) -> Moment {
        Moment { now: DateTime::UNIX_EPOCH + TimeDelta::milliseconds(milliseconds), changes }
    }

    #[test]
    fn an_answer_holds_for_a_second_while_nothing_changes() {
        let recent = Recent::new(2, |_| true);
        recent.keep("slots", moment(5_000, 7), &"nine");
        assert_eq!(recent.get(&"slots", moment(5_000, 7)), Some("nine"));
        assert_eq!(recent.get(&"slots", moment(5_999, 7)), Some("nine"));
        assert_eq!(recent.get(&"slots", moment(6_000, 7)), None, "a second later");
        assert_eq!(recent.get(&"slots", moment(4_999, 7)), None, "the clock was set back");
        assert_eq!(recent.get(&"slots", moment(5_001, 8)), None, "something has changed");
        assert_eq!(recent.get(&"others", moment(5_000, 7)), None);
    }

    #[test]
    fn no_more_is_kept_than_may_be_and_what_holds_no_more_makes_room() {
        let recent = Recent::new(2, |answer| *answer < 100);
        recent.keep("large", moment(0, 0), &100);
        for (question, at) in [("a", 0), ("b", 1), ("c", 2)] {
            recent.keep(question, moment(at, 0), &at);
        }
        assert_eq!(recent.get(&"large", moment(3, 0)), None);
        assert_eq!(recent.get(&"b", moment(3, 0)), Some(1));
        assert_eq!(recent.get(&"c", moment(3, 0)), None, "there was no room");
        recent.keep("c", moment(4, 1), &4);
        assert_eq!(recent.get(&"c", moment(4, 1)), Some(4));
        assert_eq!(recent.lock().len(), 1, "nothing else is left");
    }
}
