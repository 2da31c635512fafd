//! Every call and the subscription against an embedded network, in the dialect of either node.

#![allow(clippy::unwrap_used)]

use nano_block::{Epoch, Network, SecretKey, Seed, SignedBlock, StateBlock, Subtype};
use nano_devnet::{Devnet, Dialect};
use nano_primitives::{Account, Amount, BlockHash, Difficulty, Root, Work};
use nano_rpc::{
    Client, HistoryQuery, QualifiedRoot, ReceivableQuery, Refusal,
    websocket::{Event, Subscription, Topics},
};
use std::time::Duration;
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(20);

/// A network where Alice has 10 XNO and Bob has nothing yet.
struct World {
    net: Devnet,
    client: Client,
    alice: SecretKey,
    bob: Account,
}

impl World {
    async fn new(dialect: Dialect) -> Self {
        let net = Devnet::builder()
            .dialect(dialect)
            .confirmation_delay(Duration::ZERO)
            .work_threads(1)
            .start()
            .await
            .unwrap();
        let seed = Seed::from_bytes([3; 32]);
        let (alice, bob) = (seed.derive(0), seed.derive(1).account());
        net.open(&alice, Amount::from_xno("10").unwrap()).unwrap();
        let client = Client::new(&net.rpc_url()).unwrap();
        Self { net, client, alice, bob }
    }

    /// Alice's next block, a send with work for it.
    fn send(&self, to: Account, xno: &str) -> SignedBlock {
        let state = self.net.account(&self.alice.account()).unwrap().state();
        self.finish(state.send(to, Amount::from_xno(xno).unwrap()).unwrap())
    }

    fn finish(&self, block: StateBlock) -> SignedBlock {
        let signed = SignedBlock::from(block.sign(&self.alice));
        signed.with_work(solve(&signed.root(), threshold()))
    }

    async fn publish(&self, block: &SignedBlock) -> BlockHash {
        self.client.process(block, Some(Subtype::Send)).await.unwrap()
    }
}

fn threshold() -> Difficulty {
    Network::Dev.thresholds().base()
}

fn solve(root: &Root, threshold: Difficulty) -> Work {
    (0..).map(Work::from_u64).find(|work| work.value(root) >= threshold).unwrap()
}

async fn both() -> [World; 2] {
    [World::new(Dialect::Reference).await, World::new(Dialect::RsNano).await]
}

#[tokio::test]
async fn the_node_tells_what_it_is() {
    for World { net, client, .. } in both().await {
        let version = client.version().await.unwrap();
        assert_eq!(version.network.as_deref(), Some("dev"));
        client.uptime().await.unwrap();
        let (blocks, cemented) = net.block_count();
        let count = client.block_count().await.unwrap();
        assert_eq!((count.count, count.cemented), (blocks, Some(cemented)));
        let telemetry = client.telemetry().await.unwrap();
        assert_eq!(
            (telemetry.block_count, telemetry.genesis_block),
            (blocks, version.network_identifier)
        );
        let difficulty = client.active_difficulty().await.unwrap();
        assert_eq!(difficulty.network_minimum, threshold());
    }
}

#[tokio::test]
async fn an_opened_account_is_told_in_full() {
    for World { net, client, alice, .. } in both().await {
        let account = alice.account();
        let view = net.account(&account).unwrap();
        let info = client.account_info(&account).await.unwrap().unwrap();
        assert_eq!((info.frontier, info.balance), (view.frontier, view.balance));
        assert_eq!((info.representative, info.open_block), (view.representative, view.open_block));
        assert_eq!((info.block_count, info.account_version), (1, Some(Epoch::Epoch2)));
        assert_eq!(info.confirmed_balance, Some(view.balance));
        assert_eq!((info.confirmed_height, info.receivable), (Some(1), Some(Amount::ZERO)));
        assert!(info.is_confirmed());
        assert_eq!(info.state(account), view.state());
        assert_eq!(client.account_balance(&account).await.unwrap().balance, view.balance);
        assert_eq!(
            client.account_representative(&account).await.unwrap(),
            Some(view.representative)
        );
    }
}

