//! The hash of the puzzle, Blake2b with a digest of 8 bytes over nonce and root, as a [`Program`].

use super::graph::{Graph, Node, Program};
use crate::blake2b::{IV, MESSAGE_BYTES, PARAMETERS};

/// Which message words each round takes, in order (RFC 7693, section 2.7); round 10 begins anew.
const SCHEDULE: [[usize; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

const ROUNDS: usize = 12;

/// Columns, then diagonals.
const MIXES: [[usize; 4]; 8] = [
    [0, 4, 8, 12],
    [1, 5, 9, 13],
    [2, 6, 10, 14],
    [3, 7, 11, 15],
    [0, 5, 10, 15],
    [1, 6, 11, 12],
    [2, 7, 8, 13],
    [3, 4, 9, 14],
];

/// The value of a nonce for a root: the first word of the digest.
pub(super) fn program() -> Program {
    let mut graph = Graph::default();
    let message = message(&mut graph);
    let mut v = initial().map(|word| graph.constant(word));
    for row in SCHEDULE.iter().cycle().take(ROUNDS) {
        let (pairs, _) = row.as_chunks::<2>();
        for (mix, [x, y]) in MIXES.into_iter().zip(pairs) {
            half(&mut graph, &mut v, mix, message[*x], [32, 24]);
            half(&mut graph, &mut v, mix, message[*y], [16, 63]);
        }
    }
    let h0 = graph.constant(IV[0] ^ PARAMETERS);
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

/// The state before round 0 of a single last block.
fn initial() -> [u64; 16] {
    let mut v = [0; 16];
    v[..8].copy_from_slice(&IV);
    v[8..].copy_from_slice(&IV);
    v[0] ^= PARAMETERS;
    v[12] ^= MESSAGE_BYTES;
    v[14] = !v[14];
    v
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
    use crate::gpu::{graph::Op, root_words};
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
        assert_eq!(count(|op| matches!(op, Op::Add(..))), 308 + 2 * 53);
        assert_eq!(count(|op| matches!(op, Op::Xor(..))), 360);
        assert_eq!([32, 24, 16, 63].map(turns), [90, 91, 90, 87]);
    }
}
