//! [`Broker`]: where a fleet's NATS server is, and who one is there. [`Link`]: the connection to it.

use crate::{Name, subject::Subjects};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr, connection::State};
use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;
use tracing::{debug, info, warn};

/// How long the first attempt to connect may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// A connection over which nothing comes for two of these is given up.
const PING_EVERY: Duration = Duration::from_secs(5);
/// The longest pause between two attempts to connect again.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Where the broker is, and how one shows who one is.
///
/// It is a `nats-server`, or several of one cluster. Nothing is connected before this is used.
#[derive(Clone)]
pub struct Broker {
    addresses: Vec<ServerAddr>,
    fleet: Name,
    credentials: Credentials,
    authorities: Option<PathBuf>,
    identity: Option<(PathBuf, PathBuf)>,
}

/// How one shows who one is. Secrets are read from files when one connects.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Credentials {
    /// Not at all.
    #[default]
    None,
    /// A user's name, and a file with the password.
    Password {
        /// The name.
        user: String,
        /// The file.
        file: PathBuf,
    },
    /// A file with a user's JWT and seed (`.creds`).
    File(PathBuf),
    /// A file with the seed of an nkey (`SU…`).
    Nkey(PathBuf),
    /// A file with a token.
    Token(PathBuf),
}

/// A broker that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// An address is none. Passwords do not belong into it: addresses are shown and logged.
    #[error(
        "found {found:?}, wanted the address of a NATS server without credentials: nats://HOST:PORT or tls://HOST:PORT"
    )]
    Address {
        /// What it was, without what may be a password.
        found: String,
    },
    /// A file with a secret or certificate cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The broker does not know who one is.
    #[error(
        "the broker at {broker} does not let this user in: look at its `authorization`, and at the credentials here"
    )]
    Refused {
        /// Where it is.
        broker: String,
        /// What it said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Certificates do not fit, or the broker speaks no TLS.
    #[error(
        "no TLS that can be trusted with the broker at {broker}: look at the authorities and the certificate here, at the name in the address, and at `tls` in its nats.conf"
    )]
    Tls {
        /// Where it is.
        broker: String,
        /// What is wrong.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Nobody answers there, or in another way than a broker does.
    #[error("no broker answers at {broker}: is nats-server running there?")]
    Away {
        /// Where it should be.
        broker: String,
        /// What happened.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The connection is closed, or a subject may not be used.
    #[error("the broker at {broker} does not take a subscription")]
    Subscribe {
        /// Where it is.
        broker: String,
        /// What happened.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// There is no bucket for records.
    #[error(
        "the broker at {broker} gives no bucket {bucket}: is `jetstream` in its nats.conf, on {replicas} server(s)?"
    )]
    Bucket {
        /// Where it is.
        broker: String,
        /// The bucket's name.
        bucket: String,
        /// How many servers are to keep it.
        replicas: usize,
        /// What happened.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// A bucket is kept by fewer servers than it is to be.
    #[error(
        "bucket {bucket} has {found} replica(s), wanted {wanted}: `nats stream edit KV_{bucket} --replicas {wanted}`"
    )]
    Replicas {
        /// The bucket's name.
        bucket: String,
        /// How many servers keep it.
        found: usize,
        /// How many are to.
        wanted: usize,
    },
    /// The broker does not take messages as large as a record may be.
    #[error(
        "the broker at {broker} takes messages of {found} bytes, wanted {wanted}: `max_payload: 2MB` in its nats.conf"
    )]
    Payload {
        /// Where it is.
        broker: String,
        /// The most that it takes.
        found: usize,
        /// The least that it has to.
        wanted: usize,
    },
    /// There is no thread, or no event loop.
    #[error("the system gives no thread for the fleet")]
    Thread(#[source] io::Error),
}

impl Broker {
    /// The broker of `fleet` at some addresses of one cluster, without credentials.
    ///
    /// # Errors
    /// An address is none.
    pub fn new(
        addresses: impl IntoIterator<Item = impl AsRef<str>>,
        fleet: Name,
    ) -> Result<Self, BrokerError> {
        let addresses = addresses.into_iter().map(|text| address(text.as_ref()));
        let addresses = addresses.collect::<Result<Vec<_>, _>>()?;
        if addresses.is_empty() {
            return Err(BrokerError::Address { found: String::new() });
        }
        let (credentials, authorities, identity) = (Credentials::None, None, None);
        Ok(Self { addresses, fleet, credentials, authorities, identity })
    }

