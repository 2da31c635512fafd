//! Payments over the API: once, whatever is asked twice or cut off.

use crate::{
    http::Events,
    town::{Page, Town, send, xno},
};
use p2pow_client::Journal;
use p2pow_store::SqliteStore;
use serde_json::{Value, json};

/// Waits for the end of a payment.
async fn end(page: &Page, events: &mut Events, key: &str) -> Value {
    loop {
        let view = page.get(&format!("/api/payments/{key}")).await;
        if view["state"] != "running" {
            return view;
        }
        events.until(|event, data| event == "payment" && data["asked"]["key"] == key).await;
    }
}

#[tokio::test]
async fn a_payment_is_told_step_by_step_and_is_made_once_however_often_it_is_asked_for() {
    let town = Town::with_workers(&["0.0001", "0.0002"]).await;
    let page = town.page().await;
    page.see(2).await;
    let mut events = Events::listen(page.at(), page.token.expose()).await;
    let asked = send("a-first-payment", town.bob.account(), xno("1.5"));
    let begun = page.ask("/api/payments", Some(&asked)).await;
    assert_eq!(begun.status, 202, "{begun:?}");
    assert_eq!(page.ask("/api/payments", Some(&asked)).await.status, 202, "a second click");
    let done = end(&page, &mut events, "a-first-payment").await;
    assert_eq!(done["state"], "done", "{done:#}");
    assert_eq!(done["winner"]["address"], "127.0.0.1");
    assert_eq!(done["blocks"][0]["fate"], "confirmed");
    let kinds: Vec<&str> = done["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["kind"].as_str().unwrap())
        .collect();
    let place = |kind: &str| {
        kinds.iter().position(|known| *known == kind).unwrap_or_else(|| panic!("{kind}: {kinds:?}"))
    };
    assert!(place("state_verified") < place("signed") && place("signed") < place("hired"));
    assert!(place("hired") < place("reward_confirmed"));
    assert_eq!(page.ask("/api/payments", Some(&asked)).await.json()["state"], "done");
    assert_eq!(town.waiting(town.bob.account()), xno("1.5"));
    let other = send("a-first-payment", town.bob.account(), xno("2"));
    assert_eq!(page.ask("/api/payments", Some(&other)).await.status, 409);
    let said = page.get("/api/payments/a-first-payment/messages").await;
    assert!(said["messages"][0]["text"].as_str().unwrap().contains("reward_block"));
    assert_eq!(said["messages"][1]["status"], 201);
    let deals = page.get("/api/deals").await;
    assert_eq!(deals["deals"][0]["is_over"], true, "{deals:#}");
    let with = page.get("/api/workers/127.0.0.1").await;
    assert_eq!(with["deals"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_dishonest_worker_is_found_out_and_the_payment_is_made_by_another() {
    let mut town = Town::with_workers(&["0.0001"]).await;
    town.liar(json!({ "implementation": "best/1" })).await;
    let page = town.page().await;
    page.see(2).await;
    let mut events = Events::listen(page.at(), page.token.expose()).await;
    let asked = send("with-a-liar-in-it", town.bob.account(), xno("1"));
    page.ask("/api/payments", Some(&asked)).await;
    let done = end(&page, &mut events, "with-a-liar-in-it").await;
    assert_eq!(done["state"], "done", "{done:#}");
    let lanes = done["hired"].as_array().unwrap();
    assert_eq!(
        (&lanes[0]["address"], &lanes[0]["outcome"]),
        (&json!("127.0.0.2"), &json!("failed"))
    );
    assert!(lanes[0]["error"].as_str().unwrap().contains("wanted at least"), "{}", lanes[0]);
    assert_eq!((&lanes[1]["address"], &lanes[1]["is_paid"]), (&json!("127.0.0.1"), &json!(true)));
    events
        .until(|event, data| {
            event == "workers"
                && data["workers"].as_array().is_some_and(|rows| {
                    rows.iter()
                        .any(|row| row["address"] == "127.0.0.2" && row["standing"] == "distrusted")
                })
        })
        .await;
}

#[tokio::test]
async fn a_test_hires_those_that_are_tested_and_nobody_else() {
    let mut town = Town::with_workers(&["0.0001", "0.0002", "0.0003"]).await;
    let liar = town.liar(json!({})).await;
    let page = town.page().await;
    page.see(4).await;
    let mut events = Events::listen(page.at(), page.token.expose()).await;
    let mut race = send("a-race-of-two", town.bob.account(), xno("0.01"));
    race["workers"] = json!(["127.0.0.2", "127.0.0.3"]);
    race["hire"] = json!(2);
    page.ask("/api/payments", Some(&race)).await;
    let done = end(&page, &mut events, "a-race-of-two").await;
    assert_eq!(done["state"], "done", "{done:#}");
    let hired: Vec<&Value> =
        done["hired"].as_array().unwrap().iter().map(|lane| &lane["address"]).collect();
    assert_eq!(hired.len(), 2);
    assert!(hired.iter().all(|one| **one == "127.0.0.2" || **one == "127.0.0.3"), "{hired:?}");
    // The liar alone: nobody else is hired, and what is signed stays open.
    let mut test = send("test-of-the-liar", town.bob.account(), xno("0.01"));
    test["workers"] = json!([liar]);
    page.ask("/api/payments", Some(&test)).await;
    let left = end(&page, &mut events, "test-of-the-liar").await;
    assert_eq!(left["state"], "open", "{left:#}");
    assert_eq!(left["hired"].as_array().unwrap().len(), 1);
    let open = page.get("/api/deals").await;
    let open: Vec<&Value> =
        open["deals"].as_array().unwrap().iter().filter(|deal| deal["is_over"] == false).collect();
    assert_eq!(open.len(), 1, "{open:?}");
    assert!(open[0]["summary"].as_str().unwrap().contains("may still be published"), "{}", open[0]);
}

#[tokio::test]
async fn what_was_cut_off_is_shown_after_a_restart_and_gone_on_with_once() {
    let town = Town::with_workers(&["0.0001"]).await;
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("web.db")).unwrap().shared();
    let journal = Journal::open(folder.path().join("journal.db")).unwrap();
    town.net.faults().leave_unconfirmed(true);
    let page = town.page_over(store.clone(), journal.clone()).await;
    page.see(1).await;
    let mut events = Events::listen(page.at(), page.token.expose()).await;
    page.ask("/api/payments", Some(&send("cut-off-midway", town.bob.account(), xno("1")))).await;
    let is_hired = |event: &str, data: &Value| {
        event == "payment" && data["hired"].as_array().is_some_and(|lanes| !lanes.is_empty())
    };
    events.until(is_hired).await;
    drop(events);
    page.server.shutdown().await;
    town.net.faults().clear();
    town.net.faults().leave_unconfirmed(false);

    let page = town.page_over(store, journal).await;
    page.see(1).await;
    let known = page.get("/api/payments").await;
    assert_eq!(known["payments"][0]["state"], "interrupted", "{known:#}");
    let mut events = Events::listen(page.at(), page.token.expose()).await;
    for block in town.net.receivable(&town.bob.account()) {
        town.net.faults().confirm(&block.0).unwrap();
    }
    let again = page.ask("/api/payments/cut-off-midway/resume", Some(&json!({}))).await;
    assert_eq!(again.status, 202, "{again:?}");
    let done = end(&page, &mut events, "cut-off-midway").await;
    assert_eq!(done["state"], "done", "{done:#}");
    assert_eq!(town.waiting(town.bob.account()), xno("1"));
}

#[tokio::test]
async fn what_is_wrong_with_a_payment_is_said_and_nothing_is_begun() {
    let town = Town::with_workers(&["0.0001"]).await;
    let page = town.page().await;
    let bob = town.bob.account();
    let good = send("a-good-payment", bob, xno("1"));
    let with = |name: &str, value: Value| {
        let mut asked = good.clone();
        asked[name] = value;
        asked
    };
    let wrong = [
        (with("key", json!("short")), "key: wanted 8 to 64"),
        (with("key", json!("../../etc/passwd")), "key: wanted"),
        (with("orders", json!([])), "orders: wanted 1 to 1000, found 0"),
        (
            with("orders", json!([{ "send": { "destination": bob, "amount": "0" } }])),
            "sends nothing",
        ),
        (
            with("orders", json!([{ "send": { "destination": "nano_1", "amount": "1" } }])),
            "the body:",
        ),
        (with("max_fee", json!("1")), "unknown field `max_fee`"),
        (with("hire", json!(0)), "workers: wanted 1 to 32"),
    ];
    for (asked, says) in wrong {
        for path in ["/api/payments", "/api/quote"] {
            let reply = page.ask(path, Some(&asked)).await;
            assert_eq!(reply.status, 400, "{says}: {reply:?}");
            assert!(reply.body.contains(says), "wanted {says}, found {}", reply.body);
        }
    }
    assert_eq!(page.get("/api/payments").await["payments"], json!([]));
    assert_eq!(page.ask("/api/payments/of-no-payment", None).await.status, 404);
    let quote = page.ask("/api/quote", Some(&good)).await.json();
    assert_eq!(quote["total_raw"], "100000000000000000000000000");
    let dear = page.ask("/api/quote", Some(&with("max_fee_raw", json!("1")))).await;
    assert_eq!(dear.status, 422);
    assert!(dear.body.contains("above the maximum"), "{}", dear.body);
}

#[tokio::test]
async fn receivables_are_received_and_the_account_shows_it() {
    let town = Town::with_workers(&["0.0001"]).await;
    town.net.fund(&town.alice.account(), xno("3")).unwrap();
    let page = town.page().await;
    page.see(1).await;
    let own = page.get("/api/account").await;
    assert_eq!(own["receivable_raw"], xno("3").to_string(), "{own:#}");
    let waiting = &own["receivables"][0];
    let mut events = Events::listen(page.at(), page.token.expose()).await;
    let asked = json!({
        "key": "receive-three", "max_fee_raw": xno("0.001"),
        "orders": [{ "receive": { "source": waiting["hash"], "amount": waiting["amount_raw"] } }],
    });
    page.ask("/api/payments", Some(&asked)).await;
    let done = end(&page, &mut events, "receive-three").await;
    assert_eq!(done["state"], "done", "{done:#}");
    let own = page.get("/api/account").await;
    assert_eq!(own["receivables"], json!([]));
    let balance: u128 = own["balance_raw"].as_str().unwrap().parse().unwrap();
    assert!(balance > xno("102.99").to_raw() && balance < xno("103").to_raw(), "{balance}");
    assert!(own["qr"].as_array().unwrap().len() > 20);
}
