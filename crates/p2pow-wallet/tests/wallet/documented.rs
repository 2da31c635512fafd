//! The documented request and answer of every wallet action.
//!
//! Sources: nano-docs, `docs/commands/rpc-protocol.md` (the section "Wallet RPCs") for names and shapes; nano-node,
//! `nano/node/json_handler.cpp`, for what the answer holds beyond the examples; Pippin's README for `receive_all` and
//! `count`. The keys of an answer must be those documented, no more and no fewer, and every scalar is a text.

use crate::town::{Town, block, xno};
use nano_block::{Network, SecretKey, Seed};
use nano_primitives::{Account, Work};
use serde_json::{Value, json};

/// The names in an object, sorted.
#[track_caller]
fn names(value: &Value) -> Vec<&str> {
    let fields = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
    let mut names: Vec<&str> = fields.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn wallet_create_answers_a_name_of_64_digits() {
    let served = Town::found().await.serve().await;
    let answer = served.call(json!({ "action": "wallet_create" })).await;
    assert_eq!(names(&answer), ["wallet"]);
    let name = answer["wallet"].as_str().unwrap();
    assert!(name.len() == 64 && name.bytes().all(|byte| b"0123456789ABCDEF".contains(&byte)));
}

#[tokio::test]
async fn wallet_create_with_a_seed_restores_its_accounts() {
    let town = Town::found().await;
    let seed = Seed::generate().unwrap();
    // Used ones up to the fifth; the fourth was not, and one far away stays unknown as in a node.
    for index in [1, 2, 4] {
        town.net.fund(&seed.derive(index).account(), xno("1")).unwrap();
    }
    town.net.fund(&seed.derive(200).account(), xno("1")).unwrap();
    let served = town.serve().await;
    let create = json!({ "action": "wallet_create", "seed": *seed.expose_hex() });
    let answer = served.call(create).await;
    assert_eq!(names(&answer), ["last_restored_account", "restored_count", "wallet"]);
    assert_eq!(answer["restored_count"], "5");
    assert_eq!(answer["last_restored_account"], json!(seed.derive(4).account()));
    let wrong = served.call(json!({ "action": "wallet_create", "seed": "00" })).await;
    assert_eq!(wrong, json!({ "error": "Bad seed" }));
}

#[tokio::test]
async fn account_create_takes_the_next_key_of_the_seed_or_that_of_an_index() {
    let town = Town::found().await;
    let seed = Seed::generate().unwrap();
    let served = town.serve().await;
    let made = served.call(json!({ "action": "wallet_create", "seed": *seed.expose_hex() })).await;
    let wallet = &made["wallet"];
    let create = json!({ "action": "account_create", "wallet": wallet, "work": "false" });
    assert_eq!(served.call(create.clone()).await, json!({ "account": seed.derive(1).account() }));
    let third = json!({ "action": "account_create", "wallet": wallet, "index": "3" });
    assert_eq!(served.call(third).await, json!({ "account": seed.derive(3).account() }));
    assert_eq!(served.call(create.clone()).await, json!({ "account": seed.derive(2).account() }));
    // The third is there already.
    assert_eq!(served.call(create).await, json!({ "account": seed.derive(4).account() }));
    let wrong = json!({ "action": "account_create", "wallet": wallet, "index": "4294967296" });
    assert_eq!(served.call(wrong).await, json!({ "error": "Invalid index" }));
}

#[tokio::test]
async fn accounts_create_makes_so_many() {
    let served = Town::found().await.serve().await;
    let wallet = served.wallet().await;
    let create = json!({ "action": "accounts_create", "wallet": wallet, "count": "2" });
    let answer = served.call(create).await;
    assert_eq!(names(&answer), ["accounts"]);
    assert_eq!(answer["accounts"].as_array().unwrap().len(), 2);
    // As a number, as Pippin takes it.
    let create = json!({ "action": "accounts_create", "wallet": wallet, "count": 3 });
    assert_eq!(served.call(create).await["accounts"].as_array().unwrap().len(), 3);
    for count in ["0", "-1", "x", "10001"] {
        let create = json!({ "action": "accounts_create", "wallet": wallet, "count": count });
        assert_eq!(served.call(create).await, json!({ "error": "Invalid count" }), "{count}");
    }
}

#[tokio::test]
async fn account_list_and_wallet_contains_know_the_wallets_accounts() {
    let served = Town::found().await.serve().await;
    let wallet = served.wallet().await;
    let list = json!({ "action": "account_list", "wallet": wallet });
    // As a node writes an empty list.
    assert_eq!(served.call(list.clone()).await, json!({ "accounts": "" }));
    let mut accounts = [served.account(&wallet).await, served.account(&wallet).await];
    accounts.sort_unstable();
    assert_eq!(served.call(list).await, json!({ "accounts": accounts }));
    let some = json!({ "action": "account_list", "wallet": wallet, "count": 1 });
    assert_eq!(served.call(some).await, json!({ "accounts": [accounts[0]] }));
    for (account, exists) in [(accounts[0], "1"), (Account::ZERO, "0")] {
        let asked = json!({ "action": "wallet_contains", "wallet": wallet, "account": account });
        assert_eq!(served.call(asked).await, json!({ "exists": exists }));
    }
}

#[tokio::test]
async fn wallet_add_and_account_remove() {
    let served = Town::found().await.serve().await;
    let wallet = served.wallet().await;
    let key = SecretKey::generate().unwrap();
    let add = json!({ "action": "wallet_add", "wallet": wallet, "key": *key.expose_hex() });
    for _ in 0..2 {
        assert_eq!(served.call(add.clone()).await, json!({ "account": key.account() }));
    }
    let remove = json!({ "action": "account_remove", "wallet": wallet, "account": key.account() });
    assert_eq!(served.call(remove.clone()).await, json!({ "removed": "1" }));
    assert_eq!(served.call(remove).await, json!({ "error": "Account not found in wallet" }));
    assert_eq!(served.call(add).await, json!({ "account": key.account() }), "it can come back");
    let wrong = json!({ "action": "wallet_add", "wallet": wallet, "key": "12" });
    assert_eq!(served.call(wrong).await, json!({ "error": "Bad private key" }));
}

#[tokio::test]
async fn a_wallet_is_locked_and_opened_by_its_password() {
    let served = Town::found().await.serve().await;
    let wallet = served.wallet().await;
    let ask = async |action: &str| served.call(json!({ "action": action, "wallet": wallet })).await;
    let enter = async |password: &str| {
        let call = json!({ "action": "password_enter", "wallet": wallet, "password": password });
        served.call(call).await
    };
    assert_eq!(ask("wallet_locked").await, json!({ "locked": "0" }));
    assert_eq!(ask("password_valid").await, json!({ "valid": "1" }));
    assert_eq!(ask("wallet_lock").await, json!({ "locked": "1" }));
    assert_eq!(ask("wallet_locked").await, json!({ "locked": "1" }));
    assert_eq!(ask("password_valid").await, json!({ "valid": "0" }));
    assert_eq!(ask("account_create").await, json!({ "error": "Wallet is locked" }));
    // Without a password of its own, a wallet has the empty one.
    assert_eq!(enter("").await, json!({ "valid": "1" }));
    let change = json!({ "action": "password_change", "wallet": wallet, "password": "test" });
    assert_eq!(served.call(change.clone()).await, json!({ "changed": "1" }));
    assert_eq!(ask("wallet_lock").await, json!({ "locked": "1" }));
    assert_eq!(served.call(change).await, json!({ "error": "Wallet is locked" }));
    assert_eq!(enter("").await, json!({ "valid": "0" }));
    assert_eq!(enter("tesT").await, json!({ "valid": "0" }));
    assert_eq!(enter("test").await, json!({ "valid": "1" }));
    served.account(&wallet).await;
}

#[tokio::test]
async fn a_wallet_has_a_representative_for_what_it_opens() {
    let served = Town::found().await.serve().await;
    let wallet = served.wallet().await;
    let first = served.account(&wallet).await;
    let get = json!({ "action": "wallet_representative", "wallet": wallet });
    assert_eq!(served.call(get.clone()).await, json!({ "representative": first }));
    let other = SecretKey::generate().unwrap().account();
    let set = |representative: &str| json!({ "action": "wallet_representative_set", "wallet": wallet, "representative": representative });
    assert_eq!(served.call(set(&other.to_string())).await, json!({ "set": "1" }));
    assert_eq!(served.call(get).await, json!({ "representative": other }));
    let wrong = served.call(set("nano_x")).await;
    assert_eq!(wrong, json!({ "error": "Bad representative number" }));
}

#[tokio::test]
async fn what_a_wallet_holds() {
    let town = Town::found().await;
    let served = town.serve().await;
    let (wallet, rich) = served.rich(&town, "3").await;
    let empty = served.account(&wallet).await;
    let waiting = town.net.fund(&empty, xno("2")).unwrap();
    let ask = async |action: &str| served.call(json!({ "action": action, "wallet": wallet })).await;

    let (three, two) = (xno("3"), xno("2"));
    let balances = json!({ "balances": {
        rich.to_string(): { "balance": three, "pending": "0", "receivable": "0" },
        empty.to_string(): { "balance": "0", "pending": two, "receivable": two },
    }});
    assert_eq!(ask("wallet_balances").await, balances);
    let some = json!({ "action": "wallet_balances", "wallet": wallet, "threshold": "1" });
    assert_eq!(names(&served.call(some).await["balances"]), [rich.to_string()]);

    let frontier = town.net.account(&rich).unwrap().frontier;
    let frontiers = json!({ "frontiers": { rich.to_string(): frontier } });
    assert_eq!(ask("wallet_frontiers").await, frontiers);

    let info = json!({
        "balance": three, "pending": two, "receivable": two, "accounts_count": "2",
        "accounts_block_count": "1", "accounts_cemented_block_count": "1",
        "deterministic_count": "1", "adhoc_count": "1", "deterministic_index": "1",
    });
    assert_eq!(ask("wallet_info").await, info);

    let plain = json!({ "blocks": { empty.to_string(): [waiting] } });
    assert_eq!(ask("wallet_receivable").await, plain);
    let mut old = plain.clone();
    old["deprecated"] = json!("1");
    assert_eq!(ask("wallet_pending").await, old);
    let with = async |name: &str, value: Value| {
        let mut call = json!({ "action": "wallet_receivable", "wallet": wallet, "count": "1" });
        call[name] = value;
        served.call(call).await["blocks"][empty.to_string()].clone()
    };
    assert_eq!(with("threshold", json!("1")).await, json!({ waiting.to_string(): two }));
    assert_eq!(with("threshold", json!(xno("3"))).await, Value::Null);
    let genesis = town.net.genesis_account();
    let sourced = json!({ waiting.to_string(): { "amount": two, "source": genesis } });
    assert_eq!(with("source", json!("true")).await, sourced);

    let history = ask("wallet_history").await;
    let [entry] = history["history"].as_array().unwrap().as_slice() else { panic!("{history}") };
    let fields = ["account", "amount", "block_account", "hash", "local_timestamp", "type"];
    assert_eq!(names(entry), fields);
    assert_eq!(entry["type"], "receive");
    assert_eq!(entry["block_account"], json!(rich));
}

#[tokio::test]
async fn nothing_is_written_as_a_node_writes_it() {
    let served = Town::found().await.serve().await;
    let wallet = served.wallet().await;
    for (action, answer) in [
        ("wallet_balances", json!({ "balances": "" })),
        ("wallet_frontiers", json!({ "frontiers": "" })),
        ("wallet_receivable", json!({ "blocks": "" })),
        ("wallet_history", json!({ "history": "" })),
    ] {
        let call = json!({ "action": action, "wallet": wallet });
        assert_eq!(served.call(call).await, answer, "{action}");
    }
}

#[tokio::test]
async fn a_wallet_that_is_destroyed_is_gone() {
    let town = Town::found().await;
    let served = town.serve().await;
    let wallet = served.wallet().await;
    let call = |action: &str| json!({ "action": action, "wallet": wallet });
    assert_eq!(served.call(call("wallet_destroy")).await, json!({ "destroyed": "1" }));
    let gone = json!({ "error": "Wallet not found" });
    for action in ["wallet_destroy", "wallet_info", "account_list", "account_create", "wallet_lock"]
    {
        assert_eq!(served.call(call(action)).await, gone, "{action}");
    }
    served.server.shutdown().await;
    let served = town.serve().await;
    assert_eq!(served.call(call("wallet_info")).await, gone, "also after a restart");
}

#[tokio::test]
async fn wrong_names_and_missing_fields_are_told_in_a_nodes_words() {
    let served = Town::found().await.serve().await;
    let wallet = served.wallet().await;
    for (call, words) in [
        (json!({ "action": "wallet_info" }), "Unable to parse JSON"),
        (json!({ "action": "wallet_info", "wallet": "12" }), "Bad wallet number"),
        (json!({ "action": "wallet_info", "wallet": "00".repeat(32) }), "Wallet not found"),
        (
            json!({ "action": "wallet_contains", "wallet": wallet, "account": "x" }),
            "Bad account number",
        ),
        (
            json!({ "action": "wallet_balances", "wallet": wallet, "threshold": "x" }),
            "Bad threshold number",
        ),
        (
            json!({ "action": "receive", "wallet": wallet, "account": Account::ZERO, "block": "x" }),
            "Invalid block hash",
        ),
        (
            json!({ "action": "wallet_history", "wallet": wallet, "modified_since": "x" }),
            "Invalid timestamp",
        ),
    ] {
        assert_eq!(served.call(call.clone()).await, json!({ "error": words }), "{call}");
    }
}

#[tokio::test]
async fn send_receive_and_representative_answer_with_a_block() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let (wallet, alice) = served.rich(&town, "10").await;
    let bob = served.account(&wallet).await;
    let send = json!({
        "action": "send", "wallet": wallet, "source": alice, "destination": bob,
        "amount": "1000000", "id": "7081e2b8fec9146e",
    });
    let sent = served.call(send.clone()).await;
    assert_eq!(names(&sent), ["block"]);
    let hash = block(&sent);
    assert!(town.net.block(&hash).unwrap().confirmed);
    // "Sending the request again will yield the same block, and will not affect the ledger."
    let count = town.net.block_count();
    assert_eq!(served.call(send).await, sent);
    assert_eq!(town.net.block_count(), count);

    let receive = json!({ "action": "receive", "wallet": wallet, "account": bob, "block": hash });
    let refused = served.call(receive).await;
    assert!(refused["error"].as_str().unwrap().starts_with("Insufficient balance"), "{refused}");
    town.net.fund(&bob, xno("1")).unwrap();
    let all = json!({ "action": "receive_all", "wallet": wallet });
    // The large one pays for the work of the small one, whichever comes first.
    assert_eq!(served.call(all.clone()).await["received"], json!(2));
    assert_eq!(served.call(all).await, json!({ "received": 0 }));

    let other = SecretKey::generate().unwrap().account();
    let set = json!({
        "action": "account_representative_set", "wallet": wallet, "account": bob, "representative": other,
    });
    let changed = served.call(set).await;
    assert_eq!(names(&changed), ["block"]);
    assert_eq!(town.net.account(&bob).unwrap().representative, other);
}

