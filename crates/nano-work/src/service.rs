//! [`Service`]: what a request asks for is done here, whoever carried it.

use crate::{
    access::{Access, Caller},
    answer::{self, Doing},
    command::{Benchmark, Command, Generate, Validate},
    config::WorkServerConfig,
    jobs::{Jobs, Tally},
    refusal::WorkRefusal,
};
use nano_http::CancellationToken;
use nano_pow::{Pool, PoolError, Puzzle, SearchRequest, Solution, Ticket};
use nano_primitives::{Difficulty, Root};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    select,
    time::{Instant, sleep},
};
use tracing::{debug, info, warn};

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) config: WorkServerConfig,
    pub(crate) access: Access,
    pub(crate) tally: Tally,
    /// Cancelled when the server goes down.
    pub(crate) closing: CancellationToken,
    pool: Pool,
    jobs: Jobs,
    started: Instant,
}

impl Service {
    pub(crate) fn new(config: WorkServerConfig, pool: Pool) -> Self {
        Self {
            access: Access::new(&config.keys, config.open_limits()),
            tally: Tally::default(),
            closing: CancellationToken::new(),
            pool,
            jobs: Jobs::new(config.max_jobs),
            started: Instant::now(),
            config,
        }
    }

    /// Does what a request asks for.
    pub(crate) async fn perform(&self, caller: &Caller, body: &[u8]) -> Result<Value, WorkRefusal> {
        match Command::parse(body, self.config.base())? {
            Command::Generate(generate) => self.generate(caller, generate).await,
            Command::Cancel(root) => Ok(self.cancel(caller, &root)),
            Command::Validate(validate) => Ok(self.validate(&validate)),
            Command::Benchmark(benchmark) => self.benchmark(caller, benchmark).await,
            Command::Status => Ok(answer::status(&self.doing())),
        }
    }

    async fn generate(&self, caller: &Caller, generate: Generate) -> Result<Value, WorkRefusal> {
        let Generate { job, use_peers } = generate;
        self.check_bounds(&job)?;
        let _permit = self.access.admit(caller)?;
        let mut seat = self.jobs.enter(job.root, caller.id.clone())?;
        let course = self.tally.start();
        let request = SearchRequest::new(job).with_priority(caller.priority());
        let ticket = self.pool.submit(request.with_local(!use_peers));
        let outcome = select! {
            biased;
            outcome = self.outcome(ticket) => outcome,
            () = seat.cancelled() => Err(WorkRefusal::Cancelled),
        };
        self.report(caller, &job, course.elapsed(), &outcome);
        course.end(&outcome);
        outcome.map(|solution| answer::generated(&solution, self.config.base()))
    }

    /// The job's work, unless the server goes down or the time for the job runs out. Dropping this drops the job.
    async fn outcome(&self, ticket: Ticket) -> Result<Solution, WorkRefusal> {
        select! {
            biased;
            outcome = ticket => outcome.map_err(refusal),
            () = self.closing.cancelled() => Err(WorkRefusal::ShuttingDown),
            refusal = self.time_runs_out() => Err(refusal),
        }
    }

    async fn time_runs_out(&self) -> WorkRefusal {
        let Some(limit) = self.config.job_within else { return std::future::pending().await };
        sleep(limit).await;
        WorkRefusal::Failed(format!("No work was found within {limit:?}"))
    }

    fn report(
        &self,
        caller: &Caller,
        job: &Puzzle,
        took: Duration,
        outcome: &Result<Solution, WorkRefusal>,
    ) {
        let (took_ms, caller, root) = (took.as_millis(), &caller.id, job.root);
        match outcome {
            Ok(found) => {
                info!(%root, %caller, work = %found.work(), value = %found.value(), took_ms, "work found");
            }
            Err(refusal) => info!(%root, %caller, took_ms, "no work: {refusal}"),
        }
    }

    fn cancel(&self, caller: &Caller, root: &Root) -> Value {
        let jobs = self.jobs.cancel(root, &caller.id);
        debug!(%root, caller = %caller.id, jobs, "cancelled");
        json!({})
    }

    fn validate(&self, validate: &Validate) -> Value {
        self.tally.validated();
        answer::verdict(validate, &self.config.network.thresholds())
    }

    async fn benchmark(&self, caller: &Caller, benchmark: Benchmark) -> Result<Value, WorkRefusal> {
        let Benchmark { threshold, count } = benchmark;
        self.check_bounds(&Puzzle::new(Root::ZERO, threshold))?;
        if count > self.config.max_benchmark {
            let most = self.config.max_benchmark;
            return Err(WorkRefusal::Malformed(format!(
                "Found count {count}, wanted at most {most}"
            )));
        }
        let _permit = self.access.admit(caller)?;
        let (started, mut hashes) = (Instant::now(), 0);
        for _ in 0..count {
            hashes += self.benchmark_once(caller, threshold).await?;
        }
        Ok(answer::benchmark(&benchmark, self.config.base(), started.elapsed(), hashes))
    }

    /// Finds work for a random root and says how many nonces were tried.
    async fn benchmark_once(
        &self,
        caller: &Caller,
        threshold: Difficulty,
    ) -> Result<u64, WorkRefusal> {
        let root = random_root()?;
        let mut seat = self.jobs.enter(root, caller.id.clone())?;
        let job = Puzzle::new(root, threshold);
        let ticket = self.pool.submit(SearchRequest::new(job).with_priority(caller.priority()));
        let progress = ticket.watch();
        select! {
            biased;
            outcome = self.outcome(ticket) => outcome?,
            () = seat.cancelled() => return Err(WorkRefusal::Cancelled),
        };
        Ok(progress.progress().hashes)
    }

    fn check_bounds(&self, job: &Puzzle) -> Result<(), WorkRefusal> {
        let (least, most) = self.config.bounds().into_inner();
        let asked = job.threshold;
        if asked < least || asked > most {
            return Err(WorkRefusal::OutOfBounds { asked, least, most });
        }
        Ok(())
    }

    fn doing(&self) -> Doing {
        Doing {
            pool: self.pool.status(),
            counts: self.tally.counts(),
            jobs: self.jobs.len(),
            uptime: self.started.elapsed(),
        }
    }
}

fn random_root() -> Result<Root, WorkRefusal> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| WorkRefusal::Failed(error.to_string()))?;
    Ok(Root::from_bytes(bytes))
}

fn refusal(error: PoolError) -> WorkRefusal {
    match error {
        PoolError::Cancelled => WorkRefusal::Cancelled,
        PoolError::Closed => WorkRefusal::ShuttingDown,
        error => {
            warn!(error = &error as &dyn std::error::Error, "no work found");
            WorkRefusal::Failed(error.to_string())
        }
    }
}
