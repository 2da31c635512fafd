//! [`Call`]: a request, read as the reference node reads it: every scalar is a text, whatever its JSON type. [`Answer`]: what
//! it gets, or a [`Refusal`].

use crate::{
    dialect::Dialect,
    ledger::{AccountInfo, Ledger, ProcessError},
    node::{Node, State},
    told::contents,
};
use nano_block::SignedBlock;
use nano_primitives::{Account, Amount, BlockHash, Difficulty, Work};
use serde_json::{Map, Value, json};
use std::{
    borrow::Cow,
    sync::{Arc, MutexGuard},
};

/// What an action answers.
pub(super) type Answer = Result<Value, Refusal>;

/// A request and the node that it is for.
pub(super) struct Call {
    pub(super) node: Arc<Node>,
    action: String,
    fields: Map<String, Value>,
}

impl Call {
    pub(super) fn parse(node: &Arc<Node>, body: &[u8]) -> Result<Self, Refusal> {
        let request: Value = serde_json::from_slice(body).map_err(|_| Refusal::NOT_JSON)?;
        let Value::Object(fields) = scalars_to_text(request) else {
            return Err(Refusal::NOT_JSON);
        };
        let mut call = Self { node: Arc::clone(node), action: String::new(), fields };
        call.action = call.text("action")?.to_owned();
        Ok(call)
    }

    pub(super) fn action(&self) -> &str {
        &self.action
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.node.settings.dialect
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.node.state()
    }

    /// A field that must be there. What is no text reads as an empty one, as in a node.
    pub(super) fn text(&self, field: &str) -> Result<&str, Refusal> {
        self.optional(field).ok_or(Refusal::NOT_JSON)
    }

    pub(super) fn optional(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(|value| value.as_str().unwrap_or_default())
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    pub(super) fn flag(&self, field: &str, default: bool) -> bool {
        match self.optional(field) {
            Some("true" | "1") => true,
            Some("false" | "0") => false,
            _ => default,
        }
    }

    /// The texts of a list that must be there.
    pub(super) fn list(&self, field: &str) -> Result<Vec<&str>, Refusal> {
        self.optional_list(field).ok_or(Refusal::NOT_JSON)
    }

    pub(super) fn optional_list(&self, field: &str) -> Option<Vec<&str>> {
        let list = self.fields.get(field)?.as_array().map_or(&[][..], Vec::as_slice);
        Some(list.iter().map(|value| value.as_str().unwrap_or_default()).collect())
    }

    pub(super) fn account(&self) -> Result<Account, Refusal> {
        parse_account(self.text("account")?)
    }

    pub(super) fn optional_account(
        &self,
        field: &str,
        refusal: Refusal,
    ) -> Result<Option<Account>, Refusal> {
        self.optional(field).map(|text| text.parse().map_err(|_| refusal)).transpose()
    }

    pub(super) fn hash(&self, field: &str) -> Result<BlockHash, Refusal> {
        parse_hash(self.text(field)?).ok_or(Refusal::BAD_HASH)
    }

    pub(super) fn optional_hash(
        &self,
        field: &str,
        refusal: Refusal,
    ) -> Result<Option<BlockHash>, Refusal> {
        self.optional(field).map(|text| parse_hash(text).ok_or(refusal)).transpose()
    }

    /// How many are wanted, at least one.
    pub(super) fn count(&self) -> Result<usize, Refusal> {
        let count = parse_count(self.text("count")?).ok_or(Refusal::BAD_COUNT)?;
        if count == 0 { Err(Refusal::BAD_COUNT) } else { Ok(count) }
    }

    pub(super) fn count_or(&self, default: usize) -> Result<usize, Refusal> {
        self.optional("count")
            .map_or(Ok(default), |text| parse_count(text).ok_or(Refusal::BAD_COUNT))
    }

    pub(super) fn offset(&self) -> Result<usize, Refusal> {
        self.optional("offset").map_or(Ok(0), |text| parse_count(text).ok_or(Refusal::BAD_OFFSET))
    }

    pub(super) fn optional_amount(
        &self,
        field: &str,
        refusal: Refusal,
    ) -> Result<Option<Amount>, Refusal> {
        self.optional(field).map(|text| text.parse().map_err(|_| refusal)).transpose()
    }

    /// The smallest amount that is wanted.
    pub(super) fn threshold(&self) -> Result<Amount, Refusal> {
        let threshold = self.optional_amount("threshold", Refusal::BAD_THRESHOLD)?;
        Ok(threshold.unwrap_or(Amount::ZERO))
    }

    pub(super) fn work(&self) -> Result<Option<Work>, Refusal> {
        let read = |text| parse_hex_number(text).map(Work::from_u64).ok_or(Refusal::BAD_WORK);
        self.optional("work").map(read).transpose()
    }

    pub(super) fn optional_difficulty(&self) -> Result<Option<Difficulty>, Refusal> {
        let read =
            |text| parse_hex_number(text).map(Difficulty::from_u64).ok_or(Refusal::BAD_DIFFICULTY);
        self.optional("difficulty").map(read).transpose()
    }

    /// The block, given as an object with `json_block`, or else as a text that holds one.
    pub(super) fn block(&self) -> Result<SignedBlock, Refusal> {
        let value = self.fields.get("block").ok_or(Refusal::NOT_JSON)?;
        let block: Result<SignedBlock, _> = if self.flag("json_block", false) {
            serde_json::from_value(value.clone())
        } else {
            let text = value.as_str().unwrap_or_default();
            serde_json::from_str(text)
                .and_then(|block| serde_json::from_value(scalars_to_text(block)))
        };
        block.ok().filter(|block| block.work.is_some()).ok_or(Refusal::BAD_BLOCK)
    }

    /// A block as an object, or as a text that holds one, as `json_block` asks.
    pub(super) fn contents(&self, block: &SignedBlock) -> Value {
        let is_object = self.flag("json_block", false) || self.dialect() == Dialect::RsNano;
        let object = contents(block);
        if is_object { object } else { json!(format!("{object:#}\n")) }
    }
}

/// An opened account, or the node's refusal.
pub(super) fn opened<'a>(
    ledger: &'a Ledger,
    account: &Account,
) -> Result<&'a AccountInfo, Refusal> {
    ledger.account(account).ok_or(Refusal::ACCOUNT_NOT_FOUND)
}

