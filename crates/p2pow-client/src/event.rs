//! [`Event`]: what happens on the way of a job, for whoever wants to watch. [`EventStream`]: all of it as it happens.

use crate::{DealReport, Item, OrderKey, Outcome, Reward, Worker};
use futures_util::stream::{BoxStream, Stream, StreamExt, unfold};
use nano_primitives::{Account, Amount, BlockHash};
use std::{
    fmt,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};
use tokio::sync::{
    broadcast::{self, error::RecvError},
    mpsc::UnboundedSender,
};

/// Events that a stream may be behind, at most.
const BEHIND: usize = 256;

/// A step of a job. Told in the order in which things happen.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// Another payment of the account is at work, in this process or another one: it is waited for.
    Waiting {
        /// Who, by its own word.
        holder: String,
    },
    /// An earlier payment that was not decided when the journal was read, as it is now.
    Earlier {
        /// What became of it.
        report: DealReport,
    },
    /// Other blocks are about to be signed in the place of these, on purpose.
    Replaced {
        /// What was there.
        report: DealReport,
    },
    /// Workers were found on the ledger.
    WorkersFound {
        /// How many are registered at addresses that may be dialled.
        registered: usize,
        /// Those that are asked first.
        asked: Vec<Worker>,
        /// Registrations that were left out because of their addresses.
        not_dialable: usize,
    },
    /// A worker does the job at an acceptable price.
    Quoted {
        /// Who.
        address: IpAddr,
        /// Where its reward goes.
        account: Account,
        /// Its price of this job, in raw.
        price: Amount,
    },
    /// A worker's offer could not be had, or is not acceptable.
    Unusable {
        /// Who.
        address: IpAddr,
        /// Why not.
        reason: String,
    },
    /// One of several nodes is not believed about the account, or is behind the others.
    NodeSetAside {
        /// The node, without credentials.
        url: String,
        /// Why.
        reason: String,
    },
    /// The account's frontier was verified.
    StateVerified {
        /// The last block; `None` for an unopened account.
        frontier: Option<BlockHash>,
        /// The balance it proves, in raw.
        balance: Amount,
    },
    /// Everything is signed. From here on the deal may happen at any time.
    Signed {
        /// The user's blocks in their order.
        users: Vec<BlockHash>,
        /// The reward block of each hired worker.
        rewards: Vec<Reward>,
    },
    /// A reward is signed for one more worker: another has failed, or takes too long.
    Promised {
        /// Its reward block.
        reward: Reward,
    },
    /// One more worker could not be hired.
    NotHired {
        /// Who.
        address: IpAddr,
        /// Why not.
        reason: String,
    },
    /// Nobody delivers, so the same user blocks are worked on here, or by the user's work servers.
    OwnWork {
        /// How many.
        blocks: usize,
    },
    /// Own work was not found.
    OwnWorkFailed {
        /// Why not.
        reason: String,
    },
    /// A worker was asked to do the work.
    Hired {
        /// Who.
        address: IpAddr,
    },
    /// What a hired worker is asked, word for word.
    Asked {
        /// Who.
        address: IpAddr,
        /// The body of `request_work`: signed blocks, in JSON.
        body: String,
    },
    /// What a hired worker replied, word for word, before it is read.
    Replied {
        /// Who.
        address: IpAddr,
        /// The status of HTTP.
        status: u16,
        /// The body, whatever it is.
        body: String,
    },
    /// A worker answered, or will not.
    Answered {
        /// Who.
        address: IpAddr,
        /// What.
        outcome: Outcome,
    },
    /// Whoever reads an [`EventStream`] was too slow, and has missed some.
    Missed {
        /// How many.
        count: u64,
    },
    /// A node's WebSocket tells nothing, or nothing any more: the nodes are polled. Told once a deal for each.
    NotSubscribed {
        /// Why.
        reason: String,
    },
    /// What a worker said could not be written to the journal. Its blocks are published all the same.
    NotWritten {
        /// Why not.
        reason: String,
    },
    /// How far the payment has come: told when something of it is signed, and when the ledger has shown
    /// what became of it.
    Progress {
        /// Which payment.
        key: OrderKey,
        /// Its orders, each with what became of it.
        items: Vec<Item>,
    },
    /// The sender's node says that the last user block is confirmed.
    UserConfirmed {
        /// The block.
        hash: BlockHash,
    },
    /// The sender's node says that a reward block is confirmed.
    RewardConfirmed {
        /// The block.
        hash: BlockHash,
        /// Whose reward it is.
        address: IpAddr,
    },
}

/// Where events go, if anywhere. Clones go to the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Events {
    listener: Option<UnboundedSender<Event>>,
    /// Made when the first stream is asked for.
    streams: Arc<OnceLock<broadcast::Sender<Event>>>,
}

impl Events {
    /// The same with a listener that misses nothing.
    pub(crate) fn with_listener(self, listener: UnboundedSender<Event>) -> Self {
        Self { listener: Some(listener), ..self }
    }

    /// Nobody listening is no fault.
    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        let streams = self.streams.get().filter(|streams| streams.receiver_count() > 0);
        if self.listener.is_none() && streams.is_none() {
            return;
        }
        let event = event();
        if let Some(streams) = streams {
            let _ = streams.send(event.clone());
        }
        if let Some(listener) = &self.listener {
            let _ = listener.send(event);
        }
    }

    /// What happens from now on.
    pub(crate) fn stream(&self) -> EventStream {
        let streams = self.streams.get_or_init(|| broadcast::Sender::new(BEHIND));
        let next = |mut events: broadcast::Receiver<Event>| async move {
            match events.recv().await {
                Ok(event) => Some((event, events)),
                Err(RecvError::Lagged(count)) => Some((Event::Missed { count }, events)),
                Err(RecvError::Closed) => None,
            }
        };
        EventStream(unfold(streams.subscribe(), next).boxed())
    }
}

/// What a [`Sender`](crate::Sender) does, from when the stream was asked for until the sender and its clones are gone.
///
/// A reader that is more than 256 events behind misses the oldest, and is told so by [`Event::Missed`]: what counts is
/// in the journal and in what the calls answer.
pub struct EventStream(BoxStream<'static, Event>);

impl Stream for EventStream {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.0.poll_next_unpin(context)
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{BEHIND, Event, Events, StreamExt};

    #[tokio::test]
    async fn a_stream_tells_what_happens_after_it_was_asked_for_and_what_was_missed() {
        let events = Events::default();
        events.tell(|| panic!("nobody listens"));
        let (mut quick, mut slow) = (events.stream(), events.clone().stream());
        for blocks in 0..BEHIND + 2 {
            events.tell(|| Event::OwnWork { blocks });
            let told = quick.next().await;
            assert!(matches!(told, Some(Event::OwnWork { blocks: told }) if told == blocks));
        }
        assert!(matches!(slow.next().await, Some(Event::Missed { count: 2 })));
        assert!(matches!(slow.next().await, Some(Event::OwnWork { blocks: 2 })));
        drop(events);
        assert!(quick.next().await.is_none());
        assert_eq!(slow.count().await, BEHIND - 1);
    }
}
