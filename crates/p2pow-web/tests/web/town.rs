//! An embedded network with workers, and the page of somebody who has money there.

use crate::http::{Ask, Reply, ask};
use axum::{Router, body::Bytes, http::StatusCode, response::Response, routing::any};
use nano_block::{Network, SecretKey};
use nano_devnet::Devnet;
use nano_http::{HttpConfig, HttpServer, json};
use nano_pow::Pool;
use nano_primitives::{Account, Amount};
use nano_rpc::Client;
use p2pow_client::{Config as Hiring, Journal, Market, Patience, Search, Signer};
use p2pow_protocol::{WorkRequest, fees::fee_receive};
use p2pow_server::{Config as WorkerConfig, Server, register::registration_block};
use p2pow_store::{SqliteStore, Store};
use p2pow_web::{Access, Config, Parts, Token, Trial, WebServer};
use serde_json::{Value, json};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

pub(crate) fn xno(text: &str) -> Amount {
    Amount::from_xno(text).unwrap()
}

/// A network, Alice with 100 XNO, and Bob.
pub(crate) struct Town {
    pub(crate) net: Devnet,
    pub(crate) alice: SecretKey,
    pub(crate) bob: SecretKey,
    pub(crate) port: u16,
    workers: Vec<Server>,
    liars: Vec<HttpServer>,
}

impl Town {
    pub(crate) async fn found() -> Self {
        let net = Devnet::builder().network(Network::Dev).start().await.unwrap();
        let (alice, bob) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
        net.open(&alice, xno("100")).unwrap();
        Self { net, alice, bob, port: 0, workers: Vec::new(), liars: Vec::new() }
    }

    /// The same with honest workers of these fees in XNO, at 127.0.0.1 and so on.
    pub(crate) async fn with_workers(fees: &[&str]) -> Self {
        let mut town = Self::found().await;
        for fee in fees {
            town.hire(xno(fee)).await;
        }
        town
    }

    pub(crate) fn node(&self) -> Client {
        Client::new(&self.net.rpc_url()).unwrap()
    }

