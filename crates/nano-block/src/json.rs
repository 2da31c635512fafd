//! Blocks in JSON, in the node's spelling.
//!
//! Every value is a string; the balance of a state block is decimal, that of a legacy send 32 hexadecimal digits. A
//! state block is written with `link` and `link_as_account`; either is enough to read one, an account may stand in
//! `link`, and where both are there `link` counts, as in a node. Unknown keys are ignored.

use crate::{
    block::{Block, ChangeBlock, OpenBlock, ReceiveBlock, SendBlock, StateBlock},
    kind::BlockKind,
    signed::{Signed, SignedBlock, SignedState},
};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
};
use core::{
    fmt::{self, Display},
    str::FromStr,
};
use nano_primitives::{Account, Amount, Link, Signature, Work, excerpt};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Error as _},
};

/// What is wrong with a block in JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// A field of this kind of block is missing.
    #[error("{kind} block has no `{field}`")]
    Missing {
        /// The kind of block.
        kind: BlockKind,
        /// The field wanted.
        field: &'static str,
    },
    /// The field `type` is missing, or names no kind of block.
    #[error("`type` of the block: {problem}")]
    Kind {
        /// What is wrong with it.
        problem: String,
    },
    /// A legacy block where a state block is wanted.
    #[error("block has `type` {found}, wanted state")]
    NotState {
        /// The kind found.
        found: BlockKind,
    },
    /// A field is not of its form.
    #[error("`{field}` of the {kind} block: {problem}")]
    Malformed {
        /// The kind of block.
        kind: BlockKind,
        /// The field.
        field: &'static str,
        /// What was found and what was wanted.
        problem: String,
    },
}

impl Serialize for Block {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::from(*self).serialize(serializer)
    }
}

impl Serialize for StateBlock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Block::State(*self).serialize(serializer)
    }
}

impl<B: Copy + Into<Block>> Serialize for Signed<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::signed(self.block.into(), self.signature, self.work).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::deserialize(deserializer)?.to_block().map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for StateBlock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::deserialize(deserializer)?.to_state().map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for SignedBlock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        let block = fields.to_block().map_err(D::Error::custom)?;
        fields.with_signature(block, block.kind()).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for SignedState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        let block = fields.to_state().map_err(D::Error::custom)?;
        fields.with_signature(block, BlockKind::State).map_err(D::Error::custom)
    }
}

/// All fields that a block of any kind may have; those that are absent or null are `None`.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Fields {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    representative: Option<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link_as_account: Option<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    work: Option<Field>,
}

impl Fields {
    fn signed(block: Block, signature: Signature, work: Option<Work>) -> Self {
        Self { signature: text(signature), work: work.and_then(text), ..Self::from(block) }
    }

    fn with_signature<B>(&self, block: B, kind: BlockKind) -> Result<Signed<B>, FieldError> {
        let signature = need(kind, "signature", &self.signature)?;
        let work = self.work.as_ref().map(|work| read(kind, "work", work)).transpose()?;
        Ok(Signed { block, signature, work })
    }

    fn to_block(&self) -> Result<Block, FieldError> {
        let no_kind =
            || FieldError::Kind { problem: "missing, wanted state or a legacy type".into() };
        match self.kind()?.ok_or_else(no_kind)? {
            BlockKind::State => self.to_state().map(Block::State),
            BlockKind::Send => self.to_send().map(Block::Send),
            BlockKind::Receive => self.to_receive().map(Block::Receive),
            BlockKind::Open => self.to_open().map(Block::Open),
            BlockKind::Change => self.to_change().map(Block::Change),
        }
    }

    /// A state block; `type` may be missing, since the kind is known.
    fn to_state(&self) -> Result<StateBlock, FieldError> {
        const KIND: BlockKind = BlockKind::State;
        match self.kind()? {
            None | Some(KIND) => {}
            Some(found) => return Err(FieldError::NotState { found }),
        }
        Ok(StateBlock {
            account: need(KIND, "account", &self.account)?,
            previous: need(KIND, "previous", &self.previous)?,
            representative: need(KIND, "representative", &self.representative)?,
            balance: need(KIND, "balance", &self.balance)?,
            link: self.to_link()?,
        })
    }

    fn kind(&self) -> Result<Option<BlockKind>, FieldError> {
        let wrong = |problem| FieldError::Kind { problem };
        self.kind.as_ref().map(|kind| kind.parse().map_err(wrong)).transpose()
    }

    fn to_link(&self) -> Result<Link, FieldError> {
        const KIND: BlockKind = BlockKind::State;
        match (&self.link, &self.link_as_account) {
            (Some(link), _) => link
                .read(Link::from_hex_or_account)
                .map_err(|problem| FieldError::Malformed { kind: KIND, field: "link", problem }),
            (None, Some(account)) => {
                read::<Account>(KIND, "link_as_account", account).map(Link::from)
            }
            (None, None) => Err(FieldError::Missing { kind: KIND, field: "link" }),
        }
    }

