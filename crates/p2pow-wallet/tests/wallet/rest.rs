//! Payouts, events, metrics, and that `openapi.json` tells the truth.

use crate::{
    http::{Reply, ask},
    schema::{Api, check},
    town::{Served, Town, xno},
};
use nano_block::SecretKey;
use nano_primitives::Account;
use p2pow_wallet::{Config, Token};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

impl Served {
    async fn get(&self, path: &str) -> Reply {
        ask(self.address, &format!("GET {path}"), &[], "").await
    }

    async fn pay(&self, body: &Value) -> Reply {
        ask(self.address, "POST /payouts", &[], &body.to_string()).await
    }

    /// Asks until the payout is over.
    async fn over(&self, id: &str) -> Value {
        let look = async {
            loop {
                let shown = self.get(&format!("/payouts/{id}")).await.json();
                if shown["state"] != "queued" {
                    return shown;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(60), look).await.unwrap()
    }
}

fn payout(account: Account, to: &SecretKey, raw: &str, key: &str) -> Value {
    json!({ "account": account, "destination": to.account(), "amount": raw, "key": key })
}

#[tokio::test]
async fn a_payout_is_made_once_and_tells_its_block() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let (_, alice) = served.rich(&town, "10").await;
    let bob = SecretKey::generate().unwrap();
    let wanted = payout(alice, &bob, "7", "order 1");
    let accepted = served.pay(&wanted).await;
    assert_eq!(accepted.status, 202, "{}", accepted.body);
    let id = accepted.json()["id"].as_str().unwrap().to_owned();
    let over = served.over(&id).await;
    assert_eq!((&over["state"], &over["key"]), (&json!("confirmed"), &json!("order 1")));
    let block = over["block"].as_str().unwrap().parse().unwrap();
    assert_eq!(town.net.receivable(&bob.account())[0].0, block);

    let again = served.pay(&wanted).await;
    assert_eq!((again.status, again.json()), (200, over.clone()));
    // By the header, without the field; and by the wallet RPC too: one name is one payment.
    let mut bare = wanted.clone();
    bare.as_object_mut().unwrap().remove("key");
    let header = [("idempotency-key", "order 1")];
    let by_header = ask(served.address, "POST /payouts", &header, &bare.to_string()).await;
    assert_eq!(by_header.json(), over);
    let by_key = served.get("/payouts?key=order%201").await.json();
    assert_eq!(by_key["payouts"], json!([over]));
    assert_eq!(town.net.receivable(&bob.account()).len(), 1);
}

#[tokio::test]
async fn payouts_that_make_no_sense_are_refused_with_a_status() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let (wallet, alice) = served.rich(&town, "10").await;
    let bob = SecretKey::generate().unwrap();
    let good = payout(alice, &bob, "7", "k");
    assert_eq!(served.pay(&good).await.status, 202);
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for (body, status) in [
        (json!([]), 400),
        (json!({}), 400),
        (with("key", json!("")), 400),
        (with("key", json!("x".repeat(201))), 400),
        (with("amount", json!("0")), 400),
        (with("amount", json!(7)), 400),
        (with("amount", json!("1.5")), 400),
        (with("destination", json!("x")), 400),
        (with("more", json!("x")), 400),
        (with("amount", json!("8")), 409),
        (with("account", json!(bob.account())), 404),
        (with("wallet", json!("00".repeat(32))), 404),
    ] {
        let reply = served.pay(&body).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.body);
        assert!(reply.json()["error"].is_string(), "{}", reply.body);
    }
    let two = [("idempotency-key", "other")];
    assert_eq!(ask(served.address, "POST /payouts", &two, &good.to_string()).await.status, 400);
    served.call(json!({ "action": "wallet_lock", "wallet": wallet })).await;
    assert_eq!(served.pay(&with("key", json!("k2"))).await.status, 423);
    assert_eq!(served.get("/payouts/nonsense").await.status, 404);
    assert_eq!(served.get("/payouts?after=nonsense").await.status, 400);
    assert_eq!(ask(served.address, "DELETE /payouts", &[], "").await.status, 405);
}