    fn next(&self) -> SocketAddr {
        let last = u8::try_from(self.workers.len() + self.liars.len() + 1).unwrap();
        SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), self.port))
    }

    async fn hire(&mut self, fee: Amount) {
        let (key, address) = (SecretKey::generate().unwrap(), self.next());
        let config = WorkerConfig {
            listen: vec![address],
            reward_account: key.account(),
            fee,
            network: Network::Dev,
            websocket_urls: vec![self.net.websocket_url().parse().unwrap()],
            ..WorkerConfig::default()
        };
        let server = Server::bind(config, self.node(), Pool::cpu(Some(1))).await.unwrap();
        self.port = server.local_addr().port();
        self.register(&key, address.ip());
        self.workers.push(server);
    }

    /// Puts a registration on the ledger, of an account that has none yet.
    pub(crate) fn register(&self, key: &SecretKey, address: IpAddr) {
        self.net.open(key, xno("0.001")).unwrap();
        let view = self.net.account(&key.account()).unwrap();
        let block = registration_block(&view.state(), address).unwrap();
        self.net.seed(&block.sign(key).into()).unwrap();
    }

    /// A worker that says this of itself, and answers work that is none; its address.
    pub(crate) async fn liar(&mut self, said: Value) -> IpAddr {
        let (key, address) = (SecretKey::generate().unwrap(), self.next());
        let fee = xno("0.00001");
        let mut info = json!({
            "version": "2.0.0", "status": "available", "reward_account": key.account(),
            "fee": fee, "fee_receive": fee_receive(fee), "dynamic_fee": false,
            "min_multiplier": 1.0, "max_multiplier": 30.0,
        });
        for (name, value) in said.as_object().unwrap() {
            info[name] = value.clone();
        }
        let router = Router::new()
            .route("/request_info", any(async move || json(StatusCode::OK, info.to_string())))
            .route("/request_work", any(no_work));
        let config = HttpConfig { listen: vec![address], ..HttpConfig::default() };
        let server = HttpServer::bind(config, router).await.unwrap();
        self.port = server.local_addrs()[0].port();
        self.register(&key, address.ip());
        self.liars.push(server);
        address.ip()
    }

    fn hiring(&self) -> Hiring {
        Hiring {
            network: Network::Dev,
            port: self.port,
            allow_local: true,
            search: Search {
                rescan: Duration::ZERO,
                ledger: Duration::ZERO,
                timeout: Duration::from_secs(2),
                ..Search::default()
            },
            patience: Patience { poll: Duration::from_millis(20), ..Patience::default() },
            ..Hiring::default()
        }
    }

    /// Alice's page, which is asked first for the confirmation of a test.
    pub(crate) async fn page(&self) -> Page {
        let store = SqliteStore::in_memory().unwrap().shared();
        self.page_over(store, Journal::in_memory()).await
    }

    /// The same with what an earlier run has left.
    pub(crate) async fn page_over(&self, store: Arc<dyn Store>, journal: Journal) -> Page {
        let signer = Some(Arc::new(self.alice.clone()) as Arc<dyn Signer>);
        let token = Token::generate().unwrap();
        let mut config = Config::new(local(), Access::Token(token.clone()));
        config.look_every = Duration::from_millis(300);
        config.trial = Some(Trial { payee: self.bob.account(), amount: xno("0.01") });
        let parts = Parts {
            nodes: self.node().into(),
            hiring: self.hiring(),
            journal,
            market: Market::in_memory(),
            store,
            signer,
        };
        Page { server: WebServer::bind(config, parts).await.unwrap(), token }
    }

    /// A list for everybody.
    pub(crate) async fn public(&self, rate: nano_http::Rate) -> WebServer {
        let mut config = Config::new(local(), Access::Public(rate));
        config.look_every = Duration::from_millis(300);
        WebServer::bind(config, self.public_parts()).await.unwrap()
    }

    pub(crate) fn public_parts(&self) -> Parts {
        Parts {
            nodes: self.node().into(),
            hiring: self.hiring(),
            journal: Journal::in_memory(),
            market: Market::in_memory(),
            store: SqliteStore::in_memory().unwrap().shared(),
            signer: None,
        }
    }

    pub(crate) fn waiting(&self, account: Account) -> Amount {
        self.net.receivable_total(&account)
    }
}

pub(crate) fn local() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

async fn no_work(body: Bytes) -> Response {
    let Ok(request) = WorkRequest::parse(&body, 1) else {
        return json(StatusCode::BAD_REQUEST, json!({ "error": "Invalid JSON" }).to_string());
    };
    let done = |hash| json!({ "hash": hash, "work": "0000000000000000" });
    let (user, reward) = (request.last().hash(), request.reward().hash());
    let answer =
        json!({ "successful": { "user_block": done(user), "reward_block": done(reward) } });
    json(StatusCode::CREATED, answer.to_string())
}

/// A running page.
pub(crate) struct Page {
    pub(crate) server: WebServer,
    pub(crate) token: Token,
}

impl Page {
    pub(crate) fn at(&self) -> SocketAddr {
        self.server.local_addr()
    }

    /// Asks with the token; with a body it is a POST.
    pub(crate) async fn ask(&self, path: &str, body: Option<&Value>) -> Reply {
        let bearer = format!("Bearer {}", self.token.expose());
        let headers = [("authorization", bearer.as_str())];
        let method = if body.is_some() { "POST" } else { "GET" };
        ask(self.at(), Ask { method, path, headers: &headers, body }).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let reply = self.ask(path, None).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    /// What is told while `count` workers are not online, until they are.
    pub(crate) async fn see(&self, count: usize) -> Vec<Value> {
        let mut events = crate::http::Events::listen(self.at(), self.token.expose()).await;
        loop {
            let list = self.get("/api/workers").await;
            let workers = list["workers"].as_array().unwrap().clone();
            if workers.iter().filter(|row| row["state"] == "online").count() >= count {
                return workers;
            }
            events.until(|event, _| event == "workers").await;
        }
    }
}

/// What a page posts to send: a key, to whom, and how much.
pub(crate) fn send(key: &str, to: Account, amount: Amount) -> Value {
    json!({
        "key": key, "orders": [{ "send": { "destination": to, "amount": amount } }],
        "max_fee_raw": xno("0.001"),
    })
}
