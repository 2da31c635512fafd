//! `p2pow-worker run`: takes jobs until it is stopped.

mod charts;
mod look;
mod narrator;
mod watch;

use crate::{
    admin::AdminArgs,
    commands::{
        register::start_and_keep,
        serve::{cannot_listen, stop_signal},
    },
    devices::DeviceArgs,
    kept::Kept,
    options::{AddressArgs, ConfigArgs, JournalArgs, KeepArgs, NodeArgs, OfferArgs},
    own::Means,
    registrar::Registrar,
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
use std::time::Duration;
use tracing::warn;
use watch::Watch;

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
    #[cfg(feature = "fleet")]
    #[command(flatten)]
    fleet: Given<p2pow_cli::FleetArgs>,
    #[cfg(feature = "fleet")]
    #[command(flatten)]
    kept: Given<p2pow_cli::KeptArgs>,
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
    let admin = AdminArgs::layered(&args.admin, &file)?;
    let mut config = offer.config(&node)?;
    let client = node.client(&file)?;
    let nodes = Nodes::new(client.clone(), node.more()?);
    let tools = Tools::open(&args, &file).await?;
    let (pool, kept) = (tools.pool, tools.kept);
    let registrar = args.registration.registrar(&file, |key| Means {
        node: client.clone(),
        pool: pool.clone(),
        key,
        network: node.network,
    })?;
    config.hashrate = measure(&pool).await;
    let sockets = inherited()?;
    config.sockets = sockets.clone();
    let terms = Offered::new(&config);
    let server = Server::bind_with(config, nodes, pool.clone(), kept.journal());
    let server = server.await.map_err(refused)?;
    let terms = Offered { listening: server.local_addrs().to_vec(), ..terms };
    let looker = Looker {
        watcher: server.watcher(),
        pool,
        terms,
        #[cfg(feature = "fleet")]
        fleet: tools.fleet,
    };
    let (narrator, status) = (Narrator { json: args.json }, looker.status());
    let node_error = server.status().node_error;
    let mut events = server.subscribe();
    let watch = Watch::start(&admin, looker, (sockets.clone(), kept.charts())).await?;
    warn_of_unused(&sockets);
    // Before that is told: whoever sees the worker start may stop it at once.
    let stopped = stop_signal()?;
    narrator.started((&status, node_error.as_deref()), watch.as_ref().map(Watch::watched))?;
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
    kept.leave().await;
    if let Some(watch) = watch {
        watch.stop().await;
    }
    narrator.stopped(&status)?;
    Ok(outcome?)
}

/// What a worker works with.
struct Tools {
    pool: Pool,
    kept: Kept,
    /// What can be told of the fleet, if there is one.
    #[cfg(feature = "fleet")]
    fleet: Option<crate::fleet::Standing>,
}

impl Tools {
    /// On this machine alone.
    #[cfg(not(feature = "fleet"))]
    #[allow(clippy::unused_async)] // a build with fleets has to wait
    async fn open(args: &RunArgs, file: &Table) -> Result<Self, Failure> {
        let devices = file.options::<DeviceArgs>(&args.devices)?.open()?;
        let JournalArgs { journal } = JournalArgs::layered(&args.journal, file)?;
        Ok(Self { pool: Pool::new(devices), kept: Kept::in_file(&journal)? })
    }

    /// On this machine and in the fleet, if there is one.
    #[cfg(feature = "fleet")]
    async fn open(args: &RunArgs, file: &Table) -> Result<Self, Failure> {
        let devices = file.options::<DeviceArgs>(&args.devices)?.open()?;
        let JournalArgs { journal } = JournalArgs::layered(&args.journal, file)?;
        let fleet = p2pow_cli::FleetArgs::layered(&args.fleet, file)?;
        let (fleet, is_named) = fleet.named("front");
        let (devices, standing) = crate::fleet::beside(&fleet, devices).await?;
        let kept = Kept::in_fleet(&file.options(&args.kept)?, (&fleet, is_named)).await?;
        let kept = kept.map_or_else(|| Kept::in_file(&journal), Ok)?;
        Ok(Self { pool: Pool::new(devices), kept, fleet: standing })
    }
}

/// The listeners that a service manager has opened for this process (`LISTEN_FDS`), for senders and for the operator:
/// which is which is told by their addresses.
fn inherited() -> Result<Sockets, Failure> {
    let mut handed = ListenFd::from_env();
    let mut listeners = Vec::new();
    for index in 0..handed.len() {
        listeners.extend(handed.take_tcp_listener(index)?);
    }
    Ok(Sockets::new(listeners))
}

fn warn_of_unused(sockets: &Sockets) {
    for address in sockets.addresses() {
        warn!(%address, "nobody is answered on a listener that was handed over: neither `listen` nor `admin` names it");
    }
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
