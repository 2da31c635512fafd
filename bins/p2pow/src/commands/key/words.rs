//! `p2pow key mnemonic show|restore`: a seed as words, and back.

use super::{
    new::{Place, account, printed},
    shown::Shown,
};
use p2pow_cli::{
    Failure, KeyArgs, PasswordArgs,
    ask::{prompt, variable},
    files::read_private,
    input::Source,
    key_file::key_at,
    output, values,
};
use p2pow_keystore::{Phrase, PhraseError, Secret};
use std::{
    fmt::Write,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Words that people can write down.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum MnemonicCommand {
    /// Show the 24 words that a seed is
    #[command(after_help = SHOW_HELP)]
    Show(ShowArgs),
    /// Make a seed or key of words
    #[command(after_help = RESTORE_HELP)]
    Restore(RestoreArgs),
}

const SHOW_HELP: &str = "\
The seed comes from --seed-file, plain or encrypted, from the variable P2POW_SEED, or is asked for. Who has the words has \
     the money.

Example:
  p2pow key mnemonic show --seed-file alice.seed";

const RESTORE_HELP: &str = "\
The words come from --words-file, from standard input, or are asked for. 24 words are a Nano seed, as in Nault or \
     Natrium. With --bip44 they are words of a hardware wallet, whose keys lie along 44'/165'/N': with --encrypt the file \
     has them all, without it the one of --index. Words do not say which they are; look whether the account is yours.

Examples:
  p2pow key mnemonic restore --out alice.seed
  p2pow key mnemonic restore --bip44 --encrypt --out ledger.key";

/// The variable that may hold the passphrase of a hardware wallet's words.
const PASSPHRASE_VARIABLE: &str = "P2POW_PASSPHRASE";

/// Options of `key mnemonic show`.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// File with the seed: 64 hexadecimal digits (or the variable P2POW_SEED), or encrypted
    #[arg(long, value_name = "FILE")]
    seed_file: Option<PathBuf>,
    #[command(flatten)]
    password: PasswordArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Options of `key mnemonic restore`.
#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArgs {
    /// File with the words
    #[arg(long, value_name = "FILE")]
    words_file: Option<PathBuf>,
    /// The words are those of a hardware wallet
    #[arg(long)]
    bip44: bool,
    /// There is a passphrase with the words: it is asked for, or comes from this variable: P2POW_PASSPHRASE
    #[arg(long, requires = "bip44")]
    passphrase: bool,
    /// Which key of the hardware wallet
    #[arg(long, value_name = "N", default_value = "0", requires = "bip44")]
    #[arg(value_parser = values::whole(0..=(u32::MAX >> 1)))]
    index: u32,
    /// Write the secret to this new file (mode 0600) instead of printing it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Put the file under a password
    #[arg(long, requires = "out")]
    encrypt: bool,
    #[command(flatten)]
    password: PasswordArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub(super) fn run(command: MnemonicCommand) -> Result<(), Failure> {
    match command {
        MnemonicCommand::Show(args) => show(args),
        MnemonicCommand::Restore(args) => restore(args),
    }
}

fn show(args: ShowArgs) -> Result<(), Failure> {
    let ShowArgs { seed_file, password, json } = args;
    let secret = KeyArgs { seed_file, password, ..KeyArgs::default() }.seed()?;
    let Secret::Seed(seed) = &secret else {
        return Err(Failure::new(format!(
            "a {} does not tell the words that it was made of",
            secret.what()
        )));
    };
    let words = Phrase::of_seed(seed).expose_words();
    if json {
        return Shown { words: Some(words), ..Shown::of(account(&secret)?) }.print(true);
    }
    Ok(output::line(numbered(&words).as_str())?)
}

/// Six words on a line, with their places.
fn numbered(words: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(words.len() + 24 * 16));
    for (place, word) in words.split(' ').enumerate() {
        let start = if place % 6 > 0 {
            "  "
        } else if place > 0 {
            "\n"
        } else {
            ""
        };
        write!(text, "{start}{:>2} {word:<8}", place + 1).expect("a text takes what is written");
    }
    text
}

fn restore(args: RestoreArgs) -> Result<(), Failure> {
    let phrase = phrase(args.words_file.as_deref())?;
    let secret = if args.bip44 {
        let passphrase = if args.passphrase { passphrase()? } else { Zeroizing::default() };
        let seed = Secret::Bip39(phrase.bip39_seed(&passphrase));
        if args.encrypt { seed } else { Secret::Key(key_at(&seed, args.index)?) }
    } else {
        Secret::Seed(phrase.seed()?)
    };
    let shown = match (args.out, args.encrypt) {
        (Some(out), true) => Place::Sealed(out, args.password).write(&secret)?,
        (Some(out), false) => Place::Plain(out).write(&secret)?,
        (None, _) => printed(&secret)?,
    };
    shown.print(args.json)
}

/// Words that are none, and where they stood.
#[derive(Debug, thiserror::Error)]
#[error("{origin}: {source}")]
struct WordsError {
    origin: String,
    source: PhraseError,
}

fn phrase(file: Option<&Path>) -> Result<Phrase, Failure> {
    let (origin, text) = match file {
        Some(path) => (path.display().to_string(), read_private(path)?),
        None if io::stdin().is_terminal() => {
            let refusal = || "no words: give --words-file FILE".to_owned();
            ("the answer".to_owned(), prompt("Words, in their order: ", refusal)?)
        }
        None => ("standard input".to_owned(), Source::default().read()?),
    };
    Ok(text.parse().map_err(|source| WordsError { origin, source })?)
}

fn passphrase() -> Result<Zeroizing<String>, Failure> {
    if let Some(text) = variable(PASSPHRASE_VARIABLE)? {
        return Ok(text);
    }
    prompt("Passphrase of the words: ", || {
        format!("no passphrase: set {PASSPHRASE_VARIABLE} (without a terminal nobody can be asked)")
    })
}
