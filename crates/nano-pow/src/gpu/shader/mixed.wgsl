// Pairs added as 64-bit integers, of which a compiler makes two additions with a carry.

fn wide(a: Word) -> u64 {
    return u64(a.x) | (u64(a.y) << 32u);
}

fn add(a: Word, b: Word) -> Word {
    let sum = wide(a) + wide(b);
    return Word(u32(sum), u32(sum >> 32u));
}
