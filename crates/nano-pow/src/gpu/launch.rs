//! [`Launch`]: a compiled kernel, what it is told ([`KernelInput`]) and what it wrote ([`Readback`]).

use super::{
    GpuError,
    adapter::OpenDevice,
    batch::Stretch,
    graph::Program,
    shader::{ROW, Shape},
};
use crate::{Puzzle, blake2b::root_words};
use std::{
    num::NonZero,
    sync::mpsc::{self, Receiver},
    task::Poll,
    time::Duration,
};
use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindingResource, Buffer, BufferAsyncError,
    BufferBinding, BufferUsages, CommandEncoder, CommandEncoderDescriptor, ComputePassDescriptor,
    ComputePipeline, ComputePipelineDescriptor, MapMode, PollError, PollType,
    ShaderModuleDescriptor, ShaderSource, SubmissionIndex,
};

/// Inputs lie so many bytes apart in their buffer, which suits every device.
const STRIDE: usize = 256;

/// What the host tells a kernel of a puzzle.
#[derive(Debug, Clone, Default)]
pub(super) struct KernelInput {
    threshold: u64,
    parameters: Vec<u64>,
}

impl KernelInput {
    pub(super) fn new(program: &Program, puzzle: &Puzzle) -> Self {
        let parameters = program.parameter_values(&root_words(&puzzle.root));
        Self { threshold: puzzle.threshold.to_u64(), parameters }
    }

    /// The bytes that ask for a stretch, laid out as the `Input` of the kernels.
    pub(super) fn bytes(&self, stretch: &Stretch) -> Vec<u8> {
        let words = [stretch.base, self.threshold];
        let words = words.iter().chain(&self.parameters).flat_map(|word| word.to_le_bytes());
        let bounds = [stretch.start, stretch.end].into_iter().flat_map(u32::to_le_bytes);
        words.chain(bounds).collect()
    }

    /// How many bytes these are.
    pub(super) fn size(program: &Program) -> u64 {
        8 * (3 + program.parameters().len() as u64)
    }
}

/// A kernel that reads an input and writes to a buffer, with places for several of these.
#[derive(Debug)]
pub(super) struct Launch {
    device: OpenDevice,
    shape: Shape,
    compute: ComputePipeline,
    inputs: Buffer,
    slots: Vec<Slot>,
}

/// A place for an input and its output.
#[derive(Debug)]
struct Slot {
    output: Buffer,
    bindings: BindGroup,
}

/// What to run.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) slot: usize,
    /// What the kernel reads.
    pub(super) input: Vec<u8>,
    /// Over how many offsets it runs.
    pub(super) count: u32,
}

impl Launch {
    /// Compiles a kernel, and makes places for inputs and output of these sizes, in bytes.
    pub(super) fn new(
        device: &OpenDevice,
        (text, shape): (String, Shape),
        slots: usize,
        [input, output]: [u64; 2],
    ) -> Result<Self, GpuError> {
        let compute = compile(device.raw(), text);
        let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
        let inputs = device.buffer((slots * STRIDE) as u64, usage);
        let slot = |index| Slot::new(device, &compute, input_at(&inputs, index, input), output);
        let slots = (0..slots).map(slot).collect();
        device.check()?;
        Ok(Self { device: device.clone(), shape, compute, inputs, slots })
    }

    /// The buffer that the kernel writes to.
    pub(super) fn output(&self, slot: usize) -> &Buffer {
        &self.slots[slot].output
    }

    /// A buffer to copy the output of all slots to.
    pub(super) fn copy(&self) -> Buffer {
        let size = self.slots.iter().map(|slot| slot.output.size()).sum();
        self.device.buffer(size, BufferUsages::MAP_READ | BufferUsages::COPY_DST)
    }

    /// Submits runs, each in a slot of its own, and the copies of their output thereafter, one
    /// after the other.
    ///
    /// No two runs touch the same buffers, so the device may begin with one while it finishes
    /// another.
    pub(super) fn submit(&self, runs: &[Run], copy: Buffer) -> Result<Readback, GpuError> {
        self.write_inputs(runs);
        let descriptor = CommandEncoderDescriptor { label: None };
        let mut commands = self.device.raw().create_command_encoder(&descriptor);
        self.run(&mut commands, runs);
        let mut end = 0;
        for Run { slot, .. } in runs {
            let output = self.output(*slot);
            commands.copy_buffer_to_buffer(output, 0, &copy, end, output.size());
            end += output.size();
        }
        let index = self.device.queue().submit([commands.finish()]);
        let readback = Readback::new(copy, index);
        self.device.check().map(|()| readback)
    }

