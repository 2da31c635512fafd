//! The lines between a sender and a signer: one question, one answer, each a JSON object. See `docs/remote-signer.md`.

use crate::{Policy, Refusal, lines::VERSION};
use nano_block::StateBlock;
use nano_primitives::{Account, Amount, BlockHash, Signature, excerpt};
use p2pow_client::Role;
use serde::{Deserialize, Serialize};

/// The longest question, in bytes, with its line feed: two blocks take less than a fifth.
pub(crate) const MAX_QUESTION: usize = 8 * 1024;
/// The longest answer, in bytes, with its line feed: 900 accounts, or destinations of a policy.
pub(crate) const MAX_ANSWER: usize = 64 * 1024;

/// What a sender asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "one is held at a time, and nearly all are `Sign`")]
pub(crate) enum Question {
    /// Which accounts it signs for.
    Accounts,
    /// What it signs, and what of it is left for now.
    Policy,
    /// A signature.
    Sign {
        role: Role,
        block: StateBlock,
        #[serde(default)]
        below: Option<StateBlock>,
    },
}

/// What a signer answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Accounts(Vec<Account>),
    Policy(Standing),
    Signed { hash: BlockHash, signature: Signature },
    Error { code: String, message: String },
}

/// A signer's policy and how much of it is used up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Standing {
    /// What it signs.
    #[serde(flatten)]
    pub policy: Policy,
    /// What was signed away within the last 24 hours, by the hour, in raw.
    pub spent: Amount,
    /// What may still leave now, in raw.
    pub left: Amount,
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u64,
    #[serde(flatten)]
    body: T,
}

#[derive(Deserialize)]
struct Version {
    version: u64,
}

impl Question {
    /// The line, with its end.
    pub(crate) fn to_line(self) -> Vec<u8> {
        line(&Versioned { version: VERSION, body: self })
    }

    /// Reads a line.
    pub(crate) fn read(line: &[u8]) -> Result<Self, Refusal> {
        let wrong = |error: serde_json::Error| {
            let problem = excerpt(&error.to_string(), 200);
            Refusal::Malformed { problem }
        };
        // The version first: what another one asks need not be understood.
        let Version { version } = serde_json::from_slice(line).map_err(wrong)?;
        if version != VERSION {
            return Err(Refusal::Version { found: version });
        }
        let Versioned { body, .. } = serde_json::from_slice(line).map_err(wrong)?;
        Ok(body)
    }
}

impl Answer {
    /// The line, with its end.
    pub(crate) fn to_line(&self) -> Vec<u8> {
        line(&Versioned { version: VERSION, body: self })
    }

    /// Reads a line. Any other version says an error in the same form.
    pub(crate) fn read(line: &[u8]) -> Result<Self, serde_json::Error> {
        let Versioned { body, .. } = serde_json::from_slice(line)?;
        Ok(body)
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::Error { code: refusal.code().to_owned(), message: refusal.to_string() }
    }
}

fn line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("plain values have a JSON form");
    line.push(b'\n');
    line
}
