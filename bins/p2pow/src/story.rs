//! What happens on the way of a job, and how it ends, in words.

use nano_primitives::{Amount, excerpt};
use p2pow_cli::output::count;
use p2pow_client::{Event, Fate, Order, Outcome, Receipt, Unsettled, WorkError, Worker};
use std::error::Error;

/// The longest text from elsewhere that is shown, in characters.
const SHOWN: usize = 300;

/// Tells of a step; `None` for steps that a line of their own would not make clearer.
pub(crate) fn tell(event: &Event) -> Option<String> {
    Some(match event {
        Event::WorkersFound { asked, .. } if asked.iter().any(is_named) => {
            format!("asking {} by address", count(asked.len(), "worker"))
        }
        Event::WorkersFound { registered, not_dialable, .. } => found(*registered, *not_dialable),
        Event::Quoted { address, account, price } => {
            format!("{address} asks {} for this job, to be paid to {account}", xno(*price))
        }
        Event::Unusable { address, reason } => {
            format!("{address} is of no use: {}", excerpt(reason, SHOWN))
        }
        Event::StateVerified { frontier: None, .. } => "the account has no block yet".to_owned(),
        Event::StateVerified { frontier: Some(hash), balance } => {
            format!("the account has {}, proven by its last block {hash}", xno(*balance))
        }
        Event::Signed { users, rewards } => {
            let mut text = match users.as_slice() {
                [user] => format!("signed user block {user}"),
                users => format!("signed a chain of {} user blocks", users.len()),
            };
            for reward in rewards {
                let price = xno(reward.price);
                text.push_str(&format!(
                    "\nsigned reward block {} on top: {price} for {}",
                    reward.hash, reward.address
                ));
            }
            text
        }
        Event::Hired { address } => format!("hired {address}"),
        Event::Answered { address, outcome } => format!("{address} {}", answer(outcome)),
        Event::NotSubscribed { reason } => {
            let reason = excerpt(reason, SHOWN);
            format!(
                "the node's WebSocket tells nothing, so the node is asked again and again: {reason}"
            )
        }
        Event::UserConfirmed { hash } => format!("user block {hash} is confirmed"),
        Event::RewardConfirmed { hash, address } => {
            format!("reward block {hash} is confirmed: {address} is paid")
        }
        _ => return None,
    })
}

fn is_named(worker: &Worker) -> bool {
    worker.registration.is_none()
}

/// How many workers there are.
pub(crate) fn found(workers: usize, not_dialable: usize) -> String {
    let mut text = match workers {
        0 => "no worker is registered on the ledger".to_owned(),
        1 => "1 worker is registered on the ledger".to_owned(),
        count => format!("{count} workers are registered on the ledger"),
    };
    if not_dialable > 0 {
        text.push_str(&format!(
            ", and {not_dialable} with addresses that are not public (--allow-local takes local ones)"
        ));
    }
    text
}

/// An amount as people read it.
pub(crate) fn xno(amount: Amount) -> String {
    format!("{} XNO", amount.to_xno())
}

/// What a worker answered, in words.
fn answer(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Delivered => "answered with the work of every block, and it is right".to_owned(),
        Outcome::WithoutReward => {
            "answered with the user's work; its reward block was not taken".to_owned()
        }
        Outcome::Failed(error) => format!("did not deliver: {}", reason(error)),
        Outcome::Lost(_) => "lost the race: another worker's work was published first".to_owned(),
        Outcome::Unanswered => "did not answer".to_owned(),
    }
}

/// An error of a worker with its cause, on one line: part of it is the worker's own text.
pub(crate) fn reason(error: &WorkError) -> String {
    with_cause(error)
}

/// An error with its cause on one line that drives no terminal, whoever wrote parts of it.
pub(crate) fn with_cause(error: &dyn Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}"));
    excerpt(&format!("{error}{}", cause.unwrap_or_default()), SHOWN)
}

/// How a job ended well.
pub(crate) fn done(receipt: &Receipt) -> String {
    let seconds = receipt.elapsed.as_secs_f64();
    match receipt.winner() {
        Some(winner) => format!(
            "done in {seconds:.1} s; {} did the work for {}",
            winner.quote.candidate.worker.address,
            xno(winner.quote.price)
        ),
        None => format!("done in {seconds:.1} s; no reward is confirmed (yet)"),
    }
}

/// What became of each order, a line for each, if there are several.
pub(crate) fn fates(left: &Unsettled, orders: &[Order], lines: &[u64]) -> Vec<String> {
    if orders.len() < 2 {
        return Vec::new();
    }
    let name = |place: usize| match lines.get(place) {
        Some(line) => format!("line {line}"),
        None => format!("{}", place + 1),
    };
    let told = left.users.iter().zip(orders).enumerate();
    told.map(|(place, ((block, fate), order))| {
        format!("{}: {}: {fate}: block {}", name(place), what(order), block.hash())
    })
    .collect()
}

fn what(order: &Order) -> String {
    match order {
        Order::Send { destination, amount } => format!("{} to {destination}", xno(*amount)),
        Order::Receive { source, amount } => format!("receive {} of {source}", xno(*amount)),
        Order::Change { representative } => format!("change to {representative}"),
    }
}

/// What became of a job that is signed and not done, and what to do and not to do now.
pub(crate) fn unsettled(left: &Unsettled, orders: &[Order], lines: &[u64]) -> String {
    let is_money = orders.iter().any(|order| matches!(order, Order::Send { .. }));
    let advice = if left.is_void() {
        "nothing of it can happen any more, so doing it again does nothing twice".to_owned()
    } else if is_money {
        advice(left, lines)
    } else {
        "doing it again does no harm".to_owned()
    };
    format!("{}; {advice} ({})", left.summary(), excerpt(&left.cause.to_string(), SHOWN))
}

/// What must be known before money is sent again.
fn advice(left: &Unsettled, lines: &[u64]) -> String {
    let confirmed = left.count(|fate| fate == Fate::Confirmed);
    let (rest, again) = match (lines.get(confirmed), lines.last()) {
        (Some(first), Some(last)) if confirmed > 0 => {
            let rest = if first == last {
                format!("line {first} is")
            } else {
                format!("lines {first} to {last} are")
            };
            (
                format!("do not run the file again as it is: {rest} left; "),
                "a file of what is left, in this order,",
            )
        }
        _ => (String::new(), "the same command"),
    };
    let stands_on = match left.stands_on() {
        hash if hash.is_zero() => "the account has no block".to_owned(),
        hash => format!("the account's last block is {hash}"),
    };
    let what = if left.count(|fate| fate == Fate::Impossible) > 0 {
        format!("that can never happen as it was signed, so {again} pays nothing twice")
    } else if left.count(|fate| fate == Fate::OnLedger) > 0 {
        format!("wait until what is on the ledger is confirmed: {again} would pay it twice")
    } else {
        format!(
            "{again} cannot pay twice as long as {stands_on}, as it makes the same blocks; once the account has moved \
             on it makes other ones, so look first what moved it"
        )
    };
    format!("{rest}{what}")
}

#[cfg(test)]
mod tests {
    use super::tell;
    use p2pow_client::Event;

    #[test]
    fn what_a_worker_says_does_not_drive_the_terminal() {
        let address = [127, 0, 0, 1].into();
        let reason = "no\u{1b}[2J\u{202e}\nway".to_owned() + &"x".repeat(9999);
        let told = tell(&Event::Unusable { address, reason }).unwrap();
        assert!(!told.contains(['\u{1b}', '\u{202e}', '\n']), "{told:?}");
        assert!(told.chars().count() < 400);
    }
}
