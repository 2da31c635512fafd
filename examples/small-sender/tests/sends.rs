//! The small sender as a process, against an embedded network and worker in another one: this.

#![allow(clippy::unwrap_used)]

use nano_block::{Network, SecretKey};
use nano_devnet::Devnet;
use nano_pow::Pool;
use nano_primitives::{Account, Amount};
use nano_rpc::Client;
use p2pow_server::Server;
use p2pow_store::LogStore;
use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    process::Output,
};
use tempfile::TempDir;
use tokio::process::Command;

struct Market {
    net: Devnet,
    worker: Server,
    folder: TempDir,
    alice: Account,
}

impl Market {
    async fn start() -> Self {
        let net = Devnet::builder().network(Network::Dev).start().await.unwrap();
        let alice = SecretKey::generate().unwrap();
        net.open(&alice, Amount::from_xno("10").unwrap()).unwrap();
        let address: IpAddr = "127.0.0.1".parse().unwrap();
        let config = p2pow_server::Config {
            listen: vec![(address, 0).into()],
            reward_account: SecretKey::generate().unwrap().account(),
            network: Network::Dev,
            ..p2pow_server::Config::default()
        };
        let node = Client::new(&net.rpc_url()).unwrap();
        let worker = Server::bind(config, node, Pool::cpu(Some(1))).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let key = format!("# of {}\n{}\n", alice.account(), *alice.expose_hex());
        std::fs::write(folder.path().join("alice.key"), key).unwrap();
        Self { net, worker, folder, alice: alice.account() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `program` with the settings for this market.
    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env("P2POW_NODE", self.net.rpc_url())
            .env("P2POW_KEY_FILE", self.file("alice.key"))
            .env("P2POW_JOURNAL", self.file("sent.log"))
            .env("P2POW_NETWORK", "dev")
            .env("P2POW_MAX_FEE", "0.001")
            .env("P2POW_WORKERS", "127.0.0.1")
            .env("P2POW_PORT", self.worker.local_addr().port().to_string())
            .env("P2POW_ALLOW_LOCAL", "true");
        command
    }

    async fn send(&self, id: &str, xno: &str) -> Output {
        let to = self.net.genesis_account().to_string();
        let mut command = self.command(env!("CARGO_BIN_EXE_p2pow-small-sender"));
        command.args([id, &to, xno]).output().await.unwrap()
    }

    fn spent(&self) -> Amount {
        let had = Amount::from_xno("10").unwrap();
        had.checked_sub(self.net.balance(&self.alice)).unwrap()
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[tokio::test]
async fn a_payment_is_made_once_however_often_it_is_asked_for() {
    let market = Market::start().await;
    let first = market.send("invoice 7", "1").await;
    assert!(first.status.success(), "{}", told(&first));
    let after = market.spent();
    assert!(after > Amount::from_xno("1").unwrap() && after < Amount::from_xno("1.01").unwrap());

    let again = market.send("invoice 7", "1").await;
    assert!(again.status.success(), "{}", told(&again));
    assert_eq!(told(&again), told(&first), "the same block");
    assert_eq!(market.spent(), after);

    let other = market.send("invoice 7", "2").await;
    assert_eq!(other.status.code(), Some(1), "{}", told(&other));
    assert!(told(&other).contains("invoice 7"), "{}", told(&other));
    assert_eq!(market.spent(), after);

    // The journal holds it: without that the same id would be another payment.
    let journal = std::fs::read_to_string(market.file("sent.log")).unwrap();
    assert!(journal.contains(told(&first).trim()), "{journal}");
}

#[tokio::test]
async fn a_journal_that_another_run_has_is_no_reason_to_pay_in_another_way() {
    let market = Market::start().await;
    let other_run = LogStore::open(market.file("sent.log")).unwrap();
    let refused = market.send("invoice 7", "1").await;
    assert_eq!(refused.status.code(), Some(2), "{}", told(&refused));
    drop(other_run);
    assert!(market.send("invoice 7", "1").await.status.success());
}

#[tokio::test]
async fn what_cannot_be_paid_is_told_before_anything_is_signed() {
    let market = Market::start().await;
    let poor = market.send("a", "11").await;
    assert_eq!(poor.status.code(), Some(1), "{}", told(&poor));
    let wrong = market.send("a", "1e3").await;
    assert!(told(&wrong).contains("not a decimal number"), "{}", told(&wrong));
    let mut no_tls = market.command(env!("CARGO_BIN_EXE_p2pow-small-sender"));
    let to = market.net.genesis_account().to_string();
    let no_tls = no_tls.env("P2POW_NODE", "https://127.0.0.1:1").args(["a", &to, "1"]);
    let no_tls = no_tls.output().await.unwrap();
    assert_eq!(no_tls.status.code(), Some(1), "{}", told(&no_tls));
    assert_eq!(market.spent(), Amount::ZERO);
}

/// Figures of a program that was built for them, see docs/benchmarks.md.
#[tokio::test]
#[ignore = "measures the program that P2POW_SMALL_SENDER names"]
async fn measure() {
    let program = std::env::var("P2POW_SMALL_SENDER").expect("the program to measure");
    let market = Market::start().await;
    let to = market.net.genesis_account().to_string();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("measure.py");
    for round in 0..20 {
        let mut command = market.command("python3");
        let id = format!("payment {round}");
        let output =
            command.arg(&script).args([&program, &id, &to, "0.01"]).output().await.unwrap();
        assert!(output.status.success(), "{}", told(&output));
        print!("{}", told(&output));
    }
}
