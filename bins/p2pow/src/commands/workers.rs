//! `p2pow workers`.

use crate::{
    options::{OPTIONS_HELP, Options},
    story,
};
use nano_primitives::{Account, Amount, BlockHash};
use p2pow_cli::{Failure, output};
use p2pow_client::{Candidate, Listing};
use serde::Serialize;
use std::net::IpAddr;

const EXAMPLES: &str = "\
Registered workers, those registered last first, and what they ask. Those that do not answer are listed too.

Examples:
  p2pow workers
  p2pow workers --node http://127.0.0.1:45000 --allow-local --json
";

/// Options of `workers`.
#[derive(Debug, clap::Args)]
#[command(after_help = [EXAMPLES, OPTIONS_HELP].join("\n"))]
pub(crate) struct WorkersArgs {
    #[command(flatten)]
    options: Options,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A worker as scripts read it.
#[derive(Debug, Serialize)]
struct Row {
    address: IpAddr,
    registered_by: Option<Account>,
    registration: Option<BlockHash>,
    #[serde(flatten)]
    offer: Option<OfferRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// An offer as scripts read it.
#[derive(Debug, Serialize)]
struct OfferRow {
    account: Account,
    available: bool,
    fee_raw: Amount,
    fee_receive_raw: Amount,
    max_user_blocks: usize,
    hashrate: Option<f64>,
    wait_seconds: Option<f64>,
    latency_ms: u128,
}

/// Runs the subcommand.
pub(crate) async fn run(args: WorkersArgs) -> Result<(), Failure> {
    let listings = args.options.settings()?.sender()?.workers().await?;
    let not_dialable = listings.not_dialable;
    let rows: Vec<Row> = listings.workers.into_iter().map(Row::from).collect();
    if args.json {
        let report = serde_json::json!({ "workers": rows, "not_dialable": not_dialable });
        return Ok(output::json(&report)?);
    }
    if rows.iter().all(|row| row.registration.is_some()) {
        output::line(story::found(rows.len(), not_dialable))?;
    }
    for row in &rows {
        output::line(row.describe())?;
    }
    Ok(())
}

impl From<Listing> for Row {
    fn from((worker, listing): Listing) -> Self {
        let (offer, error) = match listing {
            Ok(candidate) => (Some(OfferRow::from(candidate)), None),
            Err(error) => (None, Some(story::with_cause(&error))),
        };
        Self {
            address: worker.address,
            registered_by: worker.registration.map(|entry| entry.account),
            registration: worker.registration.map(|entry| entry.block),
            offer,
            error,
        }
    }
}

impl From<Candidate> for OfferRow {
    fn from(Candidate { offer, latency, .. }: Candidate) -> Self {
        Self {
            account: offer.reward_account,
            available: offer.is_available,
            fee_raw: offer.fee,
            fee_receive_raw: offer.fee_receive,
            max_user_blocks: offer.max_user_blocks,
            hashrate: offer.hashrate,
            wait_seconds: offer.wait_seconds,
            latency_ms: latency.as_millis(),
        }
    }
}

impl Row {
    fn describe(&self) -> String {
        let Some(offer) = &self.offer else {
            let error = self.error.as_deref().unwrap_or("no offer");
            return format!("{:<15}  {error}", self.address);
        };
        let state = if offer.available { "available" } else { "unavailable" };
        let speed =
            offer.hashrate.map_or_else(String::new, |rate| format!("  {}", output::hashrate(rate)));
        let batch = match offer.max_user_blocks {
            0 | 1 => String::new(),
            most => format!("  batches of {most}"),
        };
        format!(
            "{:<15}  {state}  send {}  receive {}{speed}{batch}  {} ms  paid to {}",
            self.address,
            story::xno(offer.fee_raw),
            story::xno(offer.fee_receive_raw),
            offer.latency_ms,
            offer.account,
        )
    }
}
