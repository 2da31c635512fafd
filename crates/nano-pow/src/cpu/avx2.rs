//! The kernel for x86-64 processors with AVX2: four nonces at a time.

use super::midstate::Midstate;
use std::{
    arch::x86_64::{
        __m256i, _mm256_add_epi64, _mm256_castsi256_pd, _mm256_cmpgt_epi64, _mm256_movemask_pd,
        _mm256_or_si256, _mm256_set1_epi64x, _mm256_setr_epi64x, _mm256_shuffle_epi8,
        _mm256_srli_epi64, _mm256_xor_si256,
    },
    hint::black_box,
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
    let words = Words::new();
    search_blocks!(words, midstate, threshold, first, blocks)
}

/// Vectors of words. Rotations by whole bytes are byte shuffles.
struct Words {
    by_32: __m256i,
    by_24: __m256i,
    by_16: __m256i,
}

impl Words {
    /// The shuffles are hidden from the compiler, which would make two instructions of one.
    #[target_feature(enable = "avx2")]
    fn new() -> Self {
        Self {
            by_32: black_box(byte_rotation(32)),
            by_24: black_box(byte_rotation(24)),
            by_16: black_box(byte_rotation(16)),
        }
    }

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
        _mm256_shuffle_epi8(a, self.by_32)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn rotr24(&self, a: __m256i) -> __m256i {
        _mm256_shuffle_epi8(a, self.by_24)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn rotr16(&self, a: __m256i) -> __m256i {
        _mm256_shuffle_epi8(a, self.by_16)
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

/// The shuffle that rotates each word to the right: the one that changes nothing, rotated.
#[target_feature(enable = "avx2")]
fn byte_rotation(bits: u32) -> __m256i {
    let low = 0x0706_0504_0302_0100_u64.rotate_right(bits).cast_signed();
    let high = low | 0x0808_0808_0808_0808;
    _mm256_setr_epi64x(low, high, low, high)
}
