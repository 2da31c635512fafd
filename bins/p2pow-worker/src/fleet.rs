//! [`FleetArgs`]: the options that say which fleet, and as whom.

use nano_pow::Backend;
use p2pow_admin::{Fleet, FleetAgent, FleetQuarantine, Histogram};
use p2pow_cli::{
    Failure,
    config::{Given, Table},
    values::{self, ValueError},
};
use p2pow_fleet::{Broker, Credentials, FleetBackend, FrontStatus, Name};
use std::path::PathBuf;
use tokio::sync::watch;

/// A fleet's broker. The options are the same for agents and front ends.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Fleet")]
pub(crate) struct FleetArgs {
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
    pub(crate) fn layered(given: &Given<Self>, file: &Table) -> Result<Self, Failure> {
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
    pub(crate) fn broker(&self) -> Result<Option<Broker>, Failure> {
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
    pub(crate) fn needed(&self) -> Result<Broker, Failure> {
        let missing = || {
            Failure::Usage("no fleet: give --fleet nats://HOST:4222, or a line `fleet = \"nats://HOST:4222\"` in the configuration".into())
        };
        self.broker()?.ok_or_else(missing)
    }

    /// What this program is called.
    pub(crate) fn member(&self, kind: &str) -> Name {
        self.fleet_member.clone().unwrap_or_else(|| Name::random(kind))
    }

    /// The same with a name, and whether it had one of its own.
    pub(crate) fn named(mut self, kind: &str) -> (Self, bool) {
        let is_named = self.fleet_member.is_some();
        self.fleet_member = Some(self.member(kind));
        (self, is_named)
    }

    /// The fleet as a device, if there is to be one. Blocks; must not be called where async code runs.
    pub(crate) fn device(&self) -> Result<Option<FleetBackend>, Failure> {
        let Some(broker) = self.broker()? else { return Ok(None) };
        Ok(Some(FleetBackend::start(&broker, self.member("front"))?))
    }

    /// The same devices, and the fleet and what can be told of it, if there is to be one.
    pub(crate) async fn beside(
        &self,
        mut devices: Vec<Box<dyn Backend>>,
    ) -> Result<(Vec<Box<dyn Backend>>, Option<Standing>), Failure> {
        let fleet = self.clone();
        let device = tokio::task::spawn_blocking(move || fleet.device()).await??;
        let standing = device.as_ref().map(|device| Standing(device.status()));
        devices.extend(device.map(|device| Box::new(device) as Box<dyn Backend>));
        Ok((devices, standing))
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

/// What can be told of a fleet while it searches.
pub(crate) struct Standing(watch::Receiver<Option<FrontStatus>>);

impl Standing {
    /// How it stands; `None` in the first second.
    pub(crate) fn look(&self) -> Option<Fleet> {
        let FrontStatus { is_connected, front, agents, searches, .. } = self.0.borrow().clone()?;
        let agents = agents.into_iter().map(|agent| FleetAgent {
            name: agent.name.to_string(),
            rate: agent.hashes_per_second,
            orders: agent.orders,
        });
        let quarantined = front.quarantined.into_iter().map(|left| FleetQuarantine {
            name: left.agent.to_string(),
            reason: left.reason,
            seconds: left.seconds,
        });
        Some(Fleet {
            connected: is_connected,
            agents: agents.collect(),
            orders: front.orders,
            found: front.found,
            wrong: front.wrong,
            quarantined: quarantined.collect(),
            searches: Histogram {
                bounds: searches.bounds,
                counts: searches.counts,
                sum: searches.sum,
            },
        })
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
