//! Nano's secrets at rest: sealed with a password, or told in words.
//!
//! [`Sealed`] is a private key, a seed or a data key under a password (Argon2id, XChaCha20-Poly1305), in a JSON form
//! that says how it was made and whose it is. A file with another account's name, a bit flipped or a line cut does not
//! open, and says which of these it is as far as that can be known. [`Phrase`] is a secret as words (BIP39), and
//! [`Bip39Seed`] derives keys from it as hardware wallets do (BIP44). Nothing here touches a file.
//!
//! Features, both on by default: `sealed` and `bip39` (words). Without them derivation by BIP44 remains.
//!
//! ```
//! use nano_block::Seed;
//! use p2pow_keystore::{Cost, Password, Phrase, Sealed, Secret};
//!
//! let seed = Seed::from_bytes([7; 32]);
//! let words = Phrase::of_seed(&seed);
//! assert_eq!(words.seed()?.derive(0).account(), seed.derive(0).account());
//!
//! // The default cost is for files; a small one keeps this example quick.
//! let cost = Cost::new(64, 1, 1)?;
//! let password = Password::new("correct horse")?;
//! let account = seed.derive(0).account();
//! let file = Sealed::seal(&Secret::Seed(seed), &password, cost)?.to_json();
//!
//! let sealed = Sealed::from_json(&file)?;
//! assert_eq!(sealed.account(), Some(account));
//! assert!(matches!(sealed.open(&password)?, Secret::Seed(_)));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod bip44;
#[cfg(feature = "sealed")]
mod cipher;
#[cfg(feature = "sealed")]
mod cost;
#[cfg(feature = "sealed")]
mod form;
#[cfg(feature = "sealed")]
mod password;
#[cfg(feature = "bip39")]
mod phrase;
#[cfg(feature = "sealed")]
mod sealed;
#[cfg(feature = "sealed")]
mod secret;

pub use {
    bip44::{Bip39Seed, SeedError},
    nano_block::RandomError,
};

#[cfg(feature = "bip39")]
pub use phrase::{Phrase, PhraseError};
#[cfg(feature = "sealed")]
pub use {
    cipher::{DataKey, Unopened},
    cost::{Cost, CostError},
    form::FormError,
    password::{Password, PasswordError},
    sealed::{OpenError, SealError, Sealed},
    secret::Secret,
};
