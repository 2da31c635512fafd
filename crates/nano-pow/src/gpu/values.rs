//! The values of some nonces, as the device computes them.

use super::{
    GpuError, GpuKernel,
    device::Device,
    graph::Program,
    launch::{Launch, Run},
    order::Order,
    shader::{self, Shape},
    stretch::{Cutter, Stretch},
};
use crate::NonceRange;
use nano_primitives::Difficulty;
use std::time::{Duration, Instant};

const SHAPE: Shape = Shape { lanes: 64, turns: 1 };

/// So many values at once.
const MOST: u64 = 1 << 16;

const PATIENCE: Duration = Duration::from_secs(10);

/// The kernel that writes down every value.
#[derive(Debug)]
pub(super) struct Values(Launch);

impl Values {
    pub(super) fn new(
        device: &Device,
        kernel: GpuKernel,
        program: &Program,
    ) -> Result<Self, GpuError> {
        let text = shader::values(kernel, program, SHAPE);
        Launch::new(device, (text, SHAPE), 1, [Order::size(program), 8 * MOST]).map(Self)
    }

    /// Computes the values of all nonces of a range, which is a short one.
    pub(super) fn compute(
        &self,
        order: &Order,
        nonces: NonceRange,
    ) -> Result<Vec<Difficulty>, GpuError> {
        if nonces.count() > MOST {
            return Err(GpuError::TooMany { wanted: nonces.count(), most: MOST });
        }
        match Cutter::new(nonces).cut(MOST) {
            Some(stretch) => self.run(order, stretch),
            None => Ok(Vec::new()),
        }
    }

    fn run(&self, order: &Order, stretch: Stretch) -> Result<Vec<Difficulty>, GpuError> {
        let Self(launch) = self;
        let run = Run { slot: 0, order: order.bytes(&stretch), count: stretch.count() };
        let answer = launch.submit(&[run], launch.copy())?;
        let since = Instant::now();
        while launch.wait(&answer, PATIENCE)?.is_pending() {
            if since.elapsed() >= PATIENCE {
                return Err(GpuError::Silent { waited: since.elapsed() });
            }
        }
        let count = usize::try_from(stretch.count()).expect("a pointer has 32 bits at least");
        answer.read(|bytes| read(bytes, count)).map(|(values, _)| values)
    }
}

fn read(bytes: &[u8], count: usize) -> Vec<Difficulty> {
    let (words, _) = bytes.as_chunks();
    let words = words.iter().take(count);
    words.map(|word| Difficulty::from_u64(u64::from_le_bytes(*word))).collect()
}
