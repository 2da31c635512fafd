//! Hashing, signing, verifying, reading and writing one state block.

#![allow(missing_docs)]

use criterion::{Criterion, criterion_group, criterion_main};
use nano_block::{AccountState, Seed, SignedState};
use nano_primitives::{Amount, BlockHash, Work};
use std::hint::black_box;

fn blocks(c: &mut Criterion) {
    let key = Seed::from_bytes([1; 32]).derive(0);
    let state = AccountState {
        account: key.account(),
        frontier: Some(BlockHash::from_bytes([2; 32])),
        balance: Amount::MAX,
        representative: key.account(),
    };
    let block = state.send(key.account(), Amount::from_raw(1)).expect("there is enough");
    let signed = block.sign(&key).with_work(Work::from_u64(1));
    let json = serde_json::to_vec(&signed).expect("a block is JSON");
    let root = signed.root();

    c.bench_function("state block: hash", |b| b.iter(|| black_box(&block).hash()));
    c.bench_function("state block: sign", |b| b.iter(|| black_box(block).sign(&key)));
    c.bench_function("state block: verify", |b| b.iter(|| black_box(&signed).verify()));
    c.bench_function("state block: from JSON", |b| {
        b.iter(|| serde_json::from_slice::<SignedState>(black_box(&json)));
    });
    c.bench_function("state block: to JSON", |b| b.iter(|| serde_json::to_vec(black_box(&signed))));
    c.bench_function("account: to text", |b| b.iter(|| black_box(block.account).to_string()));
    c.bench_function("work: value of a nonce (reference)", |b| {
        b.iter(|| black_box(Work::from_u64(1)).value(&root));
    });
}

criterion_group!(benches, blocks);
criterion_main!(benches);
