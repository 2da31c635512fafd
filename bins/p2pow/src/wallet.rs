//! [`Wallet`]: what `send`, `receive`, `change` and `batch` have in common: a key, a sender, and telling how it went.

use crate::{options::Options, report::Report, story};
use nano_block::SecretKey;
use p2pow_cli::{Failure, KeyArgs, config::Given, output};
use p2pow_client::{Event, Order, Receipt, SendError, Sender, Unsettled};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Options of the commands that sign.
#[derive(Debug, clap::Args)]
pub(crate) struct WalletArgs {
    #[command(flatten)]
    key: Given<KeyArgs>,
    #[command(flatten)]
    options: Options,
    /// Print one JSON object and no story
    #[arg(long)]
    json: bool,
}

/// A key and a sender.
#[derive(Debug)]
pub(crate) struct Wallet {
    pub(crate) key: SecretKey,
    pub(crate) sender: Sender,
    pub(crate) json: bool,
    events: UnboundedReceiver<Event>,
}

impl WalletArgs {
    /// Reads the key and the options.
    pub(crate) fn open(self) -> Result<Wallet, Failure> {
        let settings = self.options.settings()?;
        let key = settings.key(&self.key)?.secret_key()?;
        let (listener, events) = unbounded_channel();
        let sender = settings.sender()?.with_events(listener);
        Ok(Wallet { key, sender, json: self.json, events })
    }
}

impl Wallet {
    /// Carries out the orders, telling the story as it goes, and prints how it ended. `lines` says where in the user's
    /// file each order stands, if they come from one.
    pub(crate) async fn run(&mut self, orders: &[Order], lines: &[u64]) -> Result<(), Failure> {
        let account = self.key.account();
        let left = match self.carry_out(orders).await {
            Ok(receipt) if self.json => {
                return Ok(output::json(&Report::done(account, &receipt, lines))?);
            }
            Ok(receipt) => return Ok(output::line(story::done(&receipt))?),
            Err(SendError::Unsettled(left)) => left,
            Err(error) => return Err(error.into()),
        };
        // What is signed must be told, by the exit code at least, whether or not somebody reads the output.
        let _ = if self.json {
            output::json(&Report::unsettled(account, &left, lines))
        } else {
            story::fates(&left, orders, lines).iter().try_for_each(output::line)
        };
        Err(failure(&left, orders, lines))
    }

    /// A reader that stops early is told nothing more, but what is signed is not abandoned.
    async fn carry_out(&mut self, orders: &[Order]) -> Result<Receipt, SendError> {
        let Self { key, sender, json, events } = self;
        let mut job = std::pin::pin!(sender.batch(key, orders));
        let outcome = loop {
            tokio::select! {
                outcome = &mut job => break outcome,
                Some(event) = events.recv() => print_event(*json, &event),
            }
        };
        while let Ok(event) = events.try_recv() {
            print_event(*json, &event);
        }
        outcome
    }
}

fn print_event(json: bool, event: &Event) {
    if let Some(text) = story::tell(event).filter(|_| !json) {
        let _ = output::line(text);
    }
}

/// Exit code 1 only if it is sure that nothing is or will ever be done; else 3, for it must not simply be done again.
fn failure(left: &Unsettled, orders: &[Order], lines: &[u64]) -> Failure {
    let words = story::unsettled(left, orders, lines);
    if left.is_void() { Failure::new(words) } else { Failure::partial(words) }
}
