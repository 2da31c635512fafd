//! Where a node is, with what it wants to see at the door.

use crate::ConfigError;
use base64::{Engine, prelude::BASE64_STANDARD};
use hyper::{
    Uri,
    header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
    http::uri::Authority,
};
use percent_encoding::percent_decode_str;
use std::fmt;

/// Schemes that a message may repeat. What else stands before `://` may be a key in the wrong place.
const KNOWN_SCHEMES: [&str; 8] = ["http", "https", "ws", "wss", "tcp", "ftp", "file", "unix"];

/// A URL and the headers to send there. Neither `Debug` nor `Display` shows credentials, path or query.
#[derive(Clone)]
pub(crate) struct Endpoint {
    uri: Uri,
    headers: HeaderMap,
    shown: String,
}

impl Endpoint {
    /// Reads a URL of one of two schemes. A name and password in it become a header.
    pub(crate) fn parse(url: &str, schemes: [&'static str; 2]) -> Result<Self, ConfigError> {
        let bad = |reason: String| ConfigError::Url { reason, wanted: schemes[0] };
        let uri: Uri = url.trim().parse().map_err(|error| bad(format!("{error}")))?;
        let scheme = uri.scheme_str().ok_or_else(|| bad("no scheme".to_owned()))?;
        let scheme = scheme.to_ascii_lowercase();
        if !schemes.contains(&scheme.as_str()) {
            return Err(match KNOWN_SCHEMES.contains(&scheme.as_str()) {
                true => ConfigError::Scheme { found: scheme, wanted: schemes },
                false => bad("an unknown scheme".to_owned()),
            });
        }
        let authority = uri.authority().ok_or_else(|| bad("no host".to_owned()))?;
        let (user, host) = split(authority).map_err(|reason| bad(reason.to_owned()))?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let shown = format!("{scheme}://{host}{}", if path == "/" { "" } else { "/…" });
        let headers = authorization(user).into_iter().map(|value| (AUTHORIZATION, value)).collect();
        let uri = Uri::builder().scheme(scheme.as_str()).authority(host).path_and_query(path);
        Ok(Self { uri: uri.build().map_err(|error| bad(error.to_string()))?, headers, shown })
    }

    /// Adds a header that is sent with every request.
    pub(crate) fn add_header(&mut self, name: &str, value: &str) -> Result<(), ConfigError> {
        let bad = |name: &str, reason| ConfigError::Header { name: name.to_owned(), reason };
        let header: HeaderName =
            name.parse().map_err(|_| bad("…", "its name is not a header's"))?;
        let mut value: HeaderValue = value.parse().map_err(|_| {
            bad(header.as_str(), "its value has characters that headers cannot have")
        })?;
        value.set_sensitive(true);
        self.headers.insert(header, value);
        Ok(())
    }

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
    pub(crate) fn host_and_port(&self, default_port: u16) -> (&str, u16) {
        let host = self.uri.host().expect("checked when the URL was read");
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (host, self.uri.port_u16().unwrap_or(default_port))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("Endpoint").field("url", &self.shown).field("headers", &headers).finish()
    }
}

/// Name and password, and host and port.
fn split(authority: &Authority) -> Result<(&str, &str), &'static str> {
    let text = authority.as_str();
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    if host.is_empty() || host.starts_with(':') {
        return Err("no host");
    }
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
    if !user.contains(':') {
        plain.push(b':');
    }
    let value = format!("Basic {}", BASE64_STANDARD.encode(plain));
    let mut value = HeaderValue::try_from(value).expect("base 64 is fit for a header");
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
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
            let endpoint = Endpoint::parse(url, ["ws", "wss"]).unwrap();
            assert_eq!(endpoint.host_and_port(80), wanted, "{url}");
        }
    }
}
