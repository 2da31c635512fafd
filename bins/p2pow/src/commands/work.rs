//! `p2pow work generate|validate`: proof of work without a node.

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use nano_block::Network;
use nano_pow::{Pool, Puzzle, Ticket};
use nano_primitives::{Difficulty, Root, Work};
use p2pow_cli::{Failure, output, values};
use serde::Serialize;
use std::time::Duration;

/// Finds and checks work.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum WorkCommand {
    /// Find work on this computer
    #[command(after_help = GENERATE_HELP)]
    Generate(GenerateArgs),
    /// Show the value of a work, and whether it reaches a threshold
    #[command(after_help = VALIDATE_HELP)]
    Validate(ValidateArgs),
}

const GENERATE_HELP: &str = "\
A threshold is 16 hexadecimal digits. On the live network a send or change needs fffffff800000000 (2^29 hashes on \
     average), a receive or open fffffe0000000000 (2^23).

Examples:
  p2pow work generate --root 718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2
  p2pow work generate --root nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo \\
      --threshold fffffe0000000000 --json";

const VALIDATE_HELP: &str = "\
Exits with 0 whether the work is valid or not: the answer says which. The multiplier is relative to the base threshold \
     of the network, whatever --threshold says, as a node's is.

Examples:
  p2pow work validate --root 718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2 \\
      --work 2b3d689bbcb21dca
  p2pow work validate --root … --work … --threshold fffffe0000000000 --json";

/// What the work is for.
#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    /// The previous block's hash; for a first block the account or its public key
    #[arg(long, value_name = "R", value_parser = values::root)]
    root: Root,
    /// The difficulty to reach [default: the base threshold of the network]
    #[arg(long, value_name = "T")]
    threshold: Option<Difficulty>,
    /// live, beta, test, dev or banano
    #[arg(long, default_value = "live")]
    network: Network,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Options of `work generate`.
#[derive(Debug, clap::Args)]
pub(crate) struct GenerateArgs {
    #[command(flatten)]
    target: Target,
    /// CPU threads to use [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

/// Options of `work validate`.
#[derive(Debug, clap::Args)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    target: Target,
    /// The work: 16 hexadecimal digits
    #[arg(long, value_name = "W")]
    work: Work,
}

/// A work and what it is worth.
#[derive(Debug, Serialize)]
struct WorkReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    work: Option<Work>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hashes: Option<u64>,
    value: Difficulty,
    valid: bool,
    threshold: Difficulty,
    multiplier: f64,
}

impl Target {
    fn threshold(&self) -> Difficulty {
        self.threshold.unwrap_or_else(|| self.network.thresholds().base())
    }

    fn report(&self, work: Work) -> WorkReport {
        let (value, threshold) = (work.value(&self.root), self.threshold());
        let multiplier = value.multiplier(self.network.thresholds().base());
        WorkReport {
            work: None,
            hashes: None,
            value,
            valid: value >= threshold,
            threshold,
            multiplier,
        }
    }

    fn print(&self, report: &WorkReport) -> Result<(), Failure> {
        if self.json {
            return Ok(output::json(report)?);
        }
        let rows = [
            ("work", report.work.map(|work| work.to_string())),
            ("hashes", report.hashes.map(|hashes| hashes.to_string())),
            ("value", Some(report.value.to_string())),
            ("valid", Some(report.valid.to_string())),
            ("threshold", Some(report.threshold.to_string())),
            ("multiplier", Some(report.multiplier.to_string())),
        ];
        for (name, value) in rows {
            if let Some(value) = value {
                output::line(format_args!("{name:<12}{value}"))?;
            }
        }
        Ok(())
    }
}

/// Runs the subcommand.
pub(crate) fn run(command: WorkCommand) -> Result<(), Failure> {
    match command {
        WorkCommand::Generate(args) => generate(&args),
        WorkCommand::Validate(args) => args.target.print(&args.target.report(args.work)),
    }
}

fn generate(args: &GenerateArgs) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let pool = Pool::cpu(args.threads.map(usize::from));
    let ticket = pool.submit(Puzzle::new(args.target.root, args.target.threshold()));
    let (work, hashes) = runtime.block_on(watched(ticket))?;
    let report = WorkReport { work: Some(work), hashes: Some(hashes), ..args.target.report(work) };
    args.target.print(&report)
}

/// Waits for the work; a terminal is shown how far it is.
async fn watched(ticket: Ticket) -> Result<(Work, u64), Failure> {
    let progress = ticket.watch();
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("a valid template"));
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    tokio::pin!(ticket);
    let solution = loop {
        tokio::select! {
            solution = &mut ticket => break solution?,
            _ = tick.tick() => {
                let seen = progress.progress();
                bar.set_message(format!("{} hashes, {:.1} MH/s", HumanCount(seen.hashes), seen.rate / 1e6));
                bar.tick();
            }
        }
    };
    bar.finish_and_clear();
    Ok((solution.work(), progress.progress().hashes))
}
