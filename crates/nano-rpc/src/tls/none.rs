//! No TLS: what is not encrypted works, and what should be is refused before anything is sent.

use crate::ConfigError;
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::error::Error;
#[cfg(feature = "websocket")]
use tokio::net::TcpStream;
#[cfg(feature = "websocket")]
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async_with_config,
    tungstenite::{self, handshake::client::Request, protocol::WebSocketConfig},
};

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

    #[cfg(feature = "websocket")]
    pub(crate) async fn websocket(
        &self,
        request: Request,
        tcp: TcpStream,
        config: WebSocketConfig,
    ) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, tungstenite::Error> {
        let tcp = MaybeTlsStream::Plain(tcp);
        let opened = client_async_with_config(request, tcp, Some(config)).await;
        opened.map(|(socket, _)| socket)
    }
}

pub(crate) const fn problem(_: &(dyn Error + 'static)) -> Option<String> {
    None
}
