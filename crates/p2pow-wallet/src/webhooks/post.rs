//! [`Poster`]: one delivery over HTTP or HTTPS, bounded in time; no redirect is followed, no answer is read.

use super::signature::signature;
use crate::{clock, config::Webhook};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request,
    header::{CONTENT_TYPE, HeaderValue, USER_AGENT},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::time::Duration;

/// How long a server may take to say that it knows.
const WITHIN: Duration = Duration::from_secs(10);
const SIGNATURE: &str = "p2pow-signature";
const DELIVERY: &str = "p2pow-delivery";

/// A client of webhooks.
#[derive(Debug)]
pub(super) struct Poster(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Poster {
    pub(super) fn new() -> Self {
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        Self(Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector))
    }

    /// Sends it, signed. The reason of a failure never repeats the URL, which may hold a secret.
    pub(super) async fn post(&self, to: &Webhook, id: &str, body: &str) -> Result<(), String> {
        let seconds = clock::now_ms() / 1000;
        let signed = signature(to.secret.as_bytes(), seconds, body);
        let request = Request::post(to.url.as_str())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(USER_AGENT, concat!("p2pow/", env!("CARGO_PKG_VERSION")))
            .header(SIGNATURE, signed)
            .header(DELIVERY, id)
            .body(Full::new(Bytes::from(body.to_owned())))
            .map_err(|_| "the webhook's URL is malformed".to_owned())?;
        match tokio::time::timeout(WITHIN, self.0.request(request)).await {
            Err(_) => Err(format!("no answer within {WITHIN:?}")),
            Ok(Err(error)) if error.is_connect() => Err("cannot connect".to_owned()),
            Ok(Err(_)) => Err("the connection broke off".to_owned()),
            Ok(Ok(answer)) if answer.status().is_success() => Ok(()),
            Ok(Ok(answer)) => Err(format!("answered {}", answer.status())),
        }
    }
}
