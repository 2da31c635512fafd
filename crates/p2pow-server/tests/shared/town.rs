//! Workers that share a journal, and what each knows of the others.

use super::common::{PATIENCE, config, eventually, gate::Gate, http};
use nano_devnet::Devnet;
use nano_pow::{CpuBackend, Pool};
use nano_rpc::Client;
use p2pow_protocol::WorkRequest;
use p2pow_server::{Config, Job, JournalIn, Phase, Server};
use p2pow_store::{BoxFuture, Owners, Store};
use std::{
    collections::BTreeSet,
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{sync::watch, time::timeout};

/// A request that is under way.
pub(crate) type Asking = tokio::task::JoinHandle<http::Response>;

/// What all know who share a journal: who is gone, and how many changes there have been.
#[derive(Debug, Clone)]
pub(crate) struct Town(Arc<(Mutex<BTreeSet<String>>, watch::Sender<u64>)>);

/// One of them, and how often it has taken another name.
#[derive(Debug)]
pub(crate) struct Member {
    town: Town,
    name: &'static str,
    term: Arc<AtomicUsize>,
}

impl Town {
    pub(crate) fn new() -> Self {
        Self(Arc::new((Mutex::default(), watch::Sender::new(0))))
    }

    pub(crate) fn member(&self, name: &'static str) -> Arc<Member> {
        Arc::new(Member { town: self.clone(), name, term: Arc::default() })
    }

    /// Two workers, `one` and `other`.
    pub(crate) async fn two(&self, net: &Devnet, store: &Arc<dyn Store>) -> (Front, Front) {
        let one = Front::start(net, store, &self.member("one")).await;
        let other = Front::start(net, store, &self.member("other")).await;
        (one, other)
    }

    fn is_gone(&self, owner: &str) -> bool {
        self.0.0.lock().unwrap().contains(owner)
    }

    /// From now on everybody takes this one for gone.
    pub(crate) fn gone(&self, owner: &str) {
        self.0.0.lock().unwrap().insert(owner.to_owned());
        self.0.1.send_modify(|changes| *changes += 1);
    }
}

impl Member {
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", self.name, self.term.load(Ordering::SeqCst))
    }

    /// Its lease is lost, and it has another.
    pub(crate) fn lapse(&self) {
        let before = self.name();
        self.term.fetch_add(1, Ordering::SeqCst);
        self.town.gone(&before);
    }
}

impl Owners for Member {
    fn me(&self) -> Option<String> {
        Some(self.name()).filter(|name| !self.town.is_gone(name))
    }

    fn is_gone(&self, owner: &str) -> bool {
        self.town.is_gone(owner)
    }

    fn lost<'a>(&'a self, owner: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let mut changes = self.town.0.1.subscribe();
            let _ = changes.wait_for(|_| self.town.is_gone(owner)).await;
        })
    }

    fn changed(&self, seen: u64) -> BoxFuture<'_, u64> {
        Box::pin(async move {
            let mut changes = self.town.0.1.subscribe();
            let changed = changes.wait_for(|changes| *changes > seen).await;
            *changed.unwrap()
        })
    }
}

/// One that does not hear that it is gone, as if it had been stopped before it could.
#[derive(Debug)]
pub(crate) struct Deaf(pub(crate) Arc<Member>);

impl Owners for Deaf {
    fn me(&self) -> Option<String> {
        Some(self.0.name())
    }

    fn is_gone(&self, _: &str) -> bool {
        false
    }

    fn lost<'a>(&'a self, _: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(pending())
    }

    fn changed(&self, _: u64) -> BoxFuture<'_, u64> {
        Box::pin(pending())
    }
}

/// A worker of those that share a journal.
pub(crate) struct Front {
    pub(crate) server: Server,
    pub(crate) gate: Gate,
}

impl Front {
    pub(crate) async fn start(net: &Devnet, store: &Arc<dyn Store>, member: &Arc<Member>) -> Self {
        Self::start_with(net, store, member, |_| {}).await
    }

    pub(crate) async fn start_with(
        net: &Devnet,
        store: &Arc<dyn Store>,
        owners: &Arc<impl Owners + 'static>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let gate = Gate::open();
        let pool = Pool::new(vec![Box::new(gate.backend(CpuBackend::new(1)))]);
        let node = Client::new(&net.rpc_url()).unwrap();
        let owners = Arc::clone(owners) as Arc<dyn Owners>;
        let journal = JournalIn::shared(Arc::clone(store), owners);
        let mut config = config();
        change(&mut config);
        let server = Server::bind_with(config, node, pool, journal).await.unwrap();
        Self { server, gate }
    }

    pub(crate) fn ask(&self, asked: &WorkRequest) -> Asking {
        let (address, body) = (self.server.local_addr(), asked.to_json());
        tokio::spawn(async move { http::post(address, "/request_work", &body).await })
    }

    pub(crate) async fn job_in(&self, phase: Phase) -> Job {
        eventually(|| self.server.jobs().into_iter().find(|job| job.phase() >= phase)).await
    }

    /// Waits until it follows a job that another has.
    pub(crate) async fn follows(&self) {
        let is_following = || self.server.reports().iter().any(|report| report.is_elsewhere);
        eventually(|| is_following().then_some(())).await;
    }

    pub(crate) async fn idle(&self) {
        eventually(|| self.server.jobs().is_empty().then_some(())).await;
    }
}

/// Asks a worker for a job, and another one, which joins it, for the same.
pub(crate) async fn join(one: &Front, other: &Front, asked: &WorkRequest) -> (Asking, Asking) {
    let first = one.ask(asked);
    one.job_in(Phase::Solving).await;
    let joined = other.ask(asked);
    other.follows().await;
    (first, joined)
}

pub(crate) async fn answer(asking: Asking) -> http::Response {
    timeout(PATIENCE, asking).await.expect("there is an answer").unwrap()
}
