//! The page in a real browser, small and large, light and dark.
//!
//! Without chromium the tests say so and pass, unless `P2POW_REQUIRE_BROWSER` is set, as in CI. With
//! `P2POW_PICTURES=FOLDER` they leave pictures of the page there.

use crate::{
    cdp::{self, Browser},
    town::{Page, Town, xno},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::time::timeout;

const WITHIN: Duration = Duration::from_secs(120);
/// axe-core, which finds what a screen reader or a keyboard cannot use (see `axe/README.md`).
const AXE: &str = include_str!("../axe/axe.min.js");

pub(crate) async fn browser() -> Option<Browser> {
    let Some(program) = cdp::program() else {
        let is_required = std::env::var_os("P2POW_REQUIRE_BROWSER").is_some();
        assert!(!is_required, "P2POW_REQUIRE_BROWSER is set, and there is no chromium");
        eprintln!("skipped: no chromium here (Debian: apt-get install chromium)");
        return None;
    };
    Some(timeout(WITHIN, Browser::start(&program)).await.expect("the browser starts in time"))
}

pub(crate) async fn until(browser: &mut Browser, expression: &str) {
    if timeout(WITHIN, browser.until(expression)).await.is_err() {
        panic!("not in time: {expression}");
    }
}

async fn picture(browser: &mut Browser, name: &str) {
    if let Some(folder) = std::env::var_os("P2POW_PICTURES") {
        let bytes = BASE64_STANDARD.decode(browser.picture().await).unwrap();
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), bytes).unwrap();
    }
}

