//! Who is hired when, what it may cost, and what is done if nobody delivers.

use crate::{
    fake::{Asked, Fake, Reply, info, json},
    town::{Town, fee, unsettled, xno},
};
use nano_block::{Network, SecretKey, SignedState};
use nano_pow::Pool;
use nano_primitives::{Account, Amount, Work};
use nano_work::RemoteBackend;
use p2pow_client::{
    Cause, Config, Event, Fate, FeeError, Market, Order, OrderKey, Patience, Receipt, SendError,
    Sender, Standing,
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;

fn somebody() -> Account {
    SecretKey::generate().unwrap().account()
}

/// What a worker that works for 1 raw does with a job.
#[derive(Clone, Copy)]
enum Manner {
    Refuses,
    Withholds,
}

/// A cheap worker at 127.0.0.`last`, registered.
async fn cheap(town: &Town, last: u8, port: u16, manner: Manner) -> Fake {
    let account = somebody();
    let fake = Fake::start(last, port, move |asked: &Asked| match asked.path.as_str() {
        "/request_info" => json(200, &info(account, Amount::from_raw(1))),
        _ => match manner {
            Manner::Refuses => json(403, &json!({ "error": "I do not like you" })),
            Manner::Withholds => Reply::Silence,
        },
    })
    .await;
    town.register([127, 0, 0, last]);
    fake
}

fn jobs(fake: &Fake) -> Vec<Value> {
    let asked = fake.asked.lock().unwrap();
    let jobs = asked.iter().filter(|asked| asked.path == "/request_work");
    jobs.map(|asked| asked.body.clone()).collect()
}

/// A sender that hires one worker at once, and the next one after this time.
fn config(town: &Town, port: u16, hedge: Duration) -> Config {
    let config = town.config(port);
    Config { hire: 1, patience: Patience { hedge, ..config.patience }, ..config }
}

const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(100);

async fn pay(town: &Town, sender: &Sender) -> Result<Receipt, SendError> {
    sender.send(&town.alice, town.bob.account(), xno("1")).await
}

#[tokio::test]
async fn the_next_one_is_hired_at_once_when_one_refuses() {
    let town = Town::found().await;
    let honest = town.worker(1, 0).await;
    let rude = cheap(&town, 2, honest.port, Manner::Refuses).await;
    let sender = Sender::new(town.node(), config(&town, honest.port, LONG));
    let receipt = pay(&town, &sender).await.unwrap();
    assert_eq!(receipt.hired.len(), 2);
    assert_eq!(receipt.winner().unwrap().account, honest.account);
    assert_eq!(town.waiting(town.bob.account()), xno("1"));
    let [job] = jobs(&rude).try_into().unwrap();
    let asked: Account = serde_json::from_value(job["user_block"]["account"].clone()).unwrap();
    assert_eq!(asked, town.alice.account());
    let balance = town.net.balance(&town.alice.account());
    assert_eq!(balance, xno("99").checked_sub(fee()).unwrap(), "one block, one reward");
}

#[tokio::test]
async fn two_that_withhold_at_the_lowest_price_do_not_stop_a_payment() {
    let town = Town::found().await;
    let honest = town.worker(1, 0).await;
    let liars = [
        cheap(&town, 2, honest.port, Manner::Withholds).await,
        cheap(&town, 3, honest.port, Manner::Withholds).await,
    ];
    let config = Config { hire: 2, ..config(&town, honest.port, SHORT) };
    let sender = Sender::new(town.node(), config).with_market(Market::in_memory());
    let receipt = pay(&town, &sender).await.unwrap();
    assert_eq!(receipt.winner().unwrap().account, honest.account);
    assert_eq!(receipt.hired.len(), 3);
    // All of them were asked for the same block, each with a reward of its own.
    let (first, second) = (jobs(&liars[0]).remove(0), jobs(&liars[1]).remove(0));
    assert_eq!(first["user_block"], second["user_block"]);
    assert_ne!(first["reward_block"], second["reward_block"]);
    let hash = receipt.users[0].hash().to_string();
    assert_eq!(first["reward_block"]["previous"], hash.as_str());

    let listings = sender.workers().await.unwrap();
    let standings: Vec<Standing> = listings
        .workers
        .iter()
        .map(|(_, listing)| listing.as_ref().unwrap().reputation.standing)
        .collect();
    assert_eq!(standings, [Standing::Proven, Standing::Distrusted, Standing::Distrusted]);
    let again = pay(&town, &sender).await.unwrap();
    assert_eq!(again.hired[0].quote.candidate.offer.reward_account, honest.account);
}

#[tokio::test]
async fn the_cheapest_is_paid_unless_it_fails() {
    let town = Town::found().await;
    let dear = town.worker_for(1, 0, xno("0.0002")).await;
    let cheaper = town.worker_for(2, dear.port, xno("0.0001")).await;
    let sender = Sender::new(town.node(), config(&town, dear.port, LONG));
    for _ in 0..3 {
        let receipt = pay(&town, &sender).await.unwrap();
        assert_eq!(receipt.hired.len(), 1);
        assert_eq!(receipt.winner().unwrap().account, cheaper.account);
    }
    assert_eq!(town.waiting(dear.account), Amount::ZERO);
}

#[tokio::test]
async fn no_more_are_hired_than_the_user_wants() {
    let town = Town::found().await;
    let first = cheap(&town, 1, 0, Manner::Refuses).await;
    let mut fakes = Vec::new();
    for last in 2..=4 {
        fakes.push(cheap(&town, last, first.port, Manner::Refuses).await);
    }
    fakes.push(first);
    let port = fakes[3].port;
    let config = Config { hire_most: 2, ..config(&town, port, SHORT) };
    let left = unsettled(pay(&town, &Sender::new(town.node(), config)).await.unwrap_err());
    assert!(matches!(left.cause, Cause::NobodyDelivered { .. }), "{left}");
    assert_eq!(left.hired.len(), 2);
    assert_eq!(fakes.iter().map(|fake| jobs(fake).len()).sum::<usize>(), 2);
}

#[tokio::test]
async fn own_work_completes_the_same_block_when_nobody_delivers() {
    let town = Town::found().await;
    let liar = cheap(&town, 1, 0, Manner::Withholds).await;
    let own = |fallback| Config { fallback: Some(fallback), ..config(&town, liar.port, SHORT) };
    let server = RemoteBackend::new(&town.node()).unwrap();
    for (number, pool) in [(1, Pool::cpu(Some(1))), (2, Pool::new(vec![Box::new(server)]))] {
        let (listener, mut events) = unbounded_channel();
        let sender = Sender::new(town.node(), own(pool)).with_events(listener);
        let receipt = pay(&town, &sender).await.unwrap();
        assert!(receipt.rewards.is_empty());
        assert_eq!(receipt.users.len(), 1);
        assert_eq!(town.waiting(town.bob.account()), xno(&number.to_string()));
        // The very block that the worker has been given.
        let job = jobs(&liar).pop().unwrap();
        let signature = serde_json::to_value(receipt.users[0].signature).unwrap();
        assert_eq!(job["user_block"]["signature"], signature);
        let mut told = Vec::new();
        while let Ok(event) = events.try_recv() {
            told.push(event);
        }
        assert!(told.iter().any(|event| matches!(event, Event::OwnWork { blocks: 1 })));
    }
    let account = town.net.account(&town.alice.account()).unwrap();
    assert_eq!((account.block_count, account.balance), (3, xno("98")));
}

#[tokio::test]
async fn own_work_does_where_no_worker_is_there_and_nothing_happens_without_it() {
    let town = Town::found().await;
    let alone = config(&town, 1, LONG);
    let error = pay(&town, &Sender::new(town.node(), alone.clone())).await.unwrap_err();
    assert!(matches!(error, SendError::Quotes(_)), "{error}");
    let fallback = Some(Pool::cpu(Some(1)));
    let sender = Sender::new(town.node(), Config { fallback, ..alone });
    let receipt = pay(&town, &sender).await.unwrap();
    assert!(receipt.rewards.is_empty() && receipt.hired.is_empty());
    assert_eq!(town.net.balance(&town.alice.account()), xno("99"));
}

#[tokio::test]
async fn own_work_that_fails_is_told_and_the_block_stays_what_it_was() {
    let town = Town::found().await;
    let rude = cheap(&town, 1, 0, Manner::Refuses).await;
    let nobody = nano_rpc::Client::new("http://127.0.0.1:1").unwrap();
    let server = RemoteBackend::new(&nobody).unwrap();
    let fallback = Some(Pool::new(vec![Box::new(server)]));
    let (listener, mut events) = unbounded_channel();
    let config = Config { fallback, ..config(&town, rude.port, LONG) };
    let patience = Patience { deal: Duration::from_secs(8), ..config.patience };
    let sender = Sender::new(town.node(), Config { patience, ..config }).with_events(listener);
    let left = unsettled(pay(&town, &sender).await.unwrap_err());
    assert_eq!(left.items[0].fate, Fate::Possible);
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        told.push(event);
    }
    assert!(told.iter().any(|event| matches!(event, Event::OwnWork { .. })));
}

