//! [`Info`]: what a worker says about itself in answer to `request_info`; [`Offer`]: what a sender needs of it to choose.

use crate::{
    VERSION, feature, fees,
    wire::{self, Object, seconds},
};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, str::FromStr};
use nano_block::Subtype;
use nano_primitives::{Account, Amount, excerpt};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// What a worker says about itself. The keys up to `network` are those of version 2.0.0; the rest is ours, and an old
/// client does not look at it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Info {
    /// The protocol's version, [`VERSION`].
    pub version: String,
    /// Whether jobs are taken.
    pub status: Status,
    /// Why not, if not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Seconds after which to ask again.
    #[serde(rename = "retryAfter", skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Who is paid.
    pub reward_account: Account,
    /// The price of a send or change job, in raw.
    pub fee: Amount,
    /// The price of a receive or open job, in raw.
    pub fee_receive: Amount,
    /// Whether the fee changes, and how long a quote holds.
    pub dynamic_fee: DynamicFee,
    /// When the difficulty of the network was last asked, in milliseconds since 1970.
    pub last_update: u64,
    /// The lowest multiplier worked at; of no use since the difficulty of the network is constant.
    pub min_multiplier: f64,
    /// The highest multiplier worked at.
    pub max_multiplier: f64,
    /// The difficulty of the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkInfo>,
    /// The program and its version, such as `p2pow-server/0.1.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub implementation: Option<String>,
    /// What it can do beyond version 2.0.0: see [`feature`](crate::feature).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// The most user blocks of a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_user_blocks: Option<usize>,
    /// How busy it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueInfo>,
    /// Measured hashes a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hashrate: Option<f64>,
}

/// Whether a worker takes jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It does.
    #[default]
    Available,
    /// It does not for now.
    Unavailable,
}

/// Whether a worker's fee changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DynamicFee {
    /// It does not.
    #[default]
    Fixed,
    /// It does; a quote holds for so many seconds.
    Holds(u64),
}

impl Serialize for DynamicFee {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Fixed => serializer.serialize_bool(false),
            Self::Holds(seconds) => serializer.serialize_u64(seconds),
        }
    }
}

/// The difficulty of the network, as `active_difficulty` of a node tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NetworkInfo {
    /// The threshold of a send.
    pub minimum: String,
    /// The threshold of a receive.
    #[serde(rename = "minimum_receive_minimum")]
    pub receive_minimum: String,
    /// What a send needs now.
    pub current: String,
    /// What a receive needs now.
    pub receive_current: String,
    /// `current` relative to `minimum`.
    pub multiplier: String,
}

/// How busy a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct QueueInfo {
    /// Jobs in progress and waiting.
    pub jobs: usize,
    /// Seconds until a new job would start.
    pub expected_seconds: f64,
}

/// A worker's offer: whom to pay, and how much for what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offer {
    /// Who is paid.
    pub reward_account: Account,
    /// The price of a send or change job.
    pub fee: Amount,
    /// The price of a receive or open job.
    pub fee_receive: Amount,
    /// Whether it takes jobs. Old clients do not look.
    pub is_available: bool,
    /// The most user blocks of one job; 1 if it knows no batches.
    pub max_user_blocks: usize,
    /// Measured hashes a second, if it says so.
    pub hashrate: Option<f64>,
    /// Seconds until a new job would start, if it says so.
    pub wait_seconds: Option<f64>,
}

impl Offer {
    /// The price of a job of these user blocks, or `None` if the worker does not do it.
    #[must_use]
    pub fn price(&self, blocks: &[Subtype]) -> Option<Amount> {
        match blocks {
            [] => None,
            [block] if block.is_receive() => Some(self.fee_receive),
            [_] => Some(self.fee),
            _ if blocks.len() > self.max_user_blocks => None,
            _ => fees::price(blocks, self.fee),
        }
    }
}

/// Why an answer to `request_info` makes no worker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InfoError {
    /// It is no JSON object.
    #[error("answer is no JSON object: {start:?}")]
    NotAnObject {
        /// The start of the body.
        start: String,
    },
    /// A key is missing.
    #[error("`{field}` is missing")]
    Missing {
        /// The key wanted.
        field: &'static str,
    },
    /// A key has a value it cannot have.
    #[error("`{field}`: {problem}")]
    Malformed {
        /// The key.
        field: &'static str,
        /// What was found and wanted.
        problem: String,
    },
    /// It speaks another version.
    #[error("`version` is {found:?}, wanted {VERSION:?}")]
    Version {
        /// The version found.
        found: String,
    },
}

