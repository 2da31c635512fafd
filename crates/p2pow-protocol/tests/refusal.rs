//! Refusals as old clients read them.

#![allow(clippy::unwrap_used)]

use p2pow_protocol::{BlockProblem, Refusal};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn missing() -> BlockProblem {
    BlockProblem::Missing { field: "account" }
}

/// The protocol's table: refusal, status, text.
fn table() -> Vec<(Refusal, u16, &'static str)> {
    vec![
        (Refusal::InvalidJson, 400, "Invalid JSON"),
        (Refusal::UserMissing, 400, "User transaction missing"),
        (Refusal::RewardMissing, 400, "Reward transaction missing"),
        (Refusal::InvalidUser(missing()), 400, "Invalid user transaction"),
        (Refusal::InvalidReward(missing()), 400, "Invalid reward transaction"),
        (Refusal::RewardLinkMissing, 400, "Invalid Reward transaction"),
        (Refusal::DifferentAccounts, 400, "Different Accounts source"),
        (Refusal::WrongWorker, 400, "Worker account is incorrect"),
        (Refusal::WrongRewardPrevious, 400, "Incorrect previous block in worker block"),
        (Refusal::FeeTooLow, 403, "Fee is less than minimum"),
        (Refusal::WrongPrevious, 400, "Wrong previous block"),
        (Refusal::InvalidReceive, 403, "Invalid receive transaction"),
        (Refusal::InsufficientFunds, 403, "Insuficient funds"),
        (Refusal::UserWorkFailed, 500, "User PoW fail"),
        (Refusal::RewardWorkFailed, 500, "PoW fail"),
        (
            Refusal::UserBlockRefused { node: "Fork".into() },
            500,
            "Error broadcasting user block: Fork",
        ),
        (
            Refusal::DifficultyTooHigh { retry_after: 1 },
            503,
            "Current network difficulty exceded maximum difficulty allowed",
        ),
        (Refusal::InvalidRoute, 404, "Invalid Route"),
    ]
}

/// What is new since version 2.0.0.
fn ours() -> Vec<(Refusal, u16)> {
    vec![
        (Refusal::TooManyBlocks { found: 9, max: 8 }, 400),
        (Refusal::BrokenChain { place: 2 }, 400),
        (Refusal::JobNotFound, 404),
        (Refusal::MethodNotAllowed, 405),
        (Refusal::TooSlow, 408),
        (Refusal::Conflict, 409),
        (Refusal::TooLarge { limit: 1 }, 413),
        (Refusal::TooManyRequests { retry_after: 1 }, 429),
        (Refusal::Unconfirmed { retry_after: 1 }, 503),
        (Refusal::QueueFull { retry_after: 1 }, 503),
        (Refusal::NodeUnreachable { retry_after: 1 }, 503),
        (Refusal::JournalFailed { retry_after: 1 }, 503),
        (Refusal::ShuttingDown { retry_after: 1 }, 503),
    ]
}

fn body(refusal: &Refusal) -> Value {
    serde_json::from_slice(&refusal.to_json()).unwrap()
}

#[test]
fn texts_and_statuses_are_those_of_the_old_worker() {
    for (refusal, status, text) in table() {
        assert_eq!((refusal.status(), refusal.to_string().as_str()), (status, text));
        assert_eq!(body(&refusal)["error"], text);
    }
    for (refusal, status) in ours() {
        assert_eq!(refusal.status(), status, "{refusal}");
    }
}

#[test]
fn codes_are_all_different() {
    let table = table().into_iter().map(|(refusal, ..)| refusal);
    let all: Vec<_> = table.chain(ours().into_iter().map(|(refusal, _)| refusal)).collect();
    let codes: BTreeSet<_> = all.iter().map(Refusal::code).collect();
    assert_eq!(codes.len(), all.len());
}

#[test]
fn what_may_be_tried_again_says_when() {
    let busy = Refusal::QueueFull { retry_after: 30 };
    assert_eq!(busy.retry_after(), Some(30));
    let expected = json!({"error": busy.to_string(), "status": "unavailable", "retryAfter": 30});
    assert_eq!(body(&busy), expected);
    let limited = Refusal::TooManyRequests { retry_after: 2 };
    assert_eq!(body(&limited), json!({"error": "Too many requests", "retryAfter": 2}));
    for (refusal, _) in ours() {
        assert_eq!(refusal.retry_after().is_some(), matches!(refusal.status(), 429 | 503));
    }
}

#[test]
fn an_invalid_block_says_what_is_wrong_with_it() {
    let expected = json!({"error": "Invalid user transaction", "details": "`account` is missing"});
    assert_eq!(body(&Refusal::InvalidUser(missing())), expected);
}

#[test]
fn an_unknown_route_lists_the_valid_ones() {
    let routes = json!(["/request_info", "/request_work"]);
    assert_eq!(body(&Refusal::InvalidRoute)["validRoutes"], routes);
    assert!(body(&Refusal::InvalidRoute)["moreInfo"].is_string());
}
