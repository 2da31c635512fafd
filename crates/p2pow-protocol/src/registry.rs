//! The registry of workers, which is the ledger itself.
//!
//! A worker sends [`REGISTRATION_AMOUNT`] to [`REGISTRATION_ACCOUNT`], which nobody can open; the representative of
//! that block is the worker's address: its 4 or 16 bytes, padded with zeros on the right to 32.

pub use crate::dialable::is_dialable;

use nano_primitives::{Account, Amount, PublicKey};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where registrations are sent:
/// `nano_1de1egated1proof1ofwork1themain1registration1accountp46rpyr6`.
pub const REGISTRATION_ACCOUNT: Account = Account::new(PublicKey::from_bytes([
    0x2d, 0x80, 0x63, 0x91, 0xa6, 0x2c, 0x16, 0xc5, 0x6a, 0xd0, 0x55, 0xbc, 0xae, 0x24, 0x0d, 0x3d,
    0x93, 0x44, 0x28, 0x0c, 0x31, 0xd0, 0xce, 0xb0, 0x8d, 0x42, 0xb4, 0x02, 0x14, 0xaa, 0xee, 0x9a,
]));

/// The exact amount that marks a send as a registration.
pub const REGISTRATION_AMOUNT: Amount = Amount::from_raw(18_080_613);

/// An address that the registry cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("address {address} cannot be registered: it would be read as {read}")]
pub struct AmbiguousAddress {
    /// The address that was to be written.
    pub address: Ipv6Addr,
    /// What a reader would make of it.
    pub read: Ipv4Addr,
}

/// The representative that stands for `address`.
///
/// # Errors
/// An IPv6 address of which only the first 4 bytes are not zero would be read as an IPv4 address.
///
/// ```
/// use p2pow_protocol::registry;
///
/// let account = registry::encode("200.195.0.0".parse()?)?;
/// assert_eq!(
///     account.to_string(),
///     "nano_3k85111111111111111111111111111111111111111111111111mf137m96"
/// );
/// assert!(registry::encode("2600::".parse()?).is_err());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn encode(address: IpAddr) -> Result<Account, AmbiguousAddress> {
    let account = match address {
        IpAddr::V4(v4) => padded(&v4.octets()),
        IpAddr::V6(v6) => padded(&v6.octets()),
    };
    match (address, decode(&account)) {
        (IpAddr::V6(address), Some(IpAddr::V4(read))) => Err(AmbiguousAddress { address, read }),
        _ => Ok(account),
    }
}

/// The address that a representative stands for, or `None` for an ordinary account.
#[must_use]
pub fn decode(representative: &Account) -> Option<IpAddr> {
    let bytes = representative.as_bytes();
    let (v4, after_v4) = bytes.split_first_chunk::<4>()?;
    let (v6, after_v6) = bytes.split_first_chunk::<16>()?;
    if is_zero(after_v4) {
        Some(Ipv4Addr::from(*v4).into())
    } else {
        is_zero(after_v6).then(|| Ipv6Addr::from(*v6).into())
    }
}

fn padded(address: &[u8]) -> Account {
    let mut bytes = [0; 32];
    bytes[..address.len()].copy_from_slice(address);
    Account::new(PublicKey::from_bytes(bytes))
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}
