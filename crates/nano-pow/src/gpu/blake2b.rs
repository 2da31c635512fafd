//! The hash of the puzzle, Blake2b with a digest of 8 bytes over nonce and root, as a [`Program`].

use super::graph::{Graph, Node, Program};
use crate::blake2b::{H0, INITIAL, MIXES, SCHEDULE};

/// The value of a nonce for a root: the first word of the digest.
pub(super) fn program() -> Program {
    let mut graph = Graph::default();
    let message = message(&mut graph);
    let mut v = INITIAL.map(|word| graph.constant(word));
    for row in SCHEDULE {
        let (pairs, _) = row.as_chunks::<2>();
        for (mix, [x, y]) in MIXES.into_iter().zip(pairs) {
            half(&mut graph, &mut v, mix, message[*x], [32, 24]);
            half(&mut graph, &mut v, mix, message[*y], [16, 63]);
        }
    }
    let h0 = graph.constant(H0);
    let both = graph.xor(v[0], v[8]);
    let result = graph.xor(both, h0);
    graph.finish(result)
}

/// The nonce, the root, and zeros.
fn message(graph: &mut Graph) -> [Node; 16] {
    std::array::from_fn(|index| match index {
        0 => graph.nonce(),
        1..5 => graph.root(index - 1),
        _ => graph.constant(0),
    })
}

/// Half of the mixing function G (RFC 7693, section 3.1).
fn half(graph: &mut Graph, v: &mut [Node; 16], mix: [usize; 4], word: Node, turns: [u32; 2]) {
    let [a, b, c, d] = mix;
    v[a] = graph.sum([v[a], v[b], word]);
    v[d] = graph.xor(v[d], v[a]);
    v[d] = graph.rotr(v[d], turns[0]);
    v[c] = graph.sum([v[c], v[d]]);
    v[b] = graph.xor(v[b], v[c]);
    v[b] = graph.rotr(v[b], turns[1]);
}

#[cfg(test)]
mod tests {
    use super::program;
    use crate::{
        blake2b::{OPERATIONS, root_words},
        gpu::graph::Op,
    };
    use nano_primitives::{Root, Work};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn the_graph_is_the_reference(root: [u8; 32], nonce in any::<u64>()) {
            let root = Root::from_bytes(root);
            let value = program().value(&root_words(&root), nonce);
            prop_assert_eq!(value, Work::from_u64(nonce).value(&root).to_u64());
        }
    }

    /// The count of operations is what the ceilings in the documentation rest on.
    #[test]
    fn the_device_computes_no_more_than_it_must() {
        let program = program();
        let count = |wanted: fn(Op) -> bool| {
            program.steps().iter().filter(|node| wanted(program.op(**node))).count()
        };
        let turns = |bits| {
            let is = |node: &&_| matches!(program.op(**node), Op::Rotr(_, b) if b == bits);
            program.steps().iter().filter(is).count()
        };
        assert_eq!(program.parameters().len(), 12);
        let [adds, xors, rotations] = OPERATIONS;
        assert_eq!(count(|op| matches!(op, Op::Add(..))), adds);
        assert_eq!(count(|op| matches!(op, Op::Xor(..))), xors + 1, "and the xor with H0");
        let turns = [32, 24, 16, 63].map(turns);
        assert_eq!((turns, turns.iter().sum()), ([90, 91, 90, 87], rotations));
    }
}
