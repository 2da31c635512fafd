//! `p2pow block hash|verify|sign`: blocks without a node.

use nano_block::{Block, SignatureError, Signed, SignedBlock};
use nano_primitives::{Account, Difficulty, Root, Work};
use p2pow_cli::{Failure, KeyArgs, input::Source, output, values};
use serde::{Deserialize, de::DeserializeOwned};

/// Hashes, checks and signs blocks; JSON is read from a file or standard input.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum BlockCommand {
    /// Print the hash of a block
    #[command(after_help = HASH_HELP)]
    Hash(HashArgs),
    /// Print `valid`, or what is wrong with a block's signature (and its work, if asked)
    #[command(after_help = VERIFY_HELP)]
    Verify(VerifyArgs),
    /// Sign a block and print it
    #[command(after_help = SIGN_HELP)]
    Sign(SignArgs),
}

const HASH_HELP: &str = "\
State blocks and the four legacy kinds are read as a node writes them; `signature` and `work` may be there or not.

Examples:
  p2pow block hash block.json
  curl -s … | jq .contents | p2pow block hash";

const VERIFY_HELP: &str = "\
Exits with 0 if valid, with 1 if not. A state or open block names its account; the other legacy kinds do not, so \
     --account must. The work is checked only with --threshold, as the threshold depends on the ledger.

Examples:
  p2pow block verify block.json
  p2pow block verify block.json --threshold fffffff800000000";

const SIGN_HELP: &str = "\
The key comes from --key-file or --seed-file, from P2POW_KEY or P2POW_SEED, or is asked for. A block that names \
     another account than the key's is refused.

Examples:
  p2pow block sign block.json --key-file alice.key
  p2pow block sign --key-file alice.key < block.json > signed.json";

/// Options of `block hash`.
#[derive(Debug, clap::Args)]
pub(crate) struct HashArgs {
    #[command(flatten)]
    source: Source,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Options of `block verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    source: Source,
    /// Whose block it is, where the block does not say so (legacy send, receive, change)
    #[arg(long, value_parser = values::account)]
    account: Option<Account>,
    /// Check the work too: it must reach this difficulty
    #[arg(long, value_name = "T")]
    threshold: Option<Difficulty>,
}

/// Options of `block sign`.
#[derive(Debug, clap::Args)]
pub(crate) struct SignArgs {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    key: KeyArgs,
}

/// Runs the subcommand.
pub(crate) fn run(command: BlockCommand) -> Result<(), Failure> {
    match command {
        BlockCommand::Hash(args) => hash(&args),
        BlockCommand::Verify(args) => verify(&args),
        BlockCommand::Sign(args) => sign(&args),
    }
}

fn hash(args: &HashArgs) -> Result<(), Failure> {
    let block: Block = read(&args.source)?;
    if args.json {
        return Ok(output::json(&serde_json::json!({ "hash": block.hash() }))?);
    }
    Ok(output::line(block.hash())?)
}

fn verify(args: &VerifyArgs) -> Result<(), Failure> {
    let signed: SignedBlock = read(&args.source)?;
    match check(&signed, args) {
        Ok(()) => Ok(output::line("valid")?),
        Err(wrong @ Wrong::WhoseBlock) => Err(Failure::Usage(wrong.to_string())),
        Err(wrong) => {
            output::line(&wrong)?;
            Err(Failure::new(format!("block {} is not valid", signed.hash())))
        }
    }
}

/// What is wrong with a block.
#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error("a legacy send, receive or change block does not name its account: give --account")]
    WhoseBlock,
    #[error("the block is of {named}, wanted {wanted}")]
    OtherAccount { named: Account, wanted: Account },
    #[error("the signature is not by {account}: {reason}")]
    Signature { account: Account, reason: SignatureError },
    #[error("the block has no work")]
    NoWork,
    #[error("work {work} has value {value} for root {root}, wanted at least {threshold}")]
    Work { work: Work, root: Root, value: Difficulty, threshold: Difficulty },
}

fn check(signed: &SignedBlock, args: &VerifyArgs) -> Result<(), Wrong> {
    let account = match (named_account(&signed.block), args.account) {
        (Some(named), Some(wanted)) if named != wanted => {
            return Err(Wrong::OtherAccount { named, wanted });
        }
        (named, wanted) => named.or(wanted).ok_or(Wrong::WhoseBlock)?,
    };
    signed
        .verify_by(&account.public_key())
        .map_err(|reason| Wrong::Signature { account, reason })?;
    args.threshold.map_or(Ok(()), |threshold| check_work(signed, threshold))
}

fn check_work(signed: &SignedBlock, threshold: Difficulty) -> Result<(), Wrong> {
    let (work, root) = (signed.work.ok_or(Wrong::NoWork)?, signed.root());
    let value = work.value(&root);
    if value < threshold {
        return Err(Wrong::Work { work, root, value, threshold });
    }
    Ok(())
}

fn sign(args: &SignArgs) -> Result<(), Failure> {
    /// The rest of a block is read by `Block`, which has no work.
    #[derive(Deserialize)]
    struct MaybeWork {
        #[serde(default)]
        work: Option<Work>,
    }
    let text = args.source.read()?;
    let block: Block = parse(&text)?;
    let MaybeWork { work } = parse(&text)?;
    let key = args.key.secret_key()?;
    if let Some(named) = named_account(&block).filter(|named| *named != key.account()) {
        let key = key.account();
        return Err(Failure::new(format!("the block is of {named}, but the key of {key}")));
    }
    Ok(output::json(&Signed { work, ..block.sign(&key) })?)
}

fn named_account(block: &Block) -> Option<Account> {
    match block {
        Block::State(block) => Some(block.account),
        Block::Open(block) => Some(block.account),
        _ => None,
    }
}

fn read<T: DeserializeOwned>(source: &Source) -> Result<T, Failure> {
    parse(&source.read()?)
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::new(format!("not a block: {error}")))
}
