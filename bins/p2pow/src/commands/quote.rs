//! `p2pow quote`.

use crate::{
    options::{OPTIONS_HELP, Options},
    story,
    worker_report::OfferRow,
};
use nano_block::Subtype;
use nano_primitives::Amount;
use p2pow_cli::{Failure, output, values};
use p2pow_client::{Estimate, Quote};
use p2pow_protocol::fees;
use serde::Serialize;
use std::net::IpAddr;

const EXAMPLES: &str = "\
What a job would cost and who would be hired for it, in the order in which they would be. Nothing is signed, and no \
     worker learns of a payment. Many sends become several jobs where no worker has shown that it takes so many at once; \
     then the workers are those for the first job, and the sum is what the first of them would get for all.

Examples:
  p2pow quote                          one send, or one change
  p2pow quote --receive                one receive
  p2pow quote --sends 100 --json       a batch of 100 sends
";

/// Options of `quote`.
#[derive(Debug, clap::Args)]
#[command(after_help = [EXAMPLES, OPTIONS_HELP].join("\n"))]
pub(crate) struct QuoteArgs {
    /// So many sends in one chain
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
    /// The user blocks of each job that they are split into, if the first worker does all.
    jobs: Vec<usize>,
    /// What it would get for that.
    total_price_raw: Amount,
    /// The most that would be paid for one job of all of them.
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
    let estimate = settings.sender()?.quote(&job).await?;
    let report = QuoteReport::new(job.len(), max_price_raw, &estimate);
    if args.json {
        return Ok(output::json(&report)?);
    }
    output::line(report.headline())?;
    let rows = report.quotes.iter().zip(1..);
    Ok(rows.map(|(row, place)| row.line(place)).try_for_each(output::line)?)
}

impl QuoteReport {
    fn new(user_blocks: usize, max_price_raw: Amount, estimate: &Estimate) -> Self {
        let Estimate { ranking, jobs, total, .. } = estimate;
        let refused = ranking.refused.iter().map(|(address, reason)| Refused {
            address: *address,
            reason: story::with_cause(reason),
        });
        Self {
            user_blocks,
            jobs: jobs.clone(),
            total_price_raw: *total,
            max_price_raw,
            trial: ranking.is_trial,
            quotes: ranking.quotes.iter().map(QuoteRow::new).collect(),
            refused: refused.collect(),
        }
    }

    fn headline(&self) -> String {
        let blocks = output::count(self.user_blocks, "user block");
        let workers = output::count(self.quotes.len(), "worker");
        let total = story::xno(self.total_price_raw);
        let trial = if self.trial { "; the first is a newcomer, whose turn it is" } else { "" };
        match self.jobs.as_slice() {
            [_] => format!("{blocks} for {total}: {workers} would do it{trial}"),
            jobs => {
                let sizes: Vec<String> = jobs.iter().map(ToString::to_string).collect();
                let (count, sizes) = (jobs.len(), sizes.join(", "));
                format!(
                    "{blocks} in {count} jobs ({sizes}) for {total} in all: {workers} would do the first{trial}"
                )
            }
        }
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
