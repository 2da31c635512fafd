//! [`Patience`]: tries a call again while the broker is away, or the cluster has no leader.

use super::bucket::Cause;
use crate::broker::Link;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// How long a call is tried again, if nothing else is said. A cluster elects a leader in 4 to 9 s, but where a server
/// that has just come back stands for it in vain, each of its attempts makes the others wait for 4 to 9 s more: every
/// second time one of them is faster, so that four attempts in a row, some 25 s, are not rare.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// No call is tried again for longer.
const LONGEST_PATIENCE: Duration = Duration::from_secs(100);
/// Who gets no answer for so long may be at a server that is cut off from the others, and goes to another.
const CUT_OFF: Duration = Duration::from_secs(7);
const PAUSE: Duration = Duration::from_millis(100);

/// For how long the calls of one store are tried again, and when one of them was answered.
#[derive(Debug)]
pub(super) struct Patience {
    time: Duration,
    /// When a call was answered last, or another server was looked for.
    answered: Mutex<Instant>,
}

impl Patience {
    /// For so long, but never too long.
    pub(super) fn new(time: Duration) -> Self {
        Self { time: time.min(LONGEST_PATIENCE), answered: Instant::now().into() }
    }

    /// Tries until it is done, or the time is over, if need be by another server.
    pub(super) async fn with<T, F>(
        &self,
        link: &Link,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, Cause>
    where
        F: Future<Output = Result<T, Cause>>,
    {
        let begun = Instant::now();
        let attempt = || {
            let going = attempt();
            async move {
                let done = going.await;
                match done {
                    Ok(_) => *self.answered() = Instant::now(),
                    Err(_) => self.look_elsewhere(link, begun).await,
                }
                done
            }
        };
        patiently(self.time, attempt).await
    }

    fn answered(&self) -> MutexGuard<'_, Instant> {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes to another server of the cluster if this one has not answered anybody for a while.
    async fn look_elsewhere(&self, link: &Link, begun: Instant) {
        {
            let mut answered = self.answered();
            if begun.max(*answered).elapsed() < CUT_OFF {
                return;
            }
            *answered = Instant::now();
        }
        if link.is_up() && link.client.force_reconnect().await.is_ok() {
            let broker = link.broker();
            tracing::warn!(%broker, "no answer, trying another server of the cluster");
        }
    }
}

/// Tries until it is done or the time is over.
pub(super) async fn patiently<T, F>(
    patience: Duration,
    mut attempt: impl FnMut() -> F,
) -> Result<T, Cause>
where
    F: Future<Output = Result<T, Cause>>,
{
    let end = Instant::now() + patience;
    loop {
        match attempt().await {
            Err(error) if Instant::now() < end => {
                tracing::debug!(%error, "a call to the records is tried again");
                sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}
