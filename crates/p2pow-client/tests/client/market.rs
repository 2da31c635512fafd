//! What a sender learns of workers, and whom it hires by that.

use crate::{
    fake::{Asked, Fake, Reply, info, json},
    town::{Town, fee, unsettled, xno},
};
use nano_block::{Network, SecretKey, SignedState};
use nano_primitives::{Account, Amount, Work};
use p2pow_client::{
    Cause, Config, Event, Market, Order, Outcome, Patience, Receipt, Search, Sender, Standing,
    UNPROVEN_BLOCKS,
};
use serde_json::json;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

fn somebody() -> Account {
    SecretKey::generate().unwrap().account()
}

/// Offers to work for 1 raw, takes any job, and does nothing.
fn withholding(account: Account, claims: usize) -> impl Fn(&Asked) -> Reply + Send + Sync {
    move |asked| match asked.path.as_str() {
        "/request_info" => {
            let mut offer = info(account, Amount::from_raw(1));
            offer["fee_receive"] = json!("1");
            offer["features"] = json!(["batch"]);
            offer["max_user_blocks"] = json!(claims);
            offer["hashrate"] = json!(1e308);
            json(200, &offer)
        }
        _ => Reply::Silence,
    }
}

fn winner(receipt: &Receipt) -> Account {
    receipt.winner().unwrap().account
}

#[tokio::test]
async fn who_withholds_at_the_lowest_price_is_not_hired_again_before_who_delivers() {
    let town = Town::found().await;
    let honest = town.worker(1, 0).await;
    let mut liars = Vec::new();
    for last in [2, 3] {
        liars.push(Fake::start(last, honest.port, withholding(somebody(), 1)).await);
        town.register([127, 0, 0, last]);
    }
    let market = Market::in_memory();
    let config = Config { hire: 2, ..town.config(honest.port) };
    let patience = Patience { deal: Duration::from_millis(1500), ..config.patience };
    let hasty =
        Sender::new(town.node(), Config { patience, ..config.clone() }).with_market(market.clone());
    let error = hasty.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    assert!(matches!(unsettled(error).cause, Cause::TimedOut { .. }));

    // The same payment, and others: the liars have had their chance.
    let sender = Sender::new(town.node(), config).with_market(market);
    for _ in 0..3 {
        let receipt = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap();
        assert_eq!(winner(&receipt), honest.account);
    }
    let listings = sender.workers().await.unwrap();
    let standings: Vec<Standing> = listings
        .workers
        .iter()
        .map(|(_, listing)| listing.as_ref().unwrap().reputation.standing)
        .collect();
    assert_eq!(standings, [Standing::Proven, Standing::Distrusted, Standing::Distrusted]);
    assert_eq!(town.waiting(town.bob.account()), xno("3"));
}

#[tokio::test]
async fn a_lie_about_batches_and_speed_captures_no_large_job() {
    let town = Town::found().await;
    let honest = town.worker(1, 0).await;
    let market = Market::in_memory();
    let sender = town.sender(honest.port).with_market(market.clone());
    let order = Order::Send { destination: town.bob.account(), amount: xno("0.1") };
    assert_eq!(sender.largest_job().await.unwrap(), UNPROVEN_BLOCKS);
    sender.batch(&town.alice, &[order; UNPROVEN_BLOCKS]).await.unwrap();

    let liar = Fake::start(2, honest.port, withholding(somebody(), usize::MAX)).await;
    town.register([127, 0, 0, 2]);
    assert_eq!(sender.largest_job().await.unwrap(), 2 * UNPROVEN_BLOCKS);
    let receipt = sender.batch(&town.alice, &[order; 2 * UNPROVEN_BLOCKS]).await.unwrap();
    assert_eq!((receipt.hired.len(), winner(&receipt)), (1, honest.account));
    assert_eq!(liar.count("/request_work"), 0);
    assert_eq!(sender.largest_job().await.unwrap(), 4 * UNPROVEN_BLOCKS);
}

#[tokio::test]
async fn who_names_the_account_of_another_has_nothing_of_its_reputation_and_does_it_no_harm() {
    let town = Town::found().await;
    let honest = town.worker(1, 0).await;
    let config = Config { hire: 1, ..town.config(honest.port) };
    let patience = Patience { deal: Duration::from_secs(3), ..config.patience };
    let sender =
        Sender::new(town.node(), Config { patience, ..config }).with_market(Market::in_memory());
    sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap();

    let impostor = Fake::start(2, honest.port, withholding(honest.account, 1)).await;
    town.register([127, 0, 0, 2]);
    let mut jobs = 0;
    while impostor.count("/request_work") == 0 {
        let outcome = sender.send(&town.alice, town.bob.account(), xno("1")).await;
        if impostor.count("/request_work") == 0 {
            assert_eq!(winner(&outcome.unwrap()), honest.account);
        }
        jobs += 1;
    }
    assert!(jobs >= 4, "it is tried as any newcomer is: {jobs}");
    let listings = sender.workers().await.unwrap();
    let (worker, listing) = &listings.workers[0];
    assert_eq!(worker.address, std::net::IpAddr::from([127, 0, 0, 1]));
    assert_eq!(listing.as_ref().unwrap().reputation.standing, Standing::Proven);
}