#[tokio::test]
async fn the_least_that_is_received_can_be_asked_and_set() {
    let served = Town::found().await.serve().await;
    let ask = json!({ "action": "receive_minimum" });
    assert_eq!(served.call(ask.clone()).await, json!({ "amount": "1" }));
    let set =
        json!({ "action": "receive_minimum_set", "amount": "1000000000000000000000000000000" });
    assert_eq!(served.call(set).await, json!({ "success": "" }));
    assert_eq!(served.call(ask).await, json!({ "amount": xno("1") }));
}

#[tokio::test]
async fn work_generate_is_done_here_where_there_is_a_fallback_and_by_the_node_where_not() {
    let town = Town::found().await;
    let call = json!({ "action": "work_generate", "hash": "7A".repeat(32) });
    let (root, base) = ("7A".repeat(32).parse().unwrap(), Network::Dev.thresholds().base());
    for has_fallback in [false, true] {
        let served =
            if has_fallback { town.serve_with_fallback().await } else { town.serve().await };
        let answer = served.call(call.clone()).await;
        assert_eq!(names(&answer), ["difficulty", "hash", "multiplier", "work"]);
        let work: Work = answer["work"].as_str().unwrap().parse().unwrap();
        assert!(work.value(&root) >= base, "{answer}");
    }
    let served = town.serve_with_fallback().await;
    for (field, value, words) in [
        ("hash", "x", "Invalid block hash"),
        ("difficulty", "+1", "Bad difficulty"),
        ("multiplier", "x", "Bad multiplier"),
        ("multiplier", "65", "Difficulty above config limit or below publish threshold"),
        ("difficulty", "1", "Difficulty above config limit or below publish threshold"),
    ] {
        let mut call = call.clone();
        call[field] = json!(value);
        assert_eq!(served.call(call.clone()).await, json!({ "error": words }), "{call}");
    }
}

/// Source: the node's documentation of `receive`: an account that is opened gets the wallet's representative.
#[tokio::test]
async fn an_account_is_opened_with_the_wallets_representative() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let wallet = served.wallet().await;
    let account = served.account(&wallet).await;
    let other = SecretKey::generate().unwrap().account();
    let set =
        json!({ "action": "wallet_representative_set", "wallet": wallet, "representative": other });
    served.call(set).await;
    let hash = town.net.fund(&account, xno("1")).unwrap();
    let receive =
        json!({ "action": "receive", "wallet": wallet, "account": account, "block": hash });
    block(&served.call(receive).await);
    assert_eq!(town.net.account(&account).unwrap().representative, other);
}
