//! `p2pow workers`.

use crate::{
    options::{OPTIONS_HELP, Options},
    story,
    worker_report::WorkerRow,
};
use p2pow_cli::{Failure, output, values};
use p2pow_client::{Listings, Sender};
use std::{pin::pin, time::Duration};

const EXAMPLES: &str = "\
Registered workers, what they ask, and what is known of them: the proven ones did jobs for you lately, the vouched ones \
     are paid by many by what the ledger shows, the new ones have shown nothing yet, the distrusted ones failed you \
     lately. What a worker says of its speed and its batches is believed as far as it has shown it. Those that do not \
     answer come last.

Examples:
  p2pow workers
  p2pow workers --watch 30
  p2pow workers --node http://127.0.0.1:45000 --network dev --allow-local --json
";

/// Options of `workers`.
#[derive(Debug, clap::Args)]
#[command(after_help = [EXAMPLES, OPTIONS_HELP].join("\n"))]
pub(crate) struct WorkersArgs {
    #[command(flatten)]
    options: Options,
    /// Ask again every so many seconds, until interrupted
    #[arg(long, value_name = "SECONDS", value_parser = values::whole(1..=u64::MAX))]
    #[arg(num_args = 0..=1, default_missing_value = "10")]
    watch: Option<u64>,
    /// Print one JSON object, with --watch one on each line
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub(crate) async fn run(args: WorkersArgs) -> Result<(), Failure> {
    let sender = args.options.settings()?.sender()?;
    let Some(seconds) = args.watch else { return show(&sender, args.json).await };
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    loop {
        let turn = async {
            show(&sender, args.json).await?;
            if !args.json {
                output::line("")?;
            }
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Ok::<_, Failure>(())
        };
        tokio::select! {
            told = turn => told?,
            ended = &mut interrupted => return Ok(ended?),
        }
    }
}

async fn show(sender: &Sender, is_json: bool) -> Result<(), Failure> {
    let Listings { workers, not_dialable, registered, .. } = sender.workers().await?;
    let is_named = !sender.config().workers.is_empty();
    let rows: Vec<WorkerRow> = workers.into_iter().map(WorkerRow::from).collect();
    if is_json {
        let report = serde_json::json!({
            "workers": rows, "registered": registered, "not_dialable": not_dialable,
        });
        return Ok(output::json(&report)?);
    }
    if !is_named {
        output::line(story::found(registered, not_dialable))?;
        if rows.len() < registered {
            output::line(format_args!("{} of them were asked this time", rows.len()))?;
        }
    }
    Ok(rows.iter().try_for_each(output::line)?)
}
