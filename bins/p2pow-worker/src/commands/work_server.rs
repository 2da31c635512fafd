//! `p2pow-worker work-server`: work for nodes and wallets, by the protocol of nano-work-server.

mod file;
mod options;

use super::{devices::DeviceArgs, listen::cannot_listen, run::until_stopped};
use file::ServerFile;
use nano_block::Network;
use nano_pow::{Backend, Pool};
use nano_rpc::Client;
use nano_work::{
    BindError, CallerLimits, Key, ListenError, RemoteBackend, WorkServer, WorkServerConfig,
};
use options::{AccessArgs, JobArgs};
use p2pow_cli::{Failure, block_on, output, values};
use serde_json::json;
use std::{env, io, net::SocketAddr};

/// The variable that may hold a key.
const KEY_VARIABLE: &str = "P2POW_WORK_KEY";

const HELP: &str = "\
Answers work_generate, work_cancel, work_validate, benchmark and status, as nano-work-server does: point `work_peers` of a node or the work server of a wallet here. Nobody is paid for this; for that see `p2pow-worker run`.

With a key, in the variable P2POW_WORK_KEY or in the file, callers show it as `Authorization: Bearer KEY` or `X-API-Key: KEY`; the others are turned away unless --open is given. The file is TOML:
  [[key]]
  name = \"alice\"
  secret = \"…\"
  per_second = 0.5        # these four may be left out
  burst = 10
  at_once = 4
  priority = 1            # who has more is served first
  [[remote]]              # a work server to be asked too
  url = \"https://work.example.org\"
  headers = { X-API-Key = \"…\" }

Examples:
  p2pow-worker work-server
  p2pow-worker work-server --listen 0.0.0.0:7076 --file work-server.toml --devices gpu
  p2pow-worker work-server --remote http://192.0.2.1:7076 --max-multiplier 1";

/// Options of `work-server`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct WorkServerArgs {
    /// Address and port to listen on
    #[arg(long, short, value_name = "IP:PORT", default_value = "127.0.0.1:7076")]
    #[arg(value_parser = values::socket_address)]
    listen: SocketAddr,
    /// Whose thresholds count: live, beta, test, dev or banano
    #[arg(long, default_value_t, env = "P2POW_NETWORK")]
    network: Network,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    jobs: JobArgs,
    #[command(flatten)]
    access: AccessArgs,
    #[command(flatten)]
    devices: DeviceArgs,
}

/// Serves until Ctrl-C or SIGTERM.
pub(crate) fn run(args: WorkServerArgs) -> Result<(), Failure> {
    p2pow_cli::log_to_stderr("warn,nano_work=info");
    let file = args.access.file.as_deref().map(ServerFile::read).transpose()?.unwrap_or_default();
    let config = args.config(file.keys)?;
    args.access.warn_if_idle(!config.keys.is_empty());
    let remotes = args.jobs.remotes()?.into_iter().chain(file.remotes);
    let remotes = remotes.map(|client| remote(&client)).collect::<Result<Vec<_>, _>>()?;
    let mut devices = args.devices.open_beside(remotes.len())?;
    let has_local = !devices.is_empty();
    devices.extend(remotes);
    let pool = Pool::builder(devices).order(args.jobs.order()).build();
    block_on(serve(config, pool, Announcer { json: args.json, has_local }))
}

async fn serve(config: WorkServerConfig, pool: Pool, announcer: Announcer) -> Result<(), Failure> {
    let is_free = config.open == Some(CallerLimits::default());
    let server = WorkServer::bind(config, pool.clone()).await.map_err(refused)?;
    if is_free {
        warn_if_strangers_get_here(server.local_addr());
    }
    announcer.started(&server, &pool)?;
    until_stopped().await?;
    server.shutdown().await;
    Ok(announcer.stopped()?)
}

fn refused(error: BindError) -> Failure {
    match error {
        BindError::Listen(ListenError::Listen { address, source }) => {
            cannot_listen(address, &source, "--listen")
        }
        error => error.into(),
    }
}

fn warn_if_strangers_get_here(address: SocketAddr) {
    if !address.ip().is_loopback() {
        tracing::warn!(
            %address,
            "everybody who reaches this address may ask for any work: think of a key or a limit"
        );
    }
}

/// Tells the operator that the server is there, or gone, in words or as JSON.
struct Announcer {
    json: bool,
    /// Whether a device of this computer searches.
    has_local: bool,
}

impl Announcer {
    fn started(&self, server: &WorkServer, pool: &Pool) -> io::Result<()> {
        let address = server.local_addr();
        let devices: Vec<String> =
            pool.status().devices.into_iter().map(|device| device.name).collect();
        if self.json {
            let event = json!({
                "event": "started", "listening": address, "devices": devices, "remote_only": !self.has_local,
            });
            return output::json(&event);
        }
        let alone = if self.has_local {
            ""
        } else {
            " (none of this computer: jobs fail while these are down)"
        };
        output::line(format_args!("listening on http://{address}"))?;
        output::line(format_args!("devices: {}{alone}", devices.join(", ")))
    }

    fn stopped(&self) -> io::Result<()> {
        if self.json {
            output::json(&json!({ "event": "stopped" }))
        } else {
            output::line("stopped")
        }
    }
}

impl WorkServerArgs {
    fn config(&self, mut keys: Vec<Key>) -> Result<WorkServerConfig, Failure> {
        keys.extend(key_of_environment()?);
        let is_open = keys.is_empty() || self.access.open;
        Ok(WorkServerConfig {
            listen: self.listen,
            network: self.network,
            multipliers: self.jobs.multipliers()?,
            max_jobs: self.jobs.max_jobs.get(),
            job_within: self.jobs.within,
            keys,
            open: is_open.then(|| self.access.limits()),
            cors: self.access.cors,
            ..WorkServerConfig::default()
        })
    }
}

fn remote(client: &Client) -> Result<Box<dyn Backend>, Failure> {
    Ok(Box::new(RemoteBackend::new(client)?))
}

fn key_of_environment() -> Result<Option<Key>, Failure> {
    let Ok(secret) = env::var(KEY_VARIABLE) else { return Ok(None) };
    let key = Key::new(KEY_VARIABLE, secret.trim(), CallerLimits::default());
    key.map(Some).map_err(|error| Failure::new(format!("{KEY_VARIABLE}: {error}")))
}
