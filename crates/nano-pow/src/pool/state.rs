//! The queue and the race, as a state machine without threads or locks.

use super::{
    JobCounts, PoolError, SearchRequest,
    builder::Settings,
    cache::Cache,
    queue::Queue,
    running::{Lot, Running},
    search::{Claim, Delivery, Race, Search},
    standing::Standing,
    stopwatch::Stopwatch,
};
use crate::{BackendError, Solution};
use nano_primitives::Root;
use std::{sync::Arc, time::Duration};

/// What a pool knows.
#[derive(Debug)]
pub(super) struct State {
    /// Every device is at the first of these, or will be when it is done with a batch. At the others
    /// are devices that took them in a batch.
    pub(super) running: Vec<Running>,
    pub(super) queue: Queue,
    pub(super) devices: Vec<Standing>,
    pub(super) counts: JobCounts,
    pub(super) is_closed: bool,
    /// The time that anything was searched.
    pub(super) busy: Stopwatch,
    cache: Cache,
    seed: Option<u64>,
    deliveries: Vec<Delivery>,
    jobs: u64,
}

/// How much a device takes at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portion {
    /// So many jobs at most, one at least.
    pub(super) jobs: usize,
    /// So many hashes are to be expected of them together, if they are more than one.
    pub(super) hashes: f64,
}

impl State {
    pub(super) fn new(devices: Vec<Standing>, settings: Settings) -> Self {
        Self {
            running: Vec::new(),
            queue: Queue::new(settings.order),
            devices,
            counts: JobCounts::default(),
            is_closed: false,
            busy: Stopwatch::default(),
            cache: Cache::new(settings.cached_works),
            seed: settings.seed,
            deliveries: Vec::new(),
            jobs: 0,
        }
    }

    /// Takes a job in: its work is known, its root is here already, or it is new.
    pub(super) fn submit(&mut self, request: SearchRequest) -> Claim {
        let puzzle = request.puzzle;
        self.jobs += 1;
        let id = self.jobs;
        if let Some(search) = self.search_mut(&puzzle.root) {
            return search.join(id, request);
        }
        let mut search = Search::new(puzzle.root, self.devices.len(), self.seed);
        let claim = search.join(id, request);
        match self.cache.find(&puzzle) {
            Some(work) if !self.is_closed => self.deliveries.extend(search.solve(work)),
            _ => self.queue.searches.push_back(search),
        }
        claim
    }

    /// Ends all jobs for a root.
    pub(super) fn cancel(&mut self, root: &Root) -> usize {
        let cancelled = self.search_mut(root).map(|search| search.fail(&PoolError::Cancelled));
        let before = self.deliveries.len();
        self.deliveries.extend(cancelled.into_iter().flatten());
        self.deliveries.len() - before
    }

    /// Ends one job, whose ticket is gone.
    pub(super) fn leave(&mut self, root: &Root, id: u64) {
        let left = self.search_mut(root).is_some_and(|search| search.leave(id));
        self.counts.cancelled += u64::from(left);
    }

    /// Ends everything.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Gives a device something to do, where there is something: its share of the first root, and
    /// of those behind it as far as they fit into the portion.
    pub(super) fn assign(&mut self, device: usize, portion: Portion) -> Vec<Lot> {
        let (mut lots, mut left) = (Vec::new(), portion.hashes);
        let is_remote = self.devices[device].is_remote;
        for place in 0..portion.jobs {
            let fits = |search: &Search| {
                let is_small = place == 0 || search.expected_hashes() <= left;
                is_small && !(is_remote && search.is_local())
            };
            if place == self.running.len() {
                self.start_next(fits);
            }
            let running = self.running.get_mut(place).filter(|running| fits(&running.search));
            let Some(running) = running else { break };
            left -= running.search.expected_hashes();
            if place == 0 {
                running.set_failed(device, false);
            }
            lots.push(running.assign());
        }
        if !lots.is_empty() {
            self.devices[device].set_out();
        }
        lots
    }

    /// Begins with the root that comes next, if it is a suitable one.
    fn start_next(&mut self, is_suitable: impl Fn(&Search) -> bool) {
        let next = self.queue.pop_if(is_suitable);
        self.running.extend(next.and_then(|search| Running::start(search, self.devices.len())));
    }

    /// A device is back from its lots, unharmed.
    pub(super) fn came_back(&mut self, device: usize, lots: &[Lot]) {
        self.devices[device].come_back();
        for lot in lots {
            let is_searched = !lot.race.stop.is_stopped();
            if let Some(running) = self.running_for(&lot.race) {
                running.come_back(is_searched);
            }
        }
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

    /// A device failed at its lots; says how long it is left alone. That counts against the first
    /// of these only: the others may not have been begun.
    pub(super) fn failed(
        &mut self,
        device: usize,
        lots: &[Lot],
        error: &Arc<BackendError>,
    ) -> Duration {
        for lot in lots {
            if let Some(running) = self.running_for(&lot.race) {
                running.come_back(false);
            }
        }
        let standing = &mut self.devices[device];
        let (pause, name) = (standing.fail(), standing.name.clone());
        let is_first =
            |running: &&mut Running| lots.first().is_some_and(|lot| running.is_for(&lot.race));
        if let Some(running) = self.running.iter_mut().find(is_first) {
            running.set_failed(device, true);
            if running.has_failed(&self.devices) {
                let error = PoolError::Failed { device: name, error: Arc::clone(error) };
                self.deliveries.extend(running.search.fail(&error));
            }
        }
        pause
    }

    /// Makes the races fit the jobs after any change, and hands out the answers that became due.
    pub(super) fn settle(&mut self) -> Vec<Delivery> {
        self.fail_hopeless();
        self.queue.searches.retain(|search| search.puzzle().is_some());
        self.running.retain_mut(Running::settle);
        self.give_back();
        if self.running.is_empty() {
            self.start_next(|_| true);
        }
        if self.running.is_empty() {
            self.busy.stop()
        } else {
            self.busy.start()
        }
        self.deliveries.iter().for_each(|delivery| self.counts.count(delivery.answer()));
        std::mem::take(&mut self.deliveries)
    }

    /// Puts back into the queue what a batch has left undone.
    fn give_back(&mut self) {
        let mut place = 0;
        let mut left = |running: &mut Running| {
            place += 1;
            place > 1 && !running.is_active()
        };
        let left: Vec<_> = self.running.extract_if(.., &mut left).collect();
        for running in left.into_iter().rev() {
            self.queue.searches.push_front(running.search);
        }
    }

    /// Ends jobs that will never get work.
    fn fail_hopeless(&mut self) {
        let exhausted = self.running.iter_mut().filter(|running| running.is_exhausted());
        self.deliveries
            .extend(exhausted.flat_map(|running| running.search.fail(&PoolError::Exhausted)));
        let (is_closed, has_none) = (self.is_closed, self.devices.is_empty());
        let has_local = self.devices.iter().any(|device| !device.is_remote);
        let running = self.running.iter_mut().map(|running| &mut running.search);
        let all = running.chain(&mut self.queue.searches);
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
        let running = self.running.iter_mut().map(|running| &mut running.search);
        running.chain(&mut self.queue.searches).find(|search| search.root == *root)
    }

    /// The search that a race is for: it may be over, or go on with another threshold.
    fn running_for(&mut self, race: &Race) -> Option<&mut Running> {
        self.running.iter_mut().find(|running| running.is_for(race))
    }
}
