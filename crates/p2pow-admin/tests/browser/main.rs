//! The operator's page in a real browser, small and large, light and dark.
//!
//! Without chromium the tests say so and pass, unless `P2POW_REQUIRE_BROWSER` is set, as in CI. With
//! `P2POW_PICTURES=FOLDER` they leave pictures of the page there.

#![allow(clippy::unwrap_used)]

#[path = "../../../p2pow-page/tests/browser/cdp.rs"]
mod cdp;
#[path = "../common/mod.rs"]
mod common;

use base64::{Engine, prelude::BASE64_STANDARD};
use cdp::Browser;
use common::{busy, listener};
use p2pow_admin::{AdminClient, AdminServer, Range, Token};
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

const WITHIN: Duration = Duration::from_secs(120);

async fn browser() -> Option<Browser> {
    let Some(program) = cdp::program() else {
        let is_required = std::env::var_os("P2POW_REQUIRE_BROWSER").is_some();
        assert!(!is_required, "P2POW_REQUIRE_BROWSER is set, and there is no chromium");
        eprintln!("skipped: no chromium here (Debian: apt-get install chromium)");
        return None;
    };
    Some(timeout(WITHIN, Browser::start(&program)).await.expect("the browser starts in time"))
}

/// A listener whose worker has a history of many looks, taken by asking for its status.
async fn with_history() -> (AdminServer, Token) {
    let (server, token) = listener(busy(8)).await;
    let client = AdminClient::new(server.local_addr(), token.clone());
    let mut kept = 0;
    tokio::time::pause();
    while kept < 300 {
        tokio::time::advance(Duration::from_secs(2)).await;
        kept = client.history(Range::Hour).await.unwrap().len();
    }
    tokio::time::resume();
    (server, token)
}

async fn picture(browser: &mut Browser, name: &str) {
    if let Some(folder) = std::env::var_os("P2POW_PICTURES") {
        let bytes = BASE64_STANDARD.decode(browser.picture().await).unwrap();
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), bytes).unwrap();
    }
}

/// What must hold of every page: it asked this listener alone, the policy was kept, and no script failed.
fn check_events(browser: &Browser, server: &AdminServer) {
    let own = format!("http://{}/", server.local_addr());
    let asked: Vec<&str> = browser
        .told("Network.requestWillBeSent")
        .filter_map(|params| params["request"]["url"].as_str())
        .filter(|url| *url != "about:blank")
        .collect();
    assert!(asked.len() > 5, "{asked:?}");
    assert!(asked.iter().all(|url| url.starts_with(&own)), "{asked:?}");
    assert!(!asked.iter().any(|url| url.contains("token=") && !url.contains('#')), "{asked:?}");
    let wrong = browser.told("Runtime.exceptionThrown").chain(browser.told("Log.entryAdded"));
    let wrong: Vec<&Value> = wrong.filter(|params| params["entry"]["level"] != "info").collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[tokio::test]
async fn the_page_is_right_at_360_and_at_1280_pixels_in_light_and_dark() {
    let Some(mut browser) = browser().await else { return };
    let (server, token) = with_history().await;
    for (width, is_dark) in [(360, false), (1280, false), (360, true), (1280, true)] {
        browser.window(width, is_dark).await;
        browser.open(&server.link(&token)).await;
        let charts = "document.body?.dataset.state === 'live' && document.querySelectorAll('svg.chart').length === 5";
        timeout(WITHIN, browser.until(charts)).await.expect("the page is live in time");
        let size = browser.evaluate("(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth, innerWidth])(document.documentElement)").await;
        assert_eq!(size[0], size[1], "the page is wider than its window of {width}");
        assert_eq!(size[2], width);
        // Nothing sticks out of its box, where it would be cut off or overlap.
        let out = browser
            .evaluate(
                "[...document.querySelectorAll('body *:not(.scroll *):not(svg *)')].filter((one) => \
                 one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5).map((one) => one.outerHTML)",
            )
            .await;
        assert_eq!(out, serde_json::json!([]));
        let ground = browser.evaluate("getComputedStyle(document.body).backgroundColor").await;
        let wanted = if is_dark { "rgb(16, 20, 24)" } else { "rgb(244, 246, 248)" };
        assert_eq!(ground, wanted);
        let drawn =
            browser.evaluate("document.querySelector('#work .line').getTotalLength()").await;
        assert!(drawn.as_f64().unwrap() > 150.0, "no line is drawn");
        let scheme = if is_dark { "dark" } else { "light" };
        picture(&mut browser, &format!("page-{width}-{scheme}")).await;
    }
    check_events(&browser, &server);
}

#[tokio::test]
async fn the_token_leaves_the_address_bar_and_names_are_no_markup() {
    let Some(mut browser) = browser().await else { return };
    let (server, token) = listener(busy(8)).await;
    browser.window(1280, false).await;
    browser.open(&server.link(&token)).await;
    let live = "document.body?.dataset.state === 'live'";
    timeout(WITHIN, browser.until(live)).await.expect("the page is live in time");
    assert_eq!(browser.evaluate("location.href").await, format!("http://{}/", server.local_addr()));
    assert_eq!(browser.evaluate("document.cookie").await, "");
    let devices = browser.evaluate("document.getElementById('devices').textContent").await;
    assert!(devices.as_str().unwrap().contains("<b>cpu</b>"), "{devices}");
    assert_eq!(browser.evaluate("document.querySelectorAll('td b').length").await, 0);

    let choose = "document.querySelector('[data-range=month]').click()";
    browser.evaluate(choose).await;
    let chosen = "document.querySelector('[data-range=month]').ariaPressed === 'true' && \
                  document.querySelectorAll('svg.chart').length === 5";
    timeout(WITHIN, browser.until(chosen)).await.expect("the range changes in time");
    let secret = "sessionStorage.getItem('p2pow-token')?.length";
    assert_eq!(browser.evaluate(secret).await, 64);
    check_events(&browser, &server);
}

#[tokio::test]
async fn without_a_token_it_is_asked_for_and_nothing_is_shown() {
    let Some(mut browser) = browser().await else { return };
    let (server, token) = listener(busy(8)).await;
    browser.window(360, false).await;
    browser.open(&format!("http://{}/", server.local_addr())).await;
    let door = "document.body?.dataset.state === 'door'";
    timeout(WITHIN, browser.until(door)).await.expect("the token is asked for in time");
    assert_eq!(browser.evaluate("document.getElementById('main').hidden").await, true);
    picture(&mut browser, "page-360-door").await;
    let give = format!(
        "document.getElementById('token').value = '{}'; document.querySelector('form button').click()",
        token.expose()
    );
    browser.evaluate(&give).await;
    let live = "document.body.dataset.state === 'live'";
    timeout(WITHIN, browser.until(live)).await.expect("the page is live in time");
}
