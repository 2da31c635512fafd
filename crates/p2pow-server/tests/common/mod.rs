//! What the tests share: an embedded network, a worker on it, a sender, and a plain HTTP client.
#![allow(clippy::unwrap_used)]
#![allow(dead_code)] // each test file uses its own part

pub(crate) mod disk;
pub(crate) mod front;
pub(crate) mod gate;
pub(crate) mod http;
pub(crate) mod kept;

use gate::Gate;
use http::Response;
use nano_block::{AccountState, Network, SecretKey, Seed, SignedState, StateBlock};
use nano_devnet::Devnet;
use nano_pow::{CpuBackend, Pool, Puzzle};
use nano_primitives::{Account, Amount, BlockHash, Work};
use nano_rpc::Client;
use p2pow_protocol::WorkRequest;
use p2pow_server::{BindError, Config, Job, Nodes, Phase, Server};
use p2pow_store::{SqliteStore, Store};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// The worker's fee in these tests, a multiple of 64 so that every share is exact.
pub(crate) const FEE: u128 = 6400;
/// What Alice begins with.
pub(crate) const RICHES: u128 = 1_000_000;
/// Nothing here takes so long unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn key(number: u8) -> SecretKey {
    Seed::from_bytes([number; 32]).derive(0)
}

pub(crate) fn alice() -> SecretKey {
    key(1)
}

/// The worker's reward account.
pub(crate) fn george() -> Account {
    key(2).account()
}

pub(crate) fn bob() -> Account {
    key(3).account()
}

pub(crate) fn amount(raw: u128) -> Amount {
    Amount::from_raw(raw)
}

/// A network, a worker and a rich Alice.
pub(crate) struct Scene {
    pub(crate) net: Devnet,
    pub(crate) server: Server,
    pub(crate) gate: Gate,
}

impl Scene {
    /// A worker that works at once.
    pub(crate) async fn new() -> Self {
        Self::with(|_, _| {}).await
    }

    /// A worker with a configuration of its own.
    pub(crate) async fn with(change: impl FnOnce(&mut Config, &Devnet)) -> Self {
        let net = Devnet::builder().confirmation_delay(Duration::ZERO).start().await.unwrap();
        net.open(&alice(), amount(RICHES)).unwrap();
        let (server, gate) = worker(&net, change).await;
        Self { net, server, gate }
    }

    /// Alice's account as the ledger has it.
    pub(crate) fn alice(&self) -> AccountState {
        state(&self.net, &alice())
    }

    pub(crate) fn send(&self, raw: u128) -> StateBlock {
        self.alice().send(bob(), amount(raw)).unwrap()
    }

    /// Asks the worker for this.
    pub(crate) async fn ask(&self, request: &WorkRequest) -> Response {
        http::post(self.server.local_addr(), "/request_work", &request.to_json()).await
    }

    /// Asks the worker for whatever this is.
    pub(crate) async fn ask_raw(&self, body: &[u8]) -> Response {
        http::post(self.server.local_addr(), "/request_work", body).await
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.net.rpc_url()).unwrap()
    }

    pub(crate) fn has(&self, hash: &BlockHash) -> bool {
        self.net.block(hash).is_some()
    }

    /// Waits until there is a job in this phase or one after it.
    pub(crate) async fn job_in(&self, phase: Phase) -> Job {
        eventually(|| self.server.jobs().into_iter().find(|job| job.phase() >= phase)).await
    }

    /// Waits until as many jobs are counted as won.
    pub(crate) async fn won(&self, jobs: u64) {
        eventually(|| (self.server.status().won == jobs).then_some(())).await;
    }

    /// Waits until as many jobs are counted as lost.
    pub(crate) async fn lost(&self, jobs: u64) {
        eventually(|| (self.server.status().lost == jobs).then_some(())).await;
    }
}

/// What workers are told here.
pub(crate) fn config() -> Config {
    Config {
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        reward_account: george(),
        fee: amount(FEE),
        network: Network::Dev,
        poll: Duration::from_millis(20),
        ..Config::default()
    }
}

/// A worker on this network.
pub(crate) async fn worker(
    net: &Devnet,
    change: impl FnOnce(&mut Config, &Devnet),
) -> (Server, Gate) {
    worker_with(net, change, SqliteStore::in_memory().unwrap().shared()).await.unwrap()
}

/// A worker on this network with this journal.
pub(crate) async fn worker_with(
    net: &Devnet,
    change: impl FnOnce(&mut Config, &Devnet),
    store: Arc<dyn Store>,
) -> Result<(Server, Gate), BindError> {
    let mut config = config();
    let node = Client::builder(&net.rpc_url()).retries(0).build().unwrap();
    change(&mut config, net);
    bind(config, node, store).await
}

/// A worker with these nodes.
pub(crate) async fn bind(
    config: Config,
    nodes: impl Into<Nodes>,
    store: Arc<dyn Store>,
) -> Result<(Server, Gate), BindError> {
    let gate = Gate::open();
    let backend = gate.backend(CpuBackend::new(1));
    let pool = Pool::new(vec![Box::new(backend)]);
    Ok((Server::bind_with(config, nodes, pool, store).await?, gate))
}

pub(crate) fn state(net: &Devnet, key: &SecretKey) -> AccountState {
    let account = key.account();
    net.account(&account).map_or(AccountState::unopened(account, net.genesis_account()), |view| {
        AccountState {
            account,
            frontier: Some(view.frontier),
            balance: view.balance,
            representative: view.representative,
        }
    })
}

/// The user's blocks and a reward of `paid` on top, signed by Alice.
pub(crate) fn request(users: &[StateBlock], paid: u128) -> WorkRequest {
    request_by(&alice(), users, paid)
}

/// The same, signed by somebody else.
pub(crate) fn request_by(sender: &SecretKey, users: &[StateBlock], paid: u128) -> WorkRequest {
    let last = users.last().unwrap();
    let reward = StateBlock {
        previous: last.hash(),
        balance: last.balance.checked_sub(amount(paid)).unwrap(),
        link: george().into(),
        ..*last
    };
    let signed: Vec<_> = users.iter().map(|user| user.sign(sender)).collect();
    let reward = reward.sign(sender);
    match signed.as_slice() {
        [user] => WorkRequest::single(*user, reward),
        _ => WorkRequest::batch(signed, reward).unwrap(),
    }
}

/// The same request as JSON, to be spoiled.
pub(crate) fn json_of(request: &WorkRequest) -> Value {
    serde_json::from_slice(&request.to_json()).unwrap()
}

/// Looks again and again until there is something to see.
pub(crate) async fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(seen) = look() {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("nothing came in time")
}

/// Work enough for a block of the development network.
pub(crate) fn work_of(block: &SignedState) -> Work {
    let puzzle = Puzzle::new(block.root(), Network::Dev.thresholds().base());
    let pool = Pool::cpu(Some(1));
    std::thread::spawn(move || pool.submit(puzzle).wait().unwrap().work()).join().unwrap()
}

/// A chain of sends of 1 raw to Bob.
pub(crate) fn payments(state: &AccountState, count: usize) -> Vec<StateBlock> {
    let mut state = *state;
    std::iter::repeat_with(|| {
        let block = state.send(bob(), amount(1)).unwrap();
        state = state.after(&block);
        block
    })
    .take(count)
    .collect()
}
