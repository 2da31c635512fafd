//! How jobs stand: `GET /jobs/<id>` and its events.

use super::{answers, front::Front};
use crate::job::{Job, JobReport, phase::Phase};
use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION},
    },
    response::Response,
};
use futures_util::stream;
use nano_http::json;
use p2pow_protocol::{JobState, Refusal};
use std::{convert::Infallible, sync::Arc, time::Duration};

/// How often progress is told while nothing else happens.
const PROGRESS: Duration = Duration::from_secs(1);

/// How a job stands.
pub(super) async fn state(State(front): State<Arc<Front>>, Path(id): Path<String>) -> Response {
    match find(&front, &id) {
        Ok(job) => json(StatusCode::OK, describe(&job.report()).to_json()),
        Err(refusal) => answers::refused(&refusal),
    }
}

/// The same as server-sent events until the end.
pub(super) async fn events(State(front): State<Arc<Front>>, Path(id): Path<String>) -> Response {
    let job = match find(&front, &id) {
        Ok(job) => job,
        Err(refusal) => return answers::refused(&refusal),
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
