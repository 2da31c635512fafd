//! [`PaymentReport`]: how a payment ended, as scripts read it. [`Chain`]: what the journal says of a chain of blocks.

use crate::story;
use nano_block::SignedState;
use nano_primitives::{Account, Amount, BlockHash};
use p2pow_client::{
    DealReport, Fate, Hired, Item, Order, OrderKey, Outcome, Paid, Receipt, Reward, Unsettled,
};
use serde::Serialize;
use std::{io::Write, net::IpAddr, path::Path};

/// What `send`, `receive`, `change` and `batch` print with `--json` about a payment of which something is signed.
#[derive(Debug, Serialize)]
pub(crate) struct PaymentReport {
    pub(crate) account: Account,
    /// The payment's key: the same key is the same payment.
    key: OrderKey,
    /// Why it is not done; not there if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Whether it was done before, so that nothing was signed now.
    already: bool,
    pub(crate) blocks: Vec<BlockReport>,
    pub(crate) reward: Option<BlockReport>,
    /// What became of every reward block, where the payment is not done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rewards: Vec<RewardReport>,
    pub(crate) winner: Option<Winner>,
    pub(crate) workers: Vec<WorkerReport>,
    pub(crate) elapsed_ms: u128,
    /// What went wrong and did no harm.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: Vec<String>,
}

/// An order or a reward: its block as a node writes it, its hash, and what became of it.
#[derive(Debug, Serialize)]
pub(crate) struct BlockReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<BlockHash>,
    fate: &'static str,
    /// Where it stands in the user's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Order>,
    #[serde(flatten)]
    block: Option<SignedState>,
}

/// A chain of signed blocks.
#[derive(Debug, Serialize)]
pub(crate) struct Chain {
    account: Account,
    key: OrderKey,
    previous: BlockHash,
    created: u64,
    is_over: bool,
    is_replaced: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    rival: Option<BlockHash>,
    blocks: Vec<BlockReport>,
    rewards: Vec<RewardReport>,
}

/// What became of one block.
#[derive(Debug, Serialize)]
pub(crate) struct BlockFate {
    pub(crate) hash: BlockHash,
    /// Nothing if nobody knows the block.
    pub(crate) fate: Option<&'static str>,
    /// The chain of the journal that it is in, if it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deal: Option<Chain>,
}

/// A signed reward block.
#[derive(Debug, Serialize)]
struct RewardReport {
    hash: BlockHash,
    fate: &'static str,
    address: IpAddr,
    price_raw: Amount,
}

/// Who was paid.
#[derive(Debug, Serialize)]
pub(crate) struct Winner {
    pub(crate) address: IpAddr,
    account: Account,
    pub(crate) fee_raw: Amount,
}

