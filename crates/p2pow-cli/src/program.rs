//! The frame of a program: [`parse`] its arguments, run, [`report`] the failure by one line and an exit code.

use crate::{Failure, config::wanted, gist, output};
use clap::{
    Arg, Command, Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};
use std::{env, io::IsTerminal, process::ExitCode};
use tracing_subscriber::{Layer, filter::Targets, prelude::*};

/// Reads the command line. Help is printed, also where nothing is asked for; wrong usage is told in one line. The
/// values of variables are neither shown by help nor repeated in an error: they may be secrets in a wrong place.
///
/// # Errors
/// The code to exit with, when there is nothing to run.
pub fn parse<A: Parser>(program: &str) -> Result<A, ExitCode> {
    let mut command = without_values(A::command());
    let matches = command.try_get_matches_from_mut(env::args_os());
    let parsed = matches.and_then(|mut matches| A::from_arg_matches_mut(&mut matches));
    parsed.map_err(|error| refuse(program, &command, &error))
}

fn without_values(command: Command) -> Command {
    command.mut_args(|arg| arg.hide_env_values(true)).mut_subcommands(without_values)
}

fn refuse(program: &str, command: &Command, error: &clap::Error) -> ExitCode {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return error.print().map_or(ExitCode::FAILURE, |()| ExitCode::from(2));
    }
    if !error.use_stderr() {
        let shown = error.print().map_err(output::mark);
        return shown.map_or_else(|error| Failure::from(error).exit_code(), |()| ExitCode::SUCCESS);
    }
    let words = wrong_variable(command, error).unwrap_or_else(|| gist(&error.to_string()));
    eprintln!("{program}: {words}");
    ExitCode::from(2)
}

/// What is wrong with a variable, if it is a variable's value that was refused.
fn wrong_variable(command: &Command, error: &clap::Error) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let (option, value) = (text(ContextKind::InvalidArg)?, text(ContextKind::InvalidValue)?);
    let flag = option.strip_prefix("--")?.split([' ', '=', '[']).next();
    let is_meant = |arg: &&Arg| arg.get_long() == flag && is_of(arg, value);
    let arg = args(command).into_iter().find(is_meant)?;
    let name = arg.get_env()?.to_string_lossy();
    Some(format!("the variable {name}: {}", wanted(arg, error)))
}

fn args(command: &Command) -> Vec<&Arg> {
    let own = command.get_arguments();
    own.chain(command.get_subcommands().flat_map(args)).collect()
}

/// Whether the option's variable holds this value, alone or in a list.
fn is_of(arg: &Arg, value: &str) -> bool {
    let Some(text) = arg.get_env().and_then(env::var_os) else { return false };
    let text = text.to_string_lossy();
    let delimiter = arg.get_value_delimiter().unwrap_or('\0');
    text == value || text.split(delimiter).any(|part| part == value)
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

/// Sends the log to standard error, at the levels that the variable `P2POW_LOG` asks for (such as
/// `info,p2pow_server=debug`), else at `default`. With
/// `P2POW_LOG_FORMAT=json` each line is a JSON object.
pub fn log_to_stderr(default: &str) {
    let wanted = env::var("P2POW_LOG").ok().and_then(|wanted| wanted.parse().ok());
    let levels: Targets = wanted.or_else(|| default.parse().ok()).unwrap_or_default();
    let colour = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let log = match env::var("P2POW_LOG_FORMAT").is_ok_and(|format| format == "json") {
        true => log.json().flatten_event(true).with_span_list(false).boxed(),
        false => log.with_ansi(colour).boxed(),
    };
    tracing_subscriber::registry().with(log.with_filter(levels)).init();
}

/// Runs an asynchronous command to its end.
///
/// # Errors
/// Those of the command, or the system gives no threads.
pub fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Runtime::new()?.block_on(command)
}
