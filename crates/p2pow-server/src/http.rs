//! The worker's outside: what comes in by HTTP, and how it is answered.

mod answers;
mod front;
mod jobs;
mod routes;

pub(crate) use routes::serve;
