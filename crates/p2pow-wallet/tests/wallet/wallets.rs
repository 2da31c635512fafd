//! The documented request and answer of the actions that change what is in a wallet, and of `wallet_ledger`; and what is
//! not offered.
//!
//! Sources: nano-docs, `docs/commands/rpc-protocol.md`, for names and shapes; nano-node, `nano/node/json_handler.cpp`, for
//! what the answers hold beyond the examples, `nano/node/wallet.cpp` for what is moved and what is cleared.

use crate::town::{Served, Town, block, xno};
use nano_block::{SecretKey, Seed};
use nano_primitives::{Account, Amount};
use serde_json::{Value, json};

async fn accounts(served: &Served, wallet: &str) -> Value {
    let list = json!({ "action": "account_list", "wallet": wallet });
    served.call(list).await["accounts"].clone()
}

fn sorted(accounts: impl IntoIterator<Item = Account>) -> Value {
    let mut accounts: Vec<Account> = accounts.into_iter().collect();
    accounts.sort_unstable();
    json!(accounts)
}

fn change_seed(wallet: &str, seed: &Seed) -> Value {
    json!({ "action": "wallet_change_seed", "wallet": wallet, "seed": *seed.expose_hex() })
}

#[tokio::test]
async fn wallet_change_seed_clears_the_accounts_of_the_old_seed_and_restores_those_of_the_new_one()
{
    let town = Town::found().await;
    let served = town.serve().await;
    let (wallet, adhoc) = served.rich(&town, "1").await;
    let old = served.account(&wallet).await;
    let seed = Seed::generate().unwrap();
    town.net.fund(&seed.derive(2).account(), xno("1")).unwrap();
    let answer = served.call(change_seed(&wallet, &seed)).await;
    let restored = [0, 1, 2].map(|index| seed.derive(index).account());
    let expected =
        json!({ "success": "", "last_restored_account": restored[2], "restored_count": "3" });
    assert_eq!(answer, expected);
    let now = sorted(restored.into_iter().chain([adhoc]));
    assert_eq!(accounts(&served, &wallet).await, now, "the key from elsewhere stays");
    let gone = json!({ "action": "wallet_contains", "wallet": wallet, "account": old });
    assert_eq!(served.call(gone).await, json!({ "exists": "0" }));
    // "Manually set count of accounts to restore from seed": a node makes the first one beside.
    let mut counted = change_seed(&wallet, &Seed::generate().unwrap());
    counted["count"] = json!("4");
    assert_eq!(served.call(counted).await["restored_count"], "5");
    // Back to the first of them, and it is as before, also after a restart.
    served.call(change_seed(&wallet, &seed)).await;
    served.server.shutdown().await;
    let served = town.serve().await;
    assert_eq!(accounts(&served, &wallet).await, now);
    assert_eq!(served.account(&wallet).await, seed.derive(3).account());
}

#[tokio::test]
async fn what_is_signed_after_a_change_of_seed_is_signed_by_the_new_one() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let wallet = served.wallet().await;
    served.account(&wallet).await;
    let seed = Seed::generate().unwrap();
    let key = seed.derive(0);
    town.net.open(&key, xno("1")).unwrap();
    served.call(change_seed(&wallet, &seed)).await;
    let bob = SecretKey::generate().unwrap().account();
    let send = json!({
        "action": "send", "wallet": wallet, "source": key.account(), "destination": bob, "amount": "7",
    });
    block(&served.call(send).await);
    assert_eq!(town.net.receivable_total(&bob).to_raw(), 7);
}

