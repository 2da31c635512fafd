//! Actions that tell of the ledger.

use crate::{
    common::{Http, key, quick, raw, state, with},
    scene,
};
use nano_primitives::BlockHash;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn blocks_info_tells_who_received_and_from_whom() {
    let scene = scene().await;
    let genesis = scene.net.genesis_account();
    let funding = state(&scene.net, &genesis).frontier.unwrap();
    let funding = scene.net.block(&funding).unwrap().block.block.previous().unwrap();
    let unknown = "AB".repeat(32);
    let answer = scene
        .ask(json!({
            "action": "blocks_info",
            "hashes": [scene.open, scene.send, funding, unknown],
            "receivable": "true",
            "receive_hash": "true",
            "source": "true",
            "include_not_found": "true",
        }))
        .await;
    let tell = |hash: BlockHash, field: &str| answer["blocks"][hash.to_string()][field].clone();
    assert_eq!(tell(scene.open, "source_account"), json!(genesis));
    assert_eq!(tell(scene.open, "receivable"), "0");
    assert_eq!(tell(scene.send, "receivable"), "1");
    assert_eq!(tell(scene.send, "source_account"), "0");
    assert_eq!(tell(scene.send, "receive_hash"), json!(BlockHash::ZERO));
    assert_eq!(tell(funding, "receive_hash"), json!(scene.open));
    assert_eq!(answer["blocks_not_found"], json!([unknown]));
    let strict = json!({ "action": "blocks_info", "hashes": [unknown] });
    assert_eq!(scene.refusal(strict).await, "Block not found");
}

#[tokio::test]
async fn receivable_is_filtered_sorted_and_paged() {
    let scene = scene().await;
    let alice = scene.alice;
    let five = scene.net.fund(&alice, raw(5)).unwrap();
    let nine = scene.net.fund(&alice, raw(9)).unwrap();
    let ask = |more: Value| {
        let request = with(json!({ "action": "receivable", "account": alice }), &more);
        scene.ask(request)
    };
    let all = ask(json!({})).await;
    assert_eq!(all["blocks"].as_array().unwrap().len(), 3);
    let first = ask(json!({ "count": "1", "sorting": "true" })).await;
    assert_eq!(first["blocks"], json!({ nine.to_string(): "9" }));
    let second = ask(json!({ "count": "1", "offset": "1", "sorting": "true" })).await;
    assert_eq!(second["blocks"], json!({ scene.waiting.to_string(): "7" }));
    let large = ask(json!({ "threshold": "8" })).await;
    assert_eq!(large["blocks"], json!({ nine.to_string(): "9" }));
    // Unsorted, what is below the threshold counts among what is left out, as in the reference node.
    let order: Vec<Value> = all["blocks"].as_array().unwrap().clone();
    let place = order.iter().position(|hash| *hash == json!(nine)).unwrap();
    for offset in 0..=3 {
        let page = ask(json!({ "threshold": "8", "offset": offset.to_string() })).await;
        let found = page["blocks"].as_object().map_or(0, serde_json::Map::len);
        assert_eq!(found, usize::from(offset <= place), "{offset}");
    }
    let versions = ask(json!({ "threshold": "1", "min_version": "true" })).await;
    let entry = json!({ "amount": "5", "min_version": "2" });
    assert_eq!(versions["blocks"][five.to_string()], entry);
    let old_name = scene.ask(json!({ "action": "pending", "account": alice })).await;
    assert_eq!((&old_name["deprecated"], &old_name["blocks"]), (&json!("1"), &all["blocks"]));
}

#[tokio::test]
async fn history_goes_back_or_forth_from_a_block() {
    let scene = scene().await;
    let ask = |more: Value| {
        let request = with(json!({ "action": "account_history", "account": scene.alice }), &more);
        scene.ask(request)
    };
    let hashes = |answer: &Value| -> Vec<Value> {
        let entries = answer["history"].as_array().unwrap().iter();
        entries.map(|entry| entry["hash"].clone()).collect()
    };
    let back = ask(json!({ "count": "-1" })).await;
    assert_eq!(hashes(&back), [json!(scene.send), json!(scene.open)]);
    assert_eq!(back["history"][0]["account"], json!(scene.bob));
    assert_eq!(back["history"][1]["type"], "receive");
    let one = ask(json!({ "count": "1" })).await;
    assert_eq!(one["previous"], json!(scene.open));
    let forth = ask(json!({ "count": "1", "reverse": "true" })).await;
    assert_eq!((hashes(&forth), &forth["next"]), (vec![json!(scene.open)], &json!(scene.send)));
    let skipped = ask(json!({ "count": "9", "offset": "1" })).await;
    assert_eq!(hashes(&skipped), [json!(scene.open)]);
    let from_head = ask(json!({ "count": "9", "head": scene.open })).await;
    assert_eq!(hashes(&from_head), [json!(scene.open)]);
    let of_bob = ask(json!({ "count": "9", "account_filter": [scene.bob] })).await;
    assert_eq!(hashes(&of_bob), [json!(scene.send)]);
    let raw_entry = ask(json!({ "count": "1", "raw": "true" })).await["history"][0].clone();
    assert_eq!((&raw_entry["type"], &raw_entry["subtype"]), (&json!("state"), &json!("send")));
    assert_eq!(raw_entry["previous"], json!(scene.open));
    let unknown = json!({ "action": "account_history", "count": "1", "head": "AB".repeat(32) });
    assert_eq!(scene.refusal(unknown).await, "Block not found");
}

