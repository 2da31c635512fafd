//! `p2pow serve` and `p2pow send` pay from one account: at once, one after the other, and one in the place of the other.

use crate::{
    program::ended,
    till::Till,
    town::{Town, somebody, xno},
};
use nano_primitives::Amount;
use serde_json::{Value, json};
use std::thread;

#[test]
fn both_pay_from_one_account_at_once_and_no_two_blocks_stand_on_one_previous() {
    let town = Town::with_worker_that_publishes(usize::MAX);
    let start = town.balance(town.alice());
    let (till, wallet) = town.open_till();
    let payees: Vec<_> = (1..=9_u128).map(|raw| (somebody(), raw)).collect();
    thread::scope(|scope| {
        for (place, &(to, raw)) in payees.iter().enumerate() {
            let (town, till, wallet) = (&town, &till, &wallet);
            scope.spawn(move || match place % 3 {
                0 => {
                    let amount = format!("{raw}raw");
                    let sent = town.call(&["send", &to.to_string(), &amount]).spawn();
                    ended(sent.wait_with_output().unwrap()).good();
                }
                1 => {
                    till.pay(town.alice(), to, raw, &raw.to_string()).unwrap();
                    till.until(&raw.to_string(), |payout| payout["state"] == "confirmed");
                }
                _ => {
                    let send = json!({
                        "action": "send", "wallet": wallet, "source": town.alice(), "destination": to,
                        "amount": raw.to_string(), "id": raw.to_string(),
                    });
                    let answer = till.rpc(&send).unwrap();
                    assert!(answer["block"].is_string(), "{answer}");
                }
            });
        }
    });
    for (to, raw) in payees {
        let amounts: Vec<_> = town.receivable(to).iter().map(|(_, raw)| raw.to_raw()).collect();
        assert_eq!(amounts, [raw]);
    }
    town.assert_previous_blocks_differ();
    let spent = start.checked_sub(town.balance(town.alice())).unwrap();
    let fees = town.waiting(town.george());
    assert_eq!(spent.to_raw(), 45 + fees.to_raw());
    till.kill();
}

#[test]
fn who_cannot_pay_because_the_other_is_not_done_is_told_so_and_signs_nothing() {
    let town = Town::with_worker_that_publishes(0);
    let (till, wallet) = town.open_till();
    till.kill();
    let till = Till::open(town.serve().env("P2POW_SERVE_WAIT", "1")).unwrap();
    let (bob, carol) = (somebody(), somebody());
    till.pay(town.alice(), bob, 7, "bob").unwrap();
    while town.asked().is_empty() {
        thread::yield_now();
    }
    // Not decided, and the server tries again and again meanwhile.
    let refused = town.call(&["send", &carol.to_string(), "1"]).run();
    assert!(refused.bad(1).contains("no second block is signed in its place"), "{refused:?}");
    let send = json!({
        "action": "send", "wallet": wallet, "source": town.alice(), "destination": bob, "amount": "7",
        "id": "bob",
    });
    let answer = till.rpc(&send).unwrap();
    let block = till.payout("bob").unwrap()["signed_block"].as_str().unwrap().to_owned();
    let words = answer["error"].as_str().unwrap();
    assert!(words.contains(&format!("is under way with block {block}")), "{words}");
    town.publishes(usize::MAX);
    let paid = till.until("bob", |payout| payout["state"] == "confirmed");
    assert_eq!((paid["block"].as_str(), &paid["signed_block"]), (Some(&*block), &Value::Null));
    town.call(&["send", &carol.to_string(), "1"]).run().good();
    town.assert_previous_blocks_differ();
    assert_eq!((town.waiting(bob).to_raw(), town.waiting(carol)), (7, xno("1")));
    till.kill();
}

#[test]
fn a_payout_that_is_withdrawn_says_so_and_holds_nobody_up() {
    let town = Town::with_worker_that_publishes(0);
    let (till, wallet) = town.open_till();
    let (bob, carol, dave) = (somebody(), somebody(), somebody());
    let pay = |till: &Till, to, raw, key| till.pay(town.alice(), to, raw, key).unwrap();
    pay(&till, bob, 7, "bob");
    while town.asked().is_empty() {
        thread::yield_now();
    }
    let signed = till.until("bob", |payout| payout["signed_block"].is_string());
    pay(&till, dave, 9, "dave");
    // The worker withholds this one too: as long as neither is on the ledger, either may get there.
    let replaced = town.call(&["send", &carol.to_string(), "1", "--replace"]).run();
    replaced.bad(3);
    let is_told =
        |payout: &Value| payout["problem"].as_str().is_some_and(|why| why.contains("on purpose"));
    let payout = till.until("bob", is_told);
    assert_eq!((&payout["state"], &payout["block"]), (&json!("queued"), &Value::Null));
    assert_eq!(payout["signed_block"], signed["signed_block"]);
    town.publish(town.asked().last().unwrap());
    town.publishes(usize::MAX);
    let payout = till.until("bob", |payout| payout["state"] != "queued");
    assert_eq!(payout["state"], "withdrawn", "{payout}");
    assert!(payout["error"].as_str().unwrap().contains("on purpose"), "{payout}");
    assert_eq!(town.waiting(carol), xno("1"));
    // The line goes on.
    till.until("dave", |payout| payout["state"] == "confirmed");
    // Nobody pays it again by itself: not the server, not one that starts anew, not whoever asks with the same name.
    till.kill();
    let till = Till::open(town.serve()).unwrap();
    let again = pay(&till, bob, 7, "bob");
    assert_eq!(again["state"], "withdrawn", "{again}");
    let send = json!({
        "action": "send", "wallet": wallet, "source": town.alice(), "destination": bob,
        "amount": "7", "id": "bob",
    });
    let answer = till.rpc(&send).unwrap();
    assert!(answer["error"].as_str().unwrap().contains("another id"), "{answer}");
    assert_eq!(town.waiting(bob), Amount::ZERO);
    pay(&till, bob, 7, "bob-again");
    till.until("bob-again", |payout| payout["state"] == "confirmed");
    assert_eq!(town.waiting(bob).to_raw(), 7);
    till.kill();
}
