//! `p2pow send DEST AMOUNT`.

use crate::{options::OPTIONS_HELP, wallet::WalletArgs};
use nano_primitives::{Account, Amount};
use p2pow_cli::{Failure, values};
use p2pow_client::Order;

const EXAMPLES: &str = "\
Workers are found on the ledger and asked for their offers; the payment and a reward for each hired worker are signed \
     here; the command ends when the node says that both are confirmed.

A payment that was signed and not confirmed in time (exit code 3) can still happen until the account goes on with \
     another block. The same command again, while the account's last block is the same as before, makes the very same \
     block, and so cannot pay twice. Once the account has moved on it makes another payment: look first whether the \
     block named in the error is on the ledger, for it may be what moved the account. Exit code 1 means that \
     this run has paid nothing, and has signed nothing that can still happen.

Examples:
  p2pow send nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo 1.5 --key-file alice.key
  p2pow send nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo 1000raw --max-fee 0.0002 --json
";

/// Options of `send`.
#[derive(Debug, clap::Args)]
#[command(after_help = [EXAMPLES, OPTIONS_HELP].join("\n"))]
pub(crate) struct SendArgs {
    /// Who gets it: an account (nano_…)
    #[arg(value_name = "DEST")]
    destination: Account,
    /// How much: XNO (1.5) or raw with the suffix raw (1000raw)
    #[arg(value_name = "AMOUNT", value_parser = values::amount, allow_hyphen_values = true)]
    amount: Amount,
    #[command(flatten)]
    wallet: WalletArgs,
}

/// Runs the subcommand.
pub(crate) async fn run(args: SendArgs) -> Result<(), Failure> {
    let SendArgs { destination, amount, wallet } = args;
    wallet.open()?.run(&[Order::Send { destination, amount }], &[]).await
}
