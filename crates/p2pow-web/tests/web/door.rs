//! Who is let in, and what every answer tells the browser.

use crate::{
    http::{Ask, ask},
    town::{Town, local, xno},
};
use nano_http::Rate;
use p2pow_client::Signer;
use p2pow_web::{Access, BindError, Config, Token, WebServer};
use std::sync::Arc;

const MONEY: [&str; 5] =
    ["/api/events", "/api/account", "/api/deals", "/api/payments", "/api/payments/abcdefgh"];

#[tokio::test]
async fn without_the_token_and_by_another_name_nobody_gets_anything() {
    let town = Town::with_workers(&["0.0001"]).await;
    let page = town.page().await;
    for path in MONEY.iter().chain(&["/api/workers", "/api/workers/127.0.0.1"]) {
        let reply = ask(page.at(), Ask { path, ..Ask::default() }).await;
        assert_eq!(reply.status, 401, "{path}");
        let headers = [("authorization", "Bearer 00")];
        let reply = ask(page.at(), Ask { path, headers: &headers, ..Ask::default() }).await;
        assert_eq!(reply.status, 401, "{path}");
    }
    // The name of a page elsewhere that leads to this machine; the token does not help it.
    let bearer = format!("Bearer {}", page.token.expose());
    for path in ["/", "/api/about", "/api/account"] {
        let headers = [("host", "evil.example.org"), ("authorization", bearer.as_str())];
        let reply = ask(page.at(), Ask { path, headers: &headers, ..Ask::default() }).await;
        assert_eq!(reply.status, 403, "{path}");
    }
    let body = crate::town::send("key-of-a-page", town.bob.account(), xno("1"));
    let asked = Ask { method: "POST", path: "/api/payments", headers: &[], body: Some(&body) };
    assert_eq!(ask(page.at(), asked).await.status, 401);
    assert_eq!(town.waiting(town.bob.account()), xno("0"));
}

#[tokio::test]
async fn every_answer_keeps_the_page_to_itself_and_no_other_origin_may_read_it() {
    let town = Town::with_workers(&["0.0001"]).await;
    let page = town.page().await;
    for path in ["/", "/main.js", "/market.css", "/api/about", "/api/workers", "/nowhere"] {
        let headers = [("origin", "http://evil.example.org")];
        let reply = ask(page.at(), Ask { path, headers: &headers, ..Ask::default() }).await;
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"));
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), None, "{path}");
        assert_eq!(reply.header("set-cookie"), None, "{path}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
    }
}

#[tokio::test]
async fn a_public_list_has_no_money_and_is_cached_and_limited() {
    let town = Town::with_workers(&["0.0001"]).await;
    let server = town.public(Rate { per_second: 0.001, burst: 3 }).await;
    let at = server.local_addr();
    assert!(!server.link().contains('#'), "{}", server.link());
    for path in MONEY {
        assert_eq!(ask(at, Ask { path, ..Ask::default() }).await.status, 404, "{path}");
    }
    let about = ask(at, Ask { path: "/api/about", ..Ask::default() }).await.json();
    assert_eq!((&about["needs_token"], &about["can_pay"]), (&false.into(), &false.into()));
    let first = ask(at, Ask { path: "/api/workers", ..Ask::default() }).await;
    assert_eq!(first.header("cache-control"), Some("public, max-age=10"));
    let tag = first.header("etag").unwrap();
    let headers = [("if-none-match", tag)];
    let again = ask(at, Ask { path: "/api/workers", headers: &headers, ..Ask::default() }).await;
    assert!(again.status == 304 || again.header("etag") != Some(tag), "{again:?}");
    let mut statuses = Vec::new();
    for _ in 0..2 {
        statuses.push(ask(at, Ask { path: "/api/workers", ..Ask::default() }).await.status);
    }
    assert_eq!(statuses, [200, 429]);
    // By any name, as there is nothing to be had by it.
    let headers = [("host", "workers.example.org")];
    assert_eq!(ask(at, Ask { path: "/", headers: &headers, ..Ask::default() }).await.status, 200);
}

#[tokio::test]
async fn a_key_is_not_shown_to_others() {
    let town = Town::found().await;
    let open = "0.0.0.0:0".parse().unwrap();
    let access = Access::Token(Token::generate().unwrap());
    let refused = WebServer::bind(Config::new(open, access), town.public_parts()).await;
    assert!(matches!(refused, Err(BindError::NotLoopback { .. })), "{refused:?}");
    let mut parts = town.public_parts();
    parts.signer = Some(Arc::new(town.alice.clone()) as Arc<dyn Signer>);
    let access = Access::Public(Rate { per_second: 1.0, burst: 1 });
    let refused = WebServer::bind(Config::new(local(), access), parts).await;
    assert!(matches!(refused, Err(BindError::KeyInPublic)), "{refused:?}");
}
