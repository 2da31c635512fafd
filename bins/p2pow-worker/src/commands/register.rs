//! `p2pow-worker register` and `unregister`: the worker's address on the ledger, where senders look for it.

use crate::{options::AddressArgs, own::OwnArgs, registrar::Registrar};
use p2pow_cli::{Failure, config::Given, output};
use p2pow_server::register::Registration;
use serde_json::{Value, json};
use std::net::IpAddr;
use tokio::time::{Duration, sleep};
use tracing::warn;

const HELP: &str = "\
Sends 18080613 raw to the registration account, with the address as representative, and waits for the confirmation. Money that waits for the registering account is received first if it has none. The work is done on this computer. What is registered already costs nothing.

The address is public_ip, else that of --ip-interface, else what at least two of --ip-services name while none names another. An address of IPv4 and one of IPv6 are two entries of two accounts: then a seed is wanted, whose key --index registers the first and the key after it the second. With --keep it goes on looking, and registers again when two looks in a row show a new address.

Examples:
  p2pow-worker register --public-ip 203.0.113.7
  p2pow-worker register --ip-services https://one.example/ip,https://two.example --keep
  p2pow-worker register --public-ip 127.0.0.1 --allow-local        (on a network of your own)";

const UNREGISTER_HELP: &str = "\
What stands on the ledger stays there for ever: an entry cannot be taken back. This writes a newer one that is no address, for another 18080613 raw and one work. Senders that take the newest entry of an account, as `p2pow` does, call nobody then. Programs of 2020 read every entry there ever was, and go on calling the old address: nothing stops them, and somebody else may have that address one day. It gives the account its own voting weight back.

Examples:
  p2pow-worker unregister
  p2pow-worker unregister --both          (the entries of both keys of the seed, of IPv4 and IPv6)";

/// Options of `register`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct RegisterArgs {
    #[command(flatten)]
    address: Given<AddressArgs>,
    /// Register an address that only your own network reaches
    #[arg(long)]
    allow_local: bool,
    /// Stay, and register again when the address changes
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    by: OwnArgs,
}

/// Options of `unregister`.
#[derive(Debug, clap::Args)]
#[command(after_help = UNREGISTER_HELP)]
pub(crate) struct UnregisterArgs {
    /// Withdraw the entry of the key after this one, too
    #[arg(long)]
    both: bool,
    #[command(flatten)]
    by: OwnArgs,
}

/// Registers and says so.
pub(crate) async fn run(args: RegisterArgs) -> Result<(), Failure> {
    p2pow_cli::log_to_stderr("warn");
    let (json, file) = (args.by.json, args.by.config.read()?);
    let address: AddressArgs = file.options(&args.address)?;
    address.check(args.allow_local)?;
    let every = address.look_every();
    let addresses = address.find(args.allow_local).await?;
    let mut registrar = Registrar::new(args.by.means(&file)?, args.allow_local)?;
    if !json {
        let shown: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        output::line(format_args!(
            "registering {}: finding work if it takes any",
            shown.join(" and ")
        ))?;
    }
    for registration in registrar.register(&addresses).await? {
        tell(&registration, json)?;
    }
    if args.keep {
        let is_told = |registration: &Registration| tell(registration, json).is_ok();
        keep(&address, &mut registrar, (addresses, every), is_told).await;
    }
    Ok(())
}

/// Looks for a new address again and again, and registers it. Ends when nobody wants to hear of it.
pub(crate) async fn keep(
    address: &AddressArgs,
    registrar: &mut Registrar,
    (mut known, every): (Vec<IpAddr>, Duration),
    mut is_told: impl FnMut(&Registration) -> bool,
) {
    let mut seen = known.clone();
    loop {
        sleep(every).await;
        let found = match address.find(registrar.allow_local()).await {
            Ok(found) => found,
            Err(error) => {
                warn!(%error, "the address of this worker cannot be told now");
                continue;
            }
        };
        // One look may be wrong; a registration costs work and stays for ever.
        let is_sure = known.is_empty() || found == seen;
        seen = found;
        if !is_sure || seen == known {
            continue;
        }
        match registrar.register(&seen).await {
            Ok(done) => {
                known = seen.clone();
                if !done.iter().filter(|entry| !entry.was_there).all(&mut is_told) {
                    return;
                }
            }
            Err(error) => warn!(%error, "the new address is not registered yet"),
        }
    }
}

/// Registers now, whatever comes of it, and goes on as [`keep`] does.
pub(crate) async fn start_and_keep(
    address: &AddressArgs,
    registrar: &mut Registrar,
    mut is_told: impl FnMut(&Registration) -> bool,
) {
    let now = async {
        let found = address.find(registrar.allow_local()).await?;
        let done = registrar.register(&found).await?;
        Ok::<_, Failure>((found, done))
    };
    let known = match now.await {
        Ok((found, done)) if done.iter().all(&mut is_told) => found,
        Ok(_) => return,
        Err(error) => {
            warn!(%error, "the address of this worker is not registered yet");
            Vec::new()
        }
    };
    keep(address, registrar, (known, address.look_every()), is_told).await;
}

/// Withdraws and says so.
pub(crate) async fn unregister(args: UnregisterArgs) -> Result<(), Failure> {
    p2pow_cli::log_to_stderr("warn");
    let (json, file) = (args.by.json, args.by.config.read()?);
    let mut registrar = Registrar::new(args.by.means(&file)?, true)?;
    for registration in registrar.unregister(args.both).await? {
        tell(&registration, json)?;
    }
    Ok(())
}

/// Tells of an entry.
pub(crate) fn tell(registration: &Registration, json: bool) -> Result<(), Failure> {
    let Registration { address, account, block, was_there, .. } = registration;
    if json {
        return Ok(output::json(&to_json(registration))?);
    }
    let words = match (address, was_there) {
        (Some(address), true) => {
            format!("{address} was registered already by {account}, block {block}")
        }
        (Some(address), false) => format!("{address} is registered by {account}, block {block}"),
        (None, true) => format!("{account} had withdrawn its address already, block {block}"),
        (None, false) => format!("{account} has withdrawn its address, block {block}"),
    };
    Ok(output::line(words)?)
}

/// An entry as JSON.
pub(crate) fn to_json(registration: &Registration) -> Value {
    let Registration { address, account, block, was_there, .. } = registration;
    json!({ "address": address, "account": account, "block": block, "was_there": was_there })
}
