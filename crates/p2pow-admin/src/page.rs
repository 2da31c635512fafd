//! The operator's page: its files are in the binary.

use p2pow_page::Asset;

/// What this page has beside what every page has.
pub(crate) const FILES: [Asset; 3] = [
    Asset::html("/", include_str!("page/index.html")),
    Asset::script("/main.js", include_str!("page/main.js")),
    Asset::script("/view.js", include_str!("page/view.js")),
];
