//! See [`p2pow_fuzz::payout_body`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| p2pow_fuzz::payout_body(bytes));
