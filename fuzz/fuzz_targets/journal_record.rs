//! See [`p2pow_fuzz::journal_record`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| p2pow_fuzz::journal_record(bytes));
