use super::{JoinError, Presence, leases};
use crate::Name;
use p2pow_store::{Around, BoxFuture, Call, LogStore, Owners, Store, StoreError};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, time::timeout};

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

/// Who was killed and is started again has its jobs at once, and not when its time is over.
#[tokio::test]
async fn a_successor_ends_the_lease_of_a_predecessor_that_is_not_heard() {
    let store = LogStore::in_memory().shared();
    let long = TIME * 10;
    let join = |time| Presence::join(Arc::clone(&store), member("one"), time, true);
    let first = join(long).await.unwrap();
    let before = first.me().unwrap();
    drop(first);
    let began = Instant::now();
    let second = join(TIME).await.unwrap();
    assert!(second.is_gone(&before), "at once");
    assert!(began.elapsed() < long, "{:?}", began.elapsed());
    // Given back: nobody is listened to.
    second.leave().await;
    let began = Instant::now();
    join(long).await.unwrap();
    assert!(began.elapsed() < long / 5, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_second_one_of_a_name_is_refused_while_the_first_is_heard() {
    let store = LogStore::in_memory().shared();
    // It is written each 1.2 s, on a machine that is not too busy, and listened to for 1.8 s.
    let time = Duration::from_secs(6);
    let first = Presence::join(Arc::clone(&store), member("one"), time, true).await.unwrap();
    let before = first.me();
    let second = Presence::join(Arc::clone(&store), member("one"), TIME, true).await;
    let error = second.unwrap_err();
    assert!(matches!(error, JoinError::Taken { .. }), "{error}");
    assert!(error.to_string().contains("another front end has the name one"), "{error}");
    let other = join(&store, "other").await;
    tokio::time::sleep(TIME).await;
    assert_eq!(first.me(), before, "it keeps its lease");
    assert!(!other.is_gone(&before.unwrap()));
}

/// A store that passes nothing on while it is held, as for a process that was stopped.
#[derive(Debug)]
struct Stalled(Arc<dyn Store>, watch::Receiver<bool>);

impl Around for Stalled {
    fn store(&self) -> &dyn Store {
        &*self.0
    }

    fn call<'a, T: Send + 'a>(
        &'a self,
        _: Call<'a>,
        answer: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        Box::pin(async move {
            self.1.clone().wait_for(|is_held| !is_held).await.expect("it is let go");
            answer.await
        })
    }
}

#[tokio::test]
async fn a_predecessor_that_was_stopped_takes_another_lease_when_it_goes_on() {
    let store = LogStore::in_memory().shared();
    let (hold, is_held) = watch::channel(false);
    let first =
        join(&(Arc::new(Stalled(Arc::clone(&store), is_held)) as Arc<dyn Store>), "one").await;
    let before = first.me().unwrap();
    hold.send_replace(true);
    let second = join(&store, "one").await;
    assert!(second.is_gone(&before), "at once");
    hold.send_replace(false);
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