#[tokio::test]
async fn an_unopened_account_is_none() {
    for World { client, bob, .. } in both().await {
        assert_eq!(client.account_info(&bob).await.unwrap(), None);
        assert_eq!(client.account_representative(&bob).await.unwrap(), None);
        assert_eq!(client.account_balance(&bob).await.unwrap().balance, Amount::ZERO);
        let history = client.account_history(&bob, &HistoryQuery::newest(5)).await.unwrap();
        assert_eq!(history.entries, []);
    }
}

#[tokio::test]
async fn many_accounts_are_told_at_once() {
    for World { net, client, alice, bob } in both().await {
        let alice = alice.account();
        let frontiers = client.accounts_frontiers(&[alice, bob]).await.unwrap();
        assert_eq!(frontiers[&alice], Ok(net.account(&alice).unwrap().frontier));
        assert_eq!(frontiers[&bob], Err("Account not found".to_owned()));
        let nobody = client.accounts_frontiers(&[bob]).await.unwrap();
        assert_eq!(nobody[&bob], Err("Account not found".to_owned()));

        let balances = client.accounts_balances(&[alice, bob]).await.unwrap();
        assert_eq!(balances[&alice].as_ref().unwrap().balance, net.balance(&alice));
        assert_eq!(balances[&bob].as_ref().unwrap().balance, Amount::ZERO);
    }
}

#[tokio::test]
async fn keys_and_accounts_are_translated() {
    for World { client, bob, .. } in both().await {
        let key = client.account_key(&bob).await.unwrap();
        assert_eq!(key, bob.public_key());
        assert_eq!(client.account_get(&key).await.unwrap(), bob);
    }
}

#[tokio::test]
async fn a_published_block_is_in_the_ledger() {
    for world in both().await {
        let block = world.send(world.bob, "1");
        assert_eq!(world.client.block_hash(&block).await.unwrap(), block.hash());
        let hash = world.publish(&block).await;
        let info = world.client.block_info(&hash).await.unwrap().unwrap();
        assert_eq!((info.contents, info.account), (block, world.alice.account()));
        assert_eq!((info.subtype, info.confirmed), (Some(Subtype::Send), true));
        assert_eq!(info.amount.unwrap().to_xno(), "1");
        assert_eq!((info.height, info.successor), (2, None));

        let missing = BlockHash::from_bytes([9; 32]);
        assert_eq!(world.client.block_info(&missing).await.unwrap(), None);
        let infos = world.client.blocks_info(&[hash, missing]).await.unwrap();
        assert_eq!(infos.blocks[&hash].contents, block);
        assert_eq!(infos.not_found, [missing]);
    }
}

#[tokio::test]
async fn refusals_have_names() {
    for world in both().await {
        let (first, rival) = (world.send(world.bob, "1"), world.send(world.bob, "2"));
        world.publish(&first).await;
        let refusal = async |block: &SignedBlock| {
            world.client.process(block, None).await.unwrap_err().refusal()
        };
        assert_eq!(refusal(&first).await, Some(Refusal::OldBlock));
        assert_eq!(refusal(&rival).await, Some(Refusal::Fork));
        let weak = world.send(world.bob, "1").with_work(weak_work(&first.hash().into()));
        assert_eq!(refusal(&weak).await, Some(Refusal::InsufficientWork));
    }
}

/// Work that is not even enough for a receive.
fn weak_work(root: &Root) -> Work {
    let entry = Network::Dev.thresholds().entry();
    (0..).map(Work::from_u64).find(|work| work.value(root) < entry).unwrap()
}

#[tokio::test]
async fn a_block_can_be_handed_over_without_waiting() {
    for world in both().await {
        let block = world.send(world.bob, "1");
        world.client.process_async(&block, None).await.unwrap();
        let there = async {
            while world.net.block(&block.hash()).is_none() {
                tokio::time::sleep(Duration::from_millis(2)).await
            }
        };
        timeout(DEADLINE, there).await.expect("the block in the ledger in time");
    }
}

