//! Devices that are other programs, and jobs that came from other programs.

mod common;

use common::{Fake, easy, endless, hold, next_end, next_job, plain, spied, until};
use nano_pow::{BackendError, Pool, PoolError, pool::Priority};

const NORMAL: Priority = Priority::NORMAL;

#[test]
fn a_job_that_was_handed_on_is_done_by_local_devices_alone() {
    let (remote, events) = spied(Fake::remote("remote", plain));
    let pool = Pool::new(vec![remote, Fake::boxed("plain", plain)]);
    for byte in 0..20 {
        pool.submit_locally(easy(byte), NORMAL).wait().unwrap();
    }
    assert!(events.try_recv().is_err());
    assert_eq!(pool.status().devices[1].solutions, 20);
}

#[test]
fn a_remote_device_is_at_a_root_as_long_as_somebody_wants_it_there() {
    let (remote, events) = spied(Fake::remote("remote", hold));
    let pool = Pool::new(vec![remote, Fake::boxed("hold", hold)]);
    let handed_on = pool.submit_locally(endless(1), NORMAL);
    until("it runs", || !pool.status().running.is_empty());
    let own = pool.submit(endless(1));
    assert_eq!(next_job(&events), endless(1));
    drop(own);
    next_end(&events);
    assert_eq!(pool.status().running.len(), 1);
    drop(handed_on);
    until("nothing runs", || pool.status().running.is_empty());
}

#[test]
fn without_local_devices_nobody_does_what_was_handed_on() {
    let pool = Pool::new(vec![Fake::remote("remote", hold)]);
    let answer = pool.submit_locally(easy(1), NORMAL).wait();
    assert!(matches!(answer, Err(PoolError::NoDevice)), "{answer:?}");
    let (own, handed_on) = (pool.submit(endless(2)), pool.submit_locally(endless(2), NORMAL));
    drop(own);
    let answer = handed_on.wait();
    assert!(matches!(answer, Err(PoolError::NoDevice)), "{answer:?}");
}

#[test]
fn what_all_local_devices_fail_at_does_not_wait_for_a_remote_one() {
    let failing = Fake::boxed("failing", |_| Err(BackendError::device("no power")));
    let pool = Pool::new(vec![Fake::remote("remote", hold), failing]);
    let error = pool.submit_locally(easy(1), NORMAL).wait().unwrap_err();
    assert!(matches!(&error, PoolError::Failed { device, .. } if device == "failing"), "{error}");
}
