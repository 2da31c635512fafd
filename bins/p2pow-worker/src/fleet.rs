//! The fleet as a device of the worker's programs, and what can be told of it.

use nano_pow::Backend;
use p2pow_admin::{Fleet, FleetAgent, FleetQuarantine, Histogram};
use p2pow_cli::{Failure, FleetArgs};
use p2pow_fleet::{FleetBackend, FrontStatus};
use tokio::sync::watch;

/// The fleet as a device, if there is to be one. Blocks; must not be called where async code runs.
pub(crate) fn device(fleet: &FleetArgs) -> Result<Option<FleetBackend>, Failure> {
    let Some(broker) = fleet.broker()? else { return Ok(None) };
    Ok(Some(FleetBackend::start(&broker, fleet.member("front"))?))
}

/// The same devices, and the fleet and what can be told of it, if there is to be one.
pub(crate) async fn beside(
    fleet: &FleetArgs,
    mut devices: Vec<Box<dyn Backend>>,
) -> Result<(Vec<Box<dyn Backend>>, Option<Standing>), Failure> {
    let fleet = fleet.clone();
    let device = tokio::task::spawn_blocking(move || device(&fleet)).await??;
    let standing = device.as_ref().map(|device| Standing(device.status()));
    devices.extend(device.map(|device| Box::new(device) as Box<dyn Backend>));
    Ok((devices, standing))
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
