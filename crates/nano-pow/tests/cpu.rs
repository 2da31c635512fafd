//! The processor as a backend, alone.

mod common;

use common::{easy, endless, one_in_two_to, root, until};
use nano_pow::{
    Backend, CpuBackend, NonceRange, Puzzle, Stop, Task,
    cpu::{CpuOptions, Kernel},
};
use nano_primitives::{Root, Work};
use std::{
    slice, thread,
    time::{Duration, Instant},
};

/// What a processor finds, and the hashes counted.
fn search(
    threads: usize,
    kernel: Kernel,
    puzzle: Puzzle,
    nonces: NonceRange,
) -> (Option<Work>, u64) {
    common::search(&CpuBackend::new(threads).with_kernel(kernel), puzzle, nonces)
}

/// A nonce, and a job that it alone of its neighbours solves: the best of 2^16 nonces.
fn planted() -> (u64, Puzzle) {
    let nonces = NonceRange::new(0u64.wrapping_sub(1 << 15), 1 << 16);
    let best = nonces.iter().max_by_key(|work| work.value(&root(1))).expect("there are nonces");
    (best.to_u64(), Puzzle::new(root(1), best.value(&root(1))))
}

#[test]
fn planted_work_is_found_at_the_first_last_and_middle_place() {
    let (nonce, puzzle) = planted();
    for kernel in Kernel::available() {
        for threads in [1, 3] {
            for before in [0, 1, 7, 8, 4999, 9999] {
                let nonces = NonceRange::new(nonce.wrapping_sub(before), 10_000);
                let (found, hashes) = search(threads, kernel, puzzle, nonces);
                assert_eq!(found, Some(Work::from_u64(nonce)), "{kernel}, {before} before");
                assert!((1..=10_000).contains(&hashes));
            }
        }
    }
}

#[test]
fn nonces_without_work_are_all_tried_once() {
    let (nonce, puzzle) = planted();
    for kernel in Kernel::available() {
        for threads in [1, 2, 5] {
            let nonces = NonceRange::new(nonce.wrapping_add(1), 10_001);
            assert_eq!(search(threads, kernel, puzzle, nonces), (None, 10_001), "{kernel}");
        }
    }
}

#[test]
fn fewer_nonces_than_threads_are_enough() {
    let (nonce, puzzle) = planted();
    let found = search(4, Kernel::best(), puzzle, NonceRange::new(nonce, 1)).0;
    assert_eq!(found, Some(Work::from_u64(nonce)));
    assert_eq!(search(4, Kernel::best(), easy(1), NonceRange::new(0, 0)), (None, 0));
}

#[test]
fn a_stopped_task_is_not_begun() {
    let stop = Stop::new();
    stop.clone().stop();
    let task = Task::new(endless(1), NonceRange::new(0, u64::MAX), &stop);
    CpuBackend::new(2).search(slice::from_ref(&task)).unwrap();
    assert_eq!((task.work(), task.hashes()), (None, 0));
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
    let stop = Stop::new();
    let task = Task::new(endless(2), NonceRange::new(0, u64::MAX), &stop);
    thread::scope(|scope| {
        let stopper = scope.spawn(|| {
            until("hashes are counted", || task.hashes() > 0);
            stop.stop();
            Instant::now()
        });
        backend.search(slice::from_ref(&task)).expect("a processor does not fail");
        assert_eq!(task.work(), None);
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
        let mut total = 0;
        for index in 0..400u64 {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&index.to_le_bytes());
            let puzzle = Puzzle::new(Root::from_bytes(bytes), threshold);
            let nonces = NonceRange::new(index << 32, 1 << 20);
            let (found, hashes) = common::search(&backend, puzzle, nonces);
            assert!(found.is_some());
            total += hashes;
        }
        let ratio =
            f64::from(u32::try_from(total).unwrap()) / (400.0 * threshold.expected_hashes());
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
    assert_eq!(backend.info().name, "cpu 1 x portable");
    assert_eq!(backend.threads(), 1);
    assert_eq!(backend.kernel(), Kernel::portable());
}
