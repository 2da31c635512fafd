//! Nodes that lie, and nodes that are in trouble.

use crate::{
    fake::{Asked, read},
    town::{Town, at, unsettled, xno},
};
use nano_block::{Network, SecretKey, SignedBlock, SignedState, StateBlock};
use nano_primitives::{Account, Signature};
use nano_rpc::{Client, OtherNetwork};
use p2pow_client::{
    BoxFuture, Cause, Config, DealError, Event, Fate, Meaning, Patience, SendError, Sender, Signer,
    SignerError, SigningRequest, StateError,
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Stands in front of a town's node and changes what it answers.
pub(crate) struct LyingNode {
    url: String,
    task: JoinHandle<()>,
}

impl Drop for LyingNode {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl LyingNode {
    /// `lie` may change the answer to a request.
    pub(crate) async fn start(
        town: &Town,
        lie: impl Fn(&Value, &mut Value) + Send + Sync + 'static,
    ) -> Self {
        Self::refusing(town, |_| false, lie).await
    }

    /// The same for a node that first of all fails at what `refuse` says, without carrying it out.
    pub(crate) async fn refusing(
        town: &Town,
        refuse: impl Fn(&Value) -> bool + Send + Sync + 'static,
        lie: impl Fn(&Value, &mut Value) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(at(1, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (node, manners) = (town.net.rpc_addr(), Arc::new(Manners { refuse, lie }));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let manners = Arc::clone(&manners);
                tokio::spawn(async move {
                    let _ = relay(stream, node, &*manners).await;
                });
            }
        });
        Self { url, task }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url).unwrap()
    }

    fn sender(&self, config: Config) -> Sender {
        Sender::new(self.client(), config)
    }
}

/// How a node misbehaves.
struct Manners<R, L> {
    refuse: R,
    lie: L,
}

async fn relay<R: Fn(&Value) -> bool, L: Fn(&Value, &mut Value)>(
    mut stream: TcpStream,
    node: std::net::SocketAddr,
    manners: &Manners<R, L>,
) -> std::io::Result<()> {
    let Asked { body: question, .. } = read(&mut stream).await?;
    if (manners.refuse)(&question) {
        return answer(stream, &json!({ "error": "Internal server error in RPC" })).await;
    }
    let mut upstream = TcpStream::connect(node).await?;
    upstream.write_all(&post(&question)).await?;
    let mut bytes = Vec::new();
    upstream.read_to_end(&mut bytes).await?;
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let mut said: Value = serde_json::from_slice(&bytes[head..]).unwrap();
    (manners.lie)(&question, &mut said);
    answer(stream, &said).await
}

async fn answer(mut stream: TcpStream, said: &Value) -> std::io::Result<()> {
    let text = said.to_string();
    let head =
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", text.len());
    stream.write_all((head + &text).as_bytes()).await
}

fn post(question: &Value) -> Vec<u8> {
    let text = question.to_string();
    let length = text.len();
    format!("POST / HTTP/1.1\r\nhost: node\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{text}")
        .into_bytes()
}

/// What becomes of a payment through a node that lies so.
async fn attempt(
    town: &Town,
    lie: impl Fn(&Value, &mut Value) + Send + Sync + 'static,
) -> SendError {
    let worker = town.worker(1, 0).await;
    let node = LyingNode::start(town, lie).await;
    let sender = node.sender(town.config(worker.port));
    let error = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    let status = worker.server.status();
    assert_eq!((status.busy, status.failed), (0, 0), "no worker saw a signed block");
    assert_eq!(town.net.balance(&town.alice.account()), xno("100"));
    error
}

fn is(question: &Value, action: &str) -> bool {
    question["action"] == action
}

