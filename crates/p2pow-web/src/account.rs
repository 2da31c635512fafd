//! What the account of this process has, on its node's word.

use nano_primitives::{Account, Amount, BlockHash};
use nano_rpc::{Client, HistoryEntry, HistoryQuery, Receivable, ReceivableQuery, RpcError};
use qrcode::{Color, QrCode};
use serde::Serialize;

/// Blocks of the history, and receivables, that are shown.
const SHOWN: u64 = 50;

/// An account.
#[derive(Debug, Serialize)]
pub(crate) struct AccountView {
    account: Account,
    is_opened: bool,
    balance_raw: Amount,
    receivable_raw: Amount,
    receivables: Vec<Waiting>,
    history: Vec<Entry>,
    /// The account as a QR code: a line of 0 and 1 for each row.
    qr: Vec<String>,
}

/// A send that was not received yet.
#[derive(Debug, Serialize)]
struct Waiting {
    hash: BlockHash,
    amount_raw: Amount,
    source: Account,
}

/// A block of a history.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    hash: BlockHash,
    kind: Option<&'static str>,
    account: Option<Account>,
    amount_raw: Option<Amount>,
    height: Option<u64>,
    /// Seconds since 1970.
    time: Option<u64>,
    confirmed: Option<bool>,
}

impl AccountView {
    pub(crate) async fn of(node: &Client, account: Account) -> Result<Self, RpcError> {
        let (query, newest) = (waiting(), newest());
        let (info, receivables, history) = futures_util::future::try_join3(
            node.account_info(&account),
            node.receivable(&account, &query),
            node.account_history(&account, &newest),
        )
        .await?;
        let sum = |sum: Amount, entry: &Receivable| sum.checked_add(entry.amount);
        let listed = receivables.iter().try_fold(Amount::ZERO, sum).unwrap_or(Amount::MAX);
        let told = info.as_ref().and_then(|info| info.receivable);
        Ok(Self {
            account,
            is_opened: info.is_some(),
            balance_raw: info.as_ref().map_or(Amount::ZERO, |info| info.balance),
            receivable_raw: told.unwrap_or(listed),
            receivables: receivables.into_iter().map(Waiting::from).collect(),
            history: history.entries.into_iter().map(Entry::from).collect(),
            qr: qr(&account.to_string()),
        })
    }
}

fn waiting() -> ReceivableQuery {
    ReceivableQuery { count: Some(SHOWN), ..ReceivableQuery::default() }
}

fn newest() -> HistoryQuery {
    HistoryQuery { all_kinds: true, ..HistoryQuery::newest(SHOWN) }
}

/// What an account was paid, received or not, the newest first.
pub(crate) async fn rewards(node: &Client, account: Account) -> Result<Vec<Entry>, RpcError> {
    let (query, newest) = (waiting(), HistoryQuery::newest(2 * SHOWN));
    let (waiting, history) = futures_util::future::try_join(
        node.receivable(&account, &query),
        node.account_history(&account, &newest),
    )
    .await?;
    let waiting = waiting.into_iter().map(|Receivable { hash, amount, source, .. }| Entry {
        hash,
        kind: Some("receivable"),
        account: Some(source),
        amount_raw: Some(amount),
        height: None,
        time: None,
        confirmed: None,
    });
    let received = history.entries.into_iter().map(Entry::from);
    let received = received.filter(|entry| matches!(entry.kind, Some("receive" | "open")));
    Ok(waiting.chain(received).collect())
}

impl From<Receivable> for Waiting {
    fn from(Receivable { hash, amount, source, .. }: Receivable) -> Self {
        Self { hash, amount_raw: amount, source }
    }
}

impl From<HistoryEntry> for Entry {
    fn from(entry: HistoryEntry) -> Self {
        Self {
            hash: entry.hash,
            kind: entry.subtype.map(|subtype| subtype.as_str()),
            account: entry.account,
            amount_raw: entry.amount,
            height: entry.height,
            time: entry.local_timestamp.filter(|time| *time > 0),
            confirmed: entry.confirmed,
        }
    }
}

/// Empty for what is too long, which an account is not.
fn qr(text: &str) -> Vec<String> {
    let Ok(code) = QrCode::new(text) else { return Vec::new() };
    let colors = code.to_colors();
    let row = |row: &[Color]| row.iter().map(|color| color.select('1', '0')).collect();
    colors.chunks(code.width()).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::qr;

    #[test]
    fn a_code_is_a_square_with_marks_in_three_corners() {
        let rows = qr("nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo");
        assert!(rows.len() > 20 && rows.iter().all(|row| row.len() == rows.len()));
        assert!(rows[0].starts_with("1111111") && rows[0].ends_with("1111111"));
        assert!(rows[rows.len() - 1].starts_with("1111111"));
        assert!(!rows[rows.len() - 1].ends_with("1111111"));
    }
}
