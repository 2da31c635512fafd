//! The text of the kernels, in WGSL.
//!
//! What differs between the kinds of words is in a few functions of one line each; the hash is
//! written from the one [`Program`], without loops or arrays, each word assigned once.

use super::{
    graph::{Node, Op, Program, Stage},
    kernel::GpuKernel,
};
use std::fmt::Write;

/// Workgroups in a row of a dispatch, of which there can be 65535.
pub(super) const ROW: u32 = 1024;

/// How the work is laid out on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// Invocations in a workgroup.
    pub(super) lanes: u32,
    /// Nonces that an invocation tries.
    pub(super) turns: u32,
}

impl Shape {
    /// Nonces that a workgroup tries.
    pub(super) const fn tile(self) -> u32 {
        self.lanes * self.turns
    }
}

/// The kernel that searches.
pub(super) fn search(kernel: GpuKernel, program: &Program, shape: Shape) -> String {
    text(kernel, program, shape, include_str!("shader/search.wgsl"))
}

/// The kernel that writes down every value.
pub(super) fn values(kernel: GpuKernel, program: &Program, shape: Shape) -> String {
    text(kernel, program, shape, include_str!("shader/values.wgsl"))
}

fn text(kernel: GpuKernel, program: &Program, shape: Shape, entry: &str) -> String {
    let words = match kernel {
        GpuKernel::Mixed => {
            concat!(include_str!("shader/pairs.wgsl"), include_str!("shader/mixed.wgsl"))
        }
        GpuKernel::U64 => include_str!("shader/u64.wgsl"),
        GpuKernel::U32 => {
            concat!(include_str!("shader/pairs.wgsl"), include_str!("shader/u32.wgsl"))
        }
    };
    let Shape { lanes, turns } = shape;
    let layout = format!("const LANES = {lanes}u;\nconst TURNS = {turns}u;\nconst ROW = {ROW}u;\n");
    [words, &layout, &input(program), &value(program), entry].join("\n")
}

/// What the host tells a submission; [`KernelInput::bytes`](super::launch::KernelInput::bytes) is
/// the other side.
///
/// The parameters are a struct of their own, so that a kernel reads them once for all its nonces.
/// In uniform memory its size has to be a multiple of 16 bytes.
fn input(program: &Program) -> String {
    let mut text = "struct Root {\n".to_owned();
    for index in 0..program.parameters().len() {
        line(&mut text, format_args!("    p{index}: Word,"));
    }
    text + "}\n\n" + include_str!("shader/input.wgsl")
}

fn value(program: &Program) -> String {
    let names = Names(program);
    let mut text = "fn value(root: Root, nonce: Word) -> Word {\n".to_owned();
    for node in program.steps() {
        let step = match program.op(*node) {
            Op::Add(a, b) => format!("add({}, {})", names.of(a), names.of(b)),
            Op::Xor(a, b) => format!("{} ^ {}", names.of(a), names.of(b)),
            Op::Rotr(a, bits) => format!("rotr{bits}({})", names.of(a)),
            Op::Constant(_) | Op::Root(_) | Op::Nonce => continue,
        };
        line(&mut text, format_args!("    let {} = {step};", names.of(*node)));
    }
    line(&mut text, format_args!("    return {};\n}}", names.of(program.result())));
    text
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a string takes what is written to it");
}

/// What the words are called in the kernel.
struct Names<'a>(&'a Program);

impl Names<'_> {
    fn of(&self, node: Node) -> String {
        let program = self.0;
        match (program.op(node), program.stage(node)) {
            (Op::Constant(value), _) => constant(value),
            (Op::Nonce, _) => "nonce".to_owned(),
            (_, Stage::Nonce) => format!("w{}", position(program.steps(), node)),
            _ => format!("root.p{}", position(program.parameters(), node)),
        }
    }
}

fn constant(value: u64) -> String {
    let (low, high) = (value & u64::from(u32::MAX), value >> 32);
    format!("word({low:#010x}u, {high:#010x}u)")
}

/// Nodes are listed in the order of their making.
fn position(nodes: &[Node], node: Node) -> usize {
    nodes.binary_search(&node).expect("a word is used after it was listed")
}

#[cfg(test)]
mod tests {
    use super::{Shape, search, values};
    use crate::gpu::{blake2b, kernel::GpuKernel};

    #[test]
    fn the_kernels_differ_in_their_words_alone() {
        let (program, shape) = (blake2b::program(), Shape { lanes: 64, turns: 4 });
        let body = |kernel| {
            let text = search(kernel, &program, shape);
            text.split_once("const LANES").map(|(_, body)| body.to_owned())
        };
        assert!(body(GpuKernel::U64).is_some_and(|text| text.contains("root.p11")));
        assert_eq!(body(GpuKernel::U64), body(GpuKernel::U32));
        assert_eq!(body(GpuKernel::U64), body(GpuKernel::Mixed));
    }

    #[test]
    fn the_kernels_have_no_arrays_but_the_list_of_values() {
        let (program, shape) = (blake2b::program(), Shape { lanes: 64, turns: 4 });
        for kernel in GpuKernel::ALL {
            assert_eq!(search(*kernel, &program, shape).matches('[').count(), 0);
            assert_eq!(values(*kernel, &program, shape).matches('[').count(), 1);
        }
    }
}
