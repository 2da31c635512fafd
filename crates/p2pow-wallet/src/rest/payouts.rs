//! Payouts: sends with an idempotency key. Many may be asked for at once; those of one account become chains with one
//! reward each.

use super::refused::{Shared, refused, status};
use crate::{
    refusal::Refusal,
    reply,
    rpc::{keyed, submit},
    service::Service,
    shown::Shown,
    task::{Standing, State as Course, Task, TaskId},
    tasks::{Ticket, Wanted},
    wallets::{WalletError, WalletId},
};
use axum::{
    body::Body,
    extract::{Path, Query, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use nano_http::read_body;
use nano_primitives::{Account, Amount};
use p2pow_client::Order;
use serde::Deserialize;
use serde_json::{Value, json};

const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The longest key, in bytes.
const MOST_KEY: usize = 200;
/// Payouts of one request, at most.
const MOST_AT_ONCE: usize = 10_000;
/// Payouts of a request that are stored at the same time.
const TOGETHER: usize = 512;
/// Payouts of a page, unless the client wants fewer.
const PAGE: usize = 100;

/// One payout that is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Whose money.
    account: String,
    /// The account's wallet, if it is in several.
    wallet: Option<String>,
    destination: String,
    /// In raw.
    amount: String,
    key: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Many {
    payouts: Vec<Asked>,
}

/// One payout, or many as `{"payouts": […]}`.
pub(super) async fn create(State(service): Shared, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = match read_body(body, service.config.limits.body).await {
        Ok(body) => body,
        Err(error) => return error.into_response(),
    };
    let Ok(value) = serde_json::from_slice::<Value>(&body) else {
        return reply::error(StatusCode::BAD_REQUEST, "the body is no JSON");
    };
    if value.get("payouts").is_some() {
        return match serde_json::from_value::<Many>(value) {
            Ok(Many { payouts }) if payouts.len() <= MOST_AT_ONCE => many(&service, payouts).await,
            Ok(_) => too_long(),
            Err(error) => reply::error(StatusCode::BAD_REQUEST, &error.to_string()),
        };
    }
    match serde_json::from_value::<Asked>(value) {
        Ok(asked) => one_more(&service, &head.headers, asked).await,
        Err(error) => reply::error(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

fn too_long() -> Response {
    let words = format!("more than {MOST_AT_ONCE} payouts in one request; nothing was accepted");
    reply::error(StatusCode::PAYLOAD_TOO_LARGE, &words)
}

async fn one_more(service: &Service, headers: &HeaderMap, mut asked: Asked) -> Response {
    let header = headers.get(IDEMPOTENCY_KEY).map(|key| key.to_str().map(str::to_owned));
    asked.key = match (header, asked.key) {
        (Some(Err(_)), _) => {
            return reply::error(StatusCode::BAD_REQUEST, "the Idempotency-Key is not ASCII");
        }
        (Some(Ok(header)), Some(field)) if header != field => {
            return reply::error(StatusCode::BAD_REQUEST, "header and body have different keys");
        }
        (Some(Ok(header)), _) => Some(header),
        (None, field) => field,
    };
    match accept(service, &asked).await {
        Ok(ticket) => {
            let status =
                if ticket.task.state.is_over() { StatusCode::OK } else { StatusCode::ACCEPTED };
            nano_http::json(status, Body::from(shown(service, &ticket.task).to_string()))
        }
        Err(refusal) => refused(&refusal),
    }
}

/// Each is told for itself whether it was accepted.
async fn many(service: &Service, asked: Vec<Asked>) -> Response {
    let accepted = stream::iter(asked)
        .map(async |asked| match accept(service, &asked).await {
            Ok(ticket) => shown(service, &ticket.task),
            Err(refusal) => json!({
                "key": asked.key,
                "error": refusal.to_string(),
                "status": status(&refusal).as_u16(),
            }),
        })
        .buffered(TOGETHER)
        .collect::<Vec<Value>>()
        .await;
    let body = json!({ "payouts": accepted }).to_string();
    nano_http::json(StatusCode::ACCEPTED, Body::from(body))
}

async fn accept(service: &Service, asked: &Asked) -> Result<Ticket, Refusal> {
    service.wallets.refresh().await?;
    let key = asked.key.as_deref().unwrap_or_default();
    if !(1..=MOST_KEY).contains(&key.len()) {
        return Err(Refusal::BadKeyOfPayout { found: key.len(), most: MOST_KEY });
    }
    let account: Account = asked.account.parse().map_err(|_| Refusal::BadAccount)?;
    let destination = asked.destination.parse().map_err(|_| Refusal::BadDestination)?;
    let amount: Amount = asked.amount.parse().map_err(|_| Refusal::InvalidAmount)?;
    if amount.is_zero() {
        return Err(Refusal::InvalidAmount);
    }
    let wallet = wallet(service, asked, &account)?;
    let order = Order::Send { destination, amount };
    submit(service, Wanted { key: Some(keyed(key)), wallet, account, order }).await
}

/// The wallet of the account, which must be unlocked.
fn wallet(service: &Service, asked: &Asked, account: &Account) -> Result<WalletId, Refusal> {
    let wallet = match &asked.wallet {
        Some(wallet) => wallet.parse().map_err(|_| Refusal::BadWallet)?,
        None => service.wallets.wallet_of(account).ok_or(WalletError::NoAccount)?,
    };
    service.wallets.check_signs(&wallet, account)?;
    Ok(wallet)
}

fn shown(service: &Service, task: &Task) -> Value {
    let standing = match task.state {
        Course::Queued => service.tasks.standing(&task.id),
        _ => Standing::default(),
    };
    json!(Shown::new(task, standing))
}

pub(super) async fn one(State(service): Shared, Path(id): Path<String>) -> Response {
    let found = match TaskId::parse(&id) {
        Some(id) => service.tasks.task(&id).await,
        None => Ok(None),
    };
    match found {
        Ok(Some(task)) => {
            nano_http::json(StatusCode::OK, Body::from(shown(&service, &task).to_string()))
        }
        Ok(None) => reply::error(StatusCode::NOT_FOUND, "no payout has this id"),
        Err(error) => refused(&error.into()),
    }
}

/// Which payouts are listed.
#[derive(Debug, Deserialize)]
pub(super) struct WhichPayouts {
    key: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// Those that were accepted after one, the oldest first; or the one of a key.
pub(super) async fn list(State(service): Shared, Query(listed): Query<WhichPayouts>) -> Response {
    match page(&service, &listed).await {
        Ok((tasks, next)) => {
            let tasks: Vec<Value> = tasks.iter().map(|task| shown(&service, task)).collect();
            let body = json!({ "payouts": tasks, "next": next.as_ref().map(TaskId::as_str) });
            nano_http::json(StatusCode::OK, Body::from(body.to_string()))
        }
        Err(refusal) => refused(&refusal),
    }
}

async fn page(
    service: &Service,
    listed: &WhichPayouts,
) -> Result<(Vec<Task>, Option<TaskId>), Refusal> {
    if let Some(key) = &listed.key {
        return Ok((service.tasks.keyed(&keyed(key)).await?.into_iter().collect(), None));
    }
    let after = match listed.after.as_deref().map(TaskId::parse) {
        Some(None) => return Err(Refusal::BadCursor),
        after => after.flatten(),
    };
    let limit = listed.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let mut tasks = service.tasks.page(after.as_ref(), limit).await?;
    let next = tasks.last().filter(|_| tasks.len() == limit).map(|task| task.id.clone());
    tasks.retain(|task| matches!(task.order, Order::Send { .. }));
    Ok((tasks, next))
}
