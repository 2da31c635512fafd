//! `p2pow receive [HASH…]`.

use crate::{
    options::OPTIONS_HELP,
    story,
    wallet::{Task, Wallet, WalletArgs},
};
use futures_util::{FutureExt, future::select_all};
use nano_block::Block;
use nano_primitives::{Account, Amount, BlockHash};
use nano_rpc::websocket::{Subscription, Topics};
use p2pow_cli::{Failure, output, values};
use p2pow_client::{Order, Sender};
use serde_json::json;
use std::{future::pending, pin::pin, time::Duration};
use tokio::{signal::ctrl_c, time::sleep};

const EXAMPLES: &str = "\
Pockets what was sent to the account, the largest first, or the sends that are named; opens the account if this is its \
     first money. The work is paid from what comes in. Where a worker takes batches, many are pocketed with one reward. \
     With --json one object is printed for each chain of blocks. Nothing can be pocketed twice, so the command may be \
     given again at any time; it exits with 3 if it stopped after a part, or if what it signed may still happen.

With --watch it keeps running and pockets what comes, as soon as it is confirmed if the node has a WebSocket, else at the \
     next look. What goes wrong is told, and tried again at the next look. Ctrl-C ends it when what is signed is done, and a \
     second one at once (exit code 3): the next call goes on with it.

Examples:
  p2pow receive --key-file bob.key
  p2pow receive --key-file bob.key --min 0.1 --count 10
  p2pow receive --key-file bob.key 991CF190094C00F0B68E2E5F75F6BEE95A2E0BD93CEAA4A6734DB9F19B728948
  p2pow receive --key-file bob.key --watch --websocket ws://127.0.0.1:7078
";
/// What a search for sends that are named looks through, at most.
const MANY: u64 = 100_000;

/// Options of `receive`.
#[derive(Debug, clap::Args)]
#[command(after_help = [EXAMPLES, OPTIONS_HELP].join("\n"))]
pub(crate) struct ReceiveArgs {
    /// Pocket these sends, however small; without any all that are large enough
    #[arg(value_name = "HASH", conflicts_with_all = ["min", "count", "watch"])]
    sends: Vec<BlockHash>,
    /// Leave smaller ones alone: pocketing costs a fee
    #[arg(long, value_name = "AMOUNT", value_parser = values::amount, default_value = "0.001")]
    min: Amount,
    /// Pocket at most so many; with --watch so many at each look
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,
    /// Keep running, and pocket what comes
    #[arg(long)]
    watch: bool,
    /// Seconds between two looks, should the node's WebSocket tell nothing
    #[arg(long, value_name = "SECONDS", default_value = "30", requires = "watch")]
    #[arg(value_parser = values::seconds)]
    every: Duration,
    #[command(flatten)]
    wallet: WalletArgs,
}

/// A send that cannot be pocketed.
#[derive(Debug, thiserror::Error)]
enum NoReceivable {
    #[error("the node does not know the block {0}")]
    Unknown(BlockHash),
    #[error("block {0} is no send to {1}")]
    OfOthers(BlockHash, Account),
    #[error("block {0} is not confirmed yet")]
    Unconfirmed(BlockHash),
    #[error("block {0} was pocketed before")]
    Pocketed(BlockHash),
}

/// Runs the subcommand.
pub(crate) async fn run(args: ReceiveArgs) -> Result<(), Failure> {
    let mut wallet = args.wallet.open().await?;
    let account = wallet.account();
    if args.watch {
        return watch(&mut wallet, (args.min, args.count), args.every).await;
    }
    let orders = match args.sends.as_slice() {
        [] => waiting(&wallet.sender, account, (args.min, args.count)).await?,
        sends => named(&wallet.sender, account, sends).await?,
    };
    if orders.is_empty() && wallet.json {
        return Ok(output::json(&json!({ "account": account, "blocks": [] }))?);
    }
    if orders.is_empty() {
        let min = story::xno(args.min);
        return Ok(output::line(format_args!("nothing of at least {min} to receive"))?);
    }
    pocket(&mut wallet, &orders).await
}

/// What waits for the account.
async fn waiting(
    sender: &Sender,
    account: Account,
    (min, count): (Amount, u64),
) -> Result<Vec<Order>, Failure> {
    let found = sender.receivable(&account, min, count).await?;
    let order =
        |entry: nano_rpc::Receivable| Order::Receive { source: entry.hash, amount: entry.amount };
    Ok(found.into_iter().map(order).collect())
}

