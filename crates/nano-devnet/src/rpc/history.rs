//! `account_history`: the blocks of a chain, each with what it did.

use super::call::{Answer, Call, Refusal, object, opened, parse_account, parse_hash};
use crate::{dialect::Dialect, ledger::Ledger, told::BlockView};
use nano_block::{Block, Subtype};
use nano_primitives::{Account, BlockHash, Work};
use serde_json::{Map, Value, json};

pub(super) fn answer(call: &Call) -> Option<Answer> {
    (call.action() == "account_history").then(|| account_history(call))
}

fn account_history(call: &Call) -> Answer {
    let wanted = WantedEntries::read(call)?;
    let state = call.state();
    let (account, start) = start(call, &state.ledger)?;
    let (mut history, mut next) = (Vec::new(), None);
    for hash in state.ledger.chain(start, wanted.reverse).skip(wanted.offset) {
        if history.len() == wanted.count {
            next = Some(hash);
            break;
        }
        history.extend(entry(&state.ledger, &hash, &wanted));
    }
    let mut answer = object(json!({ "account": account, "history": history }));
    if let Some(next) = next {
        let name = if wanted.reverse { "next" } else { "previous" };
        answer.insert(name.to_owned(), json!(next));
    }
    Ok(Value::Object(answer))
}

/// Which entries the request asks for.
struct WantedEntries {
    count: usize,
    offset: usize,
    reverse: bool,
    raw: bool,
    counterparts: Vec<Account>,
}

impl WantedEntries {
    fn read(call: &Call) -> Result<Self, Refusal> {
        let filter = call.optional_list("account_filter").unwrap_or_default();
        Ok(Self {
            counterparts: filter.into_iter().map(parse_account).collect::<Result<_, _>>()?,
            count: call.count()?,
            offset: call.offset()?,
            reverse: call.flag("reverse", false),
            raw: call.flag("raw", false),
        })
    }

    /// Without a filter everything is wanted; with one, money to or from those accounts.
    fn wants(&self, view: &BlockView) -> bool {
        let moves_money = matches!(view.subtype, Subtype::Send | Subtype::Receive | Subtype::Open);
        if self.counterparts.is_empty() {
            return self.raw || moves_money;
        }
        let counterpart = view.counterpart;
        moves_money && counterpart.is_some_and(|account| self.counterparts.contains(&account))
    }
}

/// The account, and the block to begin with: `head`, or the account's end or beginning.
fn start(call: &Call, ledger: &Ledger) -> Result<(Account, BlockHash), Refusal> {
    if let Some(head) = call.optional("head") {
        let hash = parse_hash(head).ok_or(Refusal::BAD_HASH_NUMBER)?;
        let record = ledger.block(&hash).ok_or(Refusal::BLOCK_NOT_FOUND)?;
        return Ok((record.account, hash));
    }
    let account = call.account()?;
    let reverse = call.flag("reverse", false);
    match opened(ledger, &account) {
        Ok(info) if reverse => Ok((account, info.open_block)),
        Ok(info) => Ok((account, info.frontier)),
        // The reference node tells an empty history, unless it is asked for the beginning.
        Err(_) if !reverse && call.dialect() == Dialect::Reference => {
            Ok((account, BlockHash::ZERO))
        }
        Err(refusal) => Err(refusal),
    }
}

fn entry(ledger: &Ledger, hash: &BlockHash, wanted: &WantedEntries) -> Option<Value> {
    let view = BlockView::new(ledger, hash).filter(|view| wanted.wants(view))?;
    let mut fields = object(json!({
        "local_timestamp": view.timestamp.to_string(),
        "height": view.height.to_string(),
        "hash": view.hash,
        "confirmed": view.confirmed.to_string(),
    }));
    if wanted.raw {
        fields.extend(raw_fields(&view));
    } else {
        fields.insert("type".to_owned(), json!(in_short(view.subtype).as_str()));
    }
    if matches!(in_short(view.subtype), Subtype::Send | Subtype::Receive) {
        // What genesis received came from nobody but itself.
        let counterpart = view.counterpart.unwrap_or(view.account);
        fields.insert("account".to_owned(), json!(counterpart));
        fields.insert("amount".to_owned(), json!(view.amount));
    } else if view.subtype == Subtype::Epoch {
        fields.insert("account".to_owned(), json!(ledger.epoch_signer()));
    }
    Some(Value::Object(fields))
}

/// An open is told as the receive that it is.
fn in_short(subtype: Subtype) -> Subtype {
    if subtype == Subtype::Open { Subtype::Receive } else { subtype }
}

fn raw_fields(view: &BlockView) -> Map<String, Value> {
    let mut fields = object(json!({
        "type": view.block.block.kind().as_str(),
        "work": view.block.work.unwrap_or(Work::from_u64(0)),
        "signature": view.block.signature,
    }));
    fields.extend(object(match view.block.block {
        Block::Send(block) => json!({
            "destination": block.destination,
            "balance": block.balance,
            "previous": block.previous,
        }),
        Block::Receive(block) => json!({ "source": block.source, "previous": block.previous }),
        Block::Open(block) => json!({
            "representative": block.representative,
            "source": block.source,
            "opened": block.account,
        }),
        Block::Change(block) => json!({
            "representative": block.representative,
            "previous": block.previous,
        }),
        Block::State(block) => json!({
            "subtype": in_short(view.subtype).as_str(),
            "representative": block.representative,
            "link": block.link,
            "balance": block.balance,
            "previous": block.previous,
        }),
    }));
    fields
}
