//! The kernel for x86-64 processors with AVX-512, in assembly: sixteen nonces at a time, as two
//! independent streams of eight.
//!
//! One stream has four chains of instructions that wait for each other, and at times all four want
//! to rotate, which only half of the pipes can do. A second stream, one step behind, fills the gaps.
//! Word `n` of the streams lives in registers `n` and `16 + n` from the first round to the last, which
//! takes all 32; the message is read from memory where it is added. A compiler puts words aside
//! instead.
#![allow(unsafe_code)] // for the assembly

use super::midstate::Midstate;
use crate::blake2b::H0;
use std::{
    arch::{
        asm,
        x86_64::{
            __m512i, _mm512_add_epi64, _mm512_cmpge_epu64_mask, _mm512_set1_epi64,
            _mm512_setr_epi64, _mm512_xor_si512,
        },
    },
    mem::offset_of,
};

/// Nonces at a time.
pub(super) const LANES: u64 = 2 * STREAM;
const STREAM: u64 = 8;

/// Whether the processor has what the kernel needs. Miri does not know assembly.
pub(super) fn is_available() -> bool {
    cfg!(not(miri)) && is_x86_feature_detected!("avx512f")
}

/// The first of `LANES * blocks` nonces from `first` on whose value reaches the threshold.
///
/// The last step of the hash, an xor with a constant, is done here.
#[target_feature(enable = "avx512f")]
pub(super) fn search(midstate: &Midstate, threshold: u64, first: u64, blocks: u64) -> Option<u64> {
    let (finish, threshold, step) = (splat(H0), splat(threshold), splat(LANES));
    let mut streams = Streams::new(midstate, first);
    for block in 0..blocks {
        let [low, high] = streams.hash();
        let low = _mm512_cmpge_epu64_mask(_mm512_xor_si512(low, finish), threshold);
        let high = _mm512_cmpge_epu64_mask(_mm512_xor_si512(high, finish), threshold);
        let reaching = u16::from_le_bytes([low, high]);
        if reaching != 0 {
            return Some(first.wrapping_add(block * LANES + u64::from(reaching.trailing_zeros())));
        }
        let [low, high] = streams.nonces;
        streams.nonces = [_mm512_add_epi64(low, step), _mm512_add_epi64(high, step)];
    }
    None
}

#[inline]
#[target_feature(enable = "avx512f")]
fn splat(word: u64) -> __m512i {
    _mm512_set1_epi64(word.cast_signed())
}

/// What the assembly reads, and the next nonces.
#[repr(C)]
struct Streams {
    /// The nonces of both streams.
    nonces: [__m512i; 2],
    /// The midstate.
    state: [u64; 16],
    /// The root.
    root: [u64; 4],
}

/// The register of a word of the state.
#[rustfmt::skip]
macro_rules! asm_register {
    (low $word:tt) => { concat!("zmm", $word) };
    (high 0) => { "zmm16" };
    (high 1) => { "zmm17" };
    (high 2) => { "zmm18" };
    (high 3) => { "zmm19" };
    (high 4) => { "zmm20" };
    (high 5) => { "zmm21" };
    (high 6) => { "zmm22" };
    (high 7) => { "zmm23" };
    (high 8) => { "zmm24" };
    (high 9) => { "zmm25" };
    (high 10) => { "zmm26" };
    (high 11) => { "zmm27" };
    (high 12) => { "zmm28" };
    (high 13) => { "zmm29" };
    (high 14) => { "zmm30" };
    (high 15) => { "zmm31" };
}

/// The nonces of a stream.
macro_rules! asm_nonces {
    (low) => {
        "[{streams} + {nonces}]"
    };
    (high) => {
        "[{streams} + {nonces} + 64]"
    };
}

