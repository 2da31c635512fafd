//! A work server as one more device of a pool.

mod agent;

use agent::{Agent, Order};
use nano_pow::{Backend, BackendError, Task};
use nano_primitives::{Difficulty, Work};
use nano_rpc::{Client, RpcError};
use std::{
    io,
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread,
    time::Duration,
};
use tokio::{
    runtime,
    sync::{mpsc, oneshot},
};

/// How often a search looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(1);
/// How long a server may take for one work.
const PATIENCE: Duration = Duration::from_secs(600);

/// Any server that answers `work_generate`, as a device: a Nano node of either implementation, nano-work-server, or a
/// [`WorkServer`](crate::WorkServer).
///
/// It races the other devices of its pool. When the pool needs its work no more the search here ends at once, however
/// slow the server is, and the server is told by `work_cancel` in the background; it gets nothing new before that is
/// done. A server that fails, gives wrong work or does not react to a cancel is left alone by the pool for a while.
///
/// The server is asked to do the work itself (`use_peers` false), and a [`WorkServer`](crate::WorkServer) that is
/// asked so does not hand the job on: servers may name each other as devices.
///
/// Which nonces a server tries it does not say, so a remote device counts no hashes. A threshold of
/// [`Difficulty::MAX`], with which devices are measured, is not sent to it.
///
/// ```no_run
/// use nano_pow::{CpuBackend, Pool};
/// use nano_rpc::Client;
/// use nano_work::RemoteBackend;
///
/// let peer = Client::builder("https://work.example.org").header("X-API-Key", "…").build()?;
/// let pool = Pool::new(vec![Box::new(CpuBackend::all_cores()), Box::new(RemoteBackend::new(&peer)?)]);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RemoteBackend {
    name: String,
    patience: Duration,
    /// The agent lives until this is dropped.
    orders: mpsc::UnboundedSender<Order>,
}

/// A work server that is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// The call failed, or its answer is no work or too weak.
    #[error(transparent)]
    Call(#[from] RpcError),
    /// An earlier job was given up, and the server neither said so nor answered `work_cancel`.
    #[error("{url} does not react to work_cancel")]
    Unresponsive {
        /// The server, without credentials.
        url: String,
    },
    /// The thread that talks to the server is gone.
    #[error("the thread that talks to the server is gone")]
    Gone,
}

impl RemoteBackend {
    /// A device of the server that `client` is for. Connects to nothing yet.
    ///
    /// The client's time-out and retries do not count here: a work may take 10 minutes, and there are no retries.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn new(client: &Client) -> io::Result<Self> {
        let (orders, queue) = mpsc::unbounded_channel();
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let agent = Agent::new(client);
        thread::Builder::new()
            .name("nano-work-remote".to_owned())
            .spawn(move || runtime.block_on(agent.serve(queue)))?;
        Ok(Self { name: format!("remote {}", client.url()), patience: PATIENCE, orders })
    }

    /// The same device, that gives its server so much time for one work.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Hands a job to the agent. Dropping the ends of the order gives the job up.
    fn order(&self, task: &Task<'_>) -> Result<Ends, RemoteError> {
        let (answer, answered) = sync_channel(1);
        let (stake, left) = oneshot::channel();
        let order = Order { job: *task.job(), within: self.patience, answer, left };
        self.orders.send(order).map_err(|_| RemoteError::Gone)?;
        Ok(Ends { answered, _stake: stake })
    }
}

/// A search's ends of an order.
struct Ends {
    answered: Receiver<Result<Work, RemoteError>>,
    /// Dropped, it tells the agent that the job is given up.
    _stake: oneshot::Sender<()>,
}

impl Ends {
    /// Waits for the answer or the end of the task.
    fn wait(self, task: &Task<'_>) -> Result<Option<Work>, RemoteError> {
        loop {
            match self.answered.recv_timeout(LOOK) {
                Ok(answer) => return answer.map(Some),
                Err(RecvTimeoutError::Disconnected) => return Err(RemoteError::Gone),
                Err(RecvTimeoutError::Timeout) if task.is_stopped() => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Backend for RemoteBackend {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn search(&self, task: &Task<'_>) -> Result<Option<Work>, BackendError> {
        if task.job().threshold == Difficulty::MAX {
            wait_for_stop(task);
            return Ok(None);
        }
        let found = self.order(task).and_then(|ends| ends.wait(task));
        found.map_err(BackendError::device)
    }
}

fn wait_for_stop(task: &Task<'_>) {
    while !task.is_stopped() {
        thread::sleep(LOOK);
    }
}
