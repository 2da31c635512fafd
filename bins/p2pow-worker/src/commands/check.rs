//! `p2pow-worker check`: whether a worker can run here, and what is to be mended.

mod finding;
mod machine;
mod node;
mod reach;
mod registration;

use crate::{
    devices::DeviceArgs,
    options::{AddressArgs, ConfigArgs, JournalArgs, NodeArgs, OfferArgs},
};
use finding::{Finding, State};
use p2pow_cli::{
    Failure, KeyArgs,
    config::{Given, Table},
    output,
};

const HELP: &str = "\
Looks at the configuration, every node, the WebSocket, the clock, the devices, the files of keys, the journal's place, whether the public address answers as this worker, and whether the ledger leads senders there. Changes nothing, and asks for no password. A line that begins with `!!` keeps the worker from working or from being found, one with `--` is worth a look. The exit code is 0 if nothing must be mended, 1 if something must, and 2 for wrong usage.

The public address is asked from this computer: some routers do not lead back to where a call came from, though the world gets through.

Examples:
  p2pow-worker check
  p2pow-worker check --json --config /etc/p2pow/worker.toml";

/// Options of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: Given<NodeArgs>,
    #[command(flatten)]
    devices: Given<DeviceArgs>,
    #[command(flatten)]
    address: Given<AddressArgs>,
    #[command(flatten)]
    key: Given<KeyArgs>,
}

/// What a worker here would go by.
struct Worker {
    file: Table,
    offer: OfferArgs,
    node: NodeArgs,
    devices: DeviceArgs,
    journal: JournalArgs,
    address: AddressArgs,
    key: KeyArgs,
}

impl CheckArgs {
    /// Reads the configuration. What the file says was taken by its options when it was read; what it lacks is told here.
    fn worker(&self) -> Result<Worker, Failure> {
        let file = self.config.read()?;
        Ok(Worker {
            offer: file.options(&Given::nothing())?,
            node: file.options(&self.node)?,
            devices: file.options(&self.devices)?,
            journal: JournalArgs::layered(&Given::nothing(), &file)?,
            address: file.options(&self.address)?,
            key: KeyArgs::layered(&self.key, &file)?,
            file,
        })
    }
}

/// Looks at everything, and says how it is.
pub(crate) async fn run(args: CheckArgs) -> Result<(), Failure> {
    p2pow_cli::log_to_stderr("off");
    let findings = match args.worker() {
        Ok(worker) => worker.look().await,
        Err(usage @ Failure::Usage(_)) => return Err(usage),
        Err(error) => vec![Finding::wrong("configuration", error.to_string(), "mend that first")],
    };
    tell(&findings, args.json)
}

impl Worker {
    async fn look(&self) -> Vec<Finding> {
        let mut findings = vec![Finding::well("configuration", "every line is understood")];
        findings.extend(node::look(&self.node, &self.file).await);
        findings.push(machine::search(&self.devices).await);
        findings.extend(machine::key_files(&self.key));
        findings.push(machine::journal(&self.journal));
        let addresses = match reach::addresses(&self.address).await {
            Ok(addresses) => addresses,
            Err(finding) => {
                findings.push(finding);
                Vec::new()
            }
        };
        for &ip in &addresses {
            findings.push(reach::look(ip, &self.offer).await);
        }
        if let Ok(node) = self.node.client(&self.file) {
            let check = registration::RegistrationCheck {
                node: &node,
                network: self.node.network,
                key: &self.key,
            };
            findings.extend(check.look(&addresses).await);
        }
        findings
    }
}

fn tell(findings: &[Finding], json: bool) -> Result<(), Failure> {
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    let (wrong, doubtful) = (count(State::Wrong), count(State::Doubtful));
    if json {
        let report =
            serde_json::json!({ "findings": findings, "wrong": wrong, "doubtful": doubtful });
        output::json(&report)?;
    } else {
        findings.iter().try_for_each(|finding| output::line(finding.line()))?;
    }
    match wrong {
        0 => Ok(()),
        wrong => Err(Failure::new(format!("{} to be mended", output::count(wrong, "thing")))),
    }
}
