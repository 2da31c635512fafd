//! `p2pow-worker run`: takes jobs until it is stopped.

use crate::{
    commands::serve::{cannot_listen, until_stopped},
    devices::DeviceArgs,
    options::{ConfigArgs, JournalArgs, NodeArgs, OfferArgs},
};
use nano_block::Network;
use nano_pow::Pool;
use p2pow_cli::{Failure, config::Given, output};
use p2pow_server::{BindError, Job, JobEvent, ListenError, Phase, Server, ServerStatus};
use p2pow_store::SqliteStore;
use serde_json::{Value, json};
use std::{io, time::Duration};
use tokio::sync::broadcast::error::RecvError;

/// How long the processor's speed is measured at the start.
const MEASURE: Duration = Duration::from_millis(500);

const HELP: &str = "\
Needs no key. Prints a line for each step of a job; with --json one JSON object a line. Ctrl-C and SIGTERM stop it: what is being published is finished, and the next start goes on with the rest.

Examples:
  p2pow-worker run
  p2pow-worker run --config /etc/p2pow/worker.toml --json";

/// Options of `run`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    offer: Given<OfferArgs>,
    #[command(flatten)]
    node: Given<NodeArgs>,
    #[command(flatten)]
    devices: Given<DeviceArgs>,
    #[command(flatten)]
    journal: Given<JournalArgs>,
}

/// Works until Ctrl-C or SIGTERM.
pub(crate) async fn run(args: RunArgs) -> Result<(), Failure> {
    p2pow_cli::log_to_stderr("warn");
    let file = args.config.read()?;
    let offer: OfferArgs = file.options(&args.offer)?;
    let node: NodeArgs = file.options(&args.node)?;
    let devices: DeviceArgs = file.options(&args.devices)?;
    let JournalArgs { journal } = file.options(&args.journal)?;
    let client = node.client(&file)?;
    let shown = client.url().to_owned();
    let pool = Pool::new(devices.open()?);
    let config = offer.config(&node, measure(&pool).await);
    let server = Server::bind_with(config, client, pool, SqliteStore::open(&journal)?.shared());
    let server = server.await.map_err(refused)?;
    let narrator = Narrator { json: args.json };
    narrator.started(&server, &Terms { offer, network: node.network, node: shown })?;
    let mut events = server.subscribe();
    narrator.resumed(&server)?;
    let outcome = tokio::select! {
        outcome = narrator.narrate(&mut events) => outcome,
        outcome = until_stopped() => outcome,
    };
    let status = server.status();
    server.shutdown().await;
    narrator.stopped(&status)?;
    Ok(outcome?)
}

fn refused(error: BindError) -> Failure {
    match error {
        BindError::Listen(ListenError::Listen { address, source }) => {
            cannot_listen(address, &source, "`listen` in the configuration")
        }
        error => error.into(),
    }
}

async fn measure(pool: &Pool) -> Option<f64> {
    let pool = pool.clone();
    tokio::task::spawn_blocking(move || pool.measure(MEASURE)).await.ok()
}

/// What the worker says of itself at the start.
struct Terms {
    offer: OfferArgs,
    network: Network,
    /// The node as it may be shown.
    node: String,
}

/// Tells the operator what happens, in words or as JSON.
struct Narrator {
    json: bool,
}

impl Narrator {
    fn say(&self, words: &str, json: &Value) -> io::Result<()> {
        if self.json { output::json(json) } else { output::line(words) }
    }

    fn started(&self, server: &Server, terms: &Terms) -> io::Result<()> {
        let status = server.status();
        let listening: Vec<_> = server.local_addrs().iter().map(ToString::to_string).collect();
        let hashrate = status.hashrate.unwrap_or(0.0);
        let words = format!(
            "listening on {}\n{} network, node {}\nrewards go to {}\na send costs {} XNO; {}",
            listening.join(", "),
            terms.network,
            terms.node,
            terms.offer.reward_account,
            terms.offer.fee.to_xno(),
            output::hashrate(hashrate),
        );
        let event = json!({
            "event": "started", "listening": listening, "network": terms.network.as_str(),
            "reward_account": terms.offer.reward_account, "fee": terms.offer.fee, "hashrate": hashrate,
            "node_error": status.node_error,
        });
        self.say(&words, &event)?;
        match status.node_error {
            Some(error) if !self.json => output::line(format_args!(
                "the node cannot be used yet, jobs are refused until it can: {error}"
            )),
            _ => Ok(()),
        }
    }

    /// Tells of the jobs from before, which go on.
    fn resumed(&self, server: &Server) -> io::Result<()> {
        let jobs = server.jobs().into_iter();
        jobs.map(|job| JobEvent { phase: job.phase(), job }).try_for_each(|event| self.step(&event))
    }

    /// Tells of every step of every job, for ever.
    async fn narrate(
        &self,
        events: &mut tokio::sync::broadcast::Receiver<JobEvent>,
    ) -> io::Result<()> {
        loop {
            match events.recv().await {
                Ok(event) => self.step(&event)?,
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "some steps of jobs are not shown");
                }
                Err(RecvError::Closed) => return Ok(()),
            }
        }
    }

    fn step(&self, event: &JobEvent) -> io::Result<()> {
        let report = event.job.report();
        let json = json!({
            "event": "job", "id": report.id, "phase": event.phase.as_str(), "account": report.account,
            "user_blocks": report.user_blocks, "paid": report.paid, "hashes": report.hashes,
            "refusal": report.refusal.as_ref().map(ToString::to_string),
        });
        match words(&event.job, event.phase) {
            Some(words) => self.say(&words, &json),
            None if self.json => output::json(&json),
            None => Ok(()),
        }
    }

    fn stopped(&self, status: &ServerStatus) -> io::Result<()> {
        let ServerStatus { won, lost, failed, income, .. } = status;
        let words = format!(
            "stopped: jobs: {won} won, {lost} lost, {failed} failed; {} XNO earned",
            income.to_xno()
        );
        let json = json!({
            "event": "stopped", "won": won, "lost": lost, "failed": failed, "income": income,
        });
        self.say(&words, &json)
    }
}

/// What a person is told of a step; nothing of those that last a moment.
fn words(job: &Job, phase: Phase) -> Option<String> {
    let report = job.report();
    let id = report.id.to_string();
    let what = match phase {
        Phase::Solving => format!(
            "for {}: {} to find, pays {} XNO",
            report.account,
            output::count(report.works_needed, "work"),
            report.paid.to_xno()
        ),
        Phase::Solved => format!("all works found, {} hashes tried", report.hashes),
        Phase::Confirmed => format!("confirmed, {} XNO earned", report.paid.to_xno()),
        Phase::Failed | Phase::Lost => match &report.refusal {
            Some(refusal) => format!("{phase}: {refusal}"),
            None => phase.to_string(),
        },
        Phase::Published => "published".to_owned(),
        Phase::Queued | Phase::Publishing => return None,
    };
    Some(format!("job {}… {what}", &id[..8]))
}
