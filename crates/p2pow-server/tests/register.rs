//! Registration on the ledger.

#![allow(clippy::unwrap_used)]

mod common;

use common::{amount, key, state};
use nano_block::{Network, SecretKey, SignedState};
use nano_devnet::Devnet;
use nano_pow::Pool;
use nano_primitives::Amount;
use nano_rpc::Client;
use p2pow_protocol::registry::{self, REGISTRATION_ACCOUNT, REGISTRATION_AMOUNT};
use p2pow_server::{
    OwnAccount, OwnAccountError,
    register::{RegisterError, Registration, register, registered, registration_block, unregister},
    sweep::sweep,
};
use std::{net::IpAddr, time::Duration};

struct Scene {
    net: Devnet,
    pool: Pool,
    george: SecretKey,
}

impl Scene {
    async fn new() -> Self {
        let net = Devnet::builder().confirmation_delay(Duration::ZERO).start().await.unwrap();
        Self { net, pool: Pool::cpu(Some(1)), george: key(2) }
    }

    fn by<'a>(&'a self, node: &'a Client) -> OwnAccount<'a> {
        let confirm_within = Duration::from_millis(500);
        let (pool, key) = (&self.pool, &self.george);
        OwnAccount { node, pool, key, network: Network::Dev, confirm_within }
    }

    fn node(&self) -> Client {
        Client::new(&self.net.rpc_url()).unwrap()
    }

    async fn register(&self, address: &str) -> Result<Registration, RegisterError> {
        register(&self.by(&self.node()), address.parse().unwrap(), false).await
    }

    async fn unregister(&self) -> Result<Registration, RegisterError> {
        unregister(&self.by(&self.node())).await
    }

    /// What a client finds in the registry.
    fn registered(&self) -> Vec<(IpAddr, Amount)> {
        let found = self.net.receivable(&REGISTRATION_ACCOUNT).into_iter();
        found
            .map(|(hash, raw)| {
                let block = self.net.block(&hash).unwrap().block;
                let state = SignedState::try_from(block).unwrap().block;
                (registry::decode(&state.representative).unwrap(), raw)
            })
            .collect()
    }
}

#[tokio::test]
async fn an_opened_account_registers_its_address() {
    let scene = Scene::new().await;
    scene.net.open(&scene.george, amount(20_000_000)).unwrap();
    let registration = scene.register("200.195.1.2").await.unwrap();
    assert!(!registration.was_there);
    let expected: IpAddr = "200.195.1.2".parse().unwrap();
    assert_eq!(scene.registered(), [(expected, REGISTRATION_AMOUNT)]);
    assert_eq!(state(&scene.net, &scene.george).balance, amount(20_000_000 - 18_080_613));
    let block = scene.net.block(&registration.block).unwrap().block;
    assert!(block.work_value().unwrap() >= Network::Dev.thresholds().epoch_2);
}

#[tokio::test]
async fn an_unopened_account_receives_its_money_first() {
    let scene = Scene::new().await;
    scene.net.fund(&scene.george.account(), amount(100)).unwrap();
    scene.net.fund(&scene.george.account(), amount(20_000_000)).unwrap();
    scene.register("2a01:4f8:c17:1::1").await.unwrap();
    let expected: IpAddr = "2a01:4f8:c17:1::1".parse().unwrap();
    assert_eq!(scene.registered(), [(expected, REGISTRATION_AMOUNT)]);
}

#[tokio::test]
async fn registering_again_costs_nothing_until_the_address_changes() {
    let scene = Scene::new().await;
    scene.net.open(&scene.george, amount(40_000_000)).unwrap();
    let first = scene.register("200.195.1.2").await.unwrap();
    let again = scene.register("200.195.1.2").await.unwrap();
    assert_eq!((again.block, again.was_there), (first.block, true));
    let moved = scene.register("200.195.1.3").await.unwrap();
    assert!(!moved.was_there);
    assert_eq!(scene.registered().len(), 2);
}

#[tokio::test]
async fn an_account_without_money_says_so() {
    let scene = Scene::new().await;
    let error = scene.register("200.195.1.2").await.unwrap_err();
    assert!(matches!(error, RegisterError::NoMoney { .. }));
    assert!(error.to_string().contains("less than 18080613 raw"), "{error}");
}

#[tokio::test]
async fn addresses_that_no_client_calls_are_refused() {
    let scene = Scene::new().await;
    for address in ["127.0.0.1", "192.168.1.7", "0.0.0.0", "::1", "2001:db8::1"] {
        let error = scene.register(address).await.unwrap_err();
        assert!(matches!(error, RegisterError::NotDialable { .. }), "{address}");
    }
    scene.net.open(&scene.george, amount(20_000_000)).unwrap();
    let error = scene.register("2600::").await.unwrap_err();
    assert!(matches!(error, RegisterError::Ambiguous(_)));
    assert!(scene.registered().is_empty());
}

