//! See [`p2pow_fuzz::registry_entry`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| p2pow_fuzz::registry_entry(bytes));
