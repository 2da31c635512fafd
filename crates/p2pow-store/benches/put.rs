//! What a durable write costs: alone, and among many at once. On a disk, so it says as much about that as about us.

use criterion::{Criterion, criterion_group, criterion_main};
use p2pow_store::{Expect, SqliteStore, Store};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

const TOGETHER: usize = 64;

/// The size of a job of one block.
fn value() -> String {
    format!("{:?}", "x".repeat(1500))
}

fn writes(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("threads");
    let folder =
        tempfile::tempdir_in(std::env::current_dir().expect("a folder")).expect("a folder");
    let store = Arc::new(SqliteStore::open(folder.path().join("a.db")).expect("a store"));
    let number = Arc::new(AtomicU64::new(0));
    let put = || {
        let (store, key) = (Arc::clone(&store), number.fetch_add(1, Ordering::Relaxed).to_string());
        async move { store.put("job", &key, value(), Expect::Absent).await.expect("a write") }
    };
    c.bench_function("put, alone", |b| b.iter(|| runtime.block_on(put())));
    let note = || {
        let (store, key) = (Arc::clone(&store), number.fetch_add(1, Ordering::Relaxed).to_string());
        async move { store.note("job", &key, value(), Expect::Absent).await.expect("a write") }
    };
    c.bench_function("note, alone", |b| b.iter(|| runtime.block_on(note())));
    c.bench_function("put, 64 at once", |b| {
        b.iter(|| {
            let puts: Vec<_> = (0..TOGETHER).map(|_| runtime.spawn(put())).collect();
            for put in puts {
                runtime.block_on(put).expect("a write");
            }
        });
    });
}

criterion_group! { name = benches; config = Criterion::default().sample_size(20); targets = writes }
criterion_main!(benches);
