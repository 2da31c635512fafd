//! The options of `serve`, each declared once: [`ServeArgs`], and what only the file may say.

use clap::ArgAction;
use nano_primitives::{Account, Amount};
use p2pow_cli::{
    Failure, ask,
    config::{Given, Layout, Table},
    files, password, values,
};
use p2pow_wallet::{Config, Password, Token, Webhook};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// The variables that may hold the password of the wallets, and the token that callers show.
pub(super) const PASSWORD_VARIABLE: &str = "P2POW_SERVE_PASSWORD";
pub(super) const TOKEN_VARIABLE: &str = "P2POW_SERVE_TOKEN";

/// Options that only `serve` has.
#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// Address and port to listen on; without a token only loopback
    #[arg(long, value_name = "IP:PORT", env = "P2POW_SERVE_LISTEN")]
    #[arg(value_parser = values::socket_address, default_value = "127.0.0.1:7072")]
    listen: SocketAddr,
    /// File of wallets and payments, such as wallet.db, which is made if it is not there; without it wallet.db in the
    /// folder of --data
    #[arg(long, value_name = "FILE", env = "P2POW_SERVE_STORE")]
    pub(super) store: Option<PathBuf>,
    /// File with the password that seals the keys, such as wallet.password (or the variable P2POW_SERVE_PASSWORD)
    #[arg(long, value_name = "FILE", env = "P2POW_SERVE_PASSWORD_FILE")]
    password_file: Option<PathBuf>,
    /// File with the token that callers show, such as wallet.token (or the variable P2POW_SERVE_TOKEN): 16 characters at
    /// least
    #[arg(long, value_name = "FILE", env = "P2POW_SERVE_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// Receive what arrives for unlocked wallets without being asked for it
    #[arg(long, env = "P2POW_SERVE_RECEIVE", value_parser = values::switch, action = ArgAction::Set)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(default_value = "false")]
    receive: bool,
    /// The least that is received without being named, in XNO or with the suffix raw
    #[arg(long, value_name = "AMOUNT", env = "P2POW_SERVE_RECEIVE_MINIMUM")]
    #[arg(value_parser = values::amount, default_value = "0.000001")]
    receive_minimum: Amount,
    /// Seconds between two looks for what has arrived
    #[arg(long, value_name = "S", env = "P2POW_SERVE_RECEIVE_EVERY")]
    #[arg(value_parser = values::seconds, default_value = "30")]
    receive_every: Duration,
    /// Seconds that a call waits for its block to be confirmed; the payment goes on afterwards
    #[arg(long, value_name = "S", env = "P2POW_SERVE_WAIT")]
    #[arg(value_parser = values::seconds, default_value = "300")]
    wait: Duration,
    /// Seconds that a payment is tried for which nothing could be signed, for want of workers for example
    #[arg(long, value_name = "S", env = "P2POW_SERVE_GIVE_UP")]
    #[arg(value_parser = values::seconds, default_value = "600")]
    give_up: Duration,
    /// Payments of an account that are made together, with one reward
    #[arg(long, value_name = "N", env = "P2POW_SERVE_TOGETHER")]
    #[arg(value_parser = values::whole(1..=1000_u16), default_value = "100")]
    together: u16,
    /// Payments that wait or are under way; one more is told to come again
    #[arg(long, value_name = "N", env = "P2POW_SERVE_MAX_OPEN")]
    #[arg(value_parser = values::from_one::<usize>, default_value = "100000")]
    max_open: usize,
}

/// Who is told of payments: a table `[[webhook]]` of the file, and never on a command line.
#[derive(Debug, clap::Args)]
struct WebhookEntry {
    /// Where to send what is over, such as https://shop.example.org/nano
    #[arg(long, value_parser = values::http_url)]
    url: String,
    /// What deliveries are signed with: 16 visible ASCII characters or more, such as one-long-random-word
    #[arg(long, value_parser = values::token)]
    secret: String,
}

