//! The options of `work-server`, each declared once: [`ListenArgs`], [`AccessArgs`], [`JobArgs`].

use clap::{ArgAction, ValueEnum};
use nano_block::Network;
use nano_pow::pool::QueueOrder;
use nano_work::{CallerLimits, Rate};
use p2pow_cli::{Failure, values};
use std::{net::SocketAddr, ops::RangeInclusive, time::Duration};

/// Where to listen, for which network.
#[derive(Debug, clap::Args)]
pub(super) struct ListenArgs {
    /// Address and port to listen on
    #[arg(long, short, value_name = "IP:PORT", env = "P2POW_WORK_LISTEN")]
    #[arg(value_parser = values::socket_address, default_value = "127.0.0.1:7076")]
    pub(super) listen: SocketAddr,
    /// Whose thresholds count: live, beta, test, dev or banano
    #[arg(long, env = "P2POW_NETWORK", default_value = "live", value_parser = values::network)]
    pub(super) network: Network,
}

/// Who may ask.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Access")]
pub(super) struct AccessArgs {
    /// Take jobs from everybody although there are keys
    #[arg(long, env = "P2POW_WORK_OPEN", value_parser = values::switch, action = ArgAction::Set)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(default_value = "false")]
    pub(super) open: bool,
    /// Jobs a second from one address without a key, such as 2; without it there is no limit
    #[arg(long, value_name = "N", env = "P2POW_WORK_PER_SECOND", value_parser = values::above_zero)]
    #[arg(allow_negative_numbers = true)]
    per_second: Option<f64>,
    /// Jobs at once after a rest, where --per-second limits them
    #[arg(long, value_name = "N", env = "P2POW_WORK_BURST", value_parser = values::from_one::<u32>)]
    #[arg(requires = "per_second", default_value = "10", allow_negative_numbers = true)]
    burst: u32,
    /// Jobs in hand from one address without a key, such as 4; without it there is no limit
    #[arg(long, value_name = "N", env = "P2POW_WORK_AT_ONCE")]
    #[arg(value_parser = values::from_one::<usize>, allow_negative_numbers = true)]
    at_once: Option<usize>,
    /// Let pages of every origin ask from browsers
    #[arg(long, env = "P2POW_WORK_CORS", value_parser = values::switch, action = ArgAction::Set)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(default_value = "false")]
    pub(super) cors: bool,
}

/// What is done for those who may.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Jobs")]
pub(super) struct JobArgs {
    /// Which of the jobs that wait is next, among those of equal priority; several servers that get
    /// the same jobs had better take random ones
    #[arg(long, env = "P2POW_WORK_ORDER", value_enum, default_value = "fifo")]
    order: OrderName,
    /// Jobs that wait or are worked on; one more is told to come again
    #[arg(long, value_name = "N", env = "P2POW_WORK_MAX_JOBS", default_value = "1024")]
    #[arg(value_parser = values::from_one::<usize>, allow_negative_numbers = true)]
    pub(super) max_jobs: usize,
    /// The easiest work that is done, as a multiple of the network's base
    #[arg(long, value_name = "X", env = "P2POW_WORK_MIN_MULTIPLIER", default_value = "0")]
    #[arg(value_parser = values::not_negative, allow_negative_numbers = true)]
    min_multiplier: f64,
    /// The hardest work that is done, as a multiple of the network's base
    #[arg(long, value_name = "X", env = "P2POW_WORK_MAX_MULTIPLIER", default_value = "64")]
    #[arg(value_parser = values::above_zero, allow_negative_numbers = true)]
    max_multiplier: f64,
    /// Seconds that a job may take from its arrival, such as 30; without it there is no limit
    #[arg(long, value_name = "S", env = "P2POW_WORK_WITHIN", value_parser = values::seconds)]
    #[arg(allow_negative_numbers = true)]
    pub(super) within: Option<Duration>,
}

/// An order as it is named on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum OrderName {
    Fifo,
    Random,
}

impl AccessArgs {
    /// What those may ask who show no key.
    pub(super) fn limits(&self) -> CallerLimits {
        let rate = self.per_second.map(|per_second| Rate { per_second, burst: self.burst });
        CallerLimits { rate, at_once: self.at_once, ..CallerLimits::default() }
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
    pub(super) const fn order(&self) -> QueueOrder {
        match self.order {
            OrderName::Fifo => QueueOrder::Fifo,
            OrderName::Random => QueueOrder::Random,
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
}
