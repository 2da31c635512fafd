//! What arrives is received without being asked for, where that is wanted.

use crate::town::{Served, Town, xno};
use nano_primitives::{Account, Amount};
use p2pow_wallet::Config;
use serde_json::json;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};

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

/// Carries bytes to a server, and back, as long as it is open.
struct Relay {
    address: SocketAddr,
    is_open: watch::Sender<bool>,
}

impl Relay {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let is_open = watch::Sender::new(true);
        let mut opened = is_open.subscribe();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                if !*opened.borrow_and_update() {
                    continue;
                }
                let mut opened = opened.clone();
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(server).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                        _ = opened.wait_for(|is_open| !is_open) => {}
                    }
                });
            }
        });
        Self { address, is_open }
    }

    async fn town(every: Duration) -> (Self, Town, Served, Account) {
        let mut town = Town::with_worker().await;
        let relay = Self::to(town.net.websocket_addr()).await;
        town.websocket = Some(format!("ws://{}", relay.address));
        let served = town.serve_as(Config { receive_every: every, ..config() }).await;
        let wallet = served.wallet().await;
        let account = served.account(&wallet).await;
        (relay, town, served, account)
    }
}

const NEVER: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_websocket_tells_of_is_received_at_once() {
    let (_relay, town, _served, account) = Relay::town(NEVER).await;
    let mut has_amount = Amount::ZERO;
    for _ in 0..3 {
        let start = Instant::now();
        town.net.fund(&account, xno("2")).unwrap();
        has_amount = has_amount.checked_add(xno("1.9")).unwrap();
        has(&town, account, has_amount).await;
        println!("on the ledger {:?} after it was sent", start.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_websocket_it_is_looked_for_from_time_to_time() {
    let (relay, town, _served, account) = Relay::town(Duration::from_millis(200)).await;
    town.net.fund(&account, xno("2")).unwrap();
    has(&town, account, xno("1.9")).await;
    relay.is_open.send_replace(false);
    town.net.fund(&account, xno("2")).unwrap();
    has(&town, account, xno("3.9")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_broken_websocket_did_not_tell_is_received_when_it_is_back() {
    let (relay, town, _served, account) = Relay::town(NEVER).await;
    town.net.fund(&account, xno("2")).unwrap();
    has(&town, account, xno("1.9")).await;
    relay.is_open.send_replace(false);
    town.net.fund(&account, xno("2")).unwrap();
    relay.is_open.send_replace(true);
    has(&town, account, xno("3.9")).await;
}
