//! What happens on the way of a job, in words.

use nano_primitives::Amount;
use p2pow_cli::one_line;
use p2pow_client::{Event, HireError, Outcome, Worker};

/// Tells of a step; `None` for steps that a line of their own would not make clearer.
pub(crate) fn tell(event: &Event) -> Option<String> {
    Some(match event {
        Event::WorkersFound { workers, .. } if workers.iter().any(is_named) => {
            format!("asking {} workers by address", workers.len())
        }
        Event::WorkersFound { workers, not_dialable } => found(workers.len(), *not_dialable),
        Event::Offered { address, account, fee } => {
            format!("{address} asks {} for a send, to be paid to {account}", xno(*fee))
        }
        Event::Unusable { address, reason } => format!("{address} is of no use: {reason}"),
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
        Outcome::Unanswered => "did not answer".to_owned(),
    }
}

/// An error of a worker with its cause, on one line: part of it is the worker's own text.
pub(crate) fn reason(error: &HireError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    one_line(&format!("{error}{}", cause.unwrap_or_default()))
}
