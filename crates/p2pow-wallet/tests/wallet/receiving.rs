//! What arrives is received without being asked for, where that is wanted.

use crate::town::{Town, xno};
use nano_primitives::{Account, Amount};
use p2pow_wallet::Config;
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

fn config() -> Config {
    Config {
        receive: true,
        receive_minimum: xno("1"),
        receive_every: Duration::from_millis(50),
        ..Town::config()
    }
}

async fn has(town: &Town, account: Account, amount: Amount) {
    let wait = async {
        while town.net.balance(&account) < amount {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(60), wait).await.unwrap();
}

#[tokio::test]
async fn money_that_arrives_opens_an_account_and_dust_is_left() {
    let town = Town::with_worker().await;
    let served = town.serve_as(config()).await;
    let wallet = served.wallet().await;
    let account = served.account(&wallet).await;
    let representative = json!({ "action": "wallet_representative", "wallet": wallet });
    let representative = served.call(representative).await["representative"].clone();
    town.net.fund(&account, Amount::from_raw(1)).unwrap();
    town.net.fund(&account, xno("2")).unwrap();
    has(&town, account, xno("1.9")).await;
    town.net.fund(&account, xno("3")).unwrap();
    has(&town, account, xno("4.9")).await;
    assert_eq!(town.net.receivable(&account).len(), 1, "the dust");
    assert_eq!(json!(town.net.account(&account).unwrap().representative), representative);
}

#[tokio::test]
async fn a_locked_wallet_receives_once_it_is_unlocked() {
    let town = Town::with_worker().await;
    let served = town.serve_as(config()).await;
    let wallet = served.wallet().await;
    let account = served.account(&wallet).await;
    served.call(json!({ "action": "wallet_lock", "wallet": wallet })).await;
    town.net.fund(&account, xno("2")).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(town.net.receivable(&account).len(), 1);
    let enter = json!({ "action": "password_enter", "wallet": wallet, "password": "" });
    assert_eq!(served.call(enter).await, json!({ "valid": "1" }));
    has(&town, account, xno("1.9")).await;
}
