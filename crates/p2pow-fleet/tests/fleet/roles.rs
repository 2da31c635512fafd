//! The configuration of a broker that comes with this project: what each role may do there, and what not.

use super::{
    broker::{self, Server},
    setup::{EASY, name, puzzle, solve, vain, within},
};
use async_nats::{Client, ConnectOptions, Event, ServerError};
use nano_pow::{CpuBackend, Pool};
use p2pow_fleet::{Agent, Broker, Credentials, FleetBackend, JetStreamStore, Watcher};
use p2pow_store::{Expect, Page, Store};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;

const CONFIG: &str = include_str!("../../../../contrib/nats/nats.conf");
const ROLES: [&str; 4] = ["front", "till", "agent", "watcher"];

const ALL: Page<'static> = Page { prefix: "", after: None, limit: 10 };

/// The broker, with passwords that are the roles' names.
fn start() -> Option<Server> {
    let mut config = CONFIG.replace("$NATS_NAME", "one");
    for role in ROLES {
        config = config.replace(&format!("$P2POW_{}_PASSWORD", role.to_uppercase()), role);
    }
    broker::start_with(&config)
}

fn as_role(server: &Server, folder: &TempDir, role: &str) -> Broker {
    let file = folder.path().join(role);
    std::fs::write(&file, role).unwrap();
    let broker = Broker::new([server.address()], name("p2pow")).unwrap();
    broker.with_credentials(Credentials::Password { user: role.to_owned(), file })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_do_what_it_has_to() {
    let Some(server) = start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let broker = |role| as_role(&server, &folder, role);
    let pool = Pool::new(vec![Box::new(CpuBackend::new(1))]);
    let _agent = Agent::start(&broker("agent"), name("one"), pool).await.unwrap();
    let front = broker("front");
    let start = move || FleetBackend::start(&front, name("front-1")).unwrap();
    let device = tokio::task::spawn_blocking(start).await.unwrap();
    within(device.strength().wait_for(|strength| strength.agents == 1)).await.unwrap();
    solve(&Pool::new(vec![Box::new(device)]), puzzle(1, EASY)).await;
    let store = JetStreamStore::open(&broker("front"), &name("p2pow"), 1).await.unwrap();
    let revision = store.put("job", "a", "1".into(), Expect::Absent).await.unwrap();
    assert_eq!(store.get("job", "a").await.unwrap().unwrap().revision, revision);
    store.remove("job", "a", revision).await.unwrap();
    store.put("job", "a", "2".into(), Expect::Absent).await.unwrap();
    let mut watcher = Watcher::connect(&broker("watcher")).await.unwrap();
    let status = watcher.look(Duration::from_secs(5)).await;
    assert!(status.agents.contains_key(&name("one")), "{status:?}");
}

/// A connection, and what the broker refuses it.
async fn connect(server: &Server, role: &str) -> (Client, mpsc::UnboundedReceiver<String>) {
    let (told, refused) = mpsc::unbounded_channel();
    let options = ConnectOptions::with_user_and_password(role.into(), role.into());
    let options = options.event_callback(move |event| {
        if let Event::ServerError(ServerError::Other(words)) = event {
            let _ = told.send(words);
        }
        std::future::ready(())
    });
    (options.connect(server.address()).await.unwrap(), refused)
}

/// With a stolen agent's credentials nobody takes a job, reads a record, or listens to what others find.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_may_nothing_else() {
    let Some(server) = start() else { return };
    let (client, mut refused) = connect(&server, "agent").await;
    let may_not_say = [
        "p2pow.order.all",
        "p2pow.order.agent.one",
        "p2pow.beat.front.x",
        "p2pow.roll",
        "$KV.p2pow.job.a",
        "$JS.API.INFO",
        "$JS.API.STREAM.MSG.GET.KV_p2pow",
        "$JS.API.STREAM.DELETE.KV_p2pow",
        "$JS.API.CONSUMER.CREATE.KV_p2pow",
    ];
    for subject in may_not_say {
        client.publish(subject, "{}".into()).await.unwrap();
        let words = within(refused.recv()).await.unwrap();
        assert!(
            words.to_lowercase().contains(&format!("publish to \"{subject}\"").to_lowercase()),
            "{words}"
        );
    }
    for subject in ["p2pow.report.>", "p2pow.beat.front.*", "$KV.>", "_INBOX.>", ">"] {
        let _hearing = client.subscribe(subject).await.unwrap();
        let words = within(refused.recv()).await.unwrap();
        assert!(
            words.to_lowercase().contains(&format!("subscription to \"{subject}\"").to_lowercase()),
            "{words}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn not_even_a_front_end_may_take_the_bucket_away() {
    let Some(server) = start() else { return };
    let (client, mut refused) = connect(&server, "front").await;
    for subject in [
        "$JS.API.STREAM.DELETE.KV_p2pow",
        "$JS.API.STREAM.UPDATE.KV_p2pow",
        "$JS.API.STREAM.CREATE.other",
    ] {
        client.publish(subject, "{}".into()).await.unwrap();
        let words = within(refused.recv()).await.unwrap();
        assert!(words.contains(subject), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wallets_and_payments_are_the_tills_alone() {
    const BUCKET: &str = "p2pow-wallet-live";
    let Some(server) = start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let open = async |bucket: &str, role: &str| {
        JetStreamStore::open(&as_role(&server, &folder, role), &name(bucket), 1).await.unwrap()
    };
    let store = open(BUCKET, "till").await;
    let revision = store.put("task-open", "a", "1".into(), Expect::Absent).await.unwrap();
    assert_eq!(store.list("task-open", ALL).await.unwrap()[0].revision, revision);
    store.remove("task-open", "a", revision).await.unwrap();
    store.put("task-open", "a", "2".into(), Expect::Absent).await.unwrap();
    for role in ["front", "agent", "watcher"] {
        let (client, mut refused) = connect(&server, role).await;
        for subject in [
            "$KV.p2pow-wallet-live.task-open.a",
            "$JS.API.STREAM.MSG.GET.KV_p2pow-wallet-live",
            "$JS.API.STREAM.PURGE.KV_p2pow-wallet-live",
        ] {
            client.publish(subject, "{}".into()).await.unwrap();
            let words = within(refused.recv()).await.unwrap();
            assert!(words.contains(subject), "{role}: {words}");
        }
    }
    let (client, mut refused) = connect(&server, "till").await;
    for subject in
        ["$JS.API.STREAM.DELETE.KV_p2pow-wallet-live", "$KV.p2pow.job.a", "p2pow.order.all"]
    {
        client.publish(subject, "{}".into()).await.unwrap();
        let words = within(refused.recv()).await.unwrap();
        assert!(words.contains(subject), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_a_password() {
    let Some(server) = start() else { return };
    let broker = Broker::new([server.address()], name("p2pow")).unwrap();
    let pool = Pool::new(vec![Box::new(vain())]);
    assert!(Agent::start(&broker, name("one"), pool).await.is_err());
}
