//! [`Pipeline`]: the kernels on a device: the one that searches, and the one that writes down values.

use super::{
    GpuError, GpuKernel,
    adapter::OpenDevice,
    batch::{Cutter, Part, Stretch},
    blake2b,
    engine::{SLOTS, SubmitQueue},
    graph::Program,
    launch::{KernelInput, Launch, Readback, Run},
    shader::{self, Shape},
};
use crate::{NonceRange, Puzzle};
use nano_primitives::{Difficulty, Root};
use std::{
    collections::VecDeque,
    task::Poll,
    time::{Duration, Instant},
};
use wgpu::Buffer;

/// What stands in the output while nothing is found.
const NOTHING: u32 = u32::MAX;

/// The search kernel and what it is working on.
#[derive(Debug)]
pub(super) struct Pipeline {
    device: OpenDevice,
    kernel: GpuKernel,
    program: Program,
    launch: Launch,
    /// For each puzzle that is searched.
    inputs: Vec<KernelInput>,
    /// Of what is underway, and how many parts each has.
    readbacks: VecDeque<(Readback, usize)>,
    copies: Vec<Buffer>,
    values: Option<Values>,
}

impl Pipeline {
    pub(super) fn new(
        device: &OpenDevice,
        kernel: GpuKernel,
        shape: Shape,
    ) -> Result<Self, GpuError> {
        let program = blake2b::program();
        let text = shader::search(kernel, &program, shape);
        let sizes = [KernelInput::size(&program), size_of_val(&NOTHING) as u64];
        let launch = Launch::new(device, (text, shape), SLOTS, sizes)?;
        Ok(Self {
            device: device.clone(),
            kernel,
            program,
            launch,
            inputs: Vec::new(),
            readbacks: VecDeque::new(),
            copies: Vec::new(),
            values: None,
        })
    }

    pub(super) const fn kernel(&self) -> GpuKernel {
        self.kernel
    }

    /// Computes the values of all nonces of a range, with a kernel that is compiled when it is
    /// first needed.
    pub(super) fn values(
        &mut self,
        root: &Root,
        nonces: NonceRange,
    ) -> Result<Vec<Difficulty>, GpuError> {
        let input = KernelInput::new(&self.program, &Puzzle::new(*root, Difficulty::MAX));
        let values = match self.values.take() {
            Some(values) => values,
            None => Values::new(&self.device, self.kernel, &self.program)?,
        };
        self.values.insert(values).compute(&input, nonces)
    }

    /// Lets the device be lost.
    #[cfg(test)]
    pub(super) fn destroy(&self) {
        self.device.raw().destroy();
    }
}

impl SubmitQueue for Pipeline {
    fn begin(&mut self, puzzles: &[Puzzle]) {
        self.inputs =
            puzzles.iter().map(|puzzle| KernelInput::new(&self.program, puzzle)).collect();
    }

    fn submit(&mut self, parts: &[Part]) -> Result<(), GpuError> {
        for part in parts.iter().filter(|part| part.stretch.is_fresh()) {
            let output = self.launch.output(part.task);
            self.device.queue().write_buffer(output, 0, &NOTHING.to_le_bytes());
        }
        let run = |Part { task, stretch }: &Part| {
            let input = self.inputs[*task].bytes(stretch);
            Run { slot: *task, input, count: stretch.count() }
        };
        let runs: Vec<_> = parts.iter().map(run).collect();
        let copy = self.copies.pop().unwrap_or_else(|| self.launch.copy());
        self.readbacks.push_back((self.launch.submit(&runs, copy)?, parts.len()));
        Ok(())
    }

    fn wait(&mut self, time: Duration) -> Result<Poll<Vec<Option<u32>>>, GpuError> {
        let Some((readback, parts)) = self.readbacks.pop_front() else {
            return Ok(Poll::Ready(Vec::new()));
        };
        if self.launch.wait(&readback, time)?.is_pending() {
            self.readbacks.push_front((readback, parts));
            return Ok(Poll::Pending);
        }
        let (found, copy) = readback.read(|bytes| offsets(bytes, parts))?;
        self.copies.push(copy);
        Ok(Poll::Ready(found))
    }
}

fn offsets(bytes: &[u8], parts: usize) -> Vec<Option<u32>> {
    let (words, _) = bytes.as_chunks();
    let words = words.iter().take(parts).map(|word| u32::from_le_bytes(*word));
    words.map(|found| (found != NOTHING).then_some(found)).collect()
}

/// That of the kernel that writes down values.
const VALUES_SHAPE: Shape = Shape { lanes: 64, turns: 1 };

/// So many values at once.
const MOST: u64 = 1 << 16;

const PATIENCE: Duration = Duration::from_secs(10);

/// The kernel that writes down every value.
#[derive(Debug)]
pub(super) struct Values(Launch);

impl Values {
    pub(super) fn new(
        device: &OpenDevice,
        kernel: GpuKernel,
        program: &Program,
    ) -> Result<Self, GpuError> {
        let text = shader::values(kernel, program, VALUES_SHAPE);
        Launch::new(device, (text, VALUES_SHAPE), 1, [KernelInput::size(program), 8 * MOST])
            .map(Self)
    }

    /// Computes the values of all nonces of a range, which is a short one.
    pub(super) fn compute(
        &self,
        input: &KernelInput,
        nonces: NonceRange,
    ) -> Result<Vec<Difficulty>, GpuError> {
        if nonces.count() > MOST {
            return Err(GpuError::TooMany { wanted: nonces.count(), most: MOST });
        }
        match Cutter::new(nonces).cut(MOST) {
            Some(stretch) => self.run(input, stretch),
            None => Ok(Vec::new()),
        }
    }

    fn run(&self, input: &KernelInput, stretch: Stretch) -> Result<Vec<Difficulty>, GpuError> {
        let Self(launch) = self;
        let run = Run { slot: 0, input: input.bytes(&stretch), count: stretch.count() };
        let readback = launch.submit(&[run], launch.copy())?;
        let since = Instant::now();
        while launch.wait(&readback, PATIENCE)?.is_pending() {
            if since.elapsed() >= PATIENCE {
                return Err(GpuError::Silent { waited: since.elapsed() });
            }
        }
        let count = usize::try_from(stretch.count()).expect("a pointer has 32 bits at least");
        readback.read(|bytes| read(bytes, count)).map(|(values, _)| values)
    }
}

fn read(bytes: &[u8], count: usize) -> Vec<Difficulty> {
    let (words, _) = bytes.as_chunks();
    let words = words.iter().take(count);
    words.map(|word| Difficulty::from_u64(u64::from_le_bytes(*word))).collect()
}