    /// All inputs in one go: each write has its price.
    fn write_inputs(&self, runs: &[Run]) {
        let slots = || runs.iter().map(|run| run.slot);
        let Some((first, last)) = slots().min().zip(slots().max()) else { return };
        let mut bytes = vec![0; (last - first) * STRIDE + STRIDE];
        for Run { slot, input, .. } in runs {
            let at = (slot - first) * STRIDE;
            bytes[at..at + input.len()].copy_from_slice(input);
        }
        self.device.queue().write_buffer(&self.inputs, (first * STRIDE) as u64, &bytes);
    }

    fn run(&self, commands: &mut CommandEncoder, runs: &[Run]) {
        let mut pass = commands.begin_compute_pass(&ComputePassDescriptor::default());
        pass.set_pipeline(&self.compute);
        for Run { slot, count, .. } in runs {
            let groups = count.div_ceil(self.shape.tile());
            pass.set_bind_group(0, &self.slots[*slot].bindings, &[]);
            pass.dispatch_workgroups(groups.min(ROW), groups.div_ceil(ROW), 1);
        }
    }

    /// Waits for a submission.
    pub(super) fn wait(&self, readback: &Readback, time: Duration) -> Result<Poll<()>, GpuError> {
        let index = Some(readback.index.clone());
        let wait = PollType::Wait { submission_index: index, timeout: Some(time) };
        match self.device.raw().poll(wait) {
            Err(PollError::Timeout) => self.device.check().map(|()| Poll::Pending),
            Err(error) => Err(GpuError::reported(error)),
            Ok(_) => self.device.check().and_then(|()| readback.is_mapped()),
        }
    }
}

fn compile(device: &wgpu::Device, text: String) -> ComputePipeline {
    let module = device.create_shader_module(ShaderModuleDescriptor {
        label: None,
        source: ShaderSource::Wgsl(text.into()),
    });
    device.create_compute_pipeline(&ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: None,
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    })
}

impl Slot {
    fn new(
        device: &OpenDevice,
        compute: &ComputePipeline,
        input: BufferBinding<'_>,
        output: u64,
    ) -> Self {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let output = device.buffer(output, usage);
        let resources = [BindingResource::Buffer(input), output.as_entire_binding()];
        let entry = |(binding, resource)| BindGroupEntry { binding, resource };
        let entries: Vec<_> = (0..).zip(resources).map(entry).collect();
        let bindings = device.raw().create_bind_group(&BindGroupDescriptor {
            label: None,
            layout: &compute.get_bind_group_layout(0),
            entries: &entries,
        });
        Self { output, bindings }
    }
}

fn input_at(inputs: &Buffer, slot: usize, size: u64) -> BufferBinding<'_> {
    let offset = (slot * STRIDE) as u64;
    BufferBinding { buffer: inputs, offset, size: NonZero::new(size) }
}

/// The output of a submission, once it is there.
#[derive(Debug)]
pub(super) struct Readback {
    copy: Buffer,
    index: SubmissionIndex,
    mapped: Receiver<Result<(), BufferAsyncError>>,
}

impl Readback {
    fn new(copy: Buffer, index: SubmissionIndex) -> Self {
        let (sender, mapped) = mpsc::channel();
        copy.map_async(MapMode::Read, .., move |result| {
            // Nobody listens where the buffer is dropped first.
            let _ = sender.send(result);
        });
        Self { copy, index, mapped }
    }

    fn is_mapped(&self) -> Result<Poll<()>, GpuError> {
        let result = self.mapped.try_recv().map_err(GpuError::reported)?;
        result.map(Poll::Ready).map_err(GpuError::reported)
    }

    /// Reads an output that was waited for, and gives the buffer back.
    pub(super) fn read<T>(self, read: impl FnOnce(&[u8]) -> T) -> Result<(T, Buffer), GpuError> {
        let view = self.copy.get_mapped_range(..).map_err(GpuError::reported)?;
        let value = read(&view);
        drop(view);
        self.copy.unmap();
        Ok((value, self.copy))
    }
}
