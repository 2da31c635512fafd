//! Who asks.

use crate::{
    Config, Limits,
    config::{Key, digest},
    refusal::Refusal,
};
use hyper::{HeaderMap, header::AUTHORIZATION};
use std::{
    collections::HashMap,
    fmt,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

/// The header for a key, beside `Authorization: Bearer`.
const API_KEY: &str = "x-api-key";

/// Who asks, and what they may.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) id: CallerId,
    pub(crate) limits: Limits,
}

/// Whom limits are counted for, and who may cancel a job.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum CallerId {
    /// The owner of a key, wherever they are.
    Key(Arc<str>),
    /// An IPv4 address, or the 64-bit network of an IPv6 address, which one user has for itself.
    Address(IpAddr),
}

/// Who may ask.
#[derive(Debug)]
pub(crate) struct Access {
    keys: HashMap<[u8; 32], Key>,
    open: Option<Limits>,
}

impl Access {
    pub(crate) fn new(config: &Config) -> Self {
        let keys = config.keys.iter().map(|key| (key.digest, key.clone())).collect();
        Self { keys, open: config.open }
    }

    /// Finds out who asks. A key that is shown must be right, unless the server has none.
    pub(crate) fn caller(&self, headers: &HeaderMap, address: IpAddr) -> Result<Caller, Refusal> {
        match shown_key(headers).filter(|_| !self.keys.is_empty()) {
            Some(secret) => self.owner(secret),
            None => self.stranger(address),
        }
    }

    fn owner(&self, secret: &[u8]) -> Result<Caller, Refusal> {
        let key = self.keys.get(&digest(secret)).ok_or(Refusal::WrongKey)?;
        Ok(Caller { id: CallerId::Key(Arc::clone(&key.name)), limits: key.limits })
    }

    fn stranger(&self, address: IpAddr) -> Result<Caller, Refusal> {
        let limits = self.open.ok_or(Refusal::NoKey)?;
        Ok(Caller { id: CallerId::from(address), limits })
    }
}

fn shown_key(headers: &HeaderMap) -> Option<&[u8]> {
    let bearer = || headers.get(AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
    headers.get(API_KEY).map(|value| value.as_bytes()).or_else(bearer)
}

/// The token of `Bearer TOKEN`. Other schemes are for servers in between.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token.trim_ascii())
}

impl From<IpAddr> for CallerId {
    fn from(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
            v4 => v4,
        })
    }
}

impl fmt::Display for CallerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(name) => write!(f, "key {name}"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CallerId, bearer};
    use std::net::IpAddr;

    fn id(address: &str) -> CallerId {
        CallerId::from(address.parse::<IpAddr>().unwrap())
    }

    #[test]
    fn a_bearer_token_is_told_in_any_case() {
        assert_eq!(bearer(b"Bearer abc"), Some(&b"abc"[..]));
        assert_eq!(bearer(b"bearer  abc "), Some(&b"abc"[..]));
        assert_eq!(bearer(b"Basic abc"), None);
        assert_eq!(bearer(b"Bear"), None);
    }

    #[test]
    fn an_ipv6_network_is_one_caller() {
        assert_eq!(id("2001:db8::1"), id("2001:db8::2:1"));
        assert_ne!(id("2001:db8::1"), id("2001:db8:0:1::1"));
        assert_eq!(id("::ffff:192.0.2.1"), id("192.0.2.1"));
        assert_ne!(id("192.0.2.1"), id("192.0.2.2"));
    }
}
