//! The values of some nonces, as the device computes them.

use super::{
    GpuError, Kernel, blake2b,
    device::Device,
    launch::Launch,
    order::Order,
    shader::{self, Shape},
    stretch::{Cutter, Stretch},
};
use crate::{Job, NonceRange};
use nano_primitives::{Difficulty, Root};
use std::time::{Duration, Instant};

const SHAPE: Shape = Shape { lanes: 64, turns: 1 };

/// At most so many values at once.
const MOST: u64 = 1 << 20;

const PATIENCE: Duration = Duration::from_secs(10);

/// Computes the values of all nonces of a range, which is a short one.
pub(super) fn values(
    device: &Device,
    kernel: Kernel,
    root: &Root,
    nonces: NonceRange,
) -> Result<Vec<Difficulty>, GpuError> {
    if nonces.count() > MOST {
        return Err(GpuError::TooMany { wanted: nonces.count(), most: MOST });
    }
    let Some(stretch) = Cutter::new(nonces).cut(MOST) else { return Ok(Vec::new()) };
    let program = blake2b::program();
    let text = shader::values(kernel, &program, SHAPE);
    let launch = Launch::new(device, (text, SHAPE), Order::size(&program), 8 * nonces.count())?;
    let order = Order::new(&program, &Job::new(*root, Difficulty::MAX));
    run(&launch, &order, stretch)
}

fn run(launch: &Launch, order: &Order, stretch: Stretch) -> Result<Vec<Difficulty>, GpuError> {
    let answer = launch.submit(&order.bytes(&stretch), stretch.count(), launch.copy())?;
    let since = Instant::now();
    while launch.wait(&answer, PATIENCE)?.is_pending() {
        if since.elapsed() >= PATIENCE {
            return Err(GpuError::Silent { waited: since.elapsed() });
        }
    }
    answer.read(read).map(|(values, _)| values)
}

fn read(bytes: &[u8]) -> Vec<Difficulty> {
    let (words, _) = bytes.as_chunks();
    words.iter().map(|word| Difficulty::from_u64(u64::from_le_bytes(*word))).collect()
}
