//! What happens on the way of a job, and how it ends, in words.

use nano_primitives::{Amount, excerpt};
use p2pow_cli::output::count;
use p2pow_client::{
    DealReport, Event, Fate, Item, Order, Outcome, Receipt, Unsettled, WorkError, Worker,
};
use std::error::Error;

/// The longest text from elsewhere that is shown, in characters.
const SHOWN: usize = 300;

/// Tells of a step; `None` for steps that a line of their own would not make clearer.
pub(crate) fn tell(event: &Event) -> Option<String> {
    Some(match event {
        Event::Waiting { holder } => {
            format!("waiting for {}, which is at work for this account", excerpt(holder, SHOWN))
        }
        Event::Earlier { report } => format!("an earlier payment: {}", deal(report)),
        Event::Replaced { report } => format!(
            "another payment is signed in the place of this one: {}. Whoever has its blocks can still publish them; the \
             ledger takes one of the two, never both, and if it is the old one the new one is not made",
            deal(report)
        ),
        Event::NotWritten { reason } => {
            let reason = excerpt(reason, SHOWN);
            format!("what a worker said is not in the journal, and did no harm: {reason}")
        }
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
        Event::NodeSetAside { url, reason } => {
            format!("the node {url} is not gone by: {}", excerpt(reason, SHOWN))
        }
        Event::StateVerified { frontier: None, .. } => "the account has no block yet".to_owned(),
        Event::StateVerified { frontier: Some(hash), balance } => {
            format!("the account has {}, proven by its last block {hash}", xno(*balance))
        }
        other => return on_its_way(other),
    })
}

/// Tells of a step from the signatures on.
fn on_its_way(event: &Event) -> Option<String> {
    Some(match event {
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
        Event::Promised { reward } => format!(
            "signed reward block {} too: {} for {}",
            reward.hash,
            xno(reward.price),
            reward.address
        ),
        Event::NotHired { address, reason } => {
            format!("{address} is not hired too: {}", excerpt(reason, SHOWN))
        }
        Event::OwnWork { blocks } => format!(
            "nobody delivers: finding own work for the same {}",
            if *blocks == 1 { "block".to_owned() } else { count(*blocks, "block") }
        ),
        Event::OwnWorkFailed { reason } => {
            format!("own work was not found: {}", excerpt(reason, SHOWN))
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

/// What a chain of signed blocks is for, and what became of it.
pub(crate) fn deal(report: &DealReport) -> String {
    let paid = match report.items.as_slice() {
        [item] => what(&item.order),
        items => format!("{} from {}", count(items.len(), "order"), what(&items[0].order)),
    };
    let state = if report.is_replaced { ", replaced on purpose" } else { "" };
    format!("{paid}{state}: {}", report.summary())
}

/// How a payment ended well.
pub(crate) fn done(receipt: &Receipt) -> String {
    if receipt.is_earlier {
        let last = receipt.users.last().map_or_else(String::new, |user| user.hash().to_string());
        return format!(
            "already done: block {last} is confirmed, and nothing was signed now (--again makes another payment)"
        );
    }
    let seconds = receipt.elapsed.as_secs_f64();
    match receipt.winner() {
        Some(winner) => format!(
            "done in {seconds:.1} s; {} did the work for {}",
            winner.address,
            xno(winner.price)
        ),
        None if receipt.hired.is_empty() => format!("done in {seconds:.1} s by own work"),
        None => format!("done in {seconds:.1} s; no reward is confirmed (yet)"),
    }
}

/// What became of each order, a line for each, if there are several.
pub(crate) fn fates(items: &[Item], lines: &[u64]) -> Vec<String> {
    if items.len() < 2 {
        return Vec::new();
    }
    let name = |place: usize| match lines.get(place) {
        Some(line) => format!("line {line}"),
        None => format!("{}", place + 1),
    };
    let told = items.iter().enumerate();
    told.map(|(place, Item { order, block, fate, .. })| {
        let block = block.map_or_else(String::new, |hash| format!(": block {hash}"));
        format!("{}: {}: {fate}{block}", name(place), what(order))
    })
    .collect()
}

/// An order in words.
pub(crate) fn what(order: &Order) -> String {
    match order {
        Order::Send { destination, amount } => format!("{} to {destination}", xno(*amount)),
        Order::Receive { source, amount } => format!("receive {} of {source}", xno(*amount)),
        Order::Change { representative } => format!("change to {representative}"),
    }
}

/// What became of a payment of which something is signed, and what to do now.
pub(crate) fn unsettled(left: &Unsettled) -> String {
    let advice = if left.is_void() {
        "nothing of it can happen any more; the same command makes it anew"
    } else if left.count(|fate| matches!(fate, Fate::Impossible | Fate::Unsigned)) > 0 {
        "the same command again goes on with it: what is confirmed or may still be is not signed again, the rest is"
    } else {
        "the same command again goes on with it, and pays nothing twice"
    };
    format!("{}; {advice} ({})", left.summary(), excerpt(&left.cause.to_string(), SHOWN))
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
