//! [`Checks`]: how many jobs may be held against the ledger at once, in all and of one address. A check takes no slot:
//! those are for work.

use nano_http::Source;
use p2pow_protocol::Refusal;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Seconds after which there may be room again.
const RETRY_AFTER: u64 = 1;

/// The checks that go on. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Checks(Arc<Room>);

#[derive(Debug)]
struct Room {
    all: usize,
    of_one: usize,
    now: Mutex<HashMap<Source, usize>>,
}

/// A check that goes on until this is dropped.
#[derive(Debug)]
pub(crate) struct Check {
    room: Arc<Room>,
    source: Source,
}

impl Checks {
    /// Room for so many, an eighth of them of one address.
    pub(crate) fn new(all: usize) -> Self {
        let all = all.max(1);
        Self(Arc::new(Room { all, of_one: (all / 8).max(1), now: Mutex::default() }))
    }

    /// Begins a check. `share`, 0 to 1, is how much of its room an address may take.
    ///
    /// # Errors
    /// The address, or everybody together, has as many as may be.
    pub(crate) fn begin(&self, source: Source, share: f64) -> Result<Check, Refusal> {
        let mut now = self.0.now();
        let own = now.get(&source).copied().unwrap_or_default();
        if own > 0 && own as f64 >= self.0.of_one as f64 * share {
            return Err(Refusal::TooManyRequests { retry_after: RETRY_AFTER });
        }
        if now.values().sum::<usize>() >= self.0.all {
            return Err(Refusal::QueueFull { retry_after: RETRY_AFTER });
        }
        now.insert(source, own + 1);
        Ok(Check { room: Arc::clone(&self.0), source })
    }
}

impl Room {
    fn now(&self) -> MutexGuard<'_, HashMap<Source, usize>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        let mut now = self.room.now();
        if let Some(own) = now.get_mut(&self.source) {
            *own -= 1;
            if *own == 0 {
                now.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Checks;
    use nano_http::Source;
    use p2pow_protocol::Refusal;

    fn source(number: u8) -> Source {
        std::net::IpAddr::from([192, 0, 2, number]).into()
    }

    #[test]
    fn one_address_takes_an_eighth_and_less_if_it_has_cost_much() {
        let checks = Checks::new(16);
        let own = [checks.begin(source(1), 1.0), checks.begin(source(1), 1.0)];
        assert!(own.iter().all(Result::is_ok));
        assert!(matches!(checks.begin(source(1), 1.0), Err(Refusal::TooManyRequests { .. })));
        let _spiteful = checks.begin(source(2), 0.1).unwrap();
        assert!(checks.begin(source(2), 0.1).is_err());
        drop(own);
        assert!(checks.begin(source(1), 1.0).is_ok());
    }

    #[test]
    fn there_is_room_for_so_many_in_all() {
        let checks = Checks::new(3);
        let all: Vec<_> = (0..4).map(|number| checks.begin(source(number), 1.0)).collect();
        assert_eq!(all.iter().filter(|check| check.is_ok()).count(), 3);
        assert!(matches!(all[3], Err(Refusal::QueueFull { .. })));
    }
}