#[tokio::test]
async fn the_fees_of_a_day_are_limited_before_anything_is_signed() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let most = fee().checked_add(Amount::from_raw(1)).unwrap();
    let config = Config { max_fee_per_day: Some(most), ..config(&town, worker.port, LONG) };
    let (listener, mut events) = unbounded_channel();
    let sender = Sender::new(town.node(), config.clone())
        .with_market(Market::in_memory())
        .with_events(listener);
    pay(&town, &sender).await.unwrap();
    while events.try_recv().is_ok() {}
    for _ in 0..2 {
        let error = pay(&town, &sender).await.unwrap_err();
        assert!(matches!(error, SendError::Fee(FeeError::AboveLimit { .. })), "{error}");
    }
    while let Ok(event) = events.try_recv() {
        assert!(!matches!(event, Event::Signed { .. } | Event::Hired { .. }), "{event:?}");
    }
    assert_eq!(town.waiting(worker.account), fee());
    // What a worker wants that is hired later counts too.
    let town = Town::found().await;
    let honest = town.worker(1, 0).await;
    let _rude = cheap(&town, 2, honest.port, Manner::Refuses).await;
    let poor = Config { max_fee_per_day: Some(Amount::from_raw(9)), ..config };
    let (listener, mut events) = unbounded_channel();
    let sender = Sender::new(town.node(), Config { port: honest.port, ..poor })
        .with_market(Market::in_memory())
        .with_events(listener);
    let left = unsettled(pay(&town, &sender).await.unwrap_err());
    assert_eq!(left.hired.len(), 1);
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let Event::NotHired { reason, .. } = event {
            told.push(reason);
        }
    }
    assert!(told.len() == 1 && told[0].contains("fees of a day"), "{told:?}");
}

