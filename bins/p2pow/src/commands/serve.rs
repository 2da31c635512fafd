//! `p2pow serve`: the wallet RPC of a node, with work from the market, until it is interrupted.

mod kept;
pub(crate) mod options;

use crate::{
    interrupts::Interrupts,
    options::{Options, Settings},
};
use kept::Kept;
use options::{PASSWORD_VARIABLE, ServeArgs, TOKEN_VARIABLE};
use p2pow_cli::{Failure, config::Given, output};
use p2pow_wallet::{BindError, Parts, WalletServer};
use serde_json::json;
use std::io;

const HELP: &str = "\
Speaks the wallet actions of a Nano node and of Pippin (wallet_create, account_create, send with `id`, receive, …): point the \
     URL of an integration here, and change nothing else. What is no wallet's business goes to the node of --node. Each \
     payment is made once, whatever is asked twice or killed in the middle. docs/wallet-rpc.md tells all of it: actions, \
     differences, payouts over REST, webhooks.

Keys are sealed at rest with a password, which the first start sets: by the variable P2POW_SERVE_PASSWORD, the file of \
     --password-file, or on the terminal. Without it nobody opens the wallets again. Back up the file of --store while the \
     server is stopped.

Without a token only programs of this machine may ask. With one, in the variable P2POW_SERVE_TOKEN or the file of \
     --token-file, callers show it as `Authorization: Bearer TOKEN`; put TLS in front where others can listen.

Examples:
  p2pow serve --node http://127.0.0.1:7076 --password-file wallet.password
  curl -d '{\"action\":\"wallet_create\"}' http://127.0.0.1:7072
  curl -d '{\"action\":\"send\",\"wallet\":\"…\",\"source\":\"nano_…\",\"destination\":\"nano_…\",\"amount\":\"1\",\"id\":\"invoice 7\"}' http://127.0.0.1:7072
  p2pow serve --receive --receive-minimum 0.01 --listen 0.0.0.0:7072 --token-file wallet.token";

/// Options of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct ServeCommand {
    #[command(flatten)]
    serve: Given<ServeArgs>,
    #[command(flatten)]
    options: Options,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
    #[cfg(feature = "fleet")]
    #[command(flatten)]
    fleet: Given<p2pow_cli::FleetArgs>,
    #[cfg(feature = "fleet")]
    #[command(flatten)]
    kept: Given<p2pow_cli::KeptArgs>,
}

/// Runs the subcommand until it is interrupted.
pub(crate) async fn run(command: ServeCommand) -> Result<(), Failure> {
    let mut interrupts = Interrupts::new()?;
    let settings = command.options.clone().settings()?;
    let args = ServeArgs::layered(&command.serve, settings.file())?;
    let config = args.config(settings.file(), settings.representative())?;
    let mut kept = kept(&command, &args, &settings).await?;
    let password = args.password(kept.is_new().await?)?;
    let parts = Parts {
        node: settings.node()?,
        sender: settings.sender()?.with_journal(kept.journal.clone()),
        owners: kept.join().await?,
        store: kept.store.clone(),
        password,
    };
    let server = WalletServer::bind(config, parts).await;
    let server = server.map_err(|error| refused(error, &kept.place))?;
    started(&server, command.json)?;
    interrupts.next().await;
    server.shutdown().await;
    kept.leave().await;
    // Who has ended it well need not read it.
    let _ = stopped(command.json);
    Ok(())
}

/// In files of this machine.
#[cfg(not(feature = "fleet"))]
#[allow(clippy::unused_async)] // a build with fleets has to wait
async fn kept(_: &ServeCommand, args: &ServeArgs, settings: &Settings) -> Result<Kept, Failure> {
    Kept::in_files(args, settings)
}

/// In the fleet or in files of this machine.
#[cfg(feature = "fleet")]
async fn kept(
    command: &ServeCommand,
    args: &ServeArgs,
    settings: &Settings,
) -> Result<Kept, Failure> {
    let file = settings.file().table("serve");
    let fleet = p2pow_cli::FleetArgs::layered(&command.fleet, &file)?;
    let kept = Kept::in_fleet(file.options(&command.kept)?, fleet, settings).await?;
    kept.map_or_else(|| Kept::in_files(args, settings), Ok)
}

fn refused(error: BindError, store: &str) -> Failure {
    match error {
        BindError::NoToken { address } => Failure::Usage(format!(
            "other machines reach {address}: set {TOKEN_VARIABLE}, give --token-file FILE, or --listen on loopback"
        )),
        error if error.is_wrong_password() => Failure::new(format!(
            "the password does not open the wallets of --store: it is the one that the first start set (by \
             {PASSWORD_VARIABLE}, --password-file or on the terminal)"
        )),
        error if error.is_in_use() => Failure::new(format!(
            "another `p2pow serve` works with {store}: end it, or give another --store"
        )),
        error => error.into(),
    }
}

fn started(server: &WalletServer, json: bool) -> io::Result<()> {
    let (addresses, open) = (server.local_addrs(), server.open_payments());
    if json {
        let event = json!({ "event": "started", "listening": addresses, "open_payments": open });
        return output::json(&event);
    }
    for address in addresses {
        output::line(format_args!("the wallet RPC is at http://{address}"))?;
    }
    if open > 0 {
        output::line(format_args!("{} under way", output::count(open, "payment")))?;
    }
    Ok(())
}

fn stopped(json: bool) -> io::Result<()> {
    if json { output::json(&json!({ "event": "stopped" })) } else { output::line("stopped") }
}