#[tokio::test]
async fn what_can_be_received_is_listed_with_its_senders() {
    for world in both().await {
        let (small, large) = (world.publish(&world.send(world.bob, "1")).await, {
            world.publish(&world.send(world.bob, "2")).await
        });
        let all = ReceivableQuery::default();
        let list = world.client.receivable(&world.bob, &all).await.unwrap();
        assert_eq!(list.iter().map(|entry| entry.hash).collect::<Vec<_>>(), [large, small]);
        assert_eq!(
            (list[0].amount.to_xno(), list[0].source),
            ("2".to_owned(), world.alice.account())
        );

        let query = ReceivableQuery { threshold: Amount::from_xno("1.5").ok(), ..all };
        let list = world.client.receivable(&world.bob, &query).await.unwrap();
        assert_eq!(list.iter().map(|entry| entry.hash).collect::<Vec<_>>(), [large]);

        let one = ReceivableQuery { count: Some(1), ..all };
        assert_eq!(world.client.receivable(&world.bob, &one).await.unwrap().len(), 1);

        let accounts = [world.bob, world.alice.account()];
        let many = world.client.accounts_receivable(&accounts, &all).await.unwrap();
        assert_eq!(many.keys().collect::<Vec<_>>(), [&world.bob]);
        assert_eq!(many[&world.bob].len(), 2);
        assert_eq!(world.client.receivable(&accounts[1], &all).await.unwrap(), []);
    }
}

#[tokio::test]
async fn unconfirmed_sends_are_listed_only_on_demand() {
    for world in both().await {
        world.net.faults().leave_unconfirmed(true);
        let block = world.send(world.bob, "1");
        let hash = world.publish(&block).await;
        let mut query = ReceivableQuery::default();
        assert_eq!(world.client.receivable(&world.bob, &query).await.unwrap(), []);
        query.include_unconfirmed = true;
        assert_eq!(world.client.receivable(&world.bob, &query).await.unwrap()[0].hash, hash);

        assert!(!world.client.block_info(&hash).await.unwrap().unwrap().confirmed);
        let info = world.client.account_info(&world.alice.account()).await.unwrap().unwrap();
        assert_eq!((info.frontier, info.is_confirmed()), (hash, false));
        let root = QualifiedRoot::from(&block.block);
        let election = world.client.confirmation_info(&root).await.unwrap().unwrap();
        assert_eq!(election.last_winner, hash);
        world.net.confirm_now(&hash).unwrap();
        assert_eq!(world.client.confirmation_info(&root).await.unwrap(), None);
    }
}

#[tokio::test]
async fn history_can_be_filtered_by_account() {
    for world in both().await {
        let carol = Seed::from_bytes([4; 32]).derive(0).account();
        let sends = [world.publish(&world.send(world.bob, "1")).await, {
            world.publish(&world.send(carol, "1")).await
        }];
        let account = world.alice.account();
        let all = world.client.account_history(&account, &HistoryQuery::newest(10)).await.unwrap();
        assert_eq!(all.entries.len(), 3);
        assert_eq!(all.entries[0].hash, sends[1]);
        assert_eq!(all.entries[0].subtype, Some(Subtype::Send));

        let query = HistoryQuery { account_filter: vec![world.bob], ..HistoryQuery::newest(10) };
        let bobs = world.client.account_history(&account, &query).await.unwrap();
        assert_eq!(bobs.entries.iter().map(|entry| entry.hash).collect::<Vec<_>>(), [sends[0]]);

        let query = HistoryQuery { reverse: true, all_kinds: true, ..HistoryQuery::newest(1) };
        let oldest = world.client.account_history(&account, &query).await.unwrap();
        assert_eq!(oldest.entries[0].height, Some(1));
        assert_eq!(oldest.next, Some(sends[0]));
    }
}

#[tokio::test]
async fn work_is_found_and_judged() {
    for World { client, bob, .. } in both().await {
        let root = Root::from(bob);
        let work = client.work_generate(&root, None).await.unwrap();
        assert!(work.value(&root) >= threshold());
        let easy = Network::Dev.thresholds().entry();
        let work = client.work_generate(&root, Some(easy)).await.unwrap();
        let verdict = client.work_validate(&root, work, Some(easy)).await.unwrap();
        assert_eq!((verdict.valid, verdict.valid_receive), (Some(true), Some(true)));
        let weak = client.work_validate(&root, weak_work(&root), None).await.unwrap();
        assert_eq!((weak.valid_all, weak.valid_receive), (Some(false), Some(false)));
        client.work_cancel(&root).await.unwrap();
    }
}

