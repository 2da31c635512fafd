//! `p2pow web`: the market in a browser, until it is interrupted.

mod demo;
mod liar;
mod opener;
mod town;

use crate::{
    interrupts::Interrupts,
    options::{OPTIONS_HELP, Options, Settings},
    signer::Hand,
};
use clap::ArgGroup;
use nano_http::Rate;
use p2pow_cli::{Failure, output, values};
use p2pow_client::{Journal, Market};
use p2pow_store::{Claimed, SqliteStore};
use p2pow_web::{Access, BindError, Config, Parts, Token, WebServer};
use serde_json::json;
use std::{net::SocketAddr, sync::Arc, time::Duration};

const HELP: &str = "\
Shows the workers that are active now in a browser, tests them, and sends and receives by them. The link that is printed \
     has a token, without which nobody gets anything; the page comes from this program and asks nobody else. With a key \
     (--key-file and the like, or --signer) it can pay, after it has shown amount, fee and destination; keys stay in this process. \
     docs/web.md tells all of it.

With --demo there is nothing to set up: a Nano network in this process, an account with money, five workers of different \
     fees and speeds, one of which lies, and others who pay too.

With --read-only it is a list of workers that everybody may see: no key, no journal, no token.

Examples:
  p2pow web --demo
  p2pow web --key-file alice.key
  p2pow web --read-only --listen 0.0.0.0:7073
";
/// What one address may ask of a public list.
const PUBLIC: Rate = Rate { per_second: 2.0, burst: 60 };

/// Options of `web`.
#[derive(Debug, clap::Args)]
#[command(after_help = [HELP, OPTIONS_HELP].join("\n"))]
#[command(group = ArgGroup::new("kind").args(["demo", "read_only"]))]
pub(crate) struct WebArgs {
    /// Address and port to listen on, of loopback unless --read-only is given
    #[arg(long, value_name = "IP:PORT", value_parser = values::socket_address)]
    #[arg(default_value = "127.0.0.1:7073")]
    listen: SocketAddr,
    /// Run an embedded network with money, workers and others who pay; `--network dev` makes its work light
    #[arg(long)]
    demo: bool,
    /// Show the list of workers to everybody, without any key
    #[arg(long)]
    read_only: bool,
    /// Do not open a browser
    #[arg(long)]
    no_open: bool,
    /// Seconds between two looks at registry and workers
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    #[arg(value_parser = values::whole(1..=u64::MAX))]
    every: u64,
    /// Where accounts are shown to people, such as https://blocks.example.org/account/{}
    #[arg(long, value_name = "URL", value_parser = explorer)]
    explorer: Option<String>,
    #[command(flatten)]
    hand: Hand,
    #[command(flatten)]
    options: Options,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
}

fn explorer(text: &str) -> Result<String, values::ValueError> {
    let wanted = "http://… or https://… with {} in the place of the account";
    let url = values::http_url(&text.replace("{}", "account"))
        .map_err(|error| values::ValueError::because(error, wanted))?;
    if text.contains("{}") && url.len() > "http://".len() {
        return Ok(text.to_owned());
    }
    Err(values::ValueError::new(wanted))
}

/// Runs the subcommand until it is interrupted.
pub(crate) async fn run(args: WebArgs) -> Result<(), Failure> {
    let mut interrupts = Interrupts::new()?;
    let settings = args.options.clone().settings()?;
    if args.demo {
        let town = town::Town::found(settings.network()).await?;
        let access = Access::Token(Token::generate()?);
        let (config, parts) = demo::set(config(&args, access), &town)?;
        let server = serve(&args, config, parts).await?;
        let ends = town.live();
        tokio::select! {
            () = interrupts.next() => {}
            () = ends => {}
        }
        server.shutdown().await;
        town.close().await;
    } else {
        let (config, parts) = if args.read_only {
            public(&args, &settings).await?
        } else {
            own(&args, &settings).await?
        };
        let server = serve(&args, config, parts).await?;
        interrupts.next().await;
        server.shutdown().await;
    }
    // Who has ended it well need not read it.
    let _ = if args.json {
        output::json(&json!({ "event": "stopped" }))
    } else {
        output::line("stopped")
    };
    Ok(())
}

/// The page of this user, who can pay with a key.
async fn own(args: &WebArgs, settings: &Settings) -> Result<(Config, Parts), Failure> {
    let data = settings.data()?;
    let sender = settings.sender()?;
    let signer = args.hand.signer_if_any(settings.file()).await?;
    let store = SqliteStore::open(data.file(&format!("web-{}.db", settings.network())))?;
    let parts = Parts {
        nodes: sender.node().clone(),
        hiring: sender.config().clone(),
        journal: settings.journal()?,
        market: data.market(),
        // Two programs with the same records would each go on with the same payments.
        store: Arc::new(Claimed::new(store.shared())?),
        signer: signer.map(Arc::from),
    };
    Ok((config(args, Access::Token(Token::generate()?)), parts))
}

/// A list for everybody. It learns nothing of what this user has paid, and remembers nothing.
async fn public(args: &WebArgs, settings: &Settings) -> Result<(Config, Parts), Failure> {
    if args.hand.signer_if_any(settings.file()).await?.is_some() {
        return Err(Failure::Usage("--read-only holds no key: leave it out".into()));
    }
    let sender = settings.sender()?;
    let parts = Parts {
        nodes: sender.node().clone(),
        hiring: sender.config().clone(),
        journal: Journal::in_memory(),
        market: Market::in_memory(),
        store: SqliteStore::in_memory()?.shared(),
        signer: None,
    };
    Ok((config(args, Access::Public(PUBLIC)), parts))
}

fn config(args: &WebArgs, access: Access) -> Config {
    let mut config = Config::new(args.listen, access);
    config.look_every = Duration::from_secs(args.every);
    config.explorer.clone_from(&args.explorer);
    config
}

/// Starts to listen, says where, and opens a browser.
async fn serve(args: &WebArgs, config: Config, parts: Parts) -> Result<WebServer, Failure> {
    let server = WebServer::bind(config, parts).await.map_err(refused)?;
    let link = server.link();
    if args.json {
        output::json(
            &json!({ "event": "started", "listening": server.local_addr(), "link": link }),
        )?;
    } else {
        output::line(format_args!("the market is at {link}"))?;
    }
    if !args.no_open && !args.read_only && !args.json && !opener::open(&link) {
        output::line("no browser was opened: open the link by hand")?;
    }
    Ok(server)
}

fn refused(error: BindError) -> Failure {
    match error {
        BindError::NotLoopback { address } => Failure::Usage(format!(
            "other machines reach {address}: --listen on 127.0.0.1, or give --read-only, which holds no key"
        )),
        error => error.into(),
    }
}
