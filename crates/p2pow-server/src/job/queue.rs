//! [`Queue`]: whose turn it is. The job that pays the most for a hash is next; a job that waits gains with time, so that
//! none waits for ever. How long the queue may be is said in seconds, and in jobs.

use nano_http::{Source, whole_seconds};
use nano_primitives::Amount;
use p2pow_protocol::Refusal;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};

/// How long a job waits until it counts as one that pays twice as much.
const AGE: Duration = Duration::from_secs(30);
/// Seconds to wait where the hash rate is not known.
const RETRY_AFTER: u64 = 10;
/// The longest wait that a client is told, in seconds.
const LONGEST_WAIT: f64 = 600.0;

/// How long the queue may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueLimits {
    pub(crate) jobs: usize,
    pub(crate) wait: Duration,
}

/// What a job offers, and what it asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bid {
    pub(crate) paid: Amount,
    /// The hashes to be expected for its works.
    pub(crate) hashes: f64,
    /// 1, or less for who has cost much in vain: of the priority, and of the room.
    pub(crate) share: f64,
    /// Where it came from, if that is known.
    pub(crate) source: Option<Source>,
}

/// The jobs that wait or are worked on. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Queue(Arc<Waiting>);

#[derive(Debug)]
struct Waiting {
    limits: QueueLimits,
    line: Mutex<Order>,
}

#[derive(Debug, Default)]
struct Order {
    jobs: Vec<Waiter>,
    last: u64,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    bid: Bid,
    since: Instant,
    turn: Turn,
    called: Arc<Notify>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Waits,
    /// The devices are for this job.
    Works,
    /// Its last work is searched, so that the next job may line up behind it.
    Ends,
}

/// A job's place in the queue, which is given up when this is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    queue: Queue,
    number: u64,
    called: Arc<Notify>,
}

impl Waiter {
    /// What the job is worth: what it pays for a hash, more for one that has waited.
    fn worth(&self, now: Instant) -> f64 {
        let per_hash = self.bid.paid.to_raw() as f64 / self.bid.hashes.max(1.0);
        let patience = 1.0 + (now - self.since).as_secs_f64() / AGE.as_secs_f64();
        per_hash * patience * self.bid.share
    }
}

impl Queue {
    pub(crate) fn new(limits: QueueLimits) -> Self {
        Self(Arc::new(Waiting { limits, line: Mutex::default() }))
    }

    /// Lines a job up. `rate` is the hashes a second, where they are known.
    ///
    /// # Errors
    /// There are too many, too long, or too many from one who has cost much in vain; says when to come again.
    pub(crate) fn enter(&self, bid: Bid, rate: Option<f64>) -> Result<Slot, Refusal> {
        let mut line = self.lock();
        self.check(&line, rate)?;
        if bid.share < 1.0 && bid.source.is_some() {
            let own = line.jobs.iter().filter(|job| job.bid.source == bid.source).count();
            if own > 0 && own as f64 >= self.0.limits.jobs as f64 / 2.0 * bid.share {
                return Err(self.full(&line, rate));
            }
        }
        Ok(self.line_up(&mut line, bid))
    }

    /// Lines a job up that has to be done, however long the queue is.
    pub(crate) fn resume(&self, bid: Bid) -> Slot {
        self.line_up(&mut self.lock(), bid)
    }

    /// Whether a job would be taken now.
    ///
    /// # Errors
    /// Says when to come again.
    pub(crate) fn has_room(&self, rate: Option<f64>) -> Result<(), Refusal> {
        self.check(&self.lock(), rate)
    }

    /// How many jobs wait or are worked on.
    pub(crate) fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    /// How full the queue is: 0 to 1, by jobs.
    pub(crate) fn fullness(&self) -> f64 {
        (self.len() as f64 / self.0.limits.jobs.max(1) as f64).min(1.0)
    }

    /// The hashes to be expected for the jobs that wait for their turn.
    pub(crate) fn hashes_waiting(&self) -> f64 {
        let line = self.lock();
        let waiting = line.jobs.iter().filter(|job| job.turn == Turn::Waits);
        waiting.map(|job| job.bid.hashes).sum()
    }

