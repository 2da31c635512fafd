//! Which confirmations are payments to an account.

#![allow(clippy::unwrap_used)]

use nano_block::{Block, SecretKey, SendBlock, SignedBlock, StateBlock};
use nano_devnet::Devnet;
use nano_primitives::{Account, Amount, BlockHash, Link, PublicKey};
use nano_rpc::{
    Client, Request,
    websocket::{Event, Subscription, Topics, read_event},
};
use serde_json::json;

fn account(byte: u8) -> Account {
    Account::new(PublicKey::from_bytes([byte; 32]))
}

fn state(link: Link) -> SignedBlock {
    let key = SecretKey::from_bytes([1; 32]);
    let block = StateBlock {
        account: key.account(),
        previous: BlockHash::from_bytes([2; 32]),
        representative: Account::ZERO,
        balance: Amount::from_raw(5),
        link,
    };
    block.sign(&key).into()
}

/// The event of a node that says `subtype` of this block.
fn confirmation(block: Option<&SignedBlock>, subtype: Option<&str>) -> Event {
    let hash = block.map_or(BlockHash::ZERO, SignedBlock::hash);
    let mut message = json!({ "topic": "confirmation", "message": {
        "hash": hash, "account": account(9), "amount": "7", "confirmation_type": "active_quorum",
    }});
    if let Some(block) = block {
        message["message"]["block"] = serde_json::to_value(block).unwrap();
        if let Some(subtype) = subtype {
            message["message"]["block"]["subtype"] = subtype.into();
        }
    }
    read_event(message.to_string().as_bytes()).unwrap().unwrap()
}

#[test]
fn a_send_to_the_account_is_a_payment_and_nothing_else_is() {
    let payee = account(3);
    let send = state(payee.into());
    let payment = confirmation(Some(&send), Some("send")).payment_to(&payee).unwrap();
    assert_eq!((payment.hash, payment.from), (send.hash(), account(9)));
    assert_eq!(payment.amount, Amount::from_raw(7));

    assert_eq!(confirmation(Some(&send), Some("send")).payment_to(&account(4)), None);
    // The link of a receive is a hash, whose bytes may be anybody's key; without a subtype nothing says which it is.
    for subtype in [Some("receive"), Some("open"), Some("change"), Some("epoch"), None] {
        assert_eq!(confirmation(Some(&send), subtype).payment_to(&payee), None, "{subtype:?}");
    }
    assert_eq!(confirmation(None, None).payment_to(&Account::ZERO), None);
    assert_eq!(Event::Reconnected.payment_to(&payee), None);
}

#[test]
fn a_legacy_send_pays_its_destination() {
    let key = SecretKey::from_bytes([1; 32]);
    let (previous, balance) = (BlockHash::from_bytes([2; 32]), Amount::ZERO);
    let send = SendBlock { previous, destination: account(3), balance };
    let event = confirmation(Some(&Block::Send(send).sign(&key)), None);
    assert_eq!(event.payment_to(&account(3)).unwrap().hash, send.hash());
    assert_eq!(event.payment_to(&account(4)), None);
}

#[tokio::test]
async fn a_nodes_own_event_of_a_send_is_a_payment() {
    let net = Devnet::builder().start().await.unwrap();
    let payee = account(3);
    let topics = Topics::default().confirmations_of([payee]);
    let mut events = Subscription::connect(&net.websocket_url(), topics).await.unwrap();
    let hash = net.fund(&payee, Amount::from_raw(11)).unwrap();
    let payment = loop {
        let event = events.next().await.unwrap();
        if let Some(payment) = event.payment_to(&payee) {
            break payment;
        }
    };
    assert_eq!((payment.hash, payment.amount), (hash, Amount::from_raw(11)));
    assert_eq!(payment.from, net.genesis_account());
}

#[tokio::test]
async fn an_action_may_be_named_at_run_time() {
    let net = Devnet::builder().start().await.unwrap();
    let node = Client::new(&net.rpc_url()).unwrap();
    let name = String::from("vers") + "ion";
    assert!(node.call(Request::new(name)).await.unwrap().get("node_vendor").is_some());
    let error = node.call(Request::new(String::from("no_such_action"))).await.unwrap_err();
    assert!(
        error.is_unknown_action() && error.to_string().starts_with("no_such_action: "),
        "{error}"
    );
}
