//! Answers in the spelling of nano-work-server: every scalar is a text.

use crate::{
    command::{Benchmark, Validate},
    jobs::Counts,
};
use nano_block::Thresholds;
use nano_pow::{
    Solution,
    pool::{DeviceStatus, PoolStatus},
};
use nano_primitives::Difficulty;
use serde_json::{Value, json};
use std::time::Duration;

/// Work that was found.
pub(crate) fn generated(solution: &Solution, base: Difficulty) -> Value {
    json!({
        "work": solution.work(),
        "difficulty": unpadded(solution.value()),
        "multiplier": solution.value().multiplier(base).to_string(),
    })
}

/// What some work is worth.
pub(crate) fn verdict(validate: &Validate, thresholds: &Thresholds) -> Value {
    let value = validate.work.value(&validate.root);
    let mut answer = json!({
        "valid_all": flag(value >= thresholds.base()),
        "valid_receive": flag(value >= thresholds.epoch_2_receive),
        "difficulty": unpadded(value),
        "multiplier": value.multiplier(thresholds.base()).to_string(),
    });
    if let Some(asked) = validate.asked {
        answer["valid"] = flag(value >= asked).into();
    }
    answer
}

/// What a benchmark has found.
pub(crate) fn benchmark(
    benchmark: &Benchmark,
    base: Difficulty,
    duration: Duration,
    hashes: u64,
) -> Value {
    json!({
        "difficulty": unpadded(benchmark.threshold),
        "multiplier": benchmark.threshold.multiplier(base).to_string(),
        "count": benchmark.count.to_string(),
        "duration": duration.as_millis().to_string(),
        "average": (duration / benchmark.count).as_millis().to_string(),
        "hashes_per_second": whole(per_second(hashes, duration)),
        "hint": "Times in milliseconds",
    })
}

/// What the status tells of.
#[derive(Debug)]
pub(crate) struct Doing {
    pub(crate) pool: PoolStatus,
    pub(crate) counts: Counts,
    /// Jobs that wait or are worked on.
    pub(crate) jobs: usize,
    pub(crate) uptime: Duration,
}

/// How the server is doing.
pub(crate) fn status(doing: &Doing) -> Value {
    let Doing { pool, counts, jobs, uptime } = doing;
    json!({
        "generating": flag(!pool.running.is_empty()),
        "queue_size": pool.queued.to_string(),
        "jobs": jobs.to_string(),
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_seconds": uptime.as_secs().to_string(),
        "hashes": pool.hashes_total.to_string(),
        "hashes_per_second": whole(pool.rate.unwrap_or_default()),
        "seconds_left": format!("{:.3}", pool.expected_seconds_left().unwrap_or_default()),
        "counts": {
            "generated": counts.generated.to_string(),
            "cancelled": counts.cancelled.to_string(),
            "abandoned": counts.abandoned.to_string(),
            "failed": counts.failed.to_string(),
            "validated": counts.validated.to_string(),
            "refused": counts.refused.to_string(),
        },
        "times": {
            "average_ms": counts.average().as_millis().to_string(),
            "last_ms": counts.last.as_millis().to_string(),
            "longest_ms": counts.longest.as_millis().to_string(),
        },
        "devices": pool.devices.iter().map(device).collect::<Vec<_>>(),
    })
}

fn device(device: &DeviceStatus) -> Value {
    json!({
        "name": device.name,
        "hashes": device.hashes.to_string(),
        "hashes_per_second": whole(device.rate.unwrap_or_default()),
        "solutions": device.solutions.to_string(),
        "failures": device.failures.to_string(),
        "quarantine_seconds": device.quarantine.unwrap_or_default().as_secs().to_string(),
    })
}

const fn flag(is_so: bool) -> &'static str {
    if is_so { "1" } else { "0" }
}

/// Without leading zeros, unlike everywhere else.
fn unpadded(difficulty: Difficulty) -> String {
    format!("{:x}", difficulty.to_u64())
}

fn whole(rate: f64) -> String {
    format!("{rate:.0}")
}

#[allow(clippy::cast_precision_loss)] // a rate needs no more than 53 bits
fn per_second(hashes: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { hashes as f64 / time.as_secs_f64() }
}
