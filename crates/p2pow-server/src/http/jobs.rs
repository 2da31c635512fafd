//! How a job stands, once or again and again until its end: one of this worker, one that another has which shares the
//! journal, or one that is in the books.

use super::{answers::refused, front::Front};
use crate::{
    job::{Job, JobReport, phase::Phase},
    journal::{Elsewhere, EndedJob, Seen},
    worker::{Look, Worker},
};
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
use nano_primitives::BlockHash;
use p2pow_protocol::{JobState, Refusal};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// How often progress is told while nothing else happens.
const PROGRESS: Duration = Duration::from_secs(1);
/// How long after a look at a job that another worker has the next one is.
const NEXT_LOOK: Duration = Duration::from_millis(500);

/// How a job stands.
pub(super) async fn state(State(front): State<Arc<Front>>, Path(id): Path<String>) -> Response {
    match Story::begin(&front, &id).await {
        Ok(story) => json(StatusCode::OK, describe(&story.look).to_json()),
        Err(refusal) => refused(&refusal),
    }
}

/// The same as server-sent events until the end.
pub(super) async fn events(State(front): State<Arc<Front>>, Path(id): Path<String>) -> Response {
    let story = match Story::begin(&front, &id).await {
        Ok(story) => story,
        Err(refusal) => return refused(&refusal),
    };
    let told = stream::unfold(story, |mut story| async move {
        let state = story.next().await?;
        Some((Ok::<_, Infallible>(event(&state)), story))
    });
    let mut response = Response::new(Body::from_stream(told));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// 202: the job goes on, and says how it stands at its own place.
pub(super) fn accepted(job: &Job) -> Response {
    let mut response = json(StatusCode::ACCEPTED, of_this_worker(&job.report()).to_json());
    let headers = response.headers_mut();
    if let Ok(place) = HeaderValue::from_str(&format!("/jobs/{}", job.id())) {
        headers.insert(LOCATION, place);
    }
    headers.insert("preference-applied", HeaderValue::from_static("respond-async"));
    response
}

fn event(state: &JobState) -> Bytes {
    let json = state.to_json();
    [b"event: state\ndata: ".as_slice(), &json, b"\n\n"].concat().into()
}

/// What is told of a job from now until its end.
struct Story {
    worker: Arc<Worker>,
    id: BlockHash,
    look: Look,
    last: Option<JobState>,
}

impl Story {
    async fn begin(front: &Front, id: &str) -> Result<Self, Refusal> {
        let id = id.parse().map_err(|_| Refusal::JobNotFound)?;
        let worker = Arc::clone(&front.worker);
        let look = worker.look(&id).await?;
        Ok(Self { worker, id, look, last: None })
    }

    /// The next that is to be told: at once, then whenever it is something else, or some time has gone by. `None` after
    /// the end.
    async fn next(&mut self) -> Option<JobState> {
        match (&self.last, &self.look) {
            (None, _) => {}
            (Some(last), _) if last.is_end() => return None,
            (Some(_), Look::Here(job)) => job.changed_within(PROGRESS).await,
            (Some(_), Look::Noted(_)) => {
                let closing = self.worker.closing().clone();
                closing.run_until_cancelled(self.look_again()).await??;
            }
        }
        let state = describe(&self.look);
        self.last = Some(state.clone());
        Some(state)
    }

    /// `None` if the job is not there any more.
    async fn look_again(&mut self) -> Option<()> {
        let begun = Instant::now();
        loop {
            sleep(NEXT_LOOK).await;
            match self.worker.look(&self.id).await {
                Ok(look) => self.look = look,
                Err(Refusal::JobNotFound) => return None,
                // The journal may be there again the next time.
                Err(_) => continue,
            }
            if self.last.as_ref() != Some(&describe(&self.look)) || begun.elapsed() >= PROGRESS {
                return Some(());
            }
        }
    }
}

fn describe(look: &Look) -> JobState {
    match look {
        Look::Here(job) => of_this_worker(&job.report()),
        Look::Noted(Seen::Open(job)) => of_another(job),
        Look::Noted(Seen::Ended(ended)) => of_the_books(ended),
    }
}

/// Between the last work and the first block there is nothing to be told.
fn name_of(phase: Phase) -> String {
    let phase = if phase == Phase::Solved { Phase::Publishing } else { phase };
    phase.as_str().to_owned()
}

fn of_this_worker(report: &JobReport) -> JobState {
    JobState {
        id: report.id,
        state: name_of(report.phase),
        works_done: report.works_done,
        works_needed: report.works_needed,
        hashes: report.hashes,
        expected_seconds: report.expected_seconds_left,
        error: report.refusal.as_ref().map(ToString::to_string),
    }
}

/// Its works and hashes are in the journal once all are found.
fn of_another(job: &Elsewhere) -> JobState {
    JobState {
        id: job.request().id(),
        state: name_of(job.phase()),
        works_done: job.works().map_or(0, <[_]>::len),
        works_needed: job.request().users().len() + 1,
        hashes: job.hashes(),
        expected_seconds: None,
        error: None,
    }
}

fn of_the_books(ended: &EndedJob) -> JobState {
    let (refusal, works_needed) = (ended.as_refusal(), ended.user_blocks + 1);
    JobState {
        id: ended.id,
        state: name_of(ended.outcome),
        // What was published had all works.
        works_done: if refusal.is_none() { works_needed } else { 0 },
        works_needed,
        hashes: ended.hashes,
        expected_seconds: None,
        error: refusal.as_ref().map(ToString::to_string),
    }
}
