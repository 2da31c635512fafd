//! The options about callers and jobs.

use clap::ValueEnum;
use nano_pow::pool::Order;
use nano_rpc::{Client, ConfigError};
use nano_work::{CallerLimits, Rate};
use p2pow_cli::Failure;
use std::{num::NonZero, ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration};

/// Jobs at once after a rest, where there is a limit and nothing else is said.
pub(super) const BURST: u32 = 10;

/// Who may ask.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Access")]
pub(super) struct AccessArgs {
    /// File with keys and remote work servers
    #[arg(long, value_name = "FILE", env = "P2POW_WORK_FILE")]
    pub(super) file: Option<PathBuf>,
    /// Take jobs from everybody although there are keys
    #[arg(long)]
    pub(super) open: bool,
    /// Jobs a second from one address without a key [default: no limit]
    #[arg(long, value_name = "N", value_parser = above_zero, allow_negative_numbers = true)]
    per_second: Option<f64>,
    /// Jobs at once after a rest, where --per-second limits them [default: 10]
    #[arg(long, value_name = "N", value_parser = from_one::<NonZero<u32>>, requires = "per_second")]
    #[arg(allow_negative_numbers = true)]
    burst: Option<NonZero<u32>>,
    /// Jobs in hand from one address without a key [default: no limit]
    #[arg(long, value_name = "N", value_parser = from_one::<NonZero<usize>>, allow_negative_numbers = true)]
    at_once: Option<NonZero<usize>>,
    /// Let pages of every origin ask from browsers
    #[arg(long)]
    pub(super) cors: bool,
}

/// What is done for those who may.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Jobs")]
pub(super) struct JobArgs {
    /// Ask this work server too and take what is found first; may be repeated
    #[arg(long, value_name = "URL")]
    remote: Vec<String>,
    /// Which of the jobs that wait is next, among those of equal priority; several servers that get
    /// the same jobs had better take random ones
    #[arg(long, value_enum, default_value_t)]
    order: OrderName,
    /// Jobs that wait or are worked on; one more is told to come again
    #[arg(long, value_name = "N", default_value = "1024", value_parser = from_one::<NonZero<usize>>)]
    #[arg(allow_negative_numbers = true)]
    pub(super) max_jobs: NonZero<usize>,
    /// The easiest work that is done, as a multiple of the network's base
    #[arg(long, value_name = "X", default_value = "0", value_parser = not_negative)]
    #[arg(allow_negative_numbers = true)]
    min_multiplier: f64,
    /// The hardest work that is done, as a multiple of the network's base
    #[arg(long, value_name = "X", default_value = "64", value_parser = above_zero)]
    #[arg(allow_negative_numbers = true)]
    max_multiplier: f64,
    /// Seconds that a job may take from its arrival [default: no limit]
    #[arg(long, value_name = "S", value_parser = seconds, allow_negative_numbers = true)]
    pub(super) within: Option<Duration>,
}

/// An order as it is named on the command line.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum OrderName {
    #[default]
    Fifo,
    Random,
}

impl AccessArgs {
    /// What those may ask who show no key.
    pub(super) fn limits(&self) -> CallerLimits {
        let burst = self.burst.map_or(BURST, NonZero::get);
        let rate = self.per_second.map(|per_second| Rate { per_second, burst });
        CallerLimits { rate, at_once: self.at_once.map(NonZero::get), ..CallerLimits::default() }
    }

    /// Tells of options that change nothing.
    pub(super) fn warn_if_idle(&self, has_keys: bool) {
        if self.open && !has_keys {
            tracing::warn!("--open has no effect: there is no key, so everybody may ask");
        }
        if has_keys && !self.open && self.limits() != CallerLimits::default() {
            tracing::warn!(
                "--per-second and --at-once have no effect: nobody may ask without a key, unless --open is given"
            );
        }
    }
}

impl JobArgs {
    pub(super) const fn order(&self) -> Order {
        match self.order {
            OrderName::Fifo => Order::Fifo,
            OrderName::Random => Order::Random,
        }
    }

    pub(super) fn multipliers(&self) -> Result<RangeInclusive<f64>, Failure> {
        let (least, most) = (self.min_multiplier, self.max_multiplier);
        if least <= most {
            return Ok(least..=most);
        }
        Err(Failure::Usage(format!(
            "--min-multiplier is {least} and --max-multiplier is {most}, wanted a minimum that is not above the maximum"
        )))
    }

    /// The work servers that are named.
    pub(super) fn remotes(&self) -> Result<Vec<Client>, Failure> {
        let wrong = |error| Failure::Usage(format!("--remote: {}", gist(&error)));
        self.remote.iter().map(|url| Client::new(url).map_err(wrong)).collect()
    }
}

/// What is wrong with the URL or the headers of a work server, which need not be a node's.
pub(super) fn gist(error: &ConfigError) -> String {
    let text = error.to_string();
    text.strip_prefix("the node's ").unwrap_or(&text).to_owned()
}

/// Reads a [`NonZero`].
fn from_one<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| "wanted a whole number from 1 upwards".to_owned())
}

fn above_zero(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| *number > 0.0);
    number.ok_or_else(|| "wanted a number above 0".to_owned())
}

fn not_negative(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| *number >= 0.0);
    number.ok_or_else(|| "wanted a number from 0 upwards".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|number| Duration::try_from_secs_f64(number).ok());
    let wanted = || "wanted a number of seconds above 0".to_owned();
    seconds.filter(|seconds| !seconds.is_zero()).ok_or_else(wanted)
}

#[cfg(test)]
mod tests {
    use super::{above_zero, from_one, not_negative, seconds};
    use std::{num::NonZero, time::Duration};

    #[test]
    fn limits_that_let_nothing_through_are_refused() {
        assert_eq!(above_zero("0.5"), Ok(0.5));
        assert_eq!(not_negative("0"), Ok(0.0));
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(from_one::<NonZero<u32>>("7").map(NonZero::get), Ok(7));
        for text in ["0", "-1", "nan", "", "x"] {
            assert!(above_zero(text).is_err() && seconds(text).is_err(), "{text}");
            assert!(from_one::<NonZero<u32>>(text).is_err(), "{text}");
            assert!(text == "0" || not_negative(text).is_err(), "{text}");
        }
    }
}
