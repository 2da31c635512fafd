//! Blake2b as the puzzle uses it: one block of 40 bytes, a nonce and a root, and a digest of 8.
//!
//! Its constants, the state before round 0, the root's words and the order of the message words are
//! written here alone. The kernels of the processor expand `schedule!`; the kernels of graphics cards
//! are generated from [`SCHEDULE`], which is the same table, and [`MIXES`].

use nano_primitives::Root;

/// The constants of Blake2b (RFC 7693, section 2.6).
const IV: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// First word of the parameter block: no key, no tree, a digest of 8 bytes (RFC 7693, section 2.5).
const PARAMETERS: u64 = 0x0101_0008;
/// The message: a nonce of 8 bytes and a root of 32.
const MESSAGE_BYTES: u64 = 40;

/// First word of the chained state. The digest is this, xored with words 0 and 8 after round 11.
pub(crate) const H0: u64 = IV[0] ^ PARAMETERS;

/// The state before round 0 of a single last block.
pub(crate) const INITIAL: [u64; 16] = {
    let [_, h1, h2, h3, h4, h5, h6, h7] = IV;
    let [v8, v9, v10, v11, v12, v13, v14, v15] = IV;
    let (v12, v14) = (v12 ^ MESSAGE_BYTES, !v14);
    [H0, h1, h2, h3, h4, h5, h6, h7, v8, v9, v10, v11, v12, v13, v14, v15]
};

/// The words of the state that each of a round's eight mixes takes (RFC 7693, section 3.2): columns,
/// then diagonals.
pub(crate) const MIXES: [[usize; 4]; 8] = [
    [0, 4, 8, 12],
    [1, 5, 9, 13],
    [2, 6, 10, 14],
    [3, 7, 11, 15],
    [0, 5, 10, 15],
    [1, 6, 11, 12],
    [2, 7, 8, 13],
    [3, 4, 9, 14],
];

/// Gives the message schedule to another macro, behind that macro's own arguments:
/// `schedule!(name arguments)` is `name!(arguments first [row] middle [row] ... last [row])`.
///
/// A row is a round; its pairs are the message words of the eight [`MIXES`] (RFC 7693, section 2.7).
/// Round 10 begins anew. The nonce is word 0, the root is words 1 to 4, and the others are zero.
macro_rules! schedule {
    ($name:ident $($arguments:tt)*) => {
        $name! {
            $($arguments)*
            first  [ 0  1   2  3   4  5   6  7   8  9  10 11  12 13  14 15]
            middle [14 10   4  8   9 15  13  6   1 12   0  2  11  7   5  3]
                   [11  8  12  0   5  2  15 13  10 14   3  6   7  1   9  4]
                   [ 7  9   3  1  13 12  11 14   2  6   5 10   4  0  15  8]
                   [ 9  0   5  7   2  4  10 15  14  1  11 12   6  8   3 13]
                   [ 2 12   6 10   0 11   8  3   4 13   7  5  15 14   1  9]
                   [12  5   1 15  14 13   4 10   0  7   6  3   9  2   8 11]
                   [13 11   7 14  12  1   3  9   5  0  15  4   8  6   2 10]
                   [ 6 15  14  9  11  3   0  8  12  2  13  7   1  4  10  5]
                   [10  2   8  4   7  6   1  5  15 11   9 14   3 12  13  0]
                   [ 0  1   2  3   4  5   6  7   8  9  10 11  12 13  14 15]
            last   [14 10   4  8   9 15  13  6   1 12   0  2  11  7   5  3]
        }
    };
}

/// The schedule as an array.
macro_rules! rows {
    (first $first:tt middle $($middle:tt)+) => {
        rows!(@array $first $($middle)+)
    };
    (@array $([$($word:literal)+])+ last [$($last:literal)+]) => {
        [$([$($word),+],)+ [$($last),+]]
    };
}

/// Which message words each round takes, in the order of [`MIXES`].
pub(crate) const SCHEDULE: [[usize; 16]; 12] = schedule!(rows);

/// The words of the message that the root fills, 1 to 4.
pub(crate) fn root_words(root: &Root) -> [u64; 4] {
    let (chunks, _) = root.as_bytes().as_chunks::<8>();
    std::array::from_fn(|index| u64::from_le_bytes(chunks[index]))
}

/// Additions, xors and rotations that are left for each nonce when all that can be saved is saved,
/// but for the xor with [`H0`]. The processor's list of steps and the graph of graphics cards, which
/// find it in different ways, are both held to it.
#[cfg(test)]
pub(crate) const OPERATIONS: [usize; 3] = [414, 359, 358];

#[cfg(test)]
mod tests {
    use super::{H0, INITIAL, MIXES, SCHEDULE, root_words};
    use nano_primitives::{Root, Work};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    /// The hash without any of the kernels' savings.
    fn value(root: &Root, nonce: u64) -> u64 {
        let [m1, m2, m3, m4] = root_words(root);
        let m = [nonce, m1, m2, m3, m4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let mut v = INITIAL;
        for row in SCHEDULE {
            for ([a, b, c, d], pair) in MIXES.into_iter().zip(row.as_chunks().0) {
                let [x, y]: [usize; 2] = *pair;
                for (word, first, second) in [(x, 32, 24), (y, 16, 63)] {
                    v[a] = v[a].wrapping_add(v[b]).wrapping_add(m[word]);
                    v[d] = (v[d] ^ v[a]).rotate_right(first);
                    v[c] = v[c].wrapping_add(v[d]);
                    v[b] = (v[b] ^ v[c]).rotate_right(second);
                }
            }
        }
        H0 ^ v[0] ^ v[8]
    }

    proptest! {
        #[test]
        fn constants_and_schedule_are_those_of_the_reference(root: [u8; 32], nonce in any::<u64>()) {
            let root = Root::from_bytes(root);
            prop_assert_eq!(value(&root, nonce), Work::from_u64(nonce).value(&root).to_u64());
        }
    }
}
