//! `/api/workers`: who is on the market.

use super::{Shared, to_json};
use crate::{Access, account, front::Front, history::Range, refusal::Refusal};
use axum::{
    extract::{Path, Query, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH},
    },
    response::{IntoResponse, Response},
};
use nano_http::json as answer;
use p2pow_client::DealReport;
use serde::Deserialize;
use serde_json::json;
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
};

/// All of them. A public list may be kept for a moment by whoever asks, and asked for again by its tag.
pub(crate) async fn list(State(front): Shared, headers: HeaderMap) -> Response {
    let list = front.board.list();
    if matches!(front.config.access, Access::Token(_)) {
        return answer(StatusCode::OK, list.to_string());
    }
    let mut hasher = DefaultHasher::new();
    list.hash(&mut hasher);
    let tag = format!("\"{:016x}\"", hasher.finish());
    let is_known =
        headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        answer(StatusCode::OK, list.to_string())
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=10"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    response
}

/// What is charted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Charted {
    #[serde(default)]
    range: Range,
    /// Without it all workers together.
    worker: Option<IpAddr>,
}

/// What a worker, or all of them, asked and earned over time.
pub(crate) async fn history(State(front): Shared, Query(charted): Query<Charted>) -> Response {
    let Charted { range, worker } = charted;
    let name = worker.map(|address| address.to_string());
    let samples = front.history.samples(name.as_deref(), range);
    to_json(&json!({ "range": range, "step_seconds": range.step(), "samples": samples }))
}

/// One of them, with what it was paid by the ledger, and the deals that were made with it.
pub(crate) async fn one(
    State(front): Shared,
    Path(address): Path<IpAddr>,
) -> Result<Response, Refusal> {
    let row = front.board.row(address).ok_or(Refusal::NoWorker)?;
    let account = row.offer.as_ref().map(|offer| offer.account);
    let rewards = match account {
        Some(account) => account::rewards(front.desk.nodes.main(), account).await?,
        None => Vec::new(),
    };
    let deals = deals_with(&front, address).await?;
    Ok(to_json(&json!({ "worker": *row, "rewards": rewards, "deals": deals })))
}

/// The deals that this worker was hired for; a public list has none.
async fn deals_with(front: &Front, address: IpAddr) -> Result<Vec<serde_json::Value>, Refusal> {
    if matches!(front.config.access, Access::Public(_)) {
        return Ok(Vec::new());
    }
    let deals = front.desk.sender().deals(None).await?;
    let is_with =
        |deal: &&DealReport| deal.rewards.iter().any(|(reward, _)| reward.address == address);
    Ok(deals.iter().rev().filter(is_with).take(50).map(super::money::deal).collect())
}