#[tokio::test]
async fn a_seed_is_not_changed_where_it_cannot_be_restored_or_is_needed() {
    let town = Town::found().await;
    let served = town.serve().await;
    let (wallet, alice) = served.rich(&town, "1").await;
    let seed = Seed::generate().unwrap();
    let change = change_seed(&wallet, &seed);
    let before = accounts(&served, &wallet).await;
    town.net.faults().fail_next(1, "the disk is gone");
    assert_eq!(served.call(change.clone()).await, json!({ "error": "the disk is gone" }));
    // Without a worker it waits.
    let payout = json!({ "account": alice, "destination": alice, "amount": "1", "key": "a" });
    served.rest("POST /payouts", &payout).await;
    let busy = served.call(change.clone()).await;
    assert!(busy["error"].as_str().unwrap().ends_with("nothing was changed"), "{busy}");
    served.call(json!({ "action": "wallet_lock", "wallet": wallet })).await;
    assert_eq!(served.call(change).await, json!({ "error": "Wallet is locked" }));
    assert_eq!(accounts(&served, &wallet).await, before);
    let wrong = json!({ "action": "wallet_change_seed", "wallet": wallet, "seed": "x" });
    assert_eq!(served.call(wrong).await, json!({ "error": "Bad seed" }));
}

#[tokio::test]
async fn account_move_takes_accounts_with_their_keys_from_one_wallet_to_another() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let (source, alice) = served.rich(&town, "1").await;
    let of_seed = served.account(&source).await;
    let wallet = served.wallet().await;
    let move_to = |accounts: Value| json!({ "action": "account_move", "wallet": wallet, "source": source, "accounts": accounts });
    // One of them is not there, so none is moved.
    let stranger = SecretKey::generate().unwrap().account();
    let some = served.call(move_to(json!([alice, stranger]))).await;
    assert_eq!(some, json!({ "moved": "0" }));
    assert_eq!(accounts(&served, &source).await, sorted([alice, of_seed]));
    let both = served.call(move_to(json!([alice, of_seed, alice]))).await;
    assert_eq!(both, json!({ "moved": "1" }));
    assert_eq!(accounts(&served, &source).await, json!(""));
    assert_eq!(accounts(&served, &wallet).await, sorted([alice, of_seed]));
    let info = served.call(json!({ "action": "wallet_info", "wallet": wallet })).await;
    assert_eq!((&info["adhoc_count"], &info["deterministic_count"]), (&json!("2"), &json!("0")));
    let send = json!({
        "action": "send", "wallet": wallet, "source": alice, "destination": of_seed, "amount": "7",
    });
    block(&served.call(send).await);
    // The next one of the seed is another one, as in a node.
    assert_ne!(served.account(&source).await, of_seed);
    let wrong = |source: &str| json!({ "action": "account_move", "wallet": wallet, "source": source, "accounts": [alice] });
    assert_eq!(served.call(wrong("x")).await, json!({ "error": "Bad source" }));
    assert_eq!(served.call(wrong(&"00".repeat(32))).await, json!({ "error": "Source not found" }));
    // The documentation's example names one wallet twice.
    assert_eq!(served.call(wrong(&wallet)).await, json!({ "moved": "1" }));
    assert_eq!(accounts(&served, &wallet).await, sorted([alice, of_seed]));
}

#[tokio::test]
async fn wallet_add_watch_adds_accounts_that_nobody_can_spend_from() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let wallet = served.wallet().await;
    let key = SecretKey::generate().unwrap();
    let (watched, bob) = (key.account(), SecretKey::generate().unwrap().account());
    town.net.open(&key, xno("1")).unwrap();
    town.net.fund(&watched, xno("2")).unwrap();
    let add = json!({ "action": "wallet_add_watch", "wallet": wallet, "accounts": [watched, bob] });
    assert_eq!(served.call(add.clone()).await, json!({ "success": "" }));
    assert_eq!(accounts(&served, &wallet).await, sorted([watched, bob]));
    let info = served.call(json!({ "action": "wallet_info", "wallet": wallet })).await;
    assert_eq!((&info["balance"], &info["accounts_count"]), (&json!(xno("1")), &json!("2")));
    assert_eq!((&info["adhoc_count"], &info["deterministic_count"]), (&json!("0"), &json!("0")));
    let send = json!({
        "action": "send", "wallet": wallet, "source": watched, "destination": bob, "amount": "7",
    });
    let refused = served.call(send.clone()).await;
    assert!(refused["error"].as_str().unwrap().contains("only watched"), "{refused}");
    let all = json!({ "action": "receive_all", "wallet": wallet });
    assert_eq!(served.call(all).await, json!({ "received": 0 }));
    let payout = json!({ "account": watched, "destination": bob, "amount": "1", "key": "a" });
    assert_eq!(
        served.rest("POST /payouts", &payout).await.status,
        404,
        "no wallet can sign for it"
    );
    // With its key it is like any other, and watching it again changes nothing.
    let own = json!({ "action": "wallet_add", "wallet": wallet, "key": *key.expose_hex() });
    served.call(own).await;
    served.call(add).await;
    block(&served.call(send).await);
    let wrong = json!({ "action": "wallet_add_watch", "wallet": wallet, "accounts": ["x"] });
    assert_eq!(served.call(wrong).await, json!({ "error": "Bad account number" }));
}

