//! [`Answer`]: the answer to `request_work`, as it is written, and as workers of every age are read.

use crate::wire;
use alloc::{borrow::ToOwned, string::String, vec, vec::Vec};
use nano_primitives::{BlockHash, Work, excerpt};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;

/// A published block: its hash and the work that was found for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Done {
    /// The block's hash.
    pub hash: BlockHash,
    /// Its work.
    pub work: Work,
}

/// The answer to a job that was done: the user blocks are published.
///
/// To a client this is a claim; what happened is on the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The user blocks in their order; one, unless the request was a batch.
    pub users: Vec<Done>,
    /// The reward block, or `None` if the node did not take it.
    pub reward: Option<Done>,
    /// Whether this is the form for a batch.
    pub is_batch: bool,
}

/// A worker's answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The worker refused, in its own words.
    #[error("worker refused with status {status}: {error}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The worker's text, shortened.
        error: String,
        /// Seconds after which to try again, if it said so.
        retry_after: Option<u64>,
    },
    /// The answer is nothing a worker should say; old workers send HTML where they crash.
    #[error("worker answered with status {status} and no JSON: {start:?}")]
    NotJson {
        /// The HTTP status.
        status: u16,
        /// The start of the body.
        start: String,
    },
    /// It is JSON, but neither a success nor a refusal.
    #[error("worker answered with status {status} and JSON that is no answer: {start:?}")]
    NotAnAnswer {
        /// The HTTP status.
        status: u16,
        /// The start of the body.
        start: String,
    },
}

/// The HTTP status of an answer.
const CREATED: u16 = 201;

impl Answer {
    /// The HTTP status that goes with it.
    pub const STATUS: u16 = CREATED;

    /// Writes the JSON body.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        wire::to_json(self)
    }

    /// Reads what a worker of any age answered.
    ///
    /// # Errors
    /// It is a refusal, or no answer at all.
    ///
    /// ```
    /// use p2pow_protocol::{Answer, AnswerError};
    ///
    /// let refused = Answer::read(403, br#"{"error": "Fee is less than minimum"}"#);
    /// assert!(matches!(refused, Err(AnswerError::Refused { status: 403, .. })));
    /// let crashed = Answer::read(500, b"<!DOCTYPE HTML>");
    /// assert!(matches!(crashed, Err(AnswerError::NotJson { .. })));
    /// ```
    pub fn read(status: u16, body: &[u8]) -> Result<Self, AnswerError> {
        let raw: &RawValue = serde_json::from_slice(body)
            .map_err(|_| AnswerError::NotJson { status, start: start(body) })?;
        let fields = wire::object(raw).unwrap_or_default();
        let done = wire::get(&fields, "successful").and_then(read_done);
        match (done, wire::get(&fields, "error")) {
            (Some(answer), _) if (200..300).contains(&status) => Ok(answer),
            (_, Some(error)) => Err(AnswerError::Refused {
                status,
                error: excerpt(
                    &wire::text(error).unwrap_or_else(|| error.get().to_owned()),
                    wire::SHOWN,
                ),
                retry_after: wire::get(&fields, "retryAfter").and_then(wire::seconds),
            }),
            _ => Err(AnswerError::NotAnAnswer { status, start: start(body) }),
        }
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("successful", &Successful(self))?;
        map.end()
    }
}

struct Successful<'a>(&'a Answer);

impl Serialize for Successful<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(answer) = self;
        let mut map = serializer.serialize_map(Some(2))?;
        match (answer.is_batch, answer.users.first()) {
            (false, Some(user)) => map.serialize_entry("user_block", user)?,
            _ => map.serialize_entry("user_blocks", &answer.users)?,
        }
        match &answer.reward {
            Some(reward) => map.serialize_entry("reward_block", reward)?,
            None => map.serialize_entry("reward_block", "fail")?,
        }
        map.end()
    }
}

fn read_done(raw: &RawValue) -> Option<Answer> {
    let fields = wire::object(raw)?;
    let (users, is_batch) = match wire::get(&fields, "user_blocks") {
        Some(list) => (serde_json::from_str::<Vec<Done>>(list.get()).ok()?, true),
        None => (vec![serde_json::from_str(wire::get(&fields, "user_block")?.get()).ok()?], false),
    };
    let reward = wire::get(&fields, "reward_block")?;
    Some(Answer { users, reward: serde_json::from_str(reward.get()).ok(), is_batch })
}

fn start(body: &[u8]) -> String {
    excerpt(&String::from_utf8_lossy(body), wire::SHOWN)
}