#[tokio::test]
async fn a_limit_of_the_day_holds_for_the_same_orders_under_two_keys() {
    let town = Town::found().await;
    let liar = cheap(&town, 1, 0, Manner::Withholds).await;
    let config = config(&town, liar.port, LONG);
    let patience = Patience { deal: Duration::from_secs(1), ..config.patience };
    let most = Some(Amount::from_raw(1));
    let config = Config { max_fee_per_day: most, patience, ..config };
    let sender = Sender::new(town.node(), config);
    let order = Order::Send { destination: town.bob.account(), amount: xno("1") };
    let pay =
        async |key: &str| sender.pay(&town.alice, &OrderKey::new(key).unwrap(), &[order]).await;
    unsettled(pay("first").await.unwrap_err());
    // The very same blocks, which are the other payment's.
    let error = pay("second").await.unwrap_err();
    assert!(matches!(error, SendError::AlreadySigned(_)), "{error}");
    // What was held for them still counts.
    let other = SecretKey::generate().unwrap();
    town.net.open(&other, xno("1")).unwrap();
    let error = sender.send(&other, town.bob.account(), Amount::from_raw(1)).await.unwrap_err();
    assert!(matches!(error, SendError::Fee(_)), "{error}");
}

#[tokio::test]
async fn a_long_batch_is_done_in_jobs_that_grow_with_what_its_worker_has_shown() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let sender = Sender::new(town.node(), config(&town, worker.port, LONG));
    let order = Order::Send { destination: town.bob.account(), amount: xno("0.1") };
    let receipt = sender.batch(&town.alice, &[order; 60]).await.unwrap();
    assert_eq!((receipt.users.len(), receipt.rewards.len()), (60, 4), "8 + 16 + 32 + 4");
    assert_eq!(town.waiting(town.bob.account()), xno("6"));
}

