//! What is said: of the worker, and of a job at its end; and how refusals are written.

use crate::worker::Worker;
use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::Response,
};
use nano_http::{TooMany, json};
use p2pow_protocol::{
    Answer, Info, QueueInfo, Refusal, Status, VERSION, feature, fees::fee_receive,
};

const IMPLEMENTATION: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// 200 with what the worker says of itself.
pub(super) fn info(worker: &Worker) -> Response {
    json(StatusCode::OK, describe_worker(worker).to_json())
}

/// 201 with the works, or the refusal.
pub(super) fn outcome(outcome: Result<Answer, Refusal>) -> Response {
    match outcome {
        Ok(answer) => json(status(Answer::STATUS), answer.to_json()),
        Err(refusal) => refused(&refusal),
    }
}

/// A refusal; the wait that it asks for is said by a header, too.
pub(super) fn refused(refusal: &Refusal) -> Response {
    let mut response = json(status(refusal.status()), refusal.to_json());
    if let Some(seconds) = refusal.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// What is told to a client that asks too often.
pub(super) fn too_many(error: TooMany) -> Refusal {
    Refusal::TooManyRequests { retry_after: error.retry_after() }
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// What the worker says about itself.
fn describe_worker(worker: &Worker) -> Info {
    let (config, load) = (worker.config(), worker.load());
    let fee = worker.quote(&load);
    let unavailable = worker.unavailable();
    let network = worker.network();
    Info {
        version: VERSION.into(),
        status: unavailable.as_ref().map_or(Status::Available, |_| Status::Unavailable),
        retry_after: unavailable.as_ref().and_then(Refusal::retry_after),
        error: unavailable.map(|refusal| refusal.to_string()),
        reward_account: config.reward_account,
        fee,
        fee_receive: fee_receive(fee),
        dynamic_fee: worker.announced_fee(),
        last_update: network.last_update,
        min_multiplier: 1.0,
        max_multiplier: config.max_multiplier,
        network: Some(network.info),
        implementation: Some(IMPLEMENTATION.into()),
        features: vec![feature::BATCH.into(), feature::JOBS.into()],
        max_user_blocks: Some(config.max_user_blocks),
        queue: Some(QueueInfo {
            jobs: load.busy,
            expected_seconds: load.expected_seconds().unwrap_or_default(),
        }),
        hashrate: load.hashrate,
    }
}