    fn to_send(&self) -> Result<SendBlock, FieldError> {
        const KIND: BlockKind = BlockKind::Send;
        let HexAmount(balance) = need(KIND, "balance", &self.balance)?;
        Ok(SendBlock {
            previous: need(KIND, "previous", &self.previous)?,
            destination: need(KIND, "destination", &self.destination)?,
            balance,
        })
    }

    fn to_receive(&self) -> Result<ReceiveBlock, FieldError> {
        const KIND: BlockKind = BlockKind::Receive;
        Ok(ReceiveBlock {
            previous: need(KIND, "previous", &self.previous)?,
            source: need(KIND, "source", &self.source)?,
        })
    }

    fn to_open(&self) -> Result<OpenBlock, FieldError> {
        const KIND: BlockKind = BlockKind::Open;
        Ok(OpenBlock {
            source: need(KIND, "source", &self.source)?,
            representative: need(KIND, "representative", &self.representative)?,
            account: need(KIND, "account", &self.account)?,
        })
    }

    fn to_change(&self) -> Result<ChangeBlock, FieldError> {
        const KIND: BlockKind = BlockKind::Change;
        Ok(ChangeBlock {
            previous: need(KIND, "previous", &self.previous)?,
            representative: need(KIND, "representative", &self.representative)?,
        })
    }
}

impl From<Block> for Fields {
    fn from(block: Block) -> Self {
        let none = Self { kind: text(block.kind()), ..Self::default() };
        match block {
            Block::Send(send) => Self {
                previous: text(send.previous),
                destination: text(send.destination),
                balance: text(HexAmount(send.balance)),
                ..none
            },
            Block::Receive(receive) => {
                Self { previous: text(receive.previous), source: text(receive.source), ..none }
            }
            Block::Open(open) => Self {
                source: text(open.source),
                representative: text(open.representative),
                account: text(open.account),
                ..none
            },
            Block::Change(change) => Self {
                previous: text(change.previous),
                representative: text(change.representative),
                ..none
            },
            Block::State(state) => Self {
                account: text(state.account),
                previous: text(state.previous),
                representative: text(state.representative),
                balance: text(state.balance),
                link: text(state.link),
                link_as_account: text(state.link.to_account()),
                ..none
            },
        }
    }
}

#[allow(clippy::unnecessary_wraps)] // every field is optional
fn text(value: impl Display) -> Option<Field> {
    Some(Field::Text(value.to_string()))
}

fn need<T>(kind: BlockKind, name: &'static str, field: &Option<Field>) -> Result<T, FieldError>
where
    T: FromStr<Err: Display>,
{
    read(kind, name, field.as_ref().ok_or(FieldError::Missing { kind, field: name })?)
}

fn read<T>(kind: BlockKind, name: &'static str, field: &Field) -> Result<T, FieldError>
where
    T: FromStr<Err: Display>,
{
    field.parse().map_err(|problem| FieldError::Malformed { kind, field: name, problem })
}

/// One value: the text that it should be, or the name of what else it is.
#[derive(Serialize)]
#[serde(untagged)]
enum Field {
    Text(String),
    Other(&'static str),
}

impl Field {
    fn parse<T: FromStr<Err: Display>>(&self) -> Result<T, String> {
        self.read(str::parse)
    }

    fn read<T, E: Display>(&self, read: fn(&str) -> Result<T, E>) -> Result<T, String> {
        match self {
            Self::Text(text) => read(text).map_err(|error| error.to_string()),
            Self::Other(found) => Err(format!("found {found}, wanted a string")),
        }
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> de::Visitor<'de> for FieldVisitor {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Field, E> {
        Ok(Field::Text(text.to_owned()))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Field, E> {
        Ok(Field::Other("a boolean"))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Field, E> {
        Ok(Field::Other("a number"))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Field, E> {
        Ok(Field::Other("a number"))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Field, E> {
        Ok(Field::Other("a number"))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Field, A::Error> {
        while list.next_element::<de::IgnoredAny>()?.is_some() {}
        Ok(Field::Other("a list"))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Field, A::Error> {
        while map.next_entry::<de::IgnoredAny, de::IgnoredAny>()?.is_some() {}
        Ok(Field::Other("an object"))
    }
}

/// An amount as 32 hexadecimal digits, the form that legacy sends have.
struct HexAmount(Amount);

impl Display for HexAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032X}", self.0.to_raw())
    }
}

impl FromStr for HexAmount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            let found = excerpt(text, 80);
            format!("{found:?} is not 32 hexadecimal digits")
        };
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        u128::from_str_radix(text, 16).map(|raw| Self(Amount::from_raw(raw))).map_err(|_| wrong())
    }
}
