//! Hashes per second of one thread: each kernel beside the plain loop over the `blake2` crate.
//!
//! `cargo bench -p nano-pow --bench search`

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nano_pow::{
    Job, NonceRange,
    cpu::{Kernel, Midstate},
};
use nano_primitives::{Difficulty, Root, Work};
use std::hint::black_box;

const NONCES: NonceRange = NonceRange::new(0x0123_4567_89ab_cdef, 1 << 16);

/// What the other programs do on a processor.
fn plain(job: &Job, nonces: NonceRange) -> Option<Work> {
    nonces.iter().find(|work| work.value(&job.root) >= job.threshold)
}

fn search(criterion: &mut Criterion) {
    let job = Job::new(Root::from_bytes([0x5a; 32]), Difficulty::MAX);
    let mut group = criterion.benchmark_group("search");
    group.throughput(Throughput::Elements(NONCES.count()));
    group.bench_function("blake2-crate", |bencher| {
        bencher.iter(|| plain(black_box(&job), black_box(NONCES)));
    });
    let midstate = Midstate::new(&job.root);
    for kernel in Kernel::available() {
        group.bench_function(BenchmarkId::from_parameter(kernel), |bencher| {
            bencher.iter(|| {
                kernel.search(black_box(&midstate), black_box(job.threshold), black_box(NONCES))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, search);
criterion_main!(benches);
