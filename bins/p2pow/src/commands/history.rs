//! `p2pow history`.

use crate::{options::Options, story::xno};
use nano_block::Subtype;
use nano_primitives::{Account, BlockHash};
use nano_rpc::{Client, HistoryEntry, HistoryQuery};
use p2pow_cli::{Failure, KeyArgs, config::Given, output};
use p2pow_client::Nodes;
use serde_json::{Value, json};
use std::collections::HashSet;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const HELP: &str = "\
What was sent and received, newest first, on the word of the first node that answers: of an account, or without one that of the key. A long \
     history comes page by page of 1,000 blocks: with --json each is an object on a line of its own, and its `next` is \
     the block to go on with (--from). The times are those at which the node saw the blocks.

Examples:
  p2pow history --key-file alice.key
  p2pow history nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo --count 100 --csv
  p2pow history --key-file alice.key --all --csv > alice.csv
";
/// Blocks that a node is asked for at once.
const PAGE: u64 = 1000;

/// Options of `history`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct HistoryArgs {
    /// The account (nano_…); without it that of the key
    #[arg(value_name = "ACCOUNT")]
    account: Option<Account>,
    /// So many blocks
    #[arg(long, value_name = "N", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,
    /// The whole history
    #[arg(long, conflicts_with = "count")]
    all: bool,
    /// Begin with this block
    #[arg(long, value_name = "HASH")]
    from: Option<BlockHash>,
    /// Oldest first
    #[arg(long)]
    oldest_first: bool,
    /// Changes of representative and epochs as well
    #[arg(long)]
    changes: bool,
    #[command(flatten)]
    key: Given<KeyArgs>,
    #[command(flatten)]
    options: Options,
    /// Print a CSV with a heading
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print one JSON object for each page
    #[arg(long)]
    json: bool,
}

/// How it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    People,
    Csv,
    Json,
}

/// A node that leads in circles.
#[derive(Debug, thiserror::Error)]
#[error("the node's history comes back to block {0}, so it has no end")]
struct Circle(BlockHash);

/// Runs the subcommand.
pub(crate) async fn run(args: HistoryArgs) -> Result<(), Failure> {
    let form = match (args.csv, args.json) {
        (true, _) => Form::Csv,
        (_, true) => Form::Json,
        _ => Form::People,
    };
    let settings = args.options.settings()?;
    let account = match args.account {
        Some(account) => account,
        None => settings.key(&args.key)?.secret_key()?.account(),
    };
    let query = HistoryQuery {
        all_kinds: args.changes,
        reverse: args.oldest_first,
        head: args.from,
        ..HistoryQuery::newest(PAGE)
    };
    let left = if args.all { u64::MAX } else { args.count };
    pages(&settings.nodes()?, account, query, (left, form)).await
}

/// Asks for page after page, and prints each.
async fn pages(
    nodes: &Nodes,
    account: Account,
    mut query: HistoryQuery,
    (mut left, form): (u64, Form),
) -> Result<(), Failure> {
    let mut heads = HashSet::new();
    if form == Form::Csv {
        output::line("time,kind,amount_xno,amount_raw,account,hash,height,confirmed")?;
    }
    loop {
        query.count = left.min(PAGE);
        let asked = &query;
        let history = |node: Client| async move { node.account_history(&account, asked).await };
        let (_, page) = nodes.word_of_one(history).await?;
        let next = if query.reverse { page.next } else { page.previous };
        left = left.saturating_sub(u64::try_from(page.entries.len()).unwrap_or(u64::MAX));
        print(form, account, &page.entries, next)?;
        let Some(next) = next.filter(|_| left > 0) else {
            return Ok(());
        };
        if !heads.insert(next) {
            return Err(Circle(next).into());
        }
        query.head = Some(next);
    }
}

fn print(
    form: Form,
    account: Account,
    entries: &[HistoryEntry],
    next: Option<BlockHash>,
) -> Result<(), Failure> {
    match form {
        Form::Json => {
            let blocks: Vec<Value> = entries.iter().map(object).collect();
            output::json(&json!({ "account": account, "blocks": blocks, "next": next }))?;
        }
        Form::Csv => entries.iter().try_for_each(|entry| output::line(csv(entry)))?,
        Form::People => entries.iter().try_for_each(|entry| output::line(sentence(entry)))?,
    }
    Ok(())
}

fn object(entry: &HistoryEntry) -> Value {
    json!({
        "hash": entry.hash,
        "kind": kind(entry),
        "account": entry.account,
        "amount_raw": entry.amount,
        "height": entry.height,
        "time": time(entry),
        "confirmed": entry.confirmed,
    })
}

/// None of the fields can have a comma in it.
fn csv(entry: &HistoryEntry) -> String {
    let text = |value: Option<String>| value.unwrap_or_default();
    [
        text(time(entry)),
        kind(entry).to_owned(),
        text(entry.amount.map(|amount| amount.to_xno())),
        text(entry.amount.map(|amount| amount.to_string())),
        text(entry.account.map(|account| account.to_string())),
        entry.hash.to_string(),
        text(entry.height.map(|height| height.to_string())),
        text(entry.confirmed.map(|confirmed| confirmed.to_string())),
    ]
    .join(",")
}

fn sentence(entry: &HistoryEntry) -> String {
    let what = match (entry.subtype, entry.amount, entry.account) {
        (Some(Subtype::Send), Some(amount), Some(to)) => format!("sent {} to {to}", xno(amount)),
        (Some(Subtype::Receive | Subtype::Open), Some(amount), Some(from)) => {
            format!("received {} from {from}", xno(amount))
        }
        _ => kind(entry).to_owned(),
    };
    let time = time(entry).unwrap_or_else(|| "at no known time".to_owned());
    let not = if entry.confirmed == Some(false) { ", not confirmed yet" } else { "" };
    format!("{time}  {what}{not}  block {}", entry.hash)
}

fn kind(entry: &HistoryEntry) -> &'static str {
    entry.subtype.map_or("unknown", |subtype| subtype.as_str())
}

/// In the form of RFC 3339, UTC. A node that does not know says 0.
fn time(entry: &HistoryEntry) -> Option<String> {
    let seconds = entry.local_timestamp.filter(|seconds| *seconds > 0)?;
    let time = OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()?;
    time.format(&Rfc3339).ok()
}
