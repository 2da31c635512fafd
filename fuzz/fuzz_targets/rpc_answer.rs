//! See [`p2pow_fuzz::rpc_answer`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| p2pow_fuzz::rpc_answer(bytes));
