//! That money is never paid twice: late workers, several processes, killed ones.

use crate::{
    program::ended,
    town::{Town, object, somebody, xno},
};
use nano_block::SignedState;
use nano_primitives::{Account, Amount};
use serde_json::Value;
use std::{io::Read, thread};

#[test]
fn a_payment_that_is_published_after_it_was_given_up_is_not_made_again() {
    let town = Town::with_worker_that_publishes(0);
    let bob = somebody();
    let send = ["send", &bob.to_string(), "1", "--json"];
    let first = town.call(&send).run();
    first.bad(3);
    // Long after the command has ended, the account moves on by this very payment.
    town.publish(&town.asked()[0]);
    let hash = object(&first)["blocks"][0]["hash"].as_str().unwrap().to_owned();
    town.until_confirmed(&hash);

    let again = town.call(&send).run().json();
    assert_eq!((&again["already"], &again["blocks"][0]["hash"]), (&true.into(), &hash.into()));
    assert_eq!(town.waiting(bob), xno("1"));
    assert_eq!(town.asked().len(), 1);

    // Once it was told, the same command means the same payment until something else has happened, or --again is said.
    assert_eq!(town.call(&send).run().json()["already"], true);
    town.publishes(1);
    town.call(&["send", &bob.to_string(), "1", "--json", "--again"]).run().json();
    assert_eq!(town.waiting(bob), xno("2"));
    town.call(&["send", &somebody().to_string(), "1", "--json"]).run().json();
    assert_eq!(town.call(&send).run().json()["already"], false);
    assert_eq!(town.waiting(bob), xno("3"));
}

#[test]
fn the_same_id_is_the_same_payment_whatever_happened_since() {
    let town = Town::with_worker_that_publishes(1);
    let bob = somebody();
    let send = ["send", &bob.to_string(), "1", "--json", "--id", "invoice 7"];
    assert_eq!(town.call(&send).run().json()["already"], false);
    town.call(&["send", &bob.to_string(), "1", "--json", "--id", "invoice 8"]).run().json();
    assert_eq!(town.call(&send).run().json()["already"], true);
    assert_eq!(town.waiting(bob), xno("2"));
    let other = town.call(&["send", &bob.to_string(), "3", "--id", "invoice 7"]).run();
    assert!(other.bad(1).contains("was given to other orders"), "{other:?}");
}

#[test]
fn two_sends_at_once_are_two_sends_one_after_the_other() {
    let town = Town::with_worker_that_publishes(1);
    let (bob, carol) = (somebody(), somebody());
    let both: Vec<_> =
        [bob, carol].iter().map(|to| town.call(&["send", &to.to_string(), "1"]).spawn()).collect();
    for child in both {
        ended(child.wait_with_output().unwrap()).good();
    }
    assert_eq!((town.waiting(bob), town.waiting(carol)), (xno("1"), xno("1")));
    town.assert_previous_blocks_differ();
}

#[test]
fn the_same_send_in_many_processes_at_once_pays_once() {
    let town = Town::with_worker_that_publishes(1);
    let bob = somebody();
    let send = ["send", &bob.to_string(), "1", "--id", "rent"];
    let many: Vec<_> = (0..4).map(|_| town.call(&send).spawn()).collect();
    for child in many {
        ended(child.wait_with_output().unwrap()).good();
    }
    assert_eq!(town.waiting(bob), xno("1"));
    assert_eq!(town.asked().len(), 1);
}

