//! [`Front`]: what every request needs. [`Checkers`]: threads that check requests for work. [`Bodies`]: reads the bodies
//! of requests, so many bytes of large ones at once.

use crate::worker::Worker;
use axum::body::{Body, Bytes, HttpBody};
use nano_http::{BodyError, BodyLimits, Buckets, Rate, read_body};
use p2pow_protocol::Refusal;
use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
};

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

/// A body of this size is read by everybody at any time: connections are bounded.
const SMALL: usize = 16 * 1024;
/// The bytes of larger bodies that are held at once, in KiB.
const ROOM: usize = 16 * 1024;
/// Seconds after which there may be room again.
const RETRY_AFTER: u64 = 2;

/// Reads bodies.
#[derive(Debug)]
pub(super) struct Bodies {
    limits: BodyLimits,
    room: Arc<Semaphore>,
}

/// A body, and its share of the room.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    pub(super) fn new(limits: BodyLimits) -> Self {
        Self { limits, room: Arc::new(Semaphore::new(ROOM)) }
    }

    /// Reads a body. A large one takes its share of the room before it is read, whether it comes fast or slowly.
    pub(super) async fn read(&self, body: Body) -> Result<Whole, Refusal> {
        let announced = HttpBody::size_hint(&body).exact().unwrap_or(u64::MAX);
        let size = usize::try_from(announced).unwrap_or(usize::MAX).min(self.limits.bytes);
        let room = if size > SMALL { Some(self.take(size)?) } else { None };
        let bytes = read_body(body, self.limits).await.map_err(|error| unread(&error))?;
        Ok(Whole { bytes, _room: room })
    }

    fn take(&self, size: usize) -> Result<OwnedSemaphorePermit, Refusal> {
        let kib = u32::try_from(size.div_ceil(1024).min(ROOM)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(kib);
        room.map_err(|_| Refusal::QueueFull { retry_after: RETRY_AFTER })
    }
}

/// What is told to a client whose body is of no use.
fn unread(error: &BodyError) -> Refusal {
    match *error {
        BodyError::TooLarge { limit } => Refusal::TooLarge { limit },
        BodyError::TooSlow { .. } => Refusal::TooSlow,
        _ => Refusal::InvalidJson,
    }
}

#[cfg(test)]
mod tests {
    use super::{Bodies, Checkers, ROOM};
    use axum::body::Body;
    use nano_http::BodyLimits;
    use p2pow_protocol::Refusal;
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

    #[tokio::test]
    async fn large_bodies_share_a_room_and_small_ones_need_none() {
        let mib = 1024 * 1024;
        let bodies = Bodies::new(BodyLimits { bytes: mib, ..BodyLimits::default() });
        let large = || Body::from(vec![b' '; mib]);
        let mut held = Vec::new();
        for _ in 0..ROOM / 1024 {
            held.push(bodies.read(large()).await.unwrap());
        }
        let refused = bodies.read(large()).await.unwrap_err();
        assert!(matches!(refused, Refusal::QueueFull { .. }), "{refused}");
        assert_eq!(bodies.read(Body::from("small")).await.unwrap().bytes, "small");
        held.pop();
        assert!(bodies.read(large()).await.is_ok());
    }
}
