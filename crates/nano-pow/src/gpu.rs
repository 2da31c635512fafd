//! wip
mod blake2b;
mod graph;
use nano_primitives::Root;
/// The words of the message that the root fills.
fn root_words(root: &Root) -> [u64; 4] {
    let (chunks, _) = root.as_bytes().as_chunks::<8>();
    std::array::from_fn(|index| u64::from_le_bytes(chunks[index]))
}
