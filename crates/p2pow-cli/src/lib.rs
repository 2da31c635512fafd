//! What the programs of P2PoW share: where keys come from, how input is read, how a failure is told.
//!
//! One rule for all: an error is one line on standard error, the exit code is 2 for wrong usage, 3 if
//! only a part was done, and 1 for the rest; no secret stands on a command line, in a log or in an error. A reader of standard output that stops early is no error:
//! the program ends without a word.
//!
//! ```
//! use p2pow_cli::{Failure, values};
//!
//! assert_eq!(values::amount("1.5")?.to_string(), "1500000000000000000000000000000");
//! assert_eq!(Failure::new("the node\nis away").to_string(), "the node is away");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

pub mod ask;
pub mod config;
mod failure;
pub mod files;
#[cfg(feature = "fleet")]
mod fleet;
pub mod input;
pub mod key_file;
pub mod output;
pub mod password;
mod program;
mod reference;
mod secret;
pub mod values;

#[cfg(feature = "fleet")]
pub use fleet::{FleetArgs, KeptArgs};

pub use {
    failure::{Failure, gist, one_line},
    key_file::{SecretError, write_secret},
    password::PasswordArgs,
    program::{block_on, log_to_stderr, parse, report},
    reference::{CompletionsArgs, ManArgs},
    secret::{KEY_VARIABLE, KeyArgs, SEED_VARIABLE},
};
