//! `p2pow web` as a program: the demo's market, and who is let in where there is a key.

use crate::program::{Desk, p2pow};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

/// What a page of this link asks; with a body it is a POST.
fn ask(link: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
    let (address, token) = link.strip_prefix("http://").unwrap().split_once("/#token=").unwrap();
    let method = if body.is_some() { "POST" } else { "GET" };
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
}

/// Asks again and again until it is so.
fn until(link: &str, path: &str, is: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let (_, value) = ask(link, path, None);
        if is(&value) {
            return value;
        }
        assert!(start.elapsed() < Duration::from_secs(120), "not in time: {value:#}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_demo_is_a_living_market_in_one_command_whose_liar_is_found_out() {
    let call =
        ["web", "--demo", "--network", "dev", "--no-open", "--json", "--listen", "127.0.0.1:0"];
    let running = p2pow(call).start();
    let link = running.json()["link"].as_str().unwrap().to_owned();
    let rows = |list: &Value| list["workers"].as_array().unwrap().clone();
    let is_online = |row: &Value| row["state"] == "online";
    let list =
        until(&link, "/api/workers", |list| rows(list).into_iter().filter(is_online).count() == 5);
    let fees: std::collections::BTreeSet<String> =
        rows(&list).iter().map(|row| row["fee_raw"].to_string()).collect();
    assert_eq!(fees.len(), 5, "{list:#}");

    let (_, own) = ask(&link, "/api/account", None);
    let all: Vec<Value> = rows(&list).iter().map(|row| row["address"].clone()).collect();
    let race = json!({
        "key": "a-race-of-all-five", "max_fee_raw": "1000000000000000000000000000", "is_test": true,
        "orders": [{ "send": { "destination": own["test_payee"], "amount": own["test_raw"] } }],
        "workers": all, "hire": 5,
    });
    assert_eq!(ask(&link, "/api/payments", Some(&race)).0, 202);
    let done = until(&link, "/api/payments/a-race-of-all-five", |view| view["state"] != "running");
    assert_eq!(done["state"], "done", "{done:#}");
    assert_ne!(done["winner"]["address"], "127.0.0.5");
    let is_liar = |row: &Value| row["address"] == "127.0.0.5" && row["standing"] == "distrusted";
    until(&link, "/api/workers", |list| rows(list).iter().any(is_liar));
    // The others pay too: rewards are more than the money that workers registered with, of senders other than the test's.
    let is_paid =
        |row: &Value| row["ledger"]["senders"].as_u64().is_some_and(|senders| senders > 1);
    until(&link, "/api/workers", |list| rows(list).iter().any(is_paid));
    assert_eq!(running.interrupt(), 0);
}

#[test]
fn a_key_is_for_this_machine_alone_and_a_public_list_has_none() {
    let desk = Desk::new();
    let key = desk.file("alice.key", format!("{}\n", "12".repeat(32)));
    let web = |more: &[&str]| {
        let node = ["web", "--node", "http://127.0.0.1:1", "--no-open", "--json"];
        p2pow(node.into_iter().chain(more.iter().copied()).map(str::to_owned).collect::<Vec<_>>())
    };
    let open = web(&["--listen", "0.0.0.0:0", "--key-file", &key]).run();
    assert!(open.bad(2).contains("--read-only"), "{open:?}");
    let keyed = web(&["--read-only", "--listen", "0.0.0.0:0", "--key-file", &key]).run();
    assert!(keyed.bad(2).contains("holds no key"), "{keyed:?}");
    assert!(web(&["--read-only", "--demo"]).run().bad(2).contains("--demo"));
    let odd = web(&["--explorer", "https://blocks.example.org/"]).run();
    assert!(odd.bad(2).contains("{}"), "{odd:?}");

    let data = desk.path("data").to_str().unwrap().to_owned();
    let own = ["--listen", "127.0.0.1:0", "--key-file", &key, "--data", &data];
    let running = web(&own).start();
    let link = running.json()["link"].as_str().unwrap().to_owned();
    let (_, about) = ask(&link, "/api/about", None);
    assert_eq!((&about["can_pay"], &about["network"]), (&json!(true), &json!("live")));
    // The node is not there, which the list says.
    let list = until(&link, "/api/workers", |list| list["error"].is_string());
    assert!(list["error"].as_str().unwrap().contains("registered workers"), "{list:#}");
    // The payments that pages ask for are one program's.
    let second = web(&own).run();
    assert!(second.bad(1).contains("somebody else works with"), "{second:?}");
    assert_eq!(running.interrupt(), 0);
}
