//! The HTTP around RPC, and how requests are read.

use crate::{
    common::{Http, quick},
    scene,
};
use serde_json::json;

#[tokio::test]
async fn a_browser_may_ask() {
    let net = quick().await;
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .build_http::<http_body_util::Full<axum::body::Bytes>>();
    for method in ["OPTIONS", "POST", "GET"] {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(net.rpc_url())
            .body(http_body_util::Full::from(r#"{"action":"uptime"}"#))
            .unwrap();
        let response = client.request(request).await.unwrap();
        assert_eq!(response.status(), 200, "{method}");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        assert_eq!(response.headers()["content-type"], "application/json");
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_words() {
    let scene = scene().await;
    let http = &scene.http;
    let not_json = json!({ "error": "Unable to parse JSON" }).to_string();
    let deep = "[".repeat(100_000);
    for body in ["", "hello", "[]", "null", "{}", "{\"action\"", "\u{0}", &deep] {
        assert_eq!(http.post(body).await.unwrap(), (200, not_json.clone()), "{body:.20}");
    }
    let unknown = json!({ "error": "Unknown command" }).to_string();
    for body in [r#"{"action":"wallet_create"}"#, r#"{"action":""}"#, r#"{"action":{}}"#] {
        assert_eq!(http.post(body).await.unwrap(), (200, unknown.clone()), "{body}");
    }
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused() {
    let net = quick().await;
    let body = vec![b' '; 32 * 1024 * 1024 + 1];
    let (status, text) = Http::new(&net).post(String::from_utf8(body).unwrap()).await.unwrap();
    assert_eq!((status, text.as_str()), (413, r#"{"error":"Request body is too large"}"#));
}

#[tokio::test]
async fn scalars_may_be_of_any_type() {
    let scene = scene().await;
    let plain =
        json!({ "action": "receivable", "account": scene.alice, "count": "1", "source": "true" });
    let typed =
        json!({ "action": "receivable", "account": scene.alice, "count": 1, "source": true });
    let answer = scene.ask(plain).await;
    assert_eq!(answer, scene.ask(typed).await);
    let entry = json!({ "amount": "7", "source": scene.net.genesis_account() });
    assert_eq!(answer["blocks"][scene.waiting.to_string()], entry);
}

#[tokio::test]
async fn bad_fields_are_named() {
    let scene = scene().await;
    let (http, alice, send) = (&scene.http, scene.alice, scene.send);
    for (request, words) in [
        (json!({ "action": "account_info", "account": "nano_xyz" }), "Bad account number"),
        (json!({ "action": "account_info" }), "Unable to parse JSON"),
        (json!({ "action": "account_get", "key": "00" }), "Bad public key"),
        (json!({ "action": "block_info", "hash": "xyz" }), "Invalid block hash"),
        (json!({ "action": "block_info", "hash": "" }), "Invalid block hash"),
        (json!({ "action": "block_info", "hash": "00" }), "Block not found"),
        (json!({ "action": "blocks_info", "hashes": ["xyz"] }), "Bad hash number"),
        (json!({ "action": "chain", "block": send, "count": "0" }), "Invalid count"),
        (json!({ "action": "chain", "block": send, "count": "x" }), "Invalid count"),
        (
            json!({ "action": "chain", "block": send, "count": "1", "offset": "x" }),
            "Invalid offset",
        ),
        (
            json!({ "action": "receivable", "account": alice, "threshold": "-1" }),
            "Bad threshold number",
        ),
        (json!({ "action": "nano_to_raw", "amount": "1.5" }), "Invalid amount number"),
        (json!({ "action": "nano_to_raw", "amount": u128::MAX.to_string() }), "Amount too big"),
        (json!({ "action": "key_expand", "key": "00" }), "Bad private key"),
        (json!({ "action": "deterministic_key", "seed": "0", "index": "0" }), "Bad seed"),
        (
            json!({ "action": "deterministic_key", "seed": "00".repeat(32), "index": "-1" }),
            "Invalid index",
        ),
    ] {
        assert_eq!(http.refusal(request.clone()).await, words, "{request}");
    }
}
