//! `p2pow demo`: the whole deal, on an embedded network.

mod bars;
mod ledger;
mod report;
pub(crate) mod stage;

use crate::story;
use bars::Bars;
use ledger::{Balances, verify};
use nano_block::Network;
use p2pow_cli::{Failure, output};
use p2pow_client::{Event, Receipt, Sender};
use report::DemoReport;
use stage::{Crew, PAYMENT, Role, Stage};
use std::{
    pin::pin,
    time::{Duration, Instant},
};
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::interval,
};

const HELP: &str = "\
Everything runs on this computer, on a Nano network in this process: Alice has 10 XNO and sends 1 to Bob; workers that \
     are registered on the ledger race to do the work of her block and of the reward block on top of it; the ledger pays the \
     winner. With live thresholds both works take 2^29 hashes on average each, so this may take a few minutes on a small \
     processor; `--network dev` takes a second.

Examples:
  p2pow demo
  p2pow demo --network dev --workers 3
  p2pow demo --json | tail -n 1";

/// How often the progress is shown on a terminal, and in lines.
const FRAME: Duration = Duration::from_millis(100);

/// Options of `demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct DemoArgs {
    /// Whose work thresholds hold: live, beta or dev
    #[arg(long, default_value = "live")]
    network: Network,
    /// How many workers race, at 127.0.0.1, 127.0.0.2 …
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=32))]
    workers: u8,
    /// The port that all workers listen on [default: a free one]
    #[arg(long)]
    port: Option<u16>,
    /// Print one JSON object as the last line, and no story
    #[arg(long)]
    json: bool,
}

/// Tells the story, unless only the JSON is wanted.
#[derive(Debug, Clone, Copy)]
struct Teller {
    is_quiet: bool,
}

impl Teller {
    fn tell(self, text: impl std::fmt::Display) -> std::io::Result<()> {
        if self.is_quiet { Ok(()) } else { output::line(text) }
    }
}

/// Runs the subcommand.
pub(crate) async fn run(args: DemoArgs) -> Result<(), Failure> {
    let teller = Teller { is_quiet: args.json };
    let stage = Stage::set(args.network).await?;
    teller.tell(stage.introduce())?;
    let (roles, threads) = Role::alike(usize::from(args.workers));
    let crew = Crew::start(&stage, &roles, args.port).await?;
    teller.tell(crew.introduce(threads))?;
    let before = Balances::of(&stage, &crew);
    teller.tell(before.describe("before"))?;
    let (listener, events) = unbounded_channel();
    let sender = stage.sender(crew.port, crew.members.len())?.with_events(listener);
    let (receipt, elapsed) = pay(&stage, &crew, sender, events, teller).await?;
    let after = Balances::of(&stage, &crew);
    let verdict = verify(&stage, &crew, &receipt, &before, &after);
    let report = DemoReport::new(&stage, &crew, &receipt, elapsed, (before, after));
    if args.json {
        output::json(&report)?;
    } else {
        output::line(report.describe())?;
    }
    crew.dismiss().await;
    stage.net.shutdown().await;
    verdict?;
    teller.tell("the ledger shows what should be")?;
    Ok(())
}

/// Alice sends the money; meanwhile it is told and shown how far the workers are. The time is that from her first step
/// to the confirmation of the reward.
async fn pay(
    stage: &Stage,
    crew: &Crew,
    sender: Sender,
    mut events: UnboundedReceiver<Event>,
    teller: Teller,
) -> Result<(Receipt, Duration), Failure> {
    let (start, mut elapsed) = (Instant::now(), None);
    let mut bars = Bars::new(crew, teller.is_quiet);
    let mut frames = interval(FRAME);
    let mut payment = pin!(sender.send(&stage.alice, stage.bob.account(), PAYMENT));
    let receipt = loop {
        tokio::select! {
            receipt = &mut payment => break receipt,
            Some(event) = events.recv() => {
                if let Event::RewardConfirmed { .. } = event {
                    elapsed = Some(start.elapsed());
                }
                bars.line(story::tell(&event))?;
            }
            _ = frames.tick() => bars.draw(crew)?,
        }
    };
    while let Ok(event) = events.try_recv() {
        bars.line(story::tell(&event))?;
    }
    let receipt = receipt?;
    bars.finish(crew, &receipt);
    Ok((receipt, elapsed.unwrap_or_else(|| start.elapsed())))
}
