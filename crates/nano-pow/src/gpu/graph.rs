//! A computation on 64-bit words as a graph, divided into what the host and what the device
//! computes.
//!
//! Whoever describes a hash need not care what depends on what: words that depend on the root alone
//! are found here and become parameters of the kernel, constants are folded, zeros vanish, and what
//! the result does not need is left out.

/// A word of the computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node(usize);

/// How a word comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// Always the same.
    Constant(u64),
    /// A word of the root.
    Root(usize),
    /// The nonce.
    Nonce,
    /// The sum of two words.
    Add(Node, Node),
    /// The exclusive or of two words.
    Xor(Node, Node),
    /// A word rotated to the right.
    Rotr(Node, u32),
}

/// When a word is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// When the kernel is written.
    Constant,
    /// When the root is known: computed once by the host.
    Root,
    /// For each nonce anew: computed by the device.
    Nonce,
}

/// A computation under construction. A word is described after the words it depends on.
#[derive(Debug, Default)]
pub(super) struct Graph {
    words: Vec<(Op, Stage)>,
}

impl Graph {
    pub(super) fn constant(&mut self, value: u64) -> Node {
        self.push(Op::Constant(value), Stage::Constant)
    }

    pub(super) fn root(&mut self, index: usize) -> Node {
        self.push(Op::Root(index), Stage::Root)
    }

    pub(super) fn nonce(&mut self) -> Node {
        self.push(Op::Nonce, Stage::Nonce)
    }

    /// The sum of words. What is known early is added first, so that as little as possible is left
    /// to the device.
    pub(super) fn sum<const N: usize>(&mut self, mut terms: [Node; N]) -> Node {
        terms.sort_by_key(|term| self.stage(*term));
        let zero = self.constant(0);
        terms.into_iter().fold(zero, |sum, term| self.add(sum, term))
    }

    fn add(&mut self, a: Node, b: Node) -> Node {
        match (self.op(a), self.op(b)) {
            (Op::Constant(0), _) => b,
            (_, Op::Constant(0)) => a,
            (Op::Constant(x), Op::Constant(y)) => self.constant(x.wrapping_add(y)),
            _ => self.push(Op::Add(a, b), self.stage(a).max(self.stage(b))),
        }
    }

    pub(super) fn xor(&mut self, a: Node, b: Node) -> Node {
        match (self.op(a), self.op(b)) {
            (Op::Constant(0), _) => b,
            (_, Op::Constant(0)) => a,
            (Op::Constant(x), Op::Constant(y)) => self.constant(x ^ y),
            _ => self.push(Op::Xor(a, b), self.stage(a).max(self.stage(b))),
        }
    }

    pub(super) fn rotr(&mut self, a: Node, bits: u32) -> Node {
        match self.op(a) {
            Op::Constant(x) => self.constant(x.rotate_right(bits)),
            _ => self.push(Op::Rotr(a, bits), self.stage(a)),
        }
    }

    /// The computation of `result`, complete.
    pub(super) fn finish(self, result: Node) -> Program {
        Program::new(self, result)
    }

    pub(super) fn op(&self, node: Node) -> Op {
        self.words[node.0].0
    }

    pub(super) fn stage(&self, node: Node) -> Stage {
        self.words[node.0].1
    }

    fn push(&mut self, op: Op, stage: Stage) -> Node {
        self.words.push((op, stage));
        Node(self.words.len() - 1)
    }

    /// Every word for a root and a nonce.
    fn evaluate(&self, root: &[u64; 4], nonce: u64) -> Vec<u64> {
        let mut values: Vec<u64> = Vec::with_capacity(self.words.len());
        for (op, _) in &self.words {
            values.push(match *op {
                Op::Constant(value) => value,
                Op::Root(index) => root[index],
                Op::Nonce => nonce,
                Op::Add(a, b) => values[a.0].wrapping_add(values[b.0]),
                Op::Xor(a, b) => values[a.0] ^ values[b.0],
                Op::Rotr(a, bits) => values[a.0].rotate_right(bits),
            });
        }
        values
    }
}

/// A complete computation.
#[derive(Debug)]
pub(super) struct Program {
    graph: Graph,
    result: Node,
    parameters: Vec<Node>,
    steps: Vec<Node>,
}