#[tokio::test]
async fn wallet_ledger_tells_what_the_node_knows_of_each_account() {
    let town = Town::found().await;
    let served = town.serve().await;
    let (wallet, rich) = served.rich(&town, "3").await;
    let unopened = served.account(&wallet).await;
    town.net.fund(&unopened, xno("1")).unwrap();
    town.net.fund(&rich, xno("2")).unwrap();
    let view = town.net.account(&rich).unwrap();
    let ask = |more: Value| {
        let mut call = json!({ "action": "wallet_ledger", "wallet": wallet });
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call
    };
    let answer = served.call(ask(json!({}))).await;
    let entry = &answer["accounts"][rich.to_string()];
    let modified = entry["modified_timestamp"].as_str().unwrap().to_owned();
    let plain = json!({
        "frontier": view.frontier, "open_block": view.frontier, "representative_block": view.frontier,
        "balance": xno("3"), "modified_timestamp": modified, "block_count": "1",
    });
    assert_eq!(answer, json!({ "accounts": { rich.to_string(): plain } }));
    let mut full = plain;
    (full["pending"], full["receivable"]) = (json!(xno("2")), json!(xno("2")));
    full["representative"] = json!(view.representative);
    let weight = json!({ "action": "account_weight", "account": rich });
    full["weight"] = served.call(weight).await["weight"].clone();
    let all = json!({ "representative": "true", "weight": "true", "pending": "true" });
    let answer = served.call(ask(all)).await;
    assert_eq!(answer, json!({ "accounts": { rich.to_string(): full } }));
    let later = modified.parse::<u64>().unwrap() + 1;
    let since = json!({ "modified_since": later.to_string() });
    assert_eq!(served.call(ask(since)).await, json!({ "accounts": "" }));
}

#[tokio::test]
async fn search_receivable_all_receives_for_every_wallet_that_is_unlocked() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let wallets = [served.wallet().await, served.wallet().await];
    let mut all = Vec::new();
    for wallet in &wallets {
        let account = served.account(wallet).await;
        town.net.fund(&account, xno("1")).unwrap();
        all.push(account);
    }
    served.call(json!({ "action": "wallet_lock", "wallet": wallets[1] })).await;
    for action in ["search_receivable_all", "search_pending_all"] {
        assert_eq!(served.call(json!({ "action": action })).await, json!({ "success": "" }));
    }
    while served.server.open_payments() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(town.net.balance(&all[0]) > xno("0.99"));
    assert_eq!(town.net.balance(&all[1]), Amount::ZERO);
}

/// Of the wallet actions in the node's documentation, those that are not offered say why; everything else is tested here
/// or in `documented.rs`.
#[tokio::test]
async fn what_is_not_offered_says_why() {
    let served = Town::found().await.serve().await;
    let wallet = served.wallet().await;
    for (action, why) in [
        ("wallet_export", "secrets"),
        ("wallet_seed", "secrets"),
        ("wallet_republish", "`republish`"),
        ("wallet_work_get", "hired workers"),
        ("work_get", "hired workers"),
        ("work_set", "hired workers"),
        ("payment_begin", "version 22"),
        ("payment_end", "version 22"),
        ("payment_init", "version 22"),
        ("payment_wait", "version 22"),
        ("wallet_of_the_future", "does not know it"),
    ] {
        let answer = served.call(json!({ "action": action, "wallet": wallet })).await;
        let words = answer["error"].as_str().unwrap_or_else(|| panic!("{action}: {answer}"));
        let begin = format!("not_implemented: {action} is not offered here: ");
        assert!(words.starts_with(&begin) && words.contains(why), "{words}");
    }
}
