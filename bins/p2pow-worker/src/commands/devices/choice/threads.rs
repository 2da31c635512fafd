//! How many threads of the processor search.

use serde::Deserialize;
use std::str::FromStr;

/// No processor has more, and starting many more takes minutes.
const MOST: usize = 1024;

/// From 1 to 1024 threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
pub(crate) struct Threads(usize);

impl Threads {
    pub(crate) const fn get(self) -> usize {
        self.0
    }
}

impl TryFrom<i64> for Threads {
    type Error = String;

    fn try_from(found: i64) -> Result<Self, String> {
        let threads = usize::try_from(found).ok().filter(|threads| (1..=MOST).contains(threads));
        threads.map(Self).ok_or_else(|| format!("found {found} threads, wanted 1 to {MOST}"))
    }
}

impl FromStr for Threads {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found: i64 = text.parse().map_err(|_| format!("wanted 1 to {MOST}"))?;
        found.try_into()
    }
}

#[cfg(test)]
mod tests {
    use super::Threads;

    #[test]
    fn threads_are_neither_none_nor_more_than_a_processor_has() {
        assert_eq!("1".parse(), Ok(Threads(1)));
        assert_eq!("1024".parse(), Ok(Threads(1024)));
        for text in ["0", "-1", "1025", "9999999999999999999999", "all", ""] {
            let error = text.parse::<Threads>().unwrap_err();
            assert!(error.ends_with("wanted 1 to 1024"), "{text}: {error}");
        }
    }
}
