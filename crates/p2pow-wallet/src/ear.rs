//! [`Ear`]: what the node's WebSocket tells of sends to some accounts, as a hint that it is worth asking the node.

use futures_util::FutureExt;
use nano_block::{Block, Subtype};
use nano_primitives::Account;
use nano_rpc::{
    WebSocketUrl,
    websocket::{Event, Subscription, Topics},
};
use std::{collections::BTreeSet, future::pending};
use tracing::warn;

/// Accounts that are named to the node; of more all confirmations are asked for.
const MOST_NAMED: usize = 1000;

/// A WebSocket that mends itself, or nothing, and then nothing is heard.
#[derive(Debug)]
pub(crate) struct Ear {
    url: Option<WebSocketUrl>,
    accounts: BTreeSet<Account>,
    subscription: Option<Subscription>,
}

/// What was heard.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Confirmed sends to these accounts.
    SentTo(BTreeSet<Account>),
    /// Something may have happened that was not told.
    Missed,
}

impl Ear {
    pub(crate) const fn new(url: Option<WebSocketUrl>) -> Self {
        Self { url, accounts: BTreeSet::new(), subscription: None }
    }

    /// Listens for these accounts from now on.
    pub(crate) fn listen(&mut self, accounts: BTreeSet<Account>) {
        let Some(url) = self.url.as_ref().filter(|_| self.accounts != accounts) else { return };
        let named = if accounts.len() > MOST_NAMED { BTreeSet::new() } else { accounts.clone() };
        // Nobody to be named is everybody to a node.
        self.subscription = (!accounts.is_empty())
            .then(|| Subscription::start(url, Topics::default().confirmations_of(named)));
        self.accounts = accounts;
    }

    /// Waits for something to be heard. Never comes back without a WebSocket; can be dropped and called again.
    pub(crate) async fn next(&mut self) -> Heard {
        loop {
            let Some(subscription) = &mut self.subscription else { return pending().await };
            let Some(event) = subscription.next().await else {
                self.subscription = None;
                continue;
            };
            // What has come meanwhile is asked about together.
            let more = std::iter::from_fn(|| subscription.next().now_or_never().flatten());
            if let Some(heard) = together(std::iter::once(event).chain(more), &self.accounts) {
                return heard;
            }
        }
    }
}

fn together(events: impl Iterator<Item = Event>, wanted: &BTreeSet<Account>) -> Option<Heard> {
    let mut accounts = BTreeSet::new();
    let mut has_missed = false;
    for event in events {
        match event {
            Event::Reconnected => has_missed = true,
            Event::Confirmation { block: None, .. } => has_missed = true,
            Event::Confirmation { block: Some(signed), subtype, .. } => {
                accounts.extend(destination(&signed.block, subtype));
            }
            Event::Disconnected { reason } => {
                warn!(
                    reason,
                    "the WebSocket is interrupted: what arrives is looked for from time to time"
                );
            }
            _ => {}
        }
    }
    accounts.retain(|account| wanted.contains(account));
    match (has_missed, accounts.is_empty()) {
        (true, _) => Some(Heard::Missed),
        (false, true) => None,
        (false, false) => Some(Heard::SentTo(accounts)),
    }
}

/// Who is sent something by this block.
fn destination(block: &Block, subtype: Option<Subtype>) -> Option<Account> {
    match block {
        Block::State(block) if subtype == Some(Subtype::Send) => Some(block.link.to_account()),
        Block::Send(block) => Some(block.destination),
        _ => None,
    }
}