#[tokio::test]
async fn a_failing_node_is_asked_again() {
    let World { net, client, .. } = World::new(Dialect::Reference).await;
    net.faults().refuse_next(2, 502);
    client.uptime().await.unwrap();
    net.faults().refuse_next(3, 502);
    let error = client.uptime().await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
}

#[tokio::test]
async fn a_block_whose_answer_was_lost_is_published() {
    let world = World::new(Dialect::Reference).await;
    let block = world.send(world.bob, "1");
    world.net.faults().drop_answers(true);
    let client = world.client.with_retries(20);
    let publish = client.process(&block, Some(Subtype::Send));
    let restore = async {
        while world.net.block(&block.hash()).is_none() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        world.net.faults().drop_answers(false);
    };
    let (hash, ()) = timeout(DEADLINE, async { tokio::join!(publish, restore) }).await.unwrap();
    assert_eq!(hash.unwrap(), block.hash());
}

#[tokio::test]
async fn a_node_that_was_restarted_is_found_again() {
    let World { net, client, .. } = World::new(Dialect::Reference).await;
    client.uptime().await.unwrap();
    let address = net.rpc_addr();
    net.shutdown().await;
    let _net = Devnet::builder().rpc_addr(address).start().await.unwrap();
    client.with_retries(0).uptime().await.unwrap();
}

async fn next(events: &mut Subscription) -> Event {
    timeout(DEADLINE, events.next()).await.expect("an event in time").expect("an event")
}

#[tokio::test]
async fn a_published_block_is_announced_and_confirmed() {
    for world in both().await {
        let topics = Topics::default().confirmations().new_unconfirmed();
        let mut events = Subscription::connect(&world.net.websocket_url(), topics).await.unwrap();
        let block = world.send(world.bob, "1");
        world.publish(&block).await;
        let (mut announced, mut confirmed) = (false, false);
        while !(announced && confirmed) {
            match next(&mut events).await {
                Event::NewUnconfirmed { hash, block: found, .. } => {
                    assert_eq!((hash, found), (block.hash(), block));
                    announced = true;
                }
                Event::Confirmation { hash, account, amount, subtype, block: found, .. } => {
                    assert_eq!((hash, found), (block.hash(), Some(block)));
                    assert_eq!((account, subtype), (world.alice.account(), Some(Subtype::Send)));
                    assert_eq!(amount.to_xno(), "1");
                    confirmed = true;
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn only_the_accounts_asked_for_are_heard_of() {
    for world in both().await {
        let carol = Seed::from_bytes([4; 32]).derive(0).account();
        let topics = Topics::default().confirmations_of([world.bob]);
        let mut events = Subscription::connect(&world.net.websocket_url(), topics).await.unwrap();
        world.publish(&world.send(carol, "1")).await;
        let to_bob = world.publish(&world.send(world.bob, "1")).await;
        let Event::Confirmation { hash, .. } = next(&mut events).await else {
            panic!("wanted one")
        };
        assert_eq!(hash, to_bob);
    }
}

#[tokio::test]
async fn a_subscription_outlives_a_broken_connection() {
    let world = World::new(Dialect::Reference).await;
    let topics = Topics::default().confirmations();
    let mut events = Subscription::connect(&world.net.websocket_url(), topics).await.unwrap();
    world.net.faults().drop_connections(true);
    assert!(matches!(next(&mut events).await, Event::Disconnected { .. }));
    world.net.faults().drop_connections(false);
    assert_eq!(next(&mut events).await, Event::Reconnected);
    let hash = world.publish(&world.send(world.bob, "1")).await;
    let Event::Confirmation { hash: found, .. } = next(&mut events).await else {
        panic!("wanted a confirmation")
    };
    assert_eq!(found, hash);
}
