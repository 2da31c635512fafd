//! Hashes per second of one thread: each kernel beside the plain loop over the `blake2` crate.
//!
//! `cargo bench -p nano-pow --bench search`
//!
//! All take turns, some milliseconds each, so that a machine whose clock or neighbours change treats
//! them alike. A ratio is the median of those within a turn. The clock is that of a chain of
//! additions, in the same turn.

use nano_pow::{
    NonceRange, Puzzle,
    cpu::{Kernel, Midstate},
};
use nano_primitives::{Difficulty, Root, Work};
use std::{hint::black_box, time::Instant};

const TURNS: usize = 150;
const FIRST: u64 = 0x0123_4567_89ab_cdef;
/// Nonces a turn for a loop that tries one at a time.
const NONCES: u64 = 1 << 15;
/// Iterations of [`chain`] a turn.
const LINKS: u64 = 1 << 22;

/// What the other programs do on a processor.
fn plain(puzzle: &Puzzle, nonces: NonceRange) -> Option<Work> {
    nonces.iter().find(|work| work.value(&puzzle.root) >= puzzle.threshold)
}

/// A chain of two operations of one cycle an iteration.
fn chain(links: u64) -> u64 {
    (0..links).fold(0, |sum: u64, link| (sum ^ link).rotate_left(7))
}

/// Something to be measured, with its rate in each turn.
struct Contender<'a> {
    name: &'static str,
    /// Units a turn: hashes, or cycles.
    units: u64,
    run: Box<dyn Fn() + 'a>,
    rates: Vec<f64>,
}

impl<'a> Contender<'a> {
    fn new(name: &'static str, units: u64, run: impl Fn() + 'a) -> Self {
        Self { name, units, run: Box::new(run), rates: Vec::new() }
    }

    #[allow(clippy::cast_precision_loss)] // a rate needs no more than 53 bits
    fn take_turn(&mut self) {
        let started = Instant::now();
        (self.run)();
        self.rates.push(self.units as f64 / started.elapsed().as_secs_f64());
    }

    /// Median over the turns of this rate divided by another's.
    fn over(&self, other: &Self) -> f64 {
        median(self.rates.iter().zip(&other.rates).map(|(rate, other)| rate / other).collect())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let puzzle = Puzzle::new(Root::from_bytes([0x5a; 32]), Difficulty::MAX);
    let midstate = Midstate::new(&puzzle.root);
    let clock = Contender::new("clock", 2 * LINKS, || {
        black_box(chain(black_box(LINKS)));
    });
    let nonces = NonceRange::new(FIRST, NONCES);
    let reference = Contender::new("blake2 crate", NONCES, || {
        black_box(plain(black_box(&puzzle), black_box(nonces)));
    });
    let kernel = |kernel: Kernel| {
        let (nonces, midstate) = (NonceRange::new(FIRST, NONCES * kernel.lanes()), &midstate);
        Contender::new(kernel.name(), nonces.count(), move || {
            black_box(kernel.search(black_box(midstate), puzzle.threshold, black_box(nonces)));
        })
    };
    let mut contenders: Vec<_> =
        [clock, reference].into_iter().chain(Kernel::available().map(kernel)).collect();
    for _ in 0..TURNS {
        contenders.iter_mut().for_each(Contender::take_turn);
    }
    let [clock, hashing @ ..] = &contenders[..] else { unreachable!("the clock comes first") };
    println!("clock {:.2} GHz, median", median(clock.rates.clone()) / 1e9);
    println!("{:<12} {:>8} {:>6} {:>18}", "kernel", "MH/s", "ratio", "cycles, 8 hashes");
    for contender in hashing {
        let rate = median(contender.rates.clone()) / 1e6;
        let (ratio, cycles) = (contender.over(&hashing[0]), 8.0 * clock.over(contender));
        println!("{:<12} {rate:>8.1} {ratio:>6.2} {cycles:>18.0}", contender.name);
    }
}