/// What must hold of every page: it asked its listener alone, the policy was kept, and nothing is on the console.
pub(crate) fn check_events(browser: &Browser, at: SocketAddr) {
    let own = format!("http://{at}/");
    let asked: Vec<&str> = browser
        .told("Network.requestWillBeSent")
        .filter_map(|params| params["request"]["url"].as_str())
        .filter(|url| *url != "about:blank")
        .collect();
    assert!(asked.len() > 5, "{asked:?}");
    assert!(asked.iter().all(|url| url.starts_with(&own)), "{asked:?}");
    assert!(!asked.iter().any(|url| url.contains("token=") && !url.contains('#')), "{asked:?}");
    let wrong = browser.told("Runtime.exceptionThrown").chain(browser.told("Log.entryAdded"));
    let wrong: Vec<&Value> = wrong.chain(browser.told("Runtime.consoleAPICalled")).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Nothing is wider than the window, or sticks out of it.
async fn check_layout(browser: &mut Browser, width: u32) {
    let out = browser
        .evaluate(
            "[...document.querySelectorAll('body *:not(.scroll *):not(svg *):not(.hidden)')].filter((one) => \
             one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5).map((one) => one.outerHTML)",
        )
        .await;
    assert_eq!(out, json!([]));
    let size = browser.evaluate("(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth, innerWidth])(document.documentElement)").await;
    assert_eq!(size[0], size[1], "the page is wider than its window of {width}");
    assert_eq!(size[2], width);
}

/// axe finds no violation that is serious or worse.
async fn check_use(browser: &mut Browser) {
    // Given to the page by the debugger, which no policy of the page's holds back.
    browser.evaluate(&format!("{AXE}; true")).await;
    let found = browser
        .evaluate(
            "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations\
             .filter(({ impact }) => impact === 'serious' || impact === 'critical')\
             .map(({ id, nodes }) => [id, nodes.map((node) => node.html + ' ' + node.failureSummary)]))",
        )
        .await;
    assert_eq!(found, json!([]), "{found:#}");
}

async fn open(browser: &mut Browser, page: &Page, workers: usize) {
    browser.open(&page.server.link()).await;
    let there = format!(
        "document.body?.dataset.state === 'live' && document.querySelectorAll('#rows tr .dot.good').length === {workers}"
    );
    until(browser, &there).await;
}

async fn go(browser: &mut Browser, hash: &str) {
    browser.evaluate(&format!("location.hash = '{hash}'")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_right_at_360_and_at_1280_pixels_in_light_and_dark() {
    let Some(mut browser) = browser().await else { return };
    let mut town = Town::with_workers(&["0.0001", "0.00015", "0.0002", "0.0004"]).await;
    town.liar(json!({ "implementation": "quickest-of-all/9.9", "hashrate": 1e13 })).await;
    let page = town.page().await;
    for (width, is_dark) in [(360, false), (1280, false), (360, true), (1280, true)] {
        browser.window(width, is_dark).await;
        open(&mut browser, &page, 5).await;
        let ground = browser.evaluate("getComputedStyle(document.body).backgroundColor").await;
        assert_eq!(ground, if is_dark { "rgb(16, 20, 24)" } else { "rgb(244, 246, 248)" });
        let scheme = if is_dark { "dark" } else { "light" };
        picture(&mut browser, &format!("workers-{width}-{scheme}")).await;
        check_layout(&mut browser, width).await;
        check_use(&mut browser).await;
    }
    check_events(&browser, page.at());
}

#[tokio::test(flavor = "multi_thread")]
async fn slider_sort_filter_and_the_share_of_a_payment_work() {
    let Some(mut browser) = browser().await else { return };
    let town = Town::with_workers(&["0.0003", "0.0001", "0.0002"]).await;
    let page = town.page().await;
    browser.window(1280, false).await;
    open(&mut browser, &page, 3).await;
    let shown = "[...document.querySelectorAll('#rows tr')].map((one) => one.dataset.address.slice(-1)).join('')";
    assert_eq!(browser.evaluate(shown).await, "231");
    let set = |id: &str, value: &str, event: &str| {
        format!(
            "(() => {{ const one = document.getElementById('{id}'); one.value = '{value}'; one.dispatchEvent(new Event('{event}')); }})()"
        )
    };
    browser.evaluate(&set("sort", "age", "change")).await;
    let sorted = browser.evaluate(shown).await;
    assert_eq!(sorted.as_str().unwrap().len(), 3);
    browser.evaluate(&set("sort", "fee", "change")).await;
    assert_eq!(browser.evaluate(shown).await, "231");
    browser.evaluate(&set("max-fee", "1", "input")).await;
    assert_eq!(browser.evaluate(shown).await, "23");
    assert_eq!(
        browser.evaluate("document.getElementById('max-fee-out').textContent").await,
        "0.0002 XNO"
    );
    browser.evaluate(&set("max-fee", "3", "input")).await;
    browser.evaluate(&set("filter", "127.0.0.1", "input")).await;
    assert_eq!(browser.evaluate(shown).await, "1");
    browser.evaluate(&set("amount", "0.3", "input")).await;
    let fee =
        browser.evaluate("document.querySelector('#rows [data-label=Fee]').textContent").await;
    assert!(fee.as_str().unwrap().contains("0.1 % of 0.3 XNO"), "{fee}");
    check_events(&browser, page.at());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_tests_a_worker_and_a_page_that_is_loaded_again_goes_on_showing_it() {
    let Some(mut browser) = browser().await else { return };
    let mut town = Town::with_workers(&["0.0001", "0.0002"]).await;
    town.liar(json!({ "implementation": "quickest-of-all/9.9" })).await;
    let page = town.page().await;
    browser.window(1280, false).await;
    open(&mut browser, &page, 3).await;
    // Nothing is confirmed until the page was loaded again.
    town.net.faults().leave_unconfirmed(true);
    browser
        .evaluate("document.querySelector('[data-address=\"127.0.0.1\"] .act button').click()")
        .await;
    until(&mut browser, "document.querySelectorAll('#steps li').length > 2 && location.hash.startsWith('#/payment/')").await;
    browser.call("Page.reload", json!({})).await;
    until(&mut browser, "document.getElementById('course')?.textContent === 'under way' && document.querySelectorAll('#steps li').length > 2").await;
    town.net.faults().leave_unconfirmed(false);
    let paid = town.net.receivable(&town.bob.account());
    for (hash, _) in &paid {
        town.net.faults().confirm(hash).unwrap();
    }
    until(&mut browser, "document.getElementById('course').textContent === 'confirmed'").await;
    let outcome = browser.evaluate("document.getElementById('outcome').textContent").await;
    assert!(outcome.as_str().unwrap().contains("127.0.0.1 did the work"), "{outcome}");
    assert_eq!(town.waiting(town.bob.account()), xno("0.01"));
    check_use(&mut browser).await;

    // A race of all: the one that lies is found out, and shown as such.
    go(&mut browser, "#/").await;
    browser
        .evaluate("document.querySelectorAll('#rows .pick input').forEach((one) => one.click())")
        .await;
    until(&mut browser, "!document.getElementById('race-bar').hidden").await;
    browser.evaluate("document.getElementById('race').click()").await;
    until(&mut browser, "document.getElementById('title-payment').textContent === 'Race' && document.getElementById('course').textContent === 'confirmed'").await;
    let liar = browser.evaluate("[...document.querySelectorAll('#lanes li.failed')].map((one) => one.textContent).join()").await;
    assert!(liar.as_str().unwrap().contains("127.0.0.3"), "{liar}");
    picture(&mut browser, "race-1280-light").await;
    browser.window(360, true).await;
    check_layout(&mut browser, 360).await;
    picture(&mut browser, "race-360-dark").await;
    go(&mut browser, "#/").await;
    until(&mut browser, "document.querySelector('[data-address=\"127.0.0.3\"] .pill')?.textContent === 'distrusted'").await;
    check_events(&browser, page.at());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_says_what_is_wrong_and_pays_after_a_yes() {
    let Some(mut browser) = browser().await else { return };
    let town = Town::with_workers(&["0.0001"]).await;
    let page = town.page().await;
    browser.window(360, false).await;
    open(&mut browser, &page, 1).await;
    go(&mut browser, "#/pay").await;
    until(&mut browser, "document.getElementById('limit').value !== ''").await;
    let bob = town.bob.account().to_string();
    let broken = bob.replace(&bob[20..21], if &bob[20..21] == "3" { "1" } else { "3" });
    let wrong = [
        ("", "1", "Destination: wanted an account"),
        ("nano_1", "1", "is no account"),
        (bob.as_str(), "", "Amount: wanted a number"),
        (bob.as_str(), "1,5", "Amount: wanted a number"),
        (bob.as_str(), "0", "a payment of nothing"),
        (broken.as_str(), "1", "checksum"),
        (bob.as_str(), "1000", "has 100"),
    ];
    for (to, amount, says) in wrong {
        fill(&mut browser, to, amount).await;
        let shown = "!document.getElementById('send-error').hidden || document.getElementById('confirm').open";
        until(&mut browser, shown).await;
        // Whether there is enough money is known when it is signed.
        if says == "has 100" {
            browser.evaluate("document.querySelector('#confirm [value=no]').click()").await;
            continue;
        }
        let text = browser.evaluate("document.getElementById('send-error').textContent").await;
        assert!(text.as_str().unwrap().contains(says), "wanted {says}, found {text}");
        check_use(&mut browser).await;
    }
    fill(&mut browser, &bob, "1.25").await;
    until(&mut browser, "document.getElementById('confirm').open").await;
    let facts = browser.evaluate("document.getElementById('confirm-facts').textContent").await;
    let facts = facts.as_str().unwrap();
    assert!(
        facts.contains(&bob) && facts.contains("1.25 XNO") && facts.contains("0.0001 XNO"),
        "{facts}"
    );
    check_use(&mut browser).await;
    picture(&mut browser, "confirm-360-light").await;
    assert_eq!(town.waiting(town.bob.account()), xno("0"), "nothing before the yes");
    browser.evaluate("document.getElementById('confirm-yes').click()").await;
    until(&mut browser, "document.getElementById('course').textContent === 'confirmed'").await;
    assert_eq!(town.waiting(town.bob.account()), xno("1.25"));
    check_pages(&mut browser).await;
    let refused = browser
        .told("Log.entryAdded")
        .filter(|params| params["entry"]["text"].as_str().is_some_and(|text| text.contains("400")))
        .count();
    assert_eq!(refused, 1, "the account with a wrong checksum, which the program refused");
}

/// The pages that show what was paid, on a phone.
async fn check_pages(browser: &mut Browser) {
    for (hash, title) in
        [("#/account", "account"), ("#/payments", "payments"), ("#/worker/127.0.0.1", "worker")]
    {
        go(browser, hash).await;
        let drawn = format!(
            "!document.getElementById('page-{title}').hidden && document.querySelectorAll('#page-{title} tbody tr').length > 1"
        );
        until(browser, &drawn).await;
        check_layout(browser, 360).await;
        check_use(browser).await;
        picture(browser, &format!("{title}-360-light")).await;
    }
}

async fn fill(browser: &mut Browser, to: &str, amount: &str) {
    until(browser, "!document.querySelector('#send button').disabled").await;
    let fill = format!(
        "document.getElementById('to').value = '{to}'; document.getElementById('how-much').value = '{amount}'; \
         document.getElementById('send-error').hidden = true; document.querySelector('#send button').click()"
    );
    browser.evaluate(&fill).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_worker_says_is_markup() {
    let Some(mut browser) = browser().await else { return };
    let mut town = Town::found().await;
    let script = "<script>window.ran = true</script><img src=x onerror='window.ran = true'>";
    let said = json!({
        "implementation": script, "features": [script, "jobs"], "error": script, "status": "available",
        "queue": { "jobs": 1, "expected_seconds": 2.0 }, "hashrate": 1e6,
    });
    town.liar(said).await;
    let page = town.page().await;
    browser.window(1280, false).await;
    open(&mut browser, &page, 1).await;
    let row = browser.evaluate("document.getElementById('rows').textContent").await;
    assert!(row.as_str().unwrap().contains("<script>"), "{row}");
    go(&mut browser, "#/worker/127.0.0.1").await;
    until(&mut browser, "document.getElementById('facts').textContent.includes('<script>')").await;
    go(&mut browser, "#/").await;
    browser.evaluate("document.querySelector('.act button').click()").await;
    until(&mut browser, "document.getElementById('course').textContent === 'not decided'").await;
    browser.evaluate("document.getElementById('raw').open = true").await;
    until(&mut browser, "document.querySelectorAll('#messages pre').length > 1").await;
    assert_eq!(browser.evaluate("window.ran === undefined").await, true);
    let made = "document.querySelectorAll('main script, main img').length";
    assert_eq!(browser.evaluate(made).await, 0);
    check_events(&browser, page.at());
}

/// The registry is open to anybody: the page stays usable, however many have registered.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_entries_are_listed_in_parts_and_found() {
    let Some(mut browser) = browser().await else { return };
    let town = Town::with_workers(&["0.0001"]).await;
    for number in 0..10_000_u32 {
        let [_, _, high, low] = number.to_be_bytes();
        let key = nano_block::SecretKey::generate().unwrap();
        town.register(&key, std::net::Ipv4Addr::new(127, 9, high, low).into());
    }
    let page = town.page().await;
    let list = page.ask("/api/workers", None).await;
    assert_eq!(list.status, 200);
    browser.window(1280, false).await;
    browser.open(&page.server.link()).await;
    until(&mut browser, "document.body?.dataset.state === 'live' && document.querySelectorAll('#rows tr').length === 50").await;
    let paint = browser
        .evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        .await;
    let paint = paint.as_f64().unwrap();
    let drawing = "(() => { const start = performance.now(); document.getElementById('sort').dispatchEvent(new Event('change')); \
                   return performance.now() - start; })()";
    let drawn = browser.evaluate(drawing).await.as_f64().unwrap();
    eprintln!("first paint after {paint:.0} ms, sorted and drawn again in {drawn:.0} ms");
    assert!(paint < 5000.0 && drawn < 2000.0, "first paint after {paint} ms, drawn in {drawn} ms");
    let place = browser.evaluate("document.getElementById('place').textContent").await;
    assert_eq!(place, "1–50 of 10001");
    browser.evaluate("document.getElementById('on').click()").await;
    assert_eq!(
        browser.evaluate("document.getElementById('place').textContent").await,
        "51–100 of 10001"
    );
    let find = "(() => { const one = document.getElementById('filter'); one.value = '127.9.39.15'; one.dispatchEvent(new Event('input')); })()";
    browser.evaluate(find).await;
    let found = browser
        .evaluate("[...document.querySelectorAll('#rows tr')].map((one) => one.dataset.address)")
        .await;
    assert_eq!(found, json!(["127.9.39.15"]));
    check_events(&browser, page.at());
}

#[tokio::test(flavor = "multi_thread")]
async fn pasted_lines_are_previewed_and_paid_as_one_chain() {
    let Some(mut browser) = browser().await else { return };
    let town = Town::with_workers(&["0.0001"]).await;
    let page = town.page().await;
    browser.window(360, true).await;
    open(&mut browser, &page, 1).await;
    go(&mut browser, "#/pay").await;
    until(&mut browser, "document.getElementById('limit').value !== ''").await;
    let bob = town.bob.account();
    let paste = |text: &str| {
        let text = serde_json::to_string(text).unwrap();
        format!(
            "(() => {{ const one = document.getElementById('many'); one.closest('details').open = true; one.value = {text}; \
             one.dispatchEvent(new Event('input')); return document.getElementById('preview-sum').textContent; }})()"
        )
    };
    let wrong = browser.evaluate(&paste(&format!("{bob},1\n{bob};2\nnano_1,3"))).await;
    let wrong = wrong.as_str().unwrap();
    assert!(wrong.contains("line 2: found 1 fields") && wrong.contains("line 3:"), "{wrong}");
    let lines = format!(
        "destination,amount\n{bob},0.5\n# the rent\n\n{bob} , 0.000000000000000000000000000001\n"
    );
    let says = browser.evaluate(&paste(&lines)).await;
    assert_eq!(says, "2 payments, 0.500000000000000000000000000001 XNO in all");
    assert_eq!(browser.evaluate("document.querySelectorAll('#preview tbody tr').length").await, 2);
    check_layout(&mut browser, 360).await;
    check_use(&mut browser).await;
    browser.evaluate("document.querySelector('#send button').click()").await;
    until(&mut browser, "document.getElementById('confirm').open").await;
    browser.evaluate("document.getElementById('confirm-yes').click()").await;
    until(&mut browser, "document.getElementById('course').textContent === 'confirmed'").await;
    assert_eq!(town.waiting(bob).to_string(), "500000000000000000000000000001");
    let rewards = browser.evaluate("document.querySelectorAll('#lanes li').length").await;
    assert_eq!(rewards, 1, "one reward for both");
    check_events(&browser, page.at());
}
