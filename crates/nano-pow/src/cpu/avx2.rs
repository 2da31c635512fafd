//! The kernel for x86-64 processors with AVX2: four nonces at a time.
//!
//! There are as many vector registers as words in the state, sixteen. Here word `n` lives in
//! register `n` from the first round to the last, and all else is read from memory where it is used.
//! The only exception is a rotation by 63, which needs a register to compute in: word 3 makes room
//! for it, and comes back with the addition that needs it next. A compiler puts other words aside, and
//! waits for them: 10 % slower.
#![allow(unsafe_code)] // for the assembly

use super::midstate::{H0, Midstate};
use std::arch::{
    asm,
    x86_64::{
        __m256i, _mm256_add_epi64, _mm256_castsi256_pd, _mm256_cmpgt_epi64, _mm256_movemask_pd,
        _mm256_set1_epi64x, _mm256_setr_epi64x, _mm256_xor_si256,
    },
};

/// Nonces at a time.
pub(super) const LANES: u64 = 4;
const SIGN: u64 = 1 << 63;

/// Whether the processor has what the kernel needs. Miri does not know assembly.
pub(super) fn is_available() -> bool {
    cfg!(not(miri)) && is_x86_feature_detected!("avx2")
}

/// The first of `LANES * blocks` nonces from `first` on whose value reaches the threshold.
///
/// There is a signed comparison only, so the sign bits are flipped. The last step of the hash, an xor
/// with a constant, is done on the way.
#[target_feature(enable = "avx2")]
pub(super) fn search(midstate: &Midstate, threshold: u64, first: u64, blocks: u64) -> Option<u64> {
    let (finish, threshold) = (splat(H0 ^ SIGN), splat(threshold ^ SIGN));
    let mut frame = Frame::new(midstate);
    let mut nonces = _mm256_add_epi64(splat(first), _mm256_setr_epi64x(0, 1, 2, 3));
    for block in 0..blocks {
        let values = _mm256_xor_si256(frame.hash(nonces), finish);
        let below = _mm256_castsi256_pd(_mm256_cmpgt_epi64(threshold, values));
        let reaching = !_mm256_movemask_pd(below) & 0b1111;
        if reaching != 0 {
            return Some(first.wrapping_add(block * LANES + u64::from(reaching.trailing_zeros())));
        }
        nonces = _mm256_add_epi64(nonces, splat(LANES));
    }
    None
}

#[inline]
#[target_feature(enable = "avx2")]
fn splat(word: u64) -> __m256i {
    _mm256_set1_epi64x(word.cast_signed())
}

/// What the assembly reads, in vectors.
#[repr(C, align(32))]
struct Frame {
    /// The midstate.
    state: [Vector; 16],
    /// The nonces, then the root.
    message: [Vector; 5],
    /// The byte shuffles that rotate words by 24 and by 16.
    shuffles: [Vector; 2],
    /// Word 3 of the state while it is not in its register.
    word_3: Vector,
}

type Vector = [u64; 4];

/// The instruction `$name` on registers.
macro_rules! op {
    ($name:literal $to:tt $a:tt $b:tt) => {
        concat!($name, " ymm", $to, ", ymm", $a, ", ymm", $b, "\n")
    };
}

/// Adds a message word, where `_` is one that is zero.
macro_rules! plus_word {
    ($a:tt _) => {
        ""
    };
    ($a:tt $word:tt) => {
        concat!("vpaddq ymm", $a, ", ymm", $a, ", [{message} + 32 * ", $word, "]\n")
    };
}

/// The first addition of a half mix; where that is its first half, word 3 is in memory.
macro_rules! first_sum {
    (rotr24 3 $b:tt $word:tt) => {
        concat!("vpaddq ymm3, ymm", $b, ", [{word_3}]\n", plus_word!(3 $word))
    };
    ($half:ident $a:tt $b:tt $word:tt) => {
        concat!(plus_word!($a $word), op!("vpaddq" $a $a $b))
    };
}

/// Puts word 3 aside before its register is needed.
macro_rules! make_room {
    (rotr24) => {
        ""
    };
    (rotr63) => {
        "vmovdqa [{word_3}], ymm3\n"
    };
}

