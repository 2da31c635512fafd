//! The queue and the race, as a state machine without threads or locks.

use super::{
    JobCounts, PoolError, Priority,
    builder::Settings,
    cache::Cache,
    queue::Queue,
    search::{Claim, Delivery, Race, Search},
    standing::Standing,
};
use crate::{BackendError, Job, NonceRange, Solution, Stop};
use nano_primitives::Root;
use std::{sync::Arc, time::Duration};

/// What a pool knows.
#[derive(Debug)]
pub(super) struct State {
    pub(super) running: Option<Running>,
    pub(super) queue: Queue,
    pub(super) devices: Vec<Standing>,
    pub(super) counts: JobCounts,
    pub(super) is_closed: bool,
    /// The time that roots were searched, without the one that is searched now.
    pub(super) busy: Duration,
    cache: Cache,
    deliveries: Vec<Delivery>,
    jobs: u64,
}

/// The search that has the devices.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) search: Search,
    race: Arc<Race>,
    /// How many devices are at it.
    active: usize,
    /// The devices that failed at it and have not come back since.
    failed: Vec<bool>,
}

/// Nonces for a device to search.
#[derive(Debug)]
pub(super) struct Assignment {
    pub(super) race: Arc<Race>,
    pub(super) nonces: NonceRange,
}

impl State {
    pub(super) fn new(names: impl Iterator<Item = String>, settings: Settings) -> Self {
        Self {
            running: None,
            queue: Queue::new(settings.order),
            devices: names.map(Standing::new).collect(),
            counts: JobCounts::default(),
            is_closed: false,
            busy: Duration::ZERO,
            cache: Cache::new(settings.cached_works),
            deliveries: Vec::new(),
            jobs: 0,
        }
    }

    /// Takes a job in: its work is known, its root is here already, or it is new.
    pub(super) fn submit(&mut self, job: Job, priority: Priority) -> Claim {
        self.jobs += 1;
        let id = self.jobs;
        if let Some(search) = self.search_mut(&job.root) {
            return search.join(id, job.threshold, priority);
        }
        let mut search = Search::new(job.root, self.devices.len());
        let claim = search.join(id, job.threshold, priority);
        match self.cache.find(&job) {
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

    /// Gives a device something to do, where there is something.
    pub(super) fn assign(&mut self, device: usize) -> Option<Assignment> {
        let running = self.running.as_mut()?;
        let nonces = running.search.supply.next()?;
        running.active += 1;
        running.failed[device] = false;
        self.devices[device].set_out();
        Some(Assignment { race: Arc::clone(&running.race), nonces })
    }

    /// Takes in what a device has to say about a race.
    pub(super) fn report(
        &mut self,
        device: usize,
        race: &Race,
        outcome: Result<Option<Solution>, BackendError>,
    ) {
        self.devices[device].come_back();
        // Another race may be on by now, for another root or for another threshold.
        let running = self.running.as_mut().filter(|running| running.is_for(race));
        if let Some(running) = running {
            running.active -= 1;
        }
        match outcome {
            Ok(Some(solution)) => self.solved(device, &solution),
            Ok(None) => {}
            Err(error) => self.failed(device, race, error),
        }
    }

    fn solved(&mut self, device: usize, solution: &Solution) {
        self.devices[device].succeed();
        self.cache.keep(solution);
        if let Some(search) = self.search_mut(&solution.job().root) {
            let solved = search.solve(solution.work());
            self.deliveries.extend(solved);
        }
    }

    fn failed(&mut self, device: usize, race: &Race, error: BackendError) {
        let standing = &mut self.devices[device];
        let seconds = standing.fail().as_secs();
        let (name, cause) = (standing.name.clone(), &error as &dyn std::error::Error);
        tracing::warn!(device = name, error = cause, seconds, "device failed, left alone");
        let Some(running) = self.running.as_mut().filter(|running| running.is_for(race)) else {
            return;
        };
        running.failed[device] = true;
        if running.failed.iter().all(|failed| *failed) {
            let error = PoolError::Failed { device: name, error: Arc::new(error) };
            self.deliveries.extend(running.search.fail(&error));
        }
    }

    /// Makes the race fit the jobs after any change, and hands out the answers that became due.
    pub(super) fn settle(&mut self) -> Vec<Delivery> {
        self.fail_hopeless();
        self.queue.searches.retain(|search| search.job().is_some());
        self.running = self.running.take().and_then(|running| running.settle(&mut self.busy));
        if self.running.is_none() {
            let next = self.queue.pop();
            self.running = next.and_then(|search| Running::start(search, self.devices.len()));
        }
        self.deliveries.iter().for_each(|delivery| self.counts.count(delivery.answer()));
        std::mem::take(&mut self.deliveries)
    }

    /// Ends jobs that will never get work.
    fn fail_hopeless(&mut self) {
        let exhausted = self.running.as_mut().filter(|running| running.is_exhausted());
        let exhausted = exhausted.map(|running| running.search.fail(&PoolError::Exhausted));
        self.deliveries.extend(exhausted.into_iter().flatten());
        let error = match (self.is_closed, self.devices.is_empty()) {
            (true, _) => PoolError::Closed,
            (false, true) => PoolError::NoDevice,
            (false, false) => return,
        };
        let running = self.running.iter_mut().map(|running| &mut running.search);
        let all = running.chain(&mut self.queue.searches);
        self.deliveries.extend(all.flat_map(|search| search.fail(&error)));
    }

    fn search_mut(&mut self, root: &Root) -> Option<&mut Search> {
        let running = self.running.iter_mut().map(|running| &mut running.search);
        running.chain(&mut self.queue.searches).find(|search| search.root == *root)
    }
}

impl Running {
    fn start(search: Search, devices: usize) -> Option<Self> {
        search.tally.start();
        let race = Race::new(search.job()?, &search);
        Some(Self { search, race, active: 0, failed: vec![false; devices] })
    }

    /// Whether a race is for this search, if perhaps for an earlier threshold.
    fn is_for(&self, race: &Race) -> bool {
        Arc::ptr_eq(&self.search.tally, &race.tally)
    }

    fn is_exhausted(&self) -> bool {
        self.active == 0 && self.search.supply.is_empty()
    }

    /// Goes on with what is wanted still: nothing, the same, or another threshold.
    fn settle(mut self, busy: &mut Duration) -> Option<Self> {
        let job = self.search.job();
        if job == Some(self.race.job) {
            return Some(self);
        }
        self.race.stop.stop();
        let Some(job) = job else {
            *busy += self.search.tally.elapsed();
            return None;
        };
        self.race = Race::new(job, &self.search);
        Some(self)
    }
}

impl Race {
    fn new(job: Job, search: &Search) -> Arc<Self> {
        Arc::new(Self { job, stop: Stop::new(), tally: Arc::clone(&search.tally) })
    }
}