#[tokio::test]
async fn many_payouts_become_chains_and_are_listed_in_their_order() {
    const COUNT: usize = 30;
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let (_, alice) = served.rich(&town, "10").await;
    let bob = SecretKey::generate().unwrap();
    let mut wanted: Vec<Value> =
        (0..COUNT).map(|n| payout(alice, &bob, "7", &format!("n{n}"))).collect();
    wanted.push(payout(bob.account(), &bob, "7", "not mine"));
    let reply = served.pay(&json!({ "payouts": wanted })).await;
    assert_eq!(reply.status, 202);
    let accepted = reply.json();
    let accepted = accepted["payouts"].as_array().unwrap();
    assert_eq!(accepted[COUNT]["status"], 404, "told for itself");
    for shown in &accepted[..COUNT] {
        let over = served.over(shown["id"].as_str().unwrap()).await;
        assert_eq!(over["state"], "confirmed", "{over}");
    }
    assert_eq!(town.net.receivable_total(&bob.account()).to_raw(), 7 * COUNT as u128);

    let first = served.get("/payouts?limit=20").await.json();
    let next = first["next"].as_str().unwrap();
    let rest = served.get(&format!("/payouts?limit=20&after={next}")).await.json();
    assert_eq!(rest["next"], Value::Null);
    let listed = [&first, &rest].map(|page| page["payouts"].as_array().unwrap().clone()).concat();
    let mut ids: Vec<&str> = listed.iter().map(|shown| shown["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted());
    ids.dedup();
    assert_eq!(ids.len(), COUNT);
}

#[tokio::test]
async fn ends_are_told_as_they_happen() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let (_, alice) = served.rich(&town, "10").await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let request = format!("GET /payouts/events HTTP/1.1\r\nhost: {}\r\n\r\n", served.address);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    // Its head is there: from here on nothing is missed.
    while !lines.next_line().await.unwrap().unwrap().is_empty() {}
    let bob = SecretKey::generate().unwrap();
    let accepted = served.pay(&payout(alice, &bob, "7", "k")).await.json();
    let told = async {
        loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if let Some(data) = line.strip_prefix("data: ") {
                return serde_json::from_str::<Value>(data).unwrap();
            }
        }
    };
    let event = timeout(Duration::from_secs(60), told).await.unwrap();
    assert_eq!((&event["id"], &event["state"]), (&accepted["id"], &json!("confirmed")));
    // A reader does not keep the server from ending.
    timeout(Duration::from_secs(10), served.server.shutdown()).await.unwrap();
}

