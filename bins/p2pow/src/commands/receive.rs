//! `p2pow receive`.

use crate::{
    options::OPTIONS_HELP,
    story,
    wallet::{Task, WalletArgs},
};
use nano_primitives::Amount;
use p2pow_cli::{Failure, output, values};
use p2pow_client::Order;
use serde_json::json;

const EXAMPLES: &str = "\
Pockets what was sent to the account, the largest first; opens the account if this is its first money. The work is \
     paid from what comes in. Where a worker takes batches, many are pocketed with one reward. With --json one object is \
     printed for each chain of blocks. Nothing can be pocketed twice, so the command may be given again at any time; it \
     exits with 3 if it stopped after a part, or if what it signed may still happen.

Examples:
  p2pow receive --key-file bob.key
  p2pow receive --key-file bob.key --min 0.1 --count 10
";

/// Options of `receive`.
#[derive(Debug, clap::Args)]
#[command(after_help = [EXAMPLES, OPTIONS_HELP].join("\n"))]
pub(crate) struct ReceiveArgs {
    /// Leave smaller ones alone: pocketing costs a fee
    #[arg(long, value_name = "AMOUNT", value_parser = values::amount, default_value = "0.001")]
    min: Amount,
    /// Pocket at most so many
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,
    #[command(flatten)]
    wallet: WalletArgs,
}

/// Runs the subcommand.
pub(crate) async fn run(args: ReceiveArgs) -> Result<(), Failure> {
    let mut wallet = args.wallet.open()?;
    let account = wallet.key.account();
    let found = wallet.sender.receivable(&account, args.min, args.count).await?;
    if found.is_empty() && wallet.json {
        return Ok(output::json(&json!({ "account": account, "blocks": [] }))?);
    }
    if found.is_empty() {
        let min = story::xno(args.min);
        return Ok(output::line(format_args!("nothing of at least {min} to receive"))?);
    }
    let orders: Vec<Order> = found
        .iter()
        .map(|entry| Order::Receive { source: entry.hash, amount: entry.amount })
        .collect();
    let size = if orders.len() == 1 { 1 } else { wallet.sender.largest_job().await? };
    for (done, job) in orders.chunks(size).enumerate() {
        match wallet.run(Task { orders: job, ..Task::default() }).await {
            Err(failure) if done > 0 && !failure.is_silent() => {
                return Err(Failure::partial(failure.to_string()));
            }
            received => received?,
        }
    }
    Ok(())
}
