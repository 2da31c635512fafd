//! `p2pow-worker agent`: this machine's devices at the disposal of a fleet.

use super::serve::stop_signal;
use crate::{devices::DeviceArgs, options::ConfigArgs};
use nano_pow::Pool;
use p2pow_cli::{Failure, FleetArgs, config::Given, output};
use p2pow_fleet::{Agent, AgentStatus};
use serde_json::json;
use std::io;

const HELP: &str = "\
Needs no key, no node and no open port: it connects to the broker, and searches for the front ends of the fleet (`run --fleet`, `work-server --fleet`). Ctrl-C and SIGTERM stop it; what it was at goes on with the other agents. Of the configuration it reads the lines about the fleet and the devices.

Examples:
  p2pow-worker agent --fleet nats://10.0.0.1:4222
  p2pow-worker agent --fleet tls://nats.example.org --fleet-nkey-file agent.nk --fleet-member gpu-7 --devices gpu";

/// Options of `agent`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct AgentArgs {
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    fleet: Given<FleetArgs>,
    #[command(flatten)]
    devices: Given<DeviceArgs>,
}

/// Searches until Ctrl-C or SIGTERM.
pub(crate) async fn run(args: AgentArgs) -> Result<(), Failure> {
    p2pow_cli::log_to_stderr("warn");
    let file = args.config.read_if_there()?;
    let fleet = FleetArgs::layered(&args.fleet, &file)?;
    let devices: DeviceArgs = file.options(&args.devices)?;
    let broker = fleet.needed()?;
    let pool = Pool::new(devices.open()?);
    let stopped = stop_signal()?;
    let mut agent = Agent::start(&broker, fleet.member("agent"), pool.clone()).await?;
    let teller = Teller { json: args.json, agent: agent.name().to_string() };
    let devices: Vec<String> =
        pool.status().devices.into_iter().map(|device| device.name).collect();
    teller.started(&broker.to_string(), &devices)?;
    let mut status = agent.status();
    let told = async {
        let mut was_connected = None;
        while status.changed().await.is_ok() {
            let now: AgentStatus = status.borrow_and_update().clone();
            if was_connected.replace(now.is_connected) != Some(now.is_connected) {
                teller.connected(now.is_connected)?;
            }
        }
        io::Result::Ok(())
    };
    let outcome = tokio::select! {
        outcome = told => outcome,
        () = agent.ended() => Ok(()),
        () = stopped => Ok(()),
    };
    let found = agent.status().borrow().found;
    drop(agent);
    pool.close();
    teller.stopped(found)?;
    Ok(outcome?)
}

/// Tells the operator, in words or as JSON.
struct Teller {
    json: bool,
    agent: String,
}

impl Teller {
    fn started(&self, broker: &str, devices: &[String]) -> io::Result<()> {
        if self.json {
            let event = json!({ "event": "started", "agent": self.agent, "broker": broker, "devices": devices });
            return output::json(&event);
        }
        output::line(format_args!(
            "agent {} at {broker}, devices: {}",
            self.agent,
            devices.join(", ")
        ))
    }

    fn connected(&self, is_connected: bool) -> io::Result<()> {
        if self.json {
            return output::json(
                &json!({ "event": if is_connected { "connected" } else { "disconnected" } }),
            );
        }
        output::line(if is_connected {
            "connected"
        } else {
            "the broker is away, connecting again"
        })
    }

    fn stopped(&self, found: u64) -> io::Result<()> {
        if self.json {
            return output::json(&json!({ "event": "stopped", "found": found }));
        }
        output::line(format_args!("stopped, found {found} works"))
    }
}
