//! URLs, headers, and that nothing shows the secrets in them.

#![allow(clippy::unwrap_used)]

#[path = "support/server.rs"]
mod server;

use nano_rpc::{
    Client, ConfigError, Request, WebSocketUrl,
    websocket::{Subscription, Topics},
};
use server::{Server, Step};

/// Every secret of these tests has this in it.
const SECRET: &str = "hush";

#[tokio::test]
async fn headers_are_sent_and_not_shown() {
    let server = Server::follow([Step::ok(r#"{"seconds":"7"}"#)]).await;
    let builder = Client::builder(&server.url()).header("X-Api-Key", "hush-hush");
    assert!(!format!("{builder:?}").contains(SECRET));
    let client = builder.build().unwrap();
    client.uptime().await.unwrap();
    assert!(server.seen()[0].head.contains("x-api-key: hush-hush"));
    let shown = format!("{client:?}");
    assert!(shown.contains("x-api-key") && !shown.contains(SECRET), "{shown}");
}

#[tokio::test]
async fn name_and_password_of_a_url_become_a_header() {
    let server = Server::follow([Step::ok(r#"{"seconds":"7"}"#)]).await;
    let url = format!("http://alice:hu%73h@{}/rpc?key=hush", server.address());
    let client = Client::new(&url).unwrap();
    client.uptime().await.unwrap();
    let head = &server.seen()[0].head;
    assert!(head.starts_with("POST /rpc?key=hush HTTP/1.1"), "{head}");
    // printf alice:hush | base64
    assert!(head.contains("authorization: Basic YWxpY2U6aHVzaA=="), "{head}");
    assert!(head.contains(&format!("host: {}", server.address())), "{head}");
    assert_eq!(client.url(), format!("http://{}/…", server.address()));
    assert!(!format!("{client:?}").contains(SECRET));
}

#[tokio::test]
async fn errors_do_not_show_the_secrets_of_a_url() {
    let server = Server::follow([Step::Answer(500, String::new())]).await;
    let url = format!("http://alice:hush@{}/hush?key=hush", server.address());
    let client = Client::new(&url).unwrap().with_retries(0);
    let error = client.uptime().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
    assert!(error.to_string().contains(&server.address().to_string()));
}

#[test]
fn the_values_of_a_request_are_not_shown() {
    let request = Request::new("key_expand").set("key", "hush");
    assert_eq!(format!("{request:?}"), r#"Request { action: "key_expand", fields: ["key"] }"#);
}

#[test]
fn urls_of_other_schemes_are_refused() {
    for (url, wanted) in [
        ("ftp://localhost", r#"the URL has the scheme "ftp", wanted http or https"#),
        ("ws://localhost", r#"the URL has the scheme "ws", wanted http or https"#),
    ] {
        assert_eq!(Client::new(url).unwrap_err().to_string(), wanted);
    }
    let builder = Subscription::builder("http://localhost", Topics::default());
    let error = "http://localhost".parse::<WebSocketUrl>().unwrap_err();
    assert_eq!(builder.start().unwrap_err(), error);
    assert!(error.to_string().ends_with("wanted ws or wss"), "{error}");
}

#[test]
fn malformed_urls_are_refused_without_showing_them() {
    for url in [
        "",
        "localhost:7076",
        "http://",
        "http://:7076",
        "http://a:hush@",
        "/hush",
        "ht tp://hush",
        "hush://localhost",
        "hush@localhost",
        "hush:hush@localhost:7076",
        "http:hush@localhost",
        "http://a:hush@localhost:65536",
        "http://a:hush@localhost:x",
        "http://a:hush@localhost:",
    ] {
        let error = Client::new(url).unwrap_err();
        assert!(matches!(error, ConfigError::Url { .. } | ConfigError::Scheme { .. }), "{url}");
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
    }
}

#[test]
fn malformed_headers_are_refused_without_showing_their_value() {
    let headers = [
        ("X Key", "hush"),
        ("X-Key", "hush\nhush"),
        ("", "hush"),
        // Put together by a caller who does not split it, and the two exchanged.
        ("X-Key: hush", ""),
        ("hush hush", "X-Key"),
    ];
    for (name, value) in headers {
        let builder = Client::builder("http://localhost").header(name, value);
        assert!(!format!("{builder:?}").contains(SECRET), "{builder:?}");
        let error = builder.build().unwrap_err();
        assert!(matches!(error, ConfigError::Header { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
    }
}

#[test]
fn the_url_of_a_websocket_shows_no_credentials() {
    let url: WebSocketUrl = "wss://a:hush@localhost:1/hush?key=hush".parse().unwrap();
    assert_eq!(url.as_str(), "wss://a:hush@localhost:1/hush?key=hush");
    assert!(!format!("{url} {url:?}").contains(SECRET), "{url:?}");
    let error = "ws://a:hush@localhost:x".parse::<WebSocketUrl>().unwrap_err();
    assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
}
