//! `p2pow-worker run`: takes jobs until it is stopped.

mod look;
mod narrator;

use crate::{
    admin::AdminArgs,
    commands::serve::{cannot_listen, until_stopped},
    devices::DeviceArgs,
    options::{ConfigArgs, JournalArgs, NodeArgs, OfferArgs},
};
use look::{Looker, Offered};
use nano_pow::Pool;
use narrator::Narrator;
use p2pow_admin::Source;
use p2pow_cli::{Failure, config::Given};
use p2pow_server::{BindError, ListenError, Server};
use p2pow_store::SqliteStore;
use std::time::Duration;

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
    #[command(flatten)]
    admin: Given<AdminArgs>,
}

/// Works until Ctrl-C or SIGTERM.
pub(crate) async fn run(args: RunArgs) -> Result<(), Failure> {
    p2pow_cli::log_to_stderr("warn");
    let file = args.config.read()?;
    let offer: OfferArgs = file.options(&args.offer)?;
    let node: NodeArgs = file.options(&args.node)?;
    let devices: DeviceArgs = file.options(&args.devices)?;
    let JournalArgs { journal } = file.options(&args.journal)?;
    let admin = AdminArgs::layered(&args.admin, &file)?;
    let client = node.client(&file)?;
    let shown = client.url().to_owned();
    let pool = Pool::new(devices.open()?);
    let config = offer.config(&node, measure(&pool).await);
    let (network, reward_account, fee, max_jobs) =
        (config.network, config.reward_account, config.fee, config.max_jobs);
    let store = SqliteStore::open(&journal)?.shared();
    let server = Server::bind_with(config, client, pool.clone(), store);
    let server = server.await.map_err(refused)?;
    let terms = Offered {
        started_ms: look::now_ms(),
        listening: server.local_addrs().to_vec(),
        network,
        reward_account,
        fee,
        max_jobs,
    };
    let looker = Looker { watcher: server.watcher(), pool, node: shown, terms };
    let (narrator, status) = (Narrator { json: args.json }, looker.status());
    let mut events = server.subscribe();
    let watched = admin.serve(looker).await?;
    narrator.started(&status, watched.as_ref())?;
    narrator.resumed(&server)?;
    let outcome = tokio::select! {
        outcome = narrator.narrate(&mut events) => outcome,
        outcome = until_stopped() => outcome,
    };
    let status = server.status();
    server.shutdown().await;
    if let Some(watched) = watched {
        watched.server.shutdown().await;
    }
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
