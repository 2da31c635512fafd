//! Who may ask, and what goes to the node behind.

use crate::{
    http::ask,
    town::{PASSWORD, Town},
};
use p2pow_wallet::{BindError, Config, Parts, Password, Token, WalletServer};
use serde_json::json;

const CALL: &str = r#"{"action":"wallet_create"}"#;

#[tokio::test]
async fn what_is_no_wallets_business_goes_to_the_node_and_comes_back_as_it_was() {
    let town = Town::found().await;
    let served = town.serve().await;
    let genesis = town.net.genesis_account();
    for call in [
        json!({ "action": "account_balance", "account": genesis }),
        json!({ "action": "block_count" }),
        json!({ "action": "no_such_action" }),
        json!({ "action": "account_info", "account": "nonsense" }),
    ] {
        let direct = ask(town.net.rpc_addr(), "POST /", &[], &call.to_string()).await;
        let behind = served.post(&call).await;
        assert_eq!((behind.status, &behind.body), (200, &direct.body), "{call}");
    }
}

#[tokio::test]
async fn what_would_end_or_rob_the_node_stays_here() {
    let town = Town::found().await;
    let served = town.serve().await;
    for action in ["stop", "node_id", "wallet_seed", "wallet_export", "work_get"] {
        let answer = served.call(json!({ "action": action, "wallet": "00".repeat(32) })).await;
        let words = answer["error"].as_str().unwrap_or_else(|| panic!("{action}: {answer}"));
        assert!(words.contains(action), "{words}");
    }
    assert!(served.call(json!({ "action": "block_count" })).await["count"].is_string());
}

#[tokio::test]
async fn a_page_and_a_foreign_name_are_turned_away() {
    let served = Town::found().await.serve().await;
    let at = served.address;
    assert_eq!(ask(at, "POST /", &[("host", "evil.example")], CALL).await.status, 403);
    assert_eq!(ask(at, "POST /", &[("origin", "http://evil.example")], CALL).await.status, 403);
    assert_eq!(ask(at, "POST /", &[("content-type", "text/plain")], CALL).await.status, 200);
    let preflight = ask(at, "OPTIONS /", &[("origin", "http://evil.example")], "").await;
    assert_eq!(preflight.status, 403);
    assert!(!preflight.head.contains("access-control"), "{}", preflight.head);
    assert_eq!(ask(at, "POST /elsewhere", &[], CALL).await.status, 404);
    let got = ask(at, "GET /", &[], "").await;
    assert_eq!(got.json(), json!({ "error": "Can only POST requests" }));
}

#[tokio::test]
async fn with_a_token_nobody_comes_in_without_it() {
    let config = Config { token: Some(Token::new("0123456789abcdef").unwrap()), ..Town::config() };
    let served = Town::found().await.serve_as(config).await;
    let denied = ask(served.address, "POST /", &[], CALL).await;
    assert_eq!(denied.status, 401);
    assert!(denied.head.contains("www-authenticate: bearer"), "{}", denied.head);
    let header = [("authorization", "Bearer 0123456789abcdef")];
    assert_eq!(ask(served.address, "POST /", &header, CALL).await.status, 200);
}

#[tokio::test]
async fn without_a_token_only_loopback_is_listened_on() {
    let town = Town::found().await;
    let config = Config { listen: vec![([0, 0, 0, 0], 0).into()], ..Town::config() };
    let error = WalletServer::bind(config, town.parts()).await.unwrap_err();
    assert!(matches!(error, BindError::NoToken { .. }), "{error}");
}

#[tokio::test]
async fn another_password_does_not_open_the_store_and_no_secret_stands_in_it() {
    let town = Town::found().await;
    let served = town.serve().await;
    let seed = "5A".repeat(32);
    let wallet = served.call(json!({ "action": "wallet_create", "seed": seed })).await;
    let key = "A5".repeat(32);
    let add = json!({ "action": "wallet_add", "wallet": wallet["wallet"], "key": key });
    served.call(add).await;
    served.server.shutdown().await;

    for bucket in ["vault", "wallet", "account"] {
        let page = p2pow_store::Page { prefix: "", after: None, limit: 100 };
        let records = town.store.list(bucket, page).await.unwrap();
        assert!(!records.is_empty(), "{bucket}");
        for record in records {
            let text = format!("{}{}", record.key, record.value).to_ascii_uppercase();
            assert!(!text.contains(&seed) && !text.contains(&key), "{text}");
            assert!(!text.contains(&PASSWORD.to_ascii_uppercase()), "{text}");
        }
    }
    let parts = Parts { password: Password::new("another").unwrap(), ..town.parts() };
    let error = WalletServer::bind(Town::config(), parts).await.unwrap_err();
    assert!(error.is_wrong_password(), "{error}");
    let served = town.serve().await;
    let list = json!({ "action": "account_list", "wallet": wallet["wallet"] });
    assert_eq!(served.call(list).await["accounts"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_store_has_one_server_in_this_process_as_in_others() {
    let town = Town::found().await;
    let served = town.serve().await;
    let second = WalletServer::bind(Town::config(), town.parts()).await.unwrap_err();
    assert!(second.is_in_use(), "{second}");
    served.server.shutdown().await;
    let served = town.serve().await;
    // Dropped, it ends by itself.
    drop(served);
    town.serve().await;
}
