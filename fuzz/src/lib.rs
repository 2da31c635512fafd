//! What must hold for any bytes whatever, one plain function a property.
//!
//! `cargo fuzz` drives them with libFuzzer; `tests/corpus.rs` runs them over the committed corpus on stable Rust. A
//! property panics where it does not hold.
#![forbid(unsafe_code)]
#![allow(clippy::missing_panics_doc)] // to panic is how a property says that it does not hold

mod blocks;
mod records;
mod text;
mod wallet;
mod wire;

pub use blocks::{block_binary, block_json};
pub use records::{journal_record, sealed_key};
pub use text::{account_text, amount_text, registry_entry, settings_text};
pub use wallet::{payout_body, wallet_record, wallet_rpc};
pub use wire::{request_work, rpc_answer};

/// A property, by the name of its fuzz target and corpus folder.
pub type Property = (&'static str, fn(&[u8]));

/// Every property.
pub const PROPERTIES: [Property; 13] = [
    ("account_text", account_text),
    ("amount_text", amount_text),
    ("block_binary", block_binary),
    ("block_json", block_json),
    ("journal_record", journal_record),
    ("payout_body", payout_body),
    ("registry_entry", registry_entry),
    ("request_work", request_work),
    ("rpc_answer", rpc_answer),
    ("sealed_key", sealed_key),
    ("settings_text", settings_text),
    ("wallet_record", wallet_record),
    ("wallet_rpc", wallet_rpc),
];
