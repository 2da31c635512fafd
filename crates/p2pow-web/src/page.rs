//! The page: its files are in the binary.

use p2pow_page::Asset;

/// What this page has beside what every page has.
pub(crate) const FILES: [Asset; 12] = [
    Asset::html("/", include_str!("page/index.html")),
    Asset::css("/market.css", include_str!("page/market.css")),
    Asset::script("/main.js", include_str!("page/main.js")),
    Asset::script("/state.js", include_str!("page/state.js")),
    Asset::script("/workers.js", include_str!("page/workers.js")),
    Asset::script("/charts.js", include_str!("page/charts.js")),
    Asset::script("/row.js", include_str!("page/row.js")),
    Asset::script("/worker.js", include_str!("page/worker.js")),
    Asset::script("/payment.js", include_str!("page/payment.js")),
    Asset::script("/pay.js", include_str!("page/pay.js")),
    Asset::script("/account.js", include_str!("page/account.js")),
    Asset::script("/money.js", include_str!("page/money.js")),
];

#[cfg(test)]
mod tests {
    use super::FILES;
    use p2pow_page::SHARED;

    #[test]
    fn the_page_is_small_asks_nobody_else_and_makes_no_markup_of_text() {
        let size: usize = FILES.iter().chain(&SHARED).map(|asset| asset.text.len()).sum();
        assert!(size < 150_000, "{size} bytes, not even compressed");
        for asset in FILES {
            let words = ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("];
            for word in words.into_iter().chain(["style=\"", "onclick=\"", "http://", "https://"]) {
                let text = asset.text.replace("http://www.w3.org/2000/svg", "");
                assert!(!text.contains(word), "{} has {word}", asset.path);
            }
        }
    }
}
