//! See [`p2pow_fuzz::request_work`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| p2pow_fuzz::request_work(bytes));
