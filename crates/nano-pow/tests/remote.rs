//! Devices that are other programs, and jobs that came from other programs.

mod common;

use common::{
    device, easy, endless, handed_on, hold, next_end, next_puzzle, plain, remote, spied, until,
};
use nano_pow::{BackendError, Pool, PoolError};

#[test]
fn a_job_that_was_handed_on_is_done_by_local_devices_alone() {
    let (remote, events) = spied(remote("remote", plain));
    let pool = Pool::new(vec![remote, device("plain", plain)]);
    for byte in 0..20 {
        pool.submit(handed_on(easy(byte))).wait().unwrap();
    }
    assert!(events.try_recv().is_err());
    assert_eq!(pool.status().devices[1].solutions, 20);
}

#[test]
fn a_remote_device_is_at_a_root_as_long_as_somebody_wants_it_there() {
    let (remote, events) = spied(remote("remote", hold));
    let pool = Pool::new(vec![remote, device("hold", hold)]);
    let foreign = pool.submit(handed_on(endless(1)));
    until("it runs", || !pool.status().running.is_empty());
    let own = pool.submit(endless(1));
    assert_eq!(next_puzzle(&events), endless(1));
    drop(own);
    next_end(&events);
    assert_eq!(pool.status().running.len(), 1);
    drop(foreign);
    until("nothing runs", || pool.status().running.is_empty());
}

#[test]
fn without_local_devices_nobody_does_what_was_handed_on() {
    let pool = Pool::new(vec![remote("remote", hold)]);
    let answer = pool.submit(handed_on(easy(1))).wait();
    assert!(matches!(answer, Err(PoolError::NoDevice)), "{answer:?}");
    let (own, foreign) = (pool.submit(endless(2)), pool.submit(handed_on(endless(2))));
    drop(own);
    let answer = foreign.wait();
    assert!(matches!(answer, Err(PoolError::NoDevice)), "{answer:?}");
}

#[test]
fn what_all_local_devices_fail_at_does_not_wait_for_a_remote_one() {
    let failing = device("failing", |_| Err(BackendError::device("no power")));
    let pool = Pool::new(vec![remote("remote", hold), failing]);
    let error = pool.submit(handed_on(easy(1))).wait().unwrap_err();
    assert!(matches!(&error, PoolError::Failed { device, .. } if device == "failing"), "{error}");
}
