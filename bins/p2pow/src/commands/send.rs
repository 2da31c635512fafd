//! `p2pow send DEST AMOUNT`.

use crate::{
    confirm::ConfirmArgs,
    options::OPTIONS_HELP,
    wallet::{Meaning, Task, WalletArgs},
};
use nano_primitives::{Account, Amount};
use p2pow_cli::{Failure, values};
use p2pow_client::Order;

const EXAMPLES: &str = "\
Workers are found on the ledger and asked for their offers; the payment and a reward for each hired worker are signed \
     here; the command ends when the node says that both are confirmed.

What is signed is in the journal before it leaves, and no payment is made twice. A payment that was signed and not \
     confirmed in time (exit code 3) can still happen until the account goes on with another block. The same command again \
     goes on with it, whatever happened meanwhile: with the very same block, asking more workers; or it says that the \
     payment is confirmed. Once a payment was told as done, the same command is another payment as soon as something else \
     has happened on the account, and --again says so at once. Scripts that may be killed say --id: the same --id never \
     pays twice.

On a terminal it shows amount, destination and the most that the work may cost, and asks, unless --yes is given.

While a payment is undecided no other one is signed on the same block of the account; --replace does so on purpose, and \
     then either the old or the new one is confirmed, never both. `p2pow status` lists what may still happen. Exit code 1 \
     means that this payment is not made, and that nothing of it is signed that can still happen.

Examples:
  p2pow send nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo 1.5 --key-file alice.key
  p2pow send nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo 1000raw --max-fee 0.0002 --json
  p2pow send nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo 20 --id invoice-2026-117
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
    meaning: Meaning,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    wallet: WalletArgs,
}

/// Runs the subcommand.
pub(crate) async fn run(args: SendArgs) -> Result<(), Failure> {
    let SendArgs { destination, amount, meaning, confirm, wallet } = args;
    let orders = [Order::Send { destination, amount }];
    let mut wallet = wallet.open().await?;
    confirm.ask(&wallet, &orders)?;
    wallet.run(Task { orders: &orders, meaning, ..Task::default() }).await
}
