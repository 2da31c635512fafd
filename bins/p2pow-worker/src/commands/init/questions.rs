//! [`ask`]: a few questions, each of which may be answered by Enter alone.

use p2pow_cli::{
    Failure,
    values::{self, ValueError},
};
use std::io::{self, BufRead, Write};

/// What is asked, which option it is, and what holds without an answer.
struct Question {
    option: &'static str,
    words: &'static str,
    check: fn(&str) -> Result<(), ValueError>,
}

const QUESTIONS: [Question; 5] = [
    Question {
        option: "reward_account",
        words: "Which account is to be paid? (Enter: that of a new key)",
        check: |text| values::address(text).map(drop),
    },
    Question {
        option: "node",
        words: "Where is the RPC of your Nano node? (Enter: http://127.0.0.1:7076)",
        check: |text| values::http_url(text).map(drop),
    },
    Question {
        option: "websocket",
        words: "Where is its WebSocket, such as ws://127.0.0.1:7078? (Enter: none; races are lost later without)",
        check: |text| values::websocket_url(text).map(drop),
    },
    Question {
        option: "public_ip",
        words: "At which IP address does the world reach this computer? (Enter: say it later)",
        check: |text| values::ip(text).map(drop),
    },
    Question {
        option: "fee",
        words: "What is a send to cost, in XNO? (Enter: 0.0001)",
        check: |text| values::amount(text).map(drop),
    },
];

/// Asks what nothing has said yet. The end of the input answers the rest with Enter.
pub(super) fn ask(
    is_said: impl Fn(&str) -> bool,
    mut answers: impl BufRead,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let mut said = Vec::new();
    for question in QUESTIONS.iter().filter(|question| !is_said(question.option)) {
        loop {
            let mut prompt = io::stderr().lock();
            write!(prompt, "{} ", question.words)?;
            prompt.flush()?;
            let mut line = String::new();
            answers.read_line(&mut line)?;
            let answer = line.trim();
            if answer.is_empty() {
                break;
            }
            match (question.check)(answer) {
                Ok(()) => {
                    said.push((question.option, answer.to_owned()));
                    break;
                }
                Err(error) => writeln!(prompt, "{}", error.wanted())?,
            }
        }
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::ask;

    #[test]
    fn a_wrong_answer_is_asked_for_again_and_what_is_said_is_not_asked() {
        let answers = "nonsense\nhttp://[::1]:7076\nhttp://a\nws://[::1]:7078\n\n0.002\n";
        let said = ask(|option| option == "reward_account", answers.as_bytes()).unwrap();
        let wanted =
            [("node", "http://[::1]:7076"), ("websocket", "ws://[::1]:7078"), ("fee", "0.002")];
        assert_eq!(said, wanted.map(|(option, text)| (option, text.to_owned())));
        assert!(ask(|_| false, &b""[..]).unwrap().is_empty());
    }
}
