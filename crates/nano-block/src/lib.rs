//! Nano's keys, signatures and blocks, complete: state blocks and the four legacy kinds, hashed, signed, verified,
//! read and written as JSON and in the binary wire form.
//!
//! A block's hashed fields ([`StateBlock`], [`Block`]) are one type; the same with its signature and, once found, its
//! work is another ([`Signed`]). So an unsigned block cannot be published by mistake, and a block without work, which
//! is what P2PoW hands to a worker, is an ordinary value.
//!
//! ```
//! use nano_block::{AccountState, Seed};
//! use nano_primitives::Amount;
//!
//! let seed: Seed = "00".repeat(32).parse()?;
//! let (alice, bob) = (seed.derive(0), seed.derive(1).account());
//! let state = AccountState {
//!     account: alice.account(),
//!     frontier: Some("AB".repeat(32).parse()?),
//!     balance: Amount::from_xno("3")?,
//!     representative: alice.account(),
//! };
//! let send = state.send(bob, Amount::from_xno("1")?)?.sign(&alice);
//! send.verify()?;
//! assert_eq!(send.block.balance.to_xno(), "2");
//! assert!(serde_json::to_string(&send)?.contains(r#""type":"state""#));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//! Without its default features the crate needs no standard library, only `alloc`. Features, all on by default but the
//! last: `std`; `serde`, the JSON of blocks; `random`, new keys and seeds from the system; `wasm_js`, the same from a
//! browser.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod binary;
mod block;
mod builder;
mod epoch;
#[cfg(feature = "serde")]
mod json;
mod key_file;
mod keys;
mod kind;
mod network;
#[cfg(feature = "random")]
mod random;
mod signed;

pub use {
    binary::{DecodeError, EncodeError},
    block::{Block, ChangeBlock, OpenBlock, ReceiveBlock, SendBlock, StateBlock},
    builder::{AccountState, BuildError},
    epoch::{Epoch, UnknownEpoch},
    key_file::KeyFileError,
    keys::{SecretKey, Seed, SignatureError, verify},
    kind::{BlockKind, Subtype, UnknownKind, UnknownSubtype},
    network::{Network, Thresholds, UnknownNetwork},
    signed::{NotState, Signed, SignedBlock, SignedState},
};

#[cfg(feature = "serde")]
pub use json::FieldError;
#[cfg(feature = "random")]
pub use random::{RandomError, random_bytes};
