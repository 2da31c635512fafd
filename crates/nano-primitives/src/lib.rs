//! The small values a Nano block is made of.
//!
//! Every type here is a checked newtype: once you hold one, it is well formed. Text is read strictly and written in
//! the spelling of a Nano node. Nothing here knows of keys or blocks; the only cryptography is Blake2b, for the
//! checksum of an account and for the value of a work nonce.
//!
//! ```
//! use nano_primitives::{Account, Amount, Unit};
//!
//! let account: Account = "nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo".parse()?;
//! let amount = Amount::parse_unit("0.0001", Unit::XNO)?;
//! assert_eq!(amount.to_string(), "100000000000000000000000000");
//! assert_eq!(account.to_string().len(), 65);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//! Without its default features the crate needs no standard library, only `alloc`. Features: `std` and `serde`, both on
//! by default.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod account;
mod amount;
mod bytes;
mod convert;
mod text;
mod work;

pub use account::{Account, AccountError, Prefix};
pub use amount::{Amount, AmountError, Unit};
pub use bytes::{BlockHash, HexError, Link, PublicKey, Root, Signature};
pub use text::excerpt;
pub use work::{Difficulty, MultiplierError, Work, WorkError};
