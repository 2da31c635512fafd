//! [`Wallet`]: what `send`, `receive`, `change` and `batch` have in common: a key, a sender, and telling how it went.

use crate::{options::Options, report::DealReport, story};
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
    /// What went wrong and did no harm, for the JSON.
    warnings: Vec<String>,
}

impl WalletArgs {
    /// Reads the key and the options.
    pub(crate) fn open(self) -> Result<Wallet, Failure> {
        let settings = self.options.settings()?;
        let key = settings.key(&self.key)?.secret_key()?;
        let (listener, events) = unbounded_channel();
        let sender = settings.sender()?.with_events(listener);
        Ok(Wallet { key, sender, json: self.json, events, warnings: Vec::new() })
    }
}

impl Wallet {
    /// Carries out the orders, telling the story as it goes, and prints how it ended. `lines` says where in the user's
    /// file each order stands, if they come from one.
    pub(crate) async fn run(&mut self, orders: &[Order], lines: &[u64]) -> Result<(), Failure> {
        let account = self.key.account();
        let outcome = self.carry_out(orders).await;
        let warnings = std::mem::take(&mut self.warnings);
        let left = match outcome {
            Ok(receipt) if self.json => {
                let report = DealReport::done(account, &receipt, lines);
                return Ok(output::json(&report.with_warnings(warnings))?);
            }
            Ok(receipt) => return Ok(output::line(story::done(&receipt))?),
            Err(SendError::Unsettled(left)) => left,
            Err(error) => return Err(error.into()),
        };
        // What is signed must be told, by the exit code at least, whether or not somebody reads the output.
        let _ = if self.json {
            let report = DealReport::unsettled(account, &left, lines);
            output::json(&report.with_warnings(warnings))
        } else {
            story::fates(&left, orders, lines).iter().try_for_each(output::line)
        };
        Err(failure(&left, orders, lines))
    }

    /// A reader that stops early is told nothing more, but what is signed is not abandoned.
    async fn carry_out(&mut self, orders: &[Order]) -> Result<Receipt, SendError> {
        let Self { key, sender, events, .. } = self;
        let mut told = Told { is_quiet: self.json, warnings: &mut self.warnings };
        let mut job = std::pin::pin!(sender.batch(key, orders));
        let outcome = loop {
            tokio::select! {
                outcome = &mut job => break outcome,
                Some(event) = events.recv() => told.tell(&event),
            }
        };
        while let Ok(event) = events.try_recv() {
            told.tell(&event);
        }
        outcome
    }
}

/// Tells the story, or keeps what of it is a warning.
struct Told<'a> {
    is_quiet: bool,
    warnings: &'a mut Vec<String>,
}

impl Told<'_> {
    fn tell(&mut self, event: &Event) {
        match (story::tell(event), event) {
            (Some(text), _) if !self.is_quiet => {
                let _ = output::line(text);
            }
            (Some(text), Event::NotSubscribed { .. }) => self.warnings.push(text),
            _ => {}
        }
    }
}

/// Exit code 1 only if it is sure that nothing is or will ever be done; else 3, for it must not simply be done again.
fn failure(left: &Unsettled, orders: &[Order], lines: &[u64]) -> Failure {
    let words = story::unsettled(left, orders, lines);
    if left.is_void() { Failure::new(words) } else { Failure::partial(words) }
}
