//! [`Line`]: what waits for one account, in its order.

use crate::{
    task::{Batch, TaskId},
    wallets::WalletId,
};
use nano_primitives::Account;
use p2pow_client::Order;
use std::collections::VecDeque;

/// What waits for an account.
#[derive(Debug, Default)]
pub(super) struct Line {
    waiting: VecDeque<TaskId>,
    /// Under way when the process ended.
    resumed: VecDeque<Batch>,
    /// So many together at most, where more were too many.
    together: Option<usize>,
    is_running: bool,
    /// Where several servers share the queue: whether this one has the account.
    is_held: bool,
}

impl Line {
    pub(super) fn push(&mut self, task: TaskId) {
        self.waiting.push_back(task);
    }

    /// Forgets that these wait.
    pub(super) fn take_out(&mut self, tasks: &[TaskId]) {
        self.waiting.retain(|id| !tasks.contains(id));
    }

    /// Nobody carries it out any more, and all of these wait.
    pub(super) fn stop(&mut self, tasks: Vec<TaskId>) {
        *self = Self { waiting: tasks.into(), together: self.together, ..Self::default() };
    }

    /// What waits, in its order.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &TaskId> {
        self.waiting.iter()
    }

    pub(super) const fn set_held(&mut self) {
        self.is_held = true;
    }

    pub(super) const fn is_held(&self) -> bool {
        self.is_held
    }

    pub(super) fn resume(&mut self, batch: Batch) {
        self.resumed.push_back(batch);
    }

    /// Takes the right to carry the line out; `false` if somebody has it.
    pub(super) fn set_running(&mut self) -> bool {
        !std::mem::replace(&mut self.is_running, true)
    }

    /// Puts tasks back to the front, in their order; from now on at most so many go together.
    pub(super) fn put_back(&mut self, tasks: &[TaskId], together: Option<usize>) {
        for id in tasks.iter().rev() {
            self.waiting.push_front(id.clone());
        }
        self.together = together;
    }

    /// What was under way first, then the next tasks of one wallet, `most` of them at most; and whether they are new.
    pub(super) fn next_batch(
        &mut self,
        account: Account,
        most: usize,
        task: impl Fn(&TaskId) -> Option<(WalletId, Order)>,
    ) -> Option<(Batch, bool)> {
        if let Some(batch) = self.resumed.pop_front() {
            return Some((batch, false));
        }
        let most = self.together.unwrap_or(most).max(1);
        let mut batch: Option<Batch> = None;
        while let Some((id, (wallet, order))) =
            self.waiting.front().and_then(|id| Some((id.clone(), task(id)?)))
        {
            let batch = match &mut batch {
                Some(batch) if batch.wallet != wallet || batch.tasks.len() >= most => break,
                Some(batch) => batch,
                none => {
                    // Without random bytes nothing can be signed either: it waits for the next one who asks.
                    let Ok(id) = TaskId::generate() else { break };
                    let (tasks, orders) = (Vec::new(), Vec::new());
                    none.insert(Batch { id, wallet, account, tasks, orders })
                }
            };
            batch.tasks.push(id);
            batch.orders.push(order);
            self.waiting.pop_front();
        }
        batch.map(|batch| (batch, true))
    }
}

#[cfg(test)]
mod tests {
    use super::Line;
    use crate::task::TaskId;
    use nano_primitives::{Account, Amount};
    use p2pow_client::Order;

    const ORDER: Order = Order::Send { destination: Account::ZERO, amount: Amount::ZERO };

    /// The sizes of the batches that a line gives.
    fn sizes(line: &mut Line, wallets: &[(&TaskId, u8)]) -> Vec<usize> {
        let wallet = |n: u8| format!("{n:02X}").repeat(32).parse().unwrap();
        let task = |id: &TaskId| {
            wallets.iter().find(|(known, _)| *known == id).map(|(_, n)| (wallet(*n), ORDER))
        };
        let next = || line.next_batch(Account::ZERO, 3, task).map(|(batch, _)| batch.tasks.len());
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn batches_are_full_and_of_one_wallet_and_in_order() {
        let ids: Vec<TaskId> = (0..6).map(|_| TaskId::generate().unwrap()).collect();
        let mut line = Line::default();
        ids.iter().cloned().for_each(|id| line.push(id));
        let wallets: Vec<_> = ids.iter().zip([1, 1, 1, 1, 2, 2]).collect();
        assert_eq!(sizes(&mut line, &wallets), [3, 1, 2]);
        line.put_back(&ids[..4], Some(2));
        let first = line.next_batch(Account::ZERO, 3, |id| {
            wallets
                .iter()
                .find(|(known, _)| *known == id)
                .map(|_| ("01".repeat(32).parse().unwrap(), ORDER))
        });
        assert_eq!(first.unwrap().0.tasks, ids[..2]);
    }

    #[test]
    fn one_runs_at_a_time() {
        let mut line = Line::default();
        assert!(line.set_running() && !line.set_running());
    }
}
