//! One idea a file: see the folder `examples/`. Run one with `cargo run -p p2pow-examples --example NAME`.
#![forbid(unsafe_code)]
