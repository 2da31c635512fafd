//! `p2pow-worker check`: whether a worker can run here, and what is to be mended.

mod finding;
mod node;

use crate::{
    devices::DeviceArgs,
    options::{AddressArgs, ConfigArgs, NodeArgs, OfferArgs},
};
use finding::{Finding, State};
use nano_pow::Pool;
use p2pow_cli::{
    Failure, KeyArgs,
    config::{Given, Table},
    output,
};
use p2pow_protocol::VERSION;
use p2pow_server::public_address::offer_of;
use std::{path::Path, time::Duration};

/// How long the devices are measured.
const MEASURE: Duration = Duration::from_millis(300);

const HELP: &str = "\
Looks at the configuration, the node, its WebSocket, the clock, the devices, the files of keys, and whether the public address answers as this worker. Changes nothing. A line that begins with `!!` keeps the worker from working, one with `--` is worth a look. The exit code is 1 if something must be mended.

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
}

/// Looks at everything, and says how it is.
pub(crate) async fn run(args: CheckArgs) -> Result<(), Failure> {
    p2pow_cli::log_to_stderr("off");
    let file = args.config.read()?;
    // What the file says was taken by its options when it was read; what it lacks is told here.
    let offer: OfferArgs = file.options(&Given::nothing())?;
    let node: NodeArgs = file.options(&args.node)?;
    let devices: DeviceArgs = file.options(&args.devices)?;
    let address: AddressArgs = file.options(&args.address)?;
    let mut findings = vec![Finding::well("configuration", "every line is understood")];
    findings.extend(node::look(&node, &file).await);
    findings.push(search(&devices).await);
    findings.extend(key_files(&file)?);
    findings.extend(reach(&address, &offer).await);
    tell(&findings, args.json)
}

fn tell(findings: &[Finding], json: bool) -> Result<(), Failure> {
    let wrong = findings.iter().filter(|finding| finding.state == State::Wrong).count();
    if json {
        output::json(&serde_json::json!({ "findings": findings, "wrong": wrong }))?;
    } else {
        findings.iter().try_for_each(|finding| output::line(finding.line()))?;
    }
    match wrong {
        0 => Ok(()),
        wrong => Err(Failure::new(format!("{} to be mended", output::count(wrong, "thing")))),
    }
}

/// The devices, measured for a moment.
async fn search(devices: &DeviceArgs) -> Finding {
    const WHAT: &str = "devices";
    let pool = match devices.open() {
        Ok(devices) => Pool::new(devices),
        Err(error) => {
            let mend = "`p2pow-worker devices` lists what there is";
            return Finding::wrong(WHAT, error.to_string(), mend);
        }
    };
    let names: Vec<String> = pool.status().devices.into_iter().map(|device| device.name).collect();
    let measured = tokio::task::spawn_blocking(move || pool.measure(MEASURE)).await;
    let found = |rate| format!("{}: {}", names.join(", "), output::hashrate(rate));
    match measured {
        Ok(rate) if rate > 0.0 => Finding::well(WHAT, found(rate)),
        _ => Finding::wrong(WHAT, found(0.0), "`p2pow-worker bench` says which device fails"),
    }
}

/// The files of keys that the configuration names: there, and for their owner alone.
fn key_files(file: &Table) -> Result<Vec<Finding>, Failure> {
    let key = KeyArgs::layered(&Given::nothing(), file)?;
    let files = [("key_file", key.key_file), ("seed_file", key.seed_file)];
    let named = files.into_iter().filter_map(|(what, path)| Some((what, path?)));
    let mut findings: Vec<_> = named.map(|(what, path)| key_file(what, &path)).collect();
    if findings.is_empty() {
        let mend = "`register` and `sweep` want one, by --key-file FILE; `run` needs none";
        findings.push(Finding::doubtful("key", "the configuration names none", mend));
    }
    Ok(findings)
}

fn key_file(what: &'static str, path: &Path) -> Finding {
    let shown = p2pow_cli::input::shown(path);
    match std::fs::metadata(path) {
        Err(error) => Finding::doubtful(
            what,
            format!("{shown}: {error}"),
            "`register` and `sweep` need it; `run` does not",
        ),
        #[cfg(unix)]
        Ok(found) if std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077 != 0 => {
            let mend = format!("chmod 600 {shown}");
            Finding::wrong(what, format!("{shown} can be read by other users"), mend)
        }
        Ok(_) => Finding::well(what, format!("{shown} is for its owner alone")),
    }
}

/// Whether this worker answers at its public addresses.
async fn reach(address: &AddressArgs, offer: &OfferArgs) -> Vec<Finding> {
    const WHAT: &str = "public address";
    let allow_local = true;
    if let Err(error) = address.check(allow_local) {
        let mend = "senders find nobody; set `public_ip`, then `p2pow-worker register`";
        return vec![Finding::doubtful(WHAT, error.to_string(), mend)];
    }
    let addresses = match address.find(allow_local).await {
        Ok(addresses) => addresses,
        Err(error) => return vec![Finding::wrong(WHAT, error.to_string(), "set `public_ip`")],
    };
    let mut findings = Vec::new();
    for ip in addresses {
        let own = offer.reward.reward_account;
        findings.push(match offer_of((ip, offer.public_port()).into()).await {
            Err(error) => Finding::doubtful(
                WHAT,
                format!("{ip} does not answer: {error}"),
                "start `p2pow-worker run`, and open the port in firewall and router",
            ),
            Ok(told) if told.reward_account != own => Finding::wrong(
                WHAT,
                format!("at {ip} another worker answers, which pays {}", told.reward_account),
                "lead the port to this computer",
            ),
            Ok(told) if told.version != VERSION => {
                Finding::wrong(WHAT, format!("{ip} speaks another version"), "update it")
            }
            Ok(_) => Finding::well(WHAT, format!("this worker answers at {ip}")),
        });
    }
    findings
}
