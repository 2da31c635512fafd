//! An embedded network with people in it.

use nano_block::{Network, SecretKey};
use nano_devnet::Devnet;
use nano_pow::Pool;
use nano_primitives::{Account, Amount};
use nano_rpc::Client;
use p2pow_client::{Config, Patience, Search, SendError, Sender, Unsettled};
use p2pow_server::{Server, register::registration_block};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

/// 0.0001 XNO, what a worker asks by default.
pub(crate) fn fee() -> Amount {
    Amount::from_xno("0.0001").unwrap()
}

pub(crate) fn xno(text: &str) -> Amount {
    Amount::from_xno(text).unwrap()
}

/// A network, Alice with 100 XNO, and Bob with no account yet.
pub(crate) struct Town {
    pub(crate) net: Arc<Devnet>,
    pub(crate) alice: SecretKey,
    pub(crate) bob: SecretKey,
}

impl Town {
    pub(crate) async fn found() -> Self {
        let net = Devnet::builder()
            .network(Network::Dev)
            .confirmation_delay(Duration::from_millis(20))
            .start()
            .await
            .unwrap();
        let (alice, bob) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
        net.open(&alice, xno("100")).unwrap();
        Self { net: Arc::new(net), alice, bob }
    }

    pub(crate) fn node(&self) -> Client {
        Client::new(&self.net.rpc_url()).unwrap()
    }

    /// Puts a registration of the address on the ledger.
    pub(crate) fn register(&self, address: impl Into<IpAddr>) {
        let key = SecretKey::generate().unwrap();
        self.net.open(&key, xno("0.001")).unwrap();
        self.register_by(&key, address);
    }

    /// The same by an account that is there.
    pub(crate) fn register_by(&self, key: &SecretKey, address: impl Into<IpAddr>) {
        let view = self.net.account(&key.account()).unwrap();
        let block = registration_block(&view.state(), address.into()).unwrap();
        self.net.seed(&block.sign(key).into()).unwrap();
    }

    /// Starts and registers an honest worker at 127.0.0.`last`; port 0 takes a free one.
    pub(crate) async fn worker(&self, last: u8, port: u16) -> Worker {
        self.start_worker(at(last, port), self.node(), p2pow_server::Config::default()).await
    }

    /// The same for a worker with a price of its own.
    pub(crate) async fn worker_for(&self, last: u8, port: u16, fee: Amount) -> Worker {
        let config = p2pow_server::Config { fee, ..Default::default() };
        self.start_worker(at(last, port), self.node(), config).await
    }

    /// The same for a worker with a node of its own, which soon says that this one takes no blocks.
    pub(crate) async fn worker_of(&self, last: u8, port: u16, node: Client) -> Worker {
        let answer_within = Duration::from_secs(5);
        let config = p2pow_server::Config { answer_within, ..Default::default() };
        self.start_worker(at(last, port), node, config).await
    }

    /// The same for a worker that takes so many user blocks at once.
    pub(crate) async fn worker_of_at_most(&self, blocks: usize, last: u8, port: u16) -> Worker {
        let config = p2pow_server::Config { max_user_blocks: blocks, ..Default::default() };
        self.start_worker(at(last, port), self.node(), config).await
    }

    async fn start_worker(
        &self,
        listen: SocketAddr,
        node: Client,
        config: p2pow_server::Config,
    ) -> Worker {
        let account = SecretKey::generate().unwrap().account();
        let config = p2pow_server::Config {
            listen: vec![listen],
            reward_account: account,
            network: Network::Dev,
            websocket_urls: vec![self.net.websocket_url().parse().unwrap()],
            ..config
        };
        let server = Server::bind(config, node, Pool::cpu(Some(1))).await.unwrap();
        self.register(listen.ip());
        Worker { account, port: server.local_addr().port(), server }
    }

    /// What a sender needs to know here: quick to look and quick to give up.
    pub(crate) fn config(&self, port: u16) -> Config {
        Config {
            network: Network::Dev,
            port,
            allow_local: true,
            hire: 2,
            search: Search {
                timeout: Duration::from_secs(2),
                rescan: Duration::ZERO,
                offers: Duration::ZERO,
                ..Search::default()
            },
            patience: Patience {
                poll: Duration::from_millis(20),
                settle: Duration::from_secs(1),
                deal: Duration::from_secs(60),
                ..Patience::default()
            },
            ..Config::default()
        }
    }

    pub(crate) fn sender(&self, port: u16) -> Sender {
        Sender::new(self.node(), self.config(port))
    }

    /// What waits for an account.
    pub(crate) fn waiting(&self, account: Account) -> Amount {
        self.net.receivable_total(&account)
    }
}

/// An honest worker.
pub(crate) struct Worker {
    pub(crate) account: Account,
    pub(crate) port: u16,
    pub(crate) server: Server,
}

pub(crate) fn at(last: u8, port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), port))
}

/// What a deal came to that was signed and not done.
#[track_caller]
pub(crate) fn unsettled(error: SendError) -> Unsettled {
    match error {
        SendError::Unsettled(error) => *error,
        other => panic!("{other}"),
    }
}
