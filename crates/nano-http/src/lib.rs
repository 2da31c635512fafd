//! One hardened HTTP/1 server for every program of the house: it serves an axum [`Router`](axum::Router).
//!
//! What a stranger may take up is bounded in one place ([`HttpLimits`]): connections in all and of one address, the
//! time for a head, a body, an idle connection and a stalled answer, the size of heads and bodies, the pace of one client,
//! and requests a second ([`Buckets`]). Who asks is a [`Peer`]: `X-Forwarded-For` counts from trusted proxies alone. Answers that no
//! router can give (431, 408, 503 at the door) are JSON too.
//!
//! ```
//! use axum::{Router, body::Body, http::StatusCode, response::IntoResponse, routing::post};
//! use nano_http::{BodyLimits, Buckets, HttpConfig, HttpServer, Rate, Source, json, read_body};
//! use std::time::Duration;
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! static BUCKETS: std::sync::LazyLock<Buckets> =
//!     std::sync::LazyLock::new(|| Buckets::new(Rate { per_second: 10.0, burst: 100 }));
//!
//! async fn echo(source: Source, body: Body) -> impl IntoResponse {
//!     BUCKETS.take(&source).map_err(IntoResponse::into_response)?; // 429 with Retry-After
//!     let body = read_body(body, BodyLimits::default()).await.map_err(IntoResponse::into_response)?;
//!     Ok::<_, axum::response::Response>(json(StatusCode::OK, body))
//! }
//!
//! let config = HttpConfig { listen: vec!["127.0.0.1:0".parse()?], ..HttpConfig::default() };
//! let server = HttpServer::bind(config, Router::new().route("/echo", post(echo))).await?;
//! println!("listening on {:?}", server.local_addrs());
//! assert_eq!(server.shutdown(Duration::from_secs(5)).await, 0); // no connection had to be cut
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod body;
mod buckets;
mod config;
mod connection;
mod door;
mod io;
mod pace;
mod peer;
mod phase;
mod refusal;
mod server;
mod sockets;

pub use {
    body::{BodyError, read_body},
    buckets::{Buckets, Rate, TooMany},
    config::{BodyLimits, Cors, HttpConfig, HttpLimits},
    peer::{Peer, Source},
    refusal::{json, whole_seconds},
    server::{HttpServer, ListenError},
    sockets::Sockets,
};

pub use ipnet::IpNet;
pub use tokio_util::sync::CancellationToken;
