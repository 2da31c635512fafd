//! The kernel for x86-64 processors with AVX-512: eight nonces at a time.

use super::midstate::Midstate;
use std::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_cmpge_epu64_mask, _mm512_ror_epi64, _mm512_set1_epi64,
    _mm512_setr_epi64, _mm512_xor_si512,
};

/// Nonces at a time.
pub(super) const LANES: u64 = 8;

/// Whether the processor has what the kernel needs.
pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx512f")
}

/// The first of `LANES * blocks` nonces from `first` on whose value reaches the threshold.
#[target_feature(enable = "avx512f")]
pub(super) fn search(midstate: &Midstate, threshold: u64, first: u64, blocks: u64) -> Option<u64> {
    let words = Vectors;
    let (threshold, step) = (words.splat(threshold), words.splat(LANES));
    let mut nonces = words.add(words.splat(first), _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7));
    for block in 0..blocks {
        let reaching = _mm512_cmpge_epu64_mask(value!(words, midstate, nonces), threshold);
        if reaching != 0 {
            return Some(first.wrapping_add(block * LANES + u64::from(reaching.trailing_zeros())));
        }
        nonces = words.add(nonces, step);
    }
    None
}

/// Vectors of words.
struct Vectors;

impl Vectors {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn splat(&self, word: u64) -> __m512i {
        _mm512_set1_epi64(word.cast_signed())
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn add(&self, a: __m512i, b: __m512i) -> __m512i {
        _mm512_add_epi64(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn xor(&self, a: __m512i, b: __m512i) -> __m512i {
        _mm512_xor_si512(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn rotr32(&self, a: __m512i) -> __m512i {
        _mm512_ror_epi64::<32>(a)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn rotr24(&self, a: __m512i) -> __m512i {
        _mm512_ror_epi64::<24>(a)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn rotr16(&self, a: __m512i) -> __m512i {
        _mm512_ror_epi64::<16>(a)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn rotr63(&self, a: __m512i) -> __m512i {
        _mm512_ror_epi64::<63>(a)
    }
}
