//! [`Old`]: what the configuration of a worker from 2020 (`worker_config.json`) says, as far as it still means something.

use nano_block::SecretKey;
use p2pow_cli::{Failure, input, values};
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

/// The settings that are taken over, as the new file has them.
#[derive(Default)]
pub(super) struct Old {
    pub(super) settings: Vec<(&'static str, String)>,
    /// The key that registered, and whose account was paid.
    pub(super) key: Option<SecretKey>,
    /// What is not taken over, and why.
    pub(super) left: Vec<&'static str>,
}

/// The old file. Its values are shown to nobody: one of them is a key.
#[derive(Deserialize)]
struct OldFile {
    reward_account: Option<String>,
    private_key: Option<String>,
    fee: Option<Value>,
    node: Option<String>,
    worker: Option<String>,
    max_multiplier: Option<Value>,
    use_active_difficulty: Option<bool>,
    listen: Option<String>,
    port: Option<u16>,
}

impl Old {
    /// Reads the file.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let (text, shown) = (input::read_file(path)?, input::shown(path));
        let wrong = |key: &str, wanted: &str| Failure::new(format!("{shown}: `{key}`: {wanted}"));
        let file: OldFile = serde_json::from_str(&text).map_err(|error| {
            let line = error.line();
            Failure::new(format!("{shown} line {line}: wanted the JSON of a worker_config.json"))
        })?;
        let mut old = Self::default();
        if let Some(account) = file.reward_account.filter(|text| !text.is_empty()) {
            let account = values::address(&account)
                .map_err(|error| wrong("reward_account", error.wanted()))?;
            old.settings.push(("reward_account", account.to_string()));
        }
        if let Some(fee) = file.fee {
            let text = fee.as_str().map_or_else(|| fee.to_string(), str::to_owned);
            values::amount(&text).map_err(|error| wrong("fee", error.wanted()))?;
            old.settings.push(("fee", text));
        }
        if let Some(node) = file.node {
            let url = if node.starts_with("http") { node } else { format!("http://{node}") };
            values::http_url(&url).map_err(|error| wrong("node", error.wanted()))?;
            old.settings.push(("node", url));
        }
        if let Some(ip) = file.listen {
            let ip = values::ip(&ip).map_err(|error| wrong("listen", error.wanted()))?;
            let port = file.port.unwrap_or(p2pow_protocol::DEFAULT_PORT);
            old.settings.push(("listen", std::net::SocketAddr::new(ip, port).to_string()));
        }
        if let Some(key) = file.private_key.filter(|text| !text.is_empty()) {
            let key =
                key.parse().map_err(|_| wrong("private_key", "wanted 64 hexadecimal digits"))?;
            old.key = Some(key);
        }
        let left = [
            (file.worker.is_some(), "worker: work is found here (`devices`)"),
            (file.max_multiplier.is_some(), "max_multiplier: constant since 2021"),
            (file.use_active_difficulty.is_some(), "use_active_difficulty: constant since 2021"),
        ];
        old.left = left.into_iter().filter_map(|(is_there, why)| is_there.then_some(why)).collect();
        Ok(old)
    }
}
