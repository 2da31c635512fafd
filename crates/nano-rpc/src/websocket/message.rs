//! What is said over a WebSocket: [`Topics`] are subscribed to, [`Event`]s are told.

use crate::{
    AnswerError,
    answers::{
        self,
        block::{contents, optional_contents, same_hash},
        reader::shape,
    },
    lenient,
};
use nano_block::{Block, SignedBlock, Subtype};
use nano_primitives::{Account, Amount, BlockHash};
use serde::Deserialize;
use serde_json::{Value, json};

const CONFIRMATION: &str = "confirmation";
const NEW_UNCONFIRMED: &str = "new_unconfirmed_block";

/// What a subscription is to hear of; nothing by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Topics {
    confirmations: Option<Vec<Account>>,
    new_unconfirmed: bool,
}

impl Topics {
    /// Confirmations in every account.
    #[must_use]
    pub fn confirmations(self) -> Self {
        self.confirmations_of([])
    }

    /// Confirmations of blocks of these accounts and of sends to them; in every account if there are none.
    #[must_use]
    pub fn confirmations_of(self, accounts: impl IntoIterator<Item = Account>) -> Self {
        Self { confirmations: Some(accounts.into_iter().collect()), ..self }
    }

    /// Blocks that the node has just put into its ledger, not confirmed yet.
    #[must_use]
    pub fn new_unconfirmed(self) -> Self {
        Self { new_unconfirmed: true, ..self }
    }

    /// The messages that subscribe, each with its id, which the acknowledgement repeats.
    pub(super) fn requests(&self) -> Vec<(&'static str, Value)> {
        let confirmations = self.confirmations.as_deref().map(confirmation_options);
        let new_unconfirmed = self.new_unconfirmed.then(|| json!({}));
        [(CONFIRMATION, confirmations), (NEW_UNCONFIRMED, new_unconfirmed)]
            .into_iter()
            .filter_map(|(topic, options)| Some((topic, subscribe(topic, &options?))))
            .collect()
    }
}

fn subscribe(topic: &str, options: &Value) -> Value {
    json!({ "action": "subscribe", "topic": topic, "ack": true, "id": topic, "options": options })
}

/// The block is always asked for: the filter by accounts works only with it. Switches are JSON booleans: RsNano drops
/// the session over a text, and the reference node reads either.
fn confirmation_options(accounts: &[Account]) -> Value {
    let mut options = json!({ "include_block": true });
    if !accounts.is_empty() {
        options["accounts"] = accounts.iter().map(Account::to_string).collect();
    }
    options
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A block is confirmed. The same hash may come twice: nodes announce the election and then the cemented block.
    Confirmation {
        /// The block's hash.
        hash: BlockHash,
        /// The account whose block it is.
        account: Account,
        /// How much it sent or received.
        amount: Amount,
        /// What it does; `None` for a legacy block.
        subtype: Option<Subtype>,
        /// The block; its hash is checked.
        block: Option<SignedBlock>,
        /// How it was confirmed, as `active_quorum`.
        confirmation_type: Option<String>,
    },
    /// The node has put a block into its ledger that is not confirmed yet.
    NewUnconfirmed {
        /// The block's hash.
        hash: BlockHash,
        /// The block; its hash is checked.
        block: SignedBlock,
        /// What it does; `None` for a legacy block.
        subtype: Option<Subtype>,
    },
    /// The subscription is active again, or for the first time if it was begun without waiting for that. What happened
    /// before is lost: ask the node for it.
    Reconnected,
    /// The subscription is interrupted, or could not be begun, until it is [`Reconnected`](Self::Reconnected). Tries go
    /// on meanwhile; they are told of only where they fail for another reason.
    Disconnected {
        /// Why.
        reason: String,
    },
}

/// A confirmed send to an account, as a node tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Payment {
    /// The hash of the send, by which it is received.
    pub hash: BlockHash,
    /// Who sent it.
    pub from: Account,
    /// How much, in raw.
    pub amount: Amount,
}

