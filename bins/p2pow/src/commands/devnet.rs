//! `p2pow devnet`: a Nano network on this computer, until it is interrupted.

use crate::interrupts::Interrupts;
use clap::ValueEnum;
use nano_block::{Epoch, Network};
use nano_devnet::{Builder, Devnet, Dialect, StartError};
use nano_primitives::{Account, Amount};
use p2pow_cli::{Failure, output, values};
use serde::Serialize;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

/// The ports of a node's own development network.
const RPC_PORT: u16 = 45000;
const WEBSOCKET_PORT: u16 = 47000;

const HELP: &str = "\
A Nano network in one process, on loopback: the rules of the real ledger, the RPC and WebSocket of a node. All its money \
     begins in one account, whose key is public: it is shown, and is for development only. Money that --fund gives needs no \
     work; everything else does, with the thresholds of --network.

A wallet or worker should get along with both implementations of the node, with accounts that were never lifted to epoch 2, \
     and with blocks that stay unconfirmed: --dialect, --epoch and --leave-unconfirmed are for trying that.

Examples:
  p2pow devnet
  p2pow devnet --network live --data ledger.db
  p2pow devnet --fund nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo=10 --json
  p2pow devnet --dialect rsnano --epoch 0
  p2pow devnet --leave-unconfirmed         (then confirm a block, and what it rests on, by hand:)
  curl -d '{\"action\":\"block_confirm\",\"hash\":\"…\"}' http://127.0.0.1:45000";

/// Options of `devnet`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct DevnetArgs {
    /// Whose work thresholds hold: live, beta, test or dev
    #[arg(long, default_value = "dev")]
    network: Network,
    /// Keep the ledger in this file between runs
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Port of the RPC [default: 45000, or a free one if that is taken]
    #[arg(long, value_name = "PORT")]
    rpc_port: Option<u16>,
    /// Port of the WebSocket [default: 47000, or a free one if that is taken]
    #[arg(long, value_name = "PORT")]
    websocket_port: Option<u16>,
    /// Send money to an account that has none: ACCOUNT=AMOUNT, as often as wanted
    #[arg(long, value_name = "ACCOUNT=AMOUNT", value_parser = grant)]
    fund: Vec<Grant>,
    /// Milliseconds until a block is confirmed
    #[arg(long, value_name = "MS", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u64).range(..=3_600_000))]
    confirmation_delay: u64,
    /// Leave blocks unconfirmed: they are in the ledger, but may be rolled back, and pay nobody. The money of --fund is
    /// confirmed all the same
    #[arg(long, conflicts_with = "confirmation_delay")]
    leave_unconfirmed: bool,
    /// Whose answers the RPC gives, where two implementations of the node differ
    #[arg(long, value_enum, value_name = "NODE", default_value = "reference")]
    dialect: DialectName,
    /// The epoch of a new ledger's accounts: 2, as on every real network, or 0 or 1, where every block needs the same work:
    /// an eighth of a send's at epoch 2, eight times a receive's
    #[arg(long, value_name = "N", default_value = "2", value_parser = epoch)]
    epoch: Epoch,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
}

/// An implementation of the node.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum DialectName {
    /// nano_node: what is empty is "", and the WebSocket reads switches of any type
    Reference,
    /// RsNano: what is empty is [] or {}, and the WebSocket ends a session over a switch that is a text
    Rsnano,
}

impl From<DialectName> for Dialect {
    fn from(name: DialectName) -> Self {
        match name {
            DialectName::Reference => Self::Reference,
            DialectName::Rsnano => Self::RsNano,
        }
    }
}

/// Money for an account.
#[derive(Debug, Clone, Copy)]
struct Grant {
    account: Account,
    amount: Amount,
}

/// Where the network is and who has its money.
#[derive(Debug, Serialize)]
struct Report {
    network: String,
    dialect: &'static str,
    epoch: u8,
    leaves_unconfirmed: bool,
    rpc_url: String,
    websocket_url: String,
    account: Account,
    private_key: String,
    balance_raw: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<PathBuf>,
}

/// Runs the subcommand until it is interrupted.
pub(crate) async fn run(args: DevnetArgs) -> Result<(), Failure> {
    let mut interrupts = Interrupts::new()?;
    let net = args.start().await?;
    for grant in &args.fund {
        fund(&net, grant)?;
    }
    note("RPC", RPC_PORT, args.rpc_port, net.rpc_addr().port());
    note("WebSocket", WEBSOCKET_PORT, args.websocket_port, net.websocket_addr().port());
    let report = Report::new(&net, &args);
    if args.json {
        output::json(&report)?;
    } else {
        report.print()?;
    }
    interrupts.next().await;
    net.shutdown().await;
    Ok(())
}

