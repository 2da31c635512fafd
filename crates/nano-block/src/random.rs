//! Secrets from the system's random source: [`random_bytes`], [`SecretKey::generate`], [`Seed::generate`].

use crate::{SecretKey, Seed};
use zeroize::Zeroizing;

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system's random source failed")]
pub struct RandomError(#[source] getrandom::Error);

/// Random bytes from the system, for keys, seeds and whatever else must not be guessed.
///
/// # Errors
/// The random source failed.
pub fn random_bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, RandomError> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut()).map_err(RandomError)?;
    Ok(bytes)
}

impl SecretKey {
    /// A key from the system's random source.
    ///
    /// # Errors
    /// The random source failed.
    pub fn generate() -> Result<Self, RandomError> {
        random_bytes().map(Self::new)
    }
}

impl Seed {
    /// A seed from the system's random source.
    ///
    /// # Errors
    /// The random source failed.
    pub fn generate() -> Result<Self, RandomError> {
        random_bytes().map(Self::new)
    }
}
