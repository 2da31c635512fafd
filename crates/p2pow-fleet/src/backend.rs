//! [`FleetBackend`]: the agents of a fleet as one device of a pool.

use crate::{
    Broker, BrokerError, FleetError, FrontStatus, Name,
    front::{Call, Event, Front, Strength},
};
use nano_pow::{Backend, BackendError, DeviceInfo, Puzzle, Task};
use nano_primitives::Difficulty;
use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};
use tokio::{
    runtime,
    sync::{mpsc, watch},
};

/// How often a search looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(1);
/// How many small tasks are taken at a time, at most.
pub(crate) const BATCH: usize = 4096;
/// How long a batch is expected to take, at most. The agents should not run dry between two batches, whose ends cost a
/// round trip; and an urgent root waits for the end of a batch.
pub(crate) const BATCH_TIME: Duration = Duration::from_millis(200);

/// The agents of a fleet as one device of a pool, beside its own.
///
/// What agents propose is checked here before the pool sees it, and whoever proposes wrong work, hangs or claims more
/// than it finds is left alone. While the broker is away, or no agent is there, the device fails after 3 s and says
/// why; the pool's other devices go on, and it is tried again.
///
/// A threshold of [`Difficulty::MAX`], with which devices are measured, is not sent to anybody: what counts are the
/// rates that the agents have measured.
#[derive(Debug)]
pub struct FleetBackend {
    name: String,
    calls: mpsc::UnboundedSender<Call>,
    strength: watch::Receiver<Strength>,
    status: watch::Receiver<Option<FrontStatus>>,
}

impl FleetBackend {
    /// A device of the fleet, by the name of this front end. Waits for the broker's first answer, or for 5 s; a broker
    /// that is away then is called again and again.
    ///
    /// Blocks the calling thread, and must not be called where async code runs.
    ///
    /// # Errors
    /// The broker refuses the credentials, a file cannot be read, or the system gives no thread.
    pub fn start(broker: &Broker, front: Name) -> Result<Self, BrokerError> {
        let name = format!("fleet {} at {broker}", broker.fleet());
        let (calls, called) = mpsc::unbounded_channel();
        let (told, strength) = watch::channel(Strength::default());
        let (told_status, status) = watch::channel(None);
        let (started, start) = channel();
        let (broker, runtime) =
            (broker.clone(), runtime::Builder::new_current_thread().enable_all().build());
        let runtime = runtime.map_err(BrokerError::Thread)?;
        let run = async move {
            match Front::start(&broker, front, (told, told_status)).await {
                Ok(front) => {
                    let _ = started.send(Ok(()));
                    front.serve(called).await;
                }
                Err(error) => {
                    let _ = started.send(Err(error));
                }
            }
        };
        thread::Builder::new()
            .name("p2pow-fleet".to_owned())
            .spawn(move || runtime.block_on(run))
            .map_err(BrokerError::Thread)?;
        let gone = || BrokerError::Thread(std::io::Error::other("it has ended"));
        start.recv().unwrap_or_else(|_| Err(gone()))?;
        Ok(Self { name, calls, strength, status })
    }

    /// The agents that can be given orders now, and their hashes per second together. Changes whenever that does.
    #[must_use]
    pub fn strength(&self) -> watch::Receiver<Strength> {
        self.strength.clone()
    }

    /// How the fleet stands, told once a second; `None` before the first time. It can be asked while a pool has the
    /// device.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Option<FrontStatus>> {
        self.status.clone()
    }

    fn search_together(&self, tasks: &[&Task<'_>]) -> Result<(), FleetError> {
        let puzzles: Vec<Puzzle> = tasks.iter().map(|task| *task.puzzle()).collect();
        let (events, heard) = channel();
        self.calls.send(Call::Open { puzzles, events }).map_err(|_| FleetError::Gone)?;
        let orders = match heard.recv() {
            Ok(Event::Opened(orders)) => orders,
            _ => return Err(FleetError::Gone),
        };
        let mut batch = Batch { tasks, orders, is_closed: vec![false; tasks.len()] };
        // Whatever happens, nothing of this is left with the agents.
        let outcome = batch.follow(&heard, &self.calls);
        batch.close(&self.calls, true);
        outcome
    }
}

/// Tasks that are out, and their orders.
struct Batch<'a> {
    tasks: &'a [&'a Task<'a>],
    orders: Vec<u64>,
    is_closed: Vec<bool>,
}

impl Batch<'_> {
    fn follow(
        &mut self,
        heard: &Receiver<Event>,
        calls: &mpsc::UnboundedSender<Call>,
    ) -> Result<(), FleetError> {
        let mut looked = Instant::now();
        loop {
            match heard.recv_timeout(LOOK) {
                Ok(Event::Found { order, work }) => {
                    if let Some(index) = self.index(order) {
                        self.is_closed[index] = true;
                        self.tasks[index].found(work);
                    }
                }
                Ok(Event::Tried { order, hashes }) => {
                    if let Some(index) = self.index(order) {
                        self.tasks[index].count(hashes);
                    }
                }
                Ok(Event::Opened(_)) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Event::Useless(error)) => return Err(error),
                Err(RecvTimeoutError::Disconnected) => return Err(FleetError::Gone),
            }
            // A stream of events does not keep it from looking.
            if looked.elapsed() >= LOOK || self.is_done() {
                looked = Instant::now();
                self.close(calls, false);
                if self.is_done() {
                    return Ok(());
                }
            }
        }
    }

    fn index(&self, order: u64) -> Option<usize> {
        // Orders that are opened together have numbers in a row.
        let index = usize::try_from(order.checked_sub(*self.orders.first()?)?).ok()?;
        (index < self.orders.len()).then_some(index)
    }

    fn is_done(&self) -> bool {
        self.is_closed.iter().all(|is_closed| *is_closed)
    }

    /// Ends the orders of the tasks that are stopped, or of all.
    fn close(&mut self, calls: &mpsc::UnboundedSender<Call>, all: bool) {
        for (index, task) in self.tasks.iter().enumerate() {
            if !self.is_closed[index] && (all || task.is_stopped()) {
                self.is_closed[index] = true;
                // Where the thread is gone there is nobody to tell.
                let _ = calls.send(Call::Close(self.orders[index]));
            }
        }
    }
}

impl Backend for FleetBackend {
    fn info(&self) -> DeviceInfo {
        DeviceInfo::new(&self.name).with_batch_size(BATCH).with_batch_time(BATCH_TIME)
    }

    fn search(&self, tasks: &[Task<'_>]) -> Result<(), BackendError> {
        let is_measurement = |task: &&Task<'_>| task.puzzle().threshold == Difficulty::MAX;
        let (measurements, real): (Vec<_>, Vec<_>) = tasks.iter().partition(is_measurement);
        if !real.is_empty() {
            self.search_together(&real).map_err(BackendError::device)?;
        }
        measurements.into_iter().for_each(|task| self.pretend(task));
        Ok(())
    }
}

impl FleetBackend {
    /// Counts what the agents would try.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a float that is too large saturates
    fn pretend(&self, task: &Task<'_>) {
        let (started, mut counted) = (Instant::now(), 0);
        while !task.is_stopped() {
            thread::sleep(LOOK);
            let rate = self.strength.borrow().hashes_per_second;
            let total = (rate * started.elapsed().as_secs_f64()) as u64;
            task.count(total.saturating_sub(counted));
            counted = counted.max(total);
        }
    }
}
