//! The kernel for x86-64 processors with AVX2: four nonces at a time.
//!
//! There are as many vector registers as words in the state, sixteen. Here word `n` lives in
//! register `n` from the first round to the last, and all else is read from memory where it is used.
//! The only exception is a rotation by 63, which needs a register to compute in: word 3 makes room
//! for it, and comes back with the addition that needs it next. A compiler puts other words aside, and
//! waits for them: 10 % slower.
#![allow(unsafe_code)] // for the assembly

use super::midstate::Midstate;
use crate::blake2b::H0;
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
    let mut scratch = Scratch::new(midstate);
    let mut nonces = _mm256_add_epi64(splat(first), _mm256_setr_epi64x(0, 1, 2, 3));
    for block in 0..blocks {
        let values = _mm256_xor_si256(scratch.hash(nonces), finish);
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
struct Scratch {
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

/// An operation of `steps!`. A rotation by 63 computes in register 3: word 3 goes to memory when the
/// second half of a mix has changed it for the last time, and comes back with the first half of the
/// next.
macro_rules! asm_avx2 {
    (word $a:tt $word:tt) => {
        if_word!($word {
            concat!("vpaddq ymm", $a, ", ymm", $a, ", [{message} + 32 * ", $word, "]\n")
        } { "" })
    };
    (sum_x 3 $b:tt $word:tt) => {
        concat!("vpaddq ymm3, ymm", $b, ", [{word_3}]\n", asm_avx2!(word 3 $word))
    };
    (sum_x $a:tt $b:tt $word:tt) => {
        concat!(asm_avx2!(word $a $word), asm_avx2!(add $a $b))
    };
    (sum_y 3 $b:tt $word:tt) => {
        concat!(asm_avx2!(word 3 $word), asm_avx2!(add 3 $b), "vmovdqa [{word_3}], ymm3\n")
    };
    (sum_y $a:tt $b:tt $word:tt) => {
        concat!(asm_avx2!(word $a $word), asm_avx2!(add $a $b))
    };
    (add $a:tt $b:tt) => {
        asm_avx2!(@write "vpaddq" $a $a $b)
    };
    (xor $a:tt $b:tt) => {
        asm_avx2!(@write "vpxor" $a $a $b)
    };
    (rotr32 $a:tt) => {
        concat!("vpshufd ymm", $a, ", ymm", $a, ", 0xb1\n")
    };
    (rotr24 $a:tt) => {
        concat!("vpshufb ymm", $a, ", ymm", $a, ", [{shuffles}]\n")
    };
    (rotr16 $a:tt) => {
        concat!("vpshufb ymm", $a, ", ymm", $a, ", [{shuffles} + 32]\n")
    };
    (rotr63 $a:tt) => {
        concat!(
            asm_avx2!(@write "vpaddq" 3 $a $a),
            "vpsrlq ymm", $a, ", ymm", $a, ", 63\n",
            asm_avx2!(@write "vpor" $a $a 3)
        )
    };
    (@write $name:literal $to:tt $a:tt $b:tt) => {
        concat!($name, " ymm", $to, ", ymm", $a, ", ymm", $b, "\n")
    };
}

/// Loads words of the midstate into their registers.
macro_rules! asm_load {
    ($($word:literal)+) => {
        concat!($("vmovdqa ymm", $word, ", [{state} + 32 * ", $word, "]\n"),+)
    };
}

impl Scratch {
    fn new(midstate: &Midstate) -> Self {
        let [m1, m2, m3, m4] = midstate.root;
        Self {
            state: midstate.state.map(|word| [word; 4]),
            message: [0, m1, m2, m3, m4].map(|word| [word; 4]),
            shuffles: [byte_rotation(24), byte_rotation(16)],
            word_3: [0; 4],
        }
    }

    /// The values of four nonces but for the last xor.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn hash(&mut self, nonces: __m256i) -> __m256i {
        let hash;
        // SAFETY: the instructions belong to AVX2, which the function has. They read the scratch and
        // write two places of it, `word_3` and the first of `message`, all of it aligned to 32
        // bytes; every register they change is named. They use neither stack nor flags.
        unsafe {
            asm!(
                "vmovdqa [{message}], ymm0",
                asm_load!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15),
                "vmovdqa [{word_3}], ymm3",
                steps!(asm_one_stream asm_avx2),
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
