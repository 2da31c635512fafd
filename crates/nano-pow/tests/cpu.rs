//! The processor as a backend, alone.

mod common;

use common::{easy, endless, one_in_two_to, root, until};
use nano_pow::{
    Backend, CpuBackend, Job, NonceRange, Stop, Task,
    cpu::{CpuOptions, Kernel},
};
use nano_primitives::{Root, Work};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Searches with a backend of its own; returns what was found and the hashes counted.
fn search(threads: usize, kernel: Kernel, job: Job, nonces: NonceRange) -> (Option<Work>, u64) {
    let backend = CpuBackend::new(threads).with_kernel(kernel);
    let (stop, hashes) = (Stop::new(), AtomicU64::new(0));
    let task = Task::new(job, nonces, &stop, &hashes);
    let found = backend.search(&task).expect("a processor does not fail");
    (found, hashes.into_inner())
}

/// A nonce, and a job that it alone of its neighbours solves: the best of 2^16 nonces.
fn planted() -> (u64, Job) {
    let nonces = NonceRange::new(0u64.wrapping_sub(1 << 15), 1 << 16);
    let best = nonces.iter().max_by_key(|work| work.value(&root(1))).expect("there are nonces");
    (best.to_u64(), Job::new(root(1), best.value(&root(1))))
}

#[test]
fn planted_work_is_found_at_the_first_last_and_middle_place() {
    let (nonce, job) = planted();
    for kernel in Kernel::available() {
        for threads in [1, 3] {
            for before in [0, 1, 7, 8, 4999, 9999] {
                let nonces = NonceRange::new(nonce.wrapping_sub(before), 10_000);
                let (found, hashes) = search(threads, kernel, job, nonces);
                assert_eq!(found, Some(Work::from_u64(nonce)), "{kernel}, {before} before");
                assert!((1..=10_000).contains(&hashes));
            }
        }
    }
}

#[test]
fn nonces_without_work_are_all_tried_once() {
    let (nonce, job) = planted();
    for kernel in Kernel::available() {
        for threads in [1, 2, 5] {
            let nonces = NonceRange::new(nonce.wrapping_add(1), 10_001);
            assert_eq!(search(threads, kernel, job, nonces), (None, 10_001), "{kernel}");
        }
    }
}

#[test]
fn fewer_nonces_than_threads_are_enough() {
    let (nonce, job) = planted();
    let found = search(4, Kernel::best(), job, NonceRange::new(nonce, 1)).0;
    assert_eq!(found, Some(Work::from_u64(nonce)));
    assert_eq!(search(4, Kernel::best(), easy(1), NonceRange::new(0, 0)), (None, 0));
}

#[test]
fn a_stopped_task_is_not_begun() {
    let (stop, hashes) = (Stop::new(), AtomicU64::new(0));
    stop.clone().stop();
    let task = Task::new(endless(1), NonceRange::new(0, u64::MAX), &stop, &hashes);
    assert_eq!(CpuBackend::new(2).search(&task).unwrap(), None);
    assert_eq!(hashes.into_inner(), 0);
}

/// The best of some attempts, as the machine may be busy with other things.
#[test]
fn a_search_stops_within_milliseconds() {
    for kernel in Kernel::available() {
        let backend = CpuBackend::all_cores().with_kernel(kernel);
        let best = (0..10).map(|_| stop_latency(&backend)).min().unwrap();
        println!("{kernel}: stopped after {best:?}");
        assert!(best < Duration::from_millis(5), "{kernel} stopped after {best:?}");
    }
}

fn stop_latency(backend: &CpuBackend) -> Duration {
    let (stop, hashes) = (Stop::new(), AtomicU64::new(0));
    let task = Task::new(endless(2), NonceRange::new(0, u64::MAX), &stop, &hashes);
    thread::scope(|scope| {
        let stopper = scope.spawn(|| {
            until("hashes are counted", || hashes.load(Ordering::Relaxed) > 0);
            stop.stop();
            Instant::now()
        });
        assert!(matches!(backend.search(&task), Ok(None)));
        let ended = Instant::now();
        ended.saturating_duration_since(stopper.join().expect("the search began"))
    })
}

/// With a fixed start for each root the number of hashes is always the same; its mean over many
/// roots is what the threshold promises. The standard error of the mean is 5 %.
#[test]
fn the_number_of_hashes_is_as_expected() {
    let threshold = one_in_two_to(10);
    for kernel in Kernel::available() {
        let backend = CpuBackend::new(1).with_kernel(kernel);
        let (stop, hashes) = (Stop::new(), AtomicU64::new(0));
        for index in 0..400u64 {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&index.to_le_bytes());
            let job = Job::new(Root::from_bytes(bytes), threshold);
            let task = Task::new(job, NonceRange::new(index << 32, 1 << 20), &stop, &hashes);
            assert!(backend.search(&task).unwrap().is_some());
        }
        let ratio = f64::from(u32::try_from(hashes.into_inner()).unwrap())
            / (400.0 * threshold.expected_hashes());
        assert!((0.8..1.2).contains(&ratio), "{kernel}: {ratio} of the expected hashes");
    }
}

#[test]
fn options_are_followed() {
    let options = CpuOptions {
        threads: Some(3),
        kernel: Some(Kernel::portable()),
        low_priority: cfg!(target_os = "linux"),
        pinned: cfg!(target_os = "linux"),
    };
    let backend = CpuBackend::with_options(&options).unwrap();
    assert_eq!((backend.threads(), backend.kernel()), (3, Kernel::portable()));
    let default = CpuBackend::with_options(&CpuOptions::default()).unwrap();
    assert_eq!(default.threads(), CpuBackend::all_cores().threads());
    assert_eq!(default.kernel(), Kernel::best());
}

#[test]
#[cfg(not(target_os = "linux"))]
fn what_the_system_does_not_have_is_refused() {
    let options = CpuOptions { pinned: true, ..CpuOptions::default() };
    assert!(CpuBackend::with_options(&options).is_err());
}

#[test]
fn the_name_says_threads_and_kernel() {
    let backend = CpuBackend::new(0).with_kernel(Kernel::portable());
    assert_eq!(backend.name(), "cpu 1 x portable");
    assert_eq!(backend.threads(), 1);
    assert_eq!(backend.kernel(), Kernel::portable());
}
