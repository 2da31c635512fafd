//! `p2pow`: send Nano with proof of work done by others.
#![forbid(unsafe_code)]
#![allow(rustdoc::bare_urls)] // the docs of options are the help of `--help`, shown as they stand

mod args;
mod commands;
mod confirm;
mod data;
mod fallback;
mod interrupts;
mod options;
mod report;
mod signer;
mod story;
mod wallet;
mod worker_report;

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: args::Args = match p2pow_cli::parse("p2pow") {
        Ok(args) => args,
        Err(code) => return code,
    };
    p2pow_cli::log_to_stderr(args.log());
    p2pow_cli::report("p2pow", &args.run())
}
