//! What a state block does.

use std::{fmt, str::FromStr};

/// What a state block does, as in the RPC field `subtype`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subtype {
    /// The balance falls; the link is the destination.
    Send,
    /// The balance rises; the link is the send's hash.
    Receive,
    /// The account's first block, a receive.
    Open,
    /// Only the representative changes.
    Change,
    /// An epoch block, signed by the epoch signer.
    Epoch,
}

impl Subtype {
    const ALL: [Self; 5] = [Self::Send, Self::Receive, Self::Open, Self::Change, Self::Epoch];

    /// The subtype's name in RPC.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Open => "open",
            Self::Change => "change",
            Self::Epoch => "epoch",
        }
    }

    /// Whether money comes in: a receive or an open.
    #[must_use]
    pub const fn is_receive(self) -> bool {
        matches!(self, Self::Receive | Self::Open)
    }
}

/// A text that names no subtype.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no subtype, wanted send, receive, open, change or epoch")]
pub struct UnknownSubtype {
    /// The text found, at most its first 80 characters.
    pub found: String,
}

impl fmt::Display for Subtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Subtype {
    type Err = UnknownSubtype;

    fn from_str(text: &str) -> Result<Self, UnknownSubtype> {
        let found = || UnknownSubtype { found: text.chars().take(80).collect() };
        Self::ALL.into_iter().find(|subtype| subtype.as_str() == text).ok_or_else(found)
    }
}
