//! Keys, signatures, and blocks that are made on request.

use crate::{
    common::{key, raw, with},
    scene,
};
use nano_block::{SecretKey, Seed};
use nano_primitives::BlockHash;
use serde_json::json;

#[tokio::test]
async fn keys_are_made_and_sign() {
    let scene = scene().await;
    let http = &scene.http;
    let made = http.ask(json!({ "action": "key_create" })).await;
    let key: SecretKey = made["private"].as_str().unwrap().parse().unwrap();
    assert_eq!(made["account"], json!(key.account()));
    let expanded = http.ask(json!({ "action": "key_expand", "key": made["private"] })).await;
    assert_eq!(expanded, made);
    let seed = "01".repeat(32);
    let derived =
        http.ask(json!({ "action": "deterministic_key", "seed": seed, "index": "3" })).await;
    let expected = seed.parse::<Seed>().unwrap().derive(3);
    assert_eq!(derived["account"], json!(expected.account()));
    let hash: BlockHash = "AB".repeat(32).parse().unwrap();
    let signed = http.ask(json!({ "action": "sign", "key": made["private"], "hash": hash })).await;
    assert_eq!(signed["signature"], json!(key.sign(&hash)));
    let refused = http.refusal(json!({ "action": "sign", "hash": hash })).await;
    assert_eq!(refused, "Private key or local wallet and account required");
}

#[tokio::test]
async fn blocks_are_created_of_every_kind() {
    let scene = scene().await;
    let alice = key(1);
    let private = alice.expose_hex().to_string();
    let representative = scene.net.genesis_account();
    for (kind, more) in [
        (
            "state",
            json!({
                "previous": scene.send,
                "representative": representative,
                "balance": "67",
                "source": scene.waiting,
            }),
        ),
        ("send", json!({ "destination": scene.bob, "amount": "10" })),
        ("receive", json!({ "source": scene.waiting })),
        ("open", json!({ "source": scene.waiting, "representative": representative })),
        ("change", json!({ "representative": representative })),
    ] {
        let request = with(
            json!({
                "action": "block_create",
                "json_block": "true",
                "type": kind,
                "key": private,
                "account": scene.alice,
            }),
            &more,
        );
        let answer = scene.ask(request).await;
        let block: nano_block::SignedBlock =
            serde_json::from_value(answer["block"].clone()).unwrap();
        assert_eq!(answer["hash"], json!(block.hash()));
        assert_eq!(answer["difficulty"], json!(block.work_value()));
        block.verify_by(&alice.public_key()).unwrap();
        assert_eq!(block.block.kind().as_str(), kind);
        if kind == "state" {
            scene.net.process(&block).unwrap();
            assert_eq!(scene.net.balance(&scene.alice), raw(67));
        }
    }
}

#[tokio::test]
async fn what_a_block_lacks_is_named() {
    let scene = scene().await;
    let private = key(1).expose_hex().to_string();
    for (kind, more, words) in [
        (
            "state",
            json!({}),
            "Previous, representative, final balance and link (source or destination) are required",
        ),
        (
            "send",
            json!({}),
            "Destination account, previous hash, current balance and amount required",
        ),
        ("send", json!({ "destination": scene.bob, "amount": "61" }), "Insufficient balance"),
        (
            "send",
            json!({
                "destination": scene.bob,
                "amount": "1",
                "previous": scene.open,
                "balance": "60",
            }),
            "Balance mismatch for previous block",
        ),
        ("receive", json!({}), "Previous hash and source hash required"),
        ("open", json!({}), "Representative account and source hash required"),
        ("change", json!({}), "Representative account and previous hash required"),
        ("nonsense", json!({}), "Invalid block type"),
        ("state", json!({ "account": scene.bob }), "Incorrect key for given account"),
        ("state", json!({ "representative": "x" }), "Bad representative number"),
        ("state", json!({ "previous": "x" }), "Bad previous"),
        ("state", json!({ "balance": "x" }), "Invalid balance number"),
        ("state", json!({ "link": "x" }), "Bad link number"),
        ("state", json!({ "source": "x" }), "Bad source"),
        ("state", json!({ "destination": "x" }), "Bad destination account"),
        ("state", json!({ "work": "x" }), "Bad work"),
        ("state", json!({ "version": "work_2" }), "Bad work version"),
    ] {
        let request =
            with(json!({ "action": "block_create", "type": kind, "key": private }), &more);
        assert_eq!(scene.refusal(request.clone()).await, words, "{request}");
    }
}
