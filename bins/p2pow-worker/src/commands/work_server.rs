//! `p2pow-worker work-server`: work for nodes and wallets, by the protocol of nano-work-server.

mod file;
mod options;

use super::serve::{cannot_listen, stop_signal};
use crate::devices::DeviceArgs;
use nano_pow::{Backend, Pool};
use nano_rpc::{Client, ConfigError};
use nano_work::{
    BindError, CallerLimits, Key, ListenError, RemoteBackend, WorkServer, WorkServerConfig,
};
use options::{AccessArgs, JobArgs, ListenArgs};
use p2pow_cli::{Failure, block_on, config::Given, output};
use serde_json::json;
use std::{env, io, net::SocketAddr, path::PathBuf};

/// The variable that may hold a key.
const KEY_VARIABLE: &str = "P2POW_WORK_KEY";

const HELP: &str = "\
Answers work_generate, work_cancel, work_validate, benchmark and status, as nano-work-server does: point `work_peers` of a node or the work server of a wallet here. Nobody is paid for this; for that see `p2pow-worker run`.

With a key, in the variable P2POW_WORK_KEY or in the file, callers show it as `Authorization: Bearer KEY` or `X-API-Key: KEY`; the others are turned away unless --open is given. The file is TOML and may say every option but --remote (--max-jobs 8 is `max_jobs = 8`; flags and variables come first), and what must not stand on a command line:
  [[key]]
  name = \"alice\"
  secret = \"…\"                  # per_second, burst, at_once, priority may follow
  [[remote]]
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
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
    /// File with options, keys and remote work servers
    #[arg(long, alias = "config", value_name = "FILE", env = "P2POW_WORK_FILE")]
    file: Option<PathBuf>,
    /// Ask this work server too and take what is found first; may be repeated
    #[arg(long, value_name = "URL")]
    remote: Vec<String>,
    #[command(flatten)]
    listen: Given<ListenArgs>,
    #[command(flatten)]
    jobs: Given<JobArgs>,
    #[command(flatten)]
    access: Given<AccessArgs>,
    #[command(flatten)]
    devices: Given<DeviceArgs>,
    #[cfg(feature = "fleet")]
    #[command(flatten)]
    fleet: Given<p2pow_cli::FleetArgs>,
}

/// Serves until Ctrl-C or SIGTERM.
pub(crate) fn run(args: WorkServerArgs) -> Result<(), Failure> {
    p2pow_cli::log_to_stderr("warn,nano_work=info");
    let layout = file::layout();
    let file = args.file.as_deref().map_or_else(|| Ok(layout.empty()), |path| layout.read(path))?;
    let listen: ListenArgs = file.options(&args.listen)?;
    let jobs: JobArgs = file.options(&args.jobs)?;
    let access: AccessArgs = file.options(&args.access)?;
    let devices: DeviceArgs = file.options(&args.devices)?;
    let keys: Vec<Key> = file::keys(&file)?.into_iter().chain(key_of_environment()?).collect();
    access.warn_if_idle(!keys.is_empty());
    let remotes = named(&args.remote)?.into_iter().chain(file::remotes(&file)?);
    let remotes = remotes.map(|client| remote(&client)).collect::<Result<Vec<_>, _>>()?;
    #[cfg(feature = "fleet")]
    let fleet = p2pow_cli::FleetArgs::layered(&args.fleet, &file)?;
    #[cfg(feature = "fleet")]
    let remotes: Vec<_> =
        remotes.into_iter().chain(crate::fleet::device(&fleet)?.map(boxed)).collect();
    let config = config(&listen, &jobs, &access, keys)?;
    let mut devices = devices.open_beside(remotes.len())?;
    let has_local = !devices.is_empty();
    devices.extend(remotes);
    let pool = Pool::builder(devices).order(jobs.order()).build();
    block_on(serve(config, pool, Announcer { json: args.json, has_local }))
}

