//! Whatever comes, the node answers and lives.

use crate::scene;
use serde_json::{Value, json};

const ACTIONS: [&str; 68] = [
    "version",
    "uptime",
    "telemetry",
    "node_id",
    "peers",
    "active_difficulty",
    "receive_minimum",
    "account_info",
    "account_balance",
    "account_representative",
    "account_weight",
    "account_block_count",
    "account_key",
    "account_get",
    "account_history",
    "validate_account_number",
    "accounts_balances",
    "accounts_frontiers",
    "accounts_representatives",
    "accounts_receivable",
    "accounts_pending",
    "receivable",
    "pending",
    "receivable_exists",
    "pending_exists",
    "block",
    "block_info",
    "block_account",
    "block_hash",
    "block_confirm",
    "block_count",
    "block_create",
    "blocks",
    "blocks_info",
    "chain",
    "successors",
    "confirmation_info",
    "confirmation_active",
    "confirmation_history",
    "confirmation_quorum",
    "frontiers",
    "frontier_count",
    "account_count",
    "delegators",
    "delegators_count",
    "representatives",
    "representatives_online",
    "available_supply",
    "unopened",
    "key_create",
    "key_expand",
    "deterministic_key",
    "sign",
    "nano_to_raw",
    "raw_to_nano",
    "process",
    "unchecked",
    "unchecked_get",
    "work_generate",
    "work_validate",
    "work_cancel",
    "wallet_create",
    "send",
    "stop",
    "",
    "\u{0}",
    "__proto__",
    "accounts",
];

const FIELDS: [&str; 30] = [
    "account",
    "accounts",
    "account_filter",
    "hash",
    "hashes",
    "block",
    "root",
    "key",
    "seed",
    "index",
    "count",
    "offset",
    "threshold",
    "amount",
    "work",
    "difficulty",
    "multiplier",
    "type",
    "subtype",
    "previous",
    "balance",
    "representative",
    "destination",
    "source",
    "link",
    "start",
    "head",
    "version",
    "json_block",
    "async",
];

fn odd_values(sound: &[Value]) -> Vec<Value> {
    let mut values = vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}é🦀"),
        json!("-1"),
        json!("340282366920938463463374607431768211456"),
        json!("f".repeat(5000)),
        json!("AB".repeat(64)),
        json!([]),
        json!([[], {}, null, 1, "x"]),
        json!({}),
        json!({ "type": "state" }),
    ];
    values.extend_from_slice(sound);
    values
}

/// Every action, with every field of the same odd value, and with sound values where they do not
/// belong.
#[tokio::test]
async fn odd_requests_are_answered() {
    let scene = scene().await;
    let block = scene.net.block(&scene.send).unwrap().block;
    let sound = [json!(scene.alice), json!([scene.alice]), json!(scene.send), json!(block)];
    for action in ACTIONS {
        for value in odd_values(&sound) {
            let fields = FIELDS.iter().map(|field| ((*field).to_owned(), value.clone()));
            let mut request: Value = fields.collect();
            request["action"] = json!(action);
            let (status, text) = scene.http.post(request.to_string()).await.unwrap();
            let shown: String = request.to_string().chars().take(300).collect();
            assert_eq!(status, 200, "{shown}");
            let answer: Value = serde_json::from_str(&text).unwrap();
            assert!(answer.is_object(), "{shown} -> {answer}");
        }
    }
    let (blocks, confirmed) = scene.net.block_count();
    assert_eq!(blocks, confirmed, "nothing odd got onto the ledger");
}
