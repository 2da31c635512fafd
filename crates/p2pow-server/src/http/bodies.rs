//! [`Bodies`]: reads the bodies of requests, so many bytes of large ones at once.

use super::answers;
use axum::body::{Body, HttpBody};
use nano_http::{BodyLimits, read_body};
use p2pow_protocol::Refusal;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A body of this size is read by everybody at any time: connections are bounded.
const SMALL: usize = 16 * 1024;
/// The bytes of larger bodies that are held at once, in KiB.
const ROOM: usize = 16 * 1024;
/// Seconds after which there may be room again.
const RETRY_AFTER: u64 = 2;

/// Reads bodies.
#[derive(Debug)]
pub(super) struct Bodies {
    limits: BodyLimits,
    room: Arc<Semaphore>,
}

/// A body, and its share of the room.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) bytes: axum::body::Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    pub(super) fn new(limits: BodyLimits) -> Self {
        Self { limits, room: Arc::new(Semaphore::new(ROOM)) }
    }

    /// Reads a body. A large one takes its share of the room before it is read, whether it comes fast or slowly.
    pub(super) async fn read(&self, body: Body) -> Result<Whole, Refusal> {
        let announced = HttpBody::size_hint(&body).exact().unwrap_or(u64::MAX);
        let size = usize::try_from(announced).unwrap_or(usize::MAX).min(self.limits.bytes);
        let room = if size > SMALL { Some(self.take(size)?) } else { None };
        let bytes = read_body(body, self.limits).await.map_err(|error| answers::unread(&error))?;
        Ok(Whole { bytes, _room: room })
    }

    fn take(&self, size: usize) -> Result<OwnedSemaphorePermit, Refusal> {
        let kib = u32::try_from(size.div_ceil(1024).min(ROOM)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(kib);
        room.map_err(|_| Refusal::QueueFull { retry_after: RETRY_AFTER })
    }
}

#[cfg(test)]
mod tests {
    use super::{Bodies, ROOM};
    use axum::body::Body;
    use nano_http::BodyLimits;
    use p2pow_protocol::Refusal;

    #[tokio::test]
    async fn large_bodies_share_a_room_and_small_ones_need_none() {
        let mib = 1024 * 1024;
        let bodies = Bodies::new(BodyLimits { bytes: mib, ..BodyLimits::default() });
        let large = || Body::from(vec![b' '; mib]);
        let mut held = Vec::new();
        for _ in 0..ROOM / 1024 {
            held.push(bodies.read(large()).await.unwrap());
        }
        let refused = bodies.read(large()).await.unwrap_err();
        assert!(matches!(refused, Refusal::QueueFull { .. }), "{refused}");
        assert_eq!(bodies.read(Body::from("small")).await.unwrap().bytes, "small");
        held.pop();
        assert!(bodies.read(large()).await.is_ok());
    }
}
