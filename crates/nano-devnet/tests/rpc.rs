//! RPC in the reference node's shapes: the HTTP around it, how requests are read, and what the actions answer.

mod common;

use common::{Http, key, quick, raw, ready, state};
use nano_block::{SecretKey, Seed};
use nano_devnet::{Devnet, Dialect};
use nano_primitives::{Account, BlockHash};
use serde_json::{Value, json};
use std::time::Duration;

/// Alice was opened with 100 raw, sent 40 of them to Bob, and 7 wait for her.
struct Scene {
    net: Devnet,
    http: Http,
    alice: Account,
    bob: Account,
    open: BlockHash,
    send: BlockHash,
    waiting: BlockHash,
}

async fn scene() -> Scene {
    let net = quick().await;
    let (alice, bob) = (key(1), key(2).account());
    let open = net.open(&alice, raw(100)).unwrap();
    let send = state(&net, &alice.account()).send(bob, raw(40)).unwrap();
    let send = net.process(&ready(&net, send, &alice)).unwrap();
    let waiting = net.fund(&alice.account(), raw(7)).unwrap();
    Scene { http: Http::new(&net), alice: alice.account(), bob, open, send, waiting, net }
}

impl Scene {
    async fn ask(&self, request: Value) -> Value {
        self.http.ask(request).await
    }

    async fn refusal(&self, request: Value) -> String {
        self.http.refusal(request).await
    }
}

