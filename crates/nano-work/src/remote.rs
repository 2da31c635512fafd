//! [`RemoteBackend`]: a work server as one more device of a pool.
//!
//! Nothing keeps a search waiting: it waits for its answer or leaves, and the [`Agent`] sees to the rest on a thread of
//! its own, one job at a time.

use nano_pow::{Backend, BackendError, DeviceInfo, Puzzle, Task};
use nano_primitives::{Difficulty, Root, Work};
use nano_rpc::{Client, RpcError};
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
};
use tokio::{
    pin, runtime, select,
    sync::{
        mpsc,
        oneshot::{self, error::TryRecvError},
    },
    time::sleep,
};
use tracing::debug;

/// How often a search looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(1);
/// How long a server may take for one work.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long a server may take for a `work_cancel`.
const CANCEL_WITHIN: Duration = Duration::from_secs(1);
/// How long the server gets to end a job after each `work_cancel`. The first may have overtaken the job.
const ENDS_WITHIN: [Duration; 3] =
    [Duration::from_millis(50), Duration::from_millis(200), Duration::from_millis(800)];

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
/// ```
/// use nano_pow::{CpuBackend, Pool};
/// use nano_rpc::Client;
/// use nano_work::RemoteBackend;
///
/// let peer = Client::builder("https://work.example.org").header("X-API-Key", "its key").build()?;
/// let pool = Pool::new(vec![Box::new(CpuBackend::all_cores()), Box::new(RemoteBackend::new(&peer)?)]);
/// assert_eq!(pool.status().devices.len(), 2); // the server is asked when there is something to search
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RemoteBackend {
    name: String,
    patience: Duration,
    /// The agent lives until this is dropped.
    errands: mpsc::UnboundedSender<Errand>,
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
        let (errands, queue) = mpsc::unbounded_channel();
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let agent = Agent::new(client);
        thread::Builder::new()
            .name("nano-work-remote".to_owned())
            .spawn(move || runtime.block_on(agent.serve(queue)))?;
        Ok(Self { name: format!("remote {}", client.url()), patience: PATIENCE, errands })
    }

    /// The same device, that gives its server so much time for one work.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    fn search_one(&self, task: &Task<'_>) -> Result<(), RemoteError> {
        if task.puzzle().threshold == Difficulty::MAX {
            wait_for_stop(task);
            return Ok(());
        }
        self.send(task)?.wait(task)
    }

    /// Hands a job to the agent. Dropping the ends of the errand gives the job up.
    fn send(&self, task: &Task<'_>) -> Result<Ends, RemoteError> {
        let (answer, answered) = sync_channel(1);
        let (stake, left) = oneshot::channel();
        let errand = Errand { job: *task.puzzle(), within: self.patience, answer, left };
        self.errands.send(errand).map_err(|_| RemoteError::Gone)?;
        Ok(Ends { answered, _stake: stake })
    }
}

/// A search's ends of an errand.
struct Ends {
    answered: Receiver<Result<Work, RemoteError>>,
    /// Dropped, it tells the agent that the job is given up.
    _stake: oneshot::Sender<()>,
}

impl Ends {
    /// Waits for the answer or the end of the task.
    fn wait(self, task: &Task<'_>) -> Result<(), RemoteError> {
        loop {
            match self.answered.recv_timeout(LOOK) {
                Ok(answer) => return answer.map(|work| task.found(work)),
                Err(RecvTimeoutError::Disconnected) => return Err(RemoteError::Gone),
                Err(RecvTimeoutError::Timeout) if task.is_stopped() => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Backend for RemoteBackend {
    fn info(&self) -> DeviceInfo {
        DeviceInfo::new(&self.name).remote()
    }

    fn search(&self, tasks: &[Task<'_>]) -> Result<(), BackendError> {
        tasks.iter().try_for_each(|task| self.search_one(task).map_err(BackendError::device))
    }
}

fn wait_for_stop(task: &Task<'_>) {
    while !task.is_stopped() {
        thread::sleep(LOOK);
    }
}

/// A job for the server.
#[derive(Debug)]
struct Errand {
    job: Puzzle,
    within: Duration,
    answer: SyncSender<Result<Work, RemoteError>>,
    /// Ends when nobody waits for the answer any more.
    left: oneshot::Receiver<()>,
}

/// Talks to one server.
#[derive(Debug)]
struct Agent {
    client: Client,
    canceller: Client,
    /// Why the next errand is turned away, whatever it is.
    trouble: Option<RemoteError>,
}

impl Agent {
    fn new(client: &Client) -> Self {
        let client = client.with_retries(0);
        let canceller = client.with_timeout(CANCEL_WITHIN);
        Self { client, canceller, trouble: None }
    }

    /// Serves errands until the device is gone.
    async fn serve(mut self, mut errands: mpsc::UnboundedReceiver<Errand>) {
        while let Some(errand) = errands.recv().await {
            self.fulfil(errand).await;
        }
    }

    async fn fulfil(&mut self, errand: Errand) {
        let Errand { job, within, answer, mut left } = errand;
        if left.try_recv().is_err_and(|error| error == TryRecvError::Closed) {
            return;
        }
        if let Some(trouble) = self.trouble.take() {
            deliver(&answer, Err(trouble));
            return;
        }
        let client = self.client.with_timeout(within);
        let generate = client.work_generate_alone(&job.root, Some(job.threshold));
        pin!(generate);
        select! {
            biased;
            work = generate.as_mut() => deliver(&answer, work.map_err(RemoteError::from)),
            _ = left => self.trouble = self.part(&job.root, generate).await.err(),
        }
    }

    /// Has the server give a job up, and waits until it did. A server that says nothing is in trouble; one that answers
    /// the cancels, and goes on, is taken at its word.
    async fn part(
        &self,
        root: &Root,
        mut generate: Pin<&mut impl Future<Output = Result<Work, RpcError>>>,
    ) -> Result<(), RemoteError> {
        let mut is_answered = false;
        for time in ENDS_WITHIN {
            let cancel = async {
                is_answered |= self.cancel(root).await;
                sleep(time).await;
            };
            select! {
                biased;
                _ = generate.as_mut() => return Ok(()),
                () = cancel => {}
            }
        }
        let unresponsive = || RemoteError::Unresponsive { url: self.client.url().to_owned() };
        is_answered.then_some(()).ok_or_else(unresponsive)
    }

    /// Sends a cancel and says whether the server reacted.
    async fn cancel(&self, root: &Root) -> bool {
        match self.canceller.work_cancel(root).await {
            Ok(()) | Err(RpcError::Node(_)) => true,
            Err(error) => {
                debug!(%error, %root, "no answer to work_cancel");
                false
            }
        }
    }
}

fn deliver(answer: &SyncSender<Result<Work, RemoteError>>, found: Result<Work, RemoteError>) {
    // The search may have left in this moment.
    let _ = answer.try_send(found);
}
