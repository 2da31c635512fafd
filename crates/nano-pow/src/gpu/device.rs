//! An opened adapter.

use super::{AdapterInfo, GpuError, adapter};
use std::sync::{Arc, OnceLock};
use wgpu::{Buffer, BufferDescriptor, BufferUsages, DeviceDescriptor, Features, Limits};

/// A device, its queue, and the first complaint of the driver. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Device {
    device: wgpu::Device,
    queue: wgpu::Queue,
    report: Arc<OnceLock<String>>,
}

impl Device {
    pub(super) fn open(info: &AdapterInfo) -> Result<Self, GpuError> {
        let adapter = adapter::find(info)?;
        let features = if info.has_u64 { Features::SHADER_INT64 } else { Features::empty() };
        let (device, queue) = pollster::block_on(adapter.request_device(&DeviceDescriptor {
            required_features: features,
            required_limits: Limits::downlevel_defaults(),
            ..DeviceDescriptor::default()
        }))
        .map_err(|error| GpuError::Open(Box::new(error)))?;
        Ok(Self { report: listen(&device), device, queue })
    }

    pub(super) const fn raw(&self) -> &wgpu::Device {
        &self.device
    }

    pub(super) const fn queue(&self) -> &wgpu::Queue {
        &self.queue
    }

    /// Fails once the driver has reported anything.
    pub(super) fn check(&self) -> Result<(), GpuError> {
        self.report.get().map_or(Ok(()), |report| Err(GpuError::reported(report)))
    }

    pub(super) fn buffer(&self, size: u64, usage: BufferUsages) -> Buffer {
        let descriptor = BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
        self.device.create_buffer(&descriptor)
    }
}

/// Keeps the first report of the driver; the others follow from it.
fn listen(device: &wgpu::Device) -> Arc<OnceLock<String>> {
    let report = Arc::new(OnceLock::new());
    let lost = Arc::clone(&report);
    device.set_device_lost_callback(move |reason, text| {
        let _ = lost.set(format!("device lost ({reason:?}): {text}"));
    });
    let failed = Arc::clone(&report);
    device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
        let _ = failed.set(error.to_string());
    }));
    report
}
