//! The command line.

#[cfg(unix)]
use crate::commands::signer;
use crate::commands::{
    balance, batch, block, change, demo, devnet, history, key, quote, receive, send, send_all,
    serve, status, web, work, workers,
};
use clap::{Parser, Subcommand};
use p2pow_cli::{CompletionsArgs, Failure, ManArgs, block_on};

const HELP: &str = "\
Try it without any set-up, on an embedded Nano network:
  p2pow demo --network dev
  p2pow web --demo                     (the market in a browser)

By hand, with a worker from p2pow-worker:
  p2pow key new --out alice.key
  p2pow devnet                         (shows what to type next)
  p2pow workers
  p2pow quote
  p2pow send nano_… 1.5 --key-file alice.key
  p2pow status                         (what is signed and may still happen)

Amounts are decimal XNO (1.5), or raw with a suffix (1000raw). Errors are one line on standard error; the exit code is 2 \
     for wrong usage, 3 if a part was done or may still be, and 1 for the rest. Options can also stand in a TOML file, see `p2pow send --help`.";

/// Send Nano with proof of work done by others, who are paid by the ledger only if they do it.
#[derive(Debug, Parser)]
#[command(name = "p2pow", version, after_help = HELP)]
#[command(max_term_width = 100, arg_required_else_help = false)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole deal on an embedded network: workers register, race and are paid
    Demo(demo::DemoArgs),
    /// Run an embedded Nano network: RPC and WebSocket of a node, real ledger rules
    Devnet(devnet::DevnetArgs),
    /// List the workers registered on the ledger, and what they ask
    Workers(workers::WorkersArgs),
    /// Show what a job would cost, and who would be hired for it
    Quote(quote::QuoteArgs),
    /// Send money
    Send(send::SendArgs),
    /// Send the whole balance, to the raw
    SendAll(send_all::SendAllArgs),
    /// Pocket money that was sent to the account
    Receive(receive::ReceiveArgs),
    /// Change the account's representative
    Change(change::ChangeArgs),
    /// Make many payments with one reward
    Batch(batch::BatchArgs),
    /// Show what accounts have and can receive
    Balance(balance::BalanceArgs),
    /// Show what an account has sent and received
    History(history::HistoryArgs),
    /// List the payments that are signed and not decided, or tell what became of a block
    Status(status::StatusArgs),
    /// Serve the wallet RPC of a node, with work from the market
    Serve(serve::ServeCommand),
    /// Hold keys in a process of its own, which signs by a policy
    #[cfg(unix)]
    #[command(subcommand, arg_required_else_help = false)]
    Signer(signer::SignerCommand),
    /// Show the market in a browser: workers, tests, payments
    Web(web::WebArgs),
    /// Make, derive, encrypt and inspect keys
    #[command(subcommand, arg_required_else_help = false)]
    Key(key::KeyCommand),
    /// Hash, verify and sign blocks
    #[command(subcommand, arg_required_else_help = false)]
    Block(block::BlockCommand),
    /// Find and check proof of work on this computer
    #[command(subcommand, arg_required_else_help = false)]
    Work(work::WorkCommand),
    /// Print what a shell needs to complete this program's words
    Completions(CompletionsArgs),
    /// Write manual pages
    Man(ManArgs),
}

impl Args {
    /// What is logged unless the user says otherwise: a server tells what it does, other commands show it themselves.
    pub(crate) const fn log(&self) -> &'static str {
        match self.command {
            Command::Serve(_) => "warn,p2pow_wallet=info",
            #[cfg(unix)]
            Command::Signer(_) => "warn,p2pow_signer=info",
            Command::Web(_) => "warn",
            _ => "off",
        }
    }

    /// Runs the command to its end.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Key(command) => key::run(command),
            Command::Block(command) => block::run(command),
            Command::Work(command) => work::run(command),
            Command::Completions(args) => args.print::<Self>(),
            Command::Man(args) => args.write::<Self>(),
            Command::Demo(args) => block_on(demo::run(args)),
            Command::Devnet(args) => block_on(devnet::run(args)),
            Command::Workers(args) => block_on(workers::run(args)),
            Command::Quote(args) => block_on(quote::run(args)),
            Command::Send(args) => block_on(send::run(args)),
            Command::SendAll(args) => block_on(send_all::run(args)),
            Command::Receive(args) => block_on(receive::run(args)),
            Command::Change(args) => block_on(change::run(args)),
            Command::Batch(args) => block_on(batch::run(args)),
            Command::Balance(args) => block_on(balance::run(args)),
            Command::History(args) => block_on(history::run(args)),
            Command::Status(args) => block_on(status::run(args)),
            Command::Serve(args) => block_on(serve::run(args)),
            #[cfg(unix)]
            Command::Signer(command) => block_on(signer::run(command)),
            Command::Web(args) => block_on(web::run(args)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Args;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
