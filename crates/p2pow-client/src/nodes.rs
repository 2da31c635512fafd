//! [`Nodes`]: the sender's own nodes. The first is the main one; others make sure that it neither lies nor is missed.
//!
//! What is a matter of fact is asked of all at once, and what most of those that answer say holds: that a block is
//! confirmed, above all. What only leads to something that is checked anyway is asked of the main node, and of the next
//! one where it is away. What is published is given to all.

use futures_util::future::join_all;
use nano_block::{SignedBlock, Subtype};
use nano_primitives::{Account, BlockHash};
use nano_rpc::{AccountInfo, BlockInfo, Client, Receivable, ReceivableQuery, Refusal, RpcError};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Time for one of several nodes to answer.
const TIMEOUT: Duration = Duration::from_secs(4);
/// For so long a node that could not be reached is not asked, where another one answers.
const REST: Duration = Duration::from_secs(20);

/// The sender's own nodes: one at least. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Nodes(Arc<[Node]>);

#[derive(Debug)]
struct Node {
    client: Client,
    /// Until when it is left alone.
    rests: Mutex<Option<Instant>>,
}

/// What one node said.
#[derive(Debug)]
pub(crate) struct Voice<T> {
    pub(crate) node: Client,
    pub(crate) answer: T,
}

impl From<Client> for Nodes {
    fn from(node: Client) -> Self {
        Self::new(node, [])
    }
}

impl Nodes {
    /// The main node, and others beside it.
    #[must_use]
    pub fn new(main: Client, others: impl IntoIterator<Item = Client>) -> Self {
        let mut clients: Vec<Client> = std::iter::once(main).chain(others).collect();
        // Alone it may take the time that it was given; one of several must not hold up the others.
        if clients.len() > 1 {
            for client in &mut clients {
                *client = client.with_retries(0).with_timeout(TIMEOUT);
            }
        }
        let node = |client| Node { client, rests: Mutex::default() };
        Self(clients.into_iter().map(node).collect())
    }

    /// The main node.
    #[must_use]
    pub fn main(&self) -> &Client {
        &self.0[0].client
    }

    /// The first that was not away lately; the main one if all were.
    pub(crate) fn reachable(&self) -> &Client {
        let awake = self.0.iter().find(|node| !node.is_resting());
        awake.map_or(self.main(), |node| &node.client)
    }

    /// All of them, the main one first.
    pub fn all(&self) -> impl Iterator<Item = &Client> {
        self.0.iter().map(|node| &node.client)
    }

    /// A block and its place in the ledger, if a node has it: confirmed if more than half of the nodes that answer say
    /// so.
    ///
    /// # Errors
    /// No node answered.
    pub async fn block_info(&self, hash: &BlockHash) -> Result<Option<BlockInfo>, RpcError> {
        let said = answers(self.ask_all(|node| async move { node.block_info(hash).await }).await)?;
        let voices = said.len();
        let mut found: Vec<BlockInfo> = said.into_iter().filter_map(|voice| voice.answer).collect();
        let confirmed = found.iter().filter(|info| info.confirmed).count();
        // The word of one that knows more of it than others.
        found.sort_by_key(|info| (info.confirmed, info.successor.is_some()));
        Ok(found.pop().map(|mut info| {
            info.confirmed = 2 * confirmed > voices;
            info
        }))
    }

    /// The state of an account, on the word of one node.
    ///
    /// # Errors
    /// No node answered.
    pub async fn account_info(&self, account: &Account) -> Result<Option<AccountInfo>, RpcError> {
        self.ask_one(|node| async move { node.account_info(account).await }).await
    }

    /// What was sent to an account and not received yet, on the word of one node.
    ///
    /// # Errors
    /// No node answered.
    pub async fn receivable(
        &self,
        account: &Account,
        query: &ReceivableQuery,
    ) -> Result<Vec<Receivable>, RpcError> {
        self.ask_one(|node| async move { node.receivable(account, query).await }).await
    }