/// Rotates a word to the right.
macro_rules! rotate {
    (rotr32 $w:tt) => {
        concat!("vpshufd ymm", $w, ", ymm", $w, ", 0xb1\n")
    };
    (rotr24 $w:tt) => {
        concat!("vpshufb ymm", $w, ", ymm", $w, ", [{shuffles}]\n")
    };
    (rotr16 $w:tt) => {
        concat!("vpshufb ymm", $w, ", ymm", $w, ", [{shuffles} + 32]\n")
    };
    (rotr63 $w:tt) => {
        concat!(
            op!("vpaddq" 3 $w $w),
            "vpsrlq ymm", $w, ", ymm", $w, ", 63\n",
            op!("vpor" $w $w 3)
        )
    };
}

/// Half of the mixing function G (RFC 7693, section 3.1) on some quarters of the state, as in
/// `rounds.rs`.
macro_rules! half_mix {
    ($first:ident $second:ident, $([$a:tt $b:tt $c:tt $d:tt $word:tt])+) => {
        concat!(
            $(first_sum!($second $a $b $word),)+
            half_mix_after_sum!($first $second, $([$a $b $c $d])+)
        )
    };
}

/// What follows the first addition of a half mix.
macro_rules! half_mix_after_sum {
    ($first:ident $second:ident, $([$a:tt $b:tt $c:tt $d:tt])+) => {
        concat!(
            $(op!("vpxor" $d $d $a),)+
            make_room!($second),
            $(rotate!($first $d),)+
            $(op!("vpaddq" $c $c $d),)+
            $(op!("vpxor" $b $b $c),)+
            $(rotate!($second $b),)+
        )
    };
}

/// Half of the mixing function without its last two steps, and without a message word.
macro_rules! half_mix_without_b {
    ($first:ident, $([$a:tt $b:tt $c:tt $d:tt])+) => {
        concat!(
            $(op!("vpaddq" $a $a $b),)+
            $(op!("vpxor" $d $d $a),)+
            $(rotate!($first $d),)+
            $(op!("vpaddq" $c $c $d),)+
        )
    };
}

/// Loads words of the midstate into their registers.
macro_rules! load {
    ($($word:literal)+) => {
        concat!($("vmovdqa ymm", $word, ", [{state} + 32 * ", $word, "]\n"),+)
    };
}

/// Round 0, as far as the midstate has not done it.
macro_rules! first_round {
    () => {
        concat!(
            plus_word!(0 0),
            half_mix_after_sum!(rotr32 rotr24, [0 4 8 12]),
            half_mix!(rotr16 rotr63, [0 4 8 12 1]),
            op!("vpaddq" 8 8 13),
            op!("vpxor" 7 7 8),
            rotate!(rotr24 7),
            half_mix_after_sum!(rotr32 rotr24, [1 6 11 12]),
            half_mix!(rotr32 rotr24, [0 5 10 15 _] [3 4 9 14 _]),
            half_mix!(rotr16 rotr63, [0 5 10 15 _] [1 6 11 12 _] [2 7 8 13 _] [3 4 9 14 _]),
        )
    };
}

/// A round: the two message words of each of the four columns, then of the four diagonals.
macro_rules! round {
    ([$c0:tt $c1:tt] [$c2:tt $c3:tt] [$c4:tt $c5:tt] [$c6:tt $c7:tt]
     [$d0:tt $d1:tt] [$d2:tt $d3:tt] [$d4:tt $d5:tt] [$d6:tt $d7:tt]) => {
        concat!(
            half_mix!(rotr32 rotr24,
                      [0 4 8 12 $c0] [1 5 9 13 $c2] [2 6 10 14 $c4] [3 7 11 15 $c6]),
            half_mix!(rotr16 rotr63,
                      [0 4 8 12 $c1] [1 5 9 13 $c3] [2 6 10 14 $c5] [3 7 11 15 $c7]),
            half_mix!(rotr32 rotr24,
                      [0 5 10 15 $d0] [1 6 11 12 $d2] [2 7 8 13 $d4] [3 4 9 14 $d6]),
            half_mix!(rotr16 rotr63,
                      [0 5 10 15 $d1] [1 6 11 12 $d3] [2 7 8 13 $d5] [3 4 9 14 $d7]),
        )
    };
}

