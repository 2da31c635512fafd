//! The rounds of Blake2b, written once for every instruction set.
//!
//! An instruction-set file has a type with methods for words: `splat`, `add`, `xor`, `rotr32`,
//! `rotr24`, `rotr16`, `rotr63`. Here it is `$w`. These are macros and not generic functions,
//! because a method with target features is inlined only into a function that has them too.
//!
//! The four mixes of half a round are independent of each other. They are written step by step
//! side by side: compilers keep that order, and a processor finds the four chains in it (a third
//! more hashes in the portable kernel than with one mix after the other).

/// Half of the mixing function G (RFC 7693, section 3.1) on several quarters of the state. Each has
/// the four places and the message word to be added, where `_` is a word that is zero.
macro_rules! half_mix {
    ($w:ident, $v:ident, $m:ident, $first:ident $second:ident,
     $([$a:literal $b:literal $c:literal $d:literal $word:tt])+) => {
        $($v[$a] = $w.add(plus_word!($w, $v[$a], $m, $word), $v[$b]);)+
        half_mix_after_add!($w, $v, $first $second, $([$a $b $c $d])+);
    };
}

/// What follows the first addition of a half mix.
macro_rules! half_mix_after_add {
    ($w:ident, $v:ident, $first:ident $second:ident,
     $([$a:literal $b:literal $c:literal $d:literal])+) => {
        $($v[$d] = $w.$first($w.xor($v[$d], $v[$a]));)+
        $($v[$c] = $w.add($v[$c], $v[$d]);)+
        $($v[$b] = $w.$second($w.xor($v[$b], $v[$c]));)+
    };
}

/// Adds a message word.
macro_rules! plus_word {
    ($w:ident, $sum:expr, $m:ident, _) => {
        $sum
    };
    ($w:ident, $sum:expr, $m:ident, $word:literal) => {
        $w.add($sum, $m[$word])
    };
}

/// A round: the two message words of each of the four columns, then of the four diagonals.
macro_rules! round {
    ($w:ident, $v:ident, $m:ident,
     [$c0:tt $c1:tt] [$c2:tt $c3:tt] [$c4:tt $c5:tt] [$c6:tt $c7:tt]
     [$d0:tt $d1:tt] [$d2:tt $d3:tt] [$d4:tt $d5:tt] [$d6:tt $d7:tt]) => {
        half_mix!($w, $v, $m, rotr32 rotr24,
                  [0 4 8 12 $c0] [1 5 9 13 $c2] [2 6 10 14 $c4] [3 7 11 15 $c6]);
        half_mix!($w, $v, $m, rotr16 rotr63,
                  [0 4 8 12 $c1] [1 5 9 13 $c3] [2 6 10 14 $c5] [3 7 11 15 $c7]);
        half_mix!($w, $v, $m, rotr32 rotr24,
                  [0 5 10 15 $d0] [1 6 11 12 $d2] [2 7 8 13 $d4] [3 4 9 14 $d6]);
        half_mix!($w, $v, $m, rotr16 rotr63,
                  [0 5 10 15 $d1] [1 6 11 12 $d3] [2 7 8 13 $d5] [3 4 9 14 $d7]);
    };
}

/// The value of a nonce for the root of a [`Midstate`](super::Midstate): the first word of the
/// digest.
///
/// Each line of the table is a row of the message schedule (RFC 7693, section 2.7) with the words 5
/// to 15, which are zero, left out. What words 0 and 8 do not need of the last round is
/// dropped by the compiler.
macro_rules! value {
    ($w:ident, $midstate:ident, $nonce:ident) => {{
        let [m1, m2, m3, m4] = splat_all!($w, $midstate.root, 0 1 2 3);
        let m = [$nonce, m1, m2, m3, m4];
        let mut v = splat_all!($w, $midstate.state, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        // Round 0, as far as the midstate has not done it.
        v[0] = $w.add(v[0], $nonce);
        half_mix_after_add!($w, v, rotr32 rotr24, [0 4 8 12]);
        half_mix!($w, v, m, rotr16 rotr63, [0 4 8 12 1]);
        v[8] = $w.add(v[8], v[13]);
        v[7] = $w.rotr24($w.xor(v[7], v[8]));
        half_mix_after_add!($w, v, rotr32 rotr24, [1 6 11 12]);
        half_mix!($w, v, m, rotr32 rotr24, [0 5 10 15 _] [3 4 9 14 _]);
        half_mix!($w, v, m, rotr16 rotr63, [0 5 10 15 _] [1 6 11 12 _] [2 7 8 13 _] [3 4 9 14 _]);
        // Rounds 1 to 11.
        round!($w, v, m, [_ _] [4 _] [_ _] [_ _] [1 _] [0 2] [_ _] [_ 3]);
        round!($w, v, m, [_ _] [_ 0] [_ 2] [_ _] [_ _] [3 _] [_ 1] [_ 4]);
        round!($w, v, m, [_ _] [3 1] [_ _] [_ _] [2 _] [_ _] [4 0] [_ _]);
        round!($w, v, m, [_ 0] [_ _] [2 4] [_ _] [_ 1] [_ _] [_ _] [3 _]);
        round!($w, v, m, [2 _] [_ _] [0 _] [_ 3] [4 _] [_ _] [_ _] [1 _]);
        round!($w, v, m, [_ _] [1 _] [_ _] [4 _] [0 _] [_ 3] [_ 2] [_ _]);
        round!($w, v, m, [_ _] [_ _] [_ 1] [3 _] [_ 0] [_ 4] [_ _] [2 _]);
        round!($w, v, m, [_ _] [_ _] [_ 3] [0 _] [_ 2] [_ _] [1 4] [_ _]);
        round!($w, v, m, [_ 2] [_ 4] [_ _] [1 _] [_ _] [_ _] [3 _] [_ 0]);
        round!($w, v, m, [0 1] [2 3] [4 _] [_ _] [_ _] [_ _] [_ _] [_ _]);
        round!($w, v, m, [_ _] [4 _] [_ _] [_ _] [1 _] [0 2] [_ _] [_ 3]);
        $w.xor($w.xor(v[0], v[8]), $w.splat($crate::cpu::midstate::H0))
    }};
}

/// An array of words in every lane. Not [`array::map`]: its closure would have no target features.
macro_rules! splat_all {
    ($w:ident, $words:expr, $($index:literal)+) => {
        [$($w.splat($words[$index])),+]
    };
}
