//! Several who want one lease, over real brokers.

use super::{
    broker,
    setup::{broker as at, name, within},
};
use p2pow_fleet::{JetStreamStore, Lease, Name};
use p2pow_store::{Records, Store};
use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;

/// Nobody but the holder counts, one at a time: each over a connection of its own, with one counter in a record that is
/// written without looking whether another has written it, were it not for its revision.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_race_for_a_lease_one_has_it_at_a_time() {
    let Some(server) = broker::start("") else { return };
    let (holders, mut all) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
    for _ in 0..4 {
        let store = JetStreamStore::open(&at(&server), &name("p2pow"), 1).await.unwrap().shared();
        let holders = Arc::clone(&holders);
        all.spawn(async move {
            let counter = Records::<u64>::new(Arc::clone(&store), "counter");
            let mut terms = Vec::new();
            for _ in 0..2 {
                let (store, time) = (Arc::clone(&store), Duration::from_secs(10));
                let lease = Lease::acquire(store, "worker", Name::random("front"), time);
                let lease = within(lease).await.unwrap();
                assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "two hold it");
                match counter.get("a").await.unwrap() {
                    Some(entry) => {
                        counter.update("a", &(entry.value + 1), entry.revision).await.unwrap()
                    }
                    None => counter.create("a", &1).await.unwrap(),
                };
                terms.push(lease.term());
                holders.fetch_sub(1, Ordering::SeqCst);
                lease.release().await;
            }
            terms
        });
    }
    let mut terms = within(all.join_all()).await.concat();
    terms.sort_unstable();
    assert_eq!(terms, (1..=8).collect::<Vec<u64>>(), "each holder has a term of its own");
    let store: Arc<dyn Store> =
        JetStreamStore::open(&at(&server), &name("p2pow"), 1).await.unwrap().shared();
    let counted = Records::<u64>::new(store, "counter").get("a").await.unwrap().unwrap();
    assert_eq!(counted.value, 8);
}

/// Clocks of computers differ, jump, and are set. Members of a fleet tell each other how long something may take or has
/// taken, never when: nothing here can ask what time it is.
#[test]
fn nobody_asks_what_time_of_day_it_is() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for word in ["SystemTime", "UNIX_EPOCH", "OffsetDateTime", "chrono"] {
                assert!(!text.contains(word), "{} has {word}", path.display());
            }
            count += 1;
        }
    }
    assert!(count > 15, "{count} files");
}
