struct Input {
    base: Word,
    threshold: Word,
    root: Root,
    start: u32,
    end: u32,
}

fn nonce(input: Input, offset: u32) -> Word {
    return add(input.base, word(offset, 0u));
}
