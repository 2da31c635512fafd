//! [`Door`]: counts connections in all and of each source, and lets only so many in.

use crate::{HttpLimits, Source};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

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
}

/// One connection, which leaves when this is dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    inside: Arc<Inside>,
    source: Option<Source>,
}

impl Door {
    pub(crate) fn new(limits: &HttpLimits) -> Self {
        let (all, of_one) = (limits.connections, limits.connections_per_address);
        Self(Arc::new(Inside { all, of_one, now: Mutex::default() }))
    }

    /// Lets a connection in if there is room. Without a source it counts in all alone.
    pub(crate) fn enter(&self, source: Option<Source>) -> Option<Pass> {
        let mut now = self.0.now();
        if now.all >= self.0.all {
            return None;
        }
        if let Some(source) = source {
            let own = now.of.get(&source).copied().unwrap_or_default();
            if own >= self.0.of_one {
                return None;
            }
            now.of.insert(source, own + 1);
        }
        now.all += 1;
        Some(Pass { inside: Arc::clone(&self.0), source })
    }
}

impl Inside {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut now = self.inside.now();
        now.all -= 1;
        if let Some(source) = self.source
            && let Some(own) = now.of.get_mut(&source)
        {
            *own -= 1;
            if *own == 0 {
                now.of.remove(&source);
            }
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
        assert!(door.enter(from("192.0.2.3")).is_none());
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
        assert!(door.0.now().of.is_empty());
        assert_eq!(door.0.now().all, 0);
    }
}
