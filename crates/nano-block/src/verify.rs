//! Verifying Ed25519 signatures made with Blake2b-512 in place of SHA-512.

use blake2::Blake2b512;
use ed25519_dalek::{VerifyingKey, hazmat::raw_verify};
use nano_primitives::{BlockHash, PublicKey, Signature};

/// Why a signature is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The public key is no point of the curve.
    #[error("public key {key} is no point of the curve")]
    NoPoint {
        /// The key found.
        key: PublicKey,
    },
    /// The public key has low order: anybody could sign for it.
    #[error("public key {key} has low order, so its signatures prove nothing")]
    WeakKey {
        /// The key found.
        key: PublicKey,
    },
    /// The signature is not one of this hash by this key, or is not in canonical form.
    #[error("signature is not one of {hash} by public key {key}")]
    Mismatch {
        /// The key that should have signed.
        key: PublicKey,
        /// The hash that should have been signed.
        hash: BlockHash,
    },
}

/// Checks that `signature` is `key`'s over `hash`.
///
/// Stricter than a node where that costs no honest signer anything: a scalar S not below the group order, a
/// non-canonical R, and keys of low order are refused.
///
/// # Errors
/// The key is unusable or the signature is not one of this hash by this key.
pub fn verify(
    key: &PublicKey,
    hash: &BlockHash,
    signature: &Signature,
) -> Result<(), SignatureError> {
    let point = VerifyingKey::from_bytes(key.as_bytes())
        .map_err(|_| SignatureError::NoPoint { key: *key })?;
    if point.is_weak() {
        return Err(SignatureError::WeakKey { key: *key });
    }
    let signature = ed25519_dalek::Signature::from_bytes(signature.as_bytes());
    raw_verify::<Blake2b512>(&point, hash.as_bytes(), &signature)
        .map_err(|_| SignatureError::Mismatch { key: *key, hash: *hash })
}
