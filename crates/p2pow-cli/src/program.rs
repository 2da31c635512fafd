//! The frame of a program: arguments, log, failure, exit code.

use crate::{Failure, gist, output};
use clap::{Parser, error::ErrorKind};
use std::{io::IsTerminal, process::ExitCode};
use tracing_subscriber::EnvFilter;

/// Reads the command line. Help is printed, also where nothing is asked for; wrong usage is told in one line.
///
/// # Errors
/// The code to exit with, when there is nothing to run.
pub fn parse<A: Parser>(program: &str) -> Result<A, ExitCode> {
    A::try_parse().map_err(|error| {
        if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return error.print().map_or(ExitCode::FAILURE, |()| ExitCode::from(2));
        }
        if !error.use_stderr() {
            let shown = error.print().map_err(output::mark);
            return shown
                .map_or_else(|error| Failure::from(error).exit_code(), |()| ExitCode::SUCCESS);
        }
        eprintln!("{program}: {}", gist(&error.to_string()));
        ExitCode::from(2)
    })
}

/// Tells how the run of `program` ended: nothing, or one line on standard error. A closed standard output is no news.
#[must_use]
pub fn report(program: &str, outcome: &Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_silent() {
                eprintln!("{program}: {failure}");
            }
            failure.exit_code()
        }
    }
}

/// Sends the log to standard error, at the levels that the variable `P2POW_LOG` asks for, else at `default`.
pub fn log_to_stderr(default: &str) {
    let filter = EnvFilter::try_from_env("P2POW_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let colour = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colour)
        .with_writer(std::io::stderr)
        .init();
}

/// Runs an asynchronous command to its end.
///
/// # Errors
/// Those of the command, or the system gives no threads.
pub fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Runtime::new()?.block_on(command)
}
