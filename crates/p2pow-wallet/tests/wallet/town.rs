//! An embedded network, workers, and a wallet server in it.

use crate::http::{self, Reply};
use nano_block::{Network, SecretKey};
use nano_devnet::Devnet;
use nano_pow::Pool;
use nano_primitives::{Account, Amount, BlockHash};
use nano_rpc::Client;
use p2pow_client::{Journal, Patience, Sender};
use p2pow_server::{Server, register::registration_block};
use p2pow_store::{SqliteStore, Store};
use p2pow_wallet::{Config, Cost, Parts, Password, WalletServer};
use serde_json::{Value, json};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) fn xno(text: &str) -> Amount {
    Amount::from_xno(text).unwrap()
}

/// A network and a store that outlive the servers.
pub(crate) struct Town {
    pub(crate) net: Arc<Devnet>,
    pub(crate) store: Arc<dyn Store>,
    workers: Vec<Server>,
    port: u16,
    /// Where the worker is paid.
    pub(crate) george: Account,
    /// What tells the sender of confirmations, if anything does.
    pub(crate) websocket: Option<String>,
}

impl Town {
    /// A network without workers.
    pub(crate) async fn found() -> Self {
        let delay = Duration::from_millis(20);
        let net = Devnet::builder().network(Network::Dev).confirmation_delay(delay);
        let store = SqliteStore::in_memory().unwrap().shared();
        let net = Arc::new(net.start().await.unwrap());
        let (workers, george) = (Vec::new(), SecretKey::generate().unwrap().account());
        Self { net, store, workers, port: 1, george, websocket: None }
    }

    /// The same with a worker.
    pub(crate) async fn with_worker() -> Self {
        let mut town = Self::found().await;
        town.add_worker().await;
        town
    }

    pub(crate) fn node(&self) -> Client {
        Client::new(&self.net.rpc_url()).unwrap()
    }

    async fn add_worker(&mut self) {
        let config = p2pow_server::Config {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
            reward_account: self.george,
            network: Network::Dev,
            websocket_urls: vec![self.net.websocket_url().parse().unwrap()],
            ..p2pow_server::Config::default()
        };
        let server = Server::bind(config, self.node(), Pool::cpu(Some(1))).await.unwrap();
        self.port = server.local_addr().port();
        self.workers.push(server);
        let key = SecretKey::generate().unwrap();
        self.net.open(&key, xno("0.001")).unwrap();
        let view = self.net.account(&key.account()).unwrap();
        let block = registration_block(&view.state(), Ipv4Addr::LOCALHOST.into()).unwrap();
        self.net.seed(&block.sign(&key).into()).unwrap();
    }

    /// A sender whose journal is in this store.
    pub(crate) fn sender_on(&self, store: Arc<dyn Store>) -> Sender {
        let config = p2pow_client::Config {
            network: Network::Dev,
            websocket_urls: self.websocket.iter().map(|url| url.parse().unwrap()).collect(),
            port: self.port,
            allow_local: true,
            patience: Patience {
                poll: Duration::from_millis(20),
                deal: Duration::from_secs(60),
                ..Patience::default()
            },
            ..p2pow_client::Config::default()
        };
        Sender::new(self.node(), config).with_journal(Journal::new(store))
    }

    /// What a wallet server needs to know here: quick passwords and a free port.
    pub(crate) fn config() -> Config {
        Config {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
            cost: Cost::new(64, 1, 1).unwrap(),
            receive_minimum: Amount::from_raw(1),
            give_up: Duration::from_secs(2),
            ..Config::default()
        }
    }

    pub(crate) fn parts(&self) -> Parts {
        self.parts_on(Arc::clone(&self.store))
    }

    pub(crate) fn parts_on(&self, store: Arc<dyn Store>) -> Parts {
        Parts {
            node: self.node(),
            sender: self.sender_on(Arc::clone(&store)),
            store,
            owners: None,
            password: Password::new(PASSWORD).unwrap(),
        }
    }

    /// A wallet server on the town's store.
    pub(crate) async fn serve(&self) -> Served {
        self.serve_as(Self::config()).await
    }

    /// A wallet server whose sender can do work of its own.
    pub(crate) async fn serve_with_fallback(&self) -> Served {
        let fallback = Some(Pool::cpu(Some(1)));
        let config = p2pow_client::Config {
            fallback,
            network: Network::Dev,
            ..p2pow_client::Config::default()
        };
        let sender = Sender::new(self.node(), config);
        let parts = Parts { sender, ..self.parts() };
        let server = WalletServer::bind(Self::config(), parts).await.unwrap();
        Served { address: server.local_addrs()[0], server }
    }

    /// A wallet server on another store.
    pub(crate) async fn serve_on(&self, store: Arc<dyn Store>) -> Served {
        self.serve_on_as(store, Self::config()).await
    }

    pub(crate) async fn serve_on_as(&self, store: Arc<dyn Store>, config: Config) -> Served {
        let server = WalletServer::bind(config, self.parts_on(store)).await.unwrap();
        Served { address: server.local_addrs()[0], server }
    }

    pub(crate) async fn serve_as(&self, config: Config) -> Served {
        let server = WalletServer::bind(config, self.parts()).await.unwrap();
        Served { address: server.local_addrs()[0], server }
    }
}

/// A running wallet server.
pub(crate) struct Served {
    pub(crate) server: WalletServer,
    pub(crate) address: SocketAddr,
}

impl Served {
    pub(crate) async fn post(&self, body: &Value) -> Reply {
        http::ask(self.address, "POST /", &[], &body.to_string()).await
    }

    /// Asks the REST API.
    pub(crate) async fn rest(&self, what: &str, body: &Value) -> Reply {
        http::ask(self.address, what, &[], &body.to_string()).await
    }

    /// Calls an action; the answer is HTTP 200 whatever it says, as a node's is.
    pub(crate) async fn call(&self, body: Value) -> Value {
        let reply = self.post(&body).await;
        assert_eq!(reply.status, 200, "{body}: {}", reply.body);
        reply.json()
    }

    /// A new wallet.
    pub(crate) async fn wallet(&self) -> String {
        let made = self.call(json!({ "action": "wallet_create" })).await;
        made["wallet"].as_str().unwrap().to_owned()
    }

    /// A new account of a wallet.
    pub(crate) async fn account(&self, wallet: &str) -> Account {
        let made = self.call(json!({ "action": "account_create", "wallet": wallet })).await;
        made["account"].as_str().unwrap_or_else(|| panic!("{made}")).parse().unwrap()
    }

    /// A wallet with an account that is opened and has so much.
    pub(crate) async fn rich(&self, town: &Town, amount: &str) -> (String, Account) {
        let wallet = self.wallet().await;
        let key = SecretKey::generate().unwrap();
        town.net.open(&key, xno(amount)).unwrap();
        let add = json!({ "action": "wallet_add", "wallet": wallet, "key": *key.expose_hex() });
        assert_eq!(self.call(add).await, json!({ "account": key.account() }));
        (wallet, key.account())
    }
}

/// The block of an answer that has one.
#[track_caller]
pub(crate) fn block(answer: &Value) -> BlockHash {
    let hash = answer["block"].as_str().unwrap_or_else(|| panic!("no block: {answer}"));
    hash.parse().unwrap()
}
