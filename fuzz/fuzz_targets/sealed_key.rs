//! See [`p2pow_fuzz::sealed_key`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| p2pow_fuzz::sealed_key(bytes));