#[tokio::test]
async fn a_browser_may_ask() {
    let net = quick().await;
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .build_http::<http_body_util::Full<axum::body::Bytes>>();
    for method in ["OPTIONS", "POST", "GET"] {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(net.rpc_url())
            .body(http_body_util::Full::from(r#"{"action":"uptime"}"#))
            .unwrap();
        let response = client.request(request).await.unwrap();
        assert_eq!(response.status(), 200, "{method}");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        assert_eq!(response.headers()["content-type"], "application/json");
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_words() {
    let scene = scene().await;
    let http = &scene.http;
    let not_json = json!({ "error": "Unable to parse JSON" }).to_string();
    let deep = "[".repeat(100_000);
    for body in ["", "hello", "[]", "null", "{}", "{\"action\"", "\u{0}", &deep] {
        assert_eq!(http.post(body).await.unwrap(), (200, not_json.clone()), "{body:.20}");
    }
    let unknown = json!({ "error": "Unknown command" }).to_string();
    for body in [r#"{"action":"wallet_create"}"#, r#"{"action":""}"#, r#"{"action":{}}"#] {
        assert_eq!(http.post(body).await.unwrap(), (200, unknown.clone()), "{body}");
    }
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused() {
    let net = quick().await;
    let body = vec![b' '; 32 * 1024 * 1024 + 1];
    let (status, text) = Http::new(&net).post(String::from_utf8(body).unwrap()).await.unwrap();
    assert_eq!((status, text.as_str()), (413, r#"{"error":"Request body is too large"}"#));
}

#[tokio::test]
async fn scalars_may_be_of_any_type() {
    let scene = scene().await;
    let plain =
        json!({ "action": "receivable", "account": scene.alice, "count": "1", "source": "true" });
    let typed =
        json!({ "action": "receivable", "account": scene.alice, "count": 1, "source": true });
    let answer = scene.ask(plain).await;
    assert_eq!(answer, scene.ask(typed).await);
    let entry = json!({ "amount": "7", "source": scene.net.genesis_account() });
    assert_eq!(answer["blocks"][scene.waiting.to_string()], entry);
}

#[tokio::test]
async fn bad_fields_are_named() {
    let scene = scene().await;
    let (http, alice, send) = (&scene.http, scene.alice, scene.send);
    for (request, words) in [
        (json!({ "action": "account_info", "account": "nano_xyz" }), "Bad account number"),
        (json!({ "action": "account_info" }), "Unable to parse JSON"),
        (json!({ "action": "account_get", "key": "00" }), "Bad public key"),
        (json!({ "action": "block_info", "hash": "xyz" }), "Invalid block hash"),
        (json!({ "action": "block_info", "hash": "" }), "Invalid block hash"),
        (json!({ "action": "block_info", "hash": "00" }), "Block not found"),
        (json!({ "action": "blocks_info", "hashes": ["xyz"] }), "Bad hash number"),
        (json!({ "action": "chain", "block": send, "count": "0" }), "Invalid count"),
        (json!({ "action": "chain", "block": send, "count": "x" }), "Invalid count"),
        (
            json!({ "action": "chain", "block": send, "count": "1", "offset": "x" }),
            "Invalid offset",
        ),
        (
            json!({ "action": "receivable", "account": alice, "threshold": "-1" }),
            "Bad threshold number",
        ),
        (json!({ "action": "nano_to_raw", "amount": "1.5" }), "Invalid amount number"),
        (json!({ "action": "nano_to_raw", "amount": u128::MAX.to_string() }), "Amount too big"),
        (json!({ "action": "key_expand", "key": "00" }), "Bad private key"),
        (json!({ "action": "deterministic_key", "seed": "0", "index": "0" }), "Bad seed"),
        (
            json!({ "action": "deterministic_key", "seed": "00".repeat(32), "index": "-1" }),
            "Invalid index",
        ),
    ] {
        assert_eq!(http.refusal(request.clone()).await, words, "{request}");
    }
}

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
        let mut request = json!({ "action": "receivable", "account": alice });
        for (name, value) in more.as_object().unwrap() {
            request[name] = value.clone();
        }
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
        let mut request = json!({ "action": "account_history", "account": scene.alice });
        for (name, value) in more.as_object().unwrap() {
            request[name] = value.clone();
        }
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
    let genesis = scene.net.genesis_account();
    let weight = (u128::MAX - 47).to_string();
    for (request, answer) in [
        (json!({ "action": "frontier_count" }), json!({ "count": "2" })),
        (
            json!({ "action": "delegators", "account": genesis, "threshold": "1", "count": "1", "start": Account::ZERO }),
            json!({ "delegators": { scene.alice.to_string(): "60" } }),
        ),
        (json!({ "action": "delegators_count", "account": genesis }), json!({ "count": "2" })),
        (
            json!({ "action": "representatives", "sorting": "true" }),
            json!({ "representatives": { genesis.to_string(): weight } }),
        ),
        (
            json!({ "action": "representatives_online", "accounts": [scene.bob] }),
            json!({ "representatives": "" }),
        ),
        (json!({ "action": "available_supply" }), json!({ "available": "107" })),
        (json!({ "action": "unopened" }), json!({ "accounts": { scene.bob.to_string(): "40" } })),
        (json!({ "action": "unopened", "threshold": "41" }), json!({ "accounts": "" })),
        (
            json!({ "action": "successors", "block": scene.open, "count": "9", "reverse": "true" }),
            json!({ "blocks": [scene.open] }),
        ),
        (
            json!({ "action": "blocks", "hashes": [scene.open], "json_block": "true" }),
            json!({ "blocks": { scene.open.to_string(): scene.net.block(&scene.open).unwrap().block } }),
        ),
    ] {
        let mut answer_to_delegators = answer;
        if request["action"] == "delegators" {
            // Accounts are in the order of their keys.
            let first = genesis.min(scene.alice);
            let balance = scene.net.balance(&first);
            answer_to_delegators = json!({ "delegators": { first.to_string(): balance } });
        }
        assert_eq!(scene.ask(request.clone()).await, answer_to_delegators, "{request}");
    }
}

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
            json!({ "previous": scene.send, "representative": representative, "balance": "67", "source": scene.waiting }),
        ),
        ("send", json!({ "destination": scene.bob, "amount": "10" })),
        ("receive", json!({ "source": scene.waiting })),
        ("open", json!({ "source": scene.waiting, "representative": representative })),
        ("change", json!({ "representative": representative })),
    ] {
        let mut request = json!({
            "action": "block_create",
            "json_block": "true",
            "type": kind,
            "key": private,
            "account": scene.alice,
        });
        for (name, value) in more.as_object().unwrap() {
            request[name] = value.clone();
        }
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
            json!({ "destination": scene.bob, "amount": "1", "previous": scene.open, "balance": "60" }),
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
        let mut request = json!({ "action": "block_create", "type": kind, "key": private });
        for (name, value) in more.as_object().unwrap() {
            request[name] = value.clone();
        }
        assert_eq!(scene.refusal(request.clone()).await, words, "{request}");
    }
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
