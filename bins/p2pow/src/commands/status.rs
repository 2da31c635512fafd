//! `p2pow status [HASH]`.

use crate::{
    options::{OPTIONS_HELP, Options},
    report::{BlockFate, Chain},
    story,
};
use nano_primitives::{Account, BlockHash};
use p2pow_cli::{Failure, output};
use p2pow_client::{DealReport, Fate, Item, Reward, Sender, StateError};
use serde::Serialize;
use std::collections::BTreeSet;

const EXAMPLES: &str = "\
Lists the payments of the journal that are signed and not decided, as the node says that they are now. Nothing is signed \
     or published. What may still happen is in the hands of the workers that were hired, until the account goes on with \
     another block.

With HASH: what became of this block, which is a user's or a reward block of the journal, or any block of the ledger. \
     The exit code is 0 if the block is confirmed, 3 if it may still be, and 1 if it never can, or nobody knows it.

Examples:
  p2pow status
  p2pow status --all --json
  p2pow status 991CF190094C00F0B68E2E5F75F6BEE95A2E0BD93CEAA4A6734DB9F19B728948
";

/// Options of `status`.
#[derive(Debug, clap::Args)]
#[command(after_help = [EXAMPLES, OPTIONS_HELP].join("\n"))]
pub(crate) struct StatusArgs {
    /// A block: 64 hexadecimal digits
    #[arg(value_name = "HASH")]
    hash: Option<BlockHash>,
    /// Only the payments of this account
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<Account>,
    /// Also what is decided
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    options: Options,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `status --json` prints.
#[derive(Debug, Serialize)]
struct Status {
    deals: Vec<Chain>,
}

/// Runs the subcommand.
pub(crate) async fn run(args: StatusArgs) -> Result<(), Failure> {
    let settings = args.options.settings()?;
    let journal = settings.journal()?;
    let sender = settings.sender()?.with_journal(journal);
    if let Some(hash) = args.hash {
        return block(&sender, args.account, hash, args.json).await;
    }
    let deals = deals(&sender, args.account).await?;
    let shown = deals.iter().filter(|deal| args.all || !deal.is_over);
    if args.json {
        return Ok(output::json(&Status { deals: shown.map(Chain::new).collect() })?);
    }
    let shown: Vec<String> = shown.map(paragraph).collect();
    let text = match shown.as_slice() {
        [] if args.all => "nothing is in the journal".to_owned(),
        [] => "no payment of the journal is undecided".to_owned(),
        shown => shown.join("\n\n"),
    };
    Ok(output::line(text)?)
}

/// What the journal holds, after it was brought up to date.
async fn deals(sender: &Sender, account: Option<Account>) -> Result<Vec<DealReport>, Failure> {
    let known = sender.deals(account).await?;
    let open = known.iter().filter(|deal| !deal.is_over).map(|deal| deal.account);
    let accounts: BTreeSet<Account> = open.collect();
    if accounts.is_empty() {
        return Ok(known);
    }
    for account in accounts {
        sender.refresh(account).await?;
    }
    Ok(sender.deals(account).await?)
}

/// A deal, each of its blocks on a line.
fn paragraph(deal: &DealReport) -> String {
    let mut lines = vec![format!("{}: {} (key {})", deal.account, story::deal(deal), deal.key)];
    for Item { order, block, fate, .. } in &deal.items {
        let hash = block.map_or_else(String::new, |hash| format!(": block {hash}"));
        lines.push(format!("  {}: {fate}{hash}", story::what(order)));
    }
    for (Reward { address, hash, price }, fate) in &deal.rewards {
        lines.push(format!("  {} for {address}: {fate}: block {hash}", story::xno(*price)));
    }
    if let Some(by) = deal.rival {
        lines.push(format!("  in their place the account has block {by}"));
    }
    lines.join("\n")
}

/// The deal that the block is in, if the journal has one. Only the account of that deal is brought up to date.
async fn deal_of(
    sender: &Sender,
    account: Option<Account>,
    hash: BlockHash,
) -> Result<Option<DealReport>, Failure> {
    let has_it = |deal: &DealReport| in_deal(deal, hash).is_some();
    let found = sender.deals(account).await?.into_iter().find(has_it);
    match found {
        Some(deal) if !deal.is_over => {
            let fresh = sender.refresh(deal.account).await?.into_iter().find(has_it);
            Ok(fresh.or(Some(deal)))
        }
        found => Ok(found),
    }
}

/// Tells the fate of one block.
async fn block(
    sender: &Sender,
    account: Option<Account>,
    hash: BlockHash,
    json: bool,
) -> Result<(), Failure> {
    let deal = deal_of(sender, account, hash).await?;
    let fate = match deal.as_ref().and_then(|deal| in_deal(deal, hash)) {
        Some(fate) => Some(fate),
        None => on_ledger(sender, hash).await?,
    };
    if json {
        let deal = deal.as_ref().map(Chain::new);
        output::json(&BlockFate { hash, fate: fate.map(Fate::as_str), deal })?;
    } else if let Some(fate) = fate {
        let of = deal.as_ref().map(|deal| format!("; it is of {}", story::deal(deal)));
        output::line(format_args!("block {hash}: {fate}{}", of.unwrap_or_default()))?;
    }
    match fate {
        Some(Fate::Confirmed) => Ok(()),
        Some(fate) if fate.is_open() => Err(Failure::partial(format!("block {hash}: {fate}"))),
        Some(fate) => Err(Failure::new(format!("block {hash}: {fate}"))),
        None => {
            Err(Failure::new(format!("block {hash} is neither in the journal nor on the ledger")))
        }
    }
}

fn in_deal(deal: &DealReport, hash: BlockHash) -> Option<Fate> {
    let user = deal.items.iter().find(|item| item.block == Some(hash)).map(|item| item.fate);
    let reward = || deal.rewards.iter().find(|(reward, _)| reward.hash == hash);
    user.or_else(|| reward().map(|(_, fate)| *fate))
}

async fn on_ledger(sender: &Sender, hash: BlockHash) -> Result<Option<Fate>, Failure> {
    let info = sender.node().block_info(&hash).await.map_err(StateError::from)?;
    let fate = |is_confirmed| if is_confirmed { Fate::Confirmed } else { Fate::OnLedger };
    Ok(info.map(|info| fate(info.confirmed)))
}
