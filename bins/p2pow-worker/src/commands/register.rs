//! `p2pow-worker register`: the worker's address goes on the ledger, where senders look for it.

use crate::{
    devices::DeviceArgs,
    options::{AddressArgs, ConfigArgs, NodeArgs},
};
use nano_pow::Pool;
use p2pow_cli::{Failure, KeyArgs, config::Given, output};
use p2pow_protocol::registry::is_dialable;
use p2pow_server::register::{Options, Registration, register};
use serde_json::json;
use std::net::IpAddr;

const HELP: &str = "\
Sends 18080613 raw to the registration account, with the address as representative, and waits for the confirmation. Money that waits for the registering account is received first if it has none. The work is done on this computer. Registering again with the same address does nothing; register again when the address changes.

Examples:
  p2pow-worker register --public-ip 203.0.113.7
  p2pow-worker register --public-ip 127.0.0.1 --allow-local        (on a network of your own)";

/// Options of `register`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct RegisterArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    address: Given<AddressArgs>,
    /// Register an address that only your own network reaches
    #[arg(long)]
    allow_local: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    key: Given<KeyArgs>,
    #[command(flatten)]
    node: Given<NodeArgs>,
    #[command(flatten)]
    devices: Given<DeviceArgs>,
}

/// Registers and says so.
pub(crate) async fn run(args: RegisterArgs) -> Result<(), Failure> {
    p2pow_cli::log_to_stderr("warn");
    let file = args.config.read()?;
    let AddressArgs { public_ip } = file.options(&args.address)?;
    let node: NodeArgs = file.options(&args.node)?;
    let devices: DeviceArgs = file.options(&args.devices)?;
    let address = public_ip.ok_or_else(no_address)?;
    check_dialable(address, args.allow_local)?;
    let key = KeyArgs::layered(&args.key, &file)?.secret_key()?;
    let options =
        Options { network: node.network, allow_local: args.allow_local, ..Options::default() };
    let pool = Pool::new(devices.open()?);
    if !args.json {
        output::line(format_args!("registering {address} by {}: finding work", key.account()))?;
    }
    let registration = register(&node.client(&file)?, &pool, &key, address, &options).await?;
    tell(&registration, args.json)
}

fn no_address() -> Failure {
    Failure::Usage(
        "no address to register: give --public-ip IP, or public_ip in the configuration".into(),
    )
}

/// Refuses before anything is done what the registration would refuse.
fn check_dialable(address: IpAddr, allow_local: bool) -> Result<(), Failure> {
    if is_dialable(address, allow_local) {
        return Ok(());
    }
    let hint =
        if is_dialable(address, true) { ", or --allow-local on a network of your own" } else { "" };
    Err(Failure::Usage(format!(
        "--public-ip (`public_ip`): found {address}, which cannot be reached from the internet, wanted an address where the world reaches this worker{hint}"
    )))
}

fn tell(registration: &Registration, json: bool) -> Result<(), Failure> {
    let Registration { address, account, block, was_there, .. } = registration;
    if json {
        return Ok(output::json(&json!({
            "address": address, "account": account, "block": block, "was_there": was_there,
        }))?);
    }
    let when = if *was_there { "was registered already" } else { "is registered" };
    Ok(output::line(format_args!("{address} {when} by {account}, block {block}"))?)
}
