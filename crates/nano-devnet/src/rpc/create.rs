//! What is made from what the caller gives: keys, signatures, amounts, and by `block_create` signed blocks with their work.

use super::{
    call::{Answer, Call, Refusal, parse_hash},
    work::{asked_difficulty, check_version, ledger_threshold, solve},
};
use nano_block::{
    Block, ChangeBlock, OpenBlock, ReceiveBlock, SecretKey, Seed, SendBlock, SignedBlock,
    StateBlock,
};
use nano_pow::Puzzle;
use nano_primitives::{Account, Amount, BlockHash, Link, Unit, Work};
use serde_json::json;

pub(super) fn answer(call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "key_create" => {
            SecretKey::generate().map_err(|_| Refusal::EMPTY).and_then(|key| expanded(&key))
        }
        "key_expand" => key(call, "key").and_then(|key| expanded(&key)),
        "deterministic_key" => deterministic_key(call),
        "sign" => sign(call),
        "nano_to_raw" => nano_to_raw(call),
        "raw_to_nano" => raw_to_nano(call),
        _ => return None,
    })
}

fn key(call: &Call, field: &str) -> Result<SecretKey, Refusal> {
    call.text(field)?.parse().map_err(|_| Refusal::BAD_PRIVATE_KEY)
}

fn expanded(key: &SecretKey) -> Answer {
    Ok(json!({
        "private": *key.expose_hex(),
        "public": key.public_key(),
        "account": key.account(),
    }))
}

fn deterministic_key(call: &Call) -> Answer {
    let seed: Seed = call.text("seed")?.parse().map_err(|_| Refusal::BAD_SEED)?;
    let index: u32 = call.text("index")?.parse().map_err(|_| Refusal::BAD_INDEX)?;
    expanded(&seed.derive(index))
}

/// Signs a block or a bare hash. The reference node refuses a bare hash unless it is configured to
/// sign it.
fn sign(call: &Call) -> Answer {
    if !call.has("key") {
        return Err(Refusal::KEY_REQUIRED);
    }
    let key = key(call, "key")?;
    if !call.has("block") {
        let hash = call.hash("hash")?;
        if hash == BlockHash::ZERO {
            return Err(Refusal::BAD_BLOCK);
        }
        return Ok(json!({ "signature": key.sign(&hash) }));
    }
    let mut block = call.block()?;
    block.signature = key.sign(&block.hash());
    Ok(json!({ "signature": block.signature, "block": call.contents(&block) }))
}

fn amount(call: &Call) -> Result<Amount, Refusal> {
    call.text("amount")?.parse().map_err(|_| Refusal::BAD_AMOUNT)
}

/// Raw in one Nano.
fn nano() -> u128 {
    10u128.pow(u32::try_from(Unit::XNO.decimals()).expect("a unit has few decimals"))
}

fn nano_to_raw(call: &Call) -> Answer {
    let raw = amount(call)?.checked_mul(nano()).ok_or(Refusal::AMOUNT_TOO_BIG)?;
    Ok(json!({ "amount": raw }))
}

/// Whole Nano only: the rest is cut off, as in a node.
fn raw_to_nano(call: &Call) -> Answer {
    Ok(json!({ "amount": (amount(call)?.to_raw() / nano()).to_string() }))
}

pub(super) async fn block_create(call: &Call) -> Answer {
    check_version(call)?;
    let asked = asked_difficulty(call)?;
    let given = call.work()?.filter(|work| *work != Work::from_u64(0));
    if !call.has("key") {
        return Err(Refusal::KEY_REQUIRED);
    }
    let key = key(call, "key")?;
    let block = Parts::read(call, &key)?.build(call, &key)?.sign(&key);
    let work = match given {
        Some(work) => work,
        None => {
            let threshold = asked.unwrap_or_else(|| ledger_threshold(&call.state().ledger, &block));
            let solution = solve(call, Puzzle::new(block.root(), threshold)).await;
            solution.ok_or(Refusal::WORK_FAILED)?.work()
        }
    };
    Ok(created(call, &block.with_work(work)))
}

fn created(call: &Call, block: &SignedBlock) -> serde_json::Value {
    json!({
        "hash": block.hash(),
        "difficulty": block.work_value(),
        "block": call.contents(block),
    })
}

/// What a block may be made of; what is not given is `None`, and what the account has stands in for
/// it.
struct Parts {
    previous: Option<BlockHash>,
    balance: Option<Amount>,
    representative: Option<Account>,
    destination: Option<Account>,
    source: Option<BlockHash>,
    amount: Option<Amount>,
    link: Option<Link>,
    head: (BlockHash, Amount),
}

