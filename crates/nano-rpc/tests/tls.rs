//! HTTPS and secure WebSocket.

#![allow(clippy::unwrap_used)]

#[path = "support/server.rs"]
mod server;

use nano_rpc::{
    Client, ConfigError, RpcError,
    websocket::{Subscription, Topics},
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use server::Step;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::accept_async;

const UPTIME: &str = r#"{"seconds":"7"}"#;

/// A listener with a certificate that only its own root vouches for; gives its port and that root too.
async fn secure_listener() -> (TcpListener, TlsAcceptor, u16, Vec<u8>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, TlsAcceptor::from(Arc::new(config)), port, cert.der().to_vec())
}

/// A node behind HTTPS; gives its port and its root.
async fn https_server() -> (u16, Vec<u8>) {
    let (listener, acceptor, port, root) = secure_listener().await;
    tokio::spawn(serve(listener, acceptor));
    (port, root)
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    loop {
        let (tcp, _) = listener.accept().await.unwrap();
        if let Ok(stream) = acceptor.accept(tcp).await {
            let seen = Arc::new(Mutex::new(Vec::new()));
            tokio::spawn(server::answer(stream, Step::ok(UPTIME), seen));
        }
    }
}

#[tokio::test]
async fn a_node_with_a_trusted_certificate_is_asked_over_https() {
    let (port, root) = https_server().await;
    let client = Client::builder(&format!("https://localhost:{port}"))
        .root_certificate(&root)
        .build()
        .unwrap();
    assert_eq!(client.uptime().await.unwrap().as_secs(), 7);
}

#[tokio::test]
async fn a_node_with_a_trusted_certificate_is_subscribed_to() {
    let (listener, acceptor, port, root) = secure_listener().await;
    let builder = Subscription::builder(&format!("wss://localhost:{port}"), Topics::default())
        .root_certificate(&root);
    let node = async {
        let (tcp, _) = listener.accept().await.unwrap();
        accept_async(acceptor.accept(tcp).await.unwrap()).await.unwrap()
    };
    let (events, _node) = tokio::join!(builder.connect(), node);
    events.unwrap();
}

#[tokio::test]
async fn a_certificate_of_nobody_is_refused_and_not_tried_again() {
    let (port, _) = https_server().await;
    let client = Client::new(&format!("https://localhost:{port}")).unwrap();
    let error = client.uptime().await.unwrap_err();
    assert!(matches!(error, RpcError::Tls { .. }), "{error}");
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_certificate_of_another_name_is_refused() {
    let (port, root) = https_server().await;
    let url = format!("https://127.0.0.1:{port}");
    let client = Client::builder(&url).root_certificate(&root).build().unwrap();
    let error = client.uptime().await.unwrap_err();
    assert!(matches!(error, RpcError::Tls { .. }), "{error}");
}

#[tokio::test]
async fn a_plain_server_behind_https_is_an_error_that_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(answer_plainly(listener));
    let error = Client::new(&url).unwrap().uptime().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "uptime: no secure connection to {url}: \
             the server does not speak TLS, is it one for http:// or ws://?"
        )
    );
}

async fn answer_plainly(listener: TcpListener) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    }
}

#[test]
fn a_malformed_root_certificate_is_refused() {
    let error = Client::builder("https://localhost").root_certificate(b"no").build().unwrap_err();
    assert!(matches!(error, ConfigError::Certificate { .. }), "{error}");
}
