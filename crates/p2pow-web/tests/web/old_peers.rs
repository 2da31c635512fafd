//! Old web peers: a page of another origin talks to our workers directly, as the JavaScript client of version 2.0.0 does
//! (docs/protocol.md): CORS on every answer, errors included, an empty POST that is labelled as JSON, and the version
//! letter by letter.

use crate::{
    browser::{browser, until},
    town::{Town, xno},
};
use axum::{Router, response::Html, routing::get};
use nano_http::{HttpConfig, HttpServer};
use nano_primitives::Account;
use serde_json::{Value, json};

/// What such a client does: it asks all workers, takes those whose offer it understands, and posts the two blocks.
const CLIENT: &str = r#"
window.old = {
  async info(worker) {
    const answer = await fetch(`${worker}/request_info`, { method: "POST", headers: { "Content-Type": "application/json" } });
    const info = await answer.json();
    const isNumeric = (text) => typeof text === "string" && /^[0-9]+$/.test(text);
    const isGood = info.version === "2.0.0" && isNumeric(info.fee) && isNumeric(info.fee_receive)
      && typeof info.min_multiplier === "number" && typeof info.max_multiplier === "number";
    return { status: answer.status, info, isGood };
  },
  async work(worker, blocks) {
    const answer = await fetch(`${worker}/request_work`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(blocks) });
    return { status: answer.status, body: await answer.json() };
  },
  async nowhere(worker) {
    const answer = await fetch(`${worker}/nowhere`);
    return { status: answer.status, body: await answer.json() };
  },
};
"#;

/// A page of another origin than any worker's.
async fn elsewhere() -> HttpServer {
    let router =
        Router::new().route("/", get(async || Html("<!doctype html><title>A wallet</title>")));
    let config =
        HttpConfig { listen: vec!["127.0.0.1:0".parse().unwrap()], ..HttpConfig::default() };
    HttpServer::bind(config, router).await.unwrap()
}

/// A block as an old client writes it: six fields, and no more.
fn old(block: &impl serde::Serialize) -> Value {
    let block = serde_json::to_value(block).unwrap();
    let names = ["account", "representative", "previous", "balance", "link", "signature"];
    names
        .iter()
        .map(|name| ((*name).to_owned(), block[name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_hires_a_worker_as_the_old_client_does() {
    let Some(mut browser) = browser().await else { return };
    let town = Town::with_workers(&["0.0001"]).await;
    let wallet = elsewhere().await;
    browser.open(&format!("http://{}/", wallet.local_addrs()[0])).await;
    until(&mut browser, "document.title === 'A wallet'").await;
    browser.evaluate(CLIENT).await;
    let worker = format!("http://127.0.0.1:{}", town.port);
    let told = browser.evaluate(&format!("old.info('{worker}')")).await;
    assert_eq!((&told["status"], &told["isGood"]), (&json!(200), &json!(true)), "{told:#}");
    let account: Account = told["info"]["reward_account"].as_str().unwrap().parse().unwrap();

    // Errors can be read too.
    let nowhere = browser.evaluate(&format!("old.nowhere('{worker}')")).await;
    assert_eq!(
        (&nowhere["status"], &nowhere["body"]["error"]),
        (&json!(404), &json!("Invalid Route"))
    );
    let missing = browser.evaluate(&format!("old.work('{worker}', {{}})")).await;
    assert_eq!(
        (&missing["status"], &missing["body"]["error"]),
        (&json!(400), &json!("User transaction missing"))
    );

    let state = town.net.account(&town.alice.account()).unwrap().state();
    let user = state.send(town.bob.account(), xno("2")).unwrap();
    let reward = state.after(&user).send(account, xno("0.0001")).unwrap();
    let blocks = json!({
        "user_block": old(&user.sign(&town.alice)), "reward_block": old(&reward.sign(&town.alice)),
    });
    let answer = browser.evaluate(&format!("old.work('{worker}', {blocks})")).await;
    assert_eq!(answer["status"], 201, "{answer:#}");
    let done = &answer["body"]["successful"];
    assert_eq!(done["user_block"]["hash"], user.hash().to_string(), "{answer:#}");
    assert_eq!(done["reward_block"]["work"].as_str().unwrap().len(), 16, "{answer:#}");
    assert_eq!(town.waiting(town.bob.account()), xno("2"));
    assert_eq!(town.waiting(account), xno("0.0001"));
    let wrong: Vec<&Value> = browser
        .told("Log.entryAdded")
        .filter(|params| params["entry"]["text"].as_str().is_some_and(|text| text.contains("CORS")))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
