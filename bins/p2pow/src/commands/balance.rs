//! `p2pow balance`.

use crate::{options::Options, story::xno};
use futures_util::{StreamExt, TryStreamExt, stream};
use nano_primitives::{Account, Amount, BlockHash};
use nano_rpc::{Client, RpcError};
use p2pow_cli::{Failure, KeyArgs, config::Given, output};
use p2pow_client::Nodes;
use serde::Serialize;

const HELP: &str = "\
What accounts have and can receive, on the word of the first node that answers, which is told where there are several: \
     without accounts, that of the key. \"Confirmed\" is what the \
     network has voted for and nobody can take back; the rest may still be rolled back. What is receivable was sent to the \
     account and waits for `p2pow receive`.

Examples:
  p2pow balance --key-file alice.key
  p2pow balance nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo
  p2pow balance nano_3e3j… nano_1nat… --json
";
/// Accounts that are asked for at the same time.
const AT_ONCE: usize = 8;

/// Options of `balance`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct BalanceArgs {
    /// Accounts (nano_…); without any, that of the key
    #[arg(value_name = "ACCOUNT")]
    accounts: Vec<Account>,
    #[command(flatten)]
    key: Given<KeyArgs>,
    #[command(flatten)]
    options: Options,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What an account has.
#[derive(Debug, Serialize)]
struct Balance {
    account: Account,
    /// The last block; `None` for an account that was never opened.
    frontier: Option<BlockHash>,
    representative: Option<Account>,
    #[serde(rename = "balance_raw")]
    balance: Amount,
    /// Not there if the node tells nothing of confirmation.
    #[serde(rename = "confirmed_balance_raw")]
    confirmed: Option<Amount>,
    #[serde(rename = "receivable_raw")]
    receivable: Amount,
    #[serde(rename = "confirmed_receivable_raw")]
    confirmed_receivable: Option<Amount>,
    /// Whose word it is, where there are several nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
}

/// The sums of several accounts.
#[derive(Debug, Serialize)]
struct Total {
    balance_raw: Amount,
    receivable_raw: Amount,
}

/// Runs the subcommand.
pub(crate) async fn run(args: BalanceArgs) -> Result<(), Failure> {
    let settings = args.options.settings()?;
    let accounts = if args.accounts.is_empty() {
        vec![settings.key(&args.key)?.secret_key()?.account()]
    } else {
        args.accounts
    };
    let nodes = settings.nodes()?;
    let asked = stream::iter(accounts).map(|account| word(&nodes, account));
    let found: Vec<Balance> = asked.buffered(AT_ONCE).try_collect().await?;
    let total = Total::of(&found);
    if args.json {
        return Ok(output::json(&serde_json::json!({ "accounts": found, "total": total }))?);
    }
    for balance in &found {
        balance.print()?;
    }
    match total {
        Some(total) if found.len() > 1 => {
            output::line("all of them")?;
            row("balance", total.balance_raw)?;
            row("receivable", total.receivable_raw)
        }
        _ => Ok(()),
    }
}

/// By the first node that answers: a balance is proven only when something is signed.
async fn word(nodes: &Nodes, account: Account) -> Result<Balance, RpcError> {
    let (node, found) = nodes.word_of_one(|node| async move { ask(&node, account).await }).await?;
    let node = (nodes.all().count() > 1).then(|| node.url().to_owned());
    Ok(Balance { node, ..found })
}

async fn ask(node: &Client, account: Account) -> Result<Balance, RpcError> {
    if let Some(info) = node.account_info(&account).await? {
        return Ok(Balance {
            account,
            frontier: Some(info.frontier),
            representative: Some(info.representative),
            balance: info.balance,
            confirmed: info.confirmed_balance,
            receivable: info.receivable.unwrap_or(Amount::ZERO),
            confirmed_receivable: info.confirmed_receivable,
            node: None,
        });
    }
    let waiting = node.account_balance(&account).await?;
    Ok(Balance {
        account,
        frontier: None,
        representative: None,
        balance: Amount::ZERO,
        confirmed: Some(Amount::ZERO),
        receivable: waiting.receivable,
        confirmed_receivable: Some(waiting.receivable),
        node: None,
    })
}

impl Total {
    /// `None` if the sums are beyond all money, which no honest node says.
    fn of(found: &[Balance]) -> Option<Self> {
        let sum = |amount: fn(&Balance) -> Amount| {
            found.iter().try_fold(Amount::ZERO, |sum, entry| sum.checked_add(amount(entry)))
        };
        Some(Self {
            balance_raw: sum(|entry| entry.balance)?,
            receivable_raw: sum(|entry| entry.receivable)?,
        })
    }
}

impl Balance {
    fn print(&self) -> Result<(), Failure> {
        output::line(self.account)?;
        if let Some(node) = &self.node {
            output::line(format_args!("  by the word of {node}"))?;
        }
        if self.frontier.is_none() {
            output::line("  was never opened: it has no block yet")?;
        }
        row("balance", self.balance)?;
        match self.confirmed {
            Some(confirmed) if confirmed != self.balance => row("confirmed", confirmed)?,
            Some(_) => {}
            None => output::line("  the node tells nothing of confirmation")?,
        }
        row("receivable", self.receivable)?;
        match self.confirmed_receivable {
            Some(confirmed) if confirmed != self.receivable => row("  confirmed", confirmed),
            _ => Ok(()),
        }
    }
}

fn row(name: &str, amount: Amount) -> Result<(), Failure> {
    Ok(output::line(format_args!("  {name:<12}{} = {amount} raw", xno(amount)))?)
}
