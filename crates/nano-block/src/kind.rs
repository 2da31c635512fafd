//! [`BlockKind`] and [`Subtype`]: the names that JSON and RPC have for blocks.
//!
//! A kind says which fields a block has; a subtype says what a state block does with an account, which only the balance
//! before it can tell.

/// Implements `Display` and `FromStr` of an enum with `ALL` and `as_str`, the error of the latter, and serde by the same
/// text.
macro_rules! read_by_name {
    ($type:ident, $error:ident, $what:literal, $wanted:literal) => {
        #[doc = concat!("A text that names no ", $what, ".")]
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error("{found:?} is no {}, wanted {}", $what, $wanted)]
        pub struct $error {
            /// The text found, shortened.
            pub found: alloc::string::String,
        }

        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl core::str::FromStr for $type {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                let found = || $error { found: nano_primitives::excerpt(text, 80) };
                Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or_else(found)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Name;

                impl serde::de::Visitor<'_> for Name {
                    type Value = $type;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str($wanted)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(Name)
            }
        }
    };
}

pub(crate) use read_by_name;

/// The kind of a block, as in the JSON field `type` and the wire's type byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockKind {
    /// Legacy send.
    Send,
    /// Legacy receive.
    Receive,
    /// Legacy open.
    Open,
    /// Legacy change of representative.
    Change,
    /// State block.
    State,
}

impl BlockKind {
    const ALL: [Self; 5] = [Self::Send, Self::Receive, Self::Open, Self::Change, Self::State];

    /// The kind's name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Open => "open",
            Self::Change => "change",
            Self::State => "state",
        }
    }

    /// The kind's byte on the wire.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::Send => 2,
            Self::Receive => 3,
            Self::Open => 4,
            Self::Change => 5,
            Self::State => 6,
        }
    }

    /// The kind of a byte on the wire.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.to_byte() == byte)
    }
}

read_by_name!(BlockKind, UnknownKind, "type of block", "state, send, receive, open or change");

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
