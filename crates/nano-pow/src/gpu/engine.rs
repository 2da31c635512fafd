//! The search on one device: keeps it supplied, and believes nothing it says.

use super::{
    GpuError,
    pace::Pace,
    stretch::{Cutter, Stretch},
};
use crate::{Job, Task};
use nano_primitives::Work;
use std::{
    collections::VecDeque,
    fmt::Debug,
    task::Poll,
    time::{Duration, Instant},
};

/// Submissions underway: the device works on one while the host looks at the other. More would only add to what cannot
/// be called back.
pub(super) const IN_FLIGHT: usize = 2;

/// How often a search looks up from waiting, to see whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(1);

/// A submission takes milliseconds, and the first one a second at worst, when the driver compiles the kernel. Systems
/// that watch over their devices give up after two seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// A device that searches stretches of nonces in the order in which they are submitted.
pub(super) trait Queue: Debug {
    /// What is submitted from now on is for this job.
    fn begin(&mut self, job: &Job);

    /// Puts a stretch behind the others, of which there is at most one.
    fn submit(&mut self, stretch: Stretch) -> Result<(), GpuError>;

    /// Waits for the oldest stretch and says at which offset there is work, if anywhere.
    fn wait(&mut self, time: Duration) -> Result<Poll<Option<u32>>, GpuError>;
}

/// A device, its pace, and what it is working on.
#[derive(Debug)]
pub(super) struct Engine<Q> {
    queue: Q,
    pace: Pace,
    flights: VecDeque<Flight>,
    landed: Instant,
    patience: Duration,
}

/// A stretch on its way.
#[derive(Debug, Clone, Copy)]
struct Flight {
    stretch: Stretch,
    since: Instant,
}

/// A stretch that is done.
#[derive(Debug)]
struct Landing {
    stretch: Stretch,
    /// How long the device worked on it.
    took: Duration,
    found: Option<u32>,
}

impl<Q: Queue> Engine<Q> {
    pub(super) fn new(queue: Q) -> Self {
        Self {
            queue,
            pace: Pace::unknown(),
            flights: VecDeque::with_capacity(IN_FLIGHT),
            landed: Instant::now(),
            patience: PATIENCE,
        }
    }

    /// The device.
    pub(super) const fn queue(&self) -> &Q {
        &self.queue
    }

    /// Searches the nonces of a task. What is still underway when the answer is known, the next search waits for.
    pub(super) fn search(&mut self, task: &Task<'_>) -> Result<Option<Work>, GpuError> {
        while !self.flights.is_empty() {
            if self.land(task)?.is_none() {
                return Ok(None);
            }
        }
        self.queue.begin(task.job());
        self.pace.restart();
        self.hunt(task)
    }

    fn hunt(&mut self, task: &Task<'_>) -> Result<Option<Work>, GpuError> {
        let mut nonces = Cutter::new(task.nonces());
        loop {
            self.supply(task, &mut nonces)?;
            let Some(landing) = self.land(task)? else { return Ok(None) };
            let stretch = landing.stretch;
            if let Some(offset) = landing.found {
                task.count(stretch.tried(offset));
                let work = Work::from_u64(stretch.nonce(offset));
                return Ok(Some(task.job().check(work)?.work()));
            }
            let count = u64::from(stretch.count());
            task.count(count);
            self.pace.learn(count, landing.took);
        }
    }

    /// Submits as much as there may be in flight.
    fn supply(&mut self, task: &Task<'_>, nonces: &mut Cutter) -> Result<(), GpuError> {
        while self.flights.len() < IN_FLIGHT && !task.is_stopped() {
            let Some(stretch) = nonces.cut(self.pace.nonces()) else { break };
            self.queue.submit(stretch)?;
            self.flights.push_back(Flight { stretch, since: Instant::now() });
        }
        Ok(())
    }

    /// Waits for the oldest flight; `None` when there is none or the task is stopped first.
    fn land(&mut self, task: &Task<'_>) -> Result<Option<Landing>, GpuError> {
        while let Some(Flight { stretch, since }) = self.flights.front().copied() {
            if task.is_stopped() {
                break;
            }
            if let Poll::Ready(found) = self.queue.wait(GLANCE)? {
                self.flights.pop_front();
                // The device began with it when it was done with the one before.
                let took = since.max(self.landed).elapsed();
                self.landed = Instant::now();
                return Ok(Some(Landing { stretch, took, found }));
            }
            if since.elapsed() > self.patience {
                return Err(GpuError::Silent { waited: since.elapsed() });
            }
        }
        Ok(None)
    }
}
