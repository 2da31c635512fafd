//! Webhooks: signed, sent again until somebody knows, and recorded.

use crate::town::{Town, block};
use hmac::{Hmac, KeyInit, Mac};
use nano_block::SecretKey;
use p2pow_wallet::{Config, Token, Webhook};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

const SECRET: &str = "0123456789abcdef";

/// A shop that listens. It answers with these statuses in turn, and with the last one from there on.
struct Shop {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<(String, String)>>>,
}

impl Shop {
    async fn open(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = log.lock().unwrap().len().min(statuses.len() - 1);
                let request = answer(stream, statuses[number]).await;
                log.lock().unwrap().push(request);
            }
        });
        Self { address, heard }
    }

    fn config(&self) -> Config {
        let webhook = Webhook {
            url: format!("http://{}/hook?token=hidden", self.address),
            secret: Token::new(SECRET).unwrap(),
        };
        Config { webhooks: vec![webhook], ..Town::config() }
    }

    /// Heads and bodies, once there are so many.
    async fn heard(&self, count: usize) -> Vec<(String, String)> {
        let wait = async {
            while self.heard.lock().unwrap().len() < count {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(60), wait).await.unwrap();
        self.heard.lock().unwrap().clone()
    }
}

/// Reads one request and answers it.
async fn answer(mut stream: TcpStream, status: u16) -> (String, String) {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.unwrap();
        bytes.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = header(head, "content-length").parse().unwrap();
        if body.len() >= length {
            let answer =
                format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            return (head.to_owned(), body.to_owned());
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    found.next().unwrap_or_else(|| panic!("no {name} in {head}")).1
}

/// What a shop does with the signature.
fn is_signed(head: &str, body: &str) -> bool {
    let signature = header(head, "p2pow-signature");
    let (time, digest) = signature.split_once(',').unwrap();
    let (time, digest) = (time.strip_prefix("t=").unwrap(), digest.strip_prefix("v1=").unwrap());
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{time}.{body}").as_bytes());
    mac.verify_slice(&hex::decode(digest).unwrap()).is_ok()
}

fn send(wallet: &str, source: impl serde::Serialize, raw: &str) -> Value {
    let to = SecretKey::generate().unwrap().account();
    json!({
        "action": "send", "wallet": wallet, "source": source, "destination": to, "amount": raw, "id": raw,
    })
}

#[tokio::test]
async fn a_delivery_is_signed_and_sent_again_until_it_is_known() {
    let shop = Shop::open(&[500, 302, 204]).await;
    let town = Town::with_worker().await;
    let served = town.serve_as(shop.config()).await;
    let (wallet, alice) = served.rich(&town, "10").await;
    let hash = block(&served.call(send(&wallet, alice, "7")).await);
    let heard = shop.heard(3).await;
    for (head, body) in &heard {
        assert!(head.starts_with("POST /hook?token=hidden HTTP/1.1\r\n"), "{head}");
        assert!(is_signed(head, body), "{head}\n{body}");
        assert_eq!(header(head, "p2pow-delivery"), header(&heard[0].0, "p2pow-delivery"));
        assert!(!is_signed(head, &body.replace('7', "8")));
    }
    let event: Value = serde_json::from_str(&heard[0].1).unwrap();
    assert_eq!(
        (&event["type"], &event["payout"]["block"]),
        (&json!("send.confirmed"), &json!(hash))
    );

    let recorded = async {
        loop {
            let page = crate::http::ask(served.address, "GET /deliveries", &[], "").await;
            let delivery = page.json()["deliveries"][0].clone();
            if delivery["status"] == "delivered" {
                return (page, delivery);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (page, delivery) = timeout(Duration::from_secs(20), recorded).await.unwrap();
    assert_eq!(delivery["attempts"], 3);
    assert_eq!(delivery["last_error"], "answered 302 Found");
    assert!(!page.body.contains("hidden"), "the URL may hold a secret");
    let api = crate::http::ask(served.address, "GET /openapi.json", &[], "").await.json();
    crate::schema::Api::of(&api).check("get", "/deliveries", &page).unwrap();
}

#[tokio::test]
async fn what_was_not_delivered_before_a_restart_is_delivered_after_it() {
    let town = Town::with_worker().await;
    let deaf = Shop::open(&[503]).await;
    let served = town.serve_as(deaf.config()).await;
    let (wallet, alice) = served.rich(&town, "10").await;
    block(&served.call(send(&wallet, alice, "7")).await);
    let first = deaf.heard(1).await;
    served.server.shutdown().await;

    // The same shop hears again.
    deaf.heard.lock().unwrap().clear();
    let served = town.serve_as(deaf.config()).await;
    let again = deaf.heard(1).await;
    assert_eq!(again[0].1, first[0].1, "to the letter");
    served.server.shutdown().await;
}

#[tokio::test]
async fn a_payment_that_fails_is_told_too() {
    let shop = Shop::open(&[200]).await;
    let town = Town::with_worker().await;
    let served = town.serve_as(shop.config()).await;
    let (wallet, alice) = served.rich(&town, "1").await;
    served.call(send(&wallet, alice, &crate::town::xno("5").to_string())).await;
    let heard = shop.heard(1).await;
    let event: Value = serde_json::from_str(&heard[0].1).unwrap();
    assert_eq!(event["type"], "send.failed");
    assert_eq!(event["payout"]["error"], "Insufficient balance");
}
