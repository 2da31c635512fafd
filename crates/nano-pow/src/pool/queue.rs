//! [`Queue`]: the roots that wait, those that are searched, and the devices, as a state machine
//! without threads, locks or a clock.
//!
//! Every change is one call, after which [`Queue::settle`] makes everything fit again and hands out
//! the answers that became due. Invariants after it:
//!
//! - A root is at one place: among the active searches or among those that wait.
//! - Somebody waits for each search; each race is for what its search wants now.
//! - Where anything waits, something is active (unless the pool has no device for it, which ends
//!   the requests). The first active search is open to every device; the others are with devices
//!   that took them in a batch, and go back to the queue when these are done with them.

use super::{
    DeviceStatus, PoolError, PoolStatus, RequestCounts, RunningSearch, SearchRequest,
    cache::Cache,
    device::{Record, Stopwatch},
    search::{ActiveSearch, Claim, Delivery, Lot, Search},
};
use crate::{
    BackendError, Solution,
    backend::{per_second, total},
};
use nano_primitives::Root;
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

/// Which of the roots of the same priority comes next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QueueOrder {
    /// The one that has waited longest.
    #[default]
    Fifo,
    /// Any of them.
    Random,
}

/// What a queue can be told.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueueSettings {
    pub(super) order: QueueOrder,
    pub(super) cached_works: usize,
    pub(super) seed: Option<u64>,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self { order: QueueOrder::Fifo, cached_works: 256, seed: None }
    }
}

/// Roots and devices.
#[derive(Debug)]
pub(super) struct Queue {
    /// Every device is at the first of these, or will be when it is done with a batch.
    active: Vec<ActiveSearch>,
    waiting: Waiting,
    devices: Vec<Record>,
    counts: RequestCounts,
    is_closed: bool,
    /// The time that anything was searched.
    busy: Stopwatch,
    cache: Cache,
    seed: Option<u64>,
    /// Answers to be handed out by the next [`settle`](Self::settle).
    deliveries: Vec<Delivery>,
    /// How many requests there were.
    requests: u64,
}

impl Queue {
    pub(super) fn new(devices: Vec<Record>, settings: QueueSettings) -> Self {
        Self {
            active: Vec::new(),
            waiting: Waiting { searches: VecDeque::new(), order: settings.order },
            devices,
            counts: RequestCounts::default(),
            is_closed: false,
            busy: Stopwatch::default(),
            cache: Cache::new(settings.cached_works),
            seed: settings.seed,
            deliveries: Vec::new(),
            requests: 0,
        }
    }

    /// Takes a request in: its work is known, its root is here already, or it is new.
    pub(super) fn submit(&mut self, request: SearchRequest) -> Claim {
        self.requests += 1;
        let (id, puzzle) = (self.requests, request.puzzle);
        if let Some(search) = self.search_mut(&puzzle.root) {
            return search.join(id, request);
        }
        let mut search = Search::new(puzzle.root, self.devices.len(), self.seed);
        let claim = search.join(id, request);
        match self.cache.find(&puzzle) {
            Some(work) if !self.is_closed => self.deliveries.extend(search.solve(work)),
            _ => self.waiting.searches.push_back(search),
        }
        claim
    }

    /// Ends all requests for a root and says how many these were.
    pub(super) fn cancel(&mut self, root: &Root) -> usize {
        let cancelled = self.search_mut(root).map(|search| search.fail(&PoolError::Cancelled));
        let before = self.deliveries.len();
        self.deliveries.extend(cancelled.into_iter().flatten());
        self.deliveries.len() - before
    }

    /// Ends one request, whose ticket is gone.
    pub(super) fn leave(&mut self, root: &Root, id: u64) {
        let left = self.search_mut(root).is_some_and(|search| search.leave(id));
        self.counts.cancelled += u64::from(left);
    }

    /// Ends everything.
    pub(super) const fn close(&mut self) {
        self.is_closed = true;
    }

    pub(super) const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// How long a device is left alone still.
    pub(super) fn quarantine(&self, device: usize, now: Instant) -> Option<Duration> {
        self.devices[device].quarantine(now)
    }

    /// Gives a device something to do, where there is something: its share of the first root, and
    /// of those behind it as far as they fit into its portion.
    pub(super) fn assign(&mut self, device: usize, now: Instant) -> Vec<Lot> {
        let record = &self.devices[device];
        let (portion, is_remote) = (record.portion(), record.is_remote);
        let (mut lots, mut left) = (Vec::new(), portion.hashes);
        for place in 0..portion.tasks {
            let fits = |search: &Search| {
                let is_small = place == 0 || search.expected_hashes() <= left;
                is_small && !(is_remote && search.is_local())
            };
            if place == self.active.len() {
                self.start_next(fits, now);
            }
            let Some(active) = self.active.get_mut(place).filter(|active| fits(&active.search))
            else {
                break;
            };
            left -= active.search.expected_hashes();
            if place == 0 {
                active.set_failed(device, false);
            }
            lots.push(active.assign());
        }
        if !lots.is_empty() {
            self.devices[device].set_out(now);
        }
        lots
    }