/// Adds what the file may say to a layout.
pub(crate) fn in_file(layout: Layout) -> Layout {
    let webhooks = Layout::new().options::<WebhookEntry>();
    let serve = Layout::new().options::<ServeArgs>();
    #[cfg(feature = "fleet")]
    let serve = serve.options::<p2pow_cli::FleetArgs>().options::<p2pow_cli::KeptArgs>();
    layout.table("serve", "What `p2pow serve` alone looks at", serve).list(
        "webhook",
        "Who is told by `p2pow serve` of every payment that is over",
        webhooks,
    )
}

/// The webhooks of the file. Errors show neither URL nor secret.
fn webhooks(file: &Table) -> Result<Vec<Webhook>, Failure> {
    file.tables("webhook").iter().map(webhook).collect()
}

fn webhook(table: &Table) -> Result<Webhook, Failure> {
    let WebhookEntry { url, secret } = table.options(&Given::nothing())?;
    let secret = Token::new(secret).map_err(|error| table.wrong(format!("secret: {error}")))?;
    Ok(Webhook { url, secret })
}

impl ServeArgs {
    /// By flags and variables, else by the table `[serve]` of the file, whose paths are relative to where the file is.
    pub(super) fn layered(given: &Given<Self>, file: &Table) -> Result<Self, Failure> {
        let flags: Self = Table::default().options(given)?;
        let mut args: Self = file.table("serve").options(given)?;
        let folder = file.folder();
        for (path, by_flag) in [
            (&mut args.store, &flags.store),
            (&mut args.password_file, &flags.password_file),
            (&mut args.token_file, &flags.token_file),
        ] {
            if let (Some(path), None) = (path, by_flag) {
                *path = folder.join(&*path);
            }
        }
        Ok(args)
    }

    /// What seals the keys, or is to seal them from now on.
    pub(super) fn password(&self, is_new: bool) -> Result<Password, Failure> {
        if let Some(password) = password::find(self.password_file.as_deref(), PASSWORD_VARIABLE)? {
            return Ok(password);
        }
        let refusal = || {
            format!(
                "no password for the wallets: give --password-file FILE, or set {PASSWORD_VARIABLE} (without a \
                 terminal nobody can be asked)"
            )
        };
        if is_new {
            return password::choose("the wallets, which nobody opens without it", refusal);
        }
        let answer = ask::prompt("Password of the wallets: ", refusal)?;
        Password::new(&answer).map_err(|error| Failure::Usage(error.to_string()))
    }

    fn token(&self) -> Result<Option<Token>, Failure> {
        let text = match &self.token_file {
            Some(path) => Some(files::read_private(path)?),
            None => ask::variable(TOKEN_VARIABLE)?,
        };
        let token = text.map(|text| Token::new(text.trim_end_matches(['\r', '\n'])));
        token.transpose().map_err(|error| Failure::Usage(format!("the token: {error}")))
    }

    /// The library's configuration, with the webhooks of the file.
    pub(super) fn config(
        &self,
        file: &Table,
        representative: Option<Account>,
    ) -> Result<Config, Failure> {
        Ok(Config {
            listen: vec![self.listen],
            token: self.token()?,
            representative,
            receive: self.receive,
            receive_minimum: self.receive_minimum,
            receive_every: self.receive_every,
            wait: self.wait,
            most_waiting: self.max_open,
            most_together: usize::from(self.together),
            give_up: self.give_up,
            webhooks: webhooks(file)?,
            ..Config::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, Given, Layout, ServeArgs, in_file};

    #[test]
    fn defaults_are_those_of_the_library() {
        let file = in_file(Layout::new()).empty();
        let args = ServeArgs::layered(&Given::nothing(), &file).unwrap();
        let config = args.config(&file, None).unwrap();
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn flags_and_variables_are_named_as_the_lines_of_the_file() {
        for arg in Layout::new().options::<ServeArgs>().declared() {
            let key = arg.get_id().as_str();
            let variable = format!("P2POW_SERVE_{}", key.to_uppercase());
            assert_eq!(arg.get_env().unwrap().to_str(), Some(variable.as_str()));
            assert_eq!(arg.get_long(), Some(key.replace('_', "-").as_str()));
        }
    }
}
