//! What several devices try together: no nonce twice, and no more than chance demands.
#![allow(clippy::unwrap_used)] // in the helpers of tests

mod common;

use common::{device, one_in_two_to, plain};
use nano_pow::{Backend, CpuBackend, Pool, Puzzle};
use nano_primitives::Root;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// The nonces that were tried, of each root, by whichever device.
type Record = Arc<Mutex<HashMap<Root, Vec<u64>>>>;

const ROOTS: u16 = 400;
const BITS: u32 = 9;

fn puzzle(index: u16) -> Puzzle {
    let mut bytes = [0x33; 32];
    bytes[..2].copy_from_slice(&index.to_le_bytes());
    Puzzle::new(Root::from_bytes(bytes), one_in_two_to(BITS))
}

/// Searches by the plain definition and writes down every nonce that it tries.
fn recording(record: &Record) -> Box<dyn Backend> {
    let record = Arc::clone(record);
    device("recording", move |task| {
        let mut tried = Vec::new();
        for nonce in task.nonces().iter().take_while(|_| !task.is_stopped()) {
            tried.push(nonce.to_u64());
            task.count(1);
            if task.puzzle().check(nonce).is_ok() {
                task.found(nonce);
            }
        }
        record.lock().unwrap().entry(task.puzzle().root).or_default().append(&mut tried);
        Ok(())
    })
}

/// Hashes that were tried, as a share of those to be expected.
fn share(pool: &Pool) -> f64 {
    for index in 0..ROOTS {
        pool.submit(puzzle(index)).wait().unwrap();
    }
    let hashes = u32::try_from(pool.status().hashes_total).unwrap();
    f64::from(hashes) / (f64::from(ROOTS) * one_in_two_to(BITS).expected_hashes())
}

/// The standard error of the mean over 400 roots is 5 %, and a device that is not the first tries
/// a little in vain. Devices that all tried the same nonces would need three times as many.
#[test]
fn several_devices_try_no_nonce_twice_and_as_many_as_expected() {
    let record = Record::default();
    let devices = (0..3).map(|_| recording(&record)).collect();
    let pool = Pool::builder(devices).seed(7).build();
    let share = share(&pool);
    pool.close();
    println!("{share:.3} of the expected hashes");
    assert!((0.75..1.35).contains(&share), "{share} of the expected hashes");
    let record = record.lock().unwrap();
    assert_eq!(record.len(), usize::from(ROOTS));
    for (root, tried) in &*record {
        let mut once = tried.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), tried.len(), "a nonce of {root} was tried twice");
    }
}

#[test]
fn a_seed_makes_a_search_with_one_device_the_same_again() {
    let hashes = |seed| {
        let pool = Pool::builder(vec![device("plain", plain)]).seed(seed).build();
        let works = (0..20).map(|index| pool.submit(puzzle(index)).wait().unwrap().work());
        (works.collect::<Vec<_>>(), pool.status().hashes_total)
    };
    assert_eq!(hashes(1), hashes(1));
    assert_ne!(hashes(1).0, hashes(2).0);
}

/// The kernels find the same work as the plain definition.
#[test]
fn a_processor_finds_what_the_plain_search_finds() {
    let work = |device: Box<dyn Backend>, index| {
        let pool = Pool::builder(vec![device]).seed(3).build();
        pool.submit(puzzle(index)).wait().unwrap().work()
    };
    for index in 0..20 {
        let plain = work(device("plain", plain), index);
        assert_eq!(work(Box::new(CpuBackend::new(1)), index), plain);
    }
}
