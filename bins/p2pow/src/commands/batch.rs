//! `p2pow batch FILE`.

use crate::{
    confirm::ConfirmArgs,
    options::OPTIONS_HELP,
    wallet::{Meaning, Task, WalletArgs},
};
use csv::{ReaderBuilder, StringRecord, Trim};
use p2pow_cli::{Failure, input::Source, values};
use p2pow_client::Order;
use std::path::PathBuf;

const EXAMPLES: &str = "\
FILE is a CSV of destination,amount, with or without these words as its first line; empty lines and lines with # are \
     skipped. The payments become chains of sends, each as long as workers take at once, with one reward at the end of each; all of \
     them follow one another.

The blocks are confirmed in their order, so a batch can stop in the middle, if its worker does. Then (exit code 3) each \
     payment is told with its line: confirmed, still possible (signed, and in the hands of the workers that were hired), \
     impossible, or not signed yet. The same file again goes on with it: no line is paid twice, and only what has no block \
     that could still be confirmed is signed. What makes it the same is its payments and their order, or --id. Exit code 1 \
     means that nothing of it is paid, and nothing is signed that can still happen.

Example of a file:
  destination,amount
  nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo,1.5
  nano_1natrium1o3z5519ifou7xii8crpxpk8y65qmkih8e8bpsjri651oza8imdd,1000raw

Examples:
  p2pow batch payments.csv --key-file alice.key
  p2pow batch payments.csv --key-file alice.key --report paid.json
";

/// Options of `batch`.
#[derive(Debug, clap::Args)]
#[command(after_help = [EXAMPLES, OPTIONS_HELP].join("\n"))]
pub(crate) struct BatchArgs {
    #[command(flatten)]
    source: Source,
    /// Write each line with its fate to this file, as with --json, once it is signed and after every job. It is
    /// replaced as a whole
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    meaning: Meaning,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    wallet: WalletArgs,
}

/// A row that is no payment.
#[derive(Debug, thiserror::Error)]
enum RowError {
    #[error("line {line}: found {found} fields, wanted 2: destination,amount")]
    Fields { line: u64, found: usize },
    #[error("line {line}: {field}: {problem}")]
    Field { line: u64, field: &'static str, problem: String },
    #[error("not a CSV")]
    Csv(#[from] csv::Error),
    #[error("found no payment, wanted at least 1 line of destination,amount")]
    Empty,
}

/// Runs the subcommand.
pub(crate) async fn run(args: BatchArgs) -> Result<(), Failure> {
    let (lines, payments): (Vec<u64>, Vec<Order>) =
        parse(&args.source.read()?)?.into_iter().unzip();
    let BatchArgs { report, meaning, confirm, wallet, .. } = args;
    let mut wallet = wallet.open().await?;
    confirm.ask(&wallet, &payments)?;
    wallet.run(Task { orders: &payments, lines: &lines, meaning, report }).await
}

/// The payments, each with the number of its line.
fn parse(text: &str) -> Result<Vec<(u64, Order)>, RowError> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let mut payments = Vec::new();
    for (index, row) in reader.records().enumerate() {
        let row = row?;
        if index > 0 || !is_heading(&row) {
            payments.push(payment(&row, line(text, &row))?);
        }
    }
    if payments.is_empty() { Err(RowError::Empty) } else { Ok(payments) }
}

fn is_heading(row: &StringRecord) -> bool {
    row.get(0).is_some_and(|field| field.eq_ignore_ascii_case("destination"))
}

/// The number of a row's line. The reader's own is that of the first line after the row before, even if that is empty or a
/// comment.
fn line(text: &str, row: &StringRecord) -> u64 {
    let Some(position) = row.position() else { return 0 };
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.get(start..).unwrap_or_default();
    let is_skipped = |line: &&str| line.is_empty() || line.starts_with('#');
    let skipped = rest.lines().take_while(is_skipped).count();
    position.line() + u64::try_from(skipped).unwrap_or(0)
}

fn payment(row: &StringRecord, line: u64) -> Result<(u64, Order), RowError> {
    let (Some(destination), Some(amount), 2) = (row.get(0), row.get(1), row.len()) else {
        return Err(RowError::Fields { line, found: row.len() });
    };
    let wrong = |field, problem: String| RowError::Field { line, field, problem };
    let order = Order::Send {
        destination: destination.parse().map_err(|error: nano_primitives::AccountError| {
            wrong("destination", error.to_string())
        })?,
        amount: values::amount(amount).map_err(|error| wrong("amount", error.to_string()))?,
    };
    Ok((line, order))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use nano_primitives::{Account, Amount};
    use p2pow_client::Order;

    #[test]
    fn a_payment_a_line_with_or_without_heading() {
        let to = Account::ZERO;
        let row = format!("{to} , 1.5\n\n# a comment\n{to},7raw\n");
        let wanted = |first: u64| {
            vec![
                (first, Order::Send { destination: to, amount: Amount::from_xno("1.5").unwrap() }),
                (first + 3, Order::Send { destination: to, amount: Amount::from_raw(7) }),
            ]
        };
        assert_eq!(parse(&row).unwrap(), wanted(1));
        assert_eq!(parse(&format!("Destination,Amount\n{row}")).unwrap(), wanted(2));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_field() {
        let to = Account::ZERO;
        let told = |text: &str| parse(text).unwrap_err().to_string();
        assert!(told(&format!("{to},1\n{to},-1")).starts_with("line 2: amount: "));
        assert!(told(&format!("{to},1\r\n\r\n# rent\r\n{to},-1")).starts_with("line 4: amount: "));
        assert!(told("nano_x,1").starts_with("line 1: destination: "));
        assert_eq!(told(&to.to_string()), "line 1: found 1 fields, wanted 2: destination,amount");
        assert!(told("destination,amount").starts_with("found no payment"));
    }
}