impl Program {
    fn new(graph: Graph, result: Node) -> Self {
        let mut program = Self { graph, result, parameters: Vec::new(), steps: Vec::new() };
        let mut needed = vec![false; program.graph.words.len()];
        needed[result.0] = true;
        for node in (0..=result.0).rev().map(Node) {
            // All that may need the node has been seen.
            if needed[node.0] {
                program.take(node, &mut needed);
            }
        }
        program.parameters.reverse();
        program.steps.reverse();
        program
    }

    fn take(&mut self, node: Node, needed: &mut [bool]) {
        match self.stage(node) {
            Stage::Constant => {}
            Stage::Root => self.parameters.push(node),
            Stage::Nonce => {
                self.steps.push(node);
                let (first, second) = self.operands(node);
                for operand in [first, second].into_iter().flatten() {
                    needed[operand.0] = true;
                }
            }
        }
    }

    fn operands(&self, node: Node) -> (Option<Node>, Option<Node>) {
        match self.op(node) {
            Op::Constant(_) | Op::Root(_) | Op::Nonce => (None, None),
            Op::Add(a, b) | Op::Xor(a, b) => (Some(a), Some(b)),
            Op::Rotr(a, _) => (Some(a), None),
        }
    }

    /// The word that is wanted.
    pub(super) const fn result(&self) -> Node {
        self.result
    }

    /// How a word comes about.
    pub(super) fn op(&self, node: Node) -> Op {
        self.graph.op(node)
    }

    /// When a word is known.
    pub(super) fn stage(&self, node: Node) -> Stage {
        self.graph.stage(node)
    }

    /// What the device is told once a root.
    pub(super) fn parameters(&self) -> &[Node] {
        &self.parameters
    }

    /// What the device computes for each nonce, in order; the nonce itself is the first step.
    pub(super) fn steps(&self) -> &[Node] {
        &self.steps
    }

    /// The values of [`parameters`](Self::parameters) for a root.
    pub(super) fn parameter_values(&self, root: &[u64; 4]) -> Vec<u64> {
        let values = self.graph.evaluate(root, 0);
        self.parameters.iter().map(|node| values[node.0]).collect()
    }

    /// The result for a root and a nonce, as the device would compute it.
    #[cfg(test)]
    pub(super) fn value(&self, root: &[u64; 4], nonce: u64) -> u64 {
        self.graph.evaluate(root, nonce)[self.result.0]
    }
}

#[cfg(test)]
mod tests {
    use super::{Graph, Op, Stage};

    #[test]
    fn the_host_gets_what_does_not_depend_on_the_nonce() {
        let mut graph = Graph::default();
        let (m, nonce, c) = (graph.root(2), graph.nonce(), graph.constant(5));
        let early = graph.sum([m, c]);
        let turned = graph.rotr(early, 8);
        let sum = graph.sum([nonce, c, turned]);
        let _unused = graph.xor(sum, m);
        let result = graph.xor(sum, turned);
        let program = graph.finish(result);
        assert_eq!(program.parameters().len(), 2, "{program:?}");
        assert_eq!(program.steps().len(), 3, "{program:?}");
        assert!(matches!(program.op(program.steps()[0]), Op::Nonce));
        assert_eq!(program.stage(program.result()), Stage::Nonce);
        let expected = |m: u64, n: u64| {
            let turned = (m + 5).rotate_right(8);
            turned.wrapping_add(5 + n) ^ turned
        };
        assert_eq!(program.value(&[0, 0, 77, 0], 1000), expected(77, 1000));
        let turned = (77u64 + 5).rotate_right(8);
        let values = program.parameter_values(&[0, 0, 77, 0]);
        assert!(values.contains(&turned) && values.contains(&turned.wrapping_add(5)));
    }

    #[test]
    fn zeros_vanish() {
        let mut graph = Graph::default();
        let (nonce, zero) = (graph.nonce(), graph.constant(0));
        let sum = graph.sum([zero, nonce, zero]);
        let result = graph.xor(zero, sum);
        assert_eq!(result, nonce);
        assert_eq!(graph.finish(result).steps().len(), 1);
    }
}
