//! The shapes of answers, in the words of either implementation.

use crate::{
    common::{Http, key},
    scene,
};
use nano_devnet::{Devnet, Dialect};
use serde_json::{Value, json};

#[tokio::test]
async fn what_is_empty_is_written_as_an_empty_text() {
    let scene = scene().await;
    let http = &scene.http;
    let stranger = key(9).account();
    for (request, answer) in [
        (json!({ "action": "receivable", "account": stranger }), json!({ "blocks": "" })),
        (
            json!({ "action": "accounts_receivable", "accounts": [stranger] }),
            json!({ "blocks": "" }),
        ),
        (json!({ "action": "peers" }), json!({ "peers": "" })),
        (
            json!({ "action": "account_history", "account": stranger, "count": "1" }),
            json!({ "account": stranger, "history": "" }),
        ),
        (
            json!({ "action": "accounts_frontiers", "accounts": [stranger] }),
            json!({ "errors": { stranger.to_string(): "Account not found" } }),
        ),
        (
            json!({ "action": "accounts_frontiers", "accounts": [] }),
            json!({ "error": "Empty response" }),
        ),
    ] {
        assert_eq!(http.ask(request.clone()).await, answer, "{request}");
    }
}

#[tokio::test]
async fn the_second_implementation_writes_empty_lists_and_objects() {
    let net = Devnet::builder().dialect(Dialect::RsNano).start().await.unwrap();
    let http = Http::new(&net);
    let stranger = key(9).account();
    let receivable = http.ask(json!({ "action": "receivable", "account": stranger })).await;
    assert_eq!(receivable, json!({ "blocks": [] }));
    let frontiers =
        http.ask(json!({ "action": "accounts_frontiers", "accounts": [stranger] })).await;
    assert_eq!(frontiers["frontiers"], json!({}));
    let history =
        http.ask(json!({ "action": "account_history", "account": stranger, "count": "1" })).await;
    assert_eq!(history, json!({ "error": "Account not found" }));
}

#[tokio::test]
async fn account_info_names_the_confirmed_height_by_what_is_asked() {
    let scene = scene().await;
    let short = scene.ask(json!({ "action": "account_info", "account": scene.alice })).await;
    assert_eq!(
        short,
        json!({
            "frontier": scene.send,
            "open_block": scene.open,
            "representative_block": scene.send,
            "balance": "60",
            "modified_timestamp": short["modified_timestamp"],
            "block_count": "2",
            "account_version": "2",
            "confirmation_height": "2",
            "confirmation_height_frontier": scene.send,
        })
    );
    let long = scene
        .ask(json!({
            "action": "account_info",
            "account": scene.alice,
            "include_confirmed": "true",
            "receivable": "true",
            "weight": "true",
        }))
        .await;
    for (field, value) in [
        ("confirmed_height", json!("2")),
        ("confirmed_frontier", json!(scene.send)),
        ("confirmed_balance", json!("60")),
        ("receivable", json!("7")),
        ("pending", json!("7")),
        ("confirmed_receivable", json!("7")),
        ("weight", json!("0")),
        ("confirmation_height", Value::Null),
    ] {
        assert_eq!(long[field], value, "{field}");
    }
}

#[tokio::test]
async fn a_blocks_contents_are_a_text_unless_json_is_asked_for() {
    let scene = scene().await;
    let request = json!({ "action": "block_info", "hash": scene.open });
    let text = scene.ask(request).await["contents"].as_str().unwrap().to_owned();
    let request = json!({ "action": "block_info", "hash": scene.open, "json_block": "true" });
    let info = scene.ask(request).await;
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), info["contents"]);
    assert_eq!((&info["subtype"], &info["height"]), (&json!("receive"), &json!("1")));
    assert_eq!((&info["amount"], &info["balance"]), (&json!("100"), &json!("100")));
    assert_eq!(info["successor"], json!(scene.send));
    assert_eq!(info["confirmed"], "true");
    assert_eq!(info["contents"]["work"], "0000000000000000", "seeded without work");
}

#[tokio::test]
async fn the_node_tells_about_itself() {
    let net = Devnet::builder().network(nano_block::Network::Live).start().await.unwrap();
    let http = Http::new(&net);
    let difficulty =
        http.ask(json!({ "action": "active_difficulty", "include_trend": "true" })).await;
    assert_eq!(
        difficulty,
        json!({
            "deprecated": "1",
            "network_minimum": "fffffff800000000",
            "network_receive_minimum": "fffffe0000000000",
            "network_current": "fffffff800000000",
            "network_receive_current": "fffffe0000000000",
            "multiplier": "1",
            "difficulty_trend": ["1.000000000000000"],
        })
    );
    let telemetry = http.ask(json!({ "action": "telemetry" })).await;
    assert_eq!((&telemetry["block_count"], &telemetry["peer_count"]), (&json!("3"), &json!("0")));
    let raw = http.ask(json!({ "action": "telemetry", "raw": "true" })).await;
    assert_eq!(raw, json!({ "metrics": "" }));
    let id = http.ask(json!({ "action": "node_id" })).await;
    assert!(id["node_id"].as_str().unwrap().starts_with("node_"));
    let uptime = http.ask(json!({ "action": "uptime" })).await;
    assert!(uptime["seconds"].as_str().unwrap().parse::<u64>().unwrap() < 60);
}
