//! [`FleetArgs`]: the options that say which fleet, and as whom. [`KeptArgs`]: whether records are kept in it, and how.

use crate::{
    Failure,
    config::{Given, Table},
    values::{self, ValueError},
};
use clap::ArgAction;
use p2pow_fleet::{Broker, Credentials, JetStreamStore, Name, Presence};
use p2pow_store::Store;
use std::{path::PathBuf, sync::Arc, time::Duration};

/// A fleet's broker. The options are the same for everything that is in a fleet.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Fleet")]
pub struct FleetArgs {
    /// The fleet's broker, such as nats://10.0.0.1:4222 or tls://nats.example.org:4222; several of one cluster as a
    /// list. Without it there is no fleet
    #[arg(long, value_name = "URL", env = "P2POW_FLEET", value_delimiter = ',')]
    #[arg(value_parser = broker_address)]
    fleet: Vec<String>,
    /// The fleet's name, with which its subjects begin
    #[arg(long, value_name = "NAME", env = "P2POW_FLEET_NAME", value_parser = name)]
    #[arg(default_value = "p2pow")]
    fleet_name: Name,
    /// What this program is called in the fleet, such as gpu-7; at random if not said
    #[arg(long, value_name = "NAME", env = "P2POW_FLEET_MEMBER", value_parser = name)]
    fleet_member: Option<Name>,
    /// File with the credentials of a user, such as fleet.creds: JWT and seed
    #[arg(long, value_name = "FILE", env = "P2POW_FLEET_CREDENTIALS")]
    #[arg(conflicts_with_all = ["fleet_nkey_file", "fleet_token_file", "fleet_user", "fleet_password_file"])]
    fleet_credentials: Option<PathBuf>,
    /// File with the seed of an nkey, such as fleet.nk
    #[arg(long, value_name = "FILE", env = "P2POW_FLEET_NKEY_FILE")]
    #[arg(conflicts_with_all = ["fleet_token_file", "fleet_user", "fleet_password_file"])]
    fleet_nkey_file: Option<PathBuf>,
    /// File with a token, such as fleet.token
    #[arg(long, value_name = "FILE", env = "P2POW_FLEET_TOKEN_FILE")]
    #[arg(conflicts_with_all = ["fleet_user", "fleet_password_file"])]
    fleet_token_file: Option<PathBuf>,
    /// A user of the broker, such as agent, whose password is in the file of --fleet-password-file
    #[arg(long, value_name = "NAME", env = "P2POW_FLEET_USER", value_parser = values::token)]
    fleet_user: Option<String>,
    /// File with the password of --fleet-user, such as fleet.password
    #[arg(long, value_name = "FILE", env = "P2POW_FLEET_PASSWORD_FILE")]
    fleet_password_file: Option<PathBuf>,
    /// PEM file with the authorities that may have signed the broker's certificate, such as ca.pem, in the place of those
    /// of the system
    #[arg(long, value_name = "FILE", env = "P2POW_FLEET_CA")]
    fleet_ca: Option<PathBuf>,
    /// PEM file with a certificate that is shown to the broker, such as fleet.pem
    #[arg(long, value_name = "FILE", env = "P2POW_FLEET_CERTIFICATE")]
    fleet_certificate: Option<PathBuf>,
    /// PEM file with the key of --fleet-certificate, such as fleet.key
    #[arg(long, value_name = "FILE", env = "P2POW_FLEET_CERTIFICATE_KEY")]
    fleet_certificate_key: Option<PathBuf>,
}

impl FleetArgs {
    /// By flags and variables, else by the file, whose paths are relative to where it is.
    ///
    /// # Errors
    /// Of two options that are nothing without each other one is missing.
    pub fn layered(given: &Given<Self>, file: &Table) -> Result<Self, Failure> {
        let (mut typed, mut both): (Self, Self) =
            (Table::default().options(given)?, file.options(given)?);
        for (path, typed) in both.files().into_iter().zip(typed.files()) {
            if typed.is_none() {
                *path = path.take().map(|path| file.folder().join(path));
            }
        }
        let pairs = [
            (
                "fleet_user",
                both.fleet_user.is_some(),
                "fleet_password_file",
                both.fleet_password_file.is_some(),
            ),
            (
                "fleet_certificate",
                both.fleet_certificate.is_some(),
                "fleet_certificate_key",
                both.fleet_certificate_key.is_some(),
            ),
        ];
        for (one, has_one, other, has_other) in pairs {
            if has_one != has_other {
                let (found, missing) = if has_one { (one, other) } else { (other, one) };
                return Err(Failure::Usage(format!(
                    "`{found}` is nothing without `{missing}`: give both or none"
                )));
            }
        }
        Ok(both)
    }

    /// The options that name files.
    fn files(&mut self) -> [&mut Option<PathBuf>; 7] {
        [
            &mut self.fleet_credentials,
            &mut self.fleet_nkey_file,
            &mut self.fleet_token_file,
            &mut self.fleet_password_file,
            &mut self.fleet_ca,
            &mut self.fleet_certificate,
            &mut self.fleet_certificate_key,
        ]
    }

