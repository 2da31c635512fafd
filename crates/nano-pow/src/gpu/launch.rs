//! A compiled kernel, and the copy of what it wrote.

use super::{
    GpuError,
    device::Device,
    shader::{ROW, Shape},
};
use std::{
    sync::mpsc::{self, Receiver},
    task::Poll,
    time::Duration,
};
use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, Buffer, BufferAsyncError, BufferUsages,
    CommandEncoder, CommandEncoderDescriptor, ComputePassDescriptor, ComputePipeline,
    ComputePipelineDescriptor, MapMode, PollError, PollType, ShaderModuleDescriptor, ShaderSource,
    SubmissionIndex,
};

/// A kernel that reads an order and writes to a buffer.
#[derive(Debug)]
pub(super) struct Launch {
    device: Device,
    shape: Shape,
    compute: ComputePipeline,
    bindings: BindGroup,
    order: Buffer,
    output: Buffer,
}

impl Launch {
    /// Compiles a kernel whose orders and output have these sizes, in bytes.
    pub(super) fn new(
        device: &Device,
        (text, shape): (String, Shape),
        order: u64,
        output: u64,
    ) -> Result<Self, GpuError> {
        let compute = compile(device.raw(), text);
        let order = device.buffer(order, BufferUsages::UNIFORM | BufferUsages::COPY_DST);
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let output = device.buffer(output, usage);
        let bindings = bind(device.raw(), &compute, [&order, &output]);
        device.check()?;
        Ok(Self { device: device.clone(), shape, compute, bindings, order, output })
    }

    /// The buffer that the kernel writes to.
    pub(super) const fn output(&self) -> &Buffer {
        &self.output
    }

    /// A buffer to copy the output to.
    pub(super) fn copy(&self) -> Buffer {
        self.device.buffer(self.output.size(), BufferUsages::MAP_READ | BufferUsages::COPY_DST)
    }

    /// Submits a run over `count` offsets and the copy of the output thereafter.
    pub(super) fn submit(
        &self,
        order: &[u8],
        count: u32,
        copy: Buffer,
    ) -> Result<Answer, GpuError> {
        let queue = self.device.queue();
        queue.write_buffer(&self.order, 0, order);
        let descriptor = CommandEncoderDescriptor { label: None };
        let mut commands = self.device.raw().create_command_encoder(&descriptor);
        self.run(&mut commands, count.div_ceil(self.shape.tile()));
        commands.copy_buffer_to_buffer(&self.output, 0, &copy, 0, copy.size());
        let index = queue.submit([commands.finish()]);
        let answer = Answer::new(copy, index);
        self.device.check().map(|()| answer)
    }

    fn run(&self, commands: &mut CommandEncoder, groups: u32) {
        let mut pass = commands.begin_compute_pass(&ComputePassDescriptor::default());
        pass.set_pipeline(&self.compute);
        pass.set_bind_group(0, &self.bindings, &[]);
        pass.dispatch_workgroups(groups.min(ROW), groups.div_ceil(ROW), 1);
    }

    /// Waits for an answer.
    pub(super) fn wait(&self, answer: &Answer, time: Duration) -> Result<Poll<()>, GpuError> {
        let index = Some(answer.index.clone());
        let wait = PollType::Wait { submission_index: index, timeout: Some(time) };
        match self.device.raw().poll(wait) {
            Err(PollError::Timeout) => self.device.check().map(|()| Poll::Pending),
            Err(error) => Err(GpuError::reported(error)),
            Ok(_) => self.device.check().and_then(|()| answer.is_mapped()),
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

fn bind(device: &wgpu::Device, compute: &ComputePipeline, buffers: [&Buffer; 2]) -> BindGroup {
    let [order, output] = buffers.map(Buffer::as_entire_binding);
    device.create_bind_group(&BindGroupDescriptor {
        label: None,
        layout: &compute.get_bind_group_layout(0),
        entries: &[
            BindGroupEntry { binding: 0, resource: order },
            BindGroupEntry { binding: 1, resource: output },
        ],
    })
}

/// The output of a submission, once it is there.
#[derive(Debug)]
pub(super) struct Answer {
    copy: Buffer,
    index: SubmissionIndex,
    mapped: Receiver<Result<(), BufferAsyncError>>,
}

impl Answer {
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
