//! Devices that fail, lie or panic.

mod common;

use common::{device, easy, endless, hold, plain};
use nano_pow::{Backend, BackendError, Pool, PoolError, Puzzle, Task, pool::SearchPhase};
use nano_primitives::Work;
use std::sync::Arc;

/// Proposes a nonce that is none.
fn lie(task: &Task<'_>) -> Result<(), BackendError> {
    let mut works = task.nonces().iter();
    let wrong = works.find(|work| task.puzzle().check(*work).is_err());
    task.found(wrong.expect("most work is wrong"));
    Ok(())
}

fn lying() -> Box<dyn Backend> {
    device("lying", lie)
}

fn failing() -> Box<dyn Backend> {
    device("failing", |_| Err(BackendError::device("no power")))
}

fn panicking() -> Box<dyn Backend> {
    device("panicking", |_| panic!("out of cheese"))
}

/// The failure that a pool of this device alone answers with.
fn failure(backend: Box<dyn Backend>) -> (String, Arc<BackendError>) {
    match Pool::new(vec![backend]).submit(easy(1)).wait() {
        Err(PoolError::Failed { device, error }) => (device, error),
        other => panic!("{other:?} instead of a failure"),
    }
}

#[test]
fn wrong_work_is_never_an_answer() {
    let (device, error) = failure(lying());
    assert_eq!(device, "lying");
    let BackendError::Wrong(wrong) = &*error else { panic!("{error:?}") };
    assert_eq!(wrong.puzzle, easy(1));
    assert_eq!(wrong.value, wrong.work.value(&wrong.puzzle.root));
    assert!(wrong.value < wrong.puzzle.threshold);
}

#[test]
fn the_reason_of_a_device_is_the_source_of_the_error() {
    let (device, error) = failure(failing());
    assert_eq!((device.as_str(), error.to_string().as_str()), ("failing", "the device failed"));
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "no power");
}

#[test]
fn a_panic_is_a_failure_that_says_its_message() {
    let error = failure(panicking()).1;
    assert!(matches!(&*error, BackendError::Panicked { message } if message == "out of cheese"));
}

#[test]
fn the_others_go_on_without_the_devices_that_fail() {
    let bad = [lying(), failing(), panicking()];
    let pool = Pool::new(bad.into_iter().chain([device("plain", plain)]).collect());
    for byte in 0..20 {
        assert_eq!(pool.submit(easy(byte)).wait().unwrap().puzzle(), &easy(byte));
    }
    let devices = pool.status().devices;
    assert_eq!(devices[3].solutions, 20);
    assert_eq!((devices[3].failures, devices[3].quarantine), (0, None));
    assert!(devices[..3].iter().all(|device| device.solutions == 0));
}

#[test]
fn a_device_that_fails_is_left_alone_for_a_while() {
    let pool = Pool::new(vec![lying(), device("hold", hold)]);
    let ticket = pool.submit(endless(1));
    common::until("the liar is found out", || pool.status().devices[0].failures > 0);
    let devices = pool.status().devices;
    assert!(devices[0].quarantine.is_some() && devices[1].quarantine.is_none());
    drop(ticket);
}

#[test]
fn a_device_that_recovers_is_used_again() {
    let mut first = true;
    let recovering = std::sync::Mutex::new(move || std::mem::take(&mut first));
    let pool = Pool::new(vec![device("recovering", move |task| {
        let fails = recovering.lock().unwrap()();
        if fails { Err(BackendError::device("starting")) } else { plain(task) }
    })]);
    assert!(matches!(pool.submit(easy(1)).wait(), Err(PoolError::Failed { .. })));
    // This one waits until the quarantine of a second is over.
    assert!(pool.submit(easy(2)).wait().is_ok());
    let device = &pool.status().devices[0];
    assert_eq!((device.failures, device.solutions, device.quarantine), (1, 1, None));
}

#[test]
fn a_job_lives_on_with_a_device_that_came_back() {
    let (back, returned) = std::sync::mpsc::channel();
    let returned = std::sync::Mutex::new(returned);
    let once = std::sync::Once::new();
    let comes_back = device("comes back", move |task| {
        let mut result = Ok(());
        once.call_once(|| result = Err(BackendError::device("starting")));
        if result.is_ok() {
            back.send(()).expect("the other device listens");
            return hold(task);
        }
        result
    });
    let fails_then = device("fails then", move |_| {
        let returned = returned.lock().expect("nobody panicked").recv_timeout(common::DEADLINE);
        returned.expect("the other device comes back");
        Err(BackendError::device("worn out"))
    });
    let pool = Pool::new(vec![comes_back, fails_then]);
    let ticket = pool.submit(endless(1));
    common::until("both have failed", || {
        pool.status().devices.iter().all(|device| device.failures == 1)
    });
    assert_eq!(ticket.progress().phase, SearchPhase::Running);
}

#[test]
fn a_check_says_what_it_found_and_what_it_wanted() {
    let puzzle = Puzzle::new(common::root(0xAA), common::one_in_two_to(20));
    let error = puzzle.check(Work::from_u64(u64::MAX)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "work ffffffffffffffff has the value 46e40fa5344e2450 for root {}, wanted at least \
             fffff00000000000",
            "AA".repeat(32)
        )
    );
}
