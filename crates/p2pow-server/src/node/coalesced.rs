//! [`Coalesced`]: an answer that is asked for once by all who want it at the same time, and kept for a moment.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::OnceCell, time::Instant};

/// Answers kept before old ones are forgotten.
const MANY: usize = 1024;
/// No answer is wanted that is older.
const OLDEST: Duration = Duration::from_secs(5);

/// Answers by what was asked.
#[derive(Debug)]
pub(super) struct Coalesced<K, V>(Mutex<HashMap<K, Asked<V>>>);

#[derive(Debug)]
struct Asked<V> {
    at: Instant,
    answer: Arc<OnceCell<V>>,
}

impl<K, V> Default for Coalesced<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq, V: Clone> Coalesced<K, V> {
    /// The answer to a question that was asked no earlier than this, or else it is asked now.
    pub(super) async fn get(&self, key: K, since: Instant, ask: impl Future<Output = V>) -> V {
        let answer = self.cell(key, since);
        answer.get_or_init(|| ask).await.clone()
    }

    fn cell(&self, key: K, since: Instant) -> Arc<OnceCell<V>> {
        let now = Instant::now();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MANY {
            all.retain(|_, asked| !asked.answer.initialized() || now - asked.at <= OLDEST);
        }
        match all.get(&key) {
            Some(asked) if asked.at >= since => Arc::clone(&asked.answer),
            _ => {
                let answer = Arc::new(OnceCell::new());
                all.insert(key, Asked { at: now, answer: Arc::clone(&answer) });
                answer
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Coalesced;
    use std::{
        sync::atomic::{AtomicU32, Ordering},
        time::Duration,
    };
    use tokio::time::{Instant, advance, sleep};

    const MOMENT: Duration = Duration::from_millis(500);

    #[tokio::test(start_paused = true)]
    async fn who_asks_at_the_same_time_gets_one_answer() {
        advance(MOMENT).await; // so that there is a moment before now
        let (asked, coalesced) = (AtomicU32::new(0), Coalesced::default());
        let ask = || {
            coalesced.get("alice", Instant::now() - MOMENT, async {
                sleep(Duration::from_millis(100)).await;
                asked.fetch_add(1, Ordering::Relaxed)
            })
        };
        assert_eq!(tokio::join!(ask(), ask(), ask()), (0, 0, 0));
        advance(Duration::from_millis(300)).await;
        assert_eq!(ask().await, 0, "it is fresh enough");
        advance(MOMENT).await;
        assert_eq!(ask().await, 1);
        assert_eq!(coalesced.get("bob", Instant::now(), async { 7 }).await, 7);
    }
}
