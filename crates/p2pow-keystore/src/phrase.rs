//! [`Phrase`]: a secret as English words (BIP39).
//!
//! Nano's wallets use words in two ways, and a phrase does not say which: 24 words may *be* the 32 bytes of a seed
//! ([`Phrase::seed`], as Nault and Natrium do), or words and a passphrase make a [`Bip39Seed`] whose keys lie along
//! 44'/165'/n' ([`Phrase::bip39_seed`], as Ledger does). The accounts differ.

use crate::Bip39Seed;
use bip39::{Error, Language, Mnemonic};
use nano_block::Seed;
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// Words that are a BIP39 mnemonic. Wiped from memory when dropped; `Debug` does not show them.
#[derive(Clone)]
pub struct Phrase(Mnemonic);

/// A text that is no phrase. Its words are not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PhraseError {
    /// Too few or many.
    #[error("found {found} words, wanted 12, 15, 18, 21 or 24")]
    Count {
        /// Words found.
        found: usize,
    },
    /// A word that is not on the list.
    #[error("word {place} is not on BIP39's English list")]
    Word {
        /// Which, from 1.
        place: usize,
    },
    /// The last word holds a checksum, which is wrong.
    #[error(
        "every word is on the list, but the checksum is wrong: a word is another one, or two are in a wrong order"
    )]
    Checksum,
    /// Not the 32 bytes of a Nano seed.
    #[error(
        "found {found} words, but only 24 words are a Nano seed: these may be meant for derivation by BIP44"
    )]
    NoSeed {
        /// Words found.
        found: usize,
    },
}

impl Phrase {
    /// The 24 words of a Nano seed.
    ///
    /// # Panics
    /// Never: 32 bytes are 24 words.
    #[must_use]
    pub fn of_seed(seed: &Seed) -> Self {
        let words = Mnemonic::from_entropy_in(Language::English, seed.expose_bytes());
        Self(words.expect("32 bytes are 24 words"))
    }

    /// The Nano seed that the 24 words are.
    ///
    /// # Errors
    /// There are fewer words.
    pub fn seed(&self) -> Result<Seed, PhraseError> {
        let entropy = Zeroizing::new(self.0.to_entropy());
        let wrong = PhraseError::NoSeed { found: self.0.word_count() };
        <[u8; 32]>::try_from(entropy.as_slice()).map(Seed::from_bytes).map_err(|_| wrong)
    }

    /// The seed of BIP39 that the words and a passphrase make; most people have none, which is the empty one. Any
    /// passphrase makes a seed: a mistyped one leads to other accounts.
    #[must_use]
    pub fn bip39_seed(&self, passphrase: &str) -> Bip39Seed {
        Bip39Seed::from_bytes(self.0.to_seed(passphrase))
    }

    /// How many words.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.word_count()
    }

    /// The words, for the one place that must show them.
    #[must_use]
    pub fn expose_words(&self) -> Zeroizing<String> {
        // Enough that it never grows, which would leave a copy behind: no word has more than 8 letters.
        let mut text = Zeroizing::new(String::with_capacity(24 * 9));
        for (place, word) in self.0.words().enumerate() {
            text.push_str(if place > 0 { " " } else { "" });
            text.push_str(word);
        }
        text
    }
}

impl FromStr for Phrase {
    type Err = PhraseError;

    /// Reads words with any space between them, in any case.
    fn from_str(text: &str) -> Result<Self, PhraseError> {
        let text = Zeroizing::new(text.to_lowercase());
        Mnemonic::parse_in(Language::English, text.as_str()).map(Self).map_err(
            |error| match error {
                Error::BadWordCount(found) => PhraseError::Count { found },
                Error::UnknownWord(place) => PhraseError::Word { place: place + 1 },
                _ => PhraseError::Checksum,
            },
        )
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phrase(..)")
    }
}
