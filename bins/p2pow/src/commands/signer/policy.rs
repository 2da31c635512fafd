//! `p2pow signer policy`: what a running signer signs.

use super::socket::SocketArgs;
use crate::story::xno;
use p2pow_cli::{Failure, output};
use p2pow_signer::{Kind, Policy, RemoteSigner, Standing};
use serde_json::json;

pub(super) const HELP: &str = "\
Amounts in the JSON are raw. `left` is what may still leave now, fees included; it grows again 24 hours after what has left.

Examples:
  p2pow signer policy
  p2pow signer policy --socket /run/p2pow/signer.sock --json";

/// Options of `signer policy`.
#[derive(Debug, clap::Args)]
pub(crate) struct PolicyArgs {
    #[command(flatten)]
    place: SocketArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub(super) async fn run(args: PolicyArgs) -> Result<(), Failure> {
    let socket = args.place.socket()?;
    let accounts = RemoteSigner::accounts(&socket).await?;
    let standing = RemoteSigner::standing(&socket).await?;
    if args.json {
        return Ok(output::json(&json!({ "accounts": accounts, "policy": standing }))?);
    }
    for account in accounts {
        output::line(format_args!("signs for {account}"))?;
    }
    Ok(output::line(words(&standing))?)
}

/// A policy, a limit a line.
pub(super) fn words(standing: &Standing) -> String {
    let Standing { policy, spent, left, .. } = standing;
    let Policy { max_amount, max_per_day, max_fee, max_rewards, .. } = policy;
    let kinds: Vec<&str> = policy.kinds.iter().copied().map(Kind::as_str).collect();
    let mut lines = vec![
        format!("{} at most in one block", xno(*max_amount)),
        format!(
            "{} at most in 24 hours, fees included: {} have left, {} are left",
            xno(*max_per_day),
            xno(*spent),
            xno(*left)
        ),
        format!(
            "{} at most for the work of one send, to one of {max_rewards} workers",
            xno(*max_fee)
        ),
        format!("only these kinds of blocks: {}", kinds.join(", ")),
    ];
    lines.extend(policy.destinations.iter().map(|account| format!("sends to {account}")));
    lines.join("\n")
}