#[test]
fn a_process_that_is_killed_leaves_a_payment_that_is_made_once() {
    let town = Town::with_worker_that_publishes(0);
    let bob = somebody();
    let send = ["send", &bob.to_string(), "1", "--id", "rent"];
    // Killed as soon as it has told so much of its story: somewhere between the first look and the end.
    for lines in 1..7 {
        let mut child = town.call(&send).spawn();
        let mut told = 0;
        let mut byte = [0];
        let mut output = child.stdout.take().unwrap();
        while told < lines && output.read(&mut byte).unwrap() > 0 {
            told += usize::from(byte == *b"\n");
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    town.publishes(1);
    let all: Vec<_> = (0..2).map(|_| town.call(&send).spawn()).collect();
    for child in all {
        ended(child.wait_with_output().unwrap()).good();
    }
    assert_eq!(town.waiting(bob), xno("1"));
    town.assert_previous_blocks_differ();
}

#[test]
fn the_report_of_a_batch_that_is_killed_shows_what_is_signed() {
    let town = Town::with_worker_that_publishes(0);
    let file = town.desk.file("pay.csv", format!("{},1\n{},2\n", somebody(), somebody()));
    let report = town.desk.path("report.json");
    let mut child = town.call(&["batch", &file, "--report", report.to_str().unwrap()]).spawn();
    // The report is written beside the deal, so it may be a moment behind the worker's getting the blocks.
    while town.asked().is_empty() || !report.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended without a report");
        thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let told: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    let fates: Vec<&Value> =
        told["blocks"].as_array().unwrap().iter().map(|block| &block["fate"]).collect();
    assert_eq!(fates, ["possible", "possible"]);
}

#[test]
fn a_second_block_in_the_place_of_another_is_signed_only_if_told_to() {
    let town = Town::with_worker_that_publishes(0);
    let (bob, carol) = (somebody(), somebody());
    town.call(&["send", &bob.to_string(), "1"]).run().bad(3);
    let to_carol = ["send", &carol.to_string(), "2"];
    let refused = town.call(&to_carol).run();
    assert!(refused.bad(1).contains("no second block is signed in its place"), "{refused:?}");
    assert_eq!(town.asked().len(), 1);

    town.publishes(1);
    let replaced = town.call(&["send", &carol.to_string(), "2", "--replace"]).run();
    assert!(
        replaced.good().contains("the ledger takes one of the two, never both"),
        "{replaced:?}"
    );
    assert_eq!((town.waiting(bob), town.waiting(carol)), (Amount::ZERO, xno("2")));
    let listed = town.call(&["status", "--all"]).run();
    assert!(listed.good().contains("replaced on purpose"), "{listed:?}");
    let open = town.call(&["status"]).run();
    assert!(!open.good().contains(&bob.to_string()), "the old one is decided: {open:?}");
    // It was withdrawn, and can never happen: the same command is another payment.
    town.call(&["send", &bob.to_string(), "1"]).run().good();
    assert_eq!(town.waiting(bob), xno("1"));
}

#[test]
fn a_payment_is_not_made_beside_the_one_that_it_should_have_replaced() {
    let town = Town::with_worker_that_publishes(0);
    let (bob, carol) = (somebody(), somebody());
    town.call(&["send", &bob.to_string(), "1"]).run().bad(3);
    let to_carol = ["send", &carol.to_string(), "2", "--replace"];
    town.call(&to_carol).run().bad(3);
    // The worker has both, and publishes the old one.
    town.publish(&town.asked()[0]);
    let again = thread::scope(|_| town.call(&["send", &carol.to_string(), "2"]).run());
    assert!(again.bad(1).contains("the account went on with block"), "{again:?}");
    assert_eq!((town.waiting(bob), town.waiting(carol)), (xno("1"), Amount::ZERO));
}

#[test]
fn status_tells_what_may_still_happen_and_the_fate_of_a_block() {
    let town = Town::with_worker_that_publishes(0);
    let bob = somebody().to_string();
    let first = town.call(&["send", &bob, "1", "--json"]).run();
    let hash = object(&first)["blocks"][0]["hash"].as_str().unwrap().to_owned();
    let listed = town.call(&["status", "--json"]).run().json();
    assert_eq!(listed["deals"][0]["blocks"][0]["fate"], "possible");
    assert_eq!(listed["deals"][0]["rewards"][0]["fate"], "possible");
    let told = town.call(&["status"]).run();
    assert!(told.good().contains(&format!("may still be published: block {hash}")), "{told:?}");
    let open = town.call(&["status", &hash]).run();
    assert!(open.bad(3).contains("may still be published"), "{open:?}");

    town.publish(&town.asked()[0]);
    town.until_confirmed(&hash);
    let told = town.call(&["status", &hash, "--json"]).run().json();
    assert_eq!(told["fate"], "confirmed");
    let nobody = "00".repeat(31) + "07";
    let unknown = town.call(&["status", &nobody]).run();
    assert!(unknown.bad(1).contains("neither in the journal nor on the ledger"), "{unknown:?}");
}

#[test]
fn whatever_the_first_run_ended_with_the_second_pays_nobody_twice() {
    // A worker publishes two of three payments and fails.
    let town = Town::with_worker_that_publishes(2);
    let to: Vec<Account> = (0..3).map(|_| somebody()).collect();
    let lines = to.iter().map(|account| format!("{account},1\n"));
    let file =
        town.desk.file("pay.csv", format!("destination,amount\n{}", lines.collect::<String>()));
    town.call(&["batch", &file]).run();
    town.publishes(10);
    town.call(&["batch", &file]).run();
    for account in to {
        assert_eq!(town.waiting(account), xno("1"), "{account}");
    }
    // A worker fails, and publishes later.
    let (town, bob) = (Town::with_worker_that_publishes(0), somebody());
    let call = ["send", &bob.to_string(), "1"];
    town.call(&call).run();
    let late = town.asked().remove(0);
    town.publish(&late);
    let block: SignedState = serde_json::from_value(late["user_block"].clone()).unwrap();
    town.until_confirmed(&block.hash().to_string());
    town.publishes(1);
    town.call(&call).run();
    assert_eq!(town.waiting(bob), xno("1"));
}
