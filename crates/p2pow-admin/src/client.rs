//! [`AdminClient`]: reads the operator's listener of another process.

use crate::{Range, Sample, Status, Token};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::{
    Request, StatusCode,
    header::{AUTHORIZATION, HeaderValue},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::{net::SocketAddr, time::Duration};
use tokio::time::timeout;

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(5);
/// The largest answer that is read.
const MAX_ANSWER: usize = 1024 * 1024;

/// Reads the operator's listener of a worker on this machine.
#[derive(Debug, Clone)]
pub struct AdminClient {
    address: SocketAddr,
    token: Token,
    http: Client<HttpConnector, Empty<Bytes>>,
}

/// An answer that cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody listens, or the connection broke.
    #[error("no worker answers at {address}: wanted one that runs with `admin` there")]
    Away {
        /// Who was asked.
        address: SocketAddr,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No answer in time.
    #[error("{address} did not answer within {WITHIN:?}")]
    Slow {
        /// Who was asked.
        address: SocketAddr,
    },
    /// The token is not that of the worker.
    #[error("the worker at {address} does not know the token")]
    WrongToken {
        /// Who was asked.
        address: SocketAddr,
    },
    /// Something else answers there.
    #[error("what answers at {address} is no worker: found {found}")]
    Stranger {
        /// Who was asked.
        address: SocketAddr,
        /// What it answered.
        found: String,
    },
}

#[derive(Deserialize)]
struct Kept {
    samples: Vec<Sample>,
}

impl AdminClient {
    /// Asks the listener at `address`, and shows it `token`.
    #[must_use]
    pub fn new(address: SocketAddr, token: Token) -> Self {
        let http = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Self { address, token, http }
    }

    /// A look at the worker.
    ///
    /// # Errors
    /// The worker does not answer, or not as one.
    pub async fn status(&self) -> Result<Status, ClientError> {
        self.get("/status").await
    }

    /// The looks that the worker has kept, the oldest first.
    ///
    /// # Errors
    /// As for [`status`](Self::status).
    pub async fn history(&self, range: Range) -> Result<Vec<Sample>, ClientError> {
        let kept: Kept = self.get(&format!("/history?range={}", range.name())).await?;
        Ok(kept.samples)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let address = self.address;
        let asked = timeout(WITHIN, self.fetch(path)).await;
        let (status, body) = asked.map_err(|_| ClientError::Slow { address })??;
        match status {
            StatusCode::OK => {
                serde_json::from_slice(&body).map_err(|_| self.stranger("other JSON"))
            }
            StatusCode::UNAUTHORIZED => Err(ClientError::WrongToken { address }),
            status => Err(self.stranger(status.as_str())),
        }
    }

    async fn fetch(&self, path: &str) -> Result<(StatusCode, Bytes), ClientError> {
        let mut shown = HeaderValue::try_from(format!("Bearer {}", self.token.expose()))
            .expect("a token is hexadecimal digits");
        shown.set_sensitive(true);
        let request = Request::get(format!("http://{}{path}", self.address))
            .header(AUTHORIZATION, shown)
            .body(Empty::new())
            .expect("an address and a path make a URL");
        let address = self.address;
        let away = |source| ClientError::Away { address, source };
        let answer = self.http.request(request).await.map_err(|error| away(error.into()))?;
        let status = answer.status();
        match Limited::new(answer.into_body(), MAX_ANSWER).collect().await {
            Ok(body) => Ok((status, body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Err(self.stranger("a longer answer")),
            Err(error) => Err(away(error)),
        }
    }

    fn stranger(&self, found: &str) -> ClientError {
        ClientError::Stranger { address: self.address, found: found.to_owned() }
    }
}
