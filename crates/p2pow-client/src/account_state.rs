//! [`Inquiry`]: finds the state of the sender's account, on nodes that are of the sender's network and agree.
//!
//! Each node's word is proven by the account's own signature (proof). Several nodes must say the same; one that is away,
//! behind, or proves nothing is set aside, and told of. Two proven states of which neither stands on the other are a
//! disagreement, in which nothing is signed.

use crate::{
    Config, Event,
    config::{Deadlines, deadline},
    event::Events,
    nodes::{Nodes, Voice},
    proof::{StateError, Verified, verify},
};
use futures_util::future::try_join_all;
use nano_block::Network;
use nano_primitives::{Account, BlockHash};
use nano_rpc::{AccountInfo, Client};
use std::{fmt::Write, time::Duration};
use tokio::time::{Instant, sleep};

/// Time for a node to tell its thresholds. One that does not is believed to be of the right network.
const NETWORK_TIMEOUT: Duration = Duration::from_secs(4);
/// Time for a node that is behind to catch up with the others.
const CATCH_UP: Duration = Duration::from_secs(10);

/// Compares the nodes' thresholds with those of the sender's network. A node that does not tell them stops nothing.
pub(crate) async fn check_network(nodes: &Nodes, wanted: Network) -> Result<(), StateError> {
    let checks = nodes.all().map(|node| check_one(node, wanted));
    try_join_all(checks).await.map(drop)
}

async fn check_one(node: &Client, wanted: Network) -> Result<(), StateError> {
    let asked = node.with_retries(0).with_timeout(NETWORK_TIMEOUT);
    let told = match asked.active_difficulty().await {
        Ok(told) => told,
        Err(error) => {
            tracing::debug!(%error, node = node.url(), "the node's network is not known");
            return Ok(());
        }
    };
    Ok(told.check_network(wanted)?)
}

/// What one node says of the account.
type View = Voice<Option<AccountInfo>>;

/// Asks the nodes for the state of an account, as far as the deadlines allow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inquiry<'a> {
    pub(crate) nodes: &'a Nodes,
    pub(crate) config: &'a Config,
    pub(crate) events: &'a Events,
    pub(crate) deadlines: &'a Deadlines,
}

impl Inquiry<'_> {
    /// The state of `account`, confirmed and verified.
    pub(crate) async fn verified(&self, account: Account) -> Result<Verified, StateError> {
        let mut views = self.agreed(account).await?;
        // The one that knows most comes first.
        views.sort_by_key(|view| std::cmp::Reverse((height(view), is_confirmed(view))));
        let mut first_error = None;
        while !views.is_empty() {
            let best = views.remove(0);
            if views.is_empty() {
                // Time may be over, and no proof would help.
                confirmed_by_most(&best, &views)?;
            }
            match verify(&best.node, account, best.answer.as_ref(), self.config).await {
                Ok(proven) => {
                    confirmed_by_most(&best, &views)?;
                    self.stands_on_all(&best, &views, account).await?;
                    return Ok(proven);
                }
                Err(error) => {
                    if !views.is_empty() {
                        self.set_aside(&best.node, error.to_string());
                    }
                    first_error.get_or_insert(error);
                }
            }
        }
        Err(first_error.expect("a node answered at least"))
    }

    /// What the nodes say as soon as it is the same and confirmed, or what they say in the end.
    async fn agreed(&self, account: Account) -> Result<Vec<View>, StateError> {
        let patience = &self.config.patience;
        let (now, whole) = (Instant::now(), self.deadlines.prepared);
        // What is left of the time is for the proof.
        let most = whole.saturating_duration_since(now) * 7 / 8;
        let confirmed_by = deadline(patience.frontier).min(now + most);
        let caught_up_by = deadline(CATCH_UP).min(confirmed_by);
        loop {
            let views = self.nodes.account_infos(account).await?;
            let (is_confirmed, is_same) = (views.iter().all(is_confirmed), is_same(&views));
            let end = if is_confirmed { caught_up_by } else { confirmed_by };
            if (is_confirmed && is_same) || Instant::now() + patience.poll >= end {
                return Ok(views);
            }
            sleep(patience.poll).await;
        }
    }

    /// Every other node's frontier must be the same block or one below it. A node that is behind is told of.
    async fn stands_on_all(
        &self,
        best: &View,
        others: &[View],
        account: Account,
    ) -> Result<(), StateError> {
        for other in others.iter().filter(|other| frontier(other) != frontier(best)) {
            if !is_below(best, other, account).await {
                return Err(StateError::Disagreement { said: said(best, others) });
            }
            self.set_aside(&other.node, format!("it is behind: it knows {}", shown(other)));
        }
        Ok(())
    }

    fn set_aside(&self, node: &Client, reason: String) {
        self.events.tell(|| Event::NodeSetAside { url: node.url().to_owned(), reason });
    }
}

fn is_same(views: &[View]) -> bool {
    views.windows(2).all(|pair| frontier(&pair[0]) == frontier(&pair[1]))
}

fn frontier(view: &View) -> Option<BlockHash> {
    view.answer.as_ref().map(|info| info.frontier)
}

fn height(view: &View) -> u64 {
    view.answer.as_ref().map_or(0, |info| info.block_count)
}

/// A node that tells nothing of confirmation is from before there was `include_confirmed`.
fn is_confirmed(view: &View) -> bool {
    view.answer.as_ref().is_none_or(|info| {
        let is_silent = info.confirmed_frontier.is_none() && info.confirmed_height.is_none();
        info.is_confirmed() || is_silent
    })
}

/// The frontier is confirmed if more than half of the nodes that have it say so.
fn confirmed_by_most(best: &View, others: &[View]) -> Result<(), StateError> {
    let Some(frontier) = frontier(best) else { return Ok(()) };
    let same = || others.iter().filter(|other| self::frontier(other) == Some(frontier));
    let voices = 1 + same().count();
    let confirmed =
        usize::from(is_confirmed(best)) + same().filter(|view| is_confirmed(view)).count();
    if 2 * confirmed > voices { Ok(()) } else { Err(StateError::Unconfirmed { frontier }) }
}

/// Whether the frontier of `other` is a confirmed block of the chain that ends with that of `best`, which is the word
/// of the node that has the longer one.
async fn is_below(best: &View, other: &View, account: Account) -> bool {
    let Some(frontier) = frontier(other) else { return true };
    let found = best.node.with_retries(0).block_info(&frontier).await;
    found.is_ok_and(|info| {
        info.is_some_and(|info| {
            info.confirmed && info.account == account && info.height < height(best)
        })
    })
}

/// Which node says what, for people.
fn said(best: &View, others: &[View]) -> String {
    let mut text = format!("{} knows {}", best.node.url(), shown(best));
    for other in others {
        write!(text, ", {} knows {}", other.node.url(), shown(other))
            .expect("a text takes what is written to it");
    }
    text
}

fn shown(view: &View) -> String {
    match &view.answer {
        None => "no block of it".to_owned(),
        Some(info) => {
            let not = if is_confirmed(view) { "" } else { ", not confirmed" };
            format!("block {} (number {}{not})", info.frontier, info.block_count)
        }
    }
}
