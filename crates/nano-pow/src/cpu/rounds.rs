//! `steps!`: what is computed for each nonce, as a list of instructions that every kernel expands.
//!
//! The list begins where [`Midstate`](super::Midstate) ends and leaves out what words 0 and 8 do not
//! need of the last round. It is expanded by `value!` for kernels in Rust (portable, and AVX-512 by
//! intrinsics), and by `asm_one_stream!` and `asm_two_streams!` for those in assembly. An
//! instruction set adds the words or instructions, nothing of Blake2b.
//!
//! A step is the same operation on the four mixes of half a round, which do not depend on each other:
//! a processor finds the four chains side by side, and compilers keep the order (a third more hashes
//! in the portable kernel than with one mix after the other). The operations are
//!
//! | operation | meaning |
//! |---|---|
//! | `sum_x a b m` | `v[a] += v[b] + message[m]`, which begins the first half of a mix |
//! | `sum_y a b m` | the same, which begins the second half |
//! | `word a m` | `v[a] += message[m]` |
//! | `add a b`, `xor a b` | `v[a] += v[b]`, `v[a] ^= v[b]` |
//! | `rotr32 a` and 24, 16, 63 | `v[a]` is rotated to the right |

/// Gives the steps to another macro: `steps!(name arguments)` is `name!(arguments (step) (step) ...)`,
/// where a step is `operation [operands] ...`.
macro_rules! steps {
    ($name:ident $($arguments:tt)*) => {
        schedule!(steps_of_rows $name [$($arguments)*])
    };
}

/// The mixing function G (RFC 7693, section 3.1) on columns and diagonals, for the rows of
/// `schedule!`.
macro_rules! steps_of_rows {
    ($name:ident [$($arguments:tt)*]
     first [$x0:tt $y0:tt $_x1:tt $_y1:tt $_x2:tt $_y2:tt $_x3:tt $_y3:tt
            $x4:tt $y4:tt $_x5:tt $y5:tt $_x6:tt $y6:tt $x7:tt $y7:tt]
     middle $([$c0:tt $c1:tt $c2:tt $c3:tt $c4:tt $c5:tt $c6:tt $c7:tt
               $d0:tt $d1:tt $d2:tt $d3:tt $d4:tt $d5:tt $d6:tt $d7:tt])+
     last [$l0:tt $l1:tt $l2:tt $l3:tt $l4:tt $l5:tt $l6:tt $l7:tt
           $k0:tt $k1:tt $_k2:tt $_k3:tt $k4:tt $k5:tt $_k6:tt $_k7:tt]) => {
        $name! {
            $($arguments)*
            // Round 0, as far as the midstate has not done it.
            (word [0 $x0])
            (xor [12 0]) (rotr32 [12]) (add [8 12]) (xor [4 8]) (rotr24 [4])
            (sum_y [0 4 $y0])
            (xor [12 0]) (rotr16 [12]) (add [8 12]) (xor [4 8]) (rotr63 [4])
            (add [8 13]) (xor [7 8]) (rotr24 [7])
            (sum_x [0 5 $x4] [3 4 $x7])
            (xor [12 1] [15 0] [14 3]) (rotr32 [12] [15] [14])
            (add [11 12] [10 15] [9 14])
            (xor [6 11] [5 10] [4 9]) (rotr24 [6] [5] [4])
            (sum_y [0 5 $y4] [1 6 $y5] [2 7 $y6] [3 4 $y7])
            (xor [15 0] [12 1] [13 2] [14 3]) (rotr16 [15] [12] [13] [14])
            (add [10 15] [11 12] [8 13] [9 14])
            (xor [5 10] [6 11] [7 8] [4 9]) (rotr63 [5] [6] [7] [4])
            // Rounds 1 to 10: columns, then diagonals.
            $(
                (sum_x [0 4 $c0] [1 5 $c2] [2 6 $c4] [3 7 $c6])
                (xor [12 0] [13 1] [14 2] [15 3]) (rotr32 [12] [13] [14] [15])
                (add [8 12] [9 13] [10 14] [11 15])
                (xor [4 8] [5 9] [6 10] [7 11]) (rotr24 [4] [5] [6] [7])
                (sum_y [0 4 $c1] [1 5 $c3] [2 6 $c5] [3 7 $c7])
                (xor [12 0] [13 1] [14 2] [15 3]) (rotr16 [12] [13] [14] [15])
                (add [8 12] [9 13] [10 14] [11 15])
                (xor [4 8] [5 9] [6 10] [7 11]) (rotr63 [4] [5] [6] [7])
                (sum_x [0 5 $d0] [1 6 $d2] [2 7 $d4] [3 4 $d6])
                (xor [15 0] [12 1] [13 2] [14 3]) (rotr32 [15] [12] [13] [14])
                (add [10 15] [11 12] [8 13] [9 14])
                (xor [5 10] [6 11] [7 8] [4 9]) (rotr24 [5] [6] [7] [4])
                (sum_y [0 5 $d1] [1 6 $d3] [2 7 $d5] [3 4 $d7])
                (xor [15 0] [12 1] [13 2] [14 3]) (rotr16 [15] [12] [13] [14])
                (add [10 15] [11 12] [8 13] [9 14])
                (xor [5 10] [6 11] [7 8] [4 9]) (rotr63 [5] [6] [7] [4])
            )+
            // Round 11: of the diagonals the first and the third, and what these take of the columns.
            (sum_x [0 4 $l0] [1 5 $l2] [2 6 $l4] [3 7 $l6])
            (xor [12 0] [13 1] [14 2] [15 3]) (rotr32 [12] [13] [14] [15])
            (add [8 12] [9 13] [10 14] [11 15])
            (xor [4 8] [5 9] [6 10] [7 11]) (rotr24 [4] [5] [6] [7])
            (sum_y [0 4 $l1] [1 5 $l3] [2 6 $l5] [3 7 $l7])
            (xor [12 0] [13 1] [14 2] [15 3]) (rotr16 [12] [13] [14] [15])
            (add [8 12] [9 13] [10 14] [11 15])
            (xor [5 9] [7 11]) (rotr63 [5] [7])
            (sum_x [0 5 $k0] [2 7 $k4])
            (xor [15 0] [13 2]) (rotr32 [15] [13])
            (add [10 15] [8 13])
            (xor [5 10] [7 8]) (rotr24 [5] [7])
            (sum_y [0 5 $k1] [2 7 $k5])
            (xor [13 2]) (rotr16 [13]) (add [8 13])
            (xor [0 8])
        }
    };
}

