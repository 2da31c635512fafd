//! `p2pow-worker work-server`: work for nodes and wallets, by the protocol of nano-work-server.

mod file;

use super::{devices::DeviceArgs, run::until_stopped};
use file::ServerFile;
use nano_block::Network;
use nano_pow::{Backend, Pool, pool::Order};
use nano_rpc::Client;
use nano_work::{Config, Key, Limits, Rate, RemoteBackend, WorkServer};
use p2pow_cli::{Failure, block_on, config, output};
use serde_json::json;
use std::{env, net::SocketAddr, path::PathBuf, time::Duration};

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
    #[arg(long, short, value_name = "ADDRESS", default_value = "127.0.0.1:7076")]
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

/// Who may ask.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Access")]
struct AccessArgs {
    /// File with keys and remote work servers
    #[arg(long, value_name = "FILE", env = "P2POW_WORK_FILE")]
    file: Option<PathBuf>,
    /// Take jobs from everybody although there are keys
    #[arg(long)]
    open: bool,
    /// Jobs a second from one address without a key [default: no limit]
    #[arg(long, value_name = "N")]
    per_second: Option<f64>,
    /// Jobs at once after a rest, where there is a limit
    #[arg(long, value_name = "N", default_value_t = 10)]
    burst: u32,
    /// Jobs in hand from one address without a key [default: no limit]
    #[arg(long, value_name = "N")]
    at_once: Option<usize>,
    /// Let pages of every origin ask from browsers
    #[arg(long)]
    cors: bool,
}

/// What is done for those who may.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Jobs")]
struct JobArgs {
    /// Ask this work server too and take what is found first; may be repeated
    #[arg(long, value_name = "URL")]
    remote: Vec<String>,
    /// Which of the jobs that wait is next, among those of equal priority; several servers that get
    /// the same jobs had better take random ones
    #[arg(long, value_enum, default_value_t)]
    order: OrderName,
    /// Jobs that wait or are worked on; one more is told to come again
    #[arg(long, value_name = "N", default_value_t = 1024)]
    max_jobs: usize,
    /// The easiest work that is done, as a multiple of the network's base
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    min_multiplier: f64,
    /// The hardest work that is done, as a multiple of the network's base
    #[arg(long, value_name = "X", default_value_t = 64.0)]
    max_multiplier: f64,
    /// Seconds that a job may take from its arrival [default: no limit]
    #[arg(long, value_name = "S")]
    within: Option<f64>,
}

/// An order as it is named on the command line.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum OrderName {
    #[default]
    Fifo,
    Random,
}

/// Serves until Ctrl-C or SIGTERM.
pub(crate) fn run(args: WorkServerArgs) -> Result<(), Failure> {
    p2pow_cli::log_to_stderr("warn,nano_work=info");
    let file: ServerFile = match &args.access.file {
        Some(path) => config::read(path)?,
        None => ServerFile::default(),
    };
    let config = args.config(&file)?;
    let remotes = args.jobs.remotes(&file)?;
    let mut devices = args.devices.open()?;
    devices.extend(remotes);
    let order = match args.jobs.order {
        OrderName::Fifo => Order::Fifo,
        OrderName::Random => Order::Random,
    };
    let pool = Pool::builder(devices).order(order).build();
    block_on(serve(config, pool, args.json))
}

async fn serve(config: Config, pool: Pool, json: bool) -> Result<(), Failure> {
    warn_if_open_to_strangers(&config);
    let server = WorkServer::bind(config, pool.clone()).await?;
    tell(&server, &pool, json)?;
    until_stopped().await?;
    server.shutdown().await;
    Ok(())
}

fn tell(server: &WorkServer, pool: &Pool, json: bool) -> Result<(), Failure> {
    let address = server.local_addr();
    let devices: Vec<String> =
        pool.status().devices.into_iter().map(|device| device.name).collect();
    if json {
        let event = json!({ "event": "started", "listening": address, "devices": devices });
        return Ok(output::json(&event)?);
    }
    output::line(format_args!("listening on http://{address}"))?;
    Ok(output::line(format_args!("devices: {}", devices.join(", ")))?)
}

fn warn_if_open_to_strangers(config: &Config) {
    let is_free = config.open == Some(Limits::default());
    if is_free && !config.listen.ip().is_loopback() {
        tracing::warn!(
            address = %config.listen,
            "everybody who reaches this address may ask for any work: think of a key or a limit"
        );
    }
}

impl WorkServerArgs {
    fn config(&self, file: &ServerFile) -> Result<Config, Failure> {
        let keys = keys(file)?;
        let is_open = keys.is_empty() || self.access.open;
        Ok(Config {
            listen: self.listen,
            network: self.network,
            multipliers: self.jobs.min_multiplier..=self.jobs.max_multiplier,
            max_jobs: self.jobs.max_jobs,
            job_within: self.jobs.within.map(seconds).transpose()?,
            keys,
            open: is_open.then(|| self.access.limits()),
            cors: self.access.cors,
            ..Config::default()
        })
    }
}

impl AccessArgs {
    fn limits(&self) -> Limits {
        let rate = self.per_second.map(|per_second| Rate { per_second, burst: self.burst });
        Limits { rate, at_once: self.at_once, ..Limits::default() }
    }
}

impl JobArgs {
    fn remotes(&self, file: &ServerFile) -> Result<Vec<Box<dyn Backend>>, Failure> {
        let wrong = |error| Failure::Usage(format!("--remote: {error}"));
        let named = self.remote.iter().map(|url| Client::new(url).map_err(wrong));
        let listed = file.remotes.iter().map(file::Remote::client);
        named.chain(listed).map(|client| remote(&client?)).collect()
    }
}

fn remote(client: &Client) -> Result<Box<dyn Backend>, Failure> {
    Ok(Box::new(RemoteBackend::new(client)?))
}

/// The keys of the file and of the environment.
fn keys(file: &ServerFile) -> Result<Vec<Key>, Failure> {
    let mut keys = file.keys.iter().map(file::KeyEntry::key).collect::<Result<Vec<_>, _>>()?;
    if let Ok(secret) = env::var(KEY_VARIABLE) {
        keys.push(Key::new(KEY_VARIABLE, secret.trim(), Limits::default())?);
    }
    Ok(keys)
}

fn seconds(seconds: f64) -> Result<Duration, Failure> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|error| Failure::Usage(format!("--within: {error}")))
}
