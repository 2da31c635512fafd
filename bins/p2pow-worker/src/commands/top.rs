//! `p2pow-worker top`: the operator's page in a terminal.

mod screen;

use crate::{admin::AdminArgs, options::ConfigArgs};
use p2pow_admin::{AdminClient, ClientError, Range};
use p2pow_cli::{Failure, config::Given, output};
use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event, KeyCode, KeyModifiers},
};
use screen::Screen;
use std::{
    io::{self, IsTerminal},
    time::Duration,
};
use tokio::task::spawn_blocking;

/// How often the worker is asked.
const EVERY: Duration = Duration::from_secs(1);

const HELP: &str = "\
Reads the operator's listener of the worker that runs on this machine: the address and the token by the same configuration as `run`. q ends it. The worker may be away meanwhile: it is asked again and again.

Examples:
  p2pow-worker top
  p2pow-worker top --link              (the page for a browser; whoever has the link sees it)
  p2pow-worker top --json              (one look, for scripts)
  p2pow-worker top --admin 127.0.0.1:7091 --admin-token-file /var/lib/p2pow/admin.token";

/// Options of `top`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct TopArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    admin: Given<AdminArgs>,
    /// Print the link to the page for a browser
    #[arg(long)]
    link: bool,
    /// Print one look as a JSON object
    #[arg(long, conflicts_with = "link")]
    json: bool,
}

/// Shows the worker until q or Ctrl-C.
pub(crate) async fn run(args: TopArgs) -> Result<(), Failure> {
    let file = args.config.read_if_there()?;
    let (client, link) = AdminArgs::layered(&args.admin, &file)?.client()?;
    if args.link {
        return Ok(output::line(link)?);
    }
    if args.json {
        return Ok(output::json(&client.status().await?)?);
    }
    if !io::stdout().is_terminal() {
        return Err(Failure::Usage("standard output is no terminal: give --json".into()));
    }
    client.status().await?;
    let mut terminal = ratatui::try_init()?;
    let outcome = show(&mut terminal, &client).await;
    ratatui::try_restore()?;
    outcome
}

async fn show(terminal: &mut DefaultTerminal, client: &AdminClient) -> Result<(), Failure> {
    let mut screen = Screen::default();
    loop {
        match look(client, &mut screen).await {
            Ok(()) => screen.trouble = None,
            Err(error) => screen.trouble = Some(error.to_string()),
        }
        terminal.draw(|frame| screen.draw(frame))?;
        if is_over().await? {
            return Ok(());
        }
    }
}

async fn look(client: &AdminClient, screen: &mut Screen) -> Result<(), ClientError> {
    screen.status = client.status().await?;
    screen.samples = client.history(Range::Hour).await?;
    Ok(())
}

/// Waits for a key, or until it is time for the next look. Whether the key ends it.
async fn is_over() -> Result<bool, Failure> {
    let pressed = spawn_blocking(|| match event::poll(EVERY)? {
        true => event::read().map(Some),
        false => Ok(None),
    });
    let Event::Key(key) = pressed.await??.unwrap_or(Event::FocusGained) else { return Ok(false) };
    let is_interrupt =
        key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    Ok(is_interrupt || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc))
}
