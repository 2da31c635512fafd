//! The actions.

use super::{
    access::{Access, Caller},
    jobs::Jobs,
    quotas::Quotas,
    tally::Tally,
};
use crate::{
    Config, answer,
    command::{Benchmark, Command, Generate, Validate},
    refusal::Refusal,
};
use nano_pow::{Job, Pool, PoolError, Solution, Ticket};
use nano_primitives::Root;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::{select, sync::watch, time};
use tracing::{debug, info, warn};

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) config: Config,
    pub(crate) pool: Pool,
    pub(crate) access: Access,
    pub(crate) jobs: Jobs,
    pub(crate) tally: Tally,
    pub(crate) started: Instant,
    quotas: Quotas,
    closing: watch::Sender<bool>,
}

impl Service {
    pub(crate) fn new(config: Config, pool: Pool) -> Self {
        Self {
            pool,
            access: Access::new(&config),
            jobs: Jobs::new(config.max_jobs),
            tally: Tally::default(),
            started: Instant::now(),
            quotas: Quotas::default(),
            closing: watch::Sender::new(false),
            config,
        }
    }

    /// Does what a request asks for.
    pub(crate) async fn perform(&self, caller: &Caller, body: &[u8]) -> Result<Value, Refusal> {
        match Command::parse(body, self.config.base())? {
            Command::Generate(generate) => self.generate(caller, generate).await,
            Command::Cancel(root) => Ok(self.cancel(caller, &root)),
            Command::Validate(validate) => Ok(self.validate(&validate)),
            Command::Benchmark(benchmark) => self.benchmark(caller, benchmark).await,
            Command::Status => Ok(answer::status(self)),
        }
    }

    async fn generate(&self, caller: &Caller, generate: Generate) -> Result<Value, Refusal> {
        let Generate { job, use_peers } = generate;
        self.check_bounds(&job)?;
        let _permit = self.quotas.admit(caller, Instant::now())?;
        let mut seat = self.jobs.enter(job.root, caller.id.clone())?;
        let course = self.tally.start();
        let priority = caller.limits.priority;
        let ticket = if use_peers {
            self.pool.submit_with(job, priority)
        } else {
            self.pool.submit_locally(job, priority)
        };
        let outcome = select! {
            biased;
            outcome = self.outcome(ticket) => outcome,
            () = seat.cancelled() => Err(Refusal::Cancelled),
        };
        self.report(caller, &job, course.elapsed(), &outcome);
        course.end(&outcome);
        outcome.map(|solution| answer::generated(&solution, self.config.base()))
    }

    /// The job's work, unless the server goes down or the time for the job runs out. Dropping this drops the job.
    async fn outcome(&self, ticket: Ticket) -> Result<Solution, Refusal> {
        select! {
            biased;
            outcome = ticket => outcome.map_err(refusal),
            () = self.closed() => Err(Refusal::ShuttingDown),
            refusal = self.time_runs_out() => Err(refusal),
        }
    }

    async fn time_runs_out(&self) -> Refusal {
        let Some(limit) = self.config.job_within else { return std::future::pending().await };
        time::sleep(limit).await;
        Refusal::Failed(format!("No work was found within {limit:?}"))
    }

    fn report(
        &self,
        caller: &Caller,
        job: &Job,
        took: Duration,
        outcome: &Result<Solution, Refusal>,
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

    async fn benchmark(&self, caller: &Caller, benchmark: Benchmark) -> Result<Value, Refusal> {
        let Benchmark { threshold, count } = benchmark;
        self.check_bounds(&Job::new(Root::ZERO, threshold))?;
        if count > self.config.max_benchmark {
            let most = self.config.max_benchmark;
            return Err(Refusal::Malformed(format!("Found count {count}, wanted at most {most}")));
        }
        let _permit = self.quotas.admit(caller, Instant::now())?;
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
        threshold: nano_primitives::Difficulty,
    ) -> Result<u64, Refusal> {
        let root = random_root()?;
        let mut seat = self.jobs.enter(root, caller.id.clone())?;
        let job = Job::new(root, threshold);
        let ticket = self.pool.submit_with(job, caller.limits.priority);
        let progress = ticket.watch();
        select! {
            biased;
            outcome = self.outcome(ticket) => outcome?,
            () = seat.cancelled() => return Err(Refusal::Cancelled),
        };
        Ok(progress.progress().hashes)
    }

    fn check_bounds(&self, job: &Job) -> Result<(), Refusal> {
        let (least, most) = self.config.bounds().into_inner();
        let asked = job.threshold;
        if asked < least || asked > most {
            return Err(Refusal::OutOfBounds { asked, least, most });
        }
        Ok(())
    }

    /// Waits for the shutdown.
    pub(crate) async fn closed(&self) {
        // The sender lives as long as the service.
        let _ = self.closing.subscribe().wait_for(|closing| *closing).await;
    }

    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }
}

fn random_root() -> Result<Root, Refusal> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Refusal::Failed(error.to_string()))?;
    Ok(Root::from_bytes(bytes))
}

fn refusal(error: PoolError) -> Refusal {
    match error {
        PoolError::Cancelled => Refusal::Cancelled,
        PoolError::Closed => Refusal::ShuttingDown,
        error => {
            warn!(error = &error as &dyn std::error::Error, "no work found");
            Refusal::Failed(error.to_string())
        }
    }
}
