//! Figures of a running worker for `docs/benchmarks.md`. They are printed, not judged:
//! `cargo test --profile bench -p p2pow-server --test measure -- --ignored --nocapture --test-threads 1`.
//!
//! Under attack, worker, attackers and whoever asks are three processes, so that memory and processor time are told
//! apart. `P2POW_MEASURE_WORKER="taskset -c 0"` and `P2POW_MEASURE_ATTACKERS="taskset -c 1"` keep attackers, who would
//! bring processors of their own, from those of the worker.

#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod attacks;
mod parts;
mod process;
mod races;

use std::time::Duration;

fn show(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| {
        let place = (times.len().max(1) - 1) * share / 100;
        times.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    };
    println!(
        "{what}: p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms of {}",
        at(50),
        at(99),
        at(100),
        times.len()
    );
}