/// A hired worker.
#[derive(Debug, Serialize)]
pub(crate) struct WorkerReport {
    address: IpAddr,
    account: Account,
    price_raw: Amount,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl PaymentReport {
    /// The same with what went wrong and did no harm.
    pub(crate) fn with_warnings(self, warnings: Vec<String>) -> Self {
        Self { warnings, ..self }
    }

    /// A payment that is done. `lines` says where in the user's file the blocks stand, if they come from one.
    pub(crate) fn done(
        account: Account,
        receipt: &Receipt,
        orders: &[Order],
        lines: &[u64],
    ) -> Self {
        let items = receipt.users.iter().zip(orders).map(|(user, order)| Item {
            order: *order,
            block: Some(user.hash()),
            signed: Some(*user),
            fate: Fate::Confirmed,
        });
        let workers = receipt.hired.iter();
        Self {
            account,
            key: receipt.key.clone(),
            error: None,
            already: receipt.is_earlier,
            blocks: blocks(items, lines),
            reward: receipt.winner().map(BlockReport::paid),
            rewards: Vec::new(),
            winner: receipt.winner().map(Winner::new),
            workers: workers
                .map(|hired| WorkerReport::new(hired, outcome(receipt, hired)))
                .collect(),
            elapsed_ms: receipt.elapsed.as_millis(),
            warnings: Vec::new(),
        }
    }

    /// A payment that is being made.
    pub(crate) fn underway(account: Account, key: OrderKey, items: &[Item], lines: &[u64]) -> Self {
        Self {
            account,
            key,
            error: Some("not done yet".to_owned()),
            already: false,
            blocks: blocks(items.iter().copied(), lines),
            reward: None,
            rewards: Vec::new(),
            winner: None,
            workers: Vec::new(),
            elapsed_ms: 0,
            warnings: Vec::new(),
        }
    }

    /// A payment of which something is signed and not all is done.
    pub(crate) fn unsettled(account: Account, left: &Unsettled, lines: &[u64]) -> Self {
        let answered = |hired: &Hired| WorkerReport::new(hired, hired.outcome.as_str());
        Self {
            account,
            key: left.key.clone(),
            error: Some(left.to_string()),
            already: false,
            blocks: blocks(left.items.iter().copied(), lines),
            reward: None,
            rewards: left.rewards.iter().copied().map(RewardReport::new).collect(),
            winner: None,
            workers: left.hired.iter().map(answered).collect(),
            elapsed_ms: left.elapsed.as_millis(),
            warnings: Vec::new(),
        }
    }
}

impl Chain {
    pub(crate) fn new(deal: &DealReport) -> Self {
        Self {
            account: deal.account,
            key: deal.key.clone(),
            previous: deal.previous,
            created: deal.created,
            is_over: deal.is_over,
            is_replaced: deal.is_replaced,
            rival: deal.rival,
            blocks: blocks(deal.items.iter().copied(), &[]),
            rewards: deal.rewards.iter().copied().map(RewardReport::new).collect(),
        }
    }
}

fn blocks(items: impl Iterator<Item = Item>, lines: &[u64]) -> Vec<BlockReport> {
    let numbered = items.enumerate();
    numbered.map(|(place, item)| BlockReport::new(item, lines.get(place).copied())).collect()
}

impl BlockReport {
    fn new(item: Item, line: Option<u64>) -> Self {
        let Item { order, block, signed, fate } = item;
        Self { hash: block, fate: fate.as_str(), line, order: Some(order), block: signed }
    }

    fn paid(paid: &Paid) -> Self {
        let (hash, fate) = (Some(paid.block.hash()), Fate::Confirmed.as_str());
        Self { hash, fate, line: None, order: None, block: Some(paid.block) }
    }
}

impl RewardReport {
    fn new((reward, fate): (Reward, Fate)) -> Self {
        let Reward { address, hash, price } = reward;
        Self { hash, fate: fate.as_str(), address, price_raw: price }
    }
}

impl WorkerReport {
    fn new(hired: &Hired, outcome: &'static str) -> Self {
        Self {
            address: hired.quote.candidate.worker.address,
            account: hired.quote.candidate.offer.reward_account,
            price_raw: hired.quote.price,
            outcome,
            detail: detail(&hired.outcome),
        }
    }
}

impl Winner {
    pub(crate) fn new(paid: &Paid) -> Self {
        Self { address: paid.address, account: paid.account, fee_raw: paid.price }
    }
}

/// `won`, `lost` (it worked, another was quicker) or `failed` (it did not do its part).
pub(crate) fn outcome(receipt: &Receipt, hired: &Hired) -> &'static str {
    match hired.outcome {
        _ if receipt.is_paid(hired) => "won",
        Outcome::Failed(_) => "failed",
        _ => "lost",
    }
}

/// The worker's own words, where it did not deliver.
pub(crate) fn detail(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed(error) => Some(story::reason(error)),
        _ => None,
    }
}

/// Writes the report as a whole or not at all: under another name first, and then in the place of what was there.
pub(crate) fn write(path: &Path, report: &impl Serialize) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    serde_json::to_writer_pretty(&mut file, report)?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
