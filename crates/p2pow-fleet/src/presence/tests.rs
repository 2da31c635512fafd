use super::{Presence, leases};
use crate::Name;
use p2pow_store::{LogStore, Owners, Store};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

const TIME: Duration = Duration::from_millis(400);
const SOON: Duration = Duration::from_secs(30);

fn member(name: &str) -> Name {
    name.parse().unwrap()
}

async fn join(store: &Arc<dyn Store>, name: &str) -> Presence {
    Presence::join(Arc::clone(store), member(name), TIME, true).await.unwrap()
}

/// Waits until one takes another for gone.
async fn until_gone(one: &Presence, other: &str) {
    let look = async {
        let mut seen = 0;
        while !one.is_gone(other) {
            seen = one.changed(seen).await;
        }
    };
    timeout(SOON, look).await.expect("it is gone");
}

#[tokio::test]
async fn who_is_there_is_not_gone_and_who_leaves_is_at_once() {
    let store = LogStore::in_memory().shared();
    let (one, other) = (join(&store, "one").await, join(&store, "other").await);
    let (me, they) = (one.me().unwrap(), other.me().unwrap());
    assert!(me.starts_with("one.") && they.starts_with("other."), "{me} {they}");
    tokio::time::sleep(TIME * 3).await;
    assert!(!one.is_gone(&they) && !other.is_gone(&me) && !one.is_gone(&me));
    assert_eq!((one.me(), other.me()), (Some(me), Some(they.clone())));
    other.leave().await;
    assert_eq!(other.me(), None);
    until_gone(&one, &they).await;
    assert!(leases(store).await.unwrap()[&they].is_over);
}

#[tokio::test]
async fn who_dies_is_gone_when_its_time_is_over() {
    let store = LogStore::in_memory().shared();
    let (one, other) = (join(&store, "one").await, join(&store, "other").await);
    let they = other.me().unwrap();
    let died = std::time::Instant::now();
    drop(other);
    until_gone(&one, &they).await;
    assert!(died.elapsed() >= TIME * 4 / 5, "its lease was renewed a fifth of the time before");
}

#[tokio::test]
async fn who_was_never_there_is_gone_after_a_while() {
    let store = LogStore::in_memory().shared();
    let one = join(&store, "one").await;
    assert!(!one.is_gone("stranger.0"));
    until_gone(&one, "stranger.0").await;
}

#[tokio::test]
async fn a_successor_ends_the_lease_of_its_predecessor_who_takes_another() {
    let store = LogStore::in_memory().shared();
    let first = join(&store, "one").await;
    let before = first.me().unwrap();
    let second = join(&store, "one").await;
    assert!(second.is_gone(&before), "at once");
    timeout(SOON, first.lost(&before)).await.expect("the first one learns it");
    let again = async {
        let mut seen = 0;
        loop {
            match first.me() {
                Some(me) if me != before => return me,
                _ => seen = first.changed(seen).await,
            }
        }
    };
    let again = timeout(SOON, again).await.expect("it has another name");
    assert!(!second.is_gone(&again) && !first.is_gone(&second.me().unwrap()));
    // What it has lost is lost: waiting for that does not wait.
    timeout(SOON, first.lost(&before)).await.unwrap();
}

#[tokio::test]
async fn a_stranger_of_another_name_ends_nobodys_lease() {
    let store = LogStore::in_memory().shared();
    let first = join(&store, "one").await;
    let before = first.me();
    let second = Presence::join(store, member("one"), TIME, false).await.unwrap();
    assert!(!second.is_gone(before.as_deref().unwrap()));
    tokio::time::sleep(TIME).await;
    assert_eq!(first.me(), before);
}

#[tokio::test]
async fn the_records_of_those_who_are_gone_for_long_are_removed() {
    let store = LogStore::in_memory().shared();
    let time = Duration::from_millis(50);
    let join = |name| Presence::join(Arc::clone(&store), member(name), time, false);
    let (one, other) = (join("one").await.unwrap(), join("other").await.unwrap());
    drop(other);
    let alone = async {
        while leases(Arc::clone(&store)).await.unwrap().len() > 1 {
            tokio::time::sleep(time).await;
        }
    };
    timeout(SOON, alone).await.expect("it is removed");
    assert!(one.me().is_some());
}
