//! `/api/account`, `/api/deals`, `/api/quote`: what is there, what may still happen, and what it would cost.

use super::{Shared, from_json, to_json};
use crate::{account::AccountView, desk::subtype, payments, refusal::Refusal, view::Asked};
use axum::{body::Body, extract::State, response::Response};
use nano_block::Subtype;
use p2pow_client::{DealReport, Item, Reward};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The account of this process.
pub(crate) async fn account(State(front): Shared) -> Result<Response, Refusal> {
    let account = front.desk.account().ok_or(Refusal::NoKey)?;
    let view = AccountView::of(front.desk.nodes.main(), account).await?;
    let mut view = serde_json::to_value(view).expect("plain values have a JSON form");
    let trial = front.config.trial;
    view["test_payee"] = json!(trial.map_or(account, |trial| trial.payee));
    view["test_raw"] =
        json!(trial.map_or(nano_primitives::Amount::from_raw(1), |trial| trial.amount));
    Ok(to_json(&view))
}

/// What the journal holds, brought up to date, the newest first.
pub(crate) async fn deals(State(front): Shared) -> Result<Response, Refusal> {
    const SHOWN: usize = 200;
    let sender = front.desk.sender();
    let known = sender.deals(None).await?;
    let open: BTreeSet<_> =
        known.iter().filter(|deal| !deal.is_over).map(|deal| deal.account).collect();
    for account in &open {
        sender.refresh(*account).await?;
    }
    let known = if open.is_empty() { known } else { sender.deals(None).await? };
    let deals: Vec<Value> = known.iter().rev().take(SHOWN).map(deal).collect();
    Ok(to_json(&json!({ "deals": deals })))
}

/// A chain of signed blocks, with what may still become of each.
pub(super) fn deal(deal: &DealReport) -> Value {
    let block = |Item { order, block, fate, .. }: &Item| json!({ "order": order, "hash": block, "fate": fate, "says": fate.to_string() });
    let reward = |(Reward { address, hash, price }, fate): &(Reward, p2pow_client::Fate)| {
        json!({
            "address": address, "hash": hash, "price_raw": price, "fate": fate, "says": fate.to_string(),
        })
    };
    json!({
        "account": deal.account,
        "key": deal.key.as_str(),
        "created": deal.created,
        "is_over": deal.is_over,
        "is_replaced": deal.is_replaced,
        "rival": deal.rival,
        "summary": deal.summary(),
        "blocks": deal.items.iter().map(block).collect::<Vec<_>>(),
        "rewards": deal.rewards.iter().map(reward).collect::<Vec<_>>(),
    })
}

/// What a payment would cost, and who would be hired. Nothing is signed.
pub(crate) async fn quote(State(front): Shared, body: Body) -> Result<Response, Refusal> {
    let asked: Asked = from_json(body).await?;
    payments::check(&asked)?;
    let subtypes: Vec<Subtype> = asked.orders.iter().map(subtype).collect();
    let estimate = front.desk.sender_of(&asked).quote(&subtypes).await?;
    let quotes = estimate.ranking.quotes.iter().map(|quote| {
        json!({
            "address": quote.candidate.worker.address,
            "price_raw": quote.price,
            "standing": quote.candidate.reputation.standing,
        })
    });
    let refused = estimate.ranking.refused.iter();
    let refused = refused
        .map(|(address, reason)| json!({ "address": address, "reason": reason.to_string() }));
    Ok(to_json(&json!({
        "total_raw": estimate.total,
        "jobs": estimate.jobs,
        "quotes": quotes.collect::<Vec<_>>(),
        "refused": refused.collect::<Vec<_>>(),
        "max_fee_raw": asked.max_fee_raw,
    })))
}
