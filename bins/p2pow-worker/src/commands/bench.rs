//! `p2pow-worker bench`: hashes a second, each device alone and all together.

mod measurement;
mod reference;

use crate::devices::DeviceArgs;
use measurement::{Measurement, measure_all};
use nano_block::{Epoch, Network, Subtype};
use p2pow_cli::{Failure, output};
use serde_json::{Value, json};
use std::time::Duration;

const HELP: &str = "\
Every device searches in vain for the given time, with each of its kernels, and what it tried is counted: unlike the times of random works, the figures are the same every time. Beside them the plain loop over the crate `blake2` is measured in the same run, on as many threads as the processor's kernels; `ratio` is relative to it. The devices take turns, so that a disturbance meets all of them. A send and a receive take as long as shown on average.

Examples:
  p2pow-worker bench
  p2pow-worker bench --seconds 5 --devices cpu --threads 1 --kernel avx2 --json";

/// Options of `bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct BenchArgs {
    /// How long each device and kernel is measured
    #[arg(long, value_name = "S", default_value = "2", value_parser = seconds)]
    seconds: Duration,
    /// Whose sends and receives are meant: live, beta, test, dev or banano
    #[arg(long, default_value_t, env = "P2POW_NETWORK")]
    network: Network,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    devices: DeviceArgs,
}

/// Measures and shows.
pub(crate) fn run(args: BenchArgs) -> Result<(), Failure> {
    p2pow_cli::log_to_stderr("warn");
    let opened = args.devices.open_all()?;
    let results = measure_all(opened, args.devices.threads().get(), args.seconds)?;
    let table = Table { results, network: args.network };
    if args.json { Ok(output::json(&table.json(args.seconds))?) } else { table.print() }
}

/// The first of the results is the reference.
struct Table {
    results: Vec<Measurement>,
    network: Network,
}

impl Table {
    fn ratio(&self, result: &Measurement) -> f64 {
        result.rate / self.results[0].rate
    }

    /// The seconds that a send and a receive take on average.
    fn times(&self, result: &Measurement) -> [f64; 2] {
        let thresholds = self.network.thresholds();
        [Subtype::Send, Subtype::Receive].map(|subtype| {
            thresholds.for_state(subtype, Epoch::Epoch2).expected_hashes() / result.rate
        })
    }

    fn json(&self, seconds: Duration) -> Value {
        let results: Vec<Value> = self.results.iter().map(|result| self.json_of(result)).collect();
        json!({
            "network": self.network.as_str(),
            "seconds": seconds.as_secs_f64(),
            "results": results,
        })
    }

    fn json_of(&self, result: &Measurement) -> Value {
        let [send, receive] = self.times(result);
        json!({
            "device": result.device,
            "kernel": result.kernel,
            "threads": result.threads,
            "hashes_per_second": result.rate.round(),
            "ratio_to_reference": (self.ratio(result) * 1000.0).round() / 1000.0,
            "send_seconds": send,
            "receive_seconds": receive,
        })
    }

    fn print(&self) -> Result<(), Failure> {
        let width = self.results.iter().map(|result| result.device.chars().count()).max();
        let width = width.unwrap_or_default().max("device".len());
        output::line(format_args!(
            "{:<width$}  {:<13} {:>7} {:>10} {:>7} {:>10} {:>10}",
            "device", "kernel", "threads", "MH/s", "ratio", "send", "receive"
        ))?;
        for result in &self.results {
            let [send, receive] = self.times(result).map(output::seconds);
            let threads = result.threads.map_or_else(String::new, |threads| threads.to_string());
            output::line(format_args!(
                "{:<width$}  {:<13} {threads:>7} {:>10.1} {:>7.2} {send:>10} {receive:>10}",
                result.device,
                result.kernel,
                result.rate / 1e6,
                self.ratio(result),
            ))?;
        }
        Ok(())
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wanted = || format!("found {text:?}, wanted seconds from 0.01 to 3600");
    let seconds: f64 = text.parse().map_err(|_| wanted())?;
    if (0.01..=3600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(wanted())
    }
}

#[cfg(test)]
mod tests {
    use super::seconds;
    use std::time::Duration;

    #[test]
    fn a_time_to_measure_is_neither_nothing_nor_for_ever() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["0", "-1", "NaN", "inf", "4000", "1s"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
