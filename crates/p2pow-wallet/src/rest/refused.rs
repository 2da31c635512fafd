//! What the handlers share: [`Shared`], and how a [`Refusal`] is told with a status.

use crate::{refusal::Refusal, reply, service::Service, wallets::WalletError};
use axum::{
    extract::State,
    http::{StatusCode, header::RETRY_AFTER},
    response::Response,
};
use std::sync::Arc;

/// Seconds after which a client may come again.
const COME_AGAIN: u64 = 5;

/// What all handlers are given.
pub(super) type Shared = State<Arc<Service>>;

/// The status that a refusal has here: the RPC has none.
pub(super) const fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::OtherPayment { .. } => StatusCode::CONFLICT,
        Refusal::Wallet(WalletError::NotFound | WalletError::NoAccount) => StatusCode::NOT_FOUND,
        Refusal::Wallet(WalletError::Locked) => StatusCode::LOCKED,
        Refusal::Wallet(WalletError::OnlyWatched) => StatusCode::CONFLICT,
        Refusal::TooMany { .. }
        | Refusal::Closing
        | Refusal::Store(_)
        | Refusal::Unsure(_)
        | Refusal::Wallet(WalletError::Store(_)) => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::Wallet(_) => StatusCode::INTERNAL_SERVER_ERROR,
        Refusal::Node(_) => StatusCode::BAD_GATEWAY,
        _ => StatusCode::BAD_REQUEST,
    }
}

pub(super) fn refused(refusal: &Refusal) -> Response {
    let status = status(refusal);
    let mut answer = reply::error(status, &refusal.to_string());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(RETRY_AFTER, COME_AGAIN.into());
    }
    answer
}
