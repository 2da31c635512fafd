//! The wallet RPC of a node: one JSON object asks, one answers; a refusal is HTTP 200 with `{"error": …}`, as in a node.
//!
//! A file for every family of actions. What is no action of a wallet goes to the node behind, as it came ([`node`]).

mod accounts;
mod call;
mod ledger;
mod money;
mod node;
mod shape;
mod wallets;
mod work;

use crate::{refusal::Refusal, service::Service};
use axum::{body::Body, http::StatusCode, response::Response};
use bytes::Bytes;
pub(crate) use money::{keyed, receive_for, submit};

use call::Call;
use serde_json::json;
use shape::Answer;

/// Answers a request that came by POST.
pub(crate) async fn answer(service: &Service, body: Bytes) -> Response {
    let answered = match Call::parse(body) {
        Ok(call) => perform(service, &call).await,
        Err(refusal) => Err(refusal),
    };
    match answered {
        Ok(body) => nano_http::json(StatusCode::OK, Body::from(body)),
        Err(refusal) => refused(&refusal),
    }
}

pub(crate) fn refused(refusal: &Refusal) -> Response {
    let body = json!({ "error": refusal.to_string() }).to_string();
    nano_http::json(StatusCode::OK, Body::from(body))
}

async fn perform(service: &Service, call: &Call) -> Result<Bytes, Refusal> {
    service.metrics.called(call.action());
    let is_of_all = matches!(call.action(), "search_receivable_all" | "search_pending_all");
    if is_of_all || call.optional("wallet").is_some() {
        service.wallets.refresh().await?;
    }
    match dispatch(service, call).await {
        Some(answer) => answer.map(|value| value.to_string().into()),
        None => node::pass_on(service, call).await,
    }
}

/// `None` if it is no action of a wallet.
async fn dispatch(service: &Service, call: &Call) -> Option<Answer> {
    if let Some(answer) = wallets::answer(service, call).await {
        return Some(answer);
    }
    if let Some(answer) = accounts::answer(service, call).await {
        return Some(answer);
    }
    if let Some(answer) = ledger::answer(service, call).await {
        return Some(answer);
    }
    if let Some(answer) = money::answer(service, call).await {
        return Some(answer);
    }
    if let Some(answer) = work::answer(service, call).await {
        return Some(answer);
    }
    node::answer(call)
}
