//! The command line.

#[cfg(feature = "fleet")]
use crate::commands::{agent, fleet};
use crate::commands::{bench, books, check, devices, init, register, run, sweep, top, work_server};
use clap::{Parser, Subcommand};
use p2pow_cli::{CompletionsArgs, Failure, ManArgs, block_on};

const HELP: &str = "\
From nothing to a worker that is found and paid:
  p2pow-worker init                    (asks, and writes worker.toml and worker.key)
  p2pow-worker check                   (says what is to be mended, if anything is)
  p2pow-worker register                (announces your address on the ledger, once)
  p2pow-worker run                     (leave it running)
  p2pow-worker earnings                (what it has come to)

Errors are one line on standard error; the exit code is 2 for wrong usage and 1 for the rest. P2POW_LOG=debug \
     tells more. Options are flags, variables, or lines of the configuration, in this order.";

/// Do proof of work for Nano users, and be paid by the ledger for it.
#[derive(Debug, Parser)]
#[command(name = "p2pow-worker", version, after_help = HELP, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a commented configuration and a fresh key
    Init(init::InitArgs),
    /// Test whether a worker can run here, and say what to mend
    Check(check::CheckArgs),
    /// Announce the worker's address on the ledger
    Register(register::RegisterArgs),
    /// Withdraw the address, as far as the ledger lets that happen
    Unregister(register::UnregisterArgs),
    /// Take jobs until it is stopped (Ctrl-C)
    Run(Box<run::RunArgs>),
    /// Show the jobs that came to their end
    History(books::HistoryArgs),
    /// Show what the jobs have earned, by day or by sender
    Earnings(books::EarningsArgs),
    /// Pocket the rewards
    Sweep(sweep::SweepArgs),
    /// Watch a worker that runs here, in a terminal
    Top(top::TopArgs),
    /// Find work for nodes and wallets, as nano-work-server does
    WorkServer(Box<work_server::WorkServerArgs>),
    /// Search for the front ends of a fleet
    #[cfg(feature = "fleet")]
    Agent(Box<agent::AgentArgs>),
    /// Show who is there in a fleet
    #[cfg(feature = "fleet")]
    Fleet(fleet::FleetCommandArgs),
    /// Print what a shell needs to complete this program's words
    Completions(CompletionsArgs),
    /// Write manual pages
    Man(ManArgs),
    /// List what this machine can search with
    Devices(devices::DevicesArgs),
    /// Measure how fast the devices are
    Bench(bench::BenchArgs),
}

impl Args {
    /// Runs the command to its end.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Init(args) => init::run(args),
            Command::Register(args) => block_on(register::run(args)),
            Command::Unregister(args) => block_on(register::unregister(args)),
            Command::Run(args) => block_on(run::run(*args)),
            Command::History(args) => block_on(books::history(args)),
            Command::Earnings(args) => block_on(books::earnings(args)),
            Command::Sweep(args) => block_on(sweep::run(args)),
            Command::Top(args) => block_on(top::run(args)),
            Command::WorkServer(args) => work_server::run(*args),
            #[cfg(feature = "fleet")]
            Command::Agent(args) => block_on(agent::run(*args)),
            #[cfg(feature = "fleet")]
            Command::Fleet(args) => block_on(fleet::run(args)),
            Command::Completions(args) => args.print::<Self>(),
            Command::Man(args) => args.write::<Self>(),
            Command::Check(args) => block_on(check::run(args)),
            Command::Devices(args) => devices::run(args),
            Command::Bench(args) => bench::run(args),
        }
    }
}
