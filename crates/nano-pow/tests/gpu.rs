//! Both kernels on every adapter there is, software ones too.
//!
//! Without an adapter there is nothing to test: that is printed, and a failure where
//! `P2POW_REQUIRE_GPU=1` is set.

#![cfg(feature = "gpu")]
#![allow(clippy::unwrap_used)] // in the helpers of tests

use nano_pow::{
    Backend, NonceRange, Pool, Puzzle, Stop, Task,
    gpu::{self, AdapterInfo, GpuBackend, GpuError, GpuKernel, GpuOptions},
};
use nano_primitives::{Difficulty, Root, Work};
use proptest::{
    prelude::any,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{
    env,
    io::{self, Write},
    slice,
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

/// There is at least one where `P2POW_REQUIRE_GPU` is set.
static ADAPTERS: LazyLock<Vec<AdapterInfo>> = LazyLock::new(|| {
    let adapters = gpu::adapters();
    if adapters.is_empty() {
        assert!(env::var_os("P2POW_REQUIRE_GPU").is_none(), "no adapter, and one is required");
        // Past the capture of tests that pass.
        io::stderr().write_all(b"skipped: there is no adapter\n").unwrap();
    }
    adapters
});

/// Every kernel on every adapter.
static DEVICES: LazyLock<Vec<GpuBackend>> =
    LazyLock::new(|| ADAPTERS.iter().flat_map(kernels).collect());

fn kernels(adapter: &AdapterInfo) -> impl Iterator<Item = GpuBackend> {
    let kernels = GpuKernel::ALL.iter().filter(|kernel| adapter.has_u64 || !kernel.needs_u64());
    kernels.map(|&kernel| {
        let options = GpuOptions { kernel: Some(kernel), allow_software: true };
        let device = GpuBackend::new(adapter, &options).unwrap();
        println!("testing {}", device.info().name);
        assert_eq!(device.kernel(), kernel);
        device
    })
}

fn values_of(root: &Root, nonces: NonceRange) -> Vec<Difficulty> {
    nonces.iter().map(|work| work.value(root)).collect()
}

/// A root and the first of its nonces from `first` on to have the highest value of `count`.
fn best(root: &Root, nonces: NonceRange) -> Puzzle {
    Puzzle::new(*root, values_of(root, nonces).into_iter().max().unwrap())
}

/// What a device finds, and how many nonces it says it tried.
fn search(device: &GpuBackend, puzzle: Puzzle, nonces: NonceRange) -> (Option<Work>, u64) {
    let stop = Stop::new();
    let task = Task::new(puzzle, nonces, &stop);
    device.search(slice::from_ref(&task)).unwrap();
    (task.work(), task.hashes())
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
        let puzzle = best(&root, around);
        let work = around.iter().find(|work| puzzle.check(*work).is_ok()).unwrap();
        for before in [0, 1, 127, 128, 1023, 1024, 8191, 8192, 16383, 20_000] {
            let first = work.to_u64().wrapping_sub(before);
            for after in [0, 1, 5000] {
                let found = search(device, puzzle, NonceRange::new(first, before + 1 + after));
                assert_eq!(found, (Some(work), before + 1), "{before} before, {after} after");
            }
            assert_eq!(search(device, puzzle, NonceRange::new(first, before)), (None, before));
        }
    }
}

/// More puzzles at once than a card takes, of which one has no solution.
#[test]
fn a_batch_finds_the_first_solution_of_each_puzzle() {
    let puzzles: Vec<_> = (0..20)
        .map(|byte| {
            let threshold = if byte == 11 { u64::MAX } else { 0xfff0_0000_0000_0000 };
            Puzzle::new(Root::from_bytes([byte; 32]), Difficulty::from_u64(threshold))
        })
        .collect();
    let nonces = NonceRange::new(u64::MAX - 5000, 60_000);
    let first = |puzzle: &Puzzle| nonces.iter().find(|work| puzzle.check(*work).is_ok());
    let expected: Vec<_> = puzzles.iter().map(first).collect();
    assert_eq!(expected.iter().flatten().count(), 19);
    for device in &*DEVICES {
        for batch in [puzzles.len(), 3, 1] {
            let stop = Stop::new();
            let tasks = puzzles.iter().map(|puzzle| Task::new(*puzzle, nonces, &stop));
            let tasks: Vec<_> = tasks.collect();
            for tasks in tasks.chunks(batch) {
                device.search(tasks).unwrap();
            }
            let works: Vec<_> = tasks.iter().map(Task::work).collect();
            assert_eq!(works, expected, "{batch} at a time");
        }
    }
}

#[test]
fn a_task_that_is_stopped_does_not_hold_up_its_batch() {
    for device in &*DEVICES {
        let stops = [Stop::new(), Stop::new()];
        let endless = Puzzle::new(Root::from_bytes([1; 32]), Difficulty::MAX);
        let easy = Puzzle::new(Root::from_bytes([2; 32]), Difficulty::from_u64(!(u64::MAX >> 20)));
        let nonces = NonceRange::new(0, u64::MAX);
        let tasks = [Task::new(endless, nonces, &stops[0]), Task::new(easy, nonces, &stops[1])];
        thread::scope(|scope| {
            let search = scope.spawn(|| device.search(&tasks).unwrap());
            wait_until("work is found", || tasks[1].work().is_some());
            stops[0].stop();
            search.join().unwrap();
        });
        assert_eq!(tasks[0].work(), None);
        assert!(tasks[1].work().is_some_and(|work| easy.check(work).is_ok()));
    }
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::yield_now();
    }
}

