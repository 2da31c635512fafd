//! [`Metrics`]: what a wallet server counts, for Prometheus.

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// Actions that are counted by their names; anybody can invent others.
const ACTIONS: [&str; 12] = [
    "send",
    "receive",
    "receive_all",
    "account_create",
    "accounts_create",
    "account_list",
    "wallet_create",
    "wallet_info",
    "wallet_balances",
    "wallet_frontiers",
    "wallet_receivable",
    "work_generate",
];
const OTHER: &str = "other";
/// Seconds from accepting a payment to its end.
const BUCKETS: [f64; 10] = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Action {
    action: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// The counters.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    calls: Family<Action, Counter>,
    payments: Family<Outcome, Counter>,
    seconds: Histogram,
    open: Gauge,
    wallets: Gauge,
    deliveries: Family<Outcome, Counter>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("p2pow_wallet");
        let (calls, payments) = (Family::default(), Family::default());
        let (open, wallets, deliveries) = (Gauge::default(), Gauge::default(), Family::default());
        let seconds = Histogram::new(BUCKETS);
        registry.register("calls", "Calls of the wallet RPC, by action", calls.clone());
        registry.register("payments", "Tasks that are over, by outcome", payments.clone());
        let about = "Seconds from accepting a task to its confirmation";
        registry.register("payment_seconds", about, seconds.clone());
        registry.register("open_payments", "Tasks that are not over", open.clone());
        registry.register("wallets", "Wallets", wallets.clone());
        registry.register("webhook_deliveries", "Deliveries, by outcome", deliveries.clone());
        Self { registry, calls, payments, seconds, open, wallets, deliveries }
    }

    pub(crate) fn called(&self, action: &str) {
        let known = ACTIONS.into_iter().find(|known| *known == action);
        self.calls.get_or_create(&Action { action: known.unwrap_or(OTHER) }).inc();
    }

    pub(crate) fn confirmed(&self, seconds: f64) {
        self.payments.get_or_create(&Outcome { outcome: "confirmed" }).inc();
        self.seconds.observe(seconds);
    }

    /// It failed, or was withdrawn.
    pub(crate) fn not_made(&self, outcome: &'static str) {
        self.payments.get_or_create(&Outcome { outcome }).inc();
    }

    pub(crate) fn delivered(&self, outcome: &'static str) {
        self.deliveries.get_or_create(&Outcome { outcome }).inc();
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self, open: usize, wallets: usize) -> String {
        self.open.set(i64::try_from(open).unwrap_or(i64::MAX));
        self.wallets.set(i64::try_from(wallets).unwrap_or(i64::MAX));
        let mut text = String::new();
        // Writing into a text does not fail.
        let _ = text::encode(&mut text, &self.registry);
        text
    }
}