    fn line_up(&self, line: &mut Order, bid: Bid) -> Slot {
        line.last += 1;
        let (number, called) = (line.last, Arc::new(Notify::new()));
        let (since, turn) = (Instant::now(), Turn::Waits);
        line.jobs.push(Waiter { number, bid, since, turn, called: Arc::clone(&called) });
        line.call();
        Slot { queue: self.clone(), number, called }
    }

    fn check(&self, line: &Order, rate: Option<f64>) -> Result<(), Refusal> {
        let QueueLimits { jobs, wait } = self.0.limits;
        let is_long = line.wait(rate).is_some_and(|seconds| seconds > wait.as_secs_f64());
        if line.jobs.len() >= jobs || is_long { Err(self.full(line, rate)) } else { Ok(()) }
    }

    /// A refusal with the time after which there should be room.
    fn full(&self, line: &Order, rate: Option<f64>) -> Refusal {
        let QueueLimits { jobs, wait } = self.0.limits;
        let Some(all) = line.wait(rate) else {
            return Refusal::QueueFull { retry_after: RETRY_AFTER };
        };
        let by_time = all - wait.as_secs_f64();
        // Where there are too many jobs, one of the average size has to end.
        let by_number = if line.jobs.len() >= jobs { all / line.jobs.len() as f64 } else { 0.0 };
        let seconds = by_time.max(by_number).clamp(1.0, LONGEST_WAIT);
        Refusal::QueueFull { retry_after: whole_seconds(Duration::from_secs_f64(seconds)) }
    }

    fn lock(&self) -> MutexGuard<'_, Order> {
        self.0.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Order {
    /// Seconds until all jobs should be done, where the hash rate is known.
    fn wait(&self, rate: Option<f64>) -> Option<f64> {
        let rate = rate.filter(|rate| *rate > 0.0)?;
        Some(self.jobs.iter().map(|job| job.bid.hashes).sum::<f64>() / rate)
    }

    /// Calls the best job up, if none is worked on.
    fn call(&mut self) {
        if self.jobs.iter().any(|job| job.turn == Turn::Works) {
            return;
        }
        let now = Instant::now();
        let waiting = self.jobs.iter_mut().filter(|job| job.turn == Turn::Waits);
        // Of two that are worth the same the older one: `max_by` takes the last of equals.
        let best = waiting.rev().max_by(|one, other| one.worth(now).total_cmp(&other.worth(now)));
        if let Some(job) = best {
            job.turn = Turn::Works;
            job.called.notify_one();
        }
    }

    fn turn(&mut self, number: u64) -> Option<&mut Turn> {
        let job = self.jobs.iter_mut().find(|job| job.number == number)?;
        Some(&mut job.turn)
    }
}

impl Slot {
    /// Waits for the job's turn.
    pub(crate) async fn turn(&self) {
        while self.queue.lock().turn(self.number).is_some_and(|turn| *turn == Turn::Waits) {
            self.called.notified().await;
        }
    }

    /// Whether the job behind this one is worth more, if this one is won with that chance and takes so many hashes still.
    pub(crate) fn is_outbid(&self, chance: f64, hashes_left: f64) -> bool {
        let (line, now) = (self.queue.lock(), Instant::now());
        let Some(own) = line.jobs.iter().find(|job| job.number == self.number) else {
            return false;
        };
        let own = own.bid.paid.to_raw() as f64 * own.bid.share * chance / hashes_left.max(1.0);
        let others = line.jobs.iter().filter(|job| job.number != self.number);
        // Those that end are before this one.
        others.filter(|job| job.turn != Turn::Ends).any(|job| job.worth(now) > own)
    }

    /// Lets the next job line up its works behind this one's last: no device is idle between two jobs.
    pub(crate) fn ends(&self) {
        let mut line = self.queue.lock();
        if let Some(turn) = line.turn(self.number) {
            *turn = Turn::Ends;
        }
        line.call();
    }

