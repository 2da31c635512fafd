//! [`Terminal`]: somebody is asked before a block is signed (`--ask`).

use crate::story::xno;
use nano_primitives::Amount;
use p2pow_client::{BoxFuture, Meaning, SigningRequest};
use p2pow_signer::Approve;
use std::{
    io::{BufRead, Write},
    thread,
    time::Duration,
};
use tokio::{
    sync::{
        Mutex,
        mpsc::{UnboundedReceiver, unbounded_channel},
    },
    time::timeout,
};

/// How long somebody has to say yes: less than the sender waits.
const PATIENCE: Duration = Duration::from_secs(120);

/// Shows what is to be signed, and reads yes or no.
#[derive(Debug)]
pub(super) struct Terminal {
    answers: Mutex<UnboundedReceiver<String>>,
    patience: Duration,
}

impl Terminal {
    /// Answers are the lines of `input`, which is read by a thread of its own, for a read cannot be given up.
    pub(super) fn new(input: impl BufRead + Send + 'static) -> Self {
        Self::with_patience(input, PATIENCE)
    }

    fn with_patience(input: impl BufRead + Send + 'static, patience: Duration) -> Self {
        let (lines, answers) = unbounded_channel();
        thread::spawn(move || {
            for line in input.lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    return;
                }
            }
        });
        Self { answers: Mutex::new(answers), patience }
    }

    async fn ask(&self, request: &SigningRequest, max_fee: Amount) -> bool {
        let mut answers = self.answers.lock().await;
        // What was typed before the question is no answer to it.
        while answers.try_recv().is_ok() {}
        let seconds = self.patience.as_secs();
        eprint!("{}\nSign it? [y/N, within {seconds} s] ", question(request, max_fee));
        let _ = std::io::stderr().flush();
        match timeout(self.patience, answers.recv()).await {
            Ok(Some(answer)) => {
                matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
            }
            Ok(None) | Err(_) => {
                eprintln!("no answer: not signed");
                false
            }
        }
    }
}

impl Approve for Terminal {
    fn approve<'a>(&'a self, request: &'a SigningRequest, max_fee: Amount) -> BoxFuture<'a, bool> {
        Box::pin(self.ask(request, max_fee))
    }
}

/// What is about to be signed, as the blocks prove it.
fn question(request: &SigningRequest, max_fee: Amount) -> String {
    let what = match request.meaning {
        Meaning::Send { destination, amount } => format!("send {} to {destination}", xno(amount)),
        Meaning::Receive { source, amount } | Meaning::Open { source, amount } => {
            format!("receive {} of block {source}", xno(amount))
        }
        Meaning::Change { representative } => {
            format!("change the representative to {representative}")
        }
        Meaning::Reward { worker, fee } => format!("pay {} to the worker {worker}", xno(fee)),
        // Meanings that are not known yet are shown as they are.
        other => format!("{other:?}"),
    };
    let mut lines = vec![format!("{}: {what}", request.block.account)];
    let is_change = matches!(request.meaning, Meaning::Change { .. });
    if let (Some(representative), false) = (request.new_representative(), is_change) {
        lines.push(format!("and change the representative to {representative}"));
    }
    lines.push(format!(
        "{} would be left; its work costs at most {}",
        xno(request.block.balance),
        xno(max_fee)
    ));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Terminal, question};
    use nano_block::{AccountState, StateBlock};
    use nano_primitives::{Account, Amount, BlockHash, Link};
    use p2pow_client::{Role, SigningRequest};
    use std::{
        io::{BufReader, Write, pipe},
        time::Duration,
    };

    fn send(representative: Account) -> SigningRequest {
        let below = StateBlock {
            account: Account::ZERO,
            previous: BlockHash::from_bytes([1; 32]),
            representative: Account::ZERO,
            balance: Amount::from_xno("5").unwrap(),
            link: Link::ZERO,
        };
        let state = AccountState {
            account: Account::ZERO,
            frontier: Some(below.hash()),
            balance: below.balance,
            representative,
        };
        let block = state.send(Account::ZERO, Amount::from_xno("1.5").unwrap()).unwrap();
        SigningRequest::proven(Role::User, block, Some(below)).unwrap()
    }

    #[test]
    fn amount_destination_fee_and_what_is_left_are_shown() {
        let fee = Amount::from_xno("0.001").unwrap();
        let other = Account::new(nano_primitives::PublicKey::from_bytes([3; 32]));
        let (plain, changing) = (question(&send(Account::ZERO), fee), question(&send(other), fee));
        for part in
            ["send 1.5 XNO", &Account::ZERO.to_string(), "3.5 XNO would be left", "0.001 XNO"]
        {
            assert!(plain.contains(part) && changing.contains(part), "{plain}");
        }
        assert!(changing.contains(&format!("change the representative to {other}")), "{changing}");
        assert!(!plain.contains("representative"), "{plain}");
    }

    #[tokio::test]
    async fn only_a_yes_behind_the_question_is_one() {
        let (reader, mut writer) = pipe().unwrap();
        let terminal = Terminal::new(BufReader::new(reader));
        let request = send(Account::ZERO);
        for (answer, is_yes) in
            [("y", true), (" YES ", true), ("", false), ("n", false), ("yy", false)]
        {
            let (asked, ()) = tokio::join!(terminal.ask(&request, Amount::ZERO), async {
                writeln!(writer, "{answer}").unwrap();
            });
            assert_eq!(asked, is_yes, "{answer:?}");
        }
        // Typed too early.
        writeln!(writer, "y").unwrap();
        let mut early = terminal.answers.lock().await;
        let first = early.recv().await;
        assert_eq!(first.as_deref(), Some("y"));
        drop(early);
        drop(writer);
        assert!(!terminal.ask(&request, Amount::ZERO).await, "the terminal is closed");
    }

    #[tokio::test]
    async fn nobody_is_waited_for_for_ever() {
        let (reader, _writer) = pipe().unwrap();
        let terminal = Terminal::with_patience(BufReader::new(reader), Duration::from_millis(50));
        assert!(!terminal.ask(&send(Account::ZERO), Amount::ZERO).await);
    }
}
