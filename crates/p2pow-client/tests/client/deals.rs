//! Deals with honest workers.

use crate::town::{Town, fee, xno};
use nano_block::{SecretKey, Subtype};
use nano_primitives::{Account, Amount};
use p2pow_client::{Config, Event, Fate, Order, Outcome, Patience, Receipt, SendError, Sender};
use p2pow_protocol::fees;
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;

/// The receipt's blocks are on the ledger, confirmed and with their work.
fn assert_on_ledger(town: &Town, receipt: &Receipt) {
    let reward = receipt.winner().expect("a reward is confirmed").block;
    for block in receipt.users.iter().chain([&reward]) {
        let view = town.net.block(&block.hash()).expect("the block is on the ledger");
        assert!(view.confirmed);
        assert_eq!(view.block, (*block).into());
        assert!(block.work.is_some());
    }
}

#[tokio::test]
async fn a_send_is_confirmed_and_its_worker_paid() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let sender = town.sender(worker.port);

    let receipt = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap();

    assert_on_ledger(&town, &receipt);
    assert_eq!(town.waiting(town.bob.account()), xno("1"));
    assert_eq!(town.waiting(worker.account), fee());
    let left = xno("99").checked_sub(fee()).unwrap();
    assert_eq!(town.net.balance(&town.alice.account()), left);
    assert_eq!(receipt.winner().unwrap().price, fee());
    worker.server.shutdown().await;
}

#[tokio::test]
async fn endless_patience_is_no_trouble() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let config = town.config(worker.port);
    let patience = Patience { deal: Duration::MAX, frontier: Duration::MAX, ..config.patience };
    let sender = Sender::new(town.node(), Config { patience, ..config });
    sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap();
}

#[tokio::test]
async fn the_websocket_serves_as_well_as_polling() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    // The first one is of a node that is away: it is told, and the other one heard all the same.
    let websocket_urls =
        ["ws://127.0.0.1:1", &town.net.websocket_url()].map(|url| url.parse().unwrap()).to_vec();
    let config = Config { websocket_urls, ..town.config(worker.port) };
    let patience = Patience { poll: Duration::from_secs(3600), ..config.patience };
    let config = Config { patience, ..config };
    let sender = Sender::new(town.node(), config);
    let receipt = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap();
    assert_on_ledger(&town, &receipt);
}

#[tokio::test]
async fn of_two_racing_workers_exactly_one_is_paid() {
    let town = Town::found().await;
    let first = town.worker(1, 0).await;
    let second = town.worker(2, first.port).await;
    let sender = town.sender(first.port);

    let receipt = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap();

    assert_on_ledger(&town, &receipt);
    assert_eq!(receipt.hired.len(), 2);
    let paid = [town.waiting(first.account), town.waiting(second.account)];
    assert!(paid == [fee(), Amount::ZERO] || paid == [Amount::ZERO, fee()], "{paid:?}");
    let winner = receipt.winner().unwrap().account;
    assert_eq!(town.waiting(winner), fee());
    assert_eq!(town.net.balance(&town.alice.account()), xno("98.9999"));
}

#[tokio::test]
async fn an_unopened_account_receives_its_first_money() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let sender = town.sender(worker.port);
    town.net.fund(&town.bob.account(), xno("5")).unwrap();
    let found = sender.receivable(&town.bob.account(), Amount::ZERO, 10).await.unwrap();
    assert_eq!(found.len(), 1);

    let receipt = sender.receive(&town.bob, &found[0]).await.unwrap();

    assert_on_ledger(&town, &receipt);
    assert!(receipt.users[0].block.is_first());
    assert_eq!(receipt.users[0].block.subtype(Amount::ZERO), Some(Subtype::Open));
    assert_eq!(receipt.users[0].block.representative, town.bob.account());
    let price = fees::fee_receive(fee());
    assert_eq!(town.net.balance(&town.bob.account()), xno("5").checked_sub(price).unwrap());
    assert_eq!(town.waiting(worker.account), price);
}

#[tokio::test]
async fn an_opened_account_receives_and_keeps_its_representative() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let sender = town.sender(worker.port);
    town.net.fund(&town.alice.account(), xno("5")).unwrap();
    let before = town.net.account(&town.alice.account()).unwrap();
    let found = sender.receivable(&town.alice.account(), Amount::ZERO, 10).await.unwrap();
    sender.receive(&town.alice, &found[0]).await.unwrap();
    let after = town.net.account(&town.alice.account()).unwrap();
    assert_eq!(after.representative, before.representative);
    assert_eq!(after.block_count, before.block_count + 2);
}

