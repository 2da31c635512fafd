//! `p2pow-worker sweep`: rewards are pocketed.

use crate::{options::RewardArgs, own::OwnArgs};
use nano_primitives::Amount;
use p2pow_cli::{Failure, config::Given, output, values};
use p2pow_server::sweep::{Received, SweepError, Swept, sweep};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;
use tracing::warn;

const HELP: &str = "\
Receives what waits for the reward account, the largest first, with work found on this computer: 1/64 of a send's for each. The account's own key is wanted; the worker itself never needs it, so that it can lie on another computer, where this command works as well. Nothing can be pocketed twice, so it may be given again at any time. Exits with 3 if it stopped after a part, or if what it published is not confirmed yet.

Examples:
  p2pow-worker sweep --key-file rewards.key
  p2pow-worker sweep --key-file rewards.key --min 0.01 --every 21600      (every 6 hours, until it is stopped)";

/// Options of `sweep`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct SweepArgs {
    /// Leave smaller ones alone
    #[arg(long, value_name = "AMOUNT", value_parser = values::amount, default_value = "0.0001")]
    min: Amount,
    /// Pocket at most so many at a time
    #[arg(long, value_name = "N", value_parser = values::whole(1..=10_000_usize), default_value = "100")]
    count: usize,
    /// Stay, and do it again after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = values::seconds)]
    every: Option<Duration>,
    #[command(flatten)]
    reward: Given<RewardArgs>,
    #[command(flatten)]
    by: OwnArgs,
}

/// Pockets, once or again and again.
pub(crate) async fn run(args: SweepArgs) -> Result<(), Failure> {
    p2pow_cli::log_to_stderr("warn");
    let (json, file) = (args.by.json, args.by.config.read()?);
    let RewardArgs { reward_account } = file.options(&args.reward)?;
    let means = args.by.means(&file)?;
    let key = means.key.secret_key()?;
    if key.account() != reward_account {
        return Err(Failure::Usage(format!(
            "the key is that of {}, but rewards go to {reward_account}: give its key, by --key-file FILE",
            key.account()
        )));
    }
    let own = means.own(&key);
    loop {
        let swept = sweep(&own, args.min, args.count).await;
        let Some(every) = args.every else { return end(swept, json) };
        match swept {
            Ok(swept) => tell(&swept, json)?,
            Err(error) => warn!(%error, "the sweep stopped, and is tried again"),
        }
        sleep(every).await;
    }
}

fn end(swept: Result<Swept, SweepError>, json: bool) -> Result<(), Failure> {
    match swept {
        Ok(swept) => tell(&swept, json),
        Err(error) if error.received.is_empty() => Err(error.why.into()),
        Err(error) => {
            if json {
                let received: Vec<Value> = error.received.iter().map(received_json).collect();
                output::json(&json!({ "received": received, "error": error.to_string() }))?;
            }
            Err(Failure::partial(error))
        }
    }
}

fn received_json(one: &Received) -> Value {
    json!({ "source": one.source, "block": one.block, "amount": one.amount })
}

fn tell(swept: &Swept, json: bool) -> Result<(), Failure> {
    let Swept { account, received, is_more, .. } = swept;
    if json {
        let received: Vec<Value> = received.iter().map(received_json).collect();
        return Ok(output::json(&json!({
            "account": account, "received": received, "total": swept.total(), "is_more": is_more,
        }))?);
    }
    let more = if *is_more { "; more waits" } else { "" };
    let count = output::count(received.len(), "reward");
    Ok(output::line(format_args!("{count} pocketed, {} XNO{more}", swept.total().to_xno()))?)
}
