//! The constants of the puzzle's hash, which every kernel begins with.

/// The constants of Blake2b (RFC 7693, section 2.6).
pub(crate) const IV: [u64; 8] = [
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
pub(crate) const PARAMETERS: u64 = 0x0101_0008;
/// The message: a nonce of 8 bytes and a root of 32.
pub(crate) const MESSAGE_BYTES: u64 = 40;
