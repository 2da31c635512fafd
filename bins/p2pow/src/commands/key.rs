//! `p2pow key …`: keys without a node.

mod inspect;
mod new;
mod sealing;
mod shown;
mod words;

use p2pow_cli::{Failure, KeyArgs, PasswordArgs, key_file::key_at};
use shown::Shown;
use std::path::PathBuf;

/// Makes keys, keeps them under a password, derives them from a seed, and shows what belongs to them.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a new private key, or a seed, from the system's randomness
    #[command(after_help = new::HELP)]
    New(new::NewArgs),
    /// Show the account and public key of a seed and an index
    #[command(after_help = DERIVE_HELP)]
    Derive(DeriveArgs),
    /// Check an account or a public key, and show both forms, on a terminal as a QR code too
    #[command(after_help = inspect::HELP)]
    Inspect(inspect::InspectArgs),
    /// Put a key file under a password
    #[command(after_help = sealing::ENCRYPT_HELP)]
    Encrypt(sealing::EncryptArgs),
    /// Take what is in an encrypted key file out of it
    #[command(after_help = sealing::DECRYPT_HELP)]
    Decrypt(sealing::DecryptArgs),
    /// Change the password of an encrypted key file
    #[command(after_help = sealing::PASSWORD_HELP)]
    Password(sealing::PasswordChange),
    /// Show a seed as 24 words, or restore a seed or key from words
    #[command(subcommand, arg_required_else_help = false)]
    Mnemonic(words::MnemonicCommand),
}

const DERIVE_HELP: &str = "\
The seed comes from --seed-file, plain or encrypted, from the variable P2POW_SEED, or is asked for.

Examples:
  p2pow key derive --seed-file seed --index 3
  p2pow key derive --seed-file seed --index 3 --json --show-private";

/// Options of `key derive`.
#[derive(Debug, clap::Args)]
pub(crate) struct DeriveArgs {
    /// File with the seed: 64 hexadecimal digits (or the variable P2POW_SEED), or encrypted
    #[arg(long, value_name = "FILE")]
    seed_file: Option<PathBuf>,
    #[command(flatten)]
    password: PasswordArgs,
    /// Which key of the seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    index: u32,
    /// Show the private key too
    #[arg(long)]
    show_private: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub(crate) fn run(command: KeyCommand) -> Result<(), Failure> {
    match command {
        KeyCommand::New(args) => new::run(args),
        KeyCommand::Derive(args) => derive(args),
        KeyCommand::Inspect(args) => inspect::run(&args),
        KeyCommand::Encrypt(args) => sealing::encrypt(args),
        KeyCommand::Decrypt(args) => sealing::decrypt(args),
        KeyCommand::Password(args) => sealing::change_password(args),
        KeyCommand::Mnemonic(command) => words::run(command),
    }
}

fn derive(args: DeriveArgs) -> Result<(), Failure> {
    let DeriveArgs { seed_file, password, index, .. } = args;
    let key = key_at(&KeyArgs { seed_file, password, ..KeyArgs::default() }.seed()?, index)?;
    let private_key = args.show_private.then(|| key.expose_hex());
    Shown { index: Some(index), private_key, ..Shown::of(key.account()) }.print(args.json)
}
