//! The file with what is secret: keys, and how to get into other servers.

use nano_pow::pool::Priority;
use nano_rpc::Client;
use nano_work::{Key, KeyError, Limits, Rate};
use p2pow_cli::Failure;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Everything that the file can say.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ServerFile {
    /// Who may ask by showing a key.
    #[serde(rename = "key")]
    pub(super) keys: Vec<KeyEntry>,
    /// Work servers that are asked too.
    #[serde(rename = "remote")]
    pub(super) remotes: Vec<Remote>,
}

/// A key and what its owner may ask.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyEntry {
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
pub(super) struct Remote {
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

const fn burst() -> u32 {
    10
}

impl KeyEntry {
    pub(super) fn key(&self) -> Result<Key, KeyError> {
        let rate = self.per_second.map(|per_second| Rate { per_second, burst: self.burst });
        let priority = Priority::new(self.priority);
        Key::new(&self.name, &self.secret, Limits { rate, at_once: self.at_once, priority })
    }
}

impl Remote {
    pub(super) fn client(&self) -> Result<Client, Failure> {
        let client = self
            .headers
            .iter()
            .fold(Client::builder(&self.url), |client, (name, value)| client.header(name, value));
        client.build().map_err(|error| Failure::Usage(format!("remote: {error}")))
    }
}
