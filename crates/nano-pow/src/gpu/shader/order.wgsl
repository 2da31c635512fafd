struct Order {
    base: Word,
    threshold: Word,
    root: Root,
    start: u32,
    end: u32,
}

fn nonce(order: Order, offset: u32) -> Word {
    return add(order.base, word(offset, 0u));
}
