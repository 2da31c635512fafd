//! An embedded network, a worker, and a signer with Alice's key at a socket.

use nano_block::{Network, SecretKey};
use nano_devnet::Devnet;
use nano_pow::Pool;
use nano_primitives::{Account, Amount};
use p2pow_client::{Config, Patience, Search, Sender};
use p2pow_server::{Server, register::registration_block};
use p2pow_signer::{Access, Policy, RemoteSigner, Signatory, SignerServer};
use p2pow_store::SqliteStore;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};
use tempfile::TempDir;

/// A folder that only this user may change.
pub(crate) fn folder() -> TempDir {
    tempfile::Builder::new().prefix("signer").tempdir().unwrap()
}

pub(crate) struct Town {
    pub(crate) net: Devnet,
    pub(crate) alice: SecretKey,
    pub(crate) worker: Account,
    port: u16,
    _server: Server,
    pub(crate) folder: TempDir,
}

impl Town {
    pub(crate) async fn found() -> Self {
        let net = Devnet::builder()
            .network(Network::Dev)
            .confirmation_delay(Duration::from_millis(20))
            .start()
            .await
            .unwrap();
        let (alice, registrar) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
        net.open(&alice, Amount::from_xno("100").unwrap()).unwrap();
        net.open(&registrar, Amount::from_xno("0.001").unwrap()).unwrap();
        let worker = SecretKey::generate().unwrap().account();
        let config = p2pow_server::Config {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
            reward_account: worker,
            network: Network::Dev,
            websocket_urls: vec![net.websocket_url().parse().unwrap()],
            ..Default::default()
        };
        let node = nano_rpc::Client::new(&net.rpc_url()).unwrap();
        let server = Server::bind(config, node, Pool::cpu(Some(1))).await.unwrap();
        let state = net.account(&registrar.account()).unwrap().state();
        let block = registration_block(&state, Ipv4Addr::LOCALHOST.into()).unwrap();
        net.seed(&block.sign(&registrar).into()).unwrap();
        let port = server.local_addr().port();
        Self { net, alice, worker, port, _server: server, folder: folder() }
    }

    pub(crate) fn sender(&self) -> Sender {
        let config = Config {
            network: Network::Dev,
            port: self.port,
            allow_local: true,
            search: Search { rescan: Duration::ZERO, ..Search::default() },
            patience: Patience {
                poll: Duration::from_millis(20),
                settle: Duration::from_millis(300),
                deal: Duration::from_secs(60),
                ..Patience::default()
            },
            ..Config::default()
        };
        Sender::new(nano_rpc::Client::new(&self.net.rpc_url()).unwrap(), config)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Starts the signer; its book is kept between two of them.
    pub(crate) fn signer(&self, policy: Policy) -> SignerServer {
        let store = SqliteStore::open(self.folder.path().join("signer.db")).unwrap().shared();
        let signatory = Signatory::new([self.alice.clone()], policy, store);
        SignerServer::bind(self.socket(), signatory, Access::default()).unwrap()
    }

    pub(crate) async fn remote(&self) -> RemoteSigner {
        RemoteSigner::connect(self.socket(), None).await.unwrap()
    }

    pub(crate) fn waiting(&self, account: Account) -> Amount {
        self.net.receivable_total(&account)
    }
}
