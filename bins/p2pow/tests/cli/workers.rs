//! `workers` and `quote`: what is asked, what is known, and what is remembered between calls.

use crate::{
    program::{Call, Desk, p2pow},
    wallet::Market,
};
use serde_json::json;
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    sync::mpsc::{Receiver, channel},
    thread,
};

const BOB: &str = "nano_3i1aq1cchnmbn9x5rsbap8b15akfh7wj7pwskuzi7ahz8oq6cobd99d4r3b7";
/// 0.0001 XNO.
const FEE: &str = "100000000000000000000000000";

#[test]
fn what_a_worker_did_is_remembered_by_later_calls() {
    let (market, desk) = (Market::open(), Desk::new());
    let data = desk.path("data");
    let call = |arguments: &[&str]| -> Call { market.call(arguments).env("P2POW_DATA", &data) };

    let new = call(&["workers", "--json"]).run().json();
    assert_eq!((&new["registered"], &new["not_dialable"]), (&json!(1), &json!(0)));
    assert_eq!(new["workers"][0]["standing"], "new");
    // George registered by the account that he is paid on.
    assert_eq!(new["workers"][0]["bound"], true);
    assert_eq!(new["workers"][0]["ledger"]["rewards"], 1, "the money to register with");

    call(&["send", BOB, "1", "--json"]).run().json();
    let proven = call(&["workers", "--json"]).run().json()["workers"][0].clone();
    assert_eq!(proven["standing"], "proven");
    assert!(proven["experience"]["won"].as_f64().unwrap() > 0.9, "{proven}");
    assert!(proven["believed_hashrate"].as_f64().unwrap() > 0.0, "{proven}");
    let told = call(&["workers"]).run();
    assert!(told.good().contains("proven") && told.good().contains("won 1.0"), "{told:?}");

    let elsewhere = market.call(&["workers", "--json"]).run().json();
    assert_eq!(elsewhere["workers"][0]["standing"], "new", "another folder knows nothing");
    assert!(Path::new(&data).join("market.db").is_file());
    market.close();
}

#[test]
fn a_quote_tells_the_price_and_who_would_be_hired_and_signs_nothing() {
    let market = Market::open();
    let quote = market.call(&["quote", "--json"]).run().json();
    assert_eq!((&quote["user_blocks"], &quote["trial"]), (&json!(1), &json!(false)));
    assert_eq!(quote["max_price_raw"], "1000000000000000000000000000");
    let first = &quote["quotes"][0];
    assert_eq!((&first["address"], &first["price_raw"]), (&json!("127.0.0.1"), &json!(FEE)));
    let receive = market.call(&["quote", "--receive", "--json"]).run().json();
    assert_eq!(receive["quotes"][0]["price_raw"], "51562500000000000000000000");
    let batch = market.call(&["quote", "--sends", "8"]).run();
    assert!(
        batch.good().contains("8 user blocks") && batch.good().contains("0.00045 XNO"),
        "{batch:?}"
    );

    // More than it has shown, or more than the user wants to pay.
    let large = market.call(&["quote", "--sends", "100", "--json"]).run().json();
    assert_eq!(large["jobs"], json!([8, 16, 32, 44]));
    // A hundred sends and four rewards, each half the price of a job.
    assert_eq!(large["total_price_raw"], "5200000000000000000000000000");
    let dear = market.call(&["quote", "--max-fee", "99999999999999999999999999raw"]).run();
    assert!(dear.code == 1 && dear.stderr.contains("above the maximum"), "{dear:?}");
    let both = market.call(&["quote", "--sends", "2", "--receive"]).run();
    assert_eq!(both.code, 2, "{both:?}");
    market.close();
}

#[test]
fn watching_tells_again_until_it_is_interrupted() {
    let market = Market::open();
    let watching = market.call(&["workers", "--watch", "30", "--json"]).start();
    assert_eq!(watching.json()["workers"][0]["address"], "127.0.0.1");
    assert_eq!(watching.interrupt(), 0);
    market.close();
}

#[test]
fn where_no_worker_is_the_users_own_devices_do_the_work_if_that_is_wanted() {
    let (devnet, desk) =
        (p2pow(["devnet", "--json", "--confirmation-delay", "10"]).start(), Desk::new());
    let report = devnet.json();
    let (node, key) =
        (report["rpc_url"].as_str().unwrap(), report["private_key"].as_str().unwrap());
    let data = desk.path("data");
    let send = |more: &[&str]| {
        let call = p2pow(["send", BOB, "1", "--json", "--network", "dev"].iter().chain(more));
        call.env("P2POW_NODE", node).env("P2POW_KEY", key).env("P2POW_DATA", &data).run()
    };
    let alone = send(&[]);
    assert!(alone.code == 1 && alone.stderr.contains("no worker is registered"), "{alone:?}");
    // Here, and by a work server, which every node is.
    for fallback in ["local", node] {
        let done = send(&["--fallback", fallback, "--again"]).json();
        assert_eq!(
            (&done["workers"], &done["blocks"][0]["fate"]),
            (&json!([]), &json!("confirmed"))
        );
    }
    let wrong = send(&["--fallback", "somebody"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("work servers"), "{wrong:?}");
    assert_eq!(devnet.interrupt(), 0);
}

/// Answers every call with a refusal, and tells the heads of the calls.
fn refusing_server() -> (String, Receiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (teller, heads) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let _ = teller.send(head.join("\n").to_lowercase());
            let _ = stream
                .write_all(b"HTTP/1.1 401 X\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        }
    });
    (url, heads)
}

#[test]
fn a_work_server_gets_the_headers_that_the_file_has_for_it_and_no_other_does() {
    let (devnet, desk) = (p2pow(["devnet", "--json"]).start(), Desk::new());
    let report = devnet.json();
    let ((one, heads), (other, others)) = (refusing_server(), refusing_server());
    let file = format!(
        "fallback = [\"{one}\", \"{other}\"]\npatience = 4\njournal = \"beside.db\"\n\
         [[work_server]]\nurl = \"{one}\"\nheaders = {{ X-API-Key = \"s3cret\" }}\n"
    );
    let file = desk.file("p2pow.toml", file);
    let call = ["send", BOB, "1", "--network", "dev", "--config", &file];
    let node = report["rpc_url"].as_str().unwrap();
    let ended = p2pow(call)
        .env("P2POW_NODE", node)
        .env("P2POW_KEY", report["private_key"].as_str().unwrap())
        .run();
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(heads.recv().unwrap().contains("x-api-key: s3cret"));
    let told = [ended.stdout.as_str(), &ended.stderr].concat();
    assert!(!told.contains("s3cret"), "{told}");
    assert!(others.try_iter().all(|head| !head.contains("s3cret")));
    assert!(desk.path("beside.db").exists(), "paths of the file are relative to its folder");
}
