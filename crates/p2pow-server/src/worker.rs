//! [`Worker`]: the parts of a running worker, wired together: requests come in, jobs live in tasks of their own.

use crate::{
    config::Config,
    job::{
        Job, JobEvent,
        checks::Checks,
        life::{Arrival, Start, live},
        means::Means,
        phase::Phase,
        plan::Conditions,
        queue::{Queue, QueueLimits},
        scores::{CHECK, Scores, Whose},
        table::{Entry, Place, Table},
    },
    journal::{End, Journal, Line, Seen},
    node::{NetworkView, NetworkWatch, Node, Pulses},
    pricing::Fees,
    status::{Load, ServerStatus, Tally},
    timings::Timings,
};
use nano_http::{CancellationToken, Source};
use nano_pow::Pool;
use nano_primitives::{Amount, BlockHash};
use nano_rpc::OtherNetwork;
use p2pow_protocol::{DynamicFee, Refusal, Terms, WorkRequest, check_request};
use p2pow_store::StoreError;
use std::{
    future::Future,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::broadcast,
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;
use tracing::{error, warn};

/// How many events a slow listener may fall behind.
const EVENTS: usize = 1024;

/// Seconds after which a worker that goes down may be there again.
const RETRY_AFTER: u64 = 60;

/// How often the journal is looked after: works are flushed that were found since, and what is old is forgotten.
const TEND_EVERY: Duration = Duration::from_secs(5);

/// How often is looked for jobs that nobody has, in a journal that several share, if nothing is heard of them.
const LOOK_EVERY: Duration = Duration::from_secs(20);
/// How long after a look that failed the next one is.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How long a client waits who asks for a job that the journal is to be read for.
const LOOK_WITHIN: Duration = Duration::from_secs(5);

/// A job that was asked for by its id.
#[derive(Debug)]
pub(crate) enum Look {
    /// It is this worker's, or this one follows it.
    Here(Job),
    /// It is in the journal.
    Noted(Seen),
}

/// The parts of a running worker.
#[derive(Debug)]
pub(crate) struct Worker {
    means: Means,
    network: Arc<NetworkWatch>,
    table: Table,
    checks: Checks,
    fees: Fees,
    events: broadcast::Sender<JobEvent>,
    tally: Arc<Tally>,
    tasks: TaskTracker,
    /// Whether the jobs from before have their places: until then no new one may take them.
    is_ready: AtomicBool,
}

impl Worker {
    pub(crate) fn new(config: Config, node: Node, pool: Pool, journal: Journal) -> Self {
        let (pulses, network) = (Pulses::new(config.poll), NetworkWatch::new(config.network));
        let queue = Queue::new(QueueLimits { jobs: config.max_jobs, wait: config.max_wait });
        let (scores, closing) = (Scores::default(), CancellationToken::new());
        let (checks, fees) =
            (Checks::new(config.max_checks), Fees::new(config.fee, config.pricing));
        let config = Arc::new(config);
        Self {
            means: Means {
                timings: Arc::new(Timings::new()),
                config,
                node,
                pool,
                pulses,
                journal,
                queue,
                scores,
                closing,
            },
            network: Arc::new(network),
            table: Table::default(),
            checks,
            fees,
            events: broadcast::Sender::new(EVENTS),
            tally: Arc::default(),
            tasks: TaskTracker::new(),
            is_ready: AtomicBool::new(false),
        }
    }

    /// Looks at the node for the first time, and goes on listening to it. It need not be there yet.
    ///
    /// Then goes on with the jobs from before.
    ///
    /// # Errors
    /// It is of another network, or the journal cannot be read.
    pub(crate) async fn start(self: &Arc<Self>) -> Result<(), StartError> {
        let Means { config, node, pulses, journal, .. } = &self.means;
        for url in &config.websocket_urls {
            self.spawn_until_closed(pulses.listen(url));
        }
        self.network.look(node).await?;
        let (looker, wanted) = (node.clone(), config.network);
        self.spawn_until_closed(async move { looker.keep_looking(wanted).await });
        let (network, node) = (Arc::clone(&self.network), node.clone());
        self.spawn_until_closed(async move { network.keep_looking(&node).await });
        self.take_over().await?;
        self.is_ready.store(true, Ordering::Release);
        if journal.is_shared() {
            self.spawn_until_closed(keep_taking_over(Arc::downgrade(self), journal.clone()));
        }
        let (journal, table) = (journal.clone(), self.table.clone());
        self.spawn_until_closed(async move {
            loop {
                sleep(TEND_EVERY).await;
                journal.tend(&table.roots()).await;
            }
        });
        Ok(())
    }

    /// Goes on with the jobs that are to be taken over.
    async fn take_over(&self) -> Result<(), StoreError> {
        let journal = &self.means.journal;
        let are_busy = |request: &WorkRequest| self.table.has(request);
        for line in journal.take_over(are_busy).await? {
            self.resume(line).await;
        }
        Ok(())
    }

    async fn resume(&self, line: Line) {
        if let Some(place) = self.table.resume(line.request().clone(), &self.events) {
            return self.run(place, Start::Resumed(Box::new(line)));
        }
        if self.means.journal.is_shared() {
            return; // the same request has come meanwhile, and takes the job from this line
        }
        error!(job = %line.request().id(), "two open jobs in the journal have one root; this one is ended");
        let refusal = Some(&Refusal::Conflict);
        // If it cannot be written, the next start comes by here again.
        let _ = line.end(End { outcome: Phase::Failed, refusal, hashes: 0 }).await;
    }

    /// Lets a job live in a task of its own.
    fn run(&self, place: Place, start: Start) {
        let (means, tally) = (self.means.clone(), Arc::clone(&self.tally));
        place.job.announce();
        self.tasks.spawn(async move {
            let job = &place.job;
            if let Some(outcome) = live(job, start, &means).await {
                tally.count(outcome, job.request().paid().unwrap_or(Amount::ZERO));
            }
        });
    }

    /// Whether somebody is listened to at all.
    ///
    /// # Errors
    /// This address has cost too much in vain; says when to come again.
    pub(crate) fn welcome(&self, source: Source) -> Result<(), Refusal> {
        self.means.scores.check(Whose::Source(source))
    }

    /// Takes a request in, or finds the job that it is already.
    ///
    /// A new job goes on by itself from here, whether its client waits or not.
    pub(crate) fn admit(&self, body: &[u8], source: Source) -> Result<Job, Refusal> {
        let (config, load) = (self.config(), self.load());
        check_difficulty(config, &self.network())?;
        self.check_journal()?;
        let fee = self.fees.least(load.fullness, load.hashrate);
        let terms = Terms { reward_account: config.reward_account, fee };
        let request = WorkRequest::parse(body, config.max_user_blocks).and_then(|request| {
            check_request(&request, &terms)?;
            Ok(request)
        });
        let scores = &self.means.scores;
        let request = request.inspect_err(|_| scores.add(Whose::Source(source), CHECK))?;
        let account = Whose::Account(request.account());
        scores.check(account)?;
        let check = || {
            self.check_open()?;
            self.means.queue.has_room(load.hashrate)?;
            self.checks.begin(source, scores.share(&[account, Whose::Source(source)]))
        };
        match self.table.enter(request, &self.events, check)? {
            Entry::Joined(job) => Ok(job),
            Entry::New(place, check) => {
                let job = place.job.clone();
                let conditions = Conditions { terms, frontier: config.frontier };
                self.run(place, Start::New(Arrival { check, conditions, source }));
                Ok(job)
            }
        }
    }

    /// Why every new job would be refused now, if that is so.
    pub(crate) fn unavailable(&self) -> Option<Refusal> {
        let network = self.network();
        let queue = || self.means.queue.has_room(self.load().hashrate).err();
        let journal = || self.check_journal().err();
        let difficulty = check_difficulty(self.config(), &network).err();
        let closed = || self.check_open().err();
        difficulty.or_else(|| network.refusal()).or_else(journal).or_else(closed).or_else(queue)
    }

    /// The fee now, which holds for whoever is told it.
    pub(crate) fn quote(&self, load: &Load) -> Amount {
        self.fees.quote(load.fullness, load.hashrate)
    }

    /// How the fee is announced.
    pub(crate) fn announced_fee(&self) -> DynamicFee {
        self.fees.announced()
    }

    /// The job of this id: what is known here, unless the journal knows more.
    ///
    /// # Errors
    /// There is none, or the journal cannot be read now.
    pub(crate) async fn look(&self, id: &BlockHash) -> Result<Look, Refusal> {
        let here = self.table.find(id);
        // What goes on is known best where that is, and nothing comes after a confirmation.
        if let Some(job) = &here
            && (!job.phase().is_end() || job.phase() == Phase::Confirmed)
        {
            return Ok(Look::Here(job.clone()));
        }
        let noted = match timeout(LOOK_WITHIN, self.means.journal.look(id)).await {
            Ok(noted) => noted.map_err(|error| error.to_string()),
            Err(_) => Err(format!("the journal has not answered for {LOOK_WITHIN:?}")),
        };
        match (here, noted) {
            // Why it ended is known better here.
            (Some(job), Ok(Some(Seen::Ended(ended)))) if ended.outcome == job.phase() => {
                Ok(Look::Here(job))
            }
            (_, Ok(Some(seen))) => Ok(Look::Noted(seen)),
            (Some(job), _) => Ok(Look::Here(job)),
            (None, Ok(None)) => Err(Refusal::JobNotFound),
            (None, Err(error)) => {
                warn!(%error, job = %id, "cannot see how a job stands");
                Err(Refusal::JournalFailed { retry_after: TEND_EVERY.as_secs() })
            }
        }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.means.config
    }

    /// The network as the node last told.
    pub(crate) fn network(&self) -> NetworkView {
        self.network.view()
    }

    /// The jobs in flight.
    pub(crate) fn jobs(&self) -> Vec<Job> {
        self.table.jobs()
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<JobEvent> {
        self.events.subscribe()
    }

    /// How much there is to do.
    pub(crate) fn load(&self) -> Load {
        Load::new(&self.means.queue, &self.means.pool.status(), self.config().hashrate)
    }

    pub(crate) fn status(&self) -> ServerStatus {
        let Means { node, pulses, journal, timings, .. } = &self.means;
        let status = self.tally.status(&self.load(), self.table.jobs().len(), timings.status());
        let (node_error, journal_error) = (self.network().error, journal.trouble());
        ServerStatus {
            node_error,
            journal_error,
            nodes: node.statuses(pulses.statuses()),
            ..status
        }
    }

    /// Where the times of requests are counted.
    pub(crate) fn timings(&self) -> &Timings {
        &self.means.timings
    }

    /// Cancelled when the worker goes down.
    pub(crate) const fn closing(&self) -> &CancellationToken {
        &self.means.closing
    }

    /// Waits for the jobs and all else that was started, once the worker goes down.
    pub(crate) async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// A worker that cannot write takes no more jobs.
    fn check_journal(&self) -> Result<(), Refusal> {
        let retry_after = TEND_EVERY.as_secs();
        self.means.journal.trouble().map_or(Ok(()), |_| Err(Refusal::JournalFailed { retry_after }))
    }

    /// A worker takes jobs from the time that those from before have their places, until it goes down.
    fn check_open(&self) -> Result<(), Refusal> {
        if self.closing().is_cancelled() {
            return Err(Refusal::ShuttingDown { retry_after: RETRY_AFTER });
        }
        let is_ready = self.is_ready.load(Ordering::Acquire);
        if is_ready { Ok(()) } else { Err(Refusal::NodeUnreachable { retry_after: 1 }) }
    }

    fn spawn_until_closed(&self, task: impl Future<Output = ()> + Send + 'static) {
        let closing = self.closing().clone();
        self.tasks.spawn(async move { closing.run_until_cancelled(task).await });
    }
}

/// Takes over the jobs of workers that share the journal, whenever one of them is gone.
async fn keep_taking_over(worker: Weak<Worker>, journal: Journal) {
    let mut seen = 0;
    loop {
        if let Ok(changes) = timeout(LOOK_EVERY, journal.changed(seen)).await {
            seen = changes;
        }
        let Some(worker) = worker.upgrade() else { return };
        while let Err(error) = worker.take_over().await {
            warn!(%error, "cannot see which jobs nobody has");
            sleep(LOOK_AGAIN).await;
        }
    }
}

/// A node that cannot be worked with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    OtherNetwork(#[from] OtherNetwork),
    #[error(transparent)]
    Journal(#[from] StoreError),
}

fn check_difficulty(config: &Config, network: &NetworkView) -> Result<(), Refusal> {
    if network.multiplier <= config.max_multiplier {
        return Ok(());
    }
    Err(Refusal::DifficultyTooHigh { retry_after: network.next_look() })
}