/// The signed blocks of a request, with work that is enough.
fn worked(body: &Value, name: &str) -> SignedState {
    let block: SignedState = serde_json::from_value(body[name].clone()).unwrap();
    let threshold = Network::Dev.thresholds().base();
    let is_enough = |work: &Work| work.value(&block.root()) >= threshold;
    block.with_work((0..).map(Work::from_u64).find(is_enough).unwrap())
}

#[tokio::test]
async fn a_worker_that_is_late_after_own_work_gets_its_fee_at_most_and_pays_nobody_again() {
    // Before the account goes on, and after it.
    for is_next_paid in [false, true] {
        let town = Town::found().await;
        let liar = cheap(&town, 1, 0, Manner::Withholds).await;
        let fallback = Some(Pool::cpu(Some(1)));
        let most = Some(Amount::from_raw(2));
        let config = Config { fallback, max_fee_per_day: most, ..config(&town, liar.port, SHORT) };
        let sender = Sender::new(town.node(), config);
        let order = Order::Send { destination: town.bob.account(), amount: xno("1") };
        let (first, second) = (OrderKey::new("first").unwrap(), OrderKey::new("second").unwrap());
        sender.pay(&town.alice, &first, &[order]).await.unwrap();
        let job = jobs(&liar).remove(0);
        let deal = async || {
            let deals = sender.deals(None).await.unwrap();
            deals.into_iter().find(|deal| deal.key == first).unwrap()
        };
        assert_eq!(deal().await.rewards[0].1, Fate::Possible, "it has done nothing for it");

        if is_next_paid {
            sender.pay(&town.alice, &second, &[order]).await.unwrap();
        }
        // It publishes what it was given long ago.
        let (user, reward) = (worked(&job, "user_block"), worked(&job, "reward_block"));
        let again = town.net.process(&user.into());
        assert!(again.is_err(), "the payment is on the ledger once: {again:?}");
        let paid = town.net.process(&reward.into());
        assert_eq!(paid.is_ok(), !is_next_paid, "{paid:?}");
        if paid.is_ok() {
            town.net.confirm_now(&reward.hash()).unwrap();
            sender.pay(&town.alice, &second, &[order]).await.unwrap();
        }
        assert_eq!(town.waiting(town.bob.account()), xno("2"));
        let fee = if is_next_paid { Amount::ZERO } else { Amount::from_raw(1) };
        let left = town.net.balance(&town.alice.account());
        assert_eq!(left.checked_add(fee), Some(xno("98")));
        sender.refresh(town.alice.account()).await.unwrap();
        let fate = if is_next_paid { Fate::Impossible } else { Fate::Confirmed };
        assert_eq!(deal().await.rewards[0].1, fate);
    }
}