#[tokio::test]
async fn a_worker_that_is_busy_has_not_failed() {
    let town = Town::found().await;
    let account = somebody();
    let busy = move |asked: &Asked| match asked.path.as_str() {
        "/request_info" => json(200, &info(account, fee())),
        _ => json(503, &json!({ "error": "queue full", "status": "unavailable", "retryAfter": 9 })),
    };
    let fake = Fake::start(1, 0, busy).await;
    town.register([127, 0, 0, 1]);
    let sender = town.sender(fake.port);
    let error = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    assert!(matches!(unsettled(error).hired[0].outcome, Outcome::Failed(_)));
    let listings = sender.workers().await.unwrap();
    let reputation = listings.workers[0].1.as_ref().unwrap().reputation;
    assert_eq!((reputation.standing, reputation.experience.bad()), (Standing::New, 0.0));
}

#[tokio::test]
async fn the_ledger_tells_what_a_worker_was_paid_where_it_registered_by_itself() {
    let town = Town::found().await;
    let key = SecretKey::generate().unwrap();
    let offering = |account: Account| move |_: &Asked| json(200, &info(account, fee()));
    let bound = Fake::start(1, 0, offering(key.account())).await;
    let _other = Fake::start(2, bound.port, offering(key.account())).await;
    town.net.open(&key, xno("1")).unwrap();
    for sender in 0..3 {
        let payer = SecretKey::generate().unwrap();
        town.net.open(&payer, xno("1")).unwrap();
        for _ in 0..=sender {
            let state = town.net.account(&payer.account()).unwrap().state();
            let block = state.send(key.account(), fee()).unwrap();
            town.net.seed(&block.sign(&payer).into()).unwrap();
        }
    }
    town.register_by(&key, [127, 0, 0, 1]);
    town.register([127, 0, 0, 2]);
    let listings = town.sender(bound.port).workers().await.unwrap();
    let reputation = |last: u8| {
        let at = |worker: &p2pow_client::Worker| {
            worker.address == std::net::IpAddr::from([127, 0, 0, last])
        };
        let (_, listing) = listings.workers.iter().find(|(worker, _)| at(worker)).unwrap();
        listing.as_ref().unwrap().reputation
    };
    let ledger = reputation(1).ledger.expect("it was looked at");
    // 1 + 2 + 3 rewards, and what opened the account.
    assert_eq!((ledger.rewards, ledger.senders), (7, 4));
    assert!(ledger.last.is_some() && reputation(1).is_bound);
    assert!(reputation(2).ledger.is_none() && !reputation(2).is_bound);
    let strict = Config { strict: true, ..town.config(bound.port) };
    let (listener, mut events) = tokio::sync::mpsc::unbounded_channel();
    let strict = Sender::new(town.node(), strict).with_events(listener);
    let patience = strict.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    assert_eq!(unsettled(patience).hired.len(), 1);
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let Event::Unusable { reason, .. } = event {
            told.push(reason);
        }
    }
    assert!(told.len() == 1 && told[0].contains("strict"), "{told:?}");
}

#[tokio::test]
async fn an_offer_is_asked_for_again_after_a_while_or_when_its_worker_did_not_keep_it() {
    let town = Town::found().await;
    let fee = Arc::new(Mutex::new(fee()));
    let (account, asks) = (somebody(), Arc::clone(&fee));
    let net = Arc::clone(&town.net);
    let fake = Fake::start(1, 0, move |asked| {
        let fee = *asks.lock().unwrap();
        if asked.path == "/request_info" {
            return json(200, &info(account, fee));
        }
        let block: SignedState = serde_json::from_value(asked.body["user_block"].clone()).unwrap();
        let reward: SignedState =
            serde_json::from_value(asked.body["reward_block"].clone()).unwrap();
        let paid = block.block.balance.checked_sub(reward.block.balance).unwrap();
        if paid < fee {
            return json(403, &json!({ "error": "Fee is less than minimum" }));
        }
        let [block, reward] = [block, reward].map(worked);
        for block in [block, reward] {
            net.process(&block.into()).unwrap();
        }
        let done = |block: &SignedState| json!({ "hash": block.hash(), "work": block.work });
        let blocks = json!({ "user_block": done(&block), "reward_block": done(&reward) });
        json(201, &json!({ "successful": blocks }))
    })
    .await;
    town.register([127, 0, 0, 1]);
    let config = town.config(fake.port);
    let search = Search { offers: Duration::from_secs(600), ..config.search };
    let patience = Patience { deal: Duration::from_secs(2), ..config.patience };
    let sender = Sender::new(town.node(), Config { search, patience, ..config });
    let pay = async || sender.send(&town.alice, town.bob.account(), xno("1")).await;
    for _ in 0..3 {
        pay().await.unwrap();
    }
    assert_eq!(fake.count("/request_info"), 1);
    // It is dearer now, and says so when it is asked to work for the old price.
    *fee.lock().unwrap() = xno("0.0002");
    unsettled(pay().await.unwrap_err());
    assert_eq!(fake.count("/request_info"), 1);
    let receipt = pay().await.unwrap();
    assert_eq!(fake.count("/request_info"), 2);
    assert_eq!(receipt.winner().unwrap().price, xno("0.0002"));
    assert_eq!(town.waiting(town.bob.account()), xno("4"));
    // Whoever wants to see the market asks everybody.
    sender.workers().await.unwrap();
    assert_eq!(fake.count("/request_info"), 3);
}

fn worked(block: SignedState) -> SignedState {
    let threshold = Network::Dev.thresholds().base();
    let is_enough = |work: &Work| work.value(&block.root()) >= threshold;
    block.with_work((0..).map(Work::from_u64).find(is_enough).unwrap())
}
