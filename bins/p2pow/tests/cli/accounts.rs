//! `balance` and `history`, against the embedded network.

use crate::program::{Call, Running, p2pow};
use serde_json::Value;

const BOB: &str = "nano_3i1aq1cchnmbn9x5rsbap8b15akfh7wj7pwskuzi7ahz8oq6cobd99d4r3b7";
const CAROL: &str = "nano_35s8xxbrurpph5zrcb8ey3y1j9niij7k1m645otcxdk3fxg517i6j5empshy";
const NOBODY: &str = "nano_1pu7p5n3ghq1i1p4rhmek41f5add1uh34xpb94nkbxe8g4a6x1p69emk8y1d";

/// A network whose first account has sent to Bob and Carol.
fn network() -> (Running, Value) {
    let (bob, carol) = (format!("{BOB}=1.5"), format!("{CAROL}=0.25"));
    let devnet = p2pow(["devnet", "--json", "--fund", &bob, "--fund", &carol]).start();
    let report = devnet.json();
    (devnet, report)
}

fn call(report: &Value, arguments: &[&str]) -> Call {
    p2pow(arguments).env("P2POW_NODE", report["rpc_url"].as_str().unwrap())
}

#[test]
fn what_accounts_have_and_can_receive_is_shown_with_its_sum() {
    let (_devnet, report) = network();
    let shown = call(&report, &["balance", BOB, CAROL, NOBODY, "--json"]).run().json();
    let accounts = shown["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 3);
    assert_eq!(accounts[0]["account"], BOB);
    assert_eq!(accounts[0]["balance_raw"], "0");
    assert_eq!(accounts[0]["receivable_raw"], "1500000000000000000000000000000");
    assert_eq!(accounts[2]["receivable_raw"], "0");
    assert_eq!(accounts[2]["frontier"], Value::Null);
    assert_eq!(shown["total"]["receivable_raw"], "1750000000000000000000000000000");

    let people = call(&report, &["balance", BOB]).run();
    assert!(people.good().contains("receivable  1.5 XNO = 15000000000"), "{people:?}");
    assert!(people.good().contains("never opened"), "{people:?}");
}

#[test]
fn without_accounts_the_balance_is_that_of_the_key() {
    let (_devnet, report) = network();
    let key = report["private_key"].as_str().unwrap();
    let shown = call(&report, &["balance", "--json"]).env("P2POW_KEY", key).run().json();
    let own = &shown["accounts"][0];
    assert_eq!(own["balance_raw"], own["confirmed_balance_raw"]);
    assert!(own["balance_raw"].as_str().unwrap().len() > 30 && own["frontier"].is_string());
    let unasked = call(&report, &["balance"]).run();
    assert!(unasked.bad(2).contains("--key-file"), "{unasked:?}");
}

#[test]
fn a_history_is_shown_newest_first_and_goes_on_where_a_page_ended() {
    let (_devnet, report) = network();
    let genesis = report["account"].as_str().unwrap();
    let first = call(&report, &["history", genesis, "--json", "--count", "1"]).run().json();
    let blocks = first["blocks"].as_array().unwrap();
    assert_eq!((blocks.len(), blocks[0]["kind"].as_str()), (1, Some("send")));
    assert_eq!(blocks[0]["account"], CAROL);
    assert_eq!(blocks[0]["amount_raw"], "250000000000000000000000000000");
    assert_eq!(blocks[0]["confirmed"], true);
    let next = first["next"].as_str().unwrap();
    let second = ["history", genesis, "--json", "--count", "1", "--from", next];
    let second = call(&report, &second).run().json();
    assert_eq!(second["blocks"][0]["account"], BOB);

    let oldest = ["history", genesis, "--json", "--all", "--oldest-first"];
    let oldest = call(&report, &oldest).run().json();
    let blocks = oldest["blocks"].as_array().unwrap();
    assert_eq!(blocks.last().unwrap()["account"], CAROL);
    assert_eq!(oldest["next"], Value::Null);
}

#[test]
fn a_history_is_a_csv_that_a_spreadsheet_reads() {
    let (_devnet, report) = network();
    let genesis = report["account"].as_str().unwrap();
    let shown = call(&report, &["history", genesis, "--csv", "--all"]).run();
    let mut reader = csv::Reader::from_reader(shown.good().as_bytes());
    assert_eq!(reader.headers().unwrap().len(), 8);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let row = rows.iter().find(|row| &row[4] == BOB).unwrap();
    assert_eq!((&row[1], &row[2], &row[7]), ("send", "1.5", "true"));
    assert_eq!(&row[3], "1500000000000000000000000000000");
    assert!(row[0].ends_with('Z') && row[0].starts_with("20"), "{row:?}");
    let people = call(&report, &["history", genesis]).run();
    assert!(people.good().contains(&format!("sent 1.5 XNO to {BOB}")), "{people:?}");
    let none = call(&report, &["history", NOBODY, "--json"]).run().json();
    assert_eq!(none["blocks"], Value::Array(Vec::new()));
}

#[test]
fn where_there_are_several_nodes_another_one_answers_and_it_is_told_which() {
    let (_devnet, report) = network();
    let node = report["rpc_url"].as_str().unwrap();
    let nodes = ["--node", "http://127.0.0.1:1", "--node", node];
    let shown = call(&report, &[&["balance", BOB, "--json"][..], &nodes].concat()).run().json();
    let account = &shown["accounts"][0];
    assert_eq!(account["receivable_raw"], "1500000000000000000000000000000");
    assert_eq!(account["node"].as_str().unwrap().trim_end_matches('/'), node.trim_end_matches('/'));
    let people = call(&report, &[&["balance", BOB][..], &nodes].concat()).run();
    assert!(people.good().contains("by the word of http://127.0.0.1:"), "{people:?}");
    let history = call(&report, &[&["history", BOB, "--json"][..], &nodes].concat()).run();
    assert_eq!(history.json()["account"], BOB);
    let alone = call(&report, &["balance", BOB, "--json"]).run().json();
    assert!(alone["accounts"][0]["node"].is_null());
}
