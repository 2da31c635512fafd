//! Every property over its committed corpus, on stable Rust.

#![allow(clippy::unwrap_used)]

use p2pow_fuzz::PROPERTIES;
use std::{fs, path::Path, time::Instant};

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

/// SplitMix64 (Steele, Lea and Flood 2014).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Changes a few places: a byte, a piece that goes, comes twice, or comes from another input.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], chance: &mut u64) {
    for _ in 0..=next(chance) % 4 {
        let mut place =
            |length: usize| usize::try_from(next(chance) % (length as u64 + 1)).unwrap();
        let (start, kind) = (place(bytes.len()), place(5));
        let end = bytes.len().min(start + place(16));
        let (from, byte) = (place(other.len()), u8::try_from(place(255)).unwrap());
        match kind {
            0 => drop(bytes.drain(start..end)),
            1 => bytes.insert(start, byte),
            2 => bytes[start..end].fill(byte),
            3 => bytes.extend_from_within(start..end),
            _ => {
                let piece = other[from..other.len().min(from + 16)].to_vec();
                bytes.splice(start..end, piece);
            }
        }
    }
}

/// `P2POW_FUZZ_SECONDS=N` goes on for so long with each property; `P2POW_FUZZ_SEED=N` takes other chances.
#[test]
fn every_property_holds_for_changed_inputs() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seconds = number("P2POW_FUZZ_SECONDS").unwrap_or(0);
    let mut chance = number("P2POW_FUZZ_SEED").unwrap_or(1);
    println!("P2POW_FUZZ_SEED={chance}");
    for (name, property) in PROPERTIES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap()).collect();
        files.sort_by_key(fs::DirEntry::file_name);
        let corpus: Vec<Vec<u8>> =
            files.iter().map(|file| fs::read(file.path()).unwrap()).collect();
        let (start, mut count) = (Instant::now(), 0);
        while count < 2 * corpus.len() || start.elapsed().as_secs() < seconds {
            let other = &corpus[usize::try_from(next(&mut chance) % corpus.len() as u64).unwrap()];
            let mut bytes = corpus[count % corpus.len()].clone();
            mutate(&mut bytes, other, &mut chance);
            property(&bytes);
            count += 1;
        }
        println!("{name}: {count} inputs");
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
