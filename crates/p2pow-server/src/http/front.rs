//! [`Front`]: what every request needs. [`Checkers`]: threads that check requests for work.

use super::bodies::Bodies;
use crate::worker::Worker;
use nano_http::{BodyLimits, Buckets, Rate};
use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};
use tokio::{runtime::Handle, sync::oneshot};

/// What every request needs.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) worker: Arc<Worker>,
    /// How many requests for work an address may send.
    pub(super) buckets: Buckets,
    pub(super) bodies: Bodies,
    pub(super) checkers: Checkers,
}

impl Front {
    pub(super) fn new(worker: Arc<Worker>, rate: Rate, body: BodyLimits) -> Self {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            worker,
            buckets: Buckets::new(rate),
            bodies: Bodies::new(body),
            checkers: Checkers::start(cores),
        }
    }
}

type Task = Box<dyn FnOnce() + Send>;

/// Threads that check requests for work, one for each core and no more. The signatures of a long batch take
/// milliseconds, too long for a thread that serves others; so these give way to those, where the system can tell
/// threads apart. They end with this.
#[derive(Debug)]
pub(super) struct Checkers(mpsc::Sender<Task>);

impl Checkers {
    fn start(threads: usize) -> Self {
        let (sender, checks) = mpsc::channel();
        let checks = Arc::new(Mutex::new(checks));
        for _ in 0..threads {
            let (checks, runtime) = (Arc::clone(&checks), Handle::current());
            thread::spawn(move || {
                give_way();
                let _in_runtime = runtime.enter(); // jobs are tasks
                work(&checks);
            });
        }
        Self(sender)
    }

    /// What a check comes to, when its turn has come; it is not done for a client who has gone. `None` if it panics.
    pub(super) async fn check<T: Send + 'static>(
        &self,
        check: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, checked) = oneshot::channel();
        let check = Box::new(move || {
            if !reply.is_closed() {
                // The client may go meanwhile.
                let _ = reply.send(check());
            }
        });
        self.0.send(check).ok()?;
        checked.await.ok()
    }
}

fn work(checks: &Mutex<mpsc::Receiver<Task>>) {
    loop {
        let next = checks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(check) = next else { return };
        // A check that panics has told so, and its client gets no answer; others get theirs.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(check));
    }
}

/// On Linux the nice value is one of the thread, not of the process (setpriority(2)). It lies between threads that
/// serve and those that search.
#[cfg(target_os = "linux")]
fn give_way() {
    const NICE: i32 = 10;
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "checks compete with answers for the cores");
    }
}

#[cfg(not(target_os = "linux"))]
const fn give_way() {}

#[cfg(test)]
mod tests {
    use super::Checkers;
    use std::sync::mpsc;

    #[tokio::test]
    async fn a_check_that_panics_takes_no_thread_and_who_has_gone_is_not_checked() {
        let checkers = Checkers::start(1);
        assert_eq!(checkers.check(|| -> u8 { panic!("as it is told to") }).await, None);
        let (open, gate) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let first = checkers.check(move || gate.recv().is_ok());
        let gone = checkers.check(move || tell.send(()));
        let mut first = Box::pin(first);
        assert!(futures_util::poll!(&mut first).is_pending());
        assert!(futures_util::poll!(Box::pin(gone)).is_pending(), "and it is dropped here");
        open.send(()).unwrap();
        assert_eq!(first.await, Some(true));
        assert_eq!(checkers.check(|| 7).await, Some(7));
        assert!(told.try_recv().is_err());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn checks_give_way_to_answers() {
        let checkers = Checkers::start(1);
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let here = nice();
        assert_eq!(checkers.check(nice).await, Some(here.max(10)));
        assert_eq!(nice(), here);
    }
}