    /// Begins with the root that comes next, if it is a suitable one.
    fn start_next(&mut self, is_suitable: impl Fn(&Search) -> bool, now: Instant) {
        let (next, devices) = (self.waiting.pop_if(is_suitable), self.devices.len());
        self.active.extend(next.and_then(|search| ActiveSearch::start(search, devices, now)));
    }

    /// A device found work.
    pub(super) fn solved(&mut self, device: usize, solution: &Solution) {
        self.devices[device].find();
        self.cache.keep(solution);
        if let Some(search) = self.search_mut(&solution.puzzle().root) {
            let solved = search.solve(solution.work());
            self.deliveries.extend(solved);
        }
    }

    /// A device is back from its lots, unharmed, and has tried so many nonces.
    pub(super) fn came_back(&mut self, device: usize, lots: &[Lot], hashes: u64, now: Instant) {
        self.devices[device].come_back(hashes, now);
        for lot in lots {
            if let Some(active) = active_for(&mut self.active, lot) {
                active.come_back(lot.is_wanted());
            }
        }
    }

    /// A device failed at its lots; says how long it is left alone. That counts against the first
    /// of these only: the others may not have been begun.
    pub(super) fn failed(
        &mut self,
        device: usize,
        lots: &[Lot],
        error: &Arc<BackendError>,
        now: Instant,
    ) -> Duration {
        for lot in lots {
            if let Some(active) = active_for(&mut self.active, lot) {
                active.come_back(false);
            }
        }
        let record = &mut self.devices[device];
        let (pause, name) = (record.fail(now), record.name.clone());
        if let Some(active) = lots.first().and_then(|lot| active_for(&mut self.active, lot)) {
            active.set_failed(device, true);
            if active.has_failed(self.devices.iter().map(|device| device.is_remote)) {
                let error = PoolError::Failed { device: name, error: Arc::clone(error) };
                self.deliveries.extend(active.search.fail(&error));
            }
        }
        pause
    }

    /// Makes the races fit the requests after any change, and hands out the answers that became
    /// due.
    pub(super) fn settle(&mut self, now: Instant) -> Vec<Delivery> {
        self.fail_hopeless();
        self.waiting.searches.retain(|search| search.puzzle().is_some());
        self.active.retain_mut(ActiveSearch::settle);
        self.give_back();
        if self.active.is_empty() {
            self.start_next(|_| true, now);
        }
        if self.active.is_empty() {
            self.busy.stop(now);
        } else {
            self.busy.start(now);
        }
        self.deliveries.iter().for_each(|delivery| self.counts.count(delivery.answer()));
        std::mem::take(&mut self.deliveries)
    }

    /// Puts back into the queue what a batch has left undone.
    fn give_back(&mut self) {
        let mut place = 0;
        let mut left = |active: &mut ActiveSearch| {
            place += 1;
            place > 1 && !active.is_active()
        };
        let left: Vec<_> = self.active.extract_if(.., &mut left).collect();
        for active in left.into_iter().rev() {
            self.waiting.searches.push_front(active.into_search());
        }
    }

    /// Ends requests that will never get work.
    fn fail_hopeless(&mut self) {
        let exhausted = self.active.iter_mut().filter(|active| active.is_exhausted());
        self.deliveries
            .extend(exhausted.flat_map(|active| active.search.fail(&PoolError::Exhausted)));
        let (is_closed, has_none) = (self.is_closed, self.devices.is_empty());
        let has_local = self.devices.iter().any(|device| !device.is_remote);
        let active = self.active.iter_mut().map(|active| &mut active.search);
        let all = active.chain(&mut self.waiting.searches);
        self.deliveries.extend(all.flat_map(|search| {
            if is_closed {
                search.fail(&PoolError::Closed)
            } else if has_none || (search.is_local() && !has_local) {
                search.fail(&PoolError::NoDevice)
            } else {
                Vec::new()
            }
        }));
    }

    fn search_mut(&mut self, root: &Root) -> Option<&mut Search> {
        let active = self.active.iter_mut().map(|active| &mut active.search);
        active.chain(&mut self.waiting.searches).find(|search| search.root == *root)
    }

    pub(super) fn status(&self, now: Instant) -> PoolStatus {
        let hashes_total = self.devices.iter().map(Record::hashes).sum();
        let active = self.active.iter().map(|active| &active.search);
        let running = active.clone().filter_map(|search| {
            let (puzzle, progress) = search.progress()?;
            Some(RunningSearch { puzzle, progress })
        });
        let all = active.clone().chain(&self.waiting.searches);
        let devices: Vec<DeviceStatus> =
            self.devices.iter().map(|device| device.status(now)).collect();
        PoolStatus {
            queued: self.waiting.searches.len(),
            running: running.collect(),
            expected_hashes_left: total(all.map(Search::expected_hashes)),
            hashes_total,
            rate: (hashes_total > 0).then(|| per_second(hashes_total, self.busy.elapsed(now))),
            requests: self.counts,
            devices,
        }
    }
}

