//! `p2pow signer serve`: holds keys, and signs what its policy allows, until it is interrupted.

use super::{policy::words, socket::SocketArgs, terminal::Terminal};
use crate::interrupts::Interrupts;
use nano_block::SecretKey;
use nano_primitives::{Account, Amount};
use p2pow_cli::{Failure, KeyArgs, key_file::key_at, output, values};
use p2pow_signer::{Access, Kind, Policy, Signatory, SignerServer, Standing};
use p2pow_store::SqliteStore;
use serde_json::json;
use std::{
    fs::{File, TryLockError},
    io::{self, BufReader, IsTerminal},
    path::{Path, PathBuf},
    sync::Arc,
};

pub(super) const HELP: &str = "\
Senders on this machine say --signer PATH in the place of a key: `p2pow send nano_… 1 --signer PATH`. They are given \
     signatures, never a key. A block names a balance, not an amount; so the block below is shown, too, and what leaves is \
     computed from both: nothing is taken on a sender's word. docs/remote-signer.md tells the protocol.

On one block of an account one block of the user is signed, for ever: what is signed is in the file of --book before the \
     signature leaves. Keep that file: with another one the signer has forgotten what it signed, and what has left today. \
     Never run two signers with one key.

The limits of a day and of a block hold whatever a sender says. A reward for a worker is signed only on top of a block that \
     was signed here, and only up to --max-fee. With --ask somebody at this terminal says yes to every block of the user; \
     rewards are paid within the limits then. To refuse other programs of the sender's user too, run the signer as a user \
     of its own, and let the sender's in by its number: --user 1001.

Examples:
  p2pow signer serve --key-file alice.key --max-amount 5 --max-per-day 20
  p2pow signer serve --seed-file shop.seed --keys 3 --socket /run/p2pow/signer.sock --allow receive,reward
  p2pow signer serve --key-file alice.key --to nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo --ask
  p2pow signer policy";

/// Options of `signer serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct SignerArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// How many keys of the seed, from --index on
    #[arg(long, value_name = "N", default_value = "1", value_parser = values::whole(1..=256_u32))]
    keys: u32,
    #[command(flatten)]
    place: SocketArgs,
    /// The file of what was signed; without it signer.db in the folder of --data
    #[arg(long, value_name = "FILE")]
    book: Option<PathBuf>,
    #[command(flatten)]
    limits: Limits,
    /// Ask on this terminal before a block of the user is signed
    #[arg(long)]
    ask: bool,
    /// Let processes of this user in too, by its number
    #[arg(long = "user", value_name = "UID", value_parser = values::whole(0..=u32::MAX))]
    users: Vec<u32>,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
}

/// What is signed.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Policy")]
struct Limits {
    /// The most that one block sends, in XNO or with the suffix raw
    #[arg(long, value_name = "AMOUNT", value_parser = values::amount, default_value = "1")]
    max_amount: Amount,
    /// The most that leaves in 24 hours, fees included
    #[arg(long, value_name = "AMOUNT", value_parser = values::amount, default_value = "10")]
    max_per_day: Amount,
    /// The most to pay for the work of one send
    #[arg(long, value_name = "AMOUNT", value_parser = values::amount, default_value = "0.001")]
    max_fee: Amount,
    /// Who may be sent money, several with commas between them; without it anybody
    #[arg(long = "to", value_name = "ACCOUNT", value_delimiter = ',')]
    #[arg(value_parser = values::address)]
    to: Vec<Account>,
    /// What is signed at all: send, receive, change, reward
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kind)]
    #[arg(default_value = "send,receive,change,reward")]
    allow: Vec<Kind>,
    /// Rewards on top of one block, at most: one for each worker that is hired for it
    #[arg(long, value_name = "N", default_value = "16", value_parser = values::from_one::<usize>)]
    max_rewards: usize,
}

fn kind(text: &str) -> Result<Kind, String> {
    text.parse::<Kind>().map_err(|error| error.to_string())
}

impl Limits {
    fn policy(self) -> Policy {
        let mut policy = Policy::default();
        policy.max_amount = self.max_amount;
        policy.max_per_day = self.max_per_day;
        policy.max_fee = self.max_fee;
        policy.destinations = self.to.into_iter().collect();
        policy.kinds = self.allow.into_iter().collect();
        policy.max_rewards = self.max_rewards;
        policy
    }
}

impl SignerArgs {
    fn secret_keys(&self) -> Result<Vec<SecretKey>, Failure> {
        if self.keys == 1 {
            return Ok(vec![self.key.secret_key()?]);
        }
        let (seed, first) = (self.key.seed()?, self.key.index);
        let key = |place: u32| {
            let index = first.checked_add(place);
            let index = index.ok_or_else(|| {
                Failure::Usage("--index and --keys: there is no such index".into())
            })?;
            Ok(key_at(&seed, index)?)
        };
        (0..self.keys).map(key).collect()
    }
}

/// Runs the subcommand until it is interrupted.
pub(super) async fn run(args: SignerArgs) -> Result<(), Failure> {
    let mut interrupts = Interrupts::new()?;
    let keys = args.secret_keys()?;
    let (socket, book) = (args.place.socket()?, args.place.or(args.book.as_ref(), "signer.db")?);
    let _lock = lock(&book)?;
    let mut access = Access::default();
    access.users = args.users;
    let signatory = Signatory::new(keys, args.limits.policy(), SqliteStore::open(&book)?.shared());
    let signatory = if args.ask { asking(signatory)? } else { signatory };
    let (accounts, standing) =
        (signatory.accounts().collect::<Vec<_>>(), signatory.standing().await?);
    let server = SignerServer::bind(&socket, signatory, access)?;
    started(&socket, &accounts, &standing, args.json)?;
    interrupts.next().await;
    server.shutdown().await;
    // Who has ended it well need not read it.
    let _ = stopped(args.json);
    Ok(())
}

fn asking(signatory: Signatory) -> Result<Signatory, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "--ask: there is no terminal where somebody could be asked".into(),
        ));
    }
    let terminal = Terminal::new(BufReader::new(io::stdin()));
    Ok(signatory.with_approval(Arc::new(terminal)))
}

/// Nobody else may use the book meanwhile. The lock is the process's, and ends with it.
fn lock(book: &Path) -> Result<File, Failure> {
    let mut name = book.as_os_str().to_owned();
    name.push(".lock");
    let failed =
        |error: io::Error| Failure::new(format!("cannot lock {}: {error}", book.display()));
    let file = File::options().create(true).truncate(false).write(true).open(&name);
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::new(format!(
            "another `p2pow signer serve` works with {}: end it first",
            book.display()
        ))),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn started(socket: &Path, accounts: &[Account], standing: &Standing, json: bool) -> io::Result<()> {
    if json {
        return output::json(&json!({
            "event": "started", "socket": socket, "accounts": accounts, "policy": standing,
        }));
    }
    for account in accounts {
        output::line(format_args!("signs for {account} at {}", socket.display()))?;
    }
    output::line(words(standing))
}

fn stopped(json: bool) -> io::Result<()> {
    if json { output::json(&json!({ "event": "stopped" })) } else { output::line("stopped") }
}

#[cfg(test)]
mod tests {
    use super::SignerArgs;
    use clap::{Args, Command, FromArgMatches};
    use p2pow_signer::Policy;

    #[test]
    fn defaults_are_those_of_the_library() {
        let matches = SignerArgs::augment_args(Command::new("serve")).get_matches_from(["serve"]);
        let args = SignerArgs::from_arg_matches(&matches).unwrap();
        assert_eq!(args.limits.policy(), Policy::default());
    }
}
