//! Many senders and workers, and everything that goes wrong at once: at the end the books balance.
//!
//! What happens is decided by a seed, which is printed; when it happens is not. A long run:
//! `P2POW_FAULTS_RUNS=100 P2POW_FAULTS_SEED=7 cargo test -p p2pow-server --test faults -- --nocapture`.

#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod man;
mod town;

use std::{
    panic,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::time::sleep;
use town::Town;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The memory of this process in MiB, where the system tells.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib / 1024)
}

/// Counts panics, of which a runtime says nothing to anybody.
fn panics() -> &'static AtomicUsize {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        hook(panic);
    }));
    &PANICS
}

/// Jobs, and those of them that were won.
async fn run(seed: u64, rounds: u64) -> (usize, usize) {
    let mut town = Town::found(seed).await;
    for round in 0..rounds {
        town.revive().await;
        for _ in 0..3 {
            town.order();
        }
        if round % 2 == 0 {
            town.fault().await;
        }
        let pause = town.dice.roll(40);
        sleep(Duration::from_millis(pause)).await; // so that jobs are in every phase
    }
    town.settle().await;
    town.check().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_balance_whatever_goes_wrong() {
    let (seed, rounds) = (number("P2POW_FAULTS_SEED", 1), number("P2POW_FAULTS_ROUNDS", 30));
    let runs = number("P2POW_FAULTS_RUNS", 3);
    let (mut level, panics) = (None, panics());
    for seed in (seed..).take(usize::try_from(runs).unwrap()) {
        println!("P2POW_FAULTS_SEED={seed} P2POW_FAULTS_ROUNDS={rounds} P2POW_FAULTS_RUNS=1");
        let (jobs, won) = run(seed, rounds).await;
        println!("{jobs} jobs, {won} of them won, {:?} MiB", memory());
        assert!(jobs > 0 && won > 0, "something happened");
        assert_eq!(panics.load(Ordering::SeqCst), 0, "nothing has panicked");
        // Each run begins with a new network, so that what was of the one before must be gone.
        let Some(now) = memory() else { continue };
        let level = *level.get_or_insert(now);
        assert!(now <= level + level / 2 + 32, "{now} MiB are taken, and were {level} at first");
    }
}
