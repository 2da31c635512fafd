//! Every kernel against the plain definition of the puzzle.
//!
//! A kernel whose instructions this processor lacks is named on the standard error. Miri knows those
//! of AVX-512 (and no assembly, so that `avx512-asm` and `avx2` are left out there):
//!
//! ```sh
//! RUSTFLAGS="-C target-feature=+avx512f" cargo +nightly miri test -p nano-pow --test kernels
//! ```

use nano_pow::{
    NonceRange,
    cpu::{Kernel, Midstate},
};
use nano_primitives::{Difficulty, Root, Work};
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use std::io::{self, Write};

#[derive(serde::Deserialize)]
struct Vector {
    root: Root,
    work: Work,
    value: Difficulty,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("data/work.json")).expect("the file is well formed")
}

fn harder(value: Difficulty) -> Option<Difficulty> {
    value.to_u64().checked_add(1).map(Difficulty::from_u64)
}

/// What the kernel should find.
fn plain_search(root: &Root, threshold: Difficulty, nonces: NonceRange) -> Option<Work> {
    nonces.iter().find(|work| work.value(root) >= threshold)
}

/// Compares every kernel with the plain search, with the value of each nonce as threshold and with
/// the next higher one.
fn compare(root: &Root, nonces: NonceRange) {
    let midstate = Midstate::new(root);
    let values: Vec<_> = nonces.iter().map(|work| work.value(root)).collect();
    for kernel in Kernel::available() {
        for threshold in values.iter().flat_map(|value| [Some(*value), harder(*value)]).flatten() {
            let found = kernel.search(&midstate, threshold, nonces);
            assert_eq!(
                found,
                plain_search(root, threshold, nonces),
                "{kernel}, root {root}, {nonces:?}, threshold {threshold}"
            );
        }
    }
}

/// Starts where a carry crosses the middle of the word, the end of the nonce space, or anywhere.
fn starts() -> impl Strategy<Value = u64> {
    let near = |border: u64| (0u64..80).prop_map(move |before| border.wrapping_sub(before));
    let carry = any::<u32>().prop_flat_map(move |high| near(u64::from(high) << 32));
    prop_oneof![any::<u64>(), carry, near(0), near(1 << 63), near(1 << 32)]
}

#[test]
fn these_kernels_run_here() {
    let names: Vec<_> = Kernel::available().map(Kernel::name).collect();
    let missing: Vec<_> = Kernel::missing().collect();
    let lacking = if missing.is_empty() { "none".to_owned() } else { missing.join(", ") };
    // Written past the test harness, which would keep it to itself.
    let mut out = io::stderr();
    writeln!(out, "kernels tested: {}; missing: {lacking}", names.join(", ")).unwrap();
    assert!(names.contains(&"portable"));
    assert_eq!(Kernel::best().name(), names[0]);
    assert!(missing.iter().all(|name| Kernel::by_name(name).is_none()));
}

#[test]
#[cfg_attr(miri, ignore = "takes too long")]
fn every_kernel_knows_the_published_works() {
    for Vector { root, work, value } in vectors() {
        assert_eq!(work.value(&root), value);
        // Whole vectors of nonces, with the published one in the middle.
        compare(&root, NonceRange::new(work.to_u64().wrapping_sub(20), 48));
    }
}

#[test]
fn every_kernel_carries_and_wraps_around() {
    for (byte, first) in [(1, u64::MAX - 9), (2, 0xffff_fff8), (3, (1 << 63) - 3)] {
        compare(&Root::from_bytes([byte; 32]), NonceRange::new(first, 33));
    }
}

#[test]
fn an_unknown_kernel_has_no_name() {
    assert_eq!(Kernel::by_name("portable"), Some(Kernel::portable()));
    assert_eq!(Kernel::by_name("Portable"), None);
    assert!(Kernel::available().all(|kernel| Kernel::by_name(kernel.name()) == Some(kernel)));
}

#[test]
fn the_least_threshold_takes_the_first_nonce() {
    let midstate = Midstate::new(&Root::ZERO);
    for kernel in Kernel::available() {
        let found = kernel.search(&midstate, Difficulty::MIN, NonceRange::new(u64::MAX, 100));
        assert_eq!(found, Some(Work::from_u64(u64::MAX)), "{kernel}");
    }
}

#[test]
fn no_nonces_hold_no_work() {
    let midstate = Midstate::new(&Root::ZERO);
    for kernel in Kernel::available() {
        assert_eq!(kernel.search(&midstate, Difficulty::MIN, NonceRange::new(5, 0)), None);
    }
}

proptest! {
    #[test]
    #[cfg_attr(miri, ignore = "takes too long")]
    fn every_kernel_finds_what_the_plain_search_finds(
        root in any::<[u8; 32]>(),
        first in starts(),
        count in 0u64..80,
    ) {
        compare(&Root::from_bytes(root), NonceRange::new(first, count));
    }
}
