//! `p2pow-worker devices`: what this machine can search with.

use crate::devices::Threads;
use nano_pow::cpu::Kernel;
use p2pow_cli::{Failure, output};
use serde_json::{Value, json};

const HELP: &str = "\
The processor's kernels are listed fastest first; the first is used. A graphics card is named gpu:N in --devices; software adapters, which are the processor in disguise, are used only when named so.

Examples:
  p2pow-worker devices
  p2pow-worker devices --json";

/// Options of `devices`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct DevicesArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Lists the devices.
pub(crate) fn run(args: DevicesArgs) -> Result<(), Failure> {
    if args.json {
        return Ok(output::json(&json!({ "cpu": cpu_json(), "gpus": gpus_json() }))?);
    }
    for line in cpu_lines().into_iter().chain(gpu_lines()) {
        output::line(line)?;
    }
    Ok(())
}

fn cpu_json() -> Value {
    let best = Kernel::best();
    let kernel = |kernel: Kernel| json!({ "name": kernel.name(), "lanes": kernel.lanes(), "used": kernel == best });
    json!({ "threads": Threads::all().get(), "kernels": Kernel::available().map(kernel).collect::<Vec<_>>() })
}

fn cpu_lines() -> Vec<String> {
    let best = Kernel::best();
    let line = |kernel: Kernel| {
        let used = if kernel == best { ", used" } else { "" };
        format!("  {:<10} {} at once{used}", kernel.name(), kernel.lanes())
    };
    let threads = output::count(Threads::all().get(), "thread");
    let head = format!("processor: {threads}");
    [head].into_iter().chain(Kernel::available().map(line)).collect()
}

#[cfg(feature = "gpu")]
fn gpus_json() -> Value {
    let adapter = |adapter: nano_pow::gpu::AdapterInfo| {
        json!({
            "index": adapter.index,
            "name": adapter.name,
            "type": adapter.kind.name(),
            "api": adapter.api,
            "driver": adapter.driver,
            "bus": adapter.bus,
            "has_u64": adapter.has_u64,
            "used": !adapter.is_software(),
        })
    };
    nano_pow::gpu::adapters().into_iter().map(adapter).collect()
}

#[cfg(feature = "gpu")]
fn gpu_lines() -> Vec<String> {
    let adapters = nano_pow::gpu::adapters();
    let line = |adapter: &nano_pow::gpu::AdapterInfo| {
        let used = if adapter.is_software() { ", only when named" } else { ", used" };
        format!("  gpu:{adapter}{used}")
    };
    let head = match adapters.len() {
        0 => "graphics cards: none found".to_owned(),
        count => format!("graphics cards: {count}"),
    };
    [head].into_iter().chain(adapters.iter().map(line)).collect()
}

#[cfg(not(feature = "gpu"))]
fn gpus_json() -> Value {
    Value::Null
}

#[cfg(not(feature = "gpu"))]
fn gpu_lines() -> Vec<String> {
    vec!["graphics cards: not in this build, see `cargo build --features gpu`".to_owned()]
}