/// The first tokens for a message word that may be other than zero, else the second ones.
macro_rules! if_word {
    (0 {$($then:tt)*} {$($else:tt)*}) => { $($then)* };
    (1 {$($then:tt)*} {$($else:tt)*}) => { $($then)* };
    (2 {$($then:tt)*} {$($else:tt)*}) => { $($then)* };
    (3 {$($then:tt)*} {$($else:tt)*}) => { $($then)* };
    (4 {$($then:tt)*} {$($else:tt)*}) => { $($then)* };
    ($zero:literal {$($then:tt)*} {$($else:tt)*}) => { $($else)* };
}

/// The value of a nonce for the root of a [`Midstate`](super::Midstate): the first word of the
/// digest.
///
/// `$w` is a type with methods for words: `splat`, `add`, `xor`, `rotr32`, `rotr24`, `rotr16`,
/// `rotr63`. This is a macro and not a generic function, because a method with target features is
/// inlined only into a function that has them too.
macro_rules! value {
    ($w:ident, $midstate:ident, $nonce:ident) => {{
        let [m1, m2, m3, m4] = splat_all!($w, $midstate.root, 0 1 2 3);
        let m = [$nonce, m1, m2, m3, m4];
        let mut v = splat_all!($w, $midstate.state, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        steps!(value_steps $w v m);
        $w.xor(v[0], $w.splat($crate::blake2b::H0))
    }};
}

macro_rules! value_steps {
    ($w:ident $v:ident $m:ident $(($operation:ident $([$($operand:tt)+])+))+) => {
        $($(value_step!($w $v $m $operation $($operand)+);)+)+
    };
}

macro_rules! value_step {
    ($w:ident $v:ident $m:ident word $a:tt $word:tt) => {
        if_word!($word { $v[$a] = $w.add($v[$a], $m[$word]); } {})
    };
    ($w:ident $v:ident $m:ident sum_x $a:tt $b:tt $word:tt) => {
        value_step!($w $v $m word $a $word);
        value_step!($w $v $m add $a $b);
    };
    ($w:ident $v:ident $m:ident sum_y $a:tt $b:tt $word:tt) => {
        value_step!($w $v $m sum_x $a $b $word);
    };
    ($w:ident $v:ident $m:ident $operation:ident $a:tt $b:tt) => {
        $v[$a] = $w.$operation($v[$a], $v[$b]);
    };
    ($w:ident $v:ident $m:ident $rotation:ident $a:tt) => {
        $v[$a] = $w.$rotation($v[$a]);
    };
}

/// An array of words in every lane. Not [`array::map`]: its closure would have no target features.
macro_rules! splat_all {
    ($w:ident, $words:expr, $($index:literal)+) => {
        [$($w.splat($words[$index])),+]
    };
}

#[cfg(target_arch = "x86_64")]
#[macro_use]
mod assembly {
    /// The steps as the text of an assembly. `$isa!(operation operands)` is the text of one operation.
    macro_rules! asm_one_stream {
        ($isa:ident $($step:tt)+) => {
            concat!($(asm_step!($isa [] $step)),+)
        };
    }

    /// The steps for two streams of nonces, `$isa!(low operation operands)` and `$isa!(high ...)`,
    /// which take turns step by step.
    ///
    /// The second is one step behind. Sums, xors and rotations follow each other in a circle of three,
    /// so that the streams never want the pipes that rotate at the same time.
    macro_rules! asm_two_streams {
        ($isa:ident $($step:tt)+) => {
            asm_take_turns!($isa [$($step)+ ()] [() $($step)+])
        };
    }

    macro_rules! asm_take_turns {
        ($isa:ident [$($low:tt)+] [$($high:tt)+]) => {
            concat!($(asm_step!($isa [low] $low), asm_step!($isa [high] $high)),+)
        };
    }

    macro_rules! asm_step {
        ($isa:ident $stream:tt ()) => {
            ""
        };
        ($isa:ident $stream:tt ($operation:ident $($operands:tt)+)) => {
            concat!($(asm_operation!($isa $stream $operation $operands)),+)
        };
    }

    macro_rules! asm_operation {
        ($isa:ident [$($stream:ident)?] $operation:ident [$($operand:tt)+]) => {
            $isa!($($stream)? $operation $($operand)+)
        };
    }
}

#[cfg(test)]
mod tests {
    use crate::cpu::Midstate;
    use nano_primitives::{Root, Work};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    macro_rules! list {
        ($(($operation:ident $([$($operand:literal)+])+))+) => {
            &[$($((stringify!($operation), &[$($operand),+])),+),+]
        };
    }

    /// The operations one after the other.
    const OPERATIONS: &[(&str, &[usize])] = steps!(list);

    /// What the list computes, one operation at a time.
    fn value(midstate: &Midstate, nonce: u64) -> u64 {
        let mut v = midstate.state;
        let word = |index: usize| match index {
            0 => nonce,
            _ => midstate.root.get(index - 1).copied().unwrap_or(0),
        };
        for operation in OPERATIONS {
            match *operation {
                ("word", &[a, m]) => v[a] = v[a].wrapping_add(word(m)),
                ("sum_x" | "sum_y", &[a, b, m]) => {
                    v[a] = v[a].wrapping_add(v[b]).wrapping_add(word(m));
                }
                ("add", &[a, b]) => v[a] = v[a].wrapping_add(v[b]),
                ("xor", &[a, b]) => v[a] ^= v[b],
                (name, &[a]) => {
                    let bits = name.strip_prefix("rotr").and_then(|bits| bits.parse().ok());
                    v[a] = v[a].rotate_right(bits.expect("what is left are rotations"));
                }
                _ => panic!("{operation:?} is not an operation"),
            }
        }
        v[0] ^ crate::blake2b::H0
    }

    proptest! {
        #[test]
        fn the_steps_are_the_hash(root: [u8; 32], nonce in any::<u64>()) {
            let root = Root::from_bytes(root);
            let expected = Work::from_u64(nonce).value(&root).to_u64();
            prop_assert_eq!(value(&Midstate::new(&root), nonce), expected);
        }
    }

    /// The bounds in the documentation rest on the count.
    #[test]
    fn the_steps_are_no_more_than_they_must_be() {
        let is_word = |index: usize| usize::from(index < 5);
        let mut count = [0; 3];
        for operation in OPERATIONS {
            match *operation {
                ("word", &[_, m]) => count[0] += is_word(m),
                ("sum_x" | "sum_y", &[_, _, m]) => count[0] += 1 + is_word(m),
                ("add", _) => count[0] += 1,
                ("xor", _) => count[1] += 1,
                _ => count[2] += 1,
            }
        }
        assert_eq!(count, crate::blake2b::OPERATIONS);
    }
}
