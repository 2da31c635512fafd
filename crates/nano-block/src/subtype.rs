//! What a state block does.

use crate::names::read_by_name;

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

read_by_name!(Subtype, UnknownSubtype, "subtype", "send, receive, open, change or epoch");
