//! The registry of workers, which is the ledger itself.
//!
//! A worker sends [`REGISTRATION_AMOUNT`] to [`REGISTRATION_ACCOUNT`], which nobody can open; the representative of
//! that block is the worker's address: its 4 or 16 bytes, padded with zeros on the right to 32.
//!
//! Anybody can register any address, so a client that dials without looking could be turned against its own network:
//! [`is_dialable`] lets global unicast addresses pass alone (source: the IANA special-purpose address registries for IPv4
//! and IPv6).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use nano_primitives::{Account, Amount, PublicKey};

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

/// Networks that are not part of the public IPv4 internet: address and prefix length.
const SPECIAL_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),       // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // carrier-grade translation
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // 6to4 relays, withdrawn
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved and broadcast
];

/// Networks inside 2000::/3, the unicast space in use, that are not public, or that carry an IPv4 address.
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, Teredo
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// Whether a client may connect to an address that it found in the registry: global unicast only. `allow_local` adds
/// loopback and private addresses, for a development network. Link-local ones are never dialled: behind them are
/// machines that trust their neighbours, such as the metadata servers of clouds.
///
/// ```
/// use p2pow_protocol::registry::is_dialable;
///
/// assert!(is_dialable("200.195.1.1".parse()?, false));
/// assert!(!is_dialable("192.168.1.1".parse()?, false));
/// assert!(is_dialable("127.0.0.1".parse()?, true));
/// # Ok::<_, std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn is_dialable(address: IpAddr, allow_local: bool) -> bool {
    is_global(address) || allow_local && is_local(address)
}

fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !SPECIAL_V4.iter().any(|&(network, length)| in_v4(v4, network, length)),
        IpAddr::V6(v6) => {
            in_v6(v6, Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)
                && !SPECIAL_V6.iter().any(|&(network, length)| in_v6(v6, network, length))
        }
    }
}

fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    }
}

/// Whether the first `length` bits agree; `length` is 1 to 32.
fn in_v4(address: Ipv4Addr, network: Ipv4Addr, length: u32) -> bool {
    (address.to_bits() ^ network.to_bits()) >> (u32::BITS - length) == 0
}

/// Whether the first `length` bits agree; `length` is 1 to 128.
fn in_v6(address: Ipv6Addr, network: Ipv6Addr, length: u32) -> bool {
    (address.to_bits() ^ network.to_bits()) >> (u128::BITS - length) == 0
}
