//! The file of `work-server`: its options, keys of callers, and how to get into other servers.

use super::options::{AccessArgs, JobArgs, ListenArgs};
use crate::devices::DeviceArgs;
use nano_pow::pool::Priority;
use nano_rpc::Client;
use nano_work::{CallerLimits, Key, Rate};
use p2pow_cli::{
    Failure,
    config::{Given, Layout, Table},
    values,
};

/// What the file may say.
pub(super) fn layout() -> Layout {
    let keys = Layout::new().options::<KeyEntry>();
    let remotes = Layout::new().options::<RemoteEntry>();
    let options = Layout::new()
        .options::<ListenArgs>()
        .options::<JobArgs>()
        .options::<AccessArgs>()
        .options::<DeviceArgs>();
    #[cfg(feature = "fleet")]
    let options = options.options::<p2pow_cli::FleetArgs>();
    options.list("key", "Who may ask by showing a key", keys).list(
        "remote",
        "A work server to be asked too",
        remotes.texts("headers", "Headers that it wants to see", "X-API-Key"),
    )
}

/// A key and what its owner may ask: a table `[[key]]` of the file, and never on a command line.
#[derive(Debug, clap::Args)]
struct KeyEntry {
    /// Whose key it is, such as alice
    #[arg(long)]
    name: String,
    /// The key: visible ASCII characters, such as one-long-random-word
    #[arg(long, value_parser = values::token)]
    secret: String,
    /// Jobs a second, such as 2; without it there is no limit
    #[arg(long, value_parser = values::above_zero)]
    per_second: Option<f64>,
    /// Jobs at once after a rest, where per_second limits them
    #[arg(long, value_parser = values::from_one::<u32>, default_value = "10")]
    burst: u32,
    /// Jobs in hand, such as 4; without it there is no limit
    #[arg(long, value_parser = values::from_one::<usize>)]
    at_once: Option<usize>,
    /// Who has more is served first
    #[arg(long, value_parser = values::whole(i32::MIN..=i32::MAX), default_value = "0")]
    priority: i32,
}

/// A work server: a table `[[remote]]` of the file.
#[derive(Debug, clap::Args)]
struct RemoteEntry {
    /// Where it is, such as https://work.example.org
    #[arg(long, value_parser = values::http_url)]
    url: String,
}

/// The keys of the file. Errors show no secret, and no name either: it may be the secret in a wrong place.
pub(super) fn keys(file: &Table) -> Result<Vec<Key>, Failure> {
    file.tables("key").iter().map(key).collect()
}

fn key(table: &Table) -> Result<Key, Failure> {
    let entry: KeyEntry = table.options(&Given::nothing())?;
    let rate = entry.per_second.map(|per_second| Rate { per_second, burst: entry.burst });
    let priority = Priority::new(entry.priority);
    let limits = CallerLimits { rate, at_once: entry.at_once, priority };
    Key::new(&entry.name, &entry.secret, limits).map_err(|error| table.wrong(error.to_string()))
}

/// The clients of the work servers of the file.
pub(super) fn remotes(file: &Table) -> Result<Vec<Client>, Failure> {
    file.tables("remote").iter().map(remote).collect()
}

fn remote(table: &Table) -> Result<Client, Failure> {
    let RemoteEntry { url } = table.options(&Given::nothing())?;
    let headers = table.texts("headers");
    let client = headers
        .iter()
        .fold(Client::builder(&url), |client, (name, value)| client.header(name, value));
    client.build().map_err(|error| table.wrong(error.to_string()))
}
