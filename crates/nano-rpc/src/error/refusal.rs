//! Why a node refuses a block.

use std::fmt;

/// Why a node refused a block, read from its text.
///
/// The texts are those of the reference node (nano/lib/errors.cpp) and of RsNano; they differ in a few places only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The block is in the ledger already.
    OldBlock,
    /// Another block stands in its place.
    Fork,
    /// Its previous block is not known.
    GapPrevious,
    /// The send that it receives is not known.
    GapSource,
    /// An epoch block for an unopened account that has nothing to receive.
    GapEpochOpen,
    /// The signature is not of the right key.
    BadSignature,
    /// A legacy send whose balance grows.
    NegativeSpend,
    /// The send is received already, or was to somebody else.
    Unreceivable,
    /// The balance does not change by the amount that was sent.
    BalanceMismatch,
    /// The kind of block cannot stand there.
    BlockPosition,
    /// The work is not enough.
    InsufficientWork,
    /// The burn account cannot be opened.
    OpensBurnAccount,
    /// An epoch block with another representative.
    RepresentativeMismatch,
    /// The block is not of the subtype that it was sent with. Also the answer to a send that is in the ledger already,
    /// when it comes again with its subtype.
    WrongSubtype,
}

impl Refusal {
    const TEXTS: [(&'static str, Self); 19] = [
        ("Old block", Self::OldBlock),
        ("Fork", Self::Fork),
        ("Gap previous block", Self::GapPrevious),
        ("Gap source block", Self::GapSource),
        ("Gap pending for open epoch block", Self::GapEpochOpen),
        ("Bad signature", Self::BadSignature),
        ("Negative spend", Self::NegativeSpend),
        ("Unreceivable", Self::Unreceivable),
        ("Balance and amount delta do not match", Self::BalanceMismatch),
        ("Balance and amount delta don't match", Self::BalanceMismatch),
        ("This block cannot follow the previous block", Self::BlockPosition),
        ("Block work is insufficient", Self::InsufficientWork),
        ("Block work is less than threshold", Self::InsufficientWork),
        ("Block attempts to open the burn account", Self::OpensBurnAccount),
        ("Representative mismatch", Self::RepresentativeMismatch),
        ("Invalid block balance for given subtype", Self::WrongSubtype),
        ("Invalid previous block for given subtype", Self::WrongSubtype),
        ("Invalid epoch link", Self::WrongSubtype),
        ("Invalid subtype", Self::WrongSubtype),
    ];

    /// The refusal of a node's text; `None` for words that are not known.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let same = |known: &str| known.eq_ignore_ascii_case(text.trim());
        Self::TEXTS.iter().find(|(known, _)| same(known)).map(|&(_, refusal)| refusal)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Self::TEXTS.iter().find(|(_, refusal)| refusal == self).map(|(text, _)| *text);
        f.write_str(text.expect("every refusal has a text"))
    }
}
