//! What `send`, `receive`, `change` and `batch` have in common: a key, a sender, and telling how it went.

use crate::{options::Options, report::Report, story};
use nano_block::SecretKey;
use p2pow_cli::{Failure, KeyArgs, config::Given, output};
use p2pow_client::{Event, Order, Receipt, Sender};
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
    /// Carries out the orders, telling the story as it goes, and prints how it ended.
    pub(crate) async fn run(&mut self, orders: &[Order]) -> Result<(), Failure> {
        let receipt = self.carry_out(orders).await?;
        let report = Report::new(self.key.account(), &receipt);
        if self.json { Ok(output::json(&report)?) } else { print(&receipt) }
    }

    async fn carry_out(&mut self, orders: &[Order]) -> Result<Receipt, Failure> {
        let Self { key, sender, json, events } = self;
        let mut job = std::pin::pin!(sender.batch(key, orders));
        let receipt = loop {
            tokio::select! {
                receipt = &mut job => break receipt,
                Some(event) = events.recv() => print_event(*json, &event)?,
            }
        };
        while let Ok(event) = events.try_recv() {
            print_event(*json, &event)?;
        }
        Ok(receipt?)
    }
}

fn print_event(json: bool, event: &Event) -> Result<(), Failure> {
    match story::tell(event) {
        Some(text) if !json => Ok(output::line(text)?),
        _ => Ok(()),
    }
}

fn print(receipt: &Receipt) -> Result<(), Failure> {
    let seconds = receipt.elapsed.as_secs_f64();
    match receipt.winner() {
        Some(winner) => {
            let price = story::xno(winner.hire.price);
            let address = winner.hire.candidate.worker.address;
            Ok(output::line(format_args!(
                "done in {seconds:.1} s; {address} did the work for {price}"
            ))?)
        }
        None => Ok(output::line(format_args!("done in {seconds:.1} s; nobody took the reward"))?),
    }
}
