//! `p2pow quote`.

use crate::{
    options::{OPTIONS_HELP, Options},
    story,
    worker_report::OfferRow,
};
use nano_block::Subtype;
use nano_primitives::Amount;
use p2pow_cli::{Failure, output, values};
use p2pow_client::{Quote, Ranking};
use p2pow_protocol::fees;
use serde::Serialize;
use std::net::IpAddr;

const EXAMPLES: &str = "\
What a job would cost and who would be hired for it, in the order in which they would be. Nothing is signed, and no \
     worker learns of a payment.

Examples:
  p2pow quote                          one send, or one change
  p2pow quote --receive                one receive
  p2pow quote --sends 100 --json       a batch of 100 sends with one reward
";

/// Options of `quote`.
#[derive(Debug, clap::Args)]
#[command(after_help = [EXAMPLES, OPTIONS_HELP].join("\n"))]
pub(crate) struct QuoteArgs {
    /// So many sends in one chain with one reward
    #[arg(long, value_name = "N", value_parser = values::whole(1..=10_000_usize))]
    #[arg(default_value = "1", conflicts_with = "receive")]
    sends: usize,
    /// One receive
    #[arg(long)]
    receive: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: Options,
}

/// What a job would cost, as scripts read it.
#[derive(Debug, Serialize)]
struct QuoteReport {
    user_blocks: usize,
    /// The most that would be paid for it.
    max_price_raw: Amount,
    /// Whether the first is a newcomer that is tried before proven workers.
    trial: bool,
    /// In the order in which they would be hired.
    quotes: Vec<QuoteRow>,
    refused: Vec<Refused>,
}

#[derive(Debug, Serialize)]
struct QuoteRow {
    address: IpAddr,
    price_raw: Amount,
    #[serde(flatten)]
    offer: OfferRow,
}

#[derive(Debug, Serialize)]
struct Refused {
    address: IpAddr,
    reason: String,
}

/// Runs the subcommand.
pub(crate) async fn run(args: QuoteArgs) -> Result<(), Failure> {
    let settings = args.options.settings()?;
    let job = if args.receive { vec![Subtype::Receive] } else { vec![Subtype::Send; args.sends] };
    let max_price_raw = fees::price(&job, settings.max_fee()).unwrap_or(Amount::MAX);
    let ranking = settings.sender()?.quote(&job).await?;
    let report = QuoteReport::new(&job, max_price_raw, &ranking);
    if args.json {
        return Ok(output::json(&report)?);
    }
    output::line(report.headline())?;
    let rows = report.quotes.iter().zip(1..);
    Ok(rows.map(|(row, place)| row.line(place)).try_for_each(output::line)?)
}

impl QuoteReport {
    fn new(job: &[Subtype], max_price_raw: Amount, ranking: &Ranking) -> Self {
        let refused = ranking.refused.iter().map(|(address, reason)| Refused {
            address: *address,
            reason: story::with_cause(reason),
        });
        Self {
            user_blocks: job.len(),
            max_price_raw,
            trial: ranking.is_trial,
            quotes: ranking.quotes.iter().map(QuoteRow::new).collect(),
            refused: refused.collect(),
        }
    }

    fn headline(&self) -> String {
        let most = story::xno(self.max_price_raw);
        let job = output::count(self.user_blocks, "user block");
        let workers = output::count(self.quotes.len(), "worker");
        let trial = if self.trial { "; the first is a newcomer, whose turn it is" } else { "" };
        format!("a job of {job} for {most} at most: {workers} would do it{trial}")
    }
}

impl QuoteRow {
    fn new(quote: &Quote) -> Self {
        Self {
            address: quote.candidate.worker.address,
            price_raw: quote.price,
            offer: OfferRow::from(quote.candidate),
        }
    }

    fn line(&self, place: usize) -> String {
        format!("{place:>2}. {:<15}  {}  {}", self.address, story::xno(self.price_raw), self.offer)
    }
}
