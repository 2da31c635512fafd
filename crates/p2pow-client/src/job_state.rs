//! How a hired worker's job stands, by the worker's own word: something to look at, on which nothing is built.

use crate::{
    Sender,
    http::{Ask, HttpError, ask},
};
use nano_primitives::{BlockHash, excerpt};
use p2pow_protocol::JobState;
use std::net::{IpAddr, SocketAddr};

/// Bytes of an answer, at most.
const MAX_BYTES: usize = 4 * 1024;
/// The longest text of a worker that is kept, in characters.
const SHOWN: usize = 200;

/// A worker that does not tell how a job stands.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobStateError {
    /// No answer, or none that is acceptable.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// It knows no such job, or does not tell.
    #[error("answered with status {status} how the job stands, wanted 200")]
    Status {
        /// The status found.
        status: u16,
    },
    /// What it says is no state of a job.
    #[error("answered no state of a job")]
    Malformed(#[source] serde_json::Error),
}

impl Sender {
    /// Asks a worker that has the feature [`JOBS`](p2pow_protocol::feature::JOBS) how the job of this reward block stands.
    ///
    /// # Errors
    /// It does not tell.
    pub async fn job_state(
        &self,
        address: IpAddr,
        reward: BlockHash,
    ) -> Result<JobState, JobStateError> {
        let search = &self.config.search;
        let question = Ask {
            path: format!("/jobs/{reward}").into(),
            body: None,
            connect_timeout: search.connect.min(self.config.patience.connect),
            timeout: search.timeout,
            max_bytes: MAX_BYTES,
        };
        let reply = ask(SocketAddr::new(address, self.config.port), &question).await?;
        if reply.status != 200 {
            return Err(JobStateError::Status { status: reply.status });
        }
        let state: JobState =
            serde_json::from_slice(&reply.body).map_err(JobStateError::Malformed)?;
        let error = state.error.map(|error| excerpt(&error, SHOWN));
        Ok(JobState { state: excerpt(&state.state, SHOWN), error, ..state })
    }
}