impl DevnetArgs {
    /// Starts on the ports that were asked for. A default port that is taken is no reason not to start.
    async fn start(&self) -> Result<Devnet, StartError> {
        let mut rpc = self.rpc_port.unwrap_or(RPC_PORT);
        let mut websocket = self.websocket_port.unwrap_or(WEBSOCKET_PORT);
        loop {
            let error = match self.builder(rpc, websocket).start().await {
                Ok(net) => return Ok(net),
                Err(error) => error,
            };
            match taken_port(&error) {
                Some(RPC_PORT) if self.rpc_port.is_none() => rpc = 0,
                Some(WEBSOCKET_PORT) if self.websocket_port.is_none() => websocket = 0,
                _ => return Err(error),
            }
        }
    }

    fn builder(&self, rpc: u16, websocket: u16) -> Builder {
        let on = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let builder = Devnet::builder()
            .network(self.network)
            .rpc_addr(on(rpc))
            .websocket_addr(on(websocket))
            .dialect(self.dialect.into())
            .epoch(self.epoch)
            .leave_unconfirmed(self.leave_unconfirmed)
            .confirmation_delay(Duration::from_millis(self.confirmation_delay));
        match &self.data {
            Some(path) => builder.data_file(path),
            None => builder,
        }
    }
}

/// The port that somebody else listens on, if that is what is wrong.
fn taken_port(error: &StartError) -> Option<u16> {
    match error {
        StartError::Listen { address, source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
            Some(address.port())
        }
        _ => None,
    }
}

/// Says that it is not the usual port: other programs may have been told that one.
fn note(what: &str, usual: u16, asked: Option<u16>, found: u16) {
    if asked.is_none() && found != usual {
        eprintln!("p2pow: port {usual} is taken, so {what} is on port {found}");
    }
}

/// A ledger from a file may hold the money already.
fn fund(net: &Devnet, grant: &Grant) -> Result<(), Failure> {
    let Grant { account, amount } = *grant;
    if net.account(&account).is_none() && net.receivable_total(&account).is_zero() {
        net.fund(&account, amount)?;
    }
    Ok(())
}

impl Report {
    fn new(net: &Devnet, args: &DevnetArgs) -> Self {
        let account = net.genesis_account();
        Self {
            network: net.network().to_string(),
            dialect: match args.dialect {
                DialectName::Reference => "reference",
                DialectName::Rsnano => "rsnano",
            },
            // A ledger from a file is at the epoch that it was begun with.
            epoch: net.account(&account).map_or(0, |view| view.epoch.number()),
            leaves_unconfirmed: args.leave_unconfirmed,
            rpc_url: net.rpc_url(),
            websocket_url: net.websocket_url(),
            account,
            private_key: net.genesis_key().expose_hex().to_string(),
            balance_raw: net.balance(&account),
            data: args.data.clone(),
        }
    }

    /// What is not as usual, in words that go on a sentence.
    fn oddities(&self) -> String {
        let mut words = String::new();
        if self.dialect == "rsnano" {
            words += ", with the answers of RsNano";
        }
        if self.epoch != 2 {
            words += &format!(", at epoch {}", self.epoch);
        }
        if self.leaves_unconfirmed {
            words += ", which confirms nothing by itself";
        }
        words
    }

    fn print(&self) -> Result<(), Failure> {
        let Self { network, rpc_url, websocket_url, account, private_key, balance_raw, .. } = self;
        let (balance, oddities) = (balance_raw.to_xno(), self.oddities());
        output::line(format_args!(
            "a Nano network with the work of `{network}`{oddities}; Ctrl-C ends it\n\
             RPC             {rpc_url}\n\
             WebSocket       {websocket_url}\n\
             funded account  {account} ({balance} XNO)\n\
             its key         {private_key} (public: for development only)\n\
             \n\
             A worker, in a terminal of its own (its account needs a little money: --fund):\n  \
               p2pow-worker init\n  \
               export P2POW_NODE={rpc_url} P2POW_WEBSOCKET={websocket_url} P2POW_NETWORK={network}\n  \
               p2pow-worker register --public-ip 127.0.0.1 --allow-local\n  \
               p2pow-worker run\n\
             \n\
             A sender, in another one:\n  \
               export P2POW_NODE={rpc_url} P2POW_WEBSOCKET={websocket_url} P2POW_NETWORK={network}\n  \
               export P2POW_ALLOW_LOCAL=true P2POW_KEY={private_key}\n  \
               p2pow workers\n  \
               p2pow send nano_… 1.5"
        ))?;
        Ok(())
    }
}

fn grant(text: &str) -> Result<Grant, String> {
    let (account, amount) =
        text.split_once('=').ok_or("wanted ACCOUNT=AMOUNT, such as nano_…=10")?;
    Ok(Grant {
        account: values::account(account)?,
        amount: values::amount(amount).map_err(|error| error.to_string())?,
    })
}

fn epoch(text: &str) -> Result<Epoch, &'static str> {
    text.parse().ok().and_then(Epoch::from_number).ok_or("wanted 0, 1 or 2")
}
