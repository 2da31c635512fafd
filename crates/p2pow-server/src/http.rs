//! The worker's outside: what comes in by HTTP, and how it is answered.

mod answers;
mod bodies;
mod front;
mod info;
mod jobs;
mod routes;

pub(crate) use routes::serve;