    /// The same with credentials.
    #[must_use]
    pub fn with_credentials(self, credentials: Credentials) -> Self {
        Self { credentials, ..self }
    }

    /// The same over TLS, where the server's certificate is signed by one of those in a PEM file: the system's
    /// authorities do not count then.
    #[must_use]
    pub fn with_authorities(self, file: impl Into<PathBuf>) -> Self {
        Self { authorities: Some(file.into()), ..self }
    }

    /// The same over TLS, with a certificate of one's own and its key, as PEM files.
    #[must_use]
    pub fn with_identity(self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { identity: Some((certificate.into(), key.into())), ..self }
    }

    /// The fleet's name.
    #[must_use]
    pub const fn fleet(&self) -> &Name {
        &self.fleet
    }

    /// Tries once, and says what is wrong. Connects again by itself from then on.
    pub(crate) async fn connect(&self, member: &Name) -> Result<Link, BrokerError> {
        let (options, connected) = self.options(member)?;
        let client = options.connect(&self.addresses[..]).await.map_err(|error| self.why(error))?;
        Ok(Link::new(client, connected, self))
    }

    /// Connects as soon as there is a broker. A broker that refuses is a reason to give up, one that is away is not.
    pub(crate) async fn connect_at_last(&self, member: &Name) -> Result<Link, BrokerError> {
        match self.connect(member).await {
            Err(BrokerError::Away { broker, source }) => {
                let error = &*source as &dyn std::error::Error;
                warn!(%broker, error, "no broker answers, trying again");
            }
            done => return done,
        }
        let (options, connected) = self.options(member)?;
        let options = options.retry_on_initial_connect();
        let client = options.connect(&self.addresses[..]).await.map_err(|error| self.why(error))?;
        Ok(Link::new(client, connected, self))
    }

    fn options(
        &self,
        member: &Name,
    ) -> Result<(ConnectOptions, watch::Receiver<bool>), BrokerError> {
        let options = match &self.credentials {
            Credentials::None => ConnectOptions::new(),
            Credentials::File(path) => {
                // The last line is one only with its end.
                let text = read(path)? + "\n";
                let unusable = |source| BrokerError::File { path: path.clone(), source };
                ConnectOptions::with_credentials(&text).map_err(unusable)?
            }
            Credentials::Password { user, file } => {
                ConnectOptions::with_user_and_password(user.clone(), read(file)?)
            }
            Credentials::Nkey(path) => ConnectOptions::with_nkey(read(path)?),
            Credentials::Token(path) => ConnectOptions::with_token(read(path)?),
        };
        let (told, connected) = watch::channel(false);
        let (told, broker) = (Arc::new(told), self.to_string());
        let mut options = options
            .name(format!("p2pow {member}"))
            .connection_timeout(CONNECT_WITHIN)
            .ping_interval(PING_EVERY)
            .reconnect_delay_callback(|attempts| {
                let tenths = u32::try_from(attempts).unwrap_or(u32::MAX);
                Duration::from_millis(50).saturating_mul(tenths).min(LONGEST_PAUSE)
            })
            .event_callback(move |event| {
                hear(&event, &told, &broker);
                std::future::ready(())
            });
        if let Some(file) = &self.authorities {
            read(file)?;
            options = options.add_root_certificates(file.clone()).require_tls(true);
        }
        if let Some((certificate, key)) = &self.identity {
            read(certificate)?;
            read(key)?;
            options =
                options.add_client_certificate(certificate.clone(), key.clone()).require_tls(true);
        }
        Ok((options, connected))
    }

    fn why(&self, error: async_nats::ConnectError) -> BrokerError {
        let (broker, kind) = (self.to_string(), error.kind());
        let source: Arc<dyn Error + Send + Sync> = Arc::new(error);
        match kind {
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                BrokerError::Refused { broker, source }
            }
            ConnectErrorKind::Tls => BrokerError::Tls { broker, source },
            _ if is_of_tls(&*source) => BrokerError::Tls { broker, source },
            _ => BrokerError::Away { broker, source },
        }
    }
}

