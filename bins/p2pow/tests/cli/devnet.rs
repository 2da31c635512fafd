//! The switches of `devnet`, seen from a client of its node.

use crate::program::{Running, p2pow};
use nano_block::{Epoch, Network, SecretKey, SignedBlock, Subtype};
use nano_primitives::{Account, Amount, BlockHash, Work};
use nano_rpc::{Client, Request};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const BOB: &str = "nano_3i1aq1cchnmbn9x5rsbap8b15akfh7wj7pwskuzi7ahz8oq6cobd99d4r3b7";

/// A devnet with these switches, and a client of it.
struct Scene {
    devnet: Running,
    client: Client,
    runtime: Runtime,
}

impl Scene {
    fn open(switches: &[&str]) -> Self {
        let devnet = p2pow(["devnet", "--json"].iter().chain(switches)).start();
        let client = Client::new(devnet.json()["rpc_url"].as_str().unwrap()).unwrap();
        Self { devnet, client, runtime: Runtime::new().unwrap() }
    }

    fn ask(&self, request: Request) -> Value {
        self.runtime.block_on(self.client.call(request)).unwrap()
    }

    fn genesis(&self) -> SecretKey {
        self.devnet.json()["private_key"].as_str().unwrap().parse().unwrap()
    }

    fn epoch(&self) -> Option<Epoch> {
        let account = self.genesis().account();
        let info = self.runtime.block_on(self.client.account_info(&account)).unwrap();
        info.unwrap().account_version
    }

    /// The genesis account sends a raw, with just the work that the epoch asks for.
    fn send(&self, epoch: Epoch) -> BlockHash {
        let key = self.genesis();
        let info = self.runtime.block_on(self.client.account_info(&key.account())).unwrap();
        let state = info.unwrap().state(key.account());
        let send = state.send(Account::ZERO, Amount::from_raw(1)).unwrap().sign(&key);
        let send = SignedBlock::from(send);
        let thresholds = Network::Dev.thresholds();
        let (threshold, hard) = (thresholds.for_state(Subtype::Send, epoch), thresholds.base());
        let fits = |work: &Work| {
            let value = work.value(&send.root());
            value >= threshold && (epoch == Epoch::Epoch2 || value < hard)
        };
        let send = send.with_work((0..).map(Work::from_u64).find(fits).unwrap());
        self.runtime.block_on(self.client.process(&send, Some(Subtype::Send))).unwrap()
    }

    fn is_confirmed(&self, hash: &BlockHash) -> bool {
        self.runtime.block_on(self.client.block_info(hash)).unwrap().unwrap().confirmed
    }

    fn close(self) {
        assert_eq!(self.devnet.interrupt(), 0);
    }
}

#[test]
fn a_devnet_answers_as_the_node_that_is_asked_for() {
    for (dialect, nothing) in [("reference", json!("")), ("rsnano", json!([]))] {
        let scene = Scene::open(&["--dialect", dialect]);
        assert_eq!(scene.devnet.json()["dialect"], dialect);
        let active = scene.ask(Request::new("confirmation_active"));
        assert_eq!(active["confirmations"], nothing, "{dialect}");
        scene.close();
    }
}

#[test]
fn accounts_are_at_the_epoch_that_is_asked_for() {
    for (number, epoch) in [("0", Epoch::Epoch0), ("1", Epoch::Epoch1), ("2", Epoch::Epoch2)] {
        let scene = Scene::open(&["--epoch", number]);
        assert_eq!(scene.devnet.json()["epoch"], epoch.number());
        assert_eq!(scene.epoch(), Some(epoch));
        scene.send(epoch);
        scene.close();
    }
}

#[test]
fn blocks_can_be_left_unconfirmed_and_confirmed_by_hand() {
    let scene = Scene::open(&["--leave-unconfirmed", "--fund", &format!("{BOB}=1")]);
    assert_eq!(scene.devnet.json()["leaves_unconfirmed"], true);
    let (first, second) = (scene.send(Epoch::Epoch2), scene.send(Epoch::Epoch2));
    assert!(!scene.is_confirmed(&first) && !scene.is_confirmed(&second));
    scene.ask(Request::new("block_confirm").set("hash", second));
    assert!(scene.is_confirmed(&first) && scene.is_confirmed(&second));
    let confirmed = scene.ask(Request::new("account_balance").set("account", BOB));
    assert_eq!(confirmed["receivable"], "1000000000000000000000000000000");
    scene.close();
}

#[test]
fn switches_that_make_no_sense_are_wrong_usage() {
    let calls: [&[&str]; 4] = [
        &["--epoch", "3"],
        &["--epoch", "-1"],
        &["--dialect", "bitcoin"],
        &["--leave-unconfirmed", "--confirmation-delay", "5"],
    ];
    for switches in calls {
        p2pow(["devnet"].iter().chain(switches)).run().bad(2);
    }
    assert!(p2pow(["devnet", "--epoch", "3"]).run().bad(2).contains("wanted 0, 1 or 2"));
}