#[tokio::test]
async fn a_change_moves_the_representative_and_the_reward_keeps_it() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let representative = SecretKey::generate().unwrap().account();
    let sender = town.sender(worker.port);

    let receipt = sender.change(&town.alice, representative).await.unwrap();

    assert_on_ledger(&town, &receipt);
    assert_eq!(receipt.winner().unwrap().block.block.representative, representative);
    let account = town.net.account(&town.alice.account()).unwrap();
    assert_eq!(account.representative, representative);
    assert_eq!(account.balance, xno("100").checked_sub(fee()).unwrap());
}

#[tokio::test]
async fn a_hundred_sends_go_through_with_one_reward() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let people: Vec<Account> = (0..100).map(|_| SecretKey::generate().unwrap().account()).collect();
    let orders: Vec<Order> =
        people.iter().map(|&destination| Order::Send { destination, amount: xno("0.1") }).collect();
    // The user names the worker, and so believes how many blocks it takes.
    let workers = vec![[127, 0, 0, 1].into()];
    let sender = Sender::new(town.node(), Config { workers, ..town.config(worker.port) });

    let receipt = sender.batch(&town.alice, &orders).await.unwrap();

    assert_on_ledger(&town, &receipt);
    assert_eq!(receipt.users.len(), 100);
    assert!(people.iter().all(|&person| town.waiting(person) == xno("0.1")));
    let price = fees::price(&[Subtype::Send; 100], fee()).unwrap();
    assert_eq!(town.waiting(worker.account), price);
    let left = xno("90").checked_sub(price).unwrap();
    assert_eq!(town.net.balance(&town.alice.account()), left);
}

#[tokio::test]
async fn receives_sends_and_changes_mix_in_one_batch() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let sender = town.sender(worker.port);
    town.net.fund(&town.bob.account(), xno("5")).unwrap();
    let found = sender.receivable(&town.bob.account(), Amount::ZERO, 1).await.unwrap();
    let orders = [
        Order::Receive { source: found[0].hash, amount: found[0].amount },
        Order::Change { representative: town.alice.account() },
        Order::Send { destination: town.alice.account(), amount: xno("2") },
    ];
    let receipt = sender.batch(&town.bob, &orders).await.unwrap();
    assert_on_ledger(&town, &receipt);
    assert_eq!(town.waiting(town.alice.account()), xno("2"));
    let account = town.net.account(&town.bob.account()).unwrap();
    assert_eq!(account.representative, town.alice.account());
}

#[tokio::test]
async fn deals_follow_one_another() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let sender = town.sender(worker.port);
    for _ in 0..3 {
        sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap();
    }
    assert_eq!(town.waiting(town.bob.account()), xno("3"));
}

#[tokio::test]
async fn events_tell_the_story_in_order() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let (listener, mut events) = unbounded_channel();
    let sender = town.sender(worker.port).with_events(listener);
    sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap();
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        told.push(match event {
            Event::WorkersFound { asked: workers, .. } => {
                assert_eq!(workers.len(), 1);
                "found"
            }
            Event::StateVerified { balance, .. } => {
                assert_eq!(balance, xno("100"));
                "verified"
            }
            Event::Quoted { .. } => "quoted",
            Event::Signed { users, rewards } => {
                assert_eq!((users.len(), rewards.len()), (1, 1));
                "signed"
            }
            Event::Progress { items, .. } => {
                assert_eq!(items.len(), 1);
                if items[0].fate == Fate::Confirmed { "done" } else { "possible" }
            }
            Event::Hired { .. } => "hired",
            Event::Asked { body, .. } => {
                assert!(
                    body.contains("\"reward_block\"") && body.contains("\"signature\""),
                    "{body}"
                );
                "asked"
            }
            Event::Replied { status, body, .. } => {
                assert_eq!(status, 201);
                assert!(body.contains("\"successful\""), "{body}");
                "answered"
            }
            Event::Answered { outcome: Outcome::Delivered, .. } => "answered",
            Event::UserConfirmed { .. } => "user",
            Event::RewardConfirmed { .. } => "reward",
            other => panic!("unexpected {other:?}"),
        });
    }
    told.retain(|step| *step != "answered"); // before or after the confirmation
    let wanted = [
        "found", "verified", "quoted", "signed", "possible", "hired", "asked", "user", "reward",
        "done",
    ];
    assert_eq!(told, wanted);
}

#[tokio::test]
async fn who_sends_more_than_there_is_hires_nobody() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let sender = town.sender(worker.port);
    for amount in ["101", "100"] {
        // All of it is too much as well: nothing is left for the worker.
        let error = sender.send(&town.alice, town.bob.account(), xno(amount)).await.unwrap_err();
        assert!(matches!(error, SendError::Deal(_)), "{error}");
    }
    assert_eq!(town.net.balance(&town.alice.account()), xno("100"));
}
