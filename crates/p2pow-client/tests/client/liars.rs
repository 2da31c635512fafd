//! Workers that lie, break or hang.

use crate::{
    fake::{Fake, Reply, http, info, json},
    town::{Town, fee, unsettled, xno},
};
use nano_block::{Network, SecretKey, SignedState};
use nano_primitives::{Account, Amount, Work};
use p2pow_client::{
    Cause, Config, Fate, HttpError, OfferError, Order, Outcome, Patience, QuoteError, SendError,
    Sender, Unfit, Unusable, WorkError,
};
use serde_json::{Value, json};
use std::time::Duration;

fn somebody() -> Account {
    SecretKey::generate().unwrap().account()
}

/// Answers `request_info` well and `request_work` with `work`.
fn offering(
    account: Account,
    work: impl Fn(&Value) -> Reply + Send + Sync + 'static,
) -> impl Fn(&crate::fake::Asked) -> Reply + Send + Sync {
    move |asked| match asked.path.as_str() {
        "/request_info" => json(200, &info(account, fee())),
        _ => work(&asked.body),
    }
}

/// What becomes of a payment of Alice if `answer` is the only worker.
async fn attempt(
    answer: impl Fn(&crate::fake::Asked) -> Reply + Send + Sync + 'static,
) -> (Town, Fake, SendError) {
    let town = Town::found().await;
    let fake = Fake::start(1, 0, answer).await;
    town.register([127, 0, 0, 1]);
    let sender = town.sender(fake.port);
    let error = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    assert_eq!(town.net.balance(&town.alice.account()), xno("100"), "nothing was published");
    (town, fake, error)
}

fn refusal(error: SendError) -> Unusable {
    match error {
        SendError::Quotes(QuoteError::NoneUsable { mut refused }) => refused.remove(0).1,
        other => panic!("{other}"),
    }
}

/// Its offer was refused, so it never saw a signed block.
fn never_hired(fake: &Fake) -> bool {
    fake.count("/request_work") == 0
}

#[tokio::test]
async fn another_version_is_not_hired() {
    for version in [json!("2.0.1"), json!("2.0"), json!(2), Value::Null] {
        let (_town, fake, error) = attempt(move |_| {
            let mut offer = info(somebody(), fee());
            offer["version"] = version.clone();
            json(200, &offer)
        })
        .await;
        assert!(matches!(refusal(error), Unusable::Offer(OfferError::Info(_))));
        assert!(never_hired(&fake));
    }
}

#[tokio::test]
async fn a_fee_above_the_maximum_is_never_signed() {
    let (_town, fake, error) = attempt(|_| json(200, &info(somebody(), xno("0.0010001")))).await;
    let refused = refusal(error);
    assert!(matches!(refused, Unusable::Unfit(Unfit::TooExpensive { .. })), "{refused}");
    assert!(never_hired(&fake));
}

#[tokio::test]
async fn an_unavailable_worker_is_not_hired() {
    let (_town, fake, error) = attempt(|_| {
        let mut offer = info(somebody(), fee());
        offer["status"] = json!("unavailable");
        json(200, &offer)
    })
    .await;
    assert!(matches!(refusal(error), Unusable::Unfit(Unfit::Unavailable)));
    assert!(never_hired(&fake));
}

#[tokio::test]
async fn an_offer_must_be_short_whole_and_not_redirected() {
    let (_, _, error) = attempt(|_| Reply::Endless).await;
    assert!(matches!(refusal(error), Unusable::Offer(OfferError::Http(HttpError::TooLong { .. }))));
    let (_, _, error) = attempt(|_| Reply::Bytes(b"HTTP/1.1 200 OK\r\nconten".to_vec())).await;
    assert!(matches!(refusal(error), Unusable::Offer(OfferError::Http(HttpError::Broken { .. }))));
    let (_, _, error) = attempt(|_| http(200, "", "<html>")).await;
    assert!(matches!(refusal(error), Unusable::Offer(OfferError::Info(_))));
    let (_, _, error) = attempt(|_| http(404, "", "{}")).await;
    assert!(matches!(refusal(error), Unusable::Offer(OfferError::Status { status: 404 })));
    let (_, _, error) = attempt(|_| Reply::Silence).await;
    assert!(matches!(
        refusal(error),
        Unusable::Offer(OfferError::Http(HttpError::TimedOut { .. }))
    ));
}

