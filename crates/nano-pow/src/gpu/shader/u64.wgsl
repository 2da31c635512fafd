// Words as the device's own 64-bit integers.

alias Word = u64;

fn word(low: u32, high: u32) -> Word {
    return u64(low) | (u64(high) << 32u);
}

fn add(a: Word, b: Word) -> Word {
    return a + b;
}

fn rotr32(a: Word) -> Word {
    return (a >> 32u) | (a << 32u);
}

fn rotr24(a: Word) -> Word {
    return (a >> 24u) | (a << 40u);
}

fn rotr16(a: Word) -> Word {
    return (a >> 16u) | (a << 48u);
}

fn rotr63(a: Word) -> Word {
    return (a >> 63u) | (a << 1u);
}

fn reaches(a: Word, threshold: Word) -> bool {
    return a >= threshold;
}