    /// The broker, where there is to be a fleet.
    ///
    /// # Errors
    /// An address is none.
    pub fn broker(&self) -> Result<Option<Broker>, Failure> {
        if self.fleet.is_empty() {
            return Ok(None);
        }
        let wrong = |error| Failure::Usage(format!("--fleet: {error}"));
        let broker = Broker::new(&self.fleet, self.fleet_name.clone()).map_err(wrong)?;
        let mut broker = broker.with_credentials(self.credentials());
        if let Some(file) = &self.fleet_ca {
            broker = broker.with_authorities(file);
        }
        if let (Some(certificate), Some(key)) =
            (&self.fleet_certificate, &self.fleet_certificate_key)
        {
            broker = broker.with_identity(certificate, key);
        }
        Ok(Some(broker))
    }

    /// The broker, where there must be one.
    ///
    /// # Errors
    /// There is none, or an address is none.
    pub fn needed(&self) -> Result<Broker, Failure> {
        let missing = || {
            Failure::Usage("no fleet: give --fleet nats://HOST:4222, or a line `fleet = \"nats://HOST:4222\"` in the configuration".into())
        };
        self.broker()?.ok_or_else(missing)
    }

    /// What this program is called.
    #[must_use]
    pub fn member(&self, kind: &str) -> Name {
        self.fleet_member.clone().unwrap_or_else(|| Name::random(kind))
    }

    /// The same with a name, and whether it had one of its own.
    #[must_use]
    pub fn named(mut self, kind: &str) -> (Self, bool) {
        let is_named = self.fleet_member.is_some();
        self.fleet_member = Some(self.member(kind));
        (self, is_named)
    }

    fn credentials(&self) -> Credentials {
        if let Some(file) = &self.fleet_credentials {
            return Credentials::File(file.clone());
        }
        if let Some(file) = &self.fleet_nkey_file {
            return Credentials::Nkey(file.clone());
        }
        if let Some(file) = &self.fleet_token_file {
            return Credentials::Token(file.clone());
        }
        match (&self.fleet_user, &self.fleet_password_file) {
            (Some(user), Some(file)) => {
                Credentials::Password { user: user.clone(), file: file.clone() }
            }
            _ => Credentials::None,
        }
    }
}

/// Whether the journal is in the fleet, and how.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Fleet")]
pub struct KeptArgs {
    /// Keep the journal in the fleet's broker (JetStream), and not in a file: every program of this kind in the fleet shares
    /// it, and goes on with what one that dies has begun
    #[arg(long, env = "P2POW_FLEET_JOURNAL", value_parser = values::switch, action = ArgAction::Set)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(default_value = "false")]
    fleet_journal: bool,
    /// How many servers of the broker's cluster keep that journal: 1, 3 or 5
    #[arg(long, value_name = "N", env = "P2POW_FLEET_REPLICAS", value_parser = values::from_one::<usize>)]
    #[arg(default_value = "3")]
    fleet_replicas: usize,
    /// Seconds after which others go on with what one has begun that they do not hear any more
    #[arg(long, value_name = "SECONDS", env = "P2POW_FLEET_LEASE", value_parser = values::from_one::<u64>)]
    #[arg(default_value = "20")]
    fleet_lease: u64,
}

impl KeptArgs {
    /// The records that programs of a kind share in the fleet, if they are to be there: in the bucket of its name, with
    /// this behind it.
    ///
    /// # Errors
    /// There is no fleet, or its broker gives no such bucket.
    pub async fn store(
        &self,
        fleet: &FleetArgs,
        kind: &str,
    ) -> Result<Option<Arc<dyn Store>>, Failure> {
        if !self.fleet_journal {
            return Ok(None);
        }
        let broker = fleet.needed()?;
        let bucket = format!("{}{kind}", broker.fleet());
        let bucket: Name = bucket.parse().map_err(|_| {
            Failure::Usage(format!("--fleet-name: {bucket} is too long for the name of a bucket"))
        })?;
        let store = JetStreamStore::open(&broker, &bucket, self.fleet_replicas).await?;
        // Who has waited for so long has lost its lease.
        Ok(Some(store.with_patience(self.lease()).shared()))
    }

    /// Takes a place among those who share these records.
    ///
    /// # Errors
    /// The store failed.
    pub async fn join(
        &self,
        store: &Arc<dyn Store>,
        (fleet, is_named): (&FleetArgs, bool),
    ) -> Result<Arc<Presence>, Failure> {
        // Who has a name at random succeeds nobody.
        let member = fleet.member("front");
        let presence = Presence::join(Arc::clone(store), member, self.lease(), is_named).await?;
        Ok(Arc::new(presence))
    }

    const fn lease(&self) -> Duration {
        Duration::from_secs(self.fleet_lease)
    }
}

fn name(text: &str) -> Result<Name, ValueError> {
    let wanted = "a name: 1 to 48 ASCII letters, digits, - and _";
    text.parse().map_err(|_| ValueError::new(wanted))
}

/// Refuses what is no address, and addresses with credentials in them.
fn broker_address(text: &str) -> Result<String, ValueError> {
    let wanted =
        "the address of a NATS server without credentials: nats://HOST:PORT or tls://HOST:PORT";
    let broker = Broker::new([text], Name::random("any"));
    broker.map(|_| text.to_owned()).map_err(|_| ValueError::new(wanted))
}