    /// Gives the place up: no more work is needed.
    pub(crate) fn leave(&self) {
        let mut line = self.queue.lock();
        line.jobs.retain(|job| job.number != self.number);
        line.call();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::{AGE, Bid, Queue, QueueLimits, Slot};
    use nano_primitives::Amount;
    use p2pow_protocol::Refusal;
    use std::time::Duration;
    use tokio::time::{advance, timeout};

    fn queue(jobs: usize, seconds: u64) -> Queue {
        Queue::new(QueueLimits { jobs, wait: Duration::from_secs(seconds) })
    }

    fn bid(paid: u128, hashes: f64) -> Bid {
        Bid { paid: Amount::from_raw(paid), hashes, share: 1.0, source: None }
    }

    async fn is_called(slot: &Slot) -> bool {
        timeout(Duration::ZERO, slot.turn()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn who_pays_most_for_a_hash_is_next_and_one_at_a_time() {
        let queue = queue(9, 1000);
        let first = queue.enter(bid(1, 100.0), None).unwrap();
        let cheap = queue.enter(bid(10, 100.0), None).unwrap();
        let large = queue.enter(bid(60, 1000.0), None).unwrap();
        let dear = queue.enter(bid(20, 100.0), None).unwrap();
        assert!(is_called(&first).await && !is_called(&dear).await);
        drop(first);
        assert!(is_called(&dear).await && !is_called(&cheap).await && !is_called(&large).await);
        dear.ends();
        assert!(is_called(&cheap).await, "lined up while the last work is searched");
        drop(dear);
        assert!(!is_called(&large).await);
        drop(cheap);
        assert!(is_called(&large).await);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_gains_and_spite_costs() {
        let queue = queue(9, 1000);
        let first = queue.enter(bid(1, 1.0), None).unwrap();
        let old = queue.enter(bid(10, 1.0), None).unwrap();
        let spiteful = queue.enter(Bid { share: 0.1, ..bid(99, 1.0) }, None).unwrap();
        advance(3 * AGE).await;
        let fresh = queue.enter(bid(39, 1.0), None).unwrap();
        drop(first);
        assert!(is_called(&old).await, "four times 10 is more than 39 and than a tenth of 396");
        drop(old);
        assert!(is_called(&spiteful).await, "39.6 against 39");
        drop((spiteful, fresh));
        assert_eq!(queue.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reward_is_given_up_for_a_job_that_pays_more_for_a_hash() {
        let queue = queue(9, 1000);
        let slot = queue.enter(bid(100, 200.0), None).unwrap();
        assert!(!slot.is_outbid(0.5, 200.0), "nobody waits");
        let _cheap = queue.enter(bid(30, 100.0), None).unwrap();
        assert!(slot.is_outbid(0.5, 200.0), "0.25 for a hash against 0.3");
        assert!(!slot.is_outbid(0.5, 100.0), "0.5 against 0.3, as one of two works is found");
        assert!(slot.is_outbid(0.25, 100.0), "0.25 against 0.3");
        advance(AGE).await;
        assert!(slot.is_outbid(0.5, 100.0), "0.5 against 0.6 of one that has waited");
    }

    #[tokio::test(start_paused = true)]
    async fn the_queue_is_bounded_in_jobs_and_in_seconds() {
        let full = |refusal: Result<Slot, Refusal>| match refusal {
            Err(Refusal::QueueFull { retry_after }) => retry_after,
            other => panic!("{other:?}"),
        };
        let few = queue(2, 1000);
        let _jobs = [few.enter(bid(1, 50.0), Some(10.0)), few.enter(bid(1, 50.0), Some(10.0))];
        assert_eq!(full(few.enter(bid(1, 1.0), Some(10.0))), 5, "one of the two ends in 5 s");
        assert_eq!(full(few.enter(bid(1, 1.0), None)), 10, "nobody knows");
        let short = queue(100, 20);
        let _jobs =
            [short.enter(bid(1, 150.0), Some(10.0)), short.enter(bid(1, 150.0), Some(10.0))];
        assert_eq!(full(short.enter(bid(1, 1.0), Some(10.0))), 10, "30 s are 10 too many");
        assert!(short.has_room(Some(10.0)).is_err() && short.has_room(Some(100.0)).is_ok());
    }
}
