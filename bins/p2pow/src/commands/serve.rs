//! `p2pow serve`: the wallet RPC of a node, with work from the market, until it is interrupted.

pub(crate) mod options;

use crate::{interrupts::Interrupts, options::Options};
use options::{PASSWORD_VARIABLE, ServeArgs, TOKEN_VARIABLE};
use p2pow_cli::{Failure, config::Given, output};
use p2pow_store::SqliteStore;
use p2pow_wallet::{BindError, Parts, WalletServer};
use serde_json::json;
use std::{io, path::Path};

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
}

/// Runs the subcommand until it is interrupted.
pub(crate) async fn run(command: ServeCommand) -> Result<(), Failure> {
    let mut interrupts = Interrupts::new()?;
    let settings = command.options.settings()?;
    let args = ServeArgs::layered(&command.serve, settings.file())?;
    let config = args.config(settings.file(), settings.representative())?;
    let store = match &args.store {
        Some(store) => store.clone(),
        None => settings.data()?.file("wallet.db"),
    };
    let password = args.password(!store.exists())?;
    let parts = Parts {
        node: settings.node()?,
        sender: settings.sender()?.with_journal(settings.journal()?),
        store: SqliteStore::open(&store)?.shared(),
        password,
    };
    let server = WalletServer::bind(config, parts).await.map_err(|error| refused(error, &store))?;
    started(&server, command.json)?;
    interrupts.next().await;
    server.shutdown().await;
    // Who has ended it well need not read it.
    let _ = stopped(command.json);
    Ok(())
}

fn refused(error: BindError, store: &Path) -> Failure {
    match error {
        BindError::NoToken { address } => Failure::Usage(format!(
            "other machines reach {address}: set {TOKEN_VARIABLE}, give --token-file FILE, or --listen on loopback"
        )),
        error if error.is_wrong_password() => Failure::new(format!(
            "the password does not open the wallets of --store: it is the one that the first start set (by \
             {PASSWORD_VARIABLE}, --password-file or on the terminal)"
        )),
        error if error.is_in_use() => Failure::new(format!(
            "another `p2pow serve` works with {}: end it, or give another --store",
            store.display()
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
