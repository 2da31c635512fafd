//! Both kernels on every adapter there is, software ones too.
//!
//! Without an adapter there is nothing to test: that is printed, and a failure where
//! `P2POW_REQUIRE_GPU=1` is set.

#![cfg(feature = "gpu")]
#![allow(clippy::unwrap_used)] // in the helpers of tests

use nano_pow::{
    Backend, Job, NonceRange, Pool, Stop, Task,
    gpu::{self, AdapterInfo, GpuBackend, GpuError, GpuKernel, GpuOptions},
};
use nano_primitives::{Difficulty, Root, Work};
use proptest::{
    prelude::any,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

static DEVICES: LazyLock<Vec<GpuBackend>> = LazyLock::new(open);

/// Every kernel on every adapter.
fn open() -> Vec<GpuBackend> {
    let adapters = gpu::adapters();
    if adapters.is_empty() {
        assert!(std::env::var_os("P2POW_REQUIRE_GPU").is_none(), "no adapter, and one is required");
        println!("skipped: there is no adapter");
    }
    adapters.iter().flat_map(kernels).collect()
}

fn kernels(adapter: &AdapterInfo) -> impl Iterator<Item = GpuBackend> {
    let kernels =
        GpuKernel::ALL.into_iter().filter(|kernel| adapter.has_u64 || *kernel == GpuKernel::U32);
    kernels.map(|kernel| {
        let options = GpuOptions { kernel: Some(kernel), allow_software: true };
        let device = GpuBackend::new(adapter, &options).unwrap();
        println!("testing {}", device.name());
        assert_eq!(device.kernel(), kernel);
        device
    })
}

fn values_of(root: &Root, nonces: NonceRange) -> Vec<Difficulty> {
    nonces.iter().map(|work| work.value(root)).collect()
}

/// A root and the first of its nonces from `first` on to have the highest value of `count`.
fn best(root: &Root, nonces: NonceRange) -> Job {
    Job::new(*root, values_of(root, nonces).into_iter().max().unwrap())
}

/// What a device finds, and how many nonces it says it tried.
fn search(device: &GpuBackend, job: Job, nonces: NonceRange) -> (Option<Work>, u64) {
    let (stop, hashes) = (Stop::new(), AtomicU64::new(0));
    let found = device.search(&Task::new(job, nonces, &stop, &hashes)).unwrap();
    (found, hashes.into_inner())
}

#[test]
fn values_equal_the_reference_over_random_roots_and_nonces() {
    let cases = (any::<[u8; 32]>(), any::<u64>());
    for device in &*DEVICES {
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
        let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
        let run = TestRunner::new_with_rng(config, rng).run(&cases, |(root, first)| {
            let (root, nonces) = (Root::from_bytes(root), NonceRange::new(first, 4096));
            assert!(
                device.values(&root, nonces).unwrap() == values_of(&root, nonces),
                "{root} {first:x}"
            );
            Ok(())
        });
        run.unwrap();
    }
}

#[test]
fn values_equal_the_reference_where_a_carry_or_the_end_of_the_nonces_is_crossed() {
    let borders = [0, 1 << 32, 0xffff_ffff << 32, 1 << 63, 1 << 31];
    for device in &*DEVICES {
        for (border, byte) in borders.into_iter().zip([0x00, 0xff, 0x80, 0x7f, 0x01]) {
            let root = Root::from_bytes([byte; 32]);
            let nonces = NonceRange::new(u64::wrapping_sub(border, 1000), 2000);
            assert!(
                device.values(&root, nonces).unwrap() == values_of(&root, nonces),
                "{border:x}"
            );
        }
    }
}

#[test]
fn more_values_than_a_device_holds_are_refused() {
    for device in &*DEVICES {
        let error = device.values(&Root::ZERO, NonceRange::new(0, u64::MAX)).unwrap_err();
        assert!(matches!(error, GpuError::TooMany { .. }), "{error}");
        assert_eq!(device.values(&Root::ZERO, NonceRange::new(9, 0)).unwrap(), []);
    }
}

/// The one solution of a job is put at a place by the choice of the range.
#[test]
fn a_solution_is_found_at_the_first_last_and_any_other_place() {
    let around = NonceRange::new(u64::MAX - 30_000, 60_000);
    for (device, byte) in DEVICES.iter().zip(1..) {
        let root = Root::from_bytes([byte; 32]);
        let job = best(&root, around);
        let work = around.iter().find(|work| job.check(*work).is_ok()).unwrap();
        for before in [0, 1, 127, 128, 1023, 1024, 8191, 8192, 16383, 20_000] {
            let first = work.to_u64().wrapping_sub(before);
            for after in [0, 1, 5000] {
                let found = search(device, job, NonceRange::new(first, before + 1 + after));
                assert_eq!(found, (Some(work), before + 1), "{before} before, {after} after");
            }
            assert_eq!(search(device, job, NonceRange::new(first, before)), (None, before));
        }
    }
}

/// More jobs at once than a card takes, of which one has no solution.
#[test]
fn a_batch_finds_the_first_solution_of_each_job() {
    let jobs: Vec<_> = (0..20)
        .map(|byte| {
            let threshold = if byte == 11 { u64::MAX } else { 0xfff0_0000_0000_0000 };
            Job::new(Root::from_bytes([byte; 32]), Difficulty::from_u64(threshold))
        })
        .collect();
    let nonces = NonceRange::new(u64::MAX - 5000, 60_000);
    let first = |job: &Job| nonces.iter().find(|work| job.check(*work).is_ok());
    let expected: Vec<_> = jobs.iter().map(first).collect();
    assert_eq!(expected.iter().flatten().count(), 19);
    for device in &*DEVICES {
        for batch in [jobs.len(), 3, 1] {
            let (stop, hashes) = (Stop::new(), AtomicU64::new(0));
            let tasks = jobs.iter().map(|job| Task::new(*job, nonces, &stop, &hashes));
            let tasks: Vec<_> = tasks.collect();
            let works = Mutex::new(vec![None; tasks.len()]);
            for (tasks, begin) in tasks.chunks(batch).zip((0..).step_by(batch)) {
                let found = |index: usize, work| {
                    assert_eq!(works.lock().unwrap()[begin + index].replace(work), None);
                };
                device.search_batch(tasks, &found).unwrap();
            }
            assert_eq!(works.into_inner().unwrap(), expected, "{batch} at a time");
        }
    }
}

#[test]
fn a_job_that_is_stopped_does_not_hold_up_its_batch() {
    for device in &*DEVICES {
        let (stops, hashes) = ([Stop::new(), Stop::new()], AtomicU64::new(0));
        let endless = Job::new(Root::from_bytes([1; 32]), Difficulty::MAX);
        let easy = Job::new(Root::from_bytes([2; 32]), Difficulty::from_u64(!(u64::MAX >> 20)));
        let nonces = NonceRange::new(0, u64::MAX);
        let tasks = [endless, easy].into_iter().zip(&stops);
        let tasks: Vec<_> =
            tasks.map(|(job, stop)| Task::new(job, nonces, stop, &hashes)).collect();
        let works = Mutex::new(Vec::new());
        let found = |index, work| {
            works.lock().unwrap().push((index, work));
            stops[0].stop();
        };
        device.search_batch(&tasks, &found).unwrap();
        let works = works.into_inner().unwrap();
        assert_eq!(works.len(), 1);
        assert!(works[0].0 == 1 && easy.check(works[0].1).is_ok());
    }
}

#[test]
fn the_first_of_many_solutions_is_found() {
    for device in &*DEVICES {
        for byte in 0..8 {
            let job =
                Job::new(Root::from_bytes([byte; 32]), Difficulty::from_u64(0xf000_0000_0000_0000));
            let nonces = NonceRange::new(u64::from(byte) << 61, 10_000);
            let first = nonces.iter().find(|work| job.check(*work).is_ok());
            assert_eq!(search(device, job, nonces).0, first);
        }
    }
}

#[test]
fn every_nonce_of_a_long_range_is_tried_and_counted() {
    for device in &*DEVICES {
        let job = Job::new(Root::from_bytes([3; 32]), Difficulty::MAX);
        let count = 5_000_011;
        assert_eq!(search(device, job, NonceRange::new(u64::MAX - 99, count)), (None, count));
        assert_eq!(search(device, job, NonceRange::new(7, 0)), (None, 0));
    }
}

#[test]
fn a_search_that_is_stopped_ends_at_once_and_the_next_one_is_right() {
    for device in &*DEVICES {
        let (stop, hashes) = (Stop::new(), AtomicU64::new(0));
        let job = Job::new(Root::from_bytes([4; 32]), Difficulty::MAX);
        let task = Task::new(job, NonceRange::new(0, u64::MAX), &stop, &hashes);
        let took = thread::scope(|scope| {
            let search = scope.spawn(|| device.search(&task).unwrap());
            let deadline = Instant::now() + Duration::from_secs(60);
            while hashes.load(Ordering::Relaxed) == 0 {
                assert!(Instant::now() < deadline, "the device tries nothing");
                thread::yield_now();
            }
            let since = Instant::now();
            stop.stop();
            assert_eq!(search.join().unwrap(), None);
            since.elapsed()
        });
        // Two milliseconds are the rule; a busy machine has its own.
        assert!(took < Duration::from_millis(500), "{took:?}");
        let (job, nonces) = (Job::new(job.root, Difficulty::MIN), NonceRange::new(55, 10));
        assert_eq!(search(device, job, nonces), (Some(Work::from_u64(55)), 1));
    }
}

#[test]
fn a_pool_solves_with_graphics_cards_alone() {
    let options = GpuOptions { allow_software: true, ..GpuOptions::default() };
    let devices = gpu::open_all(&options).into_iter().map(Result::unwrap);
    let devices: Vec<_> = devices.map(|device| Box::new(device) as Box<dyn Backend>).collect();
    if devices.is_empty() {
        return assert!(DEVICES.is_empty()); // which says so
    }
    let pool = Pool::new(devices);
    for byte in 0..4 {
        let job =
            Job::new(Root::from_bytes([byte; 32]), Difficulty::from_u64(0xffff_c000_0000_0000));
        let solution = pool.submit(job).wait().unwrap();
        assert_eq!(job.check(solution.work()), Ok(solution));
    }
}

#[test]
fn software_is_used_only_when_asked_for() {
    let options = GpuOptions::default();
    for adapter in gpu::adapters().iter().filter(|adapter| adapter.is_software()) {
        let error = GpuBackend::new(adapter, &options).unwrap_err();
        assert!(matches!(&error, GpuError::Software { name } if *name == adapter.name), "{error}");
    }
    for device in gpu::open_all(&options) {
        assert!(!device.unwrap().adapter().is_software());
    }
}

#[test]
fn an_adapter_that_is_not_there_any_more_is_named() {
    for mut adapter in gpu::adapters() {
        adapter.name = "Voodoo".to_owned();
        let options = GpuOptions { allow_software: true, ..GpuOptions::default() };
        let error = GpuBackend::new(&adapter, &options).unwrap_err();
        assert_eq!(error.to_string(), "adapter \"Voodoo\" is gone");
    }
}
