//! How a payment is made: the sender does it, and what it tells on the way is shown.

use super::{Payments, Shown, message::Message};
use crate::view::Lane;
use nano_primitives::BlockHash;
use p2pow_client::{Event, OrderKey, Sender};
use p2pow_protocol::JobState;
use std::{collections::BTreeSet, net::IpAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    task::JoinSet,
    time::sleep,
};
use tracing::warn;

/// How often a worker is asked how its job stands.
const ASK_EVERY: Duration = Duration::from_millis(400);
/// Messages of a payment that are kept.
const MESSAGES: usize = 64;

impl Payments {
    /// Makes the payment of this key.
    pub(super) async fn run(&self, key: &str) {
        let Some(asked) = self.one(key).map(|view| view.asked) else { return };
        let (Some(signer), Ok(name)) = (&self.desk.signer, OrderKey::new(format!("web-{key}")))
        else {
            return;
        };
        let (listener, mut events) = unbounded_channel();
        let (teller, mut states) = unbounded_channel();
        let sender = Arc::new(self.desk.heard(&asked, listener));
        let mut looks = Looks {
            sender: Arc::clone(&sender),
            teller,
            tasks: JoinSet::new(),
            of: BTreeSet::new(),
        };
        let result = {
            let mut payment = pin!(sender.pay(&**signer, &name, &asked.orders));
            loop {
                tokio::select! {
                    result = &mut payment => break result,
                    Some(event) = events.recv() => {
                        self.hear(key, &event);
                        self.look(key, &mut looks);
                    }
                    Some((reward, state)) = states.recv() => self.alter(key, |known| {
                        known.view.stands(reward, state);
                        true
                    }),
                }
            }
        };
        drop(looks);
        while let Ok(event) = events.try_recv() {
            self.hear(key, &event);
        }
        self.alter(key, |known| {
            known.view.end(result);
            true
        });
        if let Some(view) = self.one(key)
            && let Err(error) = self.write(&view).await
        {
            // The journal has all of it; without this record it is shown as interrupted.
            warn!(%key, %error, "the end of a payment is not written");
        }
        self.board.again.notify_one();
    }

    fn hear(&self, key: &str, event: &Event) {
        self.alter(key, |known: &mut Shown| {
            if known.messages.len() < MESSAGES {
                known.messages.extend(Message::of(event));
            }
            known.view.hear(event)
        });
    }

    /// Has those asked how their jobs stand that are at work and tell it.
    fn look(&self, key: &str, looks: &mut Looks) {
        let Some(view) = self.one(key) else { return };
        let at_work = view.hired.iter().filter(|lane| lane.is_at_work());
        for Lane { address, reward, .. } in at_work {
            if self.board.tells_of_jobs(*address) {
                looks.begin(*address, *reward);
            }
        }
    }
}

/// Tasks that ask workers how their jobs stand. They end with this.
struct Looks {
    sender: Arc<Sender>,
    teller: UnboundedSender<(BlockHash, JobState)>,
    tasks: JoinSet<()>,
    of: BTreeSet<BlockHash>,
}

impl Looks {
    fn begin(&mut self, address: IpAddr, reward: BlockHash) {
        if !self.of.insert(reward) {
            return;
        }
        let (sender, teller) = (Arc::clone(&self.sender), self.teller.clone());
        self.tasks.spawn(async move {
            loop {
                sleep(ASK_EVERY).await;
                // It may not have read the job yet, and be busy: it is only for show.
                let Ok(state) = sender.job_state(address, reward).await else { continue };
                let is_end = state.is_end();
                if teller.send((reward, state)).is_err() || is_end {
                    return;
                }
            }
        });
    }
}