/// An operation of `steps!` on one of the streams.
macro_rules! asm_avx512 {
    ($stream:ident word $a:tt 0) => {
        asm_avx512!(@write "vpaddq" $stream $a (asm_nonces!($stream)))
    };
    ($stream:ident word $a:tt $word:tt) => {
        if_word!($word {
            asm_avx512!(@write "vpaddq" $stream $a
                        (concat!("qword ptr [{streams} + {root} + 8 * ", $word, " - 8]{{1to8}}")))
        } { "" })
    };
    ($stream:ident sum_x $a:tt $b:tt $word:tt) => {
        concat!(asm_avx512!($stream word $a $word), asm_avx512!($stream add $a $b))
    };
    ($stream:ident sum_y $a:tt $b:tt $word:tt) => {
        asm_avx512!($stream sum_x $a $b $word)
    };
    ($stream:ident add $a:tt $b:tt) => {
        asm_avx512!(@write "vpaddq" $stream $a (asm_register!($stream $b)))
    };
    ($stream:ident xor $a:tt $b:tt) => {
        asm_avx512!(@write "vpxorq" $stream $a (asm_register!($stream $b)))
    };
    ($stream:ident rotr32 $a:tt) => {
        asm_avx512!(@write "vprorq" $stream $a ("32"))
    };
    ($stream:ident rotr24 $a:tt) => {
        asm_avx512!(@write "vprorq" $stream $a ("24"))
    };
    ($stream:ident rotr16 $a:tt) => {
        asm_avx512!(@write "vprorq" $stream $a ("16"))
    };
    ($stream:ident rotr63 $a:tt) => {
        asm_avx512!(@write "vprorq" $stream $a ("63"))
    };
    (@write $name:literal $stream:ident $a:tt ($operand:expr)) => {
        concat!($name, " ", asm_register!($stream $a), ", ", asm_register!($stream $a), ", ",
                $operand, "\n")
    };
}

/// Loads words of the midstate into their registers, in both streams.
macro_rules! asm_load {
    ($($word:tt)+) => {
        concat!($(
            "vpbroadcastq ", asm_register!(low $word), ", [{streams} + {state} + 8 * ", $word, "]\n",
            "vmovdqa64 ", asm_register!(high $word), ", ", asm_register!(low $word), "\n",
        )+)
    };
}

impl Streams {
    #[target_feature(enable = "avx512f")]
    fn new(midstate: &Midstate, first: u64) -> Self {
        let first = splat(first);
        let low = _mm512_add_epi64(first, _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7));
        let high = _mm512_add_epi64(first, _mm512_setr_epi64(8, 9, 10, 11, 12, 13, 14, 15));
        Self { nonces: [low, high], state: midstate.state, root: midstate.root }
    }

    /// The values of the nonces but for the last xor.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn hash(&self) -> [__m512i; 2] {
        let (low, high);
        // SAFETY: the instructions belong to AVX-512F, which the function has. They read the streams,
        // within its bounds, and write no memory; all registers they change are named, which are
        // all 32 for vectors. They use neither stack nor flags nor mask registers.
        unsafe {
            asm!(
                asm_load!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15),
                steps!(asm_two_streams asm_avx512),
                streams = in(reg) &raw const *self,
                nonces = const offset_of!(Self, nonces),
                state = const offset_of!(Self, state),
                root = const offset_of!(Self, root),
                out("zmm0") low, out("zmm16") high,
                out("zmm1") _, out("zmm2") _, out("zmm3") _, out("zmm4") _, out("zmm5") _,
                out("zmm6") _, out("zmm7") _, out("zmm8") _, out("zmm9") _, out("zmm10") _,
                out("zmm11") _, out("zmm12") _, out("zmm13") _, out("zmm14") _, out("zmm15") _,
                out("zmm17") _, out("zmm18") _, out("zmm19") _, out("zmm20") _, out("zmm21") _,
                out("zmm22") _, out("zmm23") _, out("zmm24") _, out("zmm25") _, out("zmm26") _,
                out("zmm27") _, out("zmm28") _, out("zmm29") _, out("zmm30") _, out("zmm31") _,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        [low, high]
    }
}