/// The work servers that are named by flags.
fn named(urls: &[String]) -> Result<Vec<Client>, Failure> {
    let wrong = |error: ConfigError| Failure::Usage(format!("--remote: {error}"));
    urls.iter().map(|url| Client::new(url).map_err(wrong)).collect()
}

async fn serve(config: WorkServerConfig, pool: Pool, announcer: Announcer) -> Result<(), Failure> {
    let is_free = config.open == Some(CallerLimits::default());
    let server = WorkServer::bind(config, pool.clone()).await.map_err(refused)?;
    if is_free {
        warn_if_strangers_get_here(server.local_addr());
    }
    let stopped = stop_signal()?;
    announcer.started(&server, &pool)?;
    stopped.await;
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

fn config(
    listen: &ListenArgs,
    jobs: &JobArgs,
    access: &AccessArgs,
    keys: Vec<Key>,
) -> Result<WorkServerConfig, Failure> {
    let is_open = keys.is_empty() || access.open;
    Ok(WorkServerConfig {
        listen: listen.listen,
        network: listen.network,
        multipliers: jobs.multipliers()?,
        max_jobs: jobs.max_jobs,
        job_within: jobs.within,
        keys,
        open: is_open.then(|| access.limits()),
        cors: access.cors,
        ..WorkServerConfig::default()
    })
}

fn remote(client: &Client) -> Result<Box<dyn Backend>, Failure> {
    Ok(Box::new(RemoteBackend::new(client)?))
}

#[cfg(feature = "fleet")]
fn boxed(fleet: p2pow_fleet::FleetBackend) -> Box<dyn Backend> {
    Box::new(fleet)
}

fn key_of_environment() -> Result<Option<Key>, Failure> {
    let Ok(secret) = env::var(KEY_VARIABLE) else { return Ok(None) };
    let key = Key::new(KEY_VARIABLE, secret.trim(), CallerLimits::default());
    key.map(Some).map_err(|error| Failure::new(format!("{KEY_VARIABLE}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::{config, file};
    use crate::options::tests::shown_of;
    use nano_work::WorkServerConfig;
    use p2pow_cli::config::Given;

    #[test]
    fn defaults_are_those_of_the_library() {
        let file = file::layout().empty();
        let nothing = (Given::nothing(), Given::nothing(), Given::nothing());
        let listen = file.options(&nothing.0).unwrap();
        let (jobs, access) = (file.options(&nothing.1).unwrap(), file.options(&nothing.2).unwrap());
        let config = config(&listen, &jobs, &access, Vec::new()).unwrap();
        assert_eq!(format!("{config:?}"), format!("{:?}", WorkServerConfig::default()));
    }

    #[test]
    fn flags_and_variables_are_named_as_the_lines_of_the_file() {
        let shared = ["network", "devices", "threads", "low_priority", "pin", "kernel"];
        for arg in file::layout().declared() {
            let key = arg.get_id().as_str();
            let is_shared = shared.contains(&key) || key.starts_with("fleet");
            let prefix = if is_shared { "P2POW" } else { "P2POW_WORK" };
            let variable = format!("{prefix}_{}", key.to_uppercase());
            assert_eq!(arg.get_env().unwrap().to_str(), Some(variable.as_str()));
            assert_eq!(arg.get_long(), Some(key.replace('_', "-").as_str()));
        }
    }

    #[test]
    fn the_documentation_shows_the_file() {
        let docs = include_str!("../../../../docs/options.md");
        let template = file::layout().template(&[]);
        assert!(shown_of(docs).contains(&template), "docs/options.md lacks:\n{template}");
    }

    #[test]
    fn every_line_that_the_file_shows_may_hold() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        let text = file::layout()
            .template_in_force(&[], &["fleet_credentials", "fleet_nkey_file", "fleet_token_file"]);
        assert!(text.lines().filter(|line| line.contains(" = ")).count() > 20, "{text}");
        std::fs::write(&path, &text).unwrap();
        let read = file::layout().read(&path);
        assert!(read.is_ok(), "{}: {text}", read.unwrap_err());
    }
}
