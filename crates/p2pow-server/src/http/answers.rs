//! What is said: of the worker, of a job at its end, of one that goes on and its events; and how refusals are written.

use super::front::Front;
use crate::{
    job::{Job, JobReport, phase::Phase},
    worker::Worker,
};
use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER},
    },
    response::Response,
};
use futures_util::stream;
use nano_http::{TooMany, json};
use p2pow_protocol::{
    Answer, Info, JobState, QueueInfo, Refusal, Status, VERSION, feature, fees::fee_receive,
};
use std::{convert::Infallible, sync::Arc, time::Duration};

const IMPLEMENTATION: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
/// How often progress is told while nothing else happens.
const PROGRESS: Duration = Duration::from_secs(1);

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

/// How a job stands.
pub(super) async fn state(State(front): State<Arc<Front>>, Path(id): Path<String>) -> Response {
    match find(&front, &id) {
        Ok(job) => json(StatusCode::OK, describe(&job.report()).to_json()),
        Err(refusal) => refused(&refusal),
    }
}

/// The same as server-sent events until the end.
pub(super) async fn events(State(front): State<Arc<Front>>, Path(id): Path<String>) -> Response {
    let job = match find(&front, &id) {
        Ok(job) => job,
        Err(refusal) => return refused(&refusal),
    };
    let told = stream::unfold(Some((job, Duration::ZERO)), |next| async move {
        let (job, wait): (Job, _) = next?;
        job.changed_within(wait).await;
        let state = describe(&job.report());
        let next = (!state.is_end()).then_some((job, PROGRESS));
        Some((Ok::<_, Infallible>(event(&state)), next))
    });
    let mut response = Response::new(Body::from_stream(told));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// 202: the job goes on, and says how it stands at its own place.
pub(super) fn accepted(job: &Job) -> Response {
    let mut response = json(StatusCode::ACCEPTED, describe(&job.report()).to_json());
    let headers = response.headers_mut();
    if let Ok(place) = HeaderValue::from_str(&format!("/jobs/{}", job.id())) {
        headers.insert(LOCATION, place);
    }
    headers.insert("preference-applied", HeaderValue::from_static("respond-async"));
    response
}

fn find(front: &Front, id: &str) -> Result<Job, Refusal> {
    let id = id.parse().map_err(|_| Refusal::JobNotFound)?;
    front.worker.job(&id).ok_or(Refusal::JobNotFound)
}

fn event(state: &JobState) -> Bytes {
    let json = state.to_json();
    [b"event: state\ndata: ".as_slice(), &json, b"\n\n"].concat().into()
}

fn describe(report: &JobReport) -> JobState {
    // Between the last work and the first block there is nothing to be told.
    let phase = if report.phase == Phase::Solved { Phase::Publishing } else { report.phase };
    JobState {
        id: report.id,
        state: phase.as_str().to_owned(),
        works_done: report.works_done,
        works_needed: report.works_needed,
        hashes: report.hashes,
        expected_seconds: report.expected_seconds_left,
        error: report.refusal.as_ref().map(ToString::to_string),
    }
}
