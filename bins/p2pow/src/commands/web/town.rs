//! [`Town`]: the network of `--demo`, its workers, and others who pay.

use super::liar::Liar;
use crate::commands::demo::stage::{Crew, Role, Stage, register};
use nano_block::{Network, SecretKey};
use nano_pow::{DeviceInfo, Pool, backend_fn};
use nano_primitives::{Account, Amount};
use nano_rpc::Client;
use p2pow_cli::Failure;
use p2pow_client::{Config, Patience, Search, Sender};
use std::{
    net::{Ipv4Addr, SocketAddr},
    thread,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// The honest workers: what each asks, in millionths of an XNO, and how many nonces it tries in a second.
const WORKERS: [(u128, usize); 4] =
    [(100, 120_000), (120, 220_000), (150, 400_000), (210, 700_000)];
/// What the one that lies asks.
const LIAR: u128 = 60;
const MILLIONTH: u128 = 10_u128.pow(24);
/// The others who pay, what each has, and how long they wait between two payments at least.
const OTHERS: usize = 3;
const FUNDS: Amount = Amount::from_raw(100 * 10_u128.pow(30));
const PAUSE: Duration = Duration::from_secs(4);

/// A network with workers and people.
pub(super) struct Town {
    stage: Stage,
    crew: Crew,
    liar: Liar,
    others: Vec<SecretKey>,
}

impl Town {
    /// Starts all of it. On any network but `dev` work takes some seconds.
    pub(super) async fn found(network: Network) -> Result<Self, Failure> {
        let network = if network == Network::Dev { Network::Dev } else { Network::Beta };
        let stage = Stage::set(network).await?;
        let roles = WORKERS.map(|(fee, rate)| Role {
            fee: Amount::from_raw(fee * MILLIONTH),
            pool: paced(rate),
            registers_itself: true,
        });
        let crew = Crew::start(&stage, &roles, None).await?;
        let liar = SecretKey::generate()?;
        let last = u8::try_from(crew.members.len() + 1).unwrap_or(u8::MAX);
        let address = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), crew.port));
        register(&stage, Some(&liar), address.ip())?;
        let liar = Liar::start(address, liar.account(), Amount::from_raw(LIAR * MILLIONTH)).await?;
        let others = (0..OTHERS).map(|_| SecretKey::generate()).collect::<Result<Vec<_>, _>>()?;
        for other in &others {
            stage.net.open(other, FUNDS)?;
        }
        Ok(Self { stage, crew, liar, others })
    }

    pub(super) fn node(&self) -> Result<Client, Failure> {
        self.stage.node()
    }

    /// Whose page it is.
    pub(super) const fn alice(&self) -> &SecretKey {
        &self.stage.alice
    }

    /// Who gets what tests send.
    pub(super) fn payee(&self) -> Account {
        self.stage.bob.account()
    }

    /// What a sender is told here.
    pub(super) fn hiring(&self, hire: usize) -> Config {
        let url = self.stage.net.websocket_url();
        Config {
            network: self.stage.net.network(),
            hire,
            port: self.crew.port,
            allow_local: true,
            websocket_urls: vec![url.parse().expect("an embedded network has a WebSocket")],
            search: Search {
                rescan: Duration::from_secs(5),
                ledger: Duration::from_secs(4),
                ..Search::default()
            },
            patience: Patience { hedge: Duration::from_secs(15), ..Patience::default() },
            ..Config::default()
        }
    }

    /// The others pay each other, one after the other, as long as this is polled.
    pub(super) async fn live(&self) {
        let Ok(node) = self.node() else { return };
        let senders: Vec<Sender> =
            (0..OTHERS).map(|_| Sender::new(node.clone(), self.hiring(2))).collect();
        for turn in 0.. {
            let from = turn % OTHERS;
            let to = self.others[(turn + 1) % OTHERS].account();
            let amount =
                Amount::from_raw((u128::try_from(turn % 7).unwrap_or(0) + 1) * 10_u128.pow(27));
            // It is only for show: one that fails is followed by another.
            if let Err(error) = senders[from].send(&self.others[from], to, amount).await {
                tracing::debug!(%error, "a payment of the demo");
            }
            sleep(PAUSE).await;
        }
    }

    pub(super) async fn close(self) {
        let Self { stage, crew, liar, .. } = self;
        liar.shutdown().await;
        crew.dismiss().await;
        stage.net.shutdown().await;
    }
}

/// A device that tries so many nonces in a second and sleeps in between: workers of different speeds on one computer,
/// which has something else to do as well.
fn paced(rate: usize) -> Pool {
    const BEAT: Duration = Duration::from_millis(5);
    let each = (rate / 200).max(1);
    let device = backend_fn(DeviceInfo::new("paced"), move |task| {
        let mut nonces = task.nonces().iter();
        while !task.is_stopped() {
            let start = Instant::now();
            let mut tried = 0;
            for work in nonces.by_ref().take(each) {
                tried += 1;
                if task.puzzle().check(work).is_ok() {
                    task.count(tried);
                    task.found(work);
                    return Ok(());
                }
            }
            if tried == 0 {
                return Ok(());
            }
            task.count(tried);
            thread::sleep(BEAT.saturating_sub(start.elapsed()));
        }
        Ok(())
    });
    Pool::new(vec![Box::new(device)])
}
