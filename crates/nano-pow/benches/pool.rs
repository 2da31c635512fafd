//! What the pool costs around a search: from the submission to the answer, from giving up to the
//! next answer, and a queue of many requests.
//!
//! `cargo bench -p nano-pow --bench pool`, with the number of threads, the number of rounds and the
//! name of a kernel as arguments if wanted.
//!
//! The puzzles are solved by about the first nonce, so that next to no hashing is measured.

use nano_pow::{CpuBackend, Pool, Puzzle, cpu::Kernel};
use nano_primitives::{Difficulty, Root};
use std::{
    error::Error,
    time::{Duration, Instant},
};

/// About one nonce in two is good enough.
const EASY: Difficulty = Difficulty::from_u64(1 << 63);

/// The puzzles are all of different roots, so that no work is known.
fn puzzle(index: u64, threshold: Difficulty) -> Puzzle {
    let mut root = [0x5c; 32];
    root[..8].copy_from_slice(&index.to_le_bytes());
    Puzzle::new(Root::from_bytes(root), threshold)
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let threads = args.first().map_or(Ok(1), |arg| arg.parse())?;
    let rounds = args.get(1).map_or(Ok(20_000), |arg| arg.parse())?;
    let kernel = args.get(2).map(|name| Kernel::by_name(name).ok_or("no such kernel here"));
    let kernel = kernel.transpose()?.unwrap_or_else(Kernel::best);
    let cpu = CpuBackend::new(threads).with_kernel(kernel);
    let pool = Pool::new(vec![Box::new(cpu)]);
    println!("{:<42} {:>10} {:>10} {:>10}", "microseconds", "least", "median", "99 %");
    for _ in 0..3 {
        row("submission to answer", rounds, |index| answer(&pool, index));
        row("giving up to the next answer", rounds / 10, |index| give_up(&pool, index));
        row("each of 100 queued at once", rounds / 100, |index| queue(&pool, index));
    }
    Ok(())
}

fn answer(pool: &Pool, index: u64) -> Duration {
    let begin = Instant::now();
    pool.submit(puzzle(index, EASY)).wait().expect("the processor finds work");
    begin.elapsed()
}

fn give_up(pool: &Pool, index: u64) -> Duration {
    let ticket = pool.submit(puzzle(index, Difficulty::MAX));
    while ticket.progress().hashes == 0 {
        std::hint::spin_loop();
    }
    let begin = Instant::now();
    drop(ticket);
    pool.submit(puzzle(!index, EASY)).wait().expect("the processor finds work");
    begin.elapsed()
}

fn queue(pool: &Pool, index: u64) -> Duration {
    let begin = Instant::now();
    let submit = |place| pool.submit(puzzle(index << 8 | place, EASY));
    let tickets: Vec<_> = (0..100).map(submit).collect();
    for ticket in tickets {
        ticket.wait().expect("the processor finds work");
    }
    begin.elapsed() / 100
}

/// Measures `rounds` times; the indices of no two rounds are the same.
fn row(what: &str, rounds: u64, measure: impl Fn(u64) -> Duration) {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let next = || NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let mut times: Vec<_> = (0..rounds.max(1)).map(|_| measure(next())).collect();
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e6;
    println!("{what:<42} {:>10.2} {:>10.2} {:>10.2}", at(0), at(50), at(99));
}
