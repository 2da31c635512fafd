//! `p2pow-worker fleet status`: who is there in a fleet.

use super::serve::stop_signal;
use crate::{fleet::FleetArgs, options::ConfigArgs};
use p2pow_cli::{Failure, config::Given, output};
use p2pow_fleet::{FleetStatus, Watcher};
use std::{io, time::Duration};

/// How long the members of a fleet have to answer.
const WITHIN: Duration = Duration::from_secs(3);
/// How often `--watch` looks.
const EVERY: Duration = Duration::from_secs(1);

const HELP: &str = "\
Examples:
  p2pow-worker fleet status --fleet nats://10.0.0.1:4222
  p2pow-worker fleet status --watch --json     (one object each second)";

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
}

/// Looks, and shows.
pub(crate) async fn run(args: FleetCommandArgs) -> Result<(), Failure> {
    p2pow_cli::log_to_stderr("warn");
    let FleetCommand::Status(args) = args.command;
    let fleet = FleetArgs::layered(&args.fleet, &args.config.read_if_there()?)?;
    let mut watcher = Watcher::connect(&fleet.needed()?).await?;
    if !args.watch {
        return Ok(show(&watcher.look(WITHIN).await, args.json)?);
    }
    let mut stopped = std::pin::pin!(stop_signal()?);
    loop {
        show(&watcher.look(EVERY).await, args.json)?;
        tokio::select! {
            () = stopped.as_mut() => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

fn show(status: &FleetStatus, json: bool) -> io::Result<()> {
    if json { output::json(status) } else { lines(status).into_iter().try_for_each(output::line) }
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
