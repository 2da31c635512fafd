//! What must hold for any bytes whatever, one plain function a property.
//!
//! `cargo fuzz` drives them with libFuzzer; `tests/corpus.rs` runs them over the committed corpus on stable Rust. A
//! property panics where it does not hold.
#![forbid(unsafe_code)]
#![allow(clippy::missing_panics_doc)] // to panic is how a property says that it does not hold

mod blocks;
mod text;
mod wire;

pub use blocks::{block_binary, block_json};
pub use text::{account_text, amount_text, registry_entry};
pub use wire::{request_work, rpc_answer};

/// A property, by the name of its fuzz target and corpus folder.
pub type Property = (&'static str, fn(&[u8]));

/// Every property.
pub const PROPERTIES: [Property; 7] = [
    ("account_text", account_text),
    ("amount_text", amount_text),
    ("block_binary", block_binary),
    ("block_json", block_json),
    ("registry_entry", registry_entry),
    ("request_work", request_work),
    ("rpc_answer", rpc_answer),
];
