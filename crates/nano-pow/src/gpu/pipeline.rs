//! The search kernel on a device.

use super::{
    GpuError, Kernel, blake2b,
    device::Device,
    engine::Queue,
    graph::Program,
    launch::{Answer, Launch},
    order::Order,
    shader::{self, Shape},
    stretch::Stretch,
    values::Values,
};
use crate::{Job, NonceRange};
use nano_primitives::{Difficulty, Root};
use std::{collections::VecDeque, task::Poll, time::Duration};
use wgpu::Buffer;

/// What stands in the output while nothing is found.
const NOTHING: u32 = u32::MAX;

/// The search kernel and what it is working on.
#[derive(Debug)]
pub(super) struct Pipeline {
    device: Device,
    kernel: Kernel,
    program: Program,
    launch: Launch,
    order: Order,
    answers: VecDeque<Answer>,
    copies: Vec<Buffer>,
    values: Option<Values>,
}

impl Pipeline {
    pub(super) fn new(device: &Device, kernel: Kernel, shape: Shape) -> Result<Self, GpuError> {
        let program = blake2b::program();
        let text = shader::search(kernel, &program, shape);
        let size = Order::size(&program);
        let launch = Launch::new(device, (text, shape), size, size_of_val(&NOTHING) as u64)?;
        Ok(Self {
            device: device.clone(),
            kernel,
            program,
            launch,
            order: Order::default(),
            answers: VecDeque::new(),
            copies: Vec::new(),
            values: None,
        })
    }

    pub(super) const fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// Computes the values of all nonces of a range, with a kernel that is compiled when it is
    /// first needed.
    pub(super) fn values(
        &mut self,
        root: &Root,
        nonces: NonceRange,
    ) -> Result<Vec<Difficulty>, GpuError> {
        let order = Order::new(&self.program, &Job::new(*root, Difficulty::MAX));
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
    fn begin(&mut self, job: &Job) {
        self.order = Order::new(&self.program, job);
    }

    fn submit(&mut self, stretch: Stretch) -> Result<(), GpuError> {
        if stretch.is_fresh() {
            self.device.queue().write_buffer(self.launch.output(), 0, &NOTHING.to_le_bytes());
        }
        let copy = self.copies.pop().unwrap_or_else(|| self.launch.copy());
        let order = self.order.bytes(&stretch);
        self.answers.push_back(self.launch.submit(&order, stretch.count(), copy)?);
        Ok(())
    }

    fn wait(&mut self, time: Duration) -> Result<Poll<Option<u32>>, GpuError> {
        let Some(answer) = self.answers.pop_front() else { return Ok(Poll::Ready(None)) };
        if self.launch.wait(&answer, time)?.is_pending() {
            self.answers.push_front(answer);
            return Ok(Poll::Pending);
        }
        let (found, copy) = answer.read(offset)?;
        self.copies.push(copy);
        Ok(Poll::Ready(found))
    }
}

fn offset(bytes: &[u8]) -> Option<u32> {
    let found = bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    found.filter(|found| *found != NOTHING)
}
