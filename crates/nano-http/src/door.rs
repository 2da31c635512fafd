//! [`Door`]: counts connections in all and of each source, and lets only so many in.
//!
//! A door that is full is shared fairly: a newcomer takes the place of a connection of whoever has the most, if the
//! newcomer has fewer; so a few addresses that hold all the connections they may do not shut others out. And where
//! many have few each, the connection gives way that has waited the longest for a request: a client that means to ask
//! does so at once.

use crate::{HttpLimits, Source, phase::Phase};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio_util::sync::CancellationToken;

/// Lets so many connections in. Clones are the same door.
#[derive(Debug, Clone)]
pub(crate) struct Door(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    all: usize,
    of_one: usize,
    now: Mutex<Now>,
}

#[derive(Debug, Default)]
struct Now {
    all: usize,
    /// None of them is 0.
    of: HashMap<Source, usize>,
    /// The connections of each neighbourhood, the oldest first; none is empty.
    near: HashMap<IpAddr, Vec<Seat>>,
    /// The number of the last seat.
    last: u64,
}

/// A connection that may have to make room.
#[derive(Debug)]
struct Seat {
    number: u64,
    source: Source,
    phase: Phase,
    leave: CancellationToken,
}

/// One connection, which leaves when this is dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    inside: Arc<Inside>,
    /// `None` for one that is not counted for its source.
    seat: Option<(Source, u64)>,
    phase: Phase,
    leave: CancellationToken,
}

impl Door {
    pub(crate) fn new(limits: &HttpLimits) -> Self {
        let (all, of_one) = (limits.connections, limits.connections_per_address);
        Self(Arc::new(Inside { all, of_one, now: Mutex::default() }))
    }

    /// Lets a connection in if there is room. Without a source it counts in all alone.
    pub(crate) fn enter(&self, source: Option<Source>) -> Option<Pass> {
        let mut now = self.0.now();
        let is_one_too_many = |source| now.of.get(&source).is_some_and(|own| *own >= self.0.of_one);
        if source.is_some_and(is_one_too_many) {
            return None;
        }
        if now.all >= self.0.all && !source.is_some_and(|source| now.make_room(source)) {
            return None;
        }
        let (phase, leave) = (Phase::default(), CancellationToken::new());
        let seat = source.map(|source| (source, now.take(source, &phase, &leave)));
        now.all += 1;
        Some(Pass { inside: Arc::clone(&self.0), seat, phase, leave })
    }
}

impl Inside {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Whether a request is waited for.
    fn is_idle(&self) -> bool {
        !self.phase.is_answering()
    }
}

impl Now {
    fn take(&mut self, source: Source, phase: &Phase, leave: &CancellationToken) -> u64 {
        self.last += 1;
        let (number, phase, leave) = (self.last, phase.clone(), leave.clone());
        *self.of.entry(source).or_default() += 1;
        let seats = self.near.entry(source.neighbourhood()).or_default();
        seats.push(Seat { number, source, phase, leave });
        number
    }

    /// Shows somebody out, who is not counted any more from here. Of the largest neighbourhood, unless the newcomer's own
    /// would be as large: an idle connection, or else the oldest. For who has none at all, the idle one that came first.
    fn make_room(&mut self, newcomer: Source) -> bool {
        let own = self.near.get(&newcomer.neighbourhood()).map_or(0, Vec::len);
        let largest = self.near.values().max_by_key(|seats| seats.len());
        let seat = match largest.filter(|seats| seats.len() > own + 1) {
            Some(seats) => seats.iter().find(|seat| seat.is_idle()).or(seats.first()),
            None if own == 0 => {
                let idle = self.near.values().flatten().filter(|seat| seat.is_idle());
                idle.min_by_key(|seat| seat.number)
            }
            None => None,
        };
        let Some(seat) = seat else { return false };
        seat.leave.cancel();
        let (source, number) = (seat.source, seat.number);
        self.leave(source, number);
        true
    }

    fn leave(&mut self, source: Source, number: u64) {
        let near = source.neighbourhood();
        let Some(seats) = self.near.get_mut(&near) else { return };
        let Some(place) = seats.iter().position(|seat| seat.number == number) else { return };
        seats.remove(place);
        if seats.is_empty() {
            self.near.remove(&near);
        }
        self.all -= 1;
        if let Some(own) = self.of.get_mut(&source) {
            *own -= 1;
            if *own == 0 {
                self.of.remove(&source);
            }
        }
    }
}

impl Pass {
    /// Whether the connection waits for a request or answers one.
    pub(crate) fn phase(&self) -> Phase {
        self.phase.clone()
    }

