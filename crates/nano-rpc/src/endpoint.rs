//! [`Address`]: where a server is, as a caller said it; [`Endpoint`]: the same, read and checked, with the TLS that
//! leads there.

use crate::{ConfigError, Reason, tls::Tls};
use base64::{Engine, prelude::BASE64_STANDARD};
use hyper::{
    Uri,
    header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
    http::uri::{Authority, InvalidUri},
};
use percent_encoding::percent_decode_str;
use std::fmt;

/// Schemes that a message may repeat. What else stands before `://` may be a key in the wrong place.
const KNOWN_SCHEMES: [&str; 8] = ["http", "https", "ws", "wss", "tcp", "ftp", "file", "unix"];

/// A URL, headers to send there, and root certificates to trust beside the public ones; none of it checked.
#[derive(Clone)]
pub(crate) struct Address {
    url: String,
    headers: Vec<(String, String)>,
    root_certificates: Vec<Vec<u8>>,
}

impl Address {
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), headers: Vec::new(), root_certificates: Vec::new() }
    }

    pub(crate) fn add_header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Trusts a root certificate (X.509, DER).
    pub(crate) fn trust(&mut self, der: &[u8]) {
        self.root_certificates.push(der.to_vec());
    }

    /// Reads it all; the URL must have one of two schemes. A name and password in it become a header.
    pub(crate) fn endpoint(&self, schemes: [&'static str; 2]) -> Result<Endpoint, ConfigError> {
        let Location { uri, authorization, shown } = Location::parse(&self.url, schemes)?;
        let mut headers: HeaderMap =
            authorization.into_iter().map(|value| (AUTHORIZATION, value)).collect();
        for (name, value) in &self.headers {
            let (name, value) = header(name, value)?;
            headers.insert(name, value);
        }
        let is_secure = matches!(uri.scheme_str(), Some("https" | "wss"));
        let tls = Tls::new(is_secure, &self.root_certificates)?;
        Ok(Endpoint { uri, headers, shown, tls })
    }
}

/// Without the URL, the values of the headers, and what is no name of one: they may be secrets.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.headers.iter().map(|(name, _)| name);
        let headers: Vec<_> = names.filter_map(|name| name.parse::<HeaderName>().ok()).collect();
        f.debug_struct("Address").field("headers", &headers).finish_non_exhaustive()
    }
}

/// A URL that was read, the headers to send there, and how to trust who is there. `Debug` shows no credentials, path or
/// query.
#[derive(Clone)]
pub(crate) struct Endpoint {
    uri: Uri,
    headers: HeaderMap,
    shown: String,
    tls: Tls,
}

impl Endpoint {
    pub(crate) const fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(crate) const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Scheme, host and port.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// The host without the brackets of an IPv6 address, and the port.
    #[cfg(feature = "websocket")]
    pub(crate) fn host_and_port(&self, default_port: u16) -> (&str, u16) {
        let host = self.uri.host().expect("checked when the URL was read");
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (host, self.uri.port_u16().unwrap_or(default_port))
    }

    pub(crate) const fn tls(&self) -> &Tls {
        &self.tls
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("Endpoint").field("url", &self.shown).field("headers", &headers).finish()
    }
}

/// What a URL says.
struct Location {
    uri: Uri,
    authorization: Option<HeaderValue>,
    /// Scheme, host and port: what may be shown.
    shown: String,
}

impl Location {
    fn parse(url: &str, schemes: [&'static str; 2]) -> Result<Self, ConfigError> {
        let malformed = |reason| ConfigError::Url { reason, wanted: schemes[0] };
        let bad = |words: &str| malformed(Reason::words(words));
        let uri: Uri =
            url.trim().parse().map_err(|error| malformed(Reason::of::<InvalidUri>(error)))?;
        let scheme = uri.scheme_str().ok_or_else(|| bad("no scheme"))?;
        let scheme = scheme.to_ascii_lowercase();
        if !schemes.contains(&scheme.as_str()) {
            return Err(match KNOWN_SCHEMES.contains(&scheme.as_str()) {
                true => ConfigError::Scheme { found: scheme, wanted: schemes },
                false => bad("an unknown scheme"),
            });
        }
        let authority = uri.authority().ok_or_else(|| bad("no host"))?;
        let (user, host) = split(authority).map_err(bad)?;
        // Public providers put keys into the path and the query, so neither is shown.
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let shown = format!("{scheme}://{host}{}", if path == "/" { "" } else { "/…" });
        let uri = Uri::builder().scheme(scheme.as_str()).authority(host).path_and_query(path);
        let uri = uri.build().map_err(|error| malformed(Reason::of(error)))?;
        Ok(Self { uri, authorization: authorization(user), shown })
    }
}

/// What may be shown of a URL of HTTP; `None` if it is none.
pub(crate) fn shown(url: &str) -> Option<String> {
    Location::parse(url, ["http", "https"]).ok().map(|location| location.shown)
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), ConfigError> {
    let bad = |name: &str, reason| ConfigError::Header { name: name.to_owned(), reason };
    let header: HeaderName = name.parse().map_err(|_| bad("…", "its name is not a header's"))?;
    let mut value: HeaderValue = value
        .parse()
        .map_err(|_| bad(header.as_str(), "its value has characters that headers cannot have"))?;
    // Which keeps it out of what `HeaderMap` shows.
    value.set_sensitive(true);
    Ok((header, value))
}

/// Name and password, and host and port.
fn split(authority: &Authority) -> Result<(&str, &str), &'static str> {
    let text = authority.as_str();
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    if host.is_empty() || host.starts_with(':') {
        return Err("no host");
    }
    // `Uri` takes a port that is no number for none, and would lead to the default port.
    let has_port = host.rsplit(']').next().is_some_and(|end| end.contains(':'));
    if has_port && authority.port_u16().is_none() {
        return Err("its port is not a number up to 65535");
    }
    Ok((user, host))
}

/// HTTP's basic authorization of `name:password`, percent-encoded as in a URL.
fn authorization(user: &str) -> Option<HeaderValue> {
    if user.is_empty() {
        return None;
    }
    let mut plain: Vec<u8> = percent_decode_str(user).collect();
    // A name without a password is a name with an empty one.
    if !user.contains(':') {
        plain.push(b':');
    }
    let value = format!("Basic {}", BASE64_STANDARD.encode(plain));
    let mut value = HeaderValue::try_from(value).expect("base 64 is fit for a header");
    value.set_sensitive(true);
    Some(value)
}

#[cfg(all(test, feature = "websocket"))]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_fit_for_a_socket() {
        for (url, wanted) in [
            ("ws://[::1]:7078", ("::1", 7078)),
            ("ws://[::1]", ("::1", 80)),
            ("ws://a:b@node.example", ("node.example", 80)),
            ("WS://127.0.0.1:1/path", ("127.0.0.1", 1)),
        ] {
            let endpoint = Address::new(url).endpoint(["ws", "wss"]).unwrap();
            assert_eq!(endpoint.host_and_port(80), wanted, "{url}");
        }
    }
}
