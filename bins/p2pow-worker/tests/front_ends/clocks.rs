//! Front ends whose clocks differ by hours: who is there and who is gone is told by no clock but one's own. Needs
//! `libfaketime` (package `faketime`); elsewhere the test says that it was skipped, unless `P2POW_REQUIRE_FAKETIME=1`.

use super::{
    LONG, SHORT, broker,
    setup::{FEE, Front, amount, books, george, net, request},
    store,
};
use nano_primitives::BlockHash;
use serde_json::Value;
use std::{
    env, fs,
    path::PathBuf,
    time::{Duration, Instant},
};

/// The library that tells programs another time of day.
fn faketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().map_while(Result::ok);
    let mut places = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    let found = places.find(|place| place.exists());
    if found.is_none() {
        let is_required = env::var("P2POW_REQUIRE_FAKETIME").is_ok_and(|value| value == "1");
        assert!(!is_required, "P2POW_REQUIRE_FAKETIME=1, and there is no libfaketime");
        println!("skipped: there is no libfaketime on this computer");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_clock_is_wrong_by_hours_neither_loses_jobs_nor_keeps_those_of_the_dead() {
    let Some(library) = faketime() else { return };
    let Some(broker) = broker::start("") else { return };
    let (net, fleet) = (net(2).await, broker.address());
    net.faults().leave_unconfirmed(true);
    let library = library.to_str().unwrap();
    let start = |lease, clock: &str| {
        let monotonic = ("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        let variables = [("LD_PRELOAD", library), ("FAKETIME", clock), monotonic];
        Front::start_with(&net, &fleet, lease, &variables)
    };
    let (mut ahead, mut behind) = (start(SHORT, "+7h"), start(LONG, "-5h"));
    let (early, late) = (request(&net, 1, 1000), request(&net, 2, 1000));
    assert_eq!(ahead.ask(&early).join().unwrap().unwrap().0, 201);
    assert_eq!(behind.ask(&late).join().unwrap().unwrap().0, 201);
    ahead.job(&early.id(), "published");
    behind.job(&late.id(), "published");
    // Each hears the other for several times as long as the shorter lease lasts.
    std::thread::sleep(Duration::from_secs(3 * SHORT));
    assert!(behind.said_of(&early.id()).is_empty(), "its owner is there");
    assert!(ahead.said_of(&late.id()).is_empty(), "its owner is there");
    let died = Instant::now();
    drop(ahead);
    behind.job(&early.id(), "published");
    assert!(died.elapsed() >= Duration::from_secs(SHORT) * 7 / 10, "{:?}", died.elapsed());
    net.faults().leave_unconfirmed(false);
    let books = books(&fleet, 2);
    assert!(books.iter().all(|line| line["outcome"] == "won"), "{books:?}");
    let store = store(&fleet).await;
    let admitted = async |id: BlockHash| {
        let record = store.get("worker-ended", &id.to_string()).await.unwrap().unwrap();
        let line: Value = serde_json::from_str(&record.value).unwrap();
        line["admitted_ms"].as_u64().unwrap()
    };
    let apart = admitted(early.id()).await - admitted(late.id()).await;
    assert!(apart > 11 * 3_600_000, "their clocks were wrong indeed: {apart} ms");
    assert_eq!(net.receivable_total(&george()), amount(2 * FEE));
}
