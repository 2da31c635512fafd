//! Payments that are signed and not, or not all, confirmed: exit codes, lines, JSON.

use crate::{
    program::Desk,
    town::{Town, object, somebody},
};
use nano_primitives::{Account, Amount};
use serde_json::{Value, json};

/// Three payments, on the lines 2, 4 and 5.
fn payments(desk: &Desk) -> String {
    let to: Vec<Account> = (0..3).map(|_| somebody()).collect();
    desk.file(
        "pay.csv",
        format!("destination,amount\n{},1\n# rent\n{},2\n{},3\n", to[0], to[1], to[2]),
    )
}

#[test]
fn a_batch_that_stops_in_the_middle_says_which_payments_are_confirmed_and_exits_with_3() {
    let (town, desk) = (Town::with_worker_that_publishes(2), Desk::new());
    let file = payments(&desk);

    let ended = town.call(&["batch", &file]).run();
    let told = ended.bad(3);
    assert!(told.contains("the same command again goes on with it"), "{told}");
    assert!(told.contains("of 3 blocks 2 are confirmed, 1 may still be, 0 can never be"), "{told}");
    for (line, fate) in [
        ("line 2: 1 XNO to nano_", ": confirmed: block "),
        ("line 4: 2 XNO to nano_", ": confirmed: block "),
        ("line 5: 3 XNO to nano_", ": not on the ledger, may still be published: block "),
    ] {
        let found = ended.stdout.lines().any(|told| told.starts_with(line) && told.contains(fate));
        assert!(found, "{line}: {ended:?}");
    }

    // The same file goes on with the same blocks: this time the worker does its part.
    let report = town.desk.path("report.json");
    let report = report.to_str().unwrap();
    let ended = town.call(&["batch", &file, "--json", "--report", report]).run();
    let told: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    let printed = ended.json();
    assert_eq!(told, printed, "the report's file says the same");
    let blocks = printed["blocks"].as_array().unwrap();
    let told: Vec<Value> =
        blocks.iter().map(|block| json!([block["line"], block["fate"]])).collect();
    assert_eq!(json!(told), json!([[2, "confirmed"], [4, "confirmed"], [5, "confirmed"]]));
    let asked = town.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1]["user_block"], asked[0]["user_blocks"][2], "the block signed before");
}

#[test]
fn a_payment_that_is_not_confirmed_in_time_is_told_with_its_block_and_what_is_safe() {
    let (town, desk) = (Town::with_worker_that_publishes(0), Desk::new());
    let bob = somebody().to_string();

    let first = town.call(&["send", &bob, "1", "--json"]).run();
    let told = first.bad(3);
    assert!(told.contains("goes on with it, and pays nothing twice"), "{told}");
    let report = object(&first);
    assert_eq!(report["blocks"][0]["fate"], "possible");
    let hash = report["blocks"][0]["hash"].as_str().unwrap();
    assert!(told.contains(hash), "{told}");

    // As it says: the same command goes on with the same block. Without its WebSocket the node is polled, and that is told.
    let second = town.call(&["send", &bob, "1", "--json", "--websocket", "ws://127.0.0.1:1"]).run();
    let second = object(&second);
    assert!(
        second["warnings"][0].as_str().unwrap().contains("WebSocket tells nothing"),
        "{second}"
    );
    assert_eq!(second["blocks"][0]["hash"], report["blocks"][0]["hash"]);

    // Another payment is not signed in its place.
    let file = payments(&desk);
    let ended = town.call(&["batch", &file, "--websocket", "ws://127.0.0.1:1"]).run();
    let told = ended.bad(1);
    assert!(told.contains("another payment of the account is not decided"), "{ended:?}");
    assert!(told.contains(hash), "{ended:?}");
    assert_eq!(town.asked().len(), 2);
    // By name, one worker, and no 300 digits of its speed.
    assert!(ended.stdout.contains("asking 1 worker by address"), "{ended:?}");
    let listed = town.call(&["workers"]).run();
    assert!(listed.good().contains("more than 999 TH/s"), "{listed:?}");
}

#[test]
fn what_is_on_the_ledger_unconfirmed_is_to_be_waited_for() {
    let town = Town::new(1, "600000");
    let bob = somebody().to_string();
    let ended = town.call(&["send", &bob, "1", "--json"]).run();
    let told = ended.bad(3);
    assert!(told.contains("is on the ledger, but not confirmed yet"), "{told}");
    assert_eq!(object(&ended)["blocks"][0]["fate"], "on_ledger");
    // The same again waits for it, and asks nobody for anything.
    let again = town.call(&["send", &bob, "1"]).run();
    assert!(again.bad(3).contains("is on the ledger, but not confirmed yet"), "{again:?}");
    assert_eq!(town.asked().len(), 1);
    // Another one would be built on it, and so it is refused until that is confirmed.
    let other = town.call(&["send", &bob, "2"]).run();
    assert!(other.bad(1).contains("is not confirmed yet"), "{other:?}");
}

#[test]
fn a_payment_that_is_confirmed_although_its_worker_failed_is_a_success() {
    let town = Town::with_worker_that_publishes(1);
    let bob = somebody().to_string();
    let ended = town.call(&["send", &bob, "1"]).run();
    assert!(ended.good().contains("no reward is confirmed (yet)"), "{ended:?}");
}

#[test]
fn what_never_got_as_far_as_a_signature_exits_with_1() {
    let town = Town::with_worker_that_publishes(0);
    let bob = somebody().to_string();
    let poor = town.call(&["send", &bob, "340282366.9209384"]).run();
    poor.bad(1);
    let other = town.call(&["send", &bob, "1", "--network", "live"]).run();
    let told = other.bad(1);
    assert!(
        told.contains("the network dev") && told.contains("wanted a node of the network live"),
        "{told}"
    );
}

#[test]
fn all_that_is_sent_leaves_nothing_however_cheap_the_work_gets_and_is_sent_once() {
    let town = Town::with_worker_that_publishes(0);
    town.gets_cheaper(Amount::from_raw(7));
    let bob = somebody();
    let call = ["send-all", &bob.to_string(), "--json"];
    let first = town.call(&call).run();
    assert_eq!(first.code, 3, "{first:?}");
    let report = object(&first);
    let amount = |value: &Value| value.as_str().unwrap().parse::<Amount>().unwrap();
    let left = amount(&report["blocks"][0]["balance"]);
    assert_eq!(amount(&report["rewards"][0]["price_raw"]), left, "the worker gets the rest");

    // The same command goes on with the same block, and the worker gets the same.
    town.publishes(1);
    let second = town.call(&call).run().json();
    assert_eq!(second["blocks"][0]["hash"], report["blocks"][0]["hash"]);
    let asked = town.asked();
    assert_eq!(asked[1], asked[0]);
    assert_eq!(amount(&asked[1]["reward_block"]["balance"]), Amount::ZERO);
    let sent = amount(&report["blocks"][0]["order"]["send"]["amount"]);
    assert_eq!(town.waiting(bob), sent);
}