#[test]
fn the_first_of_many_solutions_is_found() {
    for device in &*DEVICES {
        for byte in 0..8 {
            let puzzle = Puzzle::new(
                Root::from_bytes([byte; 32]),
                Difficulty::from_u64(0xf000_0000_0000_0000),
            );
            let nonces = NonceRange::new(u64::from(byte) << 61, 10_000);
            let first = nonces.iter().find(|work| puzzle.check(*work).is_ok());
            assert_eq!(search(device, puzzle, nonces).0, first);
        }
    }
}

#[test]
fn every_nonce_of_a_long_range_is_tried_and_counted() {
    for device in &*DEVICES {
        let puzzle = Puzzle::new(Root::from_bytes([3; 32]), Difficulty::MAX);
        let count = 5_000_011;
        assert_eq!(search(device, puzzle, NonceRange::new(u64::MAX - 99, count)), (None, count));
        assert_eq!(search(device, puzzle, NonceRange::new(7, 0)), (None, 0));
    }
}

#[test]
fn a_search_that_is_stopped_ends_at_once_and_the_next_one_is_right() {
    for device in &*DEVICES {
        let stop = Stop::new();
        let puzzle = Puzzle::new(Root::from_bytes([4; 32]), Difficulty::MAX);
        let task = Task::new(puzzle, NonceRange::new(0, u64::MAX), &stop);
        let took = thread::scope(|scope| {
            let search = scope.spawn(|| device.search(slice::from_ref(&task)).unwrap());
            wait_until("the device tries something", || task.hashes() > 0);
            let since = Instant::now();
            stop.stop();
            search.join().unwrap();
            since.elapsed()
        });
        assert_eq!(task.work(), None);
        // Two milliseconds are the rule; a busy machine has its own.
        assert!(took < Duration::from_millis(500), "{took:?}");
        let (puzzle, nonces) = (Puzzle::new(puzzle.root, Difficulty::MIN), NonceRange::new(55, 10));
        assert_eq!(search(device, puzzle, nonces), (Some(Work::from_u64(55)), 1));
    }
}

#[test]
fn a_pool_solves_with_graphics_cards_alone() {
    let options = GpuOptions { allow_software: true, ..GpuOptions::default() };
    if ADAPTERS.is_empty() {
        return; // which was said
    }
    let devices = gpu::open_all(&options).into_iter().map(Result::unwrap);
    let devices: Vec<_> = devices.map(|device| Box::new(device) as Box<dyn Backend>).collect();
    assert_eq!(devices.len(), ADAPTERS.len());
    let pool = Pool::new(devices);
    for byte in 0..4 {
        let puzzle =
            Puzzle::new(Root::from_bytes([byte; 32]), Difficulty::from_u64(0xffff_c000_0000_0000));
        let solution = pool.submit(puzzle).wait().unwrap();
        assert_eq!(puzzle.check(solution.work()), Ok(solution));
    }
}

#[test]
fn software_is_used_only_when_asked_for() {
    let options = GpuOptions::default();
    for adapter in ADAPTERS.iter().filter(|adapter| adapter.is_software()) {
        let error = GpuBackend::new(adapter, &options).unwrap_err();
        assert!(matches!(&error, GpuError::Software { name } if *name == adapter.name), "{error}");
    }
    for device in gpu::open_all(&options) {
        assert!(!device.unwrap().adapter().is_software());
    }
}

#[test]
fn an_adapter_that_is_not_there_any_more_is_named() {
    for adapter in &*ADAPTERS {
        let mut adapter = adapter.clone();
        adapter.name = "Voodoo".to_owned();
        let options = GpuOptions { allow_software: true, ..GpuOptions::default() };
        let error = GpuBackend::new(&adapter, &options).unwrap_err();
        assert_eq!(error.to_string(), "adapter \"Voodoo\" is gone");
    }
}
