//! The recorded exchanges.

use serde::Deserialize;
use serde_json::Value;

/// A request and what the recorded node answered.
#[derive(Debug, Deserialize)]
pub(crate) struct Exchange {
    pub(crate) title: String,
    request: Value,
    pub(crate) status: u16,
    /// JSON, or a text: the body of a refused request, or a long answer of which only the start was
    /// kept.
    pub(crate) answer: Value,
}

impl Exchange {
    pub(crate) fn body(&self) -> String {
        match &self.request {
            Value::String(text) => text.clone(),
            request => request.to_string(),
        }
    }

    /// The answer, if it is JSON; a shortened one is closed where it was cut.
    pub(crate) fn json(&self) -> Option<(Value, Kept)> {
        match &self.answer {
            Value::String(_) if self.status != 200 => None,
            Value::String(start) => Some((close(start), Kept::Start)),
            answer => Some((answer.clone(), Kept::All)),
        }
    }
}

/// How much of an answer was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    All,
    Start,
}

pub(crate) fn exchanges(lines: &str) -> Vec<Exchange> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A message of the recorded WebSocket.
#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    from: String,
    pub(crate) message: Value,
}

/// What the node said, in order.
pub(crate) fn messages_of_node(lines: &str) -> Vec<Value> {
    let all = lines.lines().map(|line| serde_json::from_str::<Message>(line).unwrap());
    all.filter(|message| message.from == "node").map(|message| message.message).collect()
}

/// Makes JSON of the start of some: cuts it after the last complete field and closes what is open.
fn close(start: &str) -> Value {
    let complete = &start[..start.rfind("\", \"").unwrap() + 1];
    let (mut open, mut in_text) = (Vec::new(), false);
    for character in complete.chars() {
        match character {
            '"' => in_text = !in_text,
            '{' if !in_text => open.push('}'),
            '[' if !in_text => open.push(']'),
            '}' | ']' if !in_text => {
                open.pop();
            }
            _ => {}
        }
    }
    let closed: String = complete.chars().chain(open.into_iter().rev()).collect();
    serde_json::from_str(&closed).unwrap()
}
