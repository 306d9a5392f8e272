//! Randomness, given to those who may draw it.

use std::sync::atomic::{AtomicU64, Ordering};

/// A source of bytes that nobody can guess.
///
/// The one real implementation reads the operating system's generator and lives in `server`.
/// A source that fails stops the process: no caller could go on safely.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Entropy + '_ {
    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

/// Repeatable bytes from a seed (SplitMix64): for tests and for the seeded demonstration city only.
/// Anyone who knows the seed knows all the bytes.
#[derive(Debug)]
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    /// A source that repeats for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next 64 bits.
    pub fn next(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let word = self.next().to_le_bytes();
            for (to, from) in chunk.iter_mut().zip(word) {
                *to = from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let (a, b) = (SeededEntropy::new(7), SeededEntropy::new(7));
        let (a, b): (&dyn Entropy, &dyn Entropy) = (&a, &b);
        assert_eq!(a.bytes::<19>(), b.bytes::<19>());
        assert_ne!(a.bytes::<19>(), [0; 19]);
    }
}
