//! Why an action is refused, in the reference node's words (source: nano_node,
//! nano/lib/errors.cpp).

use crate::ledger::ProcessError;
use std::borrow::Cow;

/// The text of an error answer.
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
