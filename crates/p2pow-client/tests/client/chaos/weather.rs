//! A node that is sometimes away, slow, behind, or lies.

use super::dice::Dice;
use crate::nodes::LyingNode;
use nano_primitives::Account;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// What the node is like now.
pub(crate) struct Weather {
    dice: Dice,
    pub(crate) is_calm: AtomicBool,
    /// What it said of accounts before, to say it again.
    earlier: Mutex<HashMap<String, Vec<Value>>>,
    account: Account,
    /// Calls that it does not answer yet.
    away: Mutex<usize>,
}

impl Weather {
    pub(crate) fn new(account: Account, seed: u64) -> Arc<Self> {
        let (dice, earlier) = (Dice::of(seed), Mutex::default());
        let away = Mutex::default();
        Arc::new(Self { dice, is_calm: AtomicBool::new(false), earlier, account, away })
    }

    /// A node of the town with this weather.
    pub(crate) async fn node(self: &Arc<Self>, town: &crate::town::Town) -> LyingNode {
        let (refusing, lying) = (Arc::clone(self), Arc::clone(self));
        LyingNode::refusing(
            town,
            move |_| refusing.is_away(),
            move |question, answer| lying.lie(question, answer),
        )
        .await
    }

    /// For one call, or for some in a row: then it dies in the middle of something.
    fn is_away(&self) -> bool {
        if !self.is_rough() {
            return false;
        }
        let mut away = self.away.lock().unwrap();
        if *away == 0 && self.dice.once_in(80) {
            *away = 5 + self.dice.below(30);
        }
        *away = away.saturating_sub(1);
        *away > 0 || self.dice.once_in(12)
    }

    fn is_rough(&self) -> bool {
        !self.is_calm.load(Ordering::SeqCst)
    }

    fn lie(&self, question: &Value, answer: &mut Value) {
        match question["action"].as_str() {
            Some("block_info") if self.is_rough() && self.dice.once_in(8) => {
                if self.dice.once_in(2) {
                    *answer = json!({ "error": "Block not found" });
                } else if answer["confirmed"].is_string() {
                    answer["confirmed"] = json!("false");
                }
            }
            Some("account_info") if question["account"] == json!(self.account) => {
                let mut earlier = self.earlier.lock().unwrap();
                let said = earlier.entry(self.account.to_string()).or_default();
                said.push(answer.clone());
                if self.is_rough() && self.dice.once_in(5) {
                    *answer = said[self.dice.below(said.len())].clone();
                }
            }
            // It was carried out, and is told as a failure.
            Some("process") if self.is_rough() && self.dice.once_in(4) => {
                *answer = json!({ "error": "Internal server error in RPC" });
            }
            _ => {}
        }
    }
}