impl Info {
    /// Writes the JSON body.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        wire::to_json(self)
    }

    /// Reads what a worker of any age says. What an old client insists on is needed here as well: the version, an
    /// account, both fees and both multipliers. Of everything else, what cannot be read counts as not there.
    ///
    /// # Errors
    /// An old client would not take this worker.
    pub fn parse(body: &[u8]) -> Result<Self, InfoError> {
        let start = || excerpt(&String::from_utf8_lossy(body), wire::SHOWN);
        let raw: &RawValue =
            serde_json::from_slice(body).map_err(|_| InfoError::NotAnObject { start: start() })?;
        let keys = wire::object(raw).ok_or_else(|| InfoError::NotAnObject { start: start() })?;
        Ok(Self {
            version: read_version(&keys)?,
            status: read_status(&keys),
            error: text(&keys, "error"),
            retry_after: wire::get(&keys, "retryAfter").and_then(seconds),
            reward_account: need(&keys, "reward_account")?,
            fee: need(&keys, "fee")?,
            fee_receive: need(&keys, "fee_receive")?,
            dynamic_fee: wire::get(&keys, "dynamic_fee")
                .and_then(seconds)
                .map_or(DynamicFee::Fixed, DynamicFee::Holds),
            last_update: wire::get(&keys, "last_update").and_then(seconds).unwrap_or_default(),
            min_multiplier: need_number(&keys, "min_multiplier")?,
            max_multiplier: need_number(&keys, "max_multiplier")?,
            network: wire::get(&keys, "network").and_then(read_network),
            implementation: text(&keys, "implementation"),
            features: json(&keys, "features").unwrap_or_default(),
            max_user_blocks: json(&keys, "max_user_blocks"),
            queue: wire::get(&keys, "queue").and_then(read_queue),
            hashrate: json(&keys, "hashrate").filter(|rate| is_measure(*rate)),
        })
    }

    /// The offer in it.
    #[must_use]
    pub fn offer(&self) -> Offer {
        let has_batch = self.features.iter().any(|feature| feature == feature::BATCH);
        Offer {
            reward_account: self.reward_account,
            fee: self.fee,
            fee_receive: self.fee_receive,
            is_available: self.status == Status::Available,
            max_user_blocks: if has_batch { self.max_user_blocks.unwrap_or(1).max(1) } else { 1 },
            hashrate: self.hashrate,
            wait_seconds: self.queue.map(|queue| queue.expected_seconds),
        }
    }
}

fn json<T: serde::de::DeserializeOwned>(keys: &Object<'_>, key: &str) -> Option<T> {
    serde_json::from_str(wire::get(keys, key)?.get()).ok()
}

fn text(keys: &Object<'_>, key: &str) -> Option<String> {
    wire::get(keys, key).and_then(wire::text).map(|text| excerpt(&text, wire::SHOWN))
}

fn need<T>(keys: &Object<'_>, field: &'static str) -> Result<T, InfoError>
where
    T: FromStr<Err: fmt::Display>,
{
    let malformed = |problem| InfoError::Malformed { field, problem };
    let raw = wire::get(keys, field).ok_or(InfoError::Missing { field })?;
    let text = wire::text_or_number(raw)
        .ok_or_else(|| malformed(format!("{} is no text", excerpt(raw.get(), wire::SHOWN))))?;
    text.parse().map_err(|error: T::Err| malformed(error.to_string()))
}

fn need_number(keys: &Object<'_>, field: &'static str) -> Result<f64, InfoError> {
    let number: f64 = need(keys, field)?;
    if number.is_finite() {
        return Ok(number);
    }
    Err(InfoError::Malformed { field, problem: format!("{number} is no finite number") })
}

fn is_measure(number: f64) -> bool {
    number.is_finite() && number >= 0.0
}

fn read_version(keys: &Object<'_>) -> Result<String, InfoError> {
    let found: String = need(keys, "version")?;
    if found == VERSION {
        return Ok(found);
    }
    Err(InfoError::Version { found: excerpt(&found, wire::SHOWN) })
}

/// The old worker writes `["unavailable"]`.
fn read_status(keys: &Object<'_>) -> Status {
    let says_no = wire::get(keys, "status").is_some_and(|raw| raw.get().contains("unavailable"));
    if says_no { Status::Unavailable } else { Status::Available }
}

fn read_network(raw: &RawValue) -> Option<NetworkInfo> {
    let keys = wire::object(raw)?;
    let text = |key| wire::get(&keys, key).and_then(wire::text_or_number);
    Some(NetworkInfo {
        minimum: text("minimum")?,
        receive_minimum: text("minimum_receive_minimum")?,
        current: text("current")?,
        receive_current: text("receive_current")?,
        multiplier: text("multiplier")?,
    })
}

fn read_queue(raw: &RawValue) -> Option<QueueInfo> {
    let keys = wire::object(raw)?;
    let expected_seconds = json(&keys, "expected_seconds").filter(|time| is_measure(*time))?;
    Some(QueueInfo { jobs: json(&keys, "jobs")?, expected_seconds })
}
