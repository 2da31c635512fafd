//! `p2pow change REP`.

use crate::{
    confirm::ConfirmArgs,
    options::OPTIONS_HELP,
    wallet::{Meaning, Task, WalletArgs},
};
use nano_primitives::Account;
use p2pow_cli::Failure;
use p2pow_client::Order;

const EXAMPLES: &str = "\
With --replace it takes the place of a payment that is signed and undecided, which is how such a payment is withdrawn: the \
     ledger takes one of the two, never both.

Example:
  p2pow change nano_1natrium1o3z5519ifou7xii8crpxpk8y65qmkih8e8bpsjri651oza8imdd --key-file alice.key
";

/// Options of `change`.
#[derive(Debug, clap::Args)]
#[command(after_help = [EXAMPLES, OPTIONS_HELP].join("\n"))]
pub(crate) struct ChangeArgs {
    /// The new representative: an account (nano_…)
    #[arg(value_name = "REP")]
    new: Account,
    #[command(flatten)]
    meaning: Meaning,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    wallet: WalletArgs,
}

/// Runs the subcommand.
pub(crate) async fn run(args: ChangeArgs) -> Result<(), Failure> {
    let orders = [Order::Change { representative: args.new }];
    let meaning = args.meaning;
    let mut wallet = args.wallet.open().await?;
    args.confirm.ask(&wallet, &orders)?;
    wallet.run(Task { orders: &orders, meaning, ..Task::default() }).await
}