#[tokio::test]
async fn metrics_count_what_happened() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let (_, alice) = served.rich(&town, "10").await;
    let bob = SecretKey::generate().unwrap();
    let accepted = served.pay(&payout(alice, &bob, "7", "k")).await.json();
    served.over(accepted["id"].as_str().unwrap()).await;
    served.call(json!({ "action": "block_count" })).await;
    let look = async {
        loop {
            let text = served.get("/metrics").await.body;
            if text.contains("p2pow_wallet_payments_total{outcome=\"confirmed\"} 1") {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let text = timeout(Duration::from_secs(20), look).await.unwrap();
    for line in [
        "p2pow_wallet_wallets 1",
        "p2pow_wallet_open_payments 0",
        "p2pow_wallet_calls_total{action=\"wallet_create\"} 1",
        "p2pow_wallet_calls_total{action=\"other\"}",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

/// Every route of the description answers as it says, and every answer that was seen has the described form.
#[tokio::test]
async fn the_description_is_true() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let (wallet, alice) = served.rich(&town, "10").await;
    let bob = SecretKey::generate().unwrap();
    let api = Api::of(&served.get("/openapi.json").await.json());
    let good = payout(alice, &bob, "7", "k");
    let id = served.pay(&good).await.json()["id"].as_str().unwrap().to_owned();

    let mut seen = vec![
        ("post", "/payouts", served.pay(&payout(alice, &bob, "7", "k2")).await),
        (
            "post",
            "/payouts",
            served.pay(&json!({ "payouts": [good, payout(bob.account(), &bob, "7", "x")] })).await,
        ),
        ("get", "/payouts/{id}", served.get(&format!("/payouts/{id}")).await),
    ];
    served.over(&id).await;
    let poor = payout(alice, &bob, &xno("100").to_string(), "too much");
    let failed = served.pay(&poor).await.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(served.over(&failed).await["state"], "failed");
    let mut other = good.clone();
    other["amount"] = json!("8");
    seen.extend([
        ("post", "/payouts", served.pay(&good).await),
        ("post", "/payouts", served.pay(&other).await),
        ("post", "/payouts", served.pay(&json!({})).await),
        ("post", "/payouts", served.pay(&payout(bob.account(), &bob, "7", "y")).await),
        ("get", "/payouts", served.get("/payouts?limit=1").await),
        ("get", "/payouts", served.get("/payouts").await),
        ("get", "/payouts", served.get("/payouts?after=x").await),
        ("get", "/payouts/{id}", served.get(&format!("/payouts/{failed}")).await),
        ("get", "/payouts/{id}", served.get("/payouts/x").await),
        ("get", "/deliveries", served.get("/deliveries").await),
        ("get", "/deliveries", served.get("/deliveries?after=%2F").await),
        ("get", "/metrics", served.get("/metrics").await),
        ("get", "/openapi.json", served.get("/openapi.json").await),
    ]);
    served.call(json!({ "action": "wallet_lock", "wallet": wallet })).await;
    seen.push(("post", "/payouts", served.pay(&payout(alice, &bob, "7", "z")).await));
    for (method, path, reply) in &seen {
        let found = api.check(method, path, reply);
        assert!(
            found.is_ok(),
            "{method} {path} {}: {}\n{}",
            reply.status,
            found.unwrap_err(),
            reply.body
        );
    }
    let statuses: Vec<u16> = seen.iter().map(|(_, _, reply)| reply.status).collect();
    for status in [200, 202, 400, 404, 409, 423] {
        assert!(statuses.contains(&status), "{status} was not seen in {statuses:?}");
    }
    // Every route that is described is there, and seen here or elsewhere.
    for (method, path) in api.routes() {
        let seen = seen.iter().any(|(m, p, _)| *m == method && *p == path);
        assert!(seen || path == "/payouts/events", "{method} {path} was never asked");
    }
}

#[tokio::test]
async fn a_token_guards_every_route() {
    let config = Config { token: Some(Token::new("0123456789abcdef").unwrap()), ..Town::config() };
    let served = Town::found().await.serve_as(config).await;
    let bearer = [("authorization", "Bearer 0123456789abcdef")];
    let description = ask(served.address, "GET /openapi.json", &bearer, "").await;
    for (method, path) in Api::of(&description.json()).routes() {
        let line = format!("{} {path}", method.to_uppercase());
        assert_eq!(ask(served.address, &line, &[], "").await.status, 401, "{line}");
    }
}

#[test]
fn the_checker_of_forms_finds_what_is_wrong() {
    let schemas = json!({ "P": {
        "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": { "a": { "type": "string", "enum": ["x"] }, "n": { "type": ["integer", "null"] } },
    }});
    let form = json!({ "$ref": "#/components/schemas/P" });
    assert!(check(&schemas, &form, &json!({ "a": "x", "n": null })).is_ok());
    for wrong in
        [json!({}), json!({ "a": 1 }), json!({ "a": "y" }), json!({ "a": "x", "b": 1 }), json!([])]
    {
        assert!(check(&schemas, &form, &wrong).is_err(), "{wrong}");
    }
}
