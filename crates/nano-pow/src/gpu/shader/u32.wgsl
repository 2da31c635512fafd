// Pairs added by 32-bit integers alone, for any device.

fn add(a: Word, b: Word) -> Word {
    let low = a.x + b.x;
    return Word(low, a.y + b.y + u32(low < a.x));
}
