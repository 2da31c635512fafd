//! [`Access`]: who may ask.
//!
//! With a token, whoever shows it. Without one, programs of this machine: then nothing is listened on but loopback, and
//! a request must name this machine as its host, or a page of a browser could get here through a name of its own that
//! leads to 127.0.0.1 (DNS rebinding). No page may ask in either case: a browser sends some requests to other sites
//! without asking them first, but names the page's origin.

use crate::config::Token;
use axum::http::{
    HeaderMap, StatusCode,
    header::{AUTHORIZATION, HOST, ORIGIN},
};
use nano_http::Peer;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Who may ask.
#[derive(Debug, Clone)]
pub(crate) struct Access(Option<[u8; 32]>);

/// A request that is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    #[error("wrong or no token, wanted the header Authorization: Bearer TOKEN")]
    Token,
    #[error("pages may not ask: the request has an Origin")]
    Page,
    #[error("without a token only this machine may ask, by the name localhost or its address")]
    Stranger,
}

impl Denied {
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::Page | Self::Stranger => StatusCode::FORBIDDEN,
        }
    }
}

fn digest(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

impl Access {
    pub(crate) fn new(token: Option<&Token>) -> Self {
        Self(token.map(|token| digest(token.as_bytes())))
    }

    pub(crate) fn check(&self, peer: &Peer, headers: &HeaderMap) -> Result<(), Denied> {
        if headers.contains_key(ORIGIN) {
            return Err(Denied::Page);
        }
        let Some(wanted) = &self.0 else {
            let is_here = peer.address.is_loopback() && names_loopback(headers);
            return if is_here { Ok(()) } else { Err(Denied::Stranger) };
        };
        // Digests are compared, so that neither length nor place of a difference is told by the time it takes.
        let shown = headers.get(AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
        match shown {
            Some(shown) if bool::from(digest(shown).ct_eq(wanted)) => Ok(()),
            _ => Err(Denied::Token),
        }
    }
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| rest.trim_ascii())
}

/// Whether the host that is asked for is this machine's own name or address.
fn names_loopback(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(host) = host.to_str() else { return false };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_address = |address: std::net::IpAddr| address.to_canonical().is_loopback();
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_address)
}

#[cfg(test)]
mod tests {
    use super::{Access, Denied};
    use crate::Token;
    use axum::http::HeaderMap;
    use nano_http::Peer;

    const TOKEN: &str = "0123456789abcdef";

    fn check(
        token: Option<&str>,
        address: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<(), Denied> {
        let token = token.map(|token| Token::new(token).unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let address = address.parse().unwrap();
        let peer = Peer { address, connection: (address, 1).into() };
        Access::new(token.as_ref()).check(&peer, &map)
    }

    #[test]
    fn without_a_token_only_this_machine_may_ask_by_its_own_name() {
        for host in ["localhost", "LOCALHOST:7072", "127.0.0.1:7072", "127.9.9.9", "[::1]:7072"] {
            assert_eq!(check(None, "127.0.0.1", &[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "192.0.2.1:7072",
            "",
            "[::2]",
            "127.0.0.1.evil",
        ] {
            assert_eq!(
                check(None, "127.0.0.1", &[("host", host)]),
                Err(Denied::Stranger),
                "{host}"
            );
        }
        assert_eq!(check(None, "192.0.2.1", &[("host", "localhost")]), Err(Denied::Stranger));
        assert_eq!(check(None, "127.0.0.1", &[]), Err(Denied::Stranger));
        let two = [("host", "localhost"), ("host", "evil.example")];
        assert_eq!(check(None, "127.0.0.1", &two), Err(Denied::Stranger));
    }

    #[test]
    fn a_page_may_not_ask_even_from_here() {
        let origin = ("origin", "http://evil.example");
        assert_eq!(check(None, "::1", &[("host", "localhost"), origin]), Err(Denied::Page));
        let bearer = format!("Bearer {TOKEN}");
        let headers = [("authorization", bearer.as_str()), origin];
        assert_eq!(check(Some(TOKEN), "192.0.2.1", &headers), Err(Denied::Page));
    }

    #[test]
    fn with_a_token_whoever_shows_it_may_ask() {
        for (shown, wanted) in [
            (format!("Bearer {TOKEN}"), Ok(())),
            (format!("bearer  {TOKEN} "), Ok(())),
            (format!("Bearer {TOKEN}0"), Err(Denied::Token)),
            (format!("Basic {TOKEN}"), Err(Denied::Token)),
            ("Bearer".to_owned(), Err(Denied::Token)),
        ] {
            let headers = [("authorization", shown.as_str())];
            assert_eq!(check(Some(TOKEN), "192.0.2.1", &headers), wanted, "{shown}");
        }
        assert_eq!(check(Some(TOKEN), "127.0.0.1", &[("host", "localhost")]), Err(Denied::Token));
    }
}
