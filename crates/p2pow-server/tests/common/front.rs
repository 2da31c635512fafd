//! [`Front`]: stands in front of a network's node and behaves as badly as it is told. [`Wire`]: a WebSocket that can be
//! cut.

use super::http;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    response::Response,
};
use nano_block::SignedBlock;
use nano_devnet::Devnet;
use nano_http::{HttpConfig, HttpServer, json};
use nano_rpc::Client;
use serde_json::{Value, json as object};
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    select,
    sync::watch,
    task::JoinHandle,
};

/// How a node behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Honest,
    /// It says that it took blocks that it did not.
    Pretends,
    /// It answers with a page, as a proxy does whose node is away.
    Html,
    /// It tells what it has told once, whatever happens.
    Lags,
    /// It says that accounts stand elsewhere, that blocks are not there, and that those that are are confirmed.
    Lies,
}

pub(crate) struct Front {
    server: HttpServer,
    behind: Behind,
}

#[derive(Clone)]
struct Behind {
    node: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    told: Arc<Mutex<HashMap<Bytes, Vec<u8>>>>,
    blocks: watch::Sender<usize>,
    most: Arc<AtomicUsize>,
    lies: Arc<AtomicUsize>,
    looks: Arc<AtomicUsize>,
}

impl Front {
    pub(crate) async fn start(net: &Devnet, manner: Manner) -> Self {
        let behind = Behind {
            node: net.rpc_addr(),
            manner: Arc::new(Mutex::new(manner)),
            told: Arc::default(),
            blocks: watch::Sender::new(0),
            most: Arc::new(AtomicUsize::new(usize::MAX)),
            lies: Arc::default(),
            looks: Arc::default(),
        };
        let config =
            HttpConfig { listen: vec!["127.0.0.1:0".parse().unwrap()], ..HttpConfig::default() };
        let router = Router::new().fallback(answer).with_state(behind.clone());
        Self { server: HttpServer::bind(config, router).await.unwrap(), behind }
    }

    pub(crate) fn set(&self, manner: Manner) {
        *self.behind.manner.lock().unwrap() = manner;
        self.behind.told.lock().unwrap().clear();
    }

    /// From now on it takes so many blocks, and says nothing of further ones.
    pub(crate) fn take(&self, most: usize) {
        self.behind.blocks.send_replace(0);
        self.behind.most.store(most, Ordering::SeqCst);
    }

    /// How many blocks it has taken.
    pub(crate) fn blocks(&self) -> watch::Receiver<usize> {
        self.behind.blocks.subscribe()
    }

    /// How often it was asked where an account stands, or what has become of a block.
    pub(crate) fn looks(&self) -> usize {
        self.behind.looks.load(Ordering::SeqCst)
    }

    pub(crate) fn client(&self) -> Client {
        let url = format!("http://{}", self.server.local_addrs()[0]);
        Client::builder(&url).retries(0).build().unwrap()
    }
}

async fn answer(State(behind): State<Behind>, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let action = asked["action"].as_str().unwrap_or_default();
    let manner = *behind.manner.lock().unwrap();
    if ["accounts_frontiers", "block_info"].contains(&action) {
        behind.looks.fetch_add(1, Ordering::SeqCst);
    }
    match manner {
        Manner::Html => {
            let page = Body::from("<html><body><h1>502 Bad Gateway</h1></body></html>");
            return Response::builder().header("content-type", "text/html").body(page).unwrap();
        }
        Manner::Pretends if action == "process" => {
            let block: SignedBlock = serde_json::from_value(asked["block"].clone()).unwrap();
            return said(&object!({ "hash": block.hash() }));
        }
        Manner::Lags if action != "process" => {
            if let Some(told) = behind.told.lock().unwrap().get(&body) {
                return json(200.try_into().unwrap(), told.clone());
            }
        }
        Manner::Lies => {
            if let Some(lie) = behind.lie(&asked, action).await {
                return said(&lie);
            }
        }
        _ => {}
    }
    if action == "process" && *behind.blocks.borrow() >= behind.most.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
    let Some(response) = http::try_post(behind.node, "/", &body).await else {
        return json(502.try_into().unwrap(), "Bad gateway");
    };
    let told: Option<Value> = serde_json::from_slice(&response.body).ok();
    if action == "process" && told.is_some_and(|told| told["hash"].is_string()) {
        behind.blocks.send_modify(|blocks| *blocks += 1);
    }
    if manner == Manner::Lags {
        behind.told.lock().unwrap().insert(body, response.body.clone());
    }
    json(response.status.try_into().unwrap(), response.body)
}

fn said(what: &Value) -> Response {
    json(200.try_into().unwrap(), what.to_string())
}

impl Behind {
    async fn lie(&self, asked: &Value, action: &str) -> Option<Value> {
        let number = self.lies.fetch_add(1, Ordering::Relaxed);
        match action {
            "accounts_frontiers" => {
                let wrong = format!("{number:064X}");
                let accounts = asked["accounts"].as_array()?.iter();
                let wrong = accounts
                    .map(|account| (account.as_str().unwrap().to_owned(), wrong.clone().into()));
                Some(object!({ "frontiers": serde_json::Map::from_iter(wrong) }))
            }
            "block_info" if number.is_multiple_of(2) => {
                Some(object!({ "error": "Block not found" }))
            }
            "block_info" => {
                let body = asked.to_string();
                let told = http::try_post(self.node, "/", body.as_bytes()).await?;
                let mut told: Value = serde_json::from_slice(&told.body).ok()?;
                told.get("confirmed")?;
                told["confirmed"] = "true".into();
                Some(told)
            }
            _ => None,
        }
    }
}

/// Passes a WebSocket on, until it is cut.
pub(crate) struct Wire {
    address: SocketAddr,
    is_cut: watch::Sender<bool>,
    passing: JoinHandle<()>,
}

impl Wire {
    pub(crate) async fn start(net: &Devnet) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, end) = (listener.local_addr().unwrap(), net.websocket_addr());
        let is_cut = watch::Sender::new(false);
        let cut = is_cut.clone();
        let passing = tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut cut = cut.subscribe();
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(end).await?;
                    select! {
                        passed = copy_bidirectional(&mut near, &mut far) => passed.map(drop),
                        _ = cut.wait_for(|is_cut| *is_cut) => Ok(()),
                    }
                });
            }
        });
        Self { address, is_cut, passing }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Cuts every connection, old and new ones, or joins the ends again.
    pub(crate) fn cut(&self, is_cut: bool) {
        self.is_cut.send_replace(is_cut);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.passing.abort();
        self.is_cut.send_replace(true);
    }
}