    /// Cancelled when the connection has to make room for somebody else's.
    pub(crate) fn leave(&self) -> CancellationToken {
        self.leave.clone()
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut now = self.inside.now();
        match self.seat {
            Some((source, number)) => now.leave(source, number),
            None => now.all -= 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Door;
    use crate::{HttpLimits, Source};
    use std::net::IpAddr;

    fn door() -> Door {
        Door::new(&HttpLimits {
            connections: 3,
            connections_per_address: 2,
            ..HttpLimits::default()
        })
    }

    fn from(address: &str) -> Option<Source> {
        Some(address.parse::<IpAddr>().unwrap().into())
    }

    #[test]
    fn there_is_room_for_so_many_of_one_source_and_so_many_in_all() {
        let door = door();
        let inside = [door.enter(from("192.0.2.1")), door.enter(from("192.0.2.1"))];
        assert!(inside.iter().all(Option::is_some));
        assert!(door.enter(from("192.0.2.1")).is_none());
        let other = door.enter(from("192.0.2.2"));
        assert!(other.is_some());
        assert!(door.enter(from("192.0.2.2")).is_none());
        drop(inside);
        assert!(door.enter(from("192.0.2.1")).is_some());
    }

    #[test]
    fn who_is_turned_away_takes_no_room() {
        let door = door();
        let inside = [door.enter(from("::1")), door.enter(from("::1"))];
        for _ in 0..9 {
            assert!(door.enter(from("::1")).is_none());
        }
        let others = [door.enter(None), door.enter(None)];
        assert_eq!(others.map(|pass| pass.is_some()), [true, false]);
        drop(inside);
        assert!(door.0.now().of.is_empty() && door.0.now().near.is_empty());
        assert_eq!(door.0.now().all, 0);
    }

    /// Lets as many in as come.
    fn crowd(door: &Door, addresses: impl Iterator<Item = String>) -> Vec<super::Pass> {
        addresses.filter_map(|address| door.enter(from(&address))).collect()
    }

    fn large(of_one: usize) -> Door {
        let limits =
            HttpLimits { connections: 64, connections_per_address: of_one, ..Default::default() };
        Door::new(&limits)
    }

    #[test]
    fn sixteen_addresses_do_not_close_the_door() {
        let door = large(4);
        let crowd = crowd(&door, (0..64).map(|number| format!("192.0.2.{}", number % 16)));
        assert_eq!(crowd.len(), 64);
        let newcomers: Vec<_> =
            (0..16).map(|number| door.enter(from(&format!("198.51.100.{number}")))).collect();
        assert!(newcomers.iter().all(Option::is_some));
        let left = crowd.iter().filter(|pass| pass.leave().is_cancelled()).count();
        assert_eq!(left, 16, "one for each newcomer");
        assert_eq!(door.0.now().all, 64);
        assert!(door.enter(from("192.0.2.1")).is_none(), "who has more than others gets no more");
        drop((crowd, newcomers));
        assert!(door.0.now().of.is_empty() && door.0.now().near.is_empty());
        assert_eq!(door.0.now().all, 0);
    }

    #[test]
    fn the_networks_of_one_customer_are_one_crowd() {
        let door = large(4);
        let crowd = crowd(&door, (0..64).map(|number| format!("2001:db8:1:{number:x}::1")));
        assert_eq!(crowd.len(), 64);
        let others = [door.enter(from("2001:db8:2::1")), door.enter(from("192.0.2.1"))];
        assert!(others.iter().all(Option::is_some));
        assert!(door.enter(from("2001:db8:1:ffff::1")).is_none());
    }

    #[test]
    fn many_addresses_with_one_connection_each_do_not_close_the_door() {
        let door = large(4);
        let crowd = crowd(&door, (0..64).map(|number| format!("192.0.2.{number}")));
        let answering: Vec<_> = crowd[..32].iter().map(|pass| pass.phase().begin()).collect();
        let newcomers: Vec<_> =
            (0..32).map(|number| door.enter(from(&format!("198.51.100.{number}")))).collect();
        assert!(newcomers.iter().all(Option::is_some));
        let left = crowd.iter().map(|pass| pass.leave().is_cancelled());
        assert!(left.eq((0..64).map(|place| place >= 32)), "the idle ones, and no one else");
        assert!(door.enter(from("198.51.100.1")).is_none(), "who has one gets no second");
        let asked: Vec<_> = newcomers.iter().flatten().map(|pass| pass.phase().begin()).collect();
        assert!(door.enter(from("203.0.113.1")).is_none(), "nobody is idle");
        drop((answering, asked));
    }

    #[test]
    fn who_is_being_answered_stays_as_long_as_others_are_idle() {
        let door = large(64);
        let crowd = crowd(&door, (0..64).map(|_| "192.0.2.1".to_owned()));
        let answering: Vec<_> = crowd[..63].iter().map(|pass| pass.phase().begin()).collect();
        let _first = door.enter(from("192.0.2.2")).unwrap();
        assert!(crowd[63].leave().is_cancelled());
        let _second = door.enter(from("192.0.2.3")).unwrap();
        assert!(crowd[0].leave().is_cancelled(), "the oldest");
        drop(answering);
    }
}