#[tokio::test]
async fn only_a_raw_history_tells_changes_and_epochs() {
    let net = quick().await;
    let http = Http::new(&net);
    let account = net.genesis_account();
    let plain = json!({ "action": "account_history", "account": account, "count": "9" });
    let answer = http.ask(plain).await;
    assert_eq!(answer["history"].as_array().unwrap().len(), 1, "the genesis block alone");
    assert_eq!(answer["history"][0]["account"], json!(account));
    let request =
        json!({ "action": "account_history", "account": account, "count": "9", "raw": "true" });
    let history = http.ask(request).await["history"].clone();
    assert_eq!((&history[0]["subtype"], &history[2]["type"]), (&json!("epoch"), &json!("open")));
    assert_eq!(history[0]["account"], json!(account), "the epoch signer");
}

#[tokio::test]
async fn the_whole_ledger_can_be_listed() {
    let scene = scene().await;
    let (genesis, alice, bob) = (scene.net.genesis_account(), scene.alice, scene.bob);
    let weight = (u128::MAX - 47).to_string();
    let block = scene.net.block(&scene.open).unwrap().block;
    for (request, answer) in [
        (json!({ "action": "frontier_count" }), json!({ "count": "2" })),
        (json!({ "action": "delegators_count", "account": genesis }), json!({ "count": "2" })),
        (
            json!({ "action": "representatives", "sorting": "true" }),
            json!({ "representatives": { genesis.to_string(): weight } }),
        ),
        (
            json!({ "action": "representatives_online", "accounts": [bob] }),
            json!({ "representatives": "" }),
        ),
        (json!({ "action": "available_supply" }), json!({ "available": "107" })),
        (json!({ "action": "unopened" }), json!({ "accounts": { bob.to_string(): "40" } })),
        (json!({ "action": "unopened", "threshold": "41" }), json!({ "accounts": "" })),
        (
            json!({ "action": "successors", "block": scene.open, "count": "9", "reverse": "true" }),
            json!({ "blocks": [scene.open] }),
        ),
        (
            json!({ "action": "blocks", "hashes": [scene.open], "json_block": "true" }),
            json!({ "blocks": { scene.open.to_string(): block } }),
        ),
    ] {
        assert_eq!(scene.ask(request.clone()).await, answer, "{request}");
    }
    // Accounts are in the order of their keys.
    let (first, second) = (genesis.min(alice), genesis.max(alice));
    for (more, account) in [(json!({}), first), (json!({ "start": first }), second)] {
        let request = json!({ "action": "delegators", "account": genesis, "count": "1" });
        let answer = scene.ask(with(request, &more)).await;
        let balance = scene.net.balance(&account);
        assert_eq!(answer, json!({ "delegators": { account.to_string(): balance } }));
    }
}

#[tokio::test]
async fn many_accounts_are_answered_at_once() {
    let scene = scene().await;
    let stranger = key(9).account();
    let accounts = json!([scene.alice, stranger, "nonsense"]);
    let frontiers =
        scene.ask(json!({ "action": "accounts_frontiers", "accounts": accounts })).await;
    let errors =
        json!({ stranger.to_string(): "Account not found", "nonsense": "Bad account number" });
    let expected =
        json!({ "frontiers": { scene.alice.to_string(): scene.send }, "errors": errors });
    assert_eq!(frontiers, expected);
    let balances = scene.ask(json!({ "action": "accounts_balances", "accounts": accounts })).await;
    let nothing = json!({ "balance": "0", "pending": "0", "receivable": "0" });
    assert_eq!(balances["balances"][stranger.to_string()], nothing);
    let representatives =
        scene.ask(json!({ "action": "accounts_representatives", "accounts": accounts })).await;
    let genesis = scene.net.genesis_account();
    assert_eq!(representatives["representatives"][scene.alice.to_string()], json!(genesis));
    let strict = json!({ "action": "accounts_receivable", "accounts": ["nonsense"] });
    assert_eq!(scene.refusal(strict).await, "Bad account number");
    tokio::time::timeout(Duration::from_secs(10), scene.net.shutdown()).await.unwrap();
}
