//! What the members of a fleet say to each other: JSON objects, of which a reader ignores the keys that it does not
//! know.

use crate::Name;
use bytes::Bytes;
use nano_primitives::{Difficulty, Root, Work};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A message of more bytes is of nobody who keeps to the rules.
const LARGEST: usize = 16 * 1024;

/// What a front end tells agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Command {
    /// Search, from a random start; or go on, where that is done already.
    Search(Order),
    /// Search no more.
    Stop(OrderId),
}

/// An order by who gave it and its number there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct OrderId {
    pub(crate) front: Name,
    pub(crate) order: u64,
}

/// A root that is to be solved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    #[serde(flatten)]
    pub(crate) id: OrderId,
    pub(crate) root: Root,
    pub(crate) threshold: Difficulty,
    /// Ends so many ms after it came, unless it comes again: so that nobody searches for a front end that is gone.
    pub(crate) within_ms: u64,
}

/// What an agent tells a front end of one of its orders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) order: u64,
    /// The nonces that it has tried for it.
    pub(crate) hashes: u64,
    /// Microseconds since it got the order.
    pub(crate) micros: u64,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
}

impl Report {
    /// Whether nothing more comes of this order.
    pub(crate) const fn is_last(&self) -> bool {
        !matches!(self.outcome, Outcome::Searching)
    }
}

/// How an order stands with an agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It searches, or the order waits for its turn.
    Searching,
    /// It is done.
    Found {
        /// What it proposes.
        work: Work,
    },
    /// It gives the order up.
    Failed {
        /// Why.
        reason: String,
    },
}

/// What an agent says of itself, each second and when it is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentBeat {
    /// The version of its program.
    pub version: String,
    /// What it searches with.
    pub devices: Vec<String>,
    /// Hashes per second, as it was measured at the start or, once it has searched, since.
    pub hashes_per_second: f64,
    /// The nonces it has tried since its start.
    pub hashes: u64,
    /// The orders that it has.
    pub orders: usize,
}

/// What a front end says of itself, each second and when it is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrontBeat {
    /// The version of its program.
    pub version: String,
    /// The orders that are out.
    pub orders: usize,
    /// The works that agents have found for it.
    pub found: u64,
    /// The works that agents proposed and that were none.
    pub wrong: u64,
    /// The agents that it uses.
    pub agents: usize,
    /// The agents that it leaves alone.
    pub quarantined: Vec<Quarantined>,
}

/// An agent that a front end leaves alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Which.
    pub agent: Name,
    /// Why.
    pub reason: String,
    /// For so many seconds still.
    pub seconds: u64,
}

/// A message as it is sent.
pub(crate) fn encode(message: &impl Serialize) -> Bytes {
    // Numbers, texts and names: there is nothing in these types that JSON has not.
    serde_json::to_vec(message).map(Bytes::from).unwrap_or_default()
}

/// A message that was received, if it is one.
pub(crate) fn decode<T: DeserializeOwned>(payload: &[u8]) -> Option<T> {
    if payload.len() > LARGEST {
        return None;
    }
    serde_json::from_slice(payload).ok()
}

#[cfg(test)]
mod tests {
    use super::{Command, LARGEST, Order, OrderId, Outcome, Report, decode, encode};
    use nano_primitives::{Difficulty, Root, Work};

    #[test]
    fn messages_are_as_the_documentation_has_them() {
        let id = OrderId { front: "front-1".parse().unwrap(), order: 7 };
        let threshold = Difficulty::from_u64(0xffff_fff8_0000_0000);
        let order = Order { id: id.clone(), root: Root::ZERO, threshold, within_ms: 6000 };
        let search = Command::Search(order);
        let found = Outcome::Found { work: Work::from_u64(0xab) };
        let report = Report { order: 7, hashes: 12, micros: 34, outcome: found };
        let zero = "0".repeat(64);
        let wanted = [
            format!(
                r#"{{"do":"search","front":"front-1","order":7,"root":"{zero}","threshold":"fffffff800000000","within_ms":6000}}"#
            ),
            r#"{"do":"stop","front":"front-1","order":7}"#.to_owned(),
            r#"{"order":7,"hashes":12,"micros":34,"is":"found","work":"00000000000000ab"}"#.into(),
        ];
        let sent = [encode(&search), encode(&Command::Stop(id)), encode(&report)];
        for (sent, wanted) in sent.iter().zip(&wanted) {
            assert_eq!(std::str::from_utf8(sent).unwrap(), wanted);
        }
        assert_eq!(decode::<Command>(&sent[0]), Some(search));
        assert_eq!(decode::<Report>(&sent[2]), Some(report));
    }

    #[test]
    fn a_key_that_is_not_known_is_ignored_and_what_is_no_message_is_none() {
        let later = br#"{"do":"stop","front":"front-1","order":7,"since":"a later version"}"#;
        assert!(decode::<Command>(later).is_some());
        for bad in [&b""[..], b"{}", b"\xff", br#"{"do":"stop","front":"a.b","order":7}"#] {
            assert_eq!(decode::<Command>(bad), None);
        }
        let padded = [&later[..], &vec![b' '; LARGEST]].concat();
        assert_eq!(decode::<Command>(&padded), None);
    }
}