#[tokio::test]
async fn who_is_for_ever_about_to_answer_is_hung_up_on() {
    let (_, _, error) = attempt(|_| Reply::Interim).await;
    let refused = refusal(error);
    assert!(
        matches!(refused, Unusable::Offer(OfferError::Http(HttpError::TooLong { .. }))),
        "{refused}"
    );
    let (_, _, error) = attempt(offering(somebody(), |_| Reply::Interim)).await;
    let outcome = unsettled(error).hired.remove(0).outcome;
    assert!(
        matches!(&outcome, Outcome::Failed(error) if matches!(**error, WorkError::Http(HttpError::TooLong { .. }))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn nothing_that_a_worker_says_drives_a_terminal() {
    let hostile = "\u{1b}[2Jno\u{202e}\u{9b}31m\u{7}\n";
    let mut told = Vec::new();
    for answer in [json!({ "error": hostile }), json!(hostile), json!({ hostile: hostile })] {
        let (_, _, error) = attempt(offering(somebody(), move |_| json(500, &answer))).await;
        told.push(error.to_string());
    }
    for field in ["version", "reward_account", "fee", "max_multiplier"] {
        let (_, _, error) = attempt(move |_| {
            let mut offer = info(somebody(), fee());
            offer[field] = json!(hostile);
            json(200, &offer)
        })
        .await;
        told.push(error.to_string());
    }
    for text in told {
        let is_hostile = |c: char| c.is_control() || c == '\u{202e}';
        assert!(text.contains("no"), "{text:?}");
        assert!(!text.contains(is_hostile), "{text:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let target = Fake::start(2, 0, |_| json(200, &info(somebody(), fee()))).await;
    let location = format!("location: http://127.0.0.2:{}/request_info\r\n", target.port);
    let (_town, _fake, error) = attempt(move |_| http(302, &location, "")).await;
    let refused = refusal(error);
    assert!(
        matches!(refused, Unusable::Offer(OfferError::Http(HttpError::Redirected { .. }))),
        "{refused}"
    );
    assert_eq!(target.count("/request_info"), 0);
}

#[tokio::test]
async fn wrong_work_html_and_refusals_are_no_success() {
    let answers: [fn(&Value) -> Reply; 5] = [
        |_| http(500, "content-type: text/html\r\n", "<!DOCTYPE HTML><title>500</title>"),
        |_| json(500, &json!({ "error": "User PoW fail" })),
        |_| json(201, &json!({ "successful": {} })),
        |_| Reply::Bytes(Vec::new()),
        |_| Reply::Endless,
    ];
    for answer in answers {
        let (_town, fake, error) = attempt(offering(somebody(), answer)).await;
        let left = unsettled(error);
        assert!(matches!(left.cause, Cause::NobodyDelivered { .. }), "{left}");
        assert_eq!(left.items[0].fate, Fate::Possible);
        assert_eq!(fake.count("/request_work"), 1);
    }
}

/// A success for the blocks asked for, with work that is too weak.
fn claim(body: &Value) -> Value {
    let done = |name: &str| {
        let block: SignedState = serde_json::from_value(body[name].clone()).unwrap();
        let is_weak = |work: &Work| work.value(&block.root()) < Network::Dev.thresholds().entry();
        let work = (0..).map(Work::from_u64).find(is_weak).unwrap();
        json!({ "hash": block.hash(), "work": work })
    };
    json!({ "successful": { "user_block": done("user_block"), "reward_block": done("reward_block") } })
}

/// The block of a request with work that is enough.
fn worked(body: &Value, name: &str) -> SignedState {
    let block: SignedState = serde_json::from_value(body[name].clone()).unwrap();
    let threshold = Network::Dev.thresholds().base();
    let is_enough = |work: &Work| work.value(&block.root()) >= threshold;
    block.with_work((0..).map(Work::from_u64).find(is_enough).unwrap())
}

fn done(block: &SignedState) -> Value {
    json!({ "hash": block.hash(), "work": block.work })
}

#[tokio::test]
async fn work_that_a_worker_does_not_publish_is_published_by_the_sender() {
    let town = Town::found().await;
    let account = somebody();
    let lazy = offering(account, |body| {
        let (user, reward) = (worked(body, "user_block"), worked(body, "reward_block"));
        let blocks = json!({ "user_block": done(&user), "reward_block": done(&reward) });
        json(201, &json!({ "successful": blocks }))
    });
    let fake = Fake::start(1, 0, lazy).await;
    town.register([127, 0, 0, 1]);
    let receipt =
        town.sender(fake.port).send(&town.alice, town.bob.account(), xno("1")).await.unwrap();
    assert!(!receipt.rewards.is_empty());
    assert_eq!(town.waiting(town.bob.account()), xno("1"));
    assert_eq!(town.waiting(account), fee());
}

#[tokio::test]
async fn a_payment_is_done_even_if_no_reward_gets_through() {
    let town = Town::found().await;
    let clumsy = offering(somebody(), |body| {
        let user = worked(body, "user_block");
        let blocks = json!({ "user_block": done(&user), "reward_block": "fail" });
        json(201, &json!({ "successful": blocks }))
    });
    let fake = Fake::start(1, 0, clumsy).await;
    town.register([127, 0, 0, 1]);
    let receipt =
        town.sender(fake.port).send(&town.alice, town.bob.account(), xno("1")).await.unwrap();
    assert!(receipt.rewards.is_empty() && receipt.winner().is_none());
    assert!(matches!(receipt.hired[0].outcome, Outcome::WithoutReward));
    assert_eq!(town.waiting(town.bob.account()), xno("1"));
}

#[tokio::test]
async fn work_that_is_too_weak_is_found_out() {
    let liar = offering(somebody(), |body| json(201, &claim(body)));
    let (_town, _fake, error) = attempt(liar).await;
    let text = error.to_string();
    assert!(text.contains("wanted at least ffc0000000000000"), "{text}");
}

#[tokio::test]
async fn the_hash_of_another_block_is_found_out() {
    let liar = offering(somebody(), |body| {
        let mut answer = claim(body);
        answer["successful"]["user_block"]["hash"] = json!("00".repeat(32));
        json(201, &answer)
    });
    let (_town, _fake, error) = attempt(liar).await;
    assert!(error.to_string().contains("names block 0000"), "{error}");
}

#[tokio::test]
async fn a_worker_that_withholds_is_not_waited_for_for_ever() {
    let town = Town::found().await;
    let fake = Fake::start(1, 0, offering(somebody(), |_| Reply::Silence)).await;
    town.register([127, 0, 0, 1]);
    let patience = Patience { deal: Duration::from_millis(500), ..town.config(fake.port).patience };
    let sender = Sender::new(town.node(), Config { patience, ..town.config(fake.port) });

    let error = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    assert!(matches!(unsettled(error).cause, Cause::TimedOut { .. }));

    // The signed block may still come: no other block is signed in its place, the same one is.
    let error = sender.send(&town.alice, town.bob.account(), xno("2")).await.unwrap_err();
    assert!(matches!(error, SendError::AlreadySigned(_)), "{error}");
    assert_eq!(fake.count("/request_work"), 1);
    let error = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    assert!(matches!(unsettled(error).cause, Cause::TimedOut { .. }));
    let asked = fake.asked.lock().unwrap();
    let blocks: Vec<_> = asked.iter().filter(|asked| asked.path == "/request_work").collect();
    assert_eq!(blocks[0].body, blocks[1].body);
}

#[tokio::test]
async fn an_honest_worker_wins_beside_one_that_lies() {
    let town = Town::found().await;
    let honest = town.worker(1, 0).await;
    let liar = offering(somebody(), |body| json(201, &claim(body)));
    let _fake = Fake::start(2, honest.port, liar).await;
    town.register([127, 0, 0, 2]);
    let sender = town.sender(honest.port);

    let receipt = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap();

    let winner = receipt.winner().unwrap();
    assert_eq!(winner.account, honest.account);
    let found_out = |outcome: &Outcome| match outcome {
        Outcome::Failed(error) => matches!(**error, WorkError::BadWork { .. }),
        _ => false,
    };
    assert!(receipt.hired.iter().any(|hired| found_out(&hired.outcome)));
}

#[tokio::test]
async fn registered_local_addresses_are_not_dialled_on_a_public_network() {
    let town = Town::found().await;
    let fake = Fake::start(1, 0, |_| json(200, &info(somebody(), fee()))).await;
    for address in [[127, 0, 0, 1], [10, 0, 0, 1], [192, 168, 0, 1], [169, 254, 169, 254]] {
        town.register(address);
    }
    let config = Config { allow_local: false, ..town.config(fake.port) };
    let sender = Sender::new(town.node(), config);
    let listings = sender.workers().await.unwrap();
    assert_eq!((listings.workers.len(), listings.not_dialable), (0, 4));
    let error = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    assert!(
        matches!(error, SendError::Quotes(QuoteError::NoWorkers { not_dialable: 4 })),
        "{error}"
    );
    assert_eq!(fake.count("/request_info"), 0);
}

#[tokio::test]
async fn a_worker_of_the_old_kind_gets_a_batch_payment_by_payment() {
    let town = Town::found().await;
    let account = somebody();
    let old = offering(account, |body| {
        let (user, reward) = (worked(body, "user_block"), worked(body, "reward_block"));
        let blocks = json!({ "user_block": done(&user), "reward_block": done(&reward) });
        json(201, &json!({ "successful": blocks }))
    });
    let fake = Fake::start(1, 0, old).await;
    town.register([127, 0, 0, 1]);
    let order = Order::Send { destination: town.bob.account(), amount: xno("1") };
    let receipt = town.sender(fake.port).batch(&town.alice, &[order, order]).await.unwrap();
    assert_eq!((receipt.users.len(), receipt.rewards.len()), (2, 2));
    assert_eq!(fake.count("/request_work"), 2);
    assert_eq!(town.waiting(town.bob.account()), xno("2"));
    assert_eq!(town.waiting(account), xno("0.0002"));
}

#[tokio::test]
async fn an_old_worker_gets_the_six_fields_and_a_reward_of_exactly_its_fee() {
    let account = somebody();
    let (_town, fake, _error) =
        attempt(offering(account, |_| json(500, &json!({ "error": "User PoW fail" })))).await;
    let asked = fake.asked.lock().unwrap();
    let body = &asked.iter().find(|asked| asked.path == "/request_work").unwrap().body;
    for block in ["user_block", "reward_block"] {
        for field in ["account", "representative", "previous", "balance", "link", "signature"] {
            assert!(body[block][field].is_string(), "{block}.{field}");
        }
    }
    let balance =
        |block: &str| -> Amount { body[block]["balance"].as_str().unwrap().parse().unwrap() };
    let paid = balance("user_block").checked_sub(balance("reward_block"));
    assert_eq!(paid, Some(fee()));
    assert_eq!(body["user_block"]["representative"], body["reward_block"]["representative"]);
}
