//! The list of workers, and what is told of its changes.

use crate::{http::Events, town::Town};
use nano_block::SecretKey;
use serde_json::json;

#[tokio::test]
async fn workers_are_listed_with_what_they_offer_and_what_the_ledger_shows() {
    let mut town = Town::with_workers(&["0.0001", "0.0002"]).await;
    town.liar(
        json!({ "implementation": "<script>alert(1)</script>", "features": ["x".repeat(9999)] }),
    )
    .await;
    let page = town.page().await;
    let workers = page.see(3).await;
    assert_eq!(workers.len(), 3);
    assert_eq!(workers[0]["fee_raw"], "100000000000000000000000000");
    assert_eq!(workers[0]["bound"], true);
    assert_eq!(workers[0]["standing"], "new");
    assert_eq!(workers[0]["ledger"]["rewards"], 1, "{}", workers[0]);
    assert!(workers[0]["implementation"].as_str().unwrap().starts_with("p2pow-server/"));
    assert!(workers[2]["features"][0].as_str().unwrap().chars().count() <= 41);
    let one = page.get("/api/workers/127.0.0.2").await;
    assert_eq!(one["worker"]["address"], "127.0.0.2");
    assert_eq!(one["rewards"][0]["kind"], "receive", "{one}");
    assert_eq!(page.ask("/api/workers/127.0.0.77", None).await.status, 404);
    assert_eq!(page.ask("/api/workers/nonsense", None).await.status, 400);
}

#[tokio::test]
async fn who_registers_later_and_who_falls_silent_is_told_as_it_happens() {
    let town = Town::with_workers(&["0.0001"]).await;
    let page = town.page().await;
    page.see(1).await;
    let mut events = Events::listen(page.at(), page.token.expose()).await;
    // Nobody listens there.
    town.register(&SecretKey::generate().unwrap(), "127.0.0.9".parse().unwrap());
    let told = events
        .until(|event, data| {
            let rows = data["workers"].as_array();
            event == "workers"
                && rows.is_some_and(|rows| rows.iter().any(|row| row["state"] == "offline"))
        })
        .await;
    assert_eq!(told["registered"], 2);
    let offline = told["workers"].as_array().unwrap().iter().find(|row| row["state"] == "offline");
    let offline = offline.unwrap();
    assert_eq!(offline["address"], "127.0.0.9");
    assert!(offline["error"].as_str().unwrap().contains("cannot connect"), "{offline}");
    assert!(offline["seen_ms"].is_null());
}

#[tokio::test]
async fn a_registry_that_cannot_be_read_is_told_and_what_was_known_stays() {
    let town = Town::with_workers(&["0.0001"]).await;
    let page = town.page().await;
    page.see(1).await;
    let mut events = Events::listen(page.at(), page.token.expose()).await;
    town.net.faults().error_rate(1.0, "out of order");
    let told = events.until(|event, data| event == "workers" && data["error"].is_string()).await;
    assert!(told["error"].as_str().unwrap().contains("registered workers"), "{told}");
    assert_eq!(page.get("/api/workers").await["workers"].as_array().unwrap().len(), 1);
    town.net.faults().clear();
    events.until(|event, data| event == "workers" && data["error"].is_null()).await;
}
