//! [`AdapterInfo`]: the graphics cards of a machine, and [`OpenDevice`]: one that was opened.

use super::GpuError;
use std::{
    fmt,
    sync::{Arc, OnceLock},
};
use wgpu::{
    Backend, Backends, Buffer, BufferDescriptor, BufferUsages, DeviceDescriptor, DeviceType,
    Features, Instance, InstanceDescriptor, InstanceFlags, Limits,
};

/// What kind of device an adapter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AdapterKind {
    /// A card with memory of its own.
    Discrete,
    /// Part of the processor.
    Integrated,
    /// A card, or part of one, lent to a virtual machine.
    Virtual,
    /// The processor itself, which does better without the detour.
    Software,
    /// Something else.
    Other,
}

impl AdapterKind {
    const fn of(kind: DeviceType) -> Self {
        match kind {
            DeviceType::DiscreteGpu => Self::Discrete,
            DeviceType::IntegratedGpu => Self::Integrated,
            DeviceType::VirtualGpu => Self::Virtual,
            DeviceType::Cpu => Self::Software,
            DeviceType::Other => Self::Other,
        }
    }

    /// The name of the kind.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Discrete => "discrete",
            Self::Integrated => "integrated",
            Self::Virtual => "virtual",
            Self::Software => "software",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A graphics card, or what passes for one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdapterInfo {
    /// The place in the list of [`adapters`].
    pub index: usize,
    /// What its maker calls it.
    pub name: String,
    /// What kind of device it is.
    pub kind: AdapterKind,
    /// How it is driven: "Vulkan", "Metal" or "Direct3D 12".
    pub api: &'static str,
    /// The driver and its version.
    pub driver: String,
    /// Where it is plugged in, if the driver says so.
    pub bus: Option<String>,
    /// Whether it has 64-bit integers.
    pub has_u64: bool,
    vendor: u32,
    model: u32,
}

impl AdapterInfo {
    fn of(index: usize, adapter: &wgpu::Adapter) -> Self {
        let info = adapter.get_info();
        let bus = info.device_pci_bus_id;
        Self {
            index,
            name: info.name,
            kind: AdapterKind::of(info.device_type),
            api: api(info.backend),
            driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
            bus: (!bus.is_empty()).then_some(bus),
            has_u64: adapter.features().contains(Features::SHADER_INT64),
            vendor: info.vendor,
            model: info.device,
        }
    }

    /// Whether it is the processor in disguise.
    #[must_use]
    pub fn is_software(&self) -> bool {
        self.kind == AdapterKind::Software
    }

    /// Whether this may be the same card by way of another API.
    fn is_twin_of(&self, other: &Self) -> bool {
        self.api != other.api && (self.vendor, self.model) == (other.vendor, other.model)
    }

    /// Whether this is the adapter that was listed before, wherever it is listed now.
    fn is_again(&self, before: &Self) -> bool {
        Self { index: before.index, ..self.clone() } == *before
    }
}

impl fmt::Display for AdapterInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({}, {}, {})", self.index, self.name, self.kind, self.api, self.driver)
    }
}

const fn api(backend: Backend) -> &'static str {
    match backend {
        Backend::Vulkan => "Vulkan",
        Backend::Metal => "Metal",
        Backend::Dx12 => "Direct3D 12",
        Backend::Gl => "OpenGL",
        Backend::BrowserWebGpu => "WebGPU",
        Backend::Noop => "none",
    }
}

/// Lists the adapters of the machine, software ones too. Takes up to a second, in which drivers are
/// loaded.
///
/// A card that can be driven in two ways is listed once.
#[must_use]
pub fn adapters() -> Vec<AdapterInfo> {
    enumerate().into_iter().map(|(info, _)| info).collect()
}

/// The adapter that was listed as `wanted`, from a fresh list: one that was lost can be had again.
fn find(wanted: &AdapterInfo) -> Result<wgpu::Adapter, GpuError> {
    let again = enumerate().into_iter().filter(|(info, _)| info.is_again(wanted));
    let nearest = again.min_by_key(|(info, _)| info.index.abs_diff(wanted.index));
    nearest.map(|(_, adapter)| adapter).ok_or_else(|| GpuError::Gone { name: wanted.name.clone() })
}

fn enumerate() -> Vec<(AdapterInfo, wgpu::Adapter)> {
    let backends = Backends::VULKAN | Backends::METAL | Backends::DX12;
    let instance = Instance::new(InstanceDescriptor {
        backends,
        flags: InstanceFlags::empty(),
        ..InstanceDescriptor::new_without_display_handle()
    });
    let mut list: Vec<(AdapterInfo, wgpu::Adapter)> = Vec::new();
    for adapter in pollster::block_on(instance.enumerate_adapters(backends)) {
        let info = AdapterInfo::of(list.len(), &adapter);
        if !list.iter().any(|(listed, _)| info.is_twin_of(listed)) {
            list.push((info, adapter));
        }
    }
    list
}

/// A device, its queue, and the first complaint of the driver. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct OpenDevice {
    device: wgpu::Device,
    queue: wgpu::Queue,
    report: Arc<OnceLock<String>>,
}

impl OpenDevice {
    /// Opens an adapter that was listed before.
    pub(super) fn open(info: &AdapterInfo) -> Result<Self, GpuError> {
        let adapter = find(info)?;
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

#[cfg(test)]
mod tests {
    use super::{AdapterInfo, AdapterKind};

    fn card(index: usize, api: &'static str, bus: &str) -> AdapterInfo {
        AdapterInfo {
            index,
            name: "GeForce 256".into(),
            kind: AdapterKind::Discrete,
            api,
            driver: "nvidia 1.0".into(),
            bus: Some(bus.into()),
            has_u64: true,
            vendor: 0x10de,
            model: 0x0100,
        }
    }

    #[test]
    fn two_cards_of_a_kind_are_no_twins_but_two_ways_to_one_are() {
        assert!(!card(1, "Vulkan", "02").is_twin_of(&card(0, "Vulkan", "01")));
        assert!(card(1, "Direct3D 12", "01").is_twin_of(&card(0, "Vulkan", "01")));
    }

    #[test]
    fn a_card_is_known_again_when_its_index_changes() {
        assert!(card(0, "Vulkan", "02").is_again(&card(1, "Vulkan", "02")));
        assert!(!card(0, "Vulkan", "01").is_again(&card(0, "Vulkan", "02")));
    }

    #[test]
    fn an_adapter_is_described_in_a_line() {
        let line = card(3, "Vulkan", "01").to_string();
        assert_eq!(line, "3: GeForce 256 (discrete, Vulkan, nvidia 1.0)");
    }
}
