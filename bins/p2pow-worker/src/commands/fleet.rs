//! `p2pow-worker fleet status`: who is there in a fleet, and who has which jobs.

use super::serve::stop_signal;
use crate::options::ConfigArgs;
use p2pow_cli::{Failure, FleetArgs, KeptArgs, config::Given, output};
use p2pow_fleet::{FleetStatus, LeaseView, Watcher};
use p2pow_server::books;
use p2pow_store::Store;
use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

/// How long the members of a fleet have to answer.
const WITHIN: Duration = Duration::from_secs(3);
/// How often `--watch` looks.
const EVERY: Duration = Duration::from_secs(1);

const HELP: &str = "\
Examples:
  p2pow-worker fleet status --fleet nats://10.0.0.1:4222
  p2pow-worker fleet status --watch --json     (one object each second)
  p2pow-worker fleet status --fleet-journal    (and the leases, with the credentials of a front end)";

/// Options of `fleet`.
#[derive(Debug, clap::Args)]
pub(crate) struct FleetCommandArgs {
    #[command(subcommand)]
    command: FleetCommand,
}

#[derive(Debug, clap::Subcommand)]
enum FleetCommand {
    /// Show the agents and the front ends
    Status(Box<FleetStatusArgs>),
}

/// Options of `fleet status`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
struct FleetStatusArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Look again each second, until Ctrl-C
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    fleet: Given<FleetArgs>,
    #[command(flatten)]
    kept: Given<KeptArgs>,
}

/// The front ends that share a journal, and their jobs.
#[derive(Debug, serde::Serialize)]
struct Leases {
    /// By the names under which they have jobs.
    leases: BTreeMap<String, Holder>,
    /// Jobs that are not at their end.
    jobs: usize,
    /// Those whose owner is gone, or has yet to be seen.
    jobs_of_nobody: usize,
}

#[derive(Debug, serde::Serialize)]
struct Holder {
    #[serde(flatten)]
    lease: LeaseView,
    /// Its jobs by their phases.
    jobs: BTreeMap<&'static str, usize>,
}

/// What is shown.
#[derive(Debug, serde::Serialize)]
struct Shown {
    #[serde(flatten)]
    status: FleetStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal: Option<Leases>,
}

impl Leases {
    async fn read(store: &Arc<dyn Store>) -> Result<Self, Failure> {
        let found = p2pow_fleet::leases(Arc::clone(store)).await?;
        let unfinished = books::unfinished(Arc::clone(store)).await?;
        let holder = |(owner, lease)| (owner, Holder { lease, jobs: BTreeMap::new() });
        let mut leases: BTreeMap<_, _> = found.into_iter().map(holder).collect();
        let mut jobs_of_nobody = 0;
        for job in &unfinished {
            match leases.get_mut(&job.owner).filter(|holder| !holder.lease.is_over) {
                Some(holder) => *holder.jobs.entry(job.phase.as_str()).or_default() += 1,
                None => jobs_of_nobody += 1,
            }
        }
        Ok(Self { leases, jobs: unfinished.len(), jobs_of_nobody })
    }

    fn lines(&self) -> Vec<String> {
        let Self { leases, jobs, jobs_of_nobody } = self;
        let held = leases.iter().filter(|(_, holder)| !holder.lease.is_over);
        let count = output::count(held.clone().count(), "lease");
        let mut lines = vec![format!(
            "journal: {count}, {} open, {jobs_of_nobody} of them to be taken over",
            output::count(*jobs, "job")
        )];
        lines.extend(held.map(|(owner, holder)| {
            let jobs = holder.jobs.iter().map(|(phase, jobs)| format!("{jobs} {phase}"));
            let jobs = jobs.collect::<Vec<_>>().join(", ");
            format!("  {owner:<40} {}", if jobs.is_empty() { "no jobs" } else { &jobs })
        }));
        lines
    }
}

/// Looks, and shows.
pub(crate) async fn run(args: FleetCommandArgs) -> Result<(), Failure> {
    p2pow_cli::log_to_stderr("warn");
    let FleetCommand::Status(args) = args.command;
    let file = args.config.read_if_there()?;
    let fleet = FleetArgs::layered(&args.fleet, &file)?;
    let store = file.options::<KeptArgs>(&args.kept)?.store(&fleet, "").await?;
    let mut watcher = Watcher::connect(&fleet.needed()?).await?;
    let mut look = async |within| {
        let status = watcher.look(within).await;
        let journal = match &store {
            Some(store) => Some(Leases::read(store).await?),
            None => None,
        };
        Ok::<_, Failure>(show(&Shown { status, journal }, args.json)?)
    };
    if !args.watch {
        return look(WITHIN).await;
    }
    let mut stopped = std::pin::pin!(stop_signal()?);
    loop {
        look(EVERY).await?;
        tokio::select! {
            () = stopped.as_mut() => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

fn show(shown: &Shown, json: bool) -> io::Result<()> {
    if json {
        return output::json(shown);
    }
    let journal = shown.journal.iter().flat_map(Leases::lines);
    lines(&shown.status).into_iter().chain(journal).try_for_each(output::line)
}

fn lines(status: &FleetStatus) -> Vec<String> {
    let rate: f64 = status.agents.values().map(|agent| agent.hashes_per_second).sum();
    let (agents, fronts) = (status.agents.len(), status.fronts.len());
    let (agents, fronts) = (output::count(agents, "agent"), output::count(fronts, "front end"));
    let mut lines = vec![format!("{agents}, {} together; {fronts}", output::hashrate(rate))];
    lines.extend(status.agents.iter().map(|(name, agent)| {
        let (rate, orders) =
            (output::hashrate(agent.hashes_per_second), output::count(agent.orders, "order"));
        format!(
            "  {name:<24} {rate:>12}  {orders:>10}  {} ({})",
            agent.devices.join(", "),
            agent.version
        )
    }));
    for (name, front) in &status.fronts {
        let (orders, agents) =
            (output::count(front.orders, "order"), output::count(front.agents, "agent"));
        let counts = format!("{} found, {} wrong", front.found, front.wrong);
        lines.push(format!("  {name:<24} {orders} out to {agents}; {counts} ({})", front.version));
        lines.extend(front.quarantined.iter().map(|left| {
            format!("    leaves {} alone for {} s: {}", left.agent, left.seconds, left.reason)
        }));
    }
    lines
}
