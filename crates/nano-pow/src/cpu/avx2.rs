//! The kernel for x86-64 processors with AVX2: four nonces at a time.

#![allow(unsafe_code)] // for one instruction

use super::midstate::Midstate;
use std::arch::{
    asm,
    x86_64::{
        __m256i, _mm256_add_epi64, _mm256_castsi256_pd, _mm256_cmpgt_epi64, _mm256_movemask_pd,
        _mm256_or_si256, _mm256_set1_epi64x, _mm256_setr_epi64x, _mm256_shuffle_epi32,
        _mm256_srli_epi64, _mm256_xor_si256,
    },
};

/// Nonces at a time.
pub(super) const LANES: u64 = 4;
const SIGN: u64 = 1 << 63;

/// Whether the processor has what the kernel needs.
pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx2")
}

/// The first of `LANES * blocks` nonces from `first` on whose value reaches the threshold.
#[target_feature(enable = "avx2")]
pub(super) fn search(midstate: &Midstate, threshold: u64, first: u64, blocks: u64) -> Option<u64> {
    let words = Words(Patterns([byte_rotation(24), byte_rotation(16)]));
    search_blocks!(words, midstate, threshold, first, blocks)
}

/// Rotates by whole bytes, in one instruction that takes its pattern from memory.
///
/// The state fills the 16 vector registers. A compiler that knows the pattern would make two
/// instructions of one, or keep patterns in registers and words of the state in memory: 5 % slower.
macro_rules! shuffle {
    ($self:ident, $words:expr, $pattern:literal) => {{
        let shuffled: __m256i;
        // SAFETY: the instruction belongs to AVX2, which the function has, and reads one of the
        // patterns, at any alignment.
        unsafe {
            asm!(
                "vpshufb {shuffled}, {words}, ymmword ptr [{patterns} + {offset}]",
                shuffled = lateout(ymm_reg) shuffled,
                words = in(ymm_reg) $words,
                patterns = in(reg) &raw const $self.0.0,
                offset = const $pattern * size_of::<Pattern>(),
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        shuffled
    }};
}

/// The bytes of a vector by the places they are taken from.
type Pattern = [u64; 4];

/// Patterns on the stack. Their alignment makes the compiler align the stack for the vectors that it
/// puts there too; half of these would lie across cache lines otherwise.
#[repr(align(32))]
struct Patterns([Pattern; 2]);

/// The pattern that rotates each word to the right: the one that changes nothing, rotated.
const fn byte_rotation(bits: u32) -> Pattern {
    let low = 0x0706_0504_0302_0100_u64.rotate_right(bits);
    let high = low | 0x0808_0808_0808_0808;
    [low, high, low, high]
}

/// Vectors of words.
struct Words(Patterns);

impl Words {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn splat(&self, word: u64) -> __m256i {
        _mm256_set1_epi64x(word.cast_signed())
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn add(&self, a: __m256i, b: __m256i) -> __m256i {
        _mm256_add_epi64(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn xor(&self, a: __m256i, b: __m256i) -> __m256i {
        _mm256_xor_si256(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn rotr32(&self, a: __m256i) -> __m256i {
        _mm256_shuffle_epi32::<0b10_11_00_01>(a)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn rotr24(&self, a: __m256i) -> __m256i {
        shuffle!(self, a, 0)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn rotr16(&self, a: __m256i) -> __m256i {
        shuffle!(self, a, 1)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn rotr63(&self, a: __m256i) -> __m256i {
        _mm256_or_si256(_mm256_add_epi64(a, a), _mm256_srli_epi64::<63>(a))
    }

    /// 0, 1, 2, 3.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn counting(&self) -> __m256i {
        _mm256_setr_epi64x(0, 1, 2, 3)
    }

    /// The first lane whose value is at least the threshold. There is a signed comparison only, so
    /// the sign bits are flipped.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn first_reaching(&self, values: __m256i, threshold: __m256i) -> Option<u32> {
        let sign = self.splat(SIGN);
        let below = _mm256_cmpgt_epi64(self.xor(threshold, sign), self.xor(values, sign));
        let reaching = !_mm256_movemask_pd(_mm256_castsi256_pd(below)) & 0b1111;
        if reaching == 0 { None } else { Some(reaching.trailing_zeros()) }
    }
}
