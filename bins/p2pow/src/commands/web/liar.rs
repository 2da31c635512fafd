//! [`Liar`]: a worker that promises much for little, takes every job, and answers with work that is none.

use axum::{Router, body::Bytes, http::StatusCode, response::Response, routing::any};
use nano_http::{HttpConfig, HttpServer, json};
use nano_primitives::{Account, Amount};
use p2pow_cli::Failure;
use p2pow_protocol::{WorkRequest, fees::fee_receive};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};

/// How long it seems to be at work.
const PRETENDS: Duration = Duration::from_millis(1500);

/// A worker that lies. It is there as long as this.
#[derive(Debug)]
pub(super) struct Liar(HttpServer);

impl Liar {
    pub(super) async fn start(
        address: SocketAddr,
        account: Account,
        fee: Amount,
    ) -> Result<Self, Failure> {
        let router = Router::new()
            .route(
                "/request_info",
                any(async move || json(StatusCode::OK, info(account, fee).to_string())),
            )
            .route("/request_work", any(work));
        let config = HttpConfig { listen: vec![address], ..HttpConfig::default() };
        Ok(Self(HttpServer::bind(config, router).await?))
    }

    pub(super) async fn shutdown(self) {
        self.0.shutdown(Duration::from_secs(1)).await;
    }
}

fn info(account: Account, fee: Amount) -> Value {
    json!({
        "version": "2.0.0", "status": "available", "reward_account": account,
        "fee": fee, "fee_receive": fee_receive(fee), "dynamic_fee": false, "last_update": 0,
        "min_multiplier": 1.0, "max_multiplier": 30.0,
        "implementation": "quickest-of-all/9.9", "hashrate": 1e13,
        "queue": { "jobs": 0, "expected_seconds": 0.0 },
    })
}

async fn work(body: Bytes) -> Response {
    let Ok(request) = WorkRequest::parse(&body, 1) else {
        let error = json!({ "error": "Invalid JSON" });
        return json(StatusCode::BAD_REQUEST, error.to_string());
    };
    tokio::time::sleep(PRETENDS).await;
    let done = |hash| json!({ "hash": hash, "work": "0000000000000000" });
    let (user, reward) = (request.last().hash(), request.reward().hash());
    let answer =
        json!({ "successful": { "user_block": done(user), "reward_block": done(reward) } });
    json(StatusCode::CREATED, answer.to_string())
}
