//! What a request costs before the node is asked: reading it, and checking its signatures and algebra.

use criterion::{Criterion, criterion_group, criterion_main};
use nano_block::{AccountState, Seed, StateBlock};
use nano_primitives::{Account, Amount, BlockHash};
use p2pow_protocol::{Terms, WorkRequest, check_request, fees};
use std::hint::black_box;

const FEE: Amount = Amount::from_raw(6400);

fn worker() -> Account {
    Seed::from_bytes([2; 32]).derive(0).account()
}

/// So many sends and their reward.
fn request(sends: usize) -> WorkRequest {
    let key = Seed::from_bytes([1; 32]).derive(0);
    let mut state = AccountState {
        account: key.account(),
        frontier: Some(BlockHash::from_bytes([7; 32])),
        balance: Amount::MAX,
        representative: key.account(),
    };
    let mut send = |to: Account, amount: Amount| -> StateBlock {
        let block = state.send(to, amount).expect("there is enough");
        state = state.after(&block);
        block
    };
    let users = (0..sends).map(|_| send(worker(), FEE).sign(&key)).collect::<Vec<_>>();
    let subtypes = vec![nano_block::Subtype::Send; sends];
    let price = fees::price(&subtypes, FEE).expect("it is small");
    let reward = send(worker(), price).sign(&key);
    match users.as_slice() {
        [user] => WorkRequest::single(*user, reward),
        _ => WorkRequest::batch(users, reward).expect("there are users"),
    }
}

fn admission(criterion: &mut Criterion) {
    let terms = Terms { reward_account: worker(), fee: FEE };
    for sends in [1, 100] {
        let request = request(sends);
        let body = request.to_json();
        let mut group = criterion.benchmark_group(format!("request of {sends}"));
        group.bench_function("parse", |bencher| {
            bencher
                .iter(|| WorkRequest::parse(black_box(&body), sends).expect("it is well formed"));
        });
        group.bench_function("check", |bencher| {
            bencher.iter(|| check_request(black_box(&request), &terms).expect("it is right"));
        });
        group.bench_function("parse and check", |bencher| {
            bencher.iter(|| {
                let request =
                    WorkRequest::parse(black_box(&body), sends).expect("it is well formed");
                check_request(&request, &terms).expect("it is right");
            });
        });
        group.finish();
    }
}

criterion_group!(benches, admission);
criterion_main!(benches);
