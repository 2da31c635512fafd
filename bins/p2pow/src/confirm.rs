//! [`ConfirmArgs`]: money is sent only if somebody who looks at a terminal says yes.

use crate::{
    story::{what, xno},
    wallet::Wallet,
};
use nano_block::Subtype;
use nano_primitives::Amount;
use p2pow_cli::{Failure, output};
use p2pow_client::Order;
use p2pow_protocol::fees;
use std::io::{self, BufRead, IsTerminal, Write};

/// Whether to ask.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct ConfirmArgs {
    /// Do not ask whether it is right. Nobody is asked either with --json, or without a terminal
    #[arg(long, short)]
    yes: bool,
}

impl ConfirmArgs {
    /// Shows what is about to be paid, and waits for a yes.
    pub(crate) fn ask(self, wallet: &Wallet, orders: &[Order]) -> Result<(), Failure> {
        let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        if self.yes || wallet.json || !is_terminal {
            return Ok(());
        }
        output::line(question(orders, wallet.sender.config().max_fee))?;
        print!("Is that right? [y/N] ");
        io::stdout().flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        if is_yes(&answer) {
            return Ok(());
        }
        Err(Failure::new("not confirmed: nothing was signed"))
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// What is about to happen: amounts, destinations, and the most that the work may cost.
fn question(orders: &[Order], max_fee: Amount) -> String {
    /// More are summed up.
    const SHOWN: usize = 10;
    let mut lines: Vec<String> = orders.iter().take(SHOWN).map(what).collect();
    if orders.len() > SHOWN {
        lines.push(format!("… and {} more", orders.len() - SHOWN));
    }
    let sent = orders.iter().try_fold(Amount::ZERO, |sum, order| match order {
        Order::Send { amount, .. } => sum.checked_add(*amount),
        _ => Some(sum),
    });
    if let Some(sent) = sent.filter(|_| orders.len() > 1) {
        lines.push(format!("{} in all", xno(sent)));
    }
    let job: Vec<Subtype> = orders.iter().map(subtype).collect();
    let most = fees::price(&job, max_fee).unwrap_or(Amount::MAX);
    lines.push(format!("for at most {} of work", xno(most)));
    lines.join("\n")
}

const fn subtype(order: &Order) -> Subtype {
    match order {
        Order::Send { .. } => Subtype::Send,
        Order::Receive { .. } => Subtype::Receive,
        Order::Change { .. } => Subtype::Change,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_yes, question};
    use nano_primitives::{Account, Amount};
    use p2pow_client::Order;

    fn send(xno: &str) -> Order {
        Order::Send { destination: Account::ZERO, amount: Amount::from_xno(xno).unwrap() }
    }

    #[test]
    fn amount_destination_and_the_most_that_the_work_costs_are_shown() {
        let max_fee = Amount::from_xno("0.001").unwrap();
        let one = question(&[send("1.5")], max_fee);
        assert!(one.contains("1.5 XNO") && one.contains(&Account::ZERO.to_string()), "{one}");
        assert!(one.ends_with("for at most 0.001 XNO of work"), "{one}");
        let many = question(&[send("2"); 30], max_fee);
        assert!(many.contains("20 more") && many.contains("60 XNO in all"), "{many}");
        assert!(many.ends_with("for at most 0.0155 XNO of work"), "{many}");
    }

    #[test]
    fn only_a_yes_is_one() {
        assert!(["y", "Y\n", " yes \n", "YES"].into_iter().all(is_yes));
        assert!(!["", "\n", "n", "no", "yeah", "ja", "yy"].into_iter().any(is_yes));
    }
}
