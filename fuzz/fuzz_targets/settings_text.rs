//! See [`p2pow_fuzz::settings_text`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| p2pow_fuzz::settings_text(bytes));
