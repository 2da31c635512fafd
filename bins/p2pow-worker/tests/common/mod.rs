//! Runs the program.

#![allow(dead_code, clippy::unwrap_used)] // no test file uses all of it

use serde_json::Value;
use std::process::{Command, Output};

/// The program, with nothing of the caller's environment.
pub(crate) fn worker(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_p2pow-worker"));
    // Without such a folder the drivers of graphics cards write a line of their own.
    command.args(arguments).env_clear().env("XDG_RUNTIME_DIR", std::env::temp_dir());
    command
}

/// Runs it to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    worker(arguments).output().unwrap()
}

/// What it prints when all is well.
pub(crate) fn json_of(arguments: &[&str]) -> Value {
    let output = run(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs what is to be refused: in one line that says what is wanted, and with this exit code.
pub(crate) fn refused(arguments: &[&str], code: i32, wanted: &str) {
    let output = run(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    assert!(error.contains(wanted), "{arguments:?}: {error}, wanted {wanted}");
    assert_eq!(error.lines().count(), 1, "{error}");
}
