//! `receive` of one and of what comes, and `send-all`.

use crate::wallet::{Market, new_key};
use nano_primitives::Amount;
use serde_json::{Value, json};

const NOBODY: &str = "nano_1pu7p5n3ghq1i1p4rhmek41f5add1uh34xpb94nkbxe8g4a6x1p69emk8y1d";

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Sends so much to the account, and returns the send's hash.
fn fund(market: &Market, account: &Value, amount: &str) -> String {
    let sent = market.call(&["send", text(account), amount, "--json"]).run().json();
    text(&sent["blocks"][0]["hash"]).to_owned()
}

#[test]
fn one_send_is_pocketed_by_its_hash_however_small_and_others_are_told_from_it() {
    let market = Market::open();
    let (key, bob) = new_key(&market.desk, "bob.key");
    let first = fund(&market, &bob, "2");
    let small = fund(&market, &bob, "7raw");
    let receive = |hash: &str| {
        let call = ["receive", "--key-file", &key, "--json", hash];
        market.call(&call).run()
    };
    let done = receive(&first).json();
    assert_eq!(done["blocks"][0]["link"], json!(first));
    assert_eq!(market.balance(&bob), Amount::from_xno("1.9999484375").unwrap());
    receive(&small).json();
    let again = receive(&first);
    assert!(again.bad(1).contains("was pocketed before"), "{again:?}");
    let (_, carol) = new_key(&market.desk, "carol.key");
    let foreign = receive(&fund(&market, &carol, "1"));
    assert!(foreign.bad(1).contains("is no send to"), "{foreign:?}");
    let unknown = receive(&"AB".repeat(32));
    assert!(unknown.bad(1).contains("does not know"), "{unknown:?}");
    market.close();
}

#[test]
fn what_comes_is_pocketed_until_the_watch_is_interrupted() {
    let market = Market::open();
    let (key, bob) = new_key(&market.desk, "bob.key");
    // By polling, and once more with a WebSocket that tells at once.
    let websocket = ["--websocket", &market.websocket];
    for (amount, flags) in [("1", &["--every", "0.2"]), ("2", &websocket)] {
        let watch = ["receive", "--key-file", &key, "--watch"];
        let mut watching = market.call(&[&watch[..], flags].concat()).start();
        assert!(watching.line.starts_with("watching nano_"), "{}", watching.line);
        let before = market.balance(&bob);
        // An equal payment would be the same one.
        fund(&market, &bob, amount);
        let mut line = String::new();
        while !line.starts_with("done in") {
            line = watching.next_line();
            assert!(!line.is_empty(), "it has ended");
        }
        assert!(market.balance(&bob) > before);
        assert_eq!(watching.interrupt(), 0);
    }
    market.close();
}

#[test]
fn all_is_sent_to_the_raw_and_then_nothing_is_left() {
    let market = Market::open();
    let (key, bob) = new_key(&market.desk, "bob.key");
    fund(&market, &bob, "3");
    market.call(&["receive", "--key-file", &key]).run().good();
    let before = market.balance(&bob);
    let call = ["send-all", NOBODY, "--key-file", &key, "--json"];
    let sent = market.call(&call).run().json();
    let price: Amount = text(&sent["winner"]["fee_raw"]).parse().unwrap();
    assert_eq!(market.balance(&bob), Amount::ZERO);
    let waiting = market.call(&["balance", NOBODY, "--json"]).run().json();
    let got: Amount = text(&waiting["accounts"][0]["receivable_raw"]).parse().unwrap();
    assert_eq!(got.checked_add(price), Some(before));
    let again = market.call(&call).run();
    assert!(again.bad(1).contains("nothing is left to send"), "{again:?}");
    market.close();
}
