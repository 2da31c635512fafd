//! The search kernel on a device.

use super::{
    GpuError, GpuKernel, blake2b,
    device::Device,
    engine::{Queue, SLOTS},
    graph::Program,
    hunt::Part,
    launch::{Answer, Launch, Run},
    order::Order,
    shader::{self, Shape},
    values::Values,
};
use crate::{NonceRange, Puzzle};
use nano_primitives::{Difficulty, Root};
use std::{collections::VecDeque, task::Poll, time::Duration};
use wgpu::Buffer;

/// What stands in the output while nothing is found.
const NOTHING: u32 = u32::MAX;

/// The search kernel and what it is working on.
#[derive(Debug)]
pub(super) struct Pipeline {
    device: Device,
    kernel: GpuKernel,
    program: Program,
    launch: Launch,
    /// For each job that is searched.
    orders: Vec<Order>,
    /// Of what is underway, and how many parts each has.
    answers: VecDeque<(Answer, usize)>,
    copies: Vec<Buffer>,
    values: Option<Values>,
}

impl Pipeline {
    pub(super) fn new(device: &Device, kernel: GpuKernel, shape: Shape) -> Result<Self, GpuError> {
        let program = blake2b::program();
        let text = shader::search(kernel, &program, shape);
        let sizes = [Order::size(&program), size_of_val(&NOTHING) as u64];
        let launch = Launch::new(device, (text, shape), SLOTS, sizes)?;
        Ok(Self {
            device: device.clone(),
            kernel,
            program,
            launch,
            orders: Vec::new(),
            answers: VecDeque::new(),
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
        let order = Order::new(&self.program, &Puzzle::new(*root, Difficulty::MAX));
        let values = match self.values.take() {
            Some(values) => values,
            None => Values::new(&self.device, self.kernel, &self.program)?,
        };
        self.values.insert(values).compute(&order, nonces)
    }

    /// Lets the device be lost.
    #[cfg(test)]
    pub(super) fn destroy(&self) {
        self.device.raw().destroy();
    }
}

impl Queue for Pipeline {
    fn begin(&mut self, puzzles: &[Puzzle]) {
        self.orders = puzzles.iter().map(|puzzle| Order::new(&self.program, puzzle)).collect();
    }

    fn submit(&mut self, parts: &[Part]) -> Result<(), GpuError> {
        for part in parts.iter().filter(|part| part.stretch.is_fresh()) {
            let output = self.launch.output(part.task);
            self.device.queue().write_buffer(output, 0, &NOTHING.to_le_bytes());
        }
        let run = |Part { task, stretch }: &Part| {
            let order = self.orders[*task].bytes(stretch);
            Run { slot: *task, order, count: stretch.count() }
        };
        let runs: Vec<_> = parts.iter().map(run).collect();
        let copy = self.copies.pop().unwrap_or_else(|| self.launch.copy());
        self.answers.push_back((self.launch.submit(&runs, copy)?, parts.len()));
        Ok(())
    }

    fn wait(&mut self, time: Duration) -> Result<Poll<Vec<Option<u32>>>, GpuError> {
        let Some((answer, parts)) = self.answers.pop_front() else {
            return Ok(Poll::Ready(Vec::new()));
        };
        if self.launch.wait(&answer, time)?.is_pending() {
            self.answers.push_front((answer, parts));
            return Ok(Poll::Pending);
        }
        let (found, copy) = answer.read(|bytes| offsets(bytes, parts))?;
        self.copies.push(copy);
        Ok(Poll::Ready(found))
    }
}

fn offsets(bytes: &[u8], parts: usize) -> Vec<Option<u32>> {
    let (words, _) = bytes.as_chunks();
    let words = words.iter().take(parts).map(|word| u32::from_le_bytes(*word));
    words.map(|found| (found != NOTHING).then_some(found)).collect()
}
