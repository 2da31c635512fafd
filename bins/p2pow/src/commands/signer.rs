//! `p2pow signer …`: keys in a process of their own.

mod policy;
mod serve;
mod socket;
mod terminal;

use p2pow_cli::Failure;

/// Signs for other processes of this machine over a local socket, within a policy.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum SignerCommand {
    /// Hold keys, and sign what the policy allows, until it is interrupted
    #[command(after_help = serve::HELP)]
    Serve(Box<serve::SignerArgs>),
    /// Show what a running signer signs, and what of it is left today
    #[command(after_help = policy::HELP)]
    Policy(policy::PolicyArgs),
}

/// Runs the subcommand.
pub(crate) async fn run(command: SignerCommand) -> Result<(), Failure> {
    match command {
        SignerCommand::Serve(args) => serve::run(*args).await,
        SignerCommand::Policy(args) => policy::run(args).await,
    }
}
