//! [`sweep`]: pockets what waits for the reward account, with work of one's own.

use crate::own_account::{OwnAccount, OwnAccountError};
use nano_primitives::{Account, Amount, BlockHash};
use nano_rpc::ReceivableQuery;

/// What was pocketed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Swept {
    /// The account.
    pub account: Account,
    /// What was received, in the order of its blocks.
    pub received: Vec<Received>,
    /// Whether more waits that was not looked at.
    pub is_more: bool,
}

/// A reward that was pocketed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// The send that paid it.
    pub source: BlockHash,
    /// The receive that pocketed it.
    pub block: BlockHash,
    /// How much it is.
    pub amount: Amount,
}

/// A sweep that came to a stop. What it received before stays received; nothing can be pocketed twice.
#[derive(Debug, thiserror::Error)]
#[error("{} pocketed, then: {why}", told(.received))]
pub struct SweepError {
    /// What was received before.
    pub received: Vec<Received>,
    /// What went wrong.
    pub why: OwnAccountError,
}

fn told(received: &[Received]) -> String {
    match received.len() {
        0 => "nothing".to_owned(),
        1 => "1 reward".to_owned(),
        several => format!("{several} rewards"),
    }
}

impl Swept {
    /// How much was pocketed.
    #[must_use]
    pub fn total(&self) -> Amount {
        let amounts = self.received.iter().map(|reward| reward.amount);
        amounts.fold(Amount::ZERO, |sum, amount| sum.checked_add(amount).unwrap_or(Amount::MAX))
    }
}

/// Pockets sends of at least `min`, at most `count` of them, the largest first, and waits for the confirmation of the
/// last.
///
/// # Errors
/// The account cannot be worked with; what was received until then is told.
pub async fn sweep(by: &OwnAccount<'_>, min: Amount, count: usize) -> Result<Swept, SweepError> {
    let mut received = Vec::new();
    match receive_all(by, (min, count), &mut received).await {
        Ok(is_more) => Ok(Swept { account: by.account(), received, is_more }),
        Err(why) => Err(SweepError { received, why }),
    }
}

/// Says whether more waits.
async fn receive_all(
    by: &OwnAccount<'_>,
    (min, count): (Amount, usize),
    received: &mut Vec<Received>,
) -> Result<bool, OwnAccountError> {
    // One more than wanted tells whether there is more.
    let asked = u64::try_from(count).unwrap_or(u64::MAX).saturating_add(1);
    let query = ReceivableQuery {
        count: Some(asked),
        threshold: Some(min.max(Amount::from_raw(1))),
        ..ReceivableQuery::default()
    };
    let found = by.node.receivable(&by.account(), &query).await?;
    let is_more = found.len() > count;
    if found.is_empty() || count == 0 {
        return Ok(is_more);
    }
    let mut standing = by.standing().await?;
    for source in found.iter().take(count) {
        let (block, after) = by.receive(&standing, source).await?;
        received.push(Received { source: source.hash, block, amount: source.amount });
        standing = after;
    }
    if let Some(last) = received.last() {
        by.confirmed(last.block).await?;
    }
    Ok(is_more)
}
