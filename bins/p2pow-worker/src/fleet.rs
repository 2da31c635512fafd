//! [`FleetArgs`]: the options that say which fleet, and as whom.

use nano_pow::Backend;
use p2pow_cli::Failure;
use p2pow_fleet::{Broker, Credentials, FleetBackend, Name};
use std::path::PathBuf;

/// A fleet's broker. The options are the same for agents and front ends.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Fleet")]
pub(crate) struct FleetArgs {
    /// The fleet's broker, such as nats://10.0.0.1:4222 or tls://nats.example.org:4222; several of one cluster as a list
    #[arg(long, value_name = "URL", env = "P2POW_FLEET", value_delimiter = ',')]
    fleet: Vec<String>,
    /// The fleet's name, with which its subjects begin
    #[arg(
        long,
        value_name = "NAME",
        env = "P2POW_FLEET_NAME",
        default_value = "p2pow",
        requires = "fleet"
    )]
    fleet_name: Name,
    /// What this program is called in the fleet; at random if not said
    #[arg(long, value_name = "NAME", env = "P2POW_FLEET_MEMBER", requires = "fleet")]
    fleet_member: Option<Name>,
    /// File with the credentials of a user: JWT and seed (.creds)
    #[arg(long, value_name = "FILE", env = "P2POW_FLEET_CREDENTIALS", requires = "fleet")]
    #[arg(conflicts_with_all = ["fleet_nkey_file", "fleet_token_file", "fleet_user"])]
    fleet_credentials: Option<PathBuf>,
    /// File with the seed of an nkey
    #[arg(long, value_name = "FILE", env = "P2POW_FLEET_NKEY_FILE", requires = "fleet")]
    #[arg(conflicts_with_all = ["fleet_token_file", "fleet_user"])]
    fleet_nkey_file: Option<PathBuf>,
    /// File with a token
    #[arg(long, value_name = "FILE", env = "P2POW_FLEET_TOKEN_FILE", requires = "fleet")]
    #[arg(conflicts_with = "fleet_user")]
    fleet_token_file: Option<PathBuf>,
    /// A user of the broker, whose password is in --fleet-password-file
    #[arg(long, value_name = "NAME", env = "P2POW_FLEET_USER", requires = "fleet_password_file")]
    fleet_user: Option<String>,
    /// File with the password of --fleet-user
    #[arg(long, value_name = "FILE", env = "P2POW_FLEET_PASSWORD_FILE", requires = "fleet_user")]
    fleet_password_file: Option<PathBuf>,
    /// PEM file with the authorities that may have signed the broker's certificate, besides those of the system
    #[arg(long, value_name = "FILE", env = "P2POW_FLEET_CA", requires = "fleet")]
    fleet_ca: Option<PathBuf>,
    /// PEM file with a certificate that is shown to the broker
    #[arg(
        long,
        value_name = "FILE",
        env = "P2POW_FLEET_CERTIFICATE",
        requires = "fleet_certificate_key"
    )]
    fleet_certificate: Option<PathBuf>,
    /// PEM file with the key of --fleet-certificate
    #[arg(
        long,
        value_name = "FILE",
        env = "P2POW_FLEET_CERTIFICATE_KEY",
        requires = "fleet_certificate"
    )]
    fleet_certificate_key: Option<PathBuf>,
}

impl FleetArgs {
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
        let missing = || Failure::Usage("no fleet: give --fleet nats://HOST:4222".to_owned());
        self.broker()?.ok_or_else(missing)
    }

    /// What this program is called.
    pub(crate) fn member(&self, kind: &str) -> Name {
        self.fleet_member.clone().unwrap_or_else(|| Name::random(kind))
    }

    /// The fleet as a device, if there is to be one. Blocks; must not be called where async code runs.
    pub(crate) fn device(&self) -> Result<Option<Box<dyn Backend>>, Failure> {
        let Some(broker) = self.broker()? else { return Ok(None) };
        let device = FleetBackend::start(&broker, self.member("front"))?;
        Ok(Some(Box::new(device)))
    }

    /// The same devices, and the fleet, if there is to be one.
    pub(crate) async fn beside(
        &self,
        mut devices: Vec<Box<dyn Backend>>,
    ) -> Result<Vec<Box<dyn Backend>>, Failure> {
        let fleet = self.clone();
        devices.extend(tokio::task::spawn_blocking(move || fleet.device()).await??);
        Ok(devices)
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
