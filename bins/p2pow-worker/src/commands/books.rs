//! `p2pow-worker history` and `p2pow-worker earnings`: what the journal says of the jobs that came to their end.

use crate::options::{ConfigArgs, JournalArgs};
use nano_primitives::Account;
use p2pow_cli::{Failure, config::Given, output, values};
#[cfg(feature = "fleet")]
use p2pow_cli::{FleetArgs, KeptArgs};
use p2pow_server::{
    EndedJob, Phase,
    books::{self, Earnings},
};
use p2pow_store::{SqliteStore, Store};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const HISTORY_HELP: &str = "\
One line a job, in the order in which they came: when it ended, how, what its reward pays, whose it was. Reads the journal of a worker that may run meanwhile. A job that is not at its end is not shown.

Examples:
  p2pow-worker history --days 7
  p2pow-worker history --outcome lost --sender nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo
  p2pow-worker history --csv > jobs.csv";

const EARNINGS_HELP: &str = "\
Won jobs are those whose reward is confirmed; the win rate is their share of all that were not refused. TH are the tera-hashes that were tried, for lost jobs too. Days are those of UTC.

Examples:
  p2pow-worker earnings
  p2pow-worker earnings --by sender --days 30 --json";

/// Which jobs of which journal, and how they are shown.
#[derive(Debug, clap::Args)]
struct BooksArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    journal: Given<JournalArgs>,
    #[cfg(feature = "fleet")]
    #[command(flatten)]
    fleet: Given<FleetArgs>,
    #[cfg(feature = "fleet")]
    #[command(flatten)]
    kept: Given<p2pow_cli::KeptArgs>,
    /// Jobs that ended in the last N days
    #[arg(long, value_name = "N", value_parser = values::from_one::<u64>)]
    days: Option<u64>,
    /// Jobs of this sender
    #[arg(long, value_name = "ACCOUNT", value_parser = values::address)]
    sender: Option<Account>,
    /// Print JSON, one object a line; amounts are in raw
    #[arg(long)]
    json: bool,
}

/// Options of `history`.
#[derive(Debug, clap::Args)]
#[command(after_help = HISTORY_HELP)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    books: BooksArgs,
    /// Jobs that ended like this
    #[arg(long, value_enum)]
    outcome: Option<Outcome>,
    /// Print comma-separated values with a head line; amounts are in raw
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