#[tokio::test]
async fn a_node_that_understates_the_balance_is_not_believed() {
    let town = Town::found().await;
    // Alice would sign a balance of 1 - 1 = 0 XNO: a send of 100.
    let error = attempt(&town, |question, answer| {
        if is(question, "account_info") && answer.get("balance").is_some() {
            answer["balance"] = json!(xno("2"));
        }
    })
    .await;
    match error {
        SendError::State(StateError::Balance { said, signed, .. }) => {
            assert_eq!((said, signed), (xno("2"), xno("100")));
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_node_that_changes_the_frontier_block_is_not_believed() {
    let town = Town::found().await;
    let error = attempt(&town, |question, answer| match question["action"].as_str() {
        Some("account_info") => answer["balance"] = json!(xno("2")),
        Some("block_info") if answer.get("contents").is_some() => {
            answer["contents"]["balance"] = json!(xno("2"));
        }
        _ => {}
    })
    .await;
    assert!(matches!(error, SendError::State(StateError::Rpc(_))), "{error}");
}

#[tokio::test]
async fn a_node_that_forges_a_frontier_block_is_not_believed() {
    let town = Town::found().await;
    let view = town.net.account(&town.alice.account()).unwrap();
    // Whole and consistent, but not signed by Alice.
    let forger = SecretKey::generate().unwrap();
    let block = StateBlock {
        account: town.alice.account(),
        previous: view.frontier,
        representative: view.representative,
        balance: xno("2"),
        link: town.bob.account().into(),
    };
    let forged: SignedBlock = block.sign(&forger).into();
    let hash = forged.hash();
    let error = attempt(&town, move |question, answer| match question["action"].as_str() {
        Some("account_info") => {
            answer["balance"] = json!(xno("2"));
            answer["frontier"] = json!(hash);
            answer["confirmed_frontier"] = json!(hash);
        }
        Some("block_info") if question["hash"] == json!(hash) => {
            *answer = json!({
                "block_account": block.account, "amount": "1", "balance": xno("2"), "height": "3",
                "local_timestamp": "0", "confirmed": "true", "subtype": "send", "contents": forged,
            });
        }
        _ => {}
    })
    .await;
    assert!(matches!(error, SendError::State(StateError::Signature { .. })), "{error}");
}

#[tokio::test]
async fn a_node_that_hides_the_frontier_block_is_told_of() {
    let town = Town::found().await;
    let frontier = town.net.account(&town.alice.account()).unwrap().frontier;
    let error = attempt(&town, move |question, answer| {
        if is(question, "block_info") && question["hash"] == json!(frontier) {
            *answer = json!({ "error": "Block not found" });
        }
    })
    .await;
    assert!(matches!(error, SendError::State(StateError::Missing { .. })), "{error}");
}

#[tokio::test]
async fn an_unconfirmed_frontier_is_waited_for_and_then_refused() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let config = town.config(worker.port);
    let patience = Patience { frontier: Duration::from_millis(100), ..config.patience };
    let node = LyingNode::start(&town, |question, answer| {
        if is(question, "account_info") {
            answer["confirmed_frontier"] = json!("AB".repeat(32));
        }
    })
    .await;
    let sender = node.sender(Config { patience, ..config });
    let error = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    assert!(matches!(error, SendError::State(StateError::Unconfirmed { .. })), "{error}");
}

#[tokio::test]
async fn an_answer_without_confirmation_is_no_success() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let config = town.config(worker.port);
    let patience = Patience { deal: Duration::from_secs(3), ..config.patience };
    let sender = Sender::new(town.node(), Config { patience, ..config });
    town.net.faults().leave_unconfirmed(true);
    let error = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    let left = unsettled(error);
    assert!(matches!(left.cause, Cause::TimedOut { .. }), "{left}");
    assert_eq!(left.items[0].fate, Fate::OnLedger);
}

#[tokio::test]
async fn an_account_that_goes_on_otherwise_ends_the_deal() {
    let town = Town::found().await;
    let withholder = crate::fake::Fake::start(1, 0, |asked| match asked.path.as_str() {
        "/request_info" => {
            let account = SecretKey::generate().unwrap().account();
            crate::fake::json(200, &crate::fake::info(account, xno("0.0001")))
        }
        _ => crate::fake::Reply::Silence,
    })
    .await;
    town.register([127, 0, 0, 1]);
    let sender = town.sender(withholder.port);
    let payment = sender.send(&town.alice, town.bob.account(), xno("1"));
    let otherwise = async {
        let hired = async {
            while withholder.count("/request_work") == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), hired).await.expect("it is hired");
        let state = town.net.account(&town.alice.account()).unwrap().state();
        let block = state.change(town.bob.account()).unwrap().sign(&town.alice);
        town.net.seed(&block.into()).unwrap();
    };
    let (outcome, ()) = tokio::join!(payment, otherwise);
    let error = outcome.unwrap_err();
    let left = unsettled(error);
    let frontier = town.net.account(&town.alice.account()).unwrap().frontier;
    assert!(matches!(left.cause, Cause::Superseded { by } if by == frontier), "{left}");
    assert_eq!((left.items[0].fate, left.rewards[0].1), (Fate::Impossible, Fate::Impossible));
}

/// Signs with another key than it says.
struct Impostor {
    account: Account,
    key: SecretKey,
}

impl Signer for Impostor {
    fn account(&self) -> Account {
        self.account
    }

    fn sign<'a>(
        &'a self,
        request: &'a SigningRequest,
    ) -> BoxFuture<'a, Result<Signature, SignerError>> {
        let half = Meaning::Send { destination: self.key.account(), amount: xno("50") };
        Box::pin(async move {
            if request.meaning == half {
                return Err(SignerError::new("not half of it"));
            }
            Ok(SignedState { ..request.block.sign(&self.key) }.signature)
        })
    }
}

#[tokio::test]
async fn a_signer_that_signs_wrongly_or_not_at_all_publishes_nothing() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let sender = town.sender(worker.port);
    let signer = Impostor { account: town.alice.account(), key: town.bob.clone() };
    let error = sender.send(&signer, town.bob.account(), xno("1")).await.unwrap_err();
    assert!(matches!(error, SendError::Deal(DealError::BadSignature(_))), "{error}");
    let error = sender.send(&signer, town.bob.account(), xno("50")).await.unwrap_err();
    assert!(matches!(error, SendError::Deal(DealError::Signer(_))), "{error}");
    assert_eq!(town.net.balance(&town.alice.account()), xno("100"));
}

