//! Every property over its committed corpus, on stable Rust.

#![allow(clippy::unwrap_used)]

use p2pow_fuzz::PROPERTIES;
use std::{fs, path::Path};

#[test]
fn every_property_holds_over_its_corpus() {
    for (name, property) in PROPERTIES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let mut files = 0;
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
            property(&fs::read(entry.unwrap().path()).unwrap());
            files += 1;
        }
        println!("{name}: {files} inputs");
        assert!(files >= 5, "{name} has only {files} inputs");
    }
}

#[test]
fn every_property_holds_for_truncated_and_repeated_inputs() {
    for (name, property) in PROPERTIES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        for entry in fs::read_dir(&folder).unwrap() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            property(&bytes[..bytes.len() / 2]);
            property(&[&bytes[..], &bytes[..]].concat());
        }
    }
}

#[test]
fn an_honest_job_reaches_the_end_of_its_property() {
    use nano_block::{AccountState, Seed};
    use nano_primitives::{Amount, BlockHash};
    use p2pow_protocol::{Terms, WorkRequest, check_request};

    let (alice, worker) =
        (Seed::from_bytes([1; 32]).derive(0), Seed::from_bytes([2; 32]).derive(0));
    let state = AccountState {
        account: alice.account(),
        frontier: Some(BlockHash::from_bytes([3; 32])),
        balance: Amount::from_raw(10_000),
        representative: alice.account(),
    };
    let user = state.send(worker.account(), Amount::from_raw(1)).unwrap();
    let reward = state.after(&user).send(worker.account(), Amount::from_raw(1_000)).unwrap();
    let request = WorkRequest::single(user.sign(&alice), reward.sign(&alice));
    let terms = Terms { reward_account: worker.account(), fee: Amount::from_raw(1_000) };
    assert_eq!(check_request(&request, &terms), Ok(()));
    p2pow_fuzz::request_work(&request.to_json());
}
