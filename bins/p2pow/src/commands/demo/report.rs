//! The demo's result as scripts read it.

use super::{
    ledger::Balances,
    stage::{Crew, Member, Stage},
};
use crate::{
    report::{Winner, detail},
    story::xno,
};
use indicatif::HumanCount;
use nano_block::{Epoch, SignedState, Subtype};
use nano_primitives::{Account, BlockHash, Difficulty};
use p2pow_client::Receipt;
use serde::Serialize;
use std::{net::IpAddr, time::Duration};

/// The object on the last line of `demo --json`.
#[derive(Debug, Serialize)]
pub(super) struct DemoReport {
    network: String,
    elapsed_ms: u128,
    port: u16,
    user_block: Option<LedgerBlock>,
    reward_block: Option<LedgerBlock>,
    winner: Option<Winner>,
    workers: Vec<RacerReport>,
    balances: BeforeAfter,
}

/// A block with what the ledger knows of it.
#[derive(Debug, Serialize)]
struct LedgerBlock {
    #[serde(flatten)]
    block: SignedState,
    hash: BlockHash,
    work_value: Option<Difficulty>,
    threshold: Difficulty,
    confirmed: bool,
}

#[derive(Debug, Serialize)]
struct RacerReport {
    address: IpAddr,
    account: Account,
    outcome: &'static str,
    hashes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Debug, Serialize)]
struct BeforeAfter {
    before: Balances,
    after: Balances,
}

impl DemoReport {
    pub(super) fn new(
        stage: &Stage,
        crew: &Crew,
        receipt: &Receipt,
        elapsed: Duration,
        (before, after): (Balances, Balances),
    ) -> Self {
        Self {
            network: stage.net.network().to_string(),
            elapsed_ms: elapsed.as_millis(),
            port: crew.port,
            user_block: receipt.users.first().map(|block| LedgerBlock::new(stage, *block)),
            reward_block: receipt.winner().map(|paid| LedgerBlock::new(stage, paid.block)),
            winner: receipt.winner().map(Winner::new),
            workers: crew.members.iter().map(|member| RacerReport::new(member, receipt)).collect(),
            balances: BeforeAfter { before, after },
        }
    }

    /// What happened, in words.
    pub(super) fn describe(&self) -> String {
        let seconds = self.elapsed_ms / 1000;
        let mut lines = vec![format!("done in {seconds}.{:01} s", self.elapsed_ms % 1000 / 100)];
        let blocks = [("user", &self.user_block), ("reward", &self.reward_block)];
        for (name, block) in blocks {
            lines.extend(block.as_ref().map(|block| block.describe(name)));
        }
        for worker in &self.workers {
            let RacerReport { address, outcome, hashes, .. } = worker;
            lines.push(format!("{address} {outcome} after {} hashes", HumanCount(*hashes)));
        }
        if let Some(winner) = &self.winner {
            lines.push(format!("{} is paid {}", winner.address, xno(winner.fee_raw)));
        }
        lines.push(self.balances.after.describe("after"));
        lines.join("\n")
    }
}

impl LedgerBlock {
    fn describe(&self, name: &str) -> String {
        let text = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
        format!(
            "{name} block {}\n  work {} of value {}, threshold {}",
            self.hash,
            text(self.block.work.map(|work| work.to_string())),
            text(self.work_value.map(|value| value.to_string())),
            self.threshold,
        )
    }

    /// Both blocks of the demo are sends of an account at epoch 2.
    fn new(stage: &Stage, block: SignedState) -> Self {
        let hash = block.hash();
        Self {
            block,
            hash,
            work_value: block.work_value(),
            threshold: stage.net.network().thresholds().for_state(Subtype::Send, Epoch::Epoch2),
            confirmed: stage.net.block(&hash).is_some_and(|view| view.confirmed),
        }
    }
}

impl RacerReport {
    fn new(member: &Member, receipt: &Receipt) -> Self {
        let place = member.place(receipt);
        Self {
            address: member.address,
            account: member.account,
            outcome: member.outcome(receipt),
            hashes: member.hashes(),
            detail: place.and_then(|place| detail(&receipt.hired[place].outcome)),
        }
    }
}
