//! [`Stage`]: the network, Alice and Bob. [`Crew`]: the workers, servers of this process on loopback addresses, registered
//! on the ledger.

use crate::report::outcome;
use nano_block::{Network, SecretKey};
use nano_devnet::Devnet;
use nano_pow::Pool;
use nano_primitives::{Account, Amount};
use nano_rpc::Client;
use p2pow_cli::Failure;
use p2pow_client::{Config, Hired, Patience, Receipt, Sender};
use p2pow_server::{
    BindError, Config as WorkerConfig, JobReport, ListenError, Server, register::registration_block,
};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    thread,
    time::Duration,
};

/// 1 XNO.
pub(crate) const PAYMENT: Amount = Amount::from_raw(10_u128.pow(30));
/// What Alice begins with: 10 XNO.
const FUNDS: Amount = Amount::from_raw(10 * 10_u128.pow(30));
/// Longer than any live deal should take on the smallest machine.
const PATIENCE: Duration = Duration::from_secs(3 * 60 * 60);
/// What a worker's registering account begins with: 0.001 XNO.
const REGISTRATION_FUNDS: Amount = Amount::from_raw(10_u128.pow(27));
/// What the first worker asks: 0.0001 XNO. Each further one asks a tenth more.
const FEE: u128 = 10_u128.pow(26);
/// How often another free port is tried, should one be taken on another address.
const TRIES: usize = 16;

/// An embedded network with money in the right places.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) net: Devnet,
    pub(crate) alice: SecretKey,
    pub(crate) bob: SecretKey,
}

impl Stage {
    /// Starts the network. What the story begins with is put on its ledger without work.
    pub(crate) async fn set(network: Network) -> Result<Self, Failure> {
        let net = Devnet::builder().network(network).start().await?;
        let (alice, bob) = (SecretKey::generate()?, SecretKey::generate()?);
        net.open(&alice, FUNDS)?;
        Ok(Self { net, alice, bob })
    }

    pub(crate) fn introduce(&self) -> String {
        format!(
            "an embedded Nano network runs at {} with the work thresholds of `{}`\n\
             Alice is {}\n\
             Bob is {}\n\
             (Alice's money and the workers' registrations are put on the ledger without work; all that follows is real)",
            self.net.rpc_url(),
            self.net.network(),
            self.alice.account(),
            self.bob.account(),
        )
    }

    /// A client of the network's node.
    pub(crate) fn node(&self) -> Result<Client, Failure> {
        Ok(Client::new(&self.net.rpc_url())?)
    }

    /// Alice's sender. It knows the node and the port, and finds the workers on the ledger.
    pub(crate) fn sender(&self, port: u16, hire: usize) -> Result<Sender, Failure> {
        let config = Config {
            network: self.net.network(),
            hire,
            port,
            allow_local: true,
            websocket_urls: vec![self.net.websocket_url().parse()?],
            patience: Patience { deal: PATIENCE, ..Patience::default() },
            ..Config::default()
        };
        Ok(Sender::new(self.node()?, config))
    }
}

/// One worker.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) address: IpAddr,
    /// Where its rewards go. Its key is in nobody's hands: a worker needs none.
    pub(crate) account: Account,
    pub(crate) pool: Pool,
    /// Who registers it, if not a stranger.
    registrar: Option<SecretKey>,
    server: Server,
}

/// What a worker asks, and what it works with.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    pub(crate) fee: Amount,
    pub(crate) pool: Pool,
    /// Whether it registers by the account that it is paid on, as a worker may that wants to be known.
    pub(crate) registers_itself: bool,
}

impl Role {
    /// So many that share this computer: the first asks 0.0001 XNO, each further one a tenth more.
    pub(super) fn alike(wanted: usize) -> (Vec<Self>, usize) {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = (cores / addresses(wanted)).max(1);
        let role = |number: usize| Self {
            fee: Amount::from_raw(FEE / 10 * (u128::try_from(number).unwrap_or(1) + 9)),
            pool: Pool::cpu(Some(threads)),
            registers_itself: false,
        };
        ((1..=wanted).map(role).collect(), threads)
    }
}

/// All workers, on one port.
#[derive(Debug)]
pub(crate) struct Crew {
    pub(crate) port: u16,
    pub(crate) members: Vec<Member>,
    wanted: usize,
}

