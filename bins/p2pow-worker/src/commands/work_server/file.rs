//! The file with what is secret: keys, and how to get into other servers.

use super::options::{BURST, gist};
use nano_pow::pool::Priority;
use nano_rpc::Client;
use nano_work::{CallerLimits, Key, Rate};
use p2pow_cli::{Failure, config};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};

/// What the file has to say.
#[derive(Default)]
pub(super) struct ServerFile {
    /// Who may ask by showing a key.
    pub(super) keys: Vec<Key>,
    /// Work servers that are asked too.
    pub(super) remotes: Vec<Client>,
}

/// Everything that can stand in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(default, rename = "key")]
    keys: Vec<KeyEntry>,
    #[serde(default, rename = "remote")]
    remotes: Vec<Remote>,
}

/// A key and what its owner may ask.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    name: String,
    secret: String,
    per_second: Option<f64>,
    #[serde(default = "burst")]
    burst: u32,
    at_once: Option<usize>,
    #[serde(default)]
    priority: i32,
}

/// A work server and the headers that it wants to see.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remote {
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

const fn burst() -> u32 {
    BURST
}

impl ServerFile {
    /// Reads the file. Errors name it, and show no secret.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let content: Content = config::read(path)?;
        let wrong = |words| Failure::new(format!("{}: {words}", path.display()));
        let keys = content.keys.iter().enumerate().map(|(index, entry)| {
            // By number: what stands for the name may be the secret.
            entry.key().map_err(|words| wrong(format!("[[key]] number {}: {words}", index + 1)))
        });
        let remotes = content.remotes.iter().enumerate().map(|(index, remote)| {
            let named = |words| wrong(format!("[[remote]] number {}: {words}", index + 1));
            remote.client().map_err(named)
        });
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
            remotes: remotes.collect::<Result<_, _>>()?,
        })
    }
}

impl KeyEntry {
    fn key(&self) -> Result<Key, String> {
        let limits = self.limits()?;
        Key::new(&self.name, &self.secret, limits).map_err(|error| error.to_string())
    }

    fn limits(&self) -> Result<CallerLimits, String> {
        let &Self { per_second, burst, at_once, .. } = self;
        if let Some(found) = per_second.filter(|rate| rate.is_nan() || *rate <= 0.0) {
            return Err(format!("`per_second` is {found}, wanted a number above 0"));
        }
        if burst == 0 {
            return Err("`burst` is 0, wanted a whole number from 1 upwards".to_owned());
        }
        if at_once == Some(0) {
            return Err("`at_once` is 0, wanted a whole number from 1 upwards".to_owned());
        }
        let rate = per_second.map(|per_second| Rate { per_second, burst });
        Ok(CallerLimits { rate, at_once, priority: Priority::new(self.priority) })
    }
}

impl Remote {
    fn client(&self) -> Result<Client, String> {
        let client = self
            .headers
            .iter()
            .fold(Client::builder(&self.url), |client, (name, value)| client.header(name, value));
        client.build().map_err(|error| gist(&error))
    }
}