/// Round 11, as far as words 0 and 8 need it: of the diagonals the first and the third, and what
/// these take from the columns.
macro_rules! last_round {
    () => {
        concat!(
            half_mix!(rotr32 rotr24, [0 4 8 12 _] [1 5 9 13 4] [2 6 10 14 _] [3 7 11 15 _]),
            half_mix!(rotr16 rotr63, [1 5 9 13 _] [3 7 11 15 _]),
            half_mix_without_b!(rotr16, [0 4 8 12] [2 6 10 14]),
            half_mix!(rotr32 rotr24, [0 5 10 15 1] [2 7 8 13 _]),
            half_mix_without_b!(rotr16, [2 7 8 13]),
            op!("vpaddq" 0 0 5),
            op!("vpxor" 0 0 8),
        )
    };
}

impl Frame {
    fn new(midstate: &Midstate) -> Self {
        let [m1, m2, m3, m4] = midstate.root;
        Self {
            state: midstate.state.map(|word| [word; 4]),
            message: [0, m1, m2, m3, m4].map(|word| [word; 4]),
            shuffles: [byte_rotation(24), byte_rotation(16)],
            word_3: [0; 4],
        }
    }

    /// The values of four nonces but for the last xor. The rows of the message schedule are those of
    /// `rounds.rs`.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn hash(&mut self, nonces: __m256i) -> __m256i {
        let hash;
        // SAFETY: the instructions belong to AVX2, which the function has. They read the frame and
        // write its `word_3`, all of it aligned to 32 bytes, and every register they change is
        // named. They use neither stack nor flags.
        unsafe {
            asm!(
                "vmovdqa [{message}], ymm0",
                load!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15),
                first_round!(),
                round!([_ _] [4 _] [_ _] [_ _] [1 _] [0 2] [_ _] [_ 3]),
                round!([_ _] [_ 0] [_ 2] [_ _] [_ _] [3 _] [_ 1] [_ 4]),
                round!([_ _] [3 1] [_ _] [_ _] [2 _] [_ _] [4 0] [_ _]),
                round!([_ 0] [_ _] [2 4] [_ _] [_ 1] [_ _] [_ _] [3 _]),
                round!([2 _] [_ _] [0 _] [_ 3] [4 _] [_ _] [_ _] [1 _]),
                round!([_ _] [1 _] [_ _] [4 _] [0 _] [_ 3] [_ 2] [_ _]),
                round!([_ _] [_ _] [_ 1] [3 _] [_ 0] [_ 4] [_ _] [2 _]),
                round!([_ _] [_ _] [_ 3] [0 _] [_ 2] [_ _] [1 4] [_ _]),
                round!([_ 2] [_ 4] [_ _] [1 _] [_ _] [_ _] [3 _] [_ 0]),
                round!([0 1] [2 3] [4 _] [_ _] [_ _] [_ _] [_ _] [_ _]),
                last_round!(),
                state = in(reg) &raw const self.state,
                message = in(reg) &raw mut self.message,
                shuffles = in(reg) &raw const self.shuffles,
                word_3 = in(reg) &raw mut self.word_3,
                inout("ymm0") nonces => hash,
                out("ymm1") _, out("ymm2") _, out("ymm3") _, out("ymm4") _, out("ymm5") _,
                out("ymm6") _, out("ymm7") _, out("ymm8") _, out("ymm9") _, out("ymm10") _,
                out("ymm11") _, out("ymm12") _, out("ymm13") _, out("ymm14") _, out("ymm15") _,
                options(nostack, preserves_flags),
            );
        }
        hash
    }
}

/// The shuffle that rotates each word to the right: the one that changes nothing, rotated.
const fn byte_rotation(bits: u32) -> Vector {
    let low = 0x0706_0504_0302_0100_u64.rotate_right(bits);
    let high = low | 0x0808_0808_0808_0808;
    [low, high, low, high]
}
