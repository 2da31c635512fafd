//! `p2pow-worker`: do proof of work for Nano users and be paid for it.
#![forbid(unsafe_code)]
#![allow(rustdoc::bare_urls)] // the docs of options are the help of `--help`, shown as they stand

mod admin;
mod args;
mod commands;
mod devices;
#[cfg(feature = "fleet")]
mod fleet;
mod kept;
mod options;
mod own;
mod registrar;

use std::process::ExitCode;

/// The program's name, in front of every error.
const PROGRAM: &str = "p2pow-worker";

fn main() -> ExitCode {
    match p2pow_cli::parse::<args::Args>(PROGRAM) {
        Ok(args) => p2pow_cli::report(PROGRAM, &args.run()),
        Err(code) => code,
    }
}
