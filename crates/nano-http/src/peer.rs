//! [`Peer`]: who asks. [`Source`]: whom limits are counted for.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, request::Parts},
};
use ipnet::IpNet;
use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Who asks. Handlers take it as an argument; the server puts it into the extensions of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The client's address: of the connection or, if that is a trusted proxy's, the one it names. Never an
    /// IPv4-mapped IPv6 address.
    pub address: IpAddr,
    /// The other end of the connection.
    pub connection: SocketAddr,
}

/// Who shares a limit: an IPv4 address, or the 64-bit network of an IPv6 address, which one user has for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

/// The proxies that are believed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxies(Vec<IpNet>);

impl Peer {
    /// Whom limits are counted for.
    #[must_use]
    pub fn source(&self) -> Source {
        self.address.into()
    }
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(v4.into()),
            IpAddr::V6(v6) => Self(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into()),
        }
    }
}

impl Source {
    /// Whom somebody may be who has many sources: the IPv4 address, or the IPv6 network of 48 bits that a customer of a
    /// provider gets at the most.
    pub(crate) fn neighbourhood(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 80 << 80).into(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(network) => write!(f, "{network}/64"),
        }
    }
}

impl Proxies {
    pub(crate) const fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    pub(crate) fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The last address on the way here that is not a trusted proxy's. What stands before it, anybody may have written.
    pub(crate) fn peer(&self, connection: SocketAddr, headers: &HeaderMap) -> Peer {
        let mut address = connection.ip().to_canonical();
        let fields = headers.get_all(FORWARDED_FOR).iter().rev();
        let mut named = fields.flat_map(|field| field.as_bytes().rsplit(|byte| *byte == b','));
        while self.trust(address) {
            let Some(before) = named.next().and_then(parse) else { break };
            address = before;
        }
        Peer { address, connection }
    }
}

/// An address, with or without its port.
fn parse(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?.trim();
    let with_port = || text.parse().map(|address: SocketAddr| address.ip());
    text.parse().or_else(|_| with_port()).ok().map(|address: IpAddr| address.to_canonical())
}

/// Of a router that is not served by an [`HttpServer`](crate::HttpServer), a request has no peer: 500.
impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get().copied().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// As for [`Peer`].
impl<S: Sync> FromRequestParts<S> for Source {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, StatusCode> {
        Peer::from_request_parts(parts, state).await.map(|peer| peer.source())
    }
}

#[cfg(test)]
mod tests {
    use super::{Proxies, Source};
    use axum::http::HeaderMap;
    use std::net::{IpAddr, SocketAddr};

    fn source(address: &str) -> Source {
        Source::from(address.parse::<IpAddr>().unwrap())
    }

    /// The client, as it is known to a server that trusts 10.0.0.0/8 and 2001:db8::/32.
    fn client(connection: &str, forwarded: &[&str]) -> String {
        let networks = ["10.0.0.0/8", "2001:db8::/32"].map(|network| network.parse().unwrap());
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let connection = SocketAddr::new(connection.parse().unwrap(), 1);
        let peer = Proxies::new(networks.to_vec()).peer(connection, &headers);
        assert_eq!(peer.connection, connection);
        peer.address.to_string()
    }

    #[test]
    fn an_ipv6_network_is_one_source() {
        assert_eq!(source("2001:db8::1"), source("2001:db8::ffff:1"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
        assert_eq!(source("2001:db8::1").to_string(), "2001:db8::/64");
        assert_eq!(source("::ffff:192.0.2.1").to_string(), "192.0.2.1");
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(client("192.0.2.1", &["198.51.100.1"]), "192.0.2.1");
        assert_eq!(client("::ffff:192.0.2.1", &["198.51.100.1"]), "192.0.2.1");
    }

    #[test]
    fn a_proxy_names_its_client() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.1:5000"]), "198.51.100.1");
        assert_eq!(client("2001:db8::1", &["[2001:dead::1]:80"]), "2001:dead::1");
        assert_eq!(client("10.0.0.1", &["::ffff:198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn what_a_client_says_of_itself_is_not_passed_on_as_truth() {
        assert_eq!(client("10.0.0.1", &["203.0.113.9, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.9", "198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.9, nonsense, 10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn a_proxy_that_says_nothing_of_use_is_the_client() {
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[""]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["unknown"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.2, 10.0.0.3"]), "10.0.0.2");
    }
}