/// Whether the connection came to nothing over TLS. It comes as an error of input and output, which has the cause in it
/// and not as its source.
fn is_of_tls(error: &(dyn Error + 'static)) -> bool {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let is_it = inner.is_some_and(|inner| inner.is::<async_nats::rustls::Error>());
    is_it || error.source().is_some_and(is_of_tls)
}

fn hear(event: &Event, told: &watch::Sender<bool>, broker: &str) {
    match event {
        Event::Connected => {
            info!(broker, "connected to the broker");
            told.send_replace(true);
        }
        Event::Disconnected | Event::Closed => {
            if told.send_replace(false) {
                warn!(broker, "the broker is away, connecting again");
            }
        }
        Event::ServerError(error) => warn!(broker, %error, "the broker refuses something"),
        event => debug!(broker, %event, "the broker's connection"),
    }
}

/// Its addresses.
impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, address) in self.addresses.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{}://{}:{}", address.scheme(), address.host(), address.port())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Broker({self}, fleet {}, {:?})", self.fleet, self.credentials)
    }
}

fn address(text: &str) -> Result<ServerAddr, BrokerError> {
    let wrong = || {
        let shown = text.rsplit_once('@').map_or(text, |(_, host)| host);
        BrokerError::Address { found: shown.chars().take(80).collect() }
    };
    let address: ServerAddr = text.parse().map_err(|_| wrong())?;
    let is_known = matches!(address.scheme(), "nats" | "tls") && !address.host().is_empty();
    let is_bare = !address.has_user_pass() && address.password().is_none();
    if is_known && is_bare { Ok(address) } else { Err(wrong()) }
}

/// The text of a file, without the white space around it.
fn read(path: &Path) -> Result<String, BrokerError> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|source| BrokerError::File { path: path.to_owned(), source })?;
    Ok(text.trim().to_owned())
}

/// A connection that comes back by itself.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) client: Client,
    pub(crate) subjects: Subjects,
    /// Whether there is a connection. Changes when it goes and comes.
    pub(crate) connected: watch::Receiver<bool>,
    broker: String,
}

impl Link {
    fn new(client: Client, connected: watch::Receiver<bool>, broker: &Broker) -> Self {
        let subjects = Subjects::new(broker.fleet.clone());
        Self { client, subjects, connected, broker: broker.to_string() }
    }

    /// Whether there is a connection now.
    pub(crate) fn is_up(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Says something that is of no use later: without a connection it is dropped.
    pub(crate) async fn say(&self, subject: String, payload: bytes::Bytes) {
        if self.is_up()
            && let Err(error) = self.client.publish(subject, payload).await
        {
            debug!(%error, "a message was not sent");
        }
    }

    pub(crate) async fn hear(
        &self,
        subject: String,
    ) -> Result<async_nats::Subscriber, BrokerError> {
        let subscribed = self.client.subscribe(subject).await;
        subscribed.map_err(|error| BrokerError::Subscribe {
            broker: self.broker.clone(),
            source: Arc::new(error),
        })
    }

    /// Where the broker is, without credentials.
    pub(crate) fn broker(&self) -> &str {
        &self.broker
    }
}

#[cfg(test)]
mod tests {
    use super::{Broker, BrokerError};

    fn broker(addresses: &[&str]) -> Result<Broker, BrokerError> {
        Broker::new(addresses, "p2pow".parse().unwrap())
    }

    #[test]
    fn an_address_is_shown_as_it_is_used() {
        let shown =
            broker(&["nats://a.example:1", "tls://[::1]", "b.example"]).unwrap().to_string();
        assert_eq!(shown, "nats://a.example:1,tls://::1:4222,nats://b.example:4222");
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_shown() {
        for text in ["nats://user:secret@a.example", "nats://secret@a.example", "ws://a.example"] {
            let error = broker(&[text]).unwrap_err().to_string();
            assert!(error.contains("a.example") && !error.contains("secret"), "{error}");
        }
        assert!(broker(&[]).is_err() && broker(&["http://a.example"]).is_err());
    }
}