/// The search that a lot is of: it may be over, or go on with another threshold.
fn active_for<'a>(active: &'a mut [ActiveSearch], lot: &Lot) -> Option<&'a mut ActiveSearch> {
    active.iter_mut().find(|active| active.has_given(lot))
}

/// The roots that wait, in the order they came.
#[derive(Debug)]
struct Waiting {
    searches: VecDeque<Search>,
    order: QueueOrder,
}

impl Waiting {
    /// Takes out the root that comes next, if it is a suitable one.
    fn pop_if(&mut self, is_suitable: impl Fn(&Search) -> bool) -> Option<Search> {
        let top = self.searches.iter().map(Search::priority).max()?;
        let places = self.searches.iter().enumerate();
        let mut urgent = places.filter(|(_, search)| search.priority() == top);
        let (place, _) = match self.order {
            QueueOrder::Fifo => urgent.next()?,
            QueueOrder::Random => {
                let urgent: Vec<_> = urgent.collect();
                urgent[random_below(urgent.len())]
            }
        };
        if is_suitable(&self.searches[place]) { self.searches.remove(place) } else { None }
    }
}

/// A random number below `bound`, which is not zero and small.
fn random_below(bound: usize) -> usize {
    let number = getrandom::u32().expect("the system has random numbers");
    usize::try_from(number).unwrap_or(0) % bound
}

#[cfg(test)]
mod tests {
    use super::{Queue, QueueSettings};
    use crate::{
        NonceRange, Puzzle, backend_fn,
        pool::{SearchRequest, device::Device},
    };
    use nano_primitives::{Difficulty, Root};
    use std::time::{Duration, Instant};

    const REQUEST: SearchRequest = SearchRequest::new(Puzzle::new(Root::ZERO, Difficulty::MAX));

    /// A queue with so many devices that are never asked for anything.
    fn queue(devices: usize) -> Queue {
        let device = |_| Device::new(Box::new(backend_fn("idle", |_| Ok(())))).1;
        Queue::new((0..devices).map(device).collect(), QueueSettings::default())
    }

    /// The device may be late: the root may have been cancelled and asked for again.
    #[test]
    fn lots_of_an_earlier_search_for_the_same_root_do_not_count_for_this_one() {
        let (mut queue, now) = (queue(2), Instant::now());
        let _first = queue.submit(REQUEST);
        queue.settle(now);
        let late = queue.assign(0, now);
        queue.cancel(&Root::ZERO);
        assert_eq!(queue.settle(now).len(), 1);
        let _second = queue.submit(REQUEST);
        queue.settle(now);
        let lots = queue.assign(1, now);
        assert!(queue.active[0].is_active());
        queue.came_back(0, &late, 0, now);
        assert!(queue.active[0].is_active(), "the other device is still at it");
        queue.came_back(1, &lots, 0, now);
        assert!(!queue.active[0].is_active());
    }

    #[test]
    fn no_nonce_is_in_two_lots() {
        let (mut queue, now) = (queue(3), Instant::now());
        let _claim = queue.submit(REQUEST);
        queue.settle(now);
        let ranges: Vec<NonceRange> = (0..9)
            .flat_map(|turn| queue.assign(turn % 3, now))
            .map(|lot| lot.task().nonces())
            .collect();
        for (index, range) in ranges.iter().enumerate() {
            let others = ranges[..index].iter();
            assert!(others.clone().all(|other| !other.contains(range.first())));
            assert!(others.clone().all(|other| !range.contains(other.first())));
        }
        assert_eq!(ranges.len(), 9);
    }

    #[test]
    fn the_status_tells_the_times_that_were_told() {
        let (mut queue, begin) = (queue(1), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        let _claim = queue.submit(REQUEST);
        queue.settle(at(0));
        let lots = queue.assign(0, at(1));
        let error = std::sync::Arc::new(crate::BackendError::device("no power"));
        assert_eq!(queue.failed(0, &lots, &error, at(3)), Duration::from_secs(1));
        assert_eq!(queue.status(at(3)).devices[0].quarantine, Some(Duration::from_secs(1)));
        assert_eq!(queue.quarantine(0, at(4)), None);
        assert_eq!(queue.settle(at(4)).len(), 1, "the only device has failed");
        let status = queue.status(at(4));
        assert_eq!((status.requests.failed, status.devices[0].failures), (1, 1));
        assert_eq!((status.hashes_total, status.rate), (0, None));
    }
}