/// The sends that were named, if all of them wait for the account.
async fn named(
    sender: &Sender,
    account: Account,
    sends: &[BlockHash],
) -> Result<Vec<Order>, Failure> {
    let all = waiting(sender, account, (Amount::ZERO, MANY)).await?;
    let mut orders = Vec::new();
    for send in sends {
        let is_meant =
            |order: &&Order| matches!(order, Order::Receive { source, .. } if source == send);
        match all.iter().find(is_meant) {
            Some(order) if orders.contains(order) => {}
            Some(order) => orders.push(*order),
            None => return Err(why_not(sender, account, *send).await?.into()),
        }
    }
    Ok(orders)
}

/// Why a send is not there to be pocketed.
async fn why_not(
    sender: &Sender,
    account: Account,
    send: BlockHash,
) -> Result<NoReceivable, Failure> {
    let Some(info) = sender.node().block_info(&send).await? else {
        return Ok(NoReceivable::Unknown(send));
    };
    let is_own = match &info.contents.block {
        Block::State(block) => block.link.as_bytes() == account.public_key().as_bytes(),
        Block::Send(block) => block.destination == account,
        _ => false,
    };
    Ok(match (is_own, info.confirmed) {
        (false, _) => NoReceivable::OfOthers(send, account),
        (true, false) => NoReceivable::Unconfirmed(send),
        (true, true) => NoReceivable::Pocketed(send),
    })
}

/// Pockets them, in as many chains of blocks as it takes.
async fn pocket(wallet: &mut Wallet, orders: &[Order]) -> Result<(), Failure> {
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

/// Pockets what comes until it is interrupted.
async fn watch(wallet: &mut Wallet, wanted: (Amount, u64), every: Duration) -> Result<(), Failure> {
    let account = wallet.account();
    let mut news = subscribe(&wallet.sender, account);
    if !wallet.json {
        output::line(format_args!("watching {account}; Ctrl-C ends it"))?;
    }
    loop {
        let (outcome, is_interrupted) = round(wallet, wanted).await?;
        match outcome {
            Err(failure) if failure.is_silent() || is_interrupted => return Err(failure),
            Err(failure) => eprintln!("p2pow: {failure}; looking again"),
            Ok(()) if is_interrupted => return Ok(()),
            Ok(()) => {}
        }
        tokio::select! {
            () = next(&mut news) => {}
            () = sleep(every) => {}
            _ = ctrl_c() => return Ok(()),
        }
    }
}

/// Looks once, and pockets what is there. An interruption ends it when that is done, a second one at once.
async fn round(
    wallet: &mut Wallet,
    wanted: (Amount, u64),
) -> Result<(Result<(), Failure>, bool), Failure> {
    let mut look = pin!(look(wallet, wanted));
    tokio::select! {
        outcome = &mut look => return Ok((outcome, false)),
        _ = ctrl_c() => eprintln!("p2pow: ending when this is done; Ctrl-C again ends it at once"),
    }
    tokio::select! {
        outcome = &mut look => Ok((outcome, true)),
        _ = ctrl_c() => Err(Failure::partial(
            "interrupted at work: what is signed is in the journal, and the next call goes on with it",
        )),
    }
}

async fn look(wallet: &mut Wallet, wanted: (Amount, u64)) -> Result<(), Failure> {
    let orders = waiting(&wallet.sender, wallet.account(), wanted).await?;
    if orders.is_empty() { Ok(()) } else { pocket(wallet, &orders).await }
}

/// What the nodes' WebSockets tell of the account.
fn subscribe(sender: &Sender, account: Account) -> Vec<Subscription> {
    let topics = Topics::default().confirmations_of([account]);
    let urls = sender.config().websocket_urls.iter();
    urls.map(|url| Subscription::start(url, topics.clone())).collect()
}

/// Waits for news of any. Never comes back without a WebSocket.
async fn next(news: &mut Vec<Subscription>) {
    if news.is_empty() {
        return pending().await;
    }
    let each = news.iter_mut().map(|subscription| subscription.next().boxed());
    let (event, place, _) = select_all(each).await;
    if event.is_none() {
        news.remove(place);
    }
}