#[tokio::test]
async fn a_node_of_another_network_is_told_of_before_anything_is_signed() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let (listener, mut events) = tokio::sync::mpsc::unbounded_channel();
    let config = Config { network: Network::Live, ..town.config(worker.port) };
    let sender = Sender::new(town.node(), config).with_events(listener);
    let error = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    match &error {
        SendError::State(StateError::OtherNetwork(OtherNetwork { found, wanted, .. })) => {
            assert_eq!((found.as_slice(), *wanted), (&[Network::Dev][..], Network::Live));
        }
        other => panic!("{other}"),
    }
    for part in ["dev", "live", "ffc0000000000000", "change `network`"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    while let Ok(event) = events.try_recv() {
        assert!(!matches!(event, Event::Signed { .. }), "nothing was signed");
    }
}

#[tokio::test]
async fn a_node_that_does_not_tell_its_thresholds_stops_nothing() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let node = LyingNode::start(&town, |question, answer| {
        if is(question, "active_difficulty") {
            *answer = json!({ "error": "Unknown command" });
        }
    })
    .await;
    let sender = node.sender(town.config(worker.port));
    sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap();
}

#[tokio::test]
async fn a_frontier_that_the_node_makes_up_does_not_make_a_block_impossible() {
    let town = Town::found().await;
    let withholder = crate::fake::Fake::start(1, 0, |asked| match asked.path.as_str() {
        "/request_info" => {
            let account = SecretKey::generate().unwrap().account();
            crate::fake::json(200, &crate::fake::info(account, xno("0.0001")))
        }
        _ => crate::fake::Reply::Silence,
    })
    .await;
    town.register([127, 0, 0, 1]);
    let asked = Arc::clone(&withholder.asked);
    let node = LyingNode::start(&town, move |question, answer| {
        let is_hired = asked.lock().unwrap().iter().any(|asked| asked.path == "/request_work");
        if is_hired && is(question, "account_info") {
            answer["frontier"] = json!("AB".repeat(32));
            answer["confirmed_frontier"] = json!("AB".repeat(32));
        }
    })
    .await;
    let config = town.config(withholder.port);
    let patience = Patience { deal: Duration::from_secs(1), ..config.patience };
    let sender = node.sender(Config { patience, ..config });
    let error = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    let left = unsettled(error);
    assert!(matches!(left.cause, Cause::TimedOut { .. }), "{left}");
    assert_eq!(left.items[0].fate, Fate::Possible);
}

#[tokio::test]
async fn a_websocket_that_cannot_be_used_is_told_of_once_and_the_node_is_polled() {
    let town = Town::found().await;
    let withholder = crate::fake::Fake::start(1, 0, |asked| match asked.path.as_str() {
        "/request_info" => {
            let account = SecretKey::generate().unwrap().account();
            crate::fake::json(200, &crate::fake::info(account, xno("0.0001")))
        }
        _ => crate::fake::Reply::Silence,
    })
    .await;
    town.register([127, 0, 0, 1]);
    // Nobody listens; no WebSocket.
    let urls = ["ws://127.0.0.1:1", &town.net.rpc_url().replace("http", "ws")];
    for url in urls {
        let (listener, mut events) = tokio::sync::mpsc::unbounded_channel();
        let config = town.config(withholder.port);
        let patience = Patience { deal: Duration::from_millis(1500), ..config.patience };
        let config = Config { websocket_urls: vec![url.parse().unwrap()], patience, ..config };
        let sender = Sender::new(town.node(), config).with_events(listener);
        sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
        let mut told = 0;
        while let Ok(event) = events.try_recv() {
            told += usize::from(matches!(event, Event::NotSubscribed { .. }));
        }
        assert_eq!(told, 1, "{url}");
    }
}

#[tokio::test]
async fn a_payment_asks_for_no_block_more_often_than_it_must() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let node = LyingNode::start(&town, move |question, answer| {
        if is(question, "block_info") {
            let hash = question["hash"].as_str().unwrap().to_owned();
            seen.lock().unwrap().push((hash, answer["confirmed"] == "true"));
        }
    })
    .await;
    let sender = node.sender(town.config(worker.port));
    let receipt = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap();
    let asked = asked.lock().unwrap();
    for hash in [receipt.users[0].hash(), receipt.rewards[0].block.hash()] {
        let asked = asked.iter().filter(|(asked, _)| *asked == hash.to_string());
        let answers: Vec<bool> = asked.map(|(_, is_confirmed)| *is_confirmed).collect();
        assert!(answers.ends_with(&[true, true]), "while it is waited for, and at the end");
        assert_eq!(answers.iter().filter(|confirmed| **confirmed).count(), 2, "{answers:?}");
    }
}
