//! [`Man`]: a worker that may be killed at any write of its journal, and what of it outlives that.

use crate::common::{
    bind, config,
    disk::Disk,
    front::{Front, Manner, Wire},
    gate::Gate,
    key,
};
use nano_block::SecretKey;
use nano_devnet::Devnet;
use nano_primitives::Root;
use nano_rpc::Client;
use p2pow_server::{Config, EndedJob, FrontierPolicy, HttpLimits, Nodes, Rate, Server, books};
use p2pow_store::{
    Page, SqliteStore, Store,
    crash::{CrashAt, Moment},
};
use std::{collections::HashSet, sync::Arc, time::Duration};

pub(crate) struct Man {
    pub(crate) reward: SecretKey,
    pub(crate) disk: Arc<Disk>,
    /// One of its three nodes, and of its two WebSockets.
    pub(crate) front: Front,
    pub(crate) wire: Wire,
    life: Option<Life>,
    /// Roots of works that were in the journal when it was last looked at.
    known: HashSet<Root>,
}

struct Life {
    server: Server,
    gate: Gate,
    crash: Arc<CrashAt>,
    /// So many searches had begun when the journal was last looked at.
    looked: usize,
}

impl Man {
    pub(crate) async fn new(net: &Devnet, number: u8) -> Self {
        let store = SqliteStore::in_memory().unwrap().shared();
        Self {
            reward: key(100 + number),
            disk: Arc::new(Disk::new(store)),
            front: Front::start(net, Manner::Honest).await,
            wire: Wire::start(net).await,
            life: None,
            known: HashSet::new(),
        }
    }

    /// A new life, which ends at a write.
    pub(crate) async fn start(&mut self, net: &Devnet, last: usize, moment: Moment) {
        self.stop().await;
        let crash = Arc::new(CrashAt::new(self.disk.clone(), last, moment));
        let config = Config {
            reward_account: self.reward.account(),
            frontier: FrontierPolicy::Any,
            websocket_urls: [self.wire.url(), net.websocket_url()]
                .map(|url| url.parse().unwrap())
                .into(),
            confirm_within: Duration::from_millis(500),
            rate: Rate { per_second: 1e6, burst: 1_000_000 },
            http: HttpLimits { pace: None, connections_per_address: 1024, ..HttpLimits::default() },
            ..config()
        };
        let honest = Client::builder(&net.rpc_url()).retries(0).build().unwrap();
        let nodes = Nodes::new(self.front.client(), [honest.clone(), honest]);
        match bind(config, nodes, crash.clone()).await {
            Ok((server, gate)) => self.life = Some(Life { server, gate, crash, looked: 0 }),
            // A store that dies or is full at once is one of the faults.
            Err(error) => assert!(crash.is_dead() || self.disk.is_full(), "{error:?}"),
        }
    }

    /// The end of a life, as by `kill -9` or an upgrade.
    pub(crate) async fn stop(&mut self) {
        self.look().await;
        self.life = None;
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.life.as_ref().is_some_and(|life| !life.crash.is_dead())
    }

    pub(crate) fn server(&self) -> Option<&Server> {
        self.life.as_ref().map(|life| &life.server)
    }

    /// Looks that nothing was searched that was in the journal.
    pub(crate) async fn look(&mut self) {
        let known = self.keys("worker-works").await;
        let known = known.iter().map(|key| key.parse().unwrap()).collect();
        if let Some(life) = &mut self.life {
            let roots = life.gate.roots();
            for root in &roots[life.looked..] {
                // What became known since may have been searched before.
                assert!(!self.known.contains(root), "{root} was solved, and is searched again");
            }
            life.looked = roots.len();
        }
        self.known = known;
    }

    pub(crate) async fn open_jobs(&self) -> usize {
        self.keys("worker-open").await.len()
    }

    async fn keys(&self, bucket: &str) -> Vec<String> {
        let (mut keys, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = Page { prefix: "", after: after.as_deref(), limit: 500 };
            let records = self.disk.list(bucket, page).await.unwrap();
            let Some(last) = records.last() else { return keys };
            after = Some(last.key.clone());
            keys.extend(records.into_iter().map(|record| record.key));
        }
    }

    pub(crate) async fn books(&self) -> Vec<EndedJob> {
        books::all(self.disk.clone()).await.unwrap()
    }
}
