// Words as pairs of 32-bit integers, the low one first. Rotations of these become funnel shifts; those of 64-bit
// integers do not with every compiler.

alias Word = vec2<u32>;

fn word(low: u32, high: u32) -> Word {
    return Word(low, high);
}

fn rotr32(a: Word) -> Word {
    return a.yx;
}

fn rotr24(a: Word) -> Word {
    return (a >> vec2(24u)) | (a.yx << vec2(8u));
}

fn rotr16(a: Word) -> Word {
    return (a >> vec2(16u)) | (a.yx << vec2(16u));
}

fn rotr63(a: Word) -> Word {
    return (a << vec2(1u)) | (a.yx >> vec2(31u));
}

fn reaches(a: Word, threshold: Word) -> bool {
    return a.y > threshold.y || (a.y == threshold.y && a.x >= threshold.x);
}
