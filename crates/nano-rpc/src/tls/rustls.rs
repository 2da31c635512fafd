//! TLS by rustls and ring.

use crate::{ConfigError, Reason, text::excerpt};
use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{
    ClientConfig, InvalidMessage, RootCertStore, crypto::ring, pki_types::CertificateDer,
};
use std::{error::Error, io, sync::Arc};
#[cfg(feature = "websocket")]
use tokio::net::TcpStream;
#[cfg(feature = "websocket")]
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config,
    tungstenite::{self, handshake::client::Request, protocol::WebSocketConfig},
};

pub(crate) type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Which roots are trusted.
#[derive(Clone)]
pub(crate) struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Trusts Mozilla's roots and `extra` ones; with the feature `native-roots` the system's as well.
    pub(crate) fn new(_is_secure: bool, extra: &[Vec<u8>]) -> Result<Self, ConfigError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        #[cfg(feature = "native-roots")]
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for der in extra {
            let malformed =
                |error| ConfigError::Certificate { reason: Reason::of::<rustls::Error>(error) };
            roots.add(CertificateDer::from_slice(der)).map_err(malformed)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring can do the default versions of TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    pub(crate) fn http(&self, mut tcp: HttpConnector) -> HttpClient {
        // Or it refuses https before TLS is wrapped around it.
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config((*self.0).clone())
            .https_or_http()
            // Nodes speak nothing newer, and a proxy in between needs nothing newer.
            .enable_http1()
            .wrap_connector(tcp);
        Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector)
    }

    #[cfg(feature = "websocket")]
    pub(crate) async fn websocket(
        &self,
        request: Request,
        tcp: TcpStream,
        config: WebSocketConfig,
    ) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, tungstenite::Error> {
        let connector = Connector::Rustls(Arc::clone(&self.0));
        let opened = client_async_tls_with_config(request, tcp, Some(config), Some(connector));
        opened.await.map(|(socket, _)| socket)
    }
}

/// What TLS has to say about a failed connection, if it failed in TLS.
pub(crate) fn problem(error: &(dyn Error + 'static)) -> Option<String> {
    match find(error)? {
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            Some("the server does not speak TLS, is it one for http:// or ws://?".to_owned())
        }
        other => Some(excerpt(&other.to_string())),
    }
}

/// Looks for the error of TLS under its wrappers. An I/O error hides what it holds from `source`.
fn find<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => find(inner),
        None => find(error.source()?),
    }
}