impl Crew {
    /// Starts and registers as many of these workers as there are loopback addresses for.
    pub(crate) async fn start(
        stage: &Stage,
        roles: &[Role],
        port: Option<u16>,
    ) -> Result<Self, Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            match Self::listen(stage, roles, port.unwrap_or(0)).await {
                Err(NoMember::PortTaken) if port.is_none() && tries < TRIES => {}
                Err(NoMember::PortTaken) => {
                    return Err(Failure::new("the port is taken on one of the addresses"));
                }
                Err(NoMember::NoAddress) => {
                    return Err(Failure::new("this system has no address 127.0.0.1"));
                }
                Err(NoMember::Failed(failure)) => return Err(failure),
                Ok(crew) => return crew.registered(stage),
            }
        }
    }

    async fn listen(stage: &Stage, roles: &[Role], port: u16) -> Result<Self, NoMember> {
        let mut crew = Self { port, members: Vec::new(), wanted: roles.len() };
        for (number, role) in (1..).zip(roles) {
            let last = u8::try_from(number).map_err(|_| NoMember::NoAddress)?;
            let address = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), crew.port));
            match Member::start(stage, address, role.clone()).await {
                Ok(member) => {
                    crew.port = member.server.local_addr().port();
                    crew.members.push(member);
                }
                Err(NoMember::NoAddress) if number > 1 => break,
                Err(other) => return Err(other),
            }
        }
        Ok(crew)
    }

    fn registered(self, stage: &Stage) -> Result<Self, Failure> {
        for member in &self.members {
            register(stage, member.registrar.as_ref(), member.address)?;
        }
        Ok(self)
    }

    pub(super) fn introduce(&self, threads: usize) -> String {
        let mut lines: Vec<String> = self
            .members
            .iter()
            .map(|member| {
                let (address, account) = (member.address, member.account);
                format!("worker {address} listens on port {} and is paid on {account}", self.port)
            })
            .collect();
        if self.members.len() < self.wanted {
            let last = self.members.len() + 1;
            lines.push(format!(
                "(this system has no address 127.0.0.{last}, so fewer workers race)"
            ));
        }
        let each = match threads {
            1 => "1 thread".to_owned(),
            threads => format!("{threads} threads"),
        };
        lines.push(format!("(each works with {each}: all workers share this computer)"));
        lines.join("\n")
    }

    /// Stops all of them.
    pub(crate) async fn dismiss(self) {
        for member in self.members {
            member.server.shutdown().await;
        }
    }
}

/// How many of the first `wanted` loopback addresses this system has; 1 at least.
fn addresses(wanted: usize) -> usize {
    let is_there = |last: &u8| TcpListener::bind((Ipv4Addr::new(127, 0, 0, *last), 0)).is_ok();
    (1..=u8::MAX).take(wanted).take_while(is_there).count().max(1)
}

/// Why a worker is not there.
enum NoMember {
    /// The port is in use on its address; another may be free.
    PortTaken,
    /// Some systems have 127.0.0.1 and none of the others.
    NoAddress,
    /// Anything else.
    Failed(Failure),
}

impl From<BindError> for NoMember {
    fn from(error: BindError) -> Self {
        let kind = match &error {
            BindError::Listen(ListenError::Listen { source, .. }) => source.kind(),
            _ => io::ErrorKind::Other,
        };
        match kind {
            io::ErrorKind::AddrInUse => Self::PortTaken,
            io::ErrorKind::AddrNotAvailable => Self::NoAddress,
            _ => Self::Failed(error.into()),
        }
    }
}

impl From<Failure> for NoMember {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Member {
    async fn start(stage: &Stage, address: SocketAddr, role: Role) -> Result<Self, NoMember> {
        let Role { fee, pool, registers_itself } = role;
        let key = SecretKey::generate().map_err(Failure::from)?;
        let account = key.account();
        let websocket = stage.net.websocket_url();
        let config = WorkerConfig {
            listen: vec![address],
            reward_account: account,
            fee,
            network: stage.net.network(),
            websocket_urls: vec![websocket.parse().map_err(Failure::from)?],
            ..WorkerConfig::default()
        };
        let server = Server::bind(config, stage.node()?, pool.clone()).await?;
        let registrar = registers_itself.then_some(key);
        Ok(Self { address: address.ip(), account, pool, registrar, server })
    }

    /// How its job stands, if it has one.
    pub(crate) fn report(&self) -> Option<JobReport> {
        self.server.reports().pop()
    }

    /// The chance that the work it searches would be found by now: a search has no end to run to.
    #[allow(clippy::cast_precision_loss)] // a bar has a few characters
    pub(crate) fn chance(&self) -> f64 {
        let status = self.pool.status();
        let Some(search) = status.running.first() else { return 0.0 };
        let expected = search.puzzle.threshold.expected_hashes();
        1.0 - (-(search.progress.hashes as f64) / expected).exp()
    }

    /// Where it stands among the hired, if it was hired.
    pub(crate) fn place(&self, receipt: &Receipt) -> Option<usize> {
        let is_own = |hired: &Hired| hired.quote.candidate.offer.reward_account == self.account;
        receipt.hired.iter().position(is_own)
    }

    /// How the race ended for it, in a word.
    pub(crate) fn outcome(&self, receipt: &Receipt) -> &'static str {
        self.place(receipt).map_or("not hired", |place| outcome(receipt, &receipt.hired[place]))
    }

    /// The nonces it has tried.
    pub(crate) fn hashes(&self) -> u64 {
        self.pool.status().hashes_total
    }
}

/// Puts a registration on the ledger: by this account, or by one of its own, as registering moves the account's voting
/// weight.
pub(crate) fn register(
    stage: &Stage,
    by: Option<&SecretKey>,
    address: IpAddr,
) -> Result<(), Failure> {
    let stranger;
    let key = match by {
        Some(key) => key,
        None => {
            stranger = SecretKey::generate()?;
            &stranger
        }
    };
    stage.net.open(key, REGISTRATION_FUNDS)?;
    let view = stage.net.account(&key.account()).ok_or_else(|| Failure::new("not opened"))?;
    let block = registration_block(&view.state(), address)?;
    stage.net.seed(&block.sign(key).into())?;
    Ok(())
}
