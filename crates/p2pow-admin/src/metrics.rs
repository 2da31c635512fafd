//! [`text`]: a [`Status`] in Prometheus' text format.

use crate::Status;
use nano_primitives::Amount;
use prometheus_client::{
    encoding::{EncodeLabelSet, prometheus_text},
    metrics::{
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
    let up: Gauges<NodeLabel> = Family::default();
    for node in &status.nodes {
        let label = NodeLabel { node: node.name.clone() };
        up.get_or_create(&label).set(if node.error.is_none() { 1.0 } else { 0.0 });
    }
    registry.register("node_up", "Whether a node can be used", up);
}

/// As a float, which is what metrics are: exact amounts are in `/status`.
fn xno(amount: Amount) -> f64 {
    amount.to_xno().parse().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::{Device, Ended, Node, Status};
    use nano_primitives::Amount;

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
            nodes: vec![Node { name: "a \"b\"".into(), error: Some("away".into()) }],
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
            "p2pow_worker_ready 1",
        ] {
            assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
        }
    }
}
