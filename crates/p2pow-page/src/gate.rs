//! [`own_host`] and [`token`]: who is let in: programs and the page of this very listener, which name this machine and show the token.
//!
//! - A page whose own name points to this machine (DNS rebinding) is told by the `Host` that its browser sends.
//! - A page of another origin can send requests, but no token: it is in no cookie, which a browser would add by itself.
//! - Other users of this machine reach loopback too; they do not have the token.

use crate::Token;
use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, StatusCode, Uri,
        header::{AUTHORIZATION, HOST},
        uri::Authority,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use nano_http::json;
use std::net::IpAddr;

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotLetIn {
    /// The request names another host.
    ForeignHost,
    /// There is no token.
    NoToken,
    /// There is another token.
    WrongToken,
}

impl IntoResponse for NotLetIn {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::ForeignHost => {
                (StatusCode::FORBIDDEN, "asked by a name that is not this machine's")
            }
            Self::NoToken => (StatusCode::UNAUTHORIZED, "no token, wanted Authorization: Bearer …"),
            Self::WrongToken => (StatusCode::UNAUTHORIZED, "wrong token"),
        };
        json(status, format!(r#"{{"error":"{error}"}}"#))
    }
}

/// Lets only requests pass that name this machine.
///
/// # Errors
/// The request names another host.
pub async fn own_host(request: Request, next: Next) -> Result<Response, NotLetIn> {
    match is_own(request.uri(), request.headers()) {
        true => Ok(next.run(request).await),
        false => Err(NotLetIn::ForeignHost),
    }
}

/// Lets only requests pass that show the token.
///
/// # Errors
/// There is none, or another one.
pub async fn token(
    State(token): State<Token>,
    request: Request,
    next: Next,
) -> Result<Response, NotLetIn> {
    match shown(request.headers()) {
        Some(shown) if token.is(shown) => Ok(next.run(request).await),
        Some(_) => Err(NotLetIn::WrongToken),
        None => Err(NotLetIn::NoToken),
    }
}

fn shown(head: &HeaderMap) -> Option<&str> {
    let (scheme, shown) = head.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| shown.trim())
}

fn is_own(uri: &Uri, head: &HeaderMap) -> bool {
    let mut named = head.get_all(HOST).iter();
    match (named.next(), named.next()) {
        (Some(name), None) => {
            let authority = name.to_str().ok().and_then(|name| name.parse().ok());
            authority.as_ref().is_some_and(is_loopback)
        }
        (None, _) => uri.authority().is_some_and(is_loopback),
        _ => false,
    }
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
}