    /// What the first node that answers says, and which one it is: for what nothing depends on, as it is one node's word.
    ///
    /// # Errors
    /// No node answered.
    pub async fn word_of_one<T, F>(
        &self,
        ask: impl Fn(Client) -> F,
    ) -> Result<(Client, T), RpcError>
    where
        F: Future<Output = Result<T, RpcError>>,
    {
        let ask = &ask;
        self.ask_one(|node| async move { Ok((node.clone(), ask(node).await?)) }).await
    }

    /// Gives a block to all nodes.
    ///
    /// # Errors
    /// No node took it. A node that has it already counts before one that refuses it otherwise.
    ///
    /// # Panics
    /// Never: there is a node.
    pub async fn process(
        &self,
        block: &SignedBlock,
        subtype: Option<Subtype>,
    ) -> Result<BlockHash, RpcError> {
        let given = self.ask_all(|node| async move { node.process(block, subtype).await }).await;
        let is_old = |error: &RpcError| error.refusal() == Some(Refusal::OldBlock);
        let mut refused = None;
        for outcome in given {
            match (outcome, &refused) {
                (Ok(voice), _) => return Ok(voice.answer),
                (Err(error), Some(_)) if !is_old(&error) => {}
                (Err(error), _) => refused = Some(error),
            }
        }
        Err(refused.expect("there is a node, awake or resting"))
    }

    /// What each node says of an account; those that are away are left out.
    pub(crate) async fn account_infos(
        &self,
        account: Account,
    ) -> Result<Vec<Voice<Option<AccountInfo>>>, RpcError> {
        answers(self.ask_all(|node| async move { node.account_info(&account).await }).await)
    }

    /// Asks all at once that do not rest, and the others only if none of them answers.
    async fn ask_all<T, F>(&self, ask: impl Fn(Client) -> F) -> Vec<Result<Voice<T>, RpcError>>
    where
        F: Future<Output = Result<T, RpcError>>,
    {
        let (awake, resting) = (self.awake(), self.resting());
        let mut outcomes = join_all(awake.into_iter().map(|node| ask_node(node, &ask))).await;
        if outcomes.iter().all(Result::is_err) {
            outcomes.extend(join_all(resting.into_iter().map(|node| ask_node(node, &ask))).await);
        }
        outcomes
    }

    /// Asks one after the other until one answers. The question may be several calls.
    pub(crate) async fn ask_one<T, F>(&self, ask: impl Fn(Client) -> F) -> Result<T, RpcError>
    where
        F: Future<Output = Result<T, RpcError>>,
    {
        let mut first = None;
        for node in self.awake().into_iter().chain(self.resting()) {
            match ask_node(node, &ask).await {
                Ok(voice) => return Ok(voice.answer),
                Err(error) => drop(first.get_or_insert(error)),
            }
        }
        Err(first.expect("there is a node, awake or resting"))
    }

    fn awake(&self) -> Vec<&Node> {
        self.0.iter().filter(|node| !node.is_resting()).collect()
    }

    fn resting(&self) -> Vec<&Node> {
        self.0.iter().filter(|node| node.is_resting()).collect()
    }
}

/// Asks one. If it is away it rests.
async fn ask_node<T, F>(node: &Node, ask: impl Fn(Client) -> F) -> Result<Voice<T>, RpcError>
where
    F: Future<Output = Result<T, RpcError>>,
{
    let answer = ask(node.client.clone()).await;
    let is_away = answer.as_ref().is_err_and(RpcError::is_retryable);
    *node.rests.lock().unwrap_or_else(PoisonError::into_inner) =
        is_away.then(|| Instant::now() + REST);
    Ok(Voice { node: node.client.clone(), answer: answer? })
}

/// Those that answered: one at least.
fn answers<T>(outcomes: Vec<Result<Voice<T>, RpcError>>) -> Result<Vec<Voice<T>>, RpcError> {
    let (mut said, mut first) = (Vec::new(), None);
    for outcome in outcomes {
        match outcome {
            Ok(answer) => said.push(answer),
            Err(error) => drop(first.get_or_insert(error)),
        }
    }
    match first {
        Some(error) if said.is_empty() => Err(error),
        _ => Ok(said),
    }
}

impl Node {
    fn is_resting(&self) -> bool {
        let rests = *self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        rests.is_some_and(|until| Instant::now() < until)
    }
}