impl Event {
    /// The payment to `account` that this event confirms, if it is one. A node may tell of one payment twice: keep its
    /// hash. One whose block the node left out is none, for nothing says whom it pays.
    #[must_use]
    pub fn payment_to(&self, account: &Account) -> Option<Payment> {
        let Self::Confirmation { hash, account: from, amount, subtype, block, .. } = self else {
            return None;
        };
        let destination = match (block.as_ref()?.block, subtype) {
            (Block::State(block), Some(Subtype::Send)) => block.link.to_account(),
            (Block::Send(block), _) => block.destination,
            _ => return None,
        };
        (destination == *account).then_some(Payment { hash: *hash, from: *from, amount: *amount })
    }
}

/// Reads a message of a node; `None` for what tells of no event: acknowledgements, other topics.
///
/// # Errors
/// The message is not JSON, or an event's fields are malformed or contradict each other.
pub fn read_event(message: &[u8]) -> Result<Option<Event>, AnswerError> {
    match Incoming::read(message)? {
        Incoming::Event(event) => Ok(Some(*event)),
        Incoming::Subscribed(_) | Incoming::Other => Ok(None),
    }
}

/// A message of a node.
pub(super) enum Incoming {
    /// Something happened.
    Event(Box<Event>),
    /// The subscription of this id is active.
    Subscribed(String),
    /// Something that was not asked for.
    Other,
}

impl Incoming {
    pub(super) fn read(message: &[u8]) -> Result<Self, AnswerError> {
        let value = answers::body(message)?;
        let text = |name| value.get(name).and_then(Value::as_str);
        match (text("topic"), text("ack")) {
            (Some("confirmation"), _) => confirmation(value).map(Box::new).map(Self::Event),
            (Some("new_unconfirmed_block"), _) => unconfirmed(value).map(Box::new).map(Self::Event),
            (_, Some("subscribe")) => {
                Ok(Self::Subscribed(text("id").unwrap_or_default().to_owned()))
            }
            _ => Ok(Self::Other),
        }
    }
}

#[derive(Deserialize)]
struct ConfirmationWire {
    message: ConfirmationMessage,
}

#[derive(Deserialize)]
struct ConfirmationMessage {
    #[serde(deserialize_with = "lenient::text")]
    hash: BlockHash,
    #[serde(deserialize_with = "lenient::text")]
    account: Account,
    #[serde(deserialize_with = "lenient::text")]
    amount: Amount,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    confirmation_type: Option<String>,
    #[serde(default, deserialize_with = "optional_contents")]
    block: Option<SignedBlock>,
}

fn confirmation(value: Value) -> Result<Event, AnswerError> {
    // Before the block is read, which keeps no subtype: it is not signed.
    let subtype = subtype(&value["message"]["block"]);
    let ConfirmationMessage { hash, account, amount, confirmation_type, block } =
        shape::<ConfirmationWire>(value)?.message;
    if let Some(block) = &block {
        same_hash("block", block.hash(), &hash)?;
    }
    Ok(Event::Confirmation { hash, account, amount, subtype, block, confirmation_type })
}

#[derive(Deserialize)]
struct UnconfirmedWire {
    #[serde(default, deserialize_with = "lenient::optional_text")]
    hash: Option<BlockHash>,
    #[serde(deserialize_with = "contents")]
    message: SignedBlock,
}

fn unconfirmed(value: Value) -> Result<Event, AnswerError> {
    let subtype = subtype(&value["message"]);
    let UnconfirmedWire { hash, message: block } = shape(value)?;
    if let Some(hash) = &hash {
        same_hash("message", block.hash(), hash)?;
    }
    Ok(Event::NewUnconfirmed { hash: block.hash(), block, subtype })
}

/// Nodes write the subtype among the block's own fields.
fn subtype(block: &Value) -> Option<Subtype> {
    block.get("subtype")?.as_str()?.parse().ok()
}