pub(super) fn parse_account(text: &str) -> Result<Account, Refusal> {
    text.parse().map_err(|_| Refusal::BAD_ACCOUNT)
}

/// A hash; fewer than 64 digits are filled up with zeros in front, as in a node.
pub(super) fn parse_hash(text: &str) -> Option<BlockHash> {
    if text.is_empty() || text.len() > 64 {
        return None;
    }
    format!("{text:0>64}").parse().ok()
}

/// A count; a negative one wraps around, so that -1 is all there is.
fn parse_count(text: &str) -> Option<usize> {
    let number = match text.strip_prefix('-') {
        Some(digits) => digits.parse::<u64>().ok()?.wrapping_neg(),
        None => text.parse().ok()?,
    };
    Some(usize::try_from(number).unwrap_or(usize::MAX))
}

/// At most 16 hexadecimal digits.
pub(super) fn parse_hex_number(text: &str) -> Option<u64> {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex && text.len() <= 16 { u64::from_str_radix(text, 16).ok() } else { None }
}

fn scalars_to_text(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            map.into_iter().map(|(key, value)| (key, scalars_to_text(value))).collect()
        }
        Value::Array(list) => list.into_iter().map(scalars_to_text).collect(),
        Value::String(text) => Value::String(text),
        scalar => Value::String(scalar.to_string()),
    }
}

/// The fields of an object that is written as one.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Why an action is refused, in the reference node's words (source: nano_node, nano/lib/errors.cpp): the text of an error
/// answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal(Cow<'static, str>);

const fn of(text: &'static str) -> Refusal {
    Refusal(Cow::Borrowed(text))
}

impl Refusal {
    pub(super) const UNKNOWN_COMMAND: Self = of("Unknown command");
    pub(super) const NOT_JSON: Self = of("Unable to parse JSON");
    pub(super) const NOT_POST: Self = of("Can only POST requests");
    pub(super) const BODY_TOO_LARGE: Self = of("Request body is too large");
    pub(super) const EMPTY: Self = of("Empty response");
    pub(super) const STOPPED: Self = of("Stopped");

