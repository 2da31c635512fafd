//! [`check`]: keeps web pages of strangers from using a server that is meant for programs.
//!
//! A browser sends a page's request without asking first if it looks like a form's, as one with `text/plain` does; one
//! with `application/json` it sends only to a server that lets pages ask. And a page whose own name points to this
//! machine (DNS rebinding) is told by the name it asks for.

use crate::{config::WorkServerConfig, refusal::WorkRefusal};
use axum::http::{
    HeaderMap, Uri,
    header::{CONTENT_TYPE, HOST, ORIGIN},
    uri::Authority,
};
use std::net::IpAddr;

/// Refuses what a page of a stranger sends.
pub(crate) fn check(
    config: &WorkServerConfig,
    uri: &Uri,
    head: &HeaderMap,
) -> Result<(), WorkRefusal> {
    if head.contains_key(ORIGIN) && !config.cors && !is_json(head) {
        return Err(WorkRefusal::ForeignPage);
    }
    // Behind a proxy the name is the proxy's.
    let is_own = config.is_local() && config.trusted_proxies.is_empty();
    if is_own && !is_local(uri, head) {
        return Err(WorkRefusal::ForeignHost);
    }
    Ok(())
}

fn is_json(head: &HeaderMap) -> bool {
    let kind = head.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Whether the server is asked by a name of this machine. A browser always says the name.
fn is_local(uri: &Uri, head: &HeaderMap) -> bool {
    let named = head.get(HOST).map(|name| name.to_str().ok().and_then(|name| name.parse().ok()));
    match named {
        Some(authority) => authority.as_ref().is_some_and(is_loopback),
        None => uri.authority().is_none_or(is_loopback),
    }
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::config::WorkServerConfig;
    use axum::http::{HeaderMap, HeaderName, Uri};

    fn passes(config: &WorkServerConfig, headers: &[(&str, &str)]) -> bool {
        let pair = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())
        };
        let head: HeaderMap = headers.iter().map(pair).collect();
        check(config, &Uri::from_static("/"), &head).is_ok()
    }

    #[test]
    fn a_page_is_known_by_its_origin_and_cannot_pose_as_a_form() {
        let own = WorkServerConfig::default();
        let page = ("origin", "https://evil.example");
        assert!(passes(&own, &[]));
        assert!(passes(&own, &[("content-type", "text/plain")]), "no page");
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
            assert!(!passes(&own, &[page, ("content-type", kind)]), "{kind}");
        }
        assert!(!passes(&own, &[page]));
        assert!(passes(&own, &[page, ("content-type", "Application/JSON; charset=utf-8")]));
        let open = WorkServerConfig { cors: true, ..own };
        assert!(passes(&open, &[page, ("content-type", "text/plain")]), "pages may ask");
    }

    #[test]
    fn a_server_of_this_machine_is_asked_by_a_name_of_this_machine() {
        let own = WorkServerConfig::default();
        for name in ["localhost", "LOCALHOST:7076", "127.0.0.1:7076", "[::1]:7076", "127.1.2.3"] {
            assert!(passes(&own, &[("host", name)]), "{name}");
        }
        for name in ["evil.example", "evil.example:7076", "localhost.evil.example", "192.0.2.1", ""]
        {
            assert!(!passes(&own, &[("host", name)]), "{name:?}");
        }
        let proxied = WorkServerConfig {
            trusted_proxies: vec!["127.0.0.1/32".parse().unwrap()],
            ..own.clone()
        };
        assert!(passes(&proxied, &[("host", "work.example")]));
        let public = WorkServerConfig { listen: "0.0.0.0:7076".parse().unwrap(), ..own };
        assert!(passes(&public, &[("host", "work.example")]));
    }
}
