//! One reading for everybody who asks the same at the same time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OnceCell;

/// Answers of the kind `V` to questions of the kind `K`. Nothing is kept: whatever is answered was read after it was asked.
/// While one question is being read, all who ask the same wait together for the reading after that.
pub(super) struct Together<K, V> {
    asked: Mutex<HashMap<K, Question<V>>>,
}

struct Question<V> {
    /// One reading at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// The reading that has not begun; `None` in it: it failed.
    next: Arc<OnceCell<Option<V>>>,
}

impl<V> Default for Question<V> {
    fn default() -> Self {
        Self { turn: Arc::default(), next: Arc::default() }
    }
}

impl<K, V> Default for Together<K, V> {
    fn default() -> Self {
        Self { asked: Mutex::default() }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Together<K, V> {
    /// What `read` finds, or has just found for somebody who asked the same. Where that failed, everybody reads alone.
    pub(super) async fn ask<E, F>(&self, question: &K, read: impl Fn() -> F) -> Result<V, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        let (turn, next) = {
            let mut asked = self.lock();
            let found = asked.entry(question.clone()).or_default();
            (found.turn.clone(), found.next.clone())
        };
        let mut failure = None;
        let reading = async {
            let _turn = turn.lock().await;
            let _begun = self.begin(question, &next);
            read().await.map_err(|error| failure = Some(error)).ok()
        };
        match (next.get_or_init(|| reading).await.clone(), failure) {
            (Some(answer), _) => Ok(answer),
            (None, Some(error)) => Err(error),
            (None, None) => read().await,
        }
    }

    /// Whoever asks from now on waits for another reading.
    fn begin<'a>(&'a self, question: &'a K, this: &Arc<OnceCell<Option<V>>>) -> Begun<'a, K, V> {
        if let Some(found) = self.lock().get_mut(question)
            && Arc::ptr_eq(&found.next, this)
        {
            found.next = Arc::default();
        }
        Begun { together: self, question }
    }
}

impl<K, V> Together<K, V> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Question<V>>> {
        // Nothing that is done under this lock can be half done.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reading. When it ends, done or given up, and nobody waits for the next, the question is forgotten.
struct Begun<'a, K: Eq + Hash, V> {
    together: &'a Together<K, V>,
    question: &'a K,
}

impl<K: Eq + Hash, V> Drop for Begun<'_, K, V> {
    fn drop(&mut self) {
        let mut asked = self.together.lock();
        if asked.get(self.question).is_some_and(|found| Arc::strong_count(&found.next) == 1) {
            asked.remove(self.question);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::Notify;

    /// A world that changes at every look at it.
    struct World {
        looks: AtomicU32,
        goes_on: Notify,
    }

    impl World {
        async fn look(&self) -> Result<u32, &'static str> {
            let seen = self.looks.fetch_add(1, Ordering::SeqCst);
            self.goes_on.notified().await;
            if seen == 7 { Err("away") } else { Ok(seen) }
        }
    }

    async fn settled() {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn nobody_is_told_what_was_read_before_they_asked() {
        let world = Arc::new(World { looks: AtomicU32::new(0), goes_on: Notify::new() });
        let together = Arc::new(Together::<&str, u32>::default());
        let ask = || {
            let (world, together) = (world.clone(), together.clone());
            tokio::spawn(async move { together.ask(&"slots", || world.look()).await })
        };
        let first = ask();
        settled().await;
        let late: Vec<_> = (0..10).map(|_| ask()).collect();
        settled().await;
        assert_eq!(world.looks.load(Ordering::SeqCst), 1, "one at a time");
        // The next in turn gives up, and another of them looks in its stead.
        late[0].abort();
        world.goes_on.notify_one();
        assert_eq!(first.await.unwrap(), Ok(0));
        settled().await;
        world.goes_on.notify_one();
        for asked in late.into_iter().skip(1) {
            assert_eq!(asked.await.unwrap(), Ok(1), "all of them at once, after the first");
        }
        assert!(together.lock().is_empty(), "nothing is kept");
    }

    #[tokio::test]
    async fn a_failure_is_nobody_elses() {
        let world = Arc::new(World { looks: AtomicU32::new(7), goes_on: Notify::new() });
        let together = Arc::new(Together::<&str, u32>::default());
        let asked: Vec<_> = (0..3)
            .map(|_| {
                let (world, together) = (world.clone(), together.clone());
                tokio::spawn(async move { together.ask(&"slots", || world.look()).await })
            })
            .collect();
        for _ in 0..3 {
            settled().await;
            world.goes_on.notify_one();
        }
        let mut answers = Vec::new();
        for asked in asked {
            answers.push(asked.await.unwrap());
        }
        answers.sort_unstable();
        assert_eq!(answers, [Ok(8), Ok(9), Err("away")]);
        assert!(together.lock().is_empty());
    }
}