impl Parts {
    fn read(call: &Call, key: &SecretKey) -> Result<Self, Refusal> {
        let account = call.optional_account("account", Refusal::BAD_ACCOUNT)?;
        if account.is_some_and(|account| account != key.account()) {
            return Err(Refusal::KEY_MISMATCH);
        }
        let state = call.state();
        let info = state.ledger.account(&key.account());
        let representative =
            call.optional_account("representative", Refusal::BAD_REPRESENTATIVE)?;
        let parts = Self {
            previous: call.optional_hash("previous", Refusal::BAD_PREVIOUS)?,
            balance: call.optional_amount("balance", Refusal::BAD_BALANCE)?,
            representative: representative.filter(|account| !account.is_zero()),
            destination: call.optional_account("destination", Refusal::BAD_DESTINATION)?,
            source: call.optional_hash("source", Refusal::BAD_SOURCE)?,
            amount: call.optional_amount("amount", Refusal::BAD_AMOUNT)?,
            link: call.optional("link").map(parse_link).transpose()?,
            head: info
                .map_or((BlockHash::ZERO, Amount::ZERO), |info| (info.frontier, info.balance)),
        };
        Ok(parts)
    }

    fn build(&self, call: &Call, key: &SecretKey) -> Result<Block, Refusal> {
        match call.text("type")? {
            "state" => self.state(key.account()).map(Block::State),
            "send" => self.send(call).map(Block::Send),
            "receive" => self.receive().map(Block::Receive),
            "open" => self.open(key.account()).map(Block::Open),
            "change" => self.change().map(Block::Change),
            _ => Err(Refusal::BAD_TYPE),
        }
    }

    fn state(&self, account: Account) -> Result<StateBlock, Refusal> {
        let link = self
            .link
            .or_else(|| self.source.map(Link::from))
            .or_else(|| self.destination.map(Link::from));
        match (self.previous, self.representative, link) {
            (Some(previous), Some(representative), Some(link)) => {
                let balance = self.balance.unwrap_or(Amount::ZERO);
                Ok(StateBlock { account, previous, representative, balance, link })
            }
            _ => Err(Refusal::STATE_REQUIRES),
        }
    }

    fn send(&self, call: &Call) -> Result<SendBlock, Refusal> {
        let balance = self.balance_before_send(call)?;
        let amount = self.amount.filter(|amount| !amount.is_zero());
        let (Some(destination), Some(previous), Some(amount)) =
            (self.destination, self.previous_or_head(), amount)
        else {
            return Err(Refusal::SEND_REQUIRES);
        };
        let balance = balance.checked_sub(amount).ok_or(Refusal::INSUFFICIENT_BALANCE)?;
        Ok(SendBlock { previous, destination, balance })
    }

    /// The balance before a legacy send; one that is given must be that of the predecessor, if that
    /// is known.
    fn balance_before_send(&self, call: &Call) -> Result<Amount, Refusal> {
        let state = call.state();
        let known = self.previous.and_then(|previous| state.ledger.block(&previous));
        match (self.balance, known) {
            (Some(balance), Some(record)) if record.balance != balance => {
                Err(Refusal::BALANCE_MISMATCH)
            }
            (Some(balance), _) => Ok(balance),
            (None, _) => Ok(self.head.1),
        }
    }

    fn receive(&self) -> Result<ReceiveBlock, Refusal> {
        match (self.previous_or_head(), self.source) {
            (Some(previous), Some(source)) => Ok(ReceiveBlock { previous, source }),
            _ => Err(Refusal::RECEIVE_REQUIRES),
        }
    }

    fn open(&self, account: Account) -> Result<OpenBlock, Refusal> {
        match (self.source, self.representative) {
            (Some(source), Some(representative)) => {
                Ok(OpenBlock { source, representative, account })
            }
            _ => Err(Refusal::OPEN_REQUIRES),
        }
    }

    fn change(&self) -> Result<ChangeBlock, Refusal> {
        match (self.previous_or_head(), self.representative) {
            (Some(previous), Some(representative)) => Ok(ChangeBlock { previous, representative }),
            _ => Err(Refusal::CHANGE_REQUIRES),
        }
    }

    fn previous_or_head(&self) -> Option<BlockHash> {
        self.previous.or(Some(self.head.0)).filter(|previous| !previous.is_zero())
    }
}

/// A link, as an account or as hexadecimal digits.
fn parse_link(text: &str) -> Result<Link, Refusal> {
    match text.parse::<Account>() {
        Ok(account) => Ok(account.into()),
        Err(_) => parse_hash(text).map(Link::from).ok_or(Refusal::BAD_LINK),
    }
}
