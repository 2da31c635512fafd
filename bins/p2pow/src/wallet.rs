//! [`Wallet`]: what `send`, `receive`, `change` and `batch` have in common: who signs, a sender with its journal, and telling
//! how it went.

use crate::{options::Options, report::PaymentReport, signer::Hand, story};
use nano_primitives::Account;
use p2pow_cli::{Failure, output};
use p2pow_client::{
    Config, Event, Order, OrderKey, Payment, Receipt, SendError, Sender, Signer, Unsettled,
};
use std::path::PathBuf;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Options of the commands that sign.
#[derive(Debug, clap::Args)]
pub(crate) struct WalletArgs {
    #[command(flatten)]
    hand: Hand,
    #[command(flatten)]
    options: Options,
    /// Print one JSON object and no story
    #[arg(long)]
    json: bool,
}

/// Which payment is meant.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Which payment is meant")]
pub(crate) struct Meaning {
    /// The payment's own name, such as the number of an invoice: the same name is the same payment, for ever
    #[arg(long, value_name = "NAME", value_parser = name, conflicts_with = "again")]
    id: Option<OrderKey>,
    /// Another payment, though an equal one was made just now or is not decided
    #[arg(long)]
    again: bool,
    /// Sign it in the place of an undecided payment of the account, which can then be confirmed in its stead
    #[arg(long)]
    replace: bool,
}

fn name(text: &str) -> Result<OrderKey, String> {
    OrderKey::new(text).map_err(|error| error.to_string())
}

/// What is to be carried out.
#[derive(Debug, Default)]
pub(crate) struct Task<'a> {
    pub(crate) orders: &'a [Order],
    /// Where in the user's file each order stands, if they come from one.
    pub(crate) lines: &'a [u64],
    pub(crate) meaning: Meaning,
    /// Where the report is written, too.
    pub(crate) report: Option<PathBuf>,
}

/// Who signs, and a sender.
pub(crate) struct Wallet {
    signer: Box<dyn Signer>,
    pub(crate) sender: Sender,
    pub(crate) json: bool,
    events: UnboundedReceiver<Event>,
    /// What went wrong and did no harm, for the JSON.
    warnings: Vec<String>,
}

impl WalletArgs {
    /// Reads the key, or asks the signer for its account, and opens the journal.
    pub(crate) async fn open(self) -> Result<Wallet, Failure> {
        let settings = self.options.settings()?;
        let signer = self.hand.signer(settings.file()).await?;
        let (listener, events) = unbounded_channel();
        let journal = settings.journal()?;
        let sender = settings.sender()?.with_journal(journal).with_events(listener);
        Ok(Wallet { signer, sender, json: self.json, events, warnings: Vec::new() })
    }
}

impl Wallet {
    /// Whose blocks are signed.
    pub(crate) fn account(&self) -> Account {
        self.signer.account()
    }

    /// The same that gives its workers all that a payment leaves on the account.
    pub(crate) fn leaving_nothing(self) -> Self {
        let config = Config { leaves_nothing: true, ..self.sender.config().clone() };
        Self { sender: self.sender.with_config(config), ..self }
    }

    /// Carries out the task, telling the story as it goes, and prints how it ended.
    pub(crate) async fn run(&mut self, task: Task<'_>) -> Result<(), Failure> {
        let outcome = self.carry_out(&task).await;
        let warnings = std::mem::take(&mut self.warnings);
        let account = self.account();
        let left = match outcome {
            Ok(receipt) => {
                let report = PaymentReport::done(account, &receipt, task.orders, task.lines);
                self.tell_done(&receipt, report.with_warnings(warnings), &task)?;
                // From here on the same command is another payment, but for what `cautious` says.
                return Ok(self.sender.acknowledge(account, &receipt.key).await?);
            }
            Err(SendError::Unsettled(left)) => left,
            Err(error) => return Err(error.into()),
        };
        let report = PaymentReport::unsettled(account, &left, task.lines).with_warnings(warnings);
        let written = write(&task, &report);
        // What is signed must be told, by the exit code at least, whether or not somebody reads the output.
        let _ = if self.json {
            output::json(&report)
        } else {
            story::fates(&left.items, task.lines).iter().try_for_each(output::line)
        };
        Err(failure(&left, written.err()))
    }

    fn tell_done(
        &self,
        receipt: &Receipt,
        report: PaymentReport,
        task: &Task<'_>,
    ) -> Result<(), Failure> {
        let written = write(task, &report);
        if self.json {
            output::json(&report)?;
        } else {
            output::line(story::done(receipt))?;
        }
        written.map_err(|error| Failure::partial(format!("all is paid, but {error}")))
    }

    /// A reader that stops early is told nothing more, but what is signed is not abandoned.
    async fn carry_out(&mut self, task: &Task<'_>) -> Result<Receipt, SendError> {
        let Self { signer, sender, events, .. } = self;
        let (account, warnings) = (signer.account(), &mut self.warnings);
        let mut told = Told { is_quiet: self.json, warnings, account, task };
        let mut job = std::pin::pin!(sender.carry_out(&**signer, payment(task)));
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

fn payment<'a>(task: &'a Task<'_>) -> Payment<'a> {
    let Meaning { id, again, replace } = &task.meaning;
    let mut payment = Payment::of(task.orders).cautious();
    if let Some(key) = id {
        payment = payment.with_key(key);
    }
    if *again {
        payment = payment.another();
    }
    if *replace { payment.replacing() } else { payment }
}

/// Writes the report's file anew, as a whole or not at all.
fn write(task: &Task<'_>, report: &PaymentReport) -> Result<(), String> {
    let Some(path) = &task.report else { return Ok(()) };
    crate::report::write(path, report)
        .map_err(|error| format!("the report {} cannot be written: {error}", path.display()))
}

/// Tells the story, or keeps what of it is a warning.
struct Told<'a> {
    is_quiet: bool,
    warnings: &'a mut Vec<String>,
    account: Account,
    task: &'a Task<'a>,
}

impl Told<'_> {
    fn tell(&mut self, event: &Event) {
        if let Event::Progress { key, items } = event {
            let report = PaymentReport::underway(self.account, key.clone(), items, self.task.lines);
            // At the end it is written once more, and then it counts.
            let _ = write(self.task, &report);
        }
        let is_warning = matches!(
            event,
            Event::NotSubscribed { .. }
                | Event::NodeSetAside { .. }
                | Event::NotWritten { .. }
                | Event::Replaced { .. }
        );
        match story::tell(event) {
            Some(text) if !self.is_quiet => {
                let _ = output::line(text);
            }
            Some(text) if is_warning => self.warnings.push(text),
            _ => {}
        }
    }
}

/// Exit code 1 only if it is sure that nothing is or will ever be done; else 3, for it must not simply be done again.
fn failure(left: &Unsettled, not_written: Option<String>) -> Failure {
    let mut words = story::unsettled(left);
    if let Some(problem) = not_written {
        words = format!("{words}; {problem}");
    }
    if left.is_void() { Failure::new(words) } else { Failure::partial(words) }
}
