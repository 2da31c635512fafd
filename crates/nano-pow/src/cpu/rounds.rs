//! The rounds of Blake2b, written once for every instruction set.
//!
//! An instruction-set file brings a type `Lanes` and a few word functions (`add`, `xor`, `rotr32`,
//! `rotr24`, `rotr16`, `rotr63`, `splat`) into scope and calls [`blake2b_value!`]. Macros and not
//! generics, because a function with target features is inlined only into one that has them too.

/// The first half of a mix without its first addition, done elsewhere.
macro_rules! after_first_add {
    ($v:ident, $a:literal $b:literal $c:literal $d:literal) => {
        $v[$d] = rotr32(xor($v[$d], $v[$a]));
        $v[$c] = add($v[$c], $v[$d]);
        $v[$b] = rotr24(xor($v[$b], $v[$c]));
    };
}

/// The second half of a mix.
macro_rules! second_half {
    ($v:ident, $m:ident, $a:literal $b:literal $c:literal $d:literal, $y:tt) => {
        $v[$a] = plus_word!(add($v[$a], $v[$b]), $m, $y);
        $v[$d] = rotr16(xor($v[$d], $v[$a]));
        $v[$c] = add($v[$c], $v[$d]);
        $v[$b] = rotr63(xor($v[$b], $v[$c]));
    };
}

/// The mixing function G (RFC 7693, section 3.1).
macro_rules! mix {
    ($v:ident, $m:ident, $a:literal $b:literal $c:literal $d:literal, $x:tt $y:tt) => {
        $v[$a] = plus_word!(add($v[$a], $v[$b]), $m, $x);
        after_first_add!($v, $a $b $c $d);
        second_half!($v, $m, $a $b $c $d, $y);
    };
}

/// Adds a message word; `_` is a word that is zero.
macro_rules! plus_word {
    ($sum:expr, $m:ident, _) => {
        $sum
    };
    ($sum:expr, $m:ident, $word:literal) => {
        add($sum, $m[$word])
    };
}

/// A round: four columns, four diagonals, and the two message words of each.
macro_rules! round {
    ($v:ident, $m:ident, [$($c0:tt)+] [$($c1:tt)+] [$($c2:tt)+] [$($c3:tt)+]
                         [$($d0:tt)+] [$($d1:tt)+] [$($d2:tt)+] [$($d3:tt)+]) => {
        mix!($v, $m, 0 4 8 12, $($c0)+);
        mix!($v, $m, 1 5 9 13, $($c1)+);
        mix!($v, $m, 2 6 10 14, $($c2)+);
        mix!($v, $m, 3 7 11 15, $($c3)+);
        mix!($v, $m, 0 5 10 15, $($d0)+);
        mix!($v, $m, 1 6 11 12, $($d1)+);
        mix!($v, $m, 2 7 8 13, $($d2)+);
        mix!($v, $m, 3 4 9 14, $($d3)+);
    };
}

/// The first word of the digest of `nonce` and the root of a [`Midstate`](super::Midstate), without
/// the final `xor` of [`H0`](super::midstate::H0).
///
/// Each line of the table is a row of the message schedule (RFC 7693, section 2.7) with the words 5 to 15, which are zero,
/// left out. What words 0 and 8 do not need of the last round is dropped by the compiler.
macro_rules! blake2b_value {
    ($midstate:expr, $nonce:expr) => {{
        let nonce: Lanes = $nonce;
        let [m1, m2, m3, m4] = $midstate.root.map(|word| splat(word));
        let m = [nonce, m1, m2, m3, m4];
        let mut v = $midstate.state.map(|word| splat(word));
        // Round 0, as far as the midstate has not done it.
        v[0] = add(v[0], nonce);
        after_first_add!(v, 0 4 8 12);
        second_half!(v, m, 0 4 8 12, 1);
        mix!(v, m, 0 5 10 15, _ _);
        after_first_add!(v, 1 6 11 12);
        second_half!(v, m, 1 6 11 12, _);
        v[8] = add(v[8], v[13]);
        v[7] = rotr24(xor(v[7], v[8]));
        second_half!(v, m, 2 7 8 13, _);
        mix!(v, m, 3 4 9 14, _ _);
        // Rounds 1 to 11.
        round!(v, m, [_ _] [4 _] [_ _] [_ _] [1 _] [0 2] [_ _] [_ 3]);
        round!(v, m, [_ _] [_ 0] [_ 2] [_ _] [_ _] [3 _] [_ 1] [_ 4]);
        round!(v, m, [_ _] [3 1] [_ _] [_ _] [2 _] [_ _] [4 0] [_ _]);
        round!(v, m, [_ 0] [_ _] [2 4] [_ _] [_ 1] [_ _] [_ _] [3 _]);
        round!(v, m, [2 _] [_ _] [0 _] [_ 3] [4 _] [_ _] [_ _] [1 _]);
        round!(v, m, [_ _] [1 _] [_ _] [4 _] [0 _] [_ 3] [_ 2] [_ _]);
        round!(v, m, [_ _] [_ _] [_ 1] [3 _] [_ 0] [_ 4] [_ _] [2 _]);
        round!(v, m, [_ _] [_ _] [_ 3] [0 _] [_ 2] [_ _] [1 4] [_ _]);
        round!(v, m, [_ 2] [_ 4] [_ _] [1 _] [_ _] [_ _] [3 _] [_ 0]);
        round!(v, m, [0 1] [2 3] [4 _] [_ _] [_ _] [_ _] [_ _] [_ _]);
        round!(v, m, [_ _] [4 _] [_ _] [_ _] [1 _] [0 2] [_ _] [_ 3]);
        xor(v[0], v[8])
    }};
}
