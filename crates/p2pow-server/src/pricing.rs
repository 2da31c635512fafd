//! [`Fees`]: what a job costs now, and what it cost when somebody was told so lately: a quoted fee is honoured.

use nano_primitives::Amount;
use p2pow_protocol::DynamicFee;
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Hashes to be expected for a send job on the live network: two works of 2^29.
const HASHES_OF_A_SEND: f64 = 2.0 * 536_870_912.0;
const JOULES_PER_KWH: f64 = 3.6e6;

/// How the fee follows demand and costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pricing {
    /// How much dearer a job gets while the queue fills up: with 1 it costs twice as much when the queue is full.
    pub surge: f64,
    /// How long a fee that was told holds.
    pub quote_holds: Duration,
    /// What a job costs the operator, below which no fee falls.
    pub costs: Option<Costs>,
}

/// What searching costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// The power that the devices take while they search, in watts.
    pub watts: f64,
    /// The price of a kilowatt-hour, in raw.
    pub raw_per_kwh: f64,
    /// The share of races that are won: who wins half of them has to be paid for two jobs by one.
    pub win_rate: f64,
}

impl Default for Pricing {
    fn default() -> Self {
        Self { surge: 0.0, quote_holds: Duration::from_secs(60), costs: None }
    }
}

/// The fees that are quoted.
#[derive(Debug)]
pub(crate) struct Fees {
    base: Amount,
    pricing: Pricing,
    /// Quotes that hold, the oldest first; each is lower than those after it, or it would not matter.
    quotes: Mutex<VecDeque<Quote>>,
}

#[derive(Debug, Clone, Copy)]
struct Quote {
    fee: Amount,
    at: Instant,
}

impl Fees {
    pub(crate) const fn new(base: Amount, pricing: Pricing) -> Self {
        Self { base, pricing, quotes: Mutex::new(VecDeque::new()) }
    }

    /// The fee now, by how full the queue is (0 to 1) and how fast hashes are tried; whoever is told it may rely on it.
    pub(crate) fn quote(&self, fullness: f64, rate: Option<f64>) -> Amount {
        let fee = self.now(fullness, rate);
        if self.is_dynamic() {
            let mut quotes = self.quotes.lock().unwrap_or_else(PoisonError::into_inner);
            // An earlier quote that is not lower is covered by this one, and for longer.
            while quotes.back().is_some_and(|last| last.fee >= fee) {
                quotes.pop_back();
            }
            quotes.push_back(Quote { fee, at: Instant::now() });
        }
        fee
    }

    /// The least fee that is taken: that of now, or one that was quoted and still holds.
    pub(crate) fn least(&self, fullness: f64, rate: Option<f64>) -> Amount {
        let mut quotes = self.quotes.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = self.pricing.quote_holds;
        while quotes.front().is_some_and(|first| first.at.elapsed() > holds) {
            quotes.pop_front();
        }
        let quoted = quotes.front().map(|first| first.fee);
        self.now(fullness, rate).min(quoted.unwrap_or(Amount::MAX))
    }

    /// How the fee is announced.
    pub(crate) fn announced(&self) -> DynamicFee {
        let holds = self.pricing.quote_holds.as_secs();
        if self.is_dynamic() { DynamicFee::Holds(holds) } else { DynamicFee::Fixed }
    }

    fn is_dynamic(&self) -> bool {
        self.pricing.surge > 0.0 || self.pricing.costs.is_some()
    }

    fn now(&self, fullness: f64, rate: Option<f64>) -> Amount {
        let floor = self.pricing.costs.zip(rate).map(|(costs, rate)| costs.of_a_send(rate));
        let base = self.base.max(floor.unwrap_or(Amount::ZERO));
        scale(base, 1.0 + self.pricing.surge.max(0.0) * fullness.clamp(0.0, 1.0))
    }
}

impl Costs {
    /// What a send job costs at so many hashes a second.
    fn of_a_send(&self, rate: f64) -> Amount {
        let seconds = HASHES_OF_A_SEND / rate.max(1.0);
        let kwh = seconds * self.watts / JOULES_PER_KWH;
        from_f64(kwh * self.raw_per_kwh / self.win_rate.clamp(0.01, 1.0))
    }
}

/// A multiple of an amount, at least 1, in steps of a thousandth of it, so that equal loads give equal fees.
fn scale(amount: Amount, factor: f64) -> Amount {
    let thousandths = from_f64(factor * 1000.0).to_raw().max(1000);
    let product = amount.to_raw().checked_mul(thousandths);
    product.map_or(Amount::MAX, |product| Amount::from_raw(product / 1000))
}

/// Rounded, as far as it fits.
fn from_f64(raw: f64) -> Amount {
    // The cast takes what is too large to the largest, and what is no number to zero.
    #[allow(clippy::cast_possible_truncation)]
    Amount::from_raw(raw.round() as u128)
}

#[cfg(test)]
mod tests {
    use super::{Costs, Fees, Pricing};
    use nano_primitives::Amount;
    use p2pow_protocol::DynamicFee;
    use std::time::Duration;
    use tokio::time::advance;

    const BASE: Amount = Amount::from_raw(1000);

    #[tokio::test(start_paused = true)]
    async fn a_fixed_fee_is_fixed() {
        let fees = Fees::new(BASE, Pricing::default());
        assert_eq!((fees.quote(1.0, None), fees.least(1.0, None)), (BASE, BASE));
        assert_eq!(fees.announced(), DynamicFee::Fixed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fee_rises_with_the_queue_and_a_quoted_one_is_honoured_for_its_time() {
        let holds = Duration::from_secs(60);
        let fees = Fees::new(BASE, Pricing { surge: 1.0, quote_holds: holds, costs: None });
        assert_eq!(fees.announced(), DynamicFee::Holds(60));
        assert_eq!(fees.least(0.5, None).to_raw(), 1500, "nobody was told another");
        assert_eq!(fees.quote(0.1, None).to_raw(), 1100);
        advance(Duration::from_secs(30)).await;
        assert_eq!(fees.quote(1.0, None).to_raw(), 2000);
        assert_eq!(fees.least(1.0, None).to_raw(), 1100);
        advance(Duration::from_secs(31)).await;
        assert_eq!(fees.least(1.0, None).to_raw(), 2000, "the first quote does not hold any more");
        assert_eq!(fees.least(0.0, None).to_raw(), 1000, "who offers the fee of now is welcome");
    }

    #[tokio::test(start_paused = true)]
    async fn no_fee_is_below_what_the_job_costs() {
        // 360 W for 1073.741824 s are 0.1073741824 kWh.
        let costs = Costs { watts: 360.0, raw_per_kwh: 100_000.0, win_rate: 0.5 };
        let fees = Fees::new(BASE, Pricing { costs: Some(costs), ..Pricing::default() });
        assert_eq!(fees.quote(0.0, Some(1e6)).to_raw(), 21_475);
        assert_eq!(fees.quote(0.0, Some(1e9)), BASE);
        assert_eq!(fees.quote(0.0, None), BASE, "where the rate is not known");
        let odd = Costs { watts: f64::NAN, ..costs };
        let fees = Fees::new(BASE, Pricing { costs: Some(odd), ..Pricing::default() });
        assert_eq!(fees.quote(f64::NAN, Some(0.0)), BASE);
    }
}
