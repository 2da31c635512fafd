//! See [`p2pow_fuzz::block_binary`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| p2pow_fuzz::block_binary(bytes));
