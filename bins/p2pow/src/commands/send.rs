//! `p2pow send DEST AMOUNT`.

use crate::{options::OPTIONS_HELP, wallet::WalletArgs};
use nano_primitives::{Account, Amount};
use p2pow_cli::{Failure, values};
use p2pow_client::Order;

const EXAMPLES: &str = "\
Workers are found on the ledger and asked for their offers; the payment and a reward for each hired worker are signed \
     here; the command ends when the node says that both are confirmed. What was signed can still be published after a \
     time-out: send again only once the account has moved on.

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
    wallet.open()?.run(&[Order::Send { destination, amount }]).await
}
