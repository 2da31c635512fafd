//! No TLS: what is not encrypted works, and what should be is refused before anything is sent.

use crate::ConfigError;
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::error::Error;
use tokio_tungstenite::Connector;

pub(crate) type PlainClient = Client<HttpConnector, Full<Bytes>>;

/// Nothing to trust anybody by.
#[derive(Clone)]
pub(crate) struct NoTls;

impl NoTls {
    pub(crate) const fn new(is_secure: bool, _: &[Vec<u8>]) -> Result<Self, ConfigError> {
        if is_secure { Err(ConfigError::NoTls) } else { Ok(Self) }
    }

    pub(crate) fn http(&self, tcp: HttpConnector) -> PlainClient {
        Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(tcp)
    }

    pub(crate) const fn websocket(&self) -> Connector {
        Connector::Plain
    }
}

pub(crate) const fn problem(_: &(dyn Error + 'static)) -> Option<String> {
    None
}
