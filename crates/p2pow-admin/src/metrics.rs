//! [`text`]: a [`Status`] in Prometheus' text format.

use crate::{Fleet, Histogram, Status};
use nano_primitives::Amount;
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet, prometheus_text},
    metrics::{
        MetricType,
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::{ConstGauge, Gauge},
        info::Info,
    },
    registry::Registry,
};
use std::{fmt, sync::atomic::AtomicU64};

/// The content type of the format.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// In front of every name.
const PREFIX: &str = "p2pow_worker";

type Gauges<L> = Family<L, Gauge<f64, AtomicU64>>;
type Counters<L> = Family<L, Counter>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeviceLabel {
    device: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AgentLabel {
    agent: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NodeLabel {
    node: String,
}

/// All that there is to measure, by a registry that lives as long as the look.
pub(crate) fn text(status: &Status) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix(PREFIX);
    worker(&mut registry, status);
    queue(&mut registry, status);
    ended(&mut registry, status);
    devices(&mut registry, status);
    nodes(&mut registry, status);
    timings(&mut registry, status);
    if let Some(fleet) = &status.fleet {
        searchers(&mut registry, fleet);
    }
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    Ok(text)
}

fn worker(registry: &mut Registry, status: &Status) {
    let labels = vec![("program", status.program.clone()), ("network", status.network.clone())];
    registry.register("build", "Which program runs, on which network", Info::new(labels));
    let up = status.uptime_seconds();
    registry.register("uptime_seconds", "Seconds since the start", ConstGauge::new(up));
    let ready = u32::from(status.is_ready());
    registry.register("ready", "Whether new jobs are taken", ConstGauge::new(ready));
    let journal = u32::from(status.journal_error.is_none());
    registry.register("journal_up", "Whether the journal can be written", ConstGauge::new(journal));
    registry.register("fee_xno", "What a send costs", ConstGauge::new(xno(status.fee)));
    let rate = status.hashrate.unwrap_or(0.0);
    registry.register("hashrate", "Hashes a second that can be found", ConstGauge::new(rate));
    registry.register("hashes", "Hashes tried", ConstCounter::new(status.hashes));
}

fn queue(registry: &mut Registry, status: &Status) {
    let queue = &status.queue;
    let mut gauge =
        |name, help, value: usize| registry.register(name, help, ConstGauge::new(value));
    gauge("queue_jobs", "Jobs that wait or are worked on", queue.jobs);
    gauge("queue_max_jobs", "The most jobs that may wait or be worked on", queue.max_jobs);
    gauge("jobs_in_flight", "Jobs whose end is not known yet", queue.in_flight);
    if let Some(seconds) = queue.expected_seconds {
        let help = "Seconds until all works that are asked for should be found";
        registry.register("queue_expected_seconds", help, ConstGauge::new(seconds));
    }
}

fn ended(registry: &mut Registry, status: &Status) {
    let jobs: Counters<Outcome> = Family::default();
    let ended = &status.ended;
    for (outcome, count) in [("won", ended.won), ("lost", ended.lost), ("failed", ended.failed)] {
        jobs.get_or_create(&Outcome { outcome }).inc_by(count);
    }
    registry.register("jobs", "Jobs that have ended", jobs);
    let income = ConstCounter::new(xno(ended.income));
    registry.register("income_xno", "What confirmed rewards have paid", income);
}

fn devices(registry: &mut Registry, status: &Status) {
    let (hashes, solutions): (Counters<DeviceLabel>, Counters<DeviceLabel>) = Default::default();
    let (failures, rates): (Counters<DeviceLabel>, Gauges<DeviceLabel>) = Default::default();
    for device in &status.devices {
        let label = DeviceLabel { device: device.name.clone() };
        hashes.get_or_create(&label).inc_by(device.hashes);
        solutions.get_or_create(&label).inc_by(device.solutions);
        failures.get_or_create(&label).inc_by(device.failures);
        if let Some(rate) = device.rate {
            rates.get_or_create(&label).set(rate);
        }
    }
    registry.register("device_hashes", "Hashes tried by a device", hashes);
    registry.register("device_solutions", "Works found by a device", solutions);
    registry.register("device_failures", "Failures of a device", failures);
    registry.register("device_hashrate", "Hashes a second of a device while it searches", rates);
}

fn nodes(registry: &mut Registry, status: &Status) {
    let (up, latency): (Gauges<NodeLabel>, Gauges<NodeLabel>) = Default::default();
    let (blocks, behind): (Gauges<NodeLabel>, Gauges<NodeLabel>) = Default::default();
    let websocket: Gauges<NodeLabel> = Family::default();
    let errors: Gauges<NodeLabel> = Family::default();
    for node in &status.nodes {
        let label = NodeLabel { node: node.name.clone() };
        let set = |gauges: &Gauges<NodeLabel>, value: Option<f64>| {
            value.map(|value| gauges.get_or_create(&label).set(value));
        };
        set(&up, Some(flag(node.error.is_none())));
        set(&latency, node.latency_ms.map(|ms| ms / 1000.0));
        set(&blocks, node.blocks.map(|count| count as f64));
        set(&behind, node.behind.map(|count| count as f64));
        set(&websocket, node.websocket.as_ref().map(|feed| flag(feed.error.is_none())));
        set(&errors, node.last_error_ms.map(|ms| ms as f64 / 1000.0));
    }
    registry.register("node_up", "Whether a node can be used", up);
    registry.register("node_latency_seconds", "How long a node takes to answer", latency);
    registry.register("node_blocks", "Blocks of a node's ledger", blocks);
    let help = "Confirmed blocks that a node is behind the furthest node that is known";
    registry.register("node_behind_blocks", help, behind);
    registry.register("node_websocket_up", "Whether a node's WebSocket tells of blocks", websocket);
    let help = "When a call of a node last failed, in seconds since 1970";
    registry.register("node_last_error_timestamp_seconds", help, errors);
}

fn searchers(registry: &mut Registry, fleet: &Fleet) {
    let mut gauge = |name, help, value: f64| registry.register(name, help, ConstGauge::new(value));
    gauge("fleet_up", "Whether the fleet's broker is connected", flag(fleet.connected));
    gauge("fleet_agents", "Agents that can be given orders", fleet.agents.len() as f64);
    gauge("fleet_hashrate", "Hashes a second of the agents, by their own words", fleet.rate());
    gauge("fleet_orders", "Roots that agents search for", fleet.orders as f64);
    gauge("fleet_quarantined", "Agents that are left alone", fleet.quarantined.len() as f64);
    registry.register("fleet_found", "Works found by agents", ConstCounter::new(fleet.found));
    let help = "Works proposed by agents that were none";
    registry.register("fleet_wrong", help, ConstCounter::new(fleet.wrong));
    let (rates, orders): (Gauges<AgentLabel>, Gauges<AgentLabel>) = Default::default();
    for agent in &fleet.agents {
        let label = AgentLabel { agent: agent.name.clone() };
        rates.get_or_create(&label).set(agent.rate);
        orders.get_or_create(&label).set(agent.orders as f64);
    }
    registry.register("fleet_agent_hashrate", "Hashes a second of an agent, by its word", rates);
    registry.register("fleet_agent_orders", "Roots that an agent has", orders);
    let help = "From when the fleet was asked for a root's work until an agent had found it";
    histogram(registry, ("fleet_search_seconds", help), &fleet.searches);
}

fn flag(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

fn timings(registry: &mut Registry, status: &Status) {
    let timings = &status.timings;
    for (name, help, seen) in [
        ("solve_seconds", "From a job's turn to its last work", &timings.solve),
        (
            "publish_seconds",
            "From a job's last work until a node had taken its last block",
            &timings.publish,
        ),
        (
            "request_info_seconds",
            "A request for the offer, until its answer was ready",
            &timings.info,
        ),
        (
            "request_work_seconds",
            "A request for work, until it was a job or refused",
            &timings.admit,
        ),
    ] {
        histogram(registry, (name, help), seen);
    }
}

/// One that a worker of another version tells nothing of is left out.
fn histogram(registry: &mut Registry, (name, help): (&str, &str), seen: &Histogram) {
    if seen.counts.len() == seen.bounds.len() + 1 {
        registry.register(name, help, Counted(seen.clone()));
    }
}

/// A histogram that was counted elsewhere.
#[derive(Debug)]
struct Counted(Histogram);

impl EncodeMetric for Counted {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let Self(seen) = self;
        // The bucket without a bound is told by the count of all.
        let bounds = seen.bounds.iter().copied();
        let buckets: Vec<(f64, u64)> = bounds.zip(seen.counts.iter().copied()).collect();
        encoder.encode_histogram::<NoLabelSet>(seen.sum, seen.count(), &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

/// As a float, which is what metrics are: exact amounts are in `/status`.
fn xno(amount: Amount) -> f64 {
    amount.to_xno().parse().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::{
        Device, Ended, Feed, Fleet, FleetAgent, FleetQuarantine, Histogram, Node, Status, Timings,
    };
    use nano_primitives::Amount;

    fn agent(name: &str) -> FleetAgent {
        FleetAgent { name: name.into(), rate: 1.5, orders: 2 }
    }

    #[test]
    fn a_status_is_told_in_prometheus_words() {
        let status = Status {
            program: "p2pow-worker/1".into(),
            hashes: 7,
            ended: Ended {
                won: 3,
                lost: 2,
                failed: 1,
                income: Amount::from_raw(15 * 10_u128.pow(29)),
            },
            nodes: vec![Node {
                name: "a \"b\"".into(),
                error: Some("away".into()),
                behind: Some(7),
                latency_ms: Some(2.5),
                websocket: Some(Feed::default()),
                ..Node::default()
            }],
            journal_error: Some("the disk is full".into()),
            timings: Timings {
                solve: Histogram { bounds: vec![0.5, 1.0], counts: vec![2, 0, 1], sum: 31.5 },
                ..Timings::default()
            },
            devices: vec![Device {
                name: "cpu".into(),
                hashes: 7,
                rate: Some(2.5),
                ..Device::default()
            }],
            ..Status::default()
        };
        let text = text(&status).unwrap();
        for line in [
            "# TYPE p2pow_worker_jobs_total counter",
            "p2pow_worker_jobs_total{outcome=\"won\"} 3",
            "p2pow_worker_jobs_total{outcome=\"lost\"} 2",
            "p2pow_worker_income_xno_total 1.5",
            "p2pow_worker_hashes_total 7",
            "p2pow_worker_device_hashrate{device=\"cpu\"} 2.5",
            "p2pow_worker_node_up{node=\"a \\\"b\\\"\"} 0.0",
            "p2pow_worker_node_behind_blocks{node=\"a \\\"b\\\"\"} 7.0",
            "p2pow_worker_node_latency_seconds{node=\"a \\\"b\\\"\"} 0.0025",
            "p2pow_worker_node_websocket_up{node=\"a \\\"b\\\"\"} 1.0",
            "p2pow_worker_ready 1",
            "p2pow_worker_journal_up 0",
            "# TYPE p2pow_worker_solve_seconds histogram",
            "p2pow_worker_solve_seconds_bucket{le=\"0.5\"} 2",
            "p2pow_worker_solve_seconds_bucket{le=\"1\"} 2",
            "p2pow_worker_solve_seconds_bucket{le=\"+Inf\"} 3",
            "p2pow_worker_solve_seconds_sum 31.5",
            "p2pow_worker_solve_seconds_count 3",
        ] {
            assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
        }
        assert_eq!(text.matches("p2pow_worker_solve_seconds_bucket").count(), 3, "{text}");
    }
    #[test]
    fn a_fleet_is_told_where_there_is_one() {
        let fleet = Fleet {
            connected: true,
            agents: ["one", "two"].map(agent).into(),
            found: 5,
            wrong: 1,
            quarantined: vec![FleetQuarantine::default()],
            searches: Histogram { bounds: vec![1.0], counts: vec![4, 1], sum: 9.0 },
            ..Fleet::default()
        };
        let told = text(&Status { fleet: Some(fleet), ..Status::default() }).unwrap();
        for line in [
            "p2pow_worker_fleet_up 1.0",
            "p2pow_worker_fleet_agents 2.0",
            "p2pow_worker_fleet_hashrate 3.0",
            "p2pow_worker_fleet_agent_orders{agent=\"two\"} 2.0",
            "p2pow_worker_fleet_found_total 5",
            "p2pow_worker_fleet_wrong_total 1",
            "p2pow_worker_fleet_quarantined 1.0",
            "p2pow_worker_fleet_search_seconds_count 5",
        ] {
            assert!(told.lines().any(|found| found == line), "no {line} in\n{told}");
        }
        assert!(!text(&Status::default()).unwrap().contains("fleet"));
    }
}