#[tokio::test]
async fn a_registration_that_is_not_confirmed_is_told_apart() {
    let scene = Scene::new().await;
    scene.net.open(&scene.george, amount(20_000_000)).unwrap();
    scene.net.faults().leave_unconfirmed(true);
    let error = scene.register("200.195.1.2").await.unwrap_err();
    assert!(
        matches!(error, RegisterError::Account(OwnAccountError::Unconfirmed { .. })),
        "{error}"
    );
    assert_eq!(scene.registered().len(), 1);
}

#[tokio::test]
async fn what_the_account_does_since_costs_no_second_registration() {
    let scene = Scene::new().await;
    scene.net.open(&scene.george, amount(40_000_000)).unwrap();
    let first = scene.register("200.195.1.2").await.unwrap();
    scene.net.fund(&scene.george.account(), amount(100)).unwrap();
    let node = scene.node();
    let swept = sweep(&scene.by(&node), Amount::ZERO, 10).await.unwrap();
    assert_eq!(swept.received.len(), 1);
    let again = scene.register("200.195.1.2").await.unwrap();
    assert_eq!((again.block, again.was_there), (first.block, true));
    assert_eq!(scene.registered().len(), 1);
}

#[tokio::test]
async fn unregistering_writes_a_newer_entry_that_is_no_address() {
    let scene = Scene::new().await;
    scene.net.open(&scene.george, amount(60_000_000)).unwrap();
    let nothing = scene.unregister().await.unwrap_err();
    assert!(matches!(nothing, RegisterError::NotRegistered { .. }), "{nothing}");
    scene.register("200.195.1.2").await.unwrap();
    let gone = scene.unregister().await.unwrap();
    assert_eq!((gone.address, gone.was_there), (None, false));
    let block = SignedState::try_from(scene.net.block(&gone.block).unwrap().block).unwrap().block;
    assert_eq!(block.representative, scene.george.account(), "its weight is its own again");
    assert_eq!(registry::decode(&block.representative), None);
    assert!(scene.unregister().await.unwrap().was_there, "once is enough");

    let node = scene.node();
    let found = registered(&node, scene.george.account()).await.unwrap().unwrap();
    assert_eq!((found.address, found.block), (None, gone.block));
    let back = scene.register("200.195.1.2").await.unwrap();
    assert!(!back.was_there, "the newest entry counts");
}

#[tokio::test]
async fn a_sweep_pockets_the_largest_rewards_and_says_whether_there_are_more() {
    let scene = Scene::new().await;
    for raw in [5, 300, 200, 100] {
        scene.net.fund(&scene.george.account(), amount(raw)).unwrap();
    }
    let node = scene.node();
    let swept = sweep(&scene.by(&node), amount(50), 2).await.unwrap();
    assert_eq!((swept.total(), swept.is_more), (amount(500), true));
    let rest = sweep(&scene.by(&node), amount(50), 2).await.unwrap();
    assert_eq!((rest.total(), rest.is_more), (amount(100), false));
    assert_eq!(state(&scene.net, &scene.george).balance, amount(600));
    let nothing = sweep(&scene.by(&node), amount(50), 2).await.unwrap();
    assert!(nothing.received.is_empty(), "5 raw are less than is wanted");
}

#[tokio::test]
async fn a_sweep_that_stops_says_what_it_pocketed() {
    let scene = Scene::new().await;
    scene.net.fund(&scene.george.account(), amount(300)).unwrap();
    scene.net.faults().leave_unconfirmed(true);
    let node = scene.node();
    let stopped = sweep(&scene.by(&node), Amount::ZERO, 5).await.unwrap_err();
    assert_eq!(stopped.received.len(), 1);
    assert!(matches!(stopped.why, OwnAccountError::Unconfirmed { .. }), "{stopped}");
    assert!(stopped.to_string().starts_with("1 reward pocketed, then: block "), "{stopped}");
}

#[tokio::test]
async fn a_devnet_can_be_seeded_with_registrations_that_need_no_work() {
    let scene = Scene::new().await;
    scene.net.open(&scene.george, amount(20_000_000)).unwrap();
    let address: IpAddr = "127.0.0.2".parse().unwrap();
    let block = registration_block(&state(&scene.net, &scene.george), address).unwrap();
    scene.net.seed(&block.sign(&scene.george).into()).unwrap();
    assert_eq!(scene.registered(), [(address, REGISTRATION_AMOUNT)]);
}
