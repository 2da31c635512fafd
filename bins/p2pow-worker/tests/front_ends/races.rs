//! Two front ends that want the same root, or have the same job.

use super::{
    LONG, SHORT, broker,
    setup::{FEE, Front, PATIENCE, amount, books, george, key, net, request},
    store,
    tap::{Moment, Tap},
    works,
};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn another_block_on_the_root_of_a_job_is_a_conflict_at_every_front_end() {
    const JOBS: u8 = 4;
    let Some(broker) = broker::start("") else { return };
    let (net, fleet) = (net(JOBS).await, broker.address());
    net.faults().leave_unconfirmed(true);
    let mut one = Front::start(&net, &fleet, LONG, None);
    let other = Front::start(&net, &fleet, LONG, None);
    let (asked, fork) = (request(&net, 1, 1000), request(&net, 1, 77));
    assert_eq!(one.ask(&asked).join().unwrap().unwrap().0, 201);
    one.job(&asked.id(), "published");
    let conflict = Some((
        409,
        json!({ "error": "Another request for the same account and previous block is in progress" }),
    ));
    for front in [&one, &other] {
        assert_eq!(front.ask(&fork).join().unwrap(), conflict);
    }
    // At the same time: one begins. Who is late by the whole of the other's job is refused by the ledger.
    for sender in 2..=JOBS {
        let (asked, fork) = (request(&net, sender, 1000), request(&net, sender, 77));
        let asking = [one.ask(&asked), other.ask(&fork)];
        let answers = asking.map(|asking| asking.join().unwrap().unwrap());
        let mut statuses = answers.each_ref().map(|(status, _)| *status);
        statuses.sort_unstable();
        assert!(matches!(statuses, [201, 400 | 409]), "{answers:?}");
    }
    net.faults().leave_unconfirmed(false);
    let books = books(&fleet, usize::from(JOBS));
    assert_eq!(books.len(), usize::from(JOBS), "{books:?}");
    assert!(books.iter().all(|line| line["outcome"] == "won"), "{books:?}");
    assert_eq!(net.receivable_total(&george()), amount(FEE * u128::from(JOBS)), "once each");
}

/// All works are in the journal, nothing is published, and the owner stops for so long that another one brings the job
/// to its end. Then it goes on where it was: with the blocks that it was about to publish.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_stopped_before_it_published_publishes_nothing_else_afterwards() {
    let Some(broker) = broker::start("") else { return };
    let (net, fleet) = (net(1).await, broker.address());
    // A job is created, and written again when it is solved.
    let tap = Tap::new(&fleet, &["$KV.p2pow.worker-open."], (2, Moment::Held));
    let mut one = Front::start(&net, &tap.url(), SHORT, None);
    let mut other = Front::start(&net, &fleet, LONG, None);
    let asked = request(&net, 1, 1000);
    let asking = one.ask(&asked);
    tap.cut.recv_timeout(PATIENCE).expect("all works are in the journal");
    one.signal("-STOP");
    tap.let_go();
    assert!(net.block(&asked.first().hash()).is_none(), "nothing is published");
    other.job(&asked.id(), "confirmed");
    let known = works(&store(&fleet).await).await;
    assert_eq!(known.len(), 2, "{known:?}");
    one.signal("-CONT");
    let (status, answer) = asking.join().unwrap().unwrap();
    assert_eq!(status, 201, "{answer}");
    let is_there = |line: &serde_json::Value| line["elsewhere"] == true;
    one.until("the end that it came to at the other one", is_there);
    for block in asked.blocks() {
        let on_ledger = net.block(&block.hash()).unwrap().block.work.unwrap().to_string();
        assert_eq!(known[&block.root()], on_ledger);
        assert!(answer.to_string().contains(&on_ledger), "{answer}");
    }
    assert_eq!(net.account(&key(1).account()).unwrap().frontier, asked.id());
    assert_eq!(net.receivable_total(&george()), amount(FEE), "paid once");
    let books = books(&fleet, 1);
    assert_eq!((books.len(), &books[0]["outcome"]), (1, &json!("won")), "{books:?}");
    assert_eq!((one.stop()["won"].clone(), other.stop()["won"].clone()), (json!(0), json!(1)));
}
