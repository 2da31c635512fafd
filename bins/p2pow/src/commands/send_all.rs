//! `p2pow send-all DEST`.

use crate::{
    confirm::ConfirmArgs,
    options::OPTIONS_HELP,
    story::xno,
    wallet::{Task, Wallet, WalletArgs},
};
use nano_block::Subtype;
use nano_primitives::{Account, Amount};
use p2pow_cli::Failure;
use p2pow_client::{DealReport, Order};

const EXAMPLES: &str = "\
Sends the whole balance less the price of one worker, so that nothing is left, to the raw. What is still to be received \
     is not part of it: `p2pow receive` first.

A payment that was signed and not confirmed in time (exit code 3) is gone on with by the same command: with the amount \
     that was signed. Its work is paid from what was left for it, so only workers are hired then that do not want more; \
     `--fallback local` needs none, and leaves that rest on the account.

Example:
  p2pow send-all nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo --key-file alice.key
";

/// Options of `send-all`.
#[derive(Debug, clap::Args)]
#[command(after_help = [EXAMPLES, OPTIONS_HELP].join("\n"))]
pub(crate) struct SendAllArgs {
    /// Who gets it: an account (nano_…)
    #[arg(value_name = "DEST")]
    destination: Account,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    wallet: WalletArgs,
}

/// An account that has nothing to send.
#[derive(Debug, thiserror::Error)]
#[error("{account} has {} and the work costs {}: nothing is left to send", xno(*.balance), xno(*.price))]
struct TooPoor {
    account: Account,
    balance: Amount,
    price: Amount,
}

/// Runs the subcommand.
pub(crate) async fn run(args: SendAllArgs) -> Result<(), Failure> {
    let SendAllArgs { destination, confirm, wallet } = args;
    let mut wallet = wallet.open().await?.leaving_nothing();
    let account = wallet.account();
    let undecided = wallet.sender.refresh(account).await?;
    let order = match undecided.iter().find_map(|deal| undecided_to(deal, destination)) {
        Some(order) => order,
        None => whole(&wallet, destination).await?,
    };
    confirm.ask(&wallet, &[order])?;
    wallet.run(Task { orders: &[order], ..Task::default() }).await
}

/// The order of a payment to the destination that is signed and not decided.
fn undecided_to(deal: &DealReport, destination: Account) -> Option<Order> {
    let [item] = deal.items.as_slice() else { return None };
    let is_meant = matches!(item.order, Order::Send { destination: to, .. } if to == destination);
    (is_meant && item.fate.is_open() && !deal.is_replaced).then_some(item.order)
}

/// The order that sends all but the price of the best worker, who then gets what is left, whatever its price is by then:
/// so nothing is. The node's word about the balance is held against the account's own signature before anything is signed.
async fn whole(wallet: &Wallet, destination: Account) -> Result<Order, Failure> {
    let account = wallet.account();
    let info = wallet.sender.node().account_info(&account).await?;
    let balance = info.map_or(Amount::ZERO, |info| info.balance);
    let estimate = wallet.sender.quote(&[Subtype::Send]).await?;
    let quote =
        estimate.ranking.quotes.first().ok_or_else(|| Failure::new("no worker made an offer"))?;
    let price = quote.price;
    let amount = balance.checked_sub(price).filter(|amount| *amount > Amount::ZERO);
    let amount = amount.ok_or(TooPoor { account, balance, price })?;
    Ok(Order::Send { destination, amount })
}
