//! `p2pow-worker run`: takes jobs until it is stopped.

mod look;
mod narrator;

use crate::{
    admin::AdminArgs,
    commands::{
        register::start_and_keep,
        serve::{cannot_listen, stop_signal},
    },
    devices::DeviceArgs,
    options::{AddressArgs, ConfigArgs, JournalArgs, KeepArgs, NodeArgs, OfferArgs},
    registrar::{Means, Registrar},
};
use listenfd::ListenFd;
use look::{Looker, Offered};
use nano_block::Network;
use nano_pow::Pool;
use narrator::Narrator;
use p2pow_admin::Source;
use p2pow_cli::{
    Failure, KeyArgs,
    config::{Given, Table},
};
use p2pow_server::{BindError, ListenError, Nodes, Server, Sockets, register::Registration};
use p2pow_store::SqliteStore;
use std::time::Duration;

/// How long the processor's speed is measured at the start.
const MEASURE: Duration = Duration::from_millis(500);

const HELP: &str = "\
Needs no key, unless it is to register by itself (--register). Prints a line for each step of a job; with --json one JSON object a line. Ctrl-C and SIGTERM stop it: what is being published is finished, and the next start goes on with the rest.

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
    #[command(flatten)]
    registration: RegistrationArgs,
}

/// What registering by itself takes.
#[derive(Debug, clap::Args)]
struct RegistrationArgs {
    #[command(flatten)]
    keep: Given<KeepArgs>,
    #[command(flatten)]
    address: Given<AddressArgs>,
    #[command(flatten)]
    key: Given<KeyArgs>,
}

impl RegistrationArgs {
    /// What registers, if that is wanted; a devnet's addresses may be local ones.
    fn registrar(
        &self,
        file: &Table,
        means: impl FnOnce(KeyArgs) -> Means,
    ) -> Result<Option<(AddressArgs, Registrar)>, Failure> {
        let KeepArgs { register } = file.options(&self.keep)?;
        if !register {
            return Ok(None);
        }
        let address: AddressArgs = file.options(&self.address)?;
        let means = means(KeyArgs::layered(&self.key, file)?);
        let allow_local = means.network == Network::Dev;
        address.check(allow_local)?;
        Ok(Some((address, Registrar::new(means, allow_local)?)))
    }
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
    let nodes = Nodes::new(client.clone(), node.more()?);
    let pool = Pool::new(devices.open()?);
    let registrar = args.registration.registrar(&file, |key| Means {
        node: client.clone(),
        pool: pool.clone(),
        key,
        network: node.network,
    })?;
    let mut config = offer.config(&node, measure(&pool).await);
    config.sockets = inherited()?;
    let (network, reward_account, fee, max_jobs) =
        (config.network, config.reward_account, config.fee, config.max_jobs);
    let store = SqliteStore::open(&journal)?.shared();
    let server = Server::bind_with(config, nodes, pool.clone(), store);
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
    // Before that is told: whoever sees the worker start may stop it at once.
    let stopped = stop_signal()?;
    narrator.started(&status, watched.as_ref())?;
    narrator.resumed(&server)?;
    if let Some((address, mut registrar)) = registrar {
        let is_told = move |entry: &Registration| narrator.registered(entry).is_ok();
        tokio::spawn(async move { start_and_keep(&address, &mut registrar, is_told).await });
    }
    let outcome = tokio::select! {
        outcome = narrator.narrate(&mut events) => outcome,
        () = stopped => Ok(()),
    };
    let status = server.status();
    server.shutdown().await;
    if let Some(watched) = watched {
        watched.server.shutdown().await;
    }
    narrator.stopped(&status)?;
    Ok(outcome?)
}

/// The listeners that a service manager has opened for this process (`LISTEN_FDS`).
fn inherited() -> Result<Sockets, Failure> {
    let mut handed = ListenFd::from_env();
    let mut listeners = Vec::new();
    for index in 0..handed.len() {
        listeners.extend(handed.take_tcp_listener(index)?);
    }
    Ok(Sockets::new(listeners))
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