    pub(super) const ACCOUNT_NOT_FOUND: Self = of("Account not found");
    pub(super) const BLOCK_NOT_FOUND: Self = of("Block not found");
    pub(super) const BAD_ACCOUNT: Self = of("Bad account number");
    pub(super) const BAD_HASH: Self = of("Invalid block hash");
    pub(super) const BAD_HASH_NUMBER: Self = of("Bad hash number");
    pub(super) const BAD_PRIVATE_KEY: Self = of("Bad private key");
    pub(super) const BAD_PUBLIC_KEY: Self = of("Bad public key");
    pub(super) const BAD_SEED: Self = of("Bad seed");
    pub(super) const BAD_INDEX: Self = of("Invalid index");
    pub(super) const BAD_COUNT: Self = of("Invalid count");
    pub(super) const BAD_OFFSET: Self = of("Invalid offset");
    pub(super) const BAD_THRESHOLD: Self = of("Bad threshold number");
    pub(super) const BAD_AMOUNT: Self = of("Invalid amount number");
    pub(super) const AMOUNT_TOO_BIG: Self = of("Amount too big");
    pub(super) const BAD_BLOCK: Self = of("Block is invalid");
    pub(super) const BAD_ROOT: Self = of("Invalid root hash");
    pub(super) const NO_ELECTION: Self = of("Active confirmation not found");
    pub(super) const PEER_NOT_FOUND: Self = of("Peer not found");

    pub(super) const WORK_BELOW_ENTRY: Self = of("Block work is less than threshold");
    pub(super) const SUBTYPE_UNKNOWN: Self = of("Invalid block subtype");
    pub(super) const SUBTYPE_BALANCE: Self = of("Invalid block balance for given subtype");
    pub(super) const SUBTYPE_PREVIOUS: Self = of("Invalid previous block for given subtype");
    pub(super) const SUBTYPE_EPOCH_LINK: Self = of("Invalid epoch link");
    pub(super) const NOT_STATE: Self = of("Must be a state block");

    pub(super) const BAD_WORK: Self = of("Bad work");
    pub(super) const BAD_WORK_VERSION: Self = of("Bad work version");
    pub(super) const BAD_DIFFICULTY: Self = of("Bad difficulty");
    pub(super) const BAD_MULTIPLIER: Self = of("Bad multiplier");
    pub(super) const DIFFICULTY_LIMIT: Self =
        of("Difficulty above config limit or below publish threshold");
    pub(super) const ROOT_MISMATCH: Self = of("Block root mismatch");
    pub(super) const WORK_ENOUGH: Self = of("Provided work is already enough for given difficulty");
    pub(super) const WORK_CANCELLED: Self = of("Cancelled");
    pub(super) const WORK_FAILED: Self = of("Work generation cancellation or failure");

    pub(super) const BAD_TYPE: Self = of("Invalid block type");
    pub(super) const BAD_REPRESENTATIVE: Self = of("Bad representative number");
    pub(super) const BAD_DESTINATION: Self = of("Bad destination account");
    pub(super) const BAD_SOURCE: Self = of("Bad source");
    pub(super) const BAD_PREVIOUS: Self = of("Bad previous");
    pub(super) const BAD_BALANCE: Self = of("Invalid balance number");
    pub(super) const BAD_LINK: Self = of("Bad link number");
    pub(super) const KEY_REQUIRED: Self = of("Private key or local wallet and account required");
    pub(super) const KEY_MISMATCH: Self = of("Incorrect key for given account");
    pub(super) const BALANCE_MISMATCH: Self = of("Balance mismatch for previous block");
    pub(super) const INSUFFICIENT_BALANCE: Self = of("Insufficient balance");
    pub(super) const STATE_REQUIRES: Self =
        of("Previous, representative, final balance and link (source or destination) are required");
    pub(super) const OPEN_REQUIRES: Self = of("Representative account and source hash required");
    pub(super) const RECEIVE_REQUIRES: Self = of("Previous hash and source hash required");
    pub(super) const CHANGE_REQUIRES: Self =
        of("Representative account and previous hash required");
    pub(super) const SEND_REQUIRES: Self =
        of("Destination account, previous hash, current balance and amount required");

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl From<ProcessError> for Refusal {
    fn from(error: ProcessError) -> Self {
        Self(Cow::Owned(error.to_string()))
    }
}