/// Options of `earnings`.
#[derive(Debug, clap::Args)]
#[command(after_help = EARNINGS_HELP)]
pub(crate) struct EarningsArgs {
    #[command(flatten)]
    books: BooksArgs,
    /// What the lines are for
    #[arg(long, value_enum, default_value = "day")]
    by: By,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Outcome {
    /// The reward is confirmed
    Won,
    /// Somebody else's block was faster
    Lost,
    /// It was refused, or something broke
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum By {
    Day,
    Sender,
}

/// Shows the jobs.
pub(crate) async fn history(args: HistoryArgs) -> Result<(), Failure> {
    let jobs = args.books.read().await?;
    let is_wanted = |job: &&EndedJob| args.outcome.is_none_or(|wanted| Outcome::of(job) == wanted);
    let jobs: Vec<&EndedJob> = jobs.iter().filter(is_wanted).collect();
    if args.csv {
        return csv(&jobs);
    }
    for job in jobs {
        if args.books.json {
            output::json(&json_of(job))?;
        } else {
            output::line(words(job))?;
        }
    }
    Ok(())
}

/// Shows what the jobs come to.
pub(crate) async fn earnings(args: EarningsArgs) -> Result<(), Failure> {
    let jobs = args.books.read().await?;
    let mut groups: BTreeMap<String, Vec<&EndedJob>> = BTreeMap::new();
    for job in &jobs {
        let group = match args.by {
            By::Day => instant(job.ended_ms)[..10].to_owned(),
            By::Sender => job.account.to_string(),
        };
        groups.entry(group).or_default().push(job);
    }
    for (group, jobs) in &groups {
        show(args.by, group, &Earnings::of(jobs.iter().copied()), args.books.json)?;
    }
    if args.books.json {
        return Ok(());
    }
    show(args.by, "all", &Earnings::of(&jobs), false).map_err(Failure::from)
}

fn show(by: By, group: &str, sum: &Earnings, is_json: bool) -> io::Result<()> {
    let Earnings { won, lost, failed, income, hashes, .. } = *sum;
    if is_json {
        let name = if by == By::Day { "day" } else { "sender" };
        return output::json(&json!({
            name: group, "won": won, "lost": lost, "failed": failed, "win_rate": sum.win_rate(),
            "income": income, "hashes": hashes, "raw_per_th": sum.raw_per_tera_hash(),
        }));
    }
    let rate =
        sum.win_rate().map_or("no race".to_owned(), |rate| format!("{:.0} % won", rate * 100.0));
    let price = sum
        .raw_per_tera_hash()
        .map_or(String::new(), |raw| format!(", {:.6} XNO a TH", raw / 1e30));
    output::line(format_args!(
        "{group}: {won} won, {lost} lost, {failed} failed ({rate}); {} XNO{price}",
        income.to_xno()
    ))
}

impl BooksArgs {
    /// Where the worker keeps its journal.
    #[allow(clippy::unused_async)] // in a build without fleets there is nothing to wait for
    async fn store(&self) -> Result<Arc<dyn Store>, Failure> {
        let file = self.config.read_if_there()?;
        let JournalArgs { journal } = JournalArgs::layered(&self.journal, &file)?;
        #[cfg(feature = "fleet")]
        {
            let fleet = FleetArgs::layered(&self.fleet, &file)?;
            if let Some(store) = file.options::<KeptArgs>(&self.kept)?.store(&fleet, "").await? {
                return Ok(store);
            }
        }
        if !journal.exists() {
            let file = p2pow_cli::input::shown(&journal);
            let hint = "`p2pow-worker run` makes it, or name yours with --journal FILE";
            return Err(Failure::new(format!("there is no journal {file} here: {hint}")));
        }
        Ok(SqliteStore::open(&journal)?.shared())
    }

    async fn read(&self) -> Result<Vec<EndedJob>, Failure> {
        let ago = |days: u64| now_ms().saturating_sub(days.saturating_mul(24 * 3600 * 1000));
        let since = self.days.map_or(0, ago);
        let is_meant = |job: &EndedJob| {
            job.ended_ms >= since && self.sender.is_none_or(|sender| job.account == sender)
        };
        let mut jobs = books::all(self.store().await?).await?;
        jobs.retain(is_meant);
        Ok(jobs)
    }
}

impl Outcome {
    fn of(job: &EndedJob) -> Self {
        match job.outcome {
            Phase::Confirmed => Self::Won,
            Phase::Lost => Self::Lost,
            _ => Self::Failed,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Failed => "failed",
        }
    }
}

fn words(job: &EndedJob) -> String {
    let why = job.refusal.as_ref().map_or(String::new(), |why| format!(" ({why})"));
    format!(
        "{} {:<6} {} XNO for {} of {}{why}, job {}",
        instant(job.ended_ms),
        Outcome::of(job).name(),
        job.paid.to_xno(),
        output::count(job.user_blocks, "block"),
        job.account,
        job.id
    )
}

fn json_of(job: &EndedJob) -> Value {
    json!({
        "id": job.id, "outcome": Outcome::of(job).name(), "refusal": job.refusal, "account": job.account,
        "user_blocks": job.user_blocks, "paid": job.paid, "hashes": job.hashes,
        "admitted": instant(job.admitted_ms), "ended": instant(job.ended_ms),
    })
}

fn csv(jobs: &[&EndedJob]) -> Result<(), Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = [
        "ended",
        "admitted",
        "outcome",
        "refusal",
        "account",
        "user_blocks",
        "paid",
        "hashes",
        "id",
    ];
    writer.write_record(head)?;
    for job in jobs {
        let numbers = [job.user_blocks.to_string(), job.paid.to_string(), job.hashes.to_string()];
        let [blocks, paid, hashes] = numbers;
        writer.write_record([
            instant(job.ended_ms),
            instant(job.admitted_ms),
            Outcome::of(job).name().to_owned(),
            job.refusal.clone().unwrap_or_default(),
            job.account.to_string(),
            blocks,
            paid,
            hashes,
            job.id.to_string(),
        ])?;
    }
    let text = writer.into_inner().map_err(|error| Failure::new(error.to_string()))?;
    output::line(String::from_utf8_lossy(&text).trim_end())?;
    Ok(())
}

/// Milliseconds since 1970 as a date and time of UTC, to the second.
fn instant(ms: u64) -> String {
    let seconds = i64::try_from(ms / 1000).unwrap_or(i64::MAX);
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(&Rfc3339).unwrap_or_default()
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
