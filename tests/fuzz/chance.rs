//! Decisions that are made by chance and made again for the same seed.

use base::SeededEntropy;

pub struct Chance(SeededEntropy);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    /// A number below this one, which is not 0.
    pub fn below(&self, most: usize) -> usize {
        (self.0.next() % most.max(1) as u64) as usize
    }

    /// True once in so many times.
    pub fn one_in(&self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn byte(&self) -> u8 {
        self.0.next() as u8
    }

    /// One of them; there is at least one.
    pub fn pick<'a, T: ?Sized>(&self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// A range inside of so many bytes, short more often than long.
    pub fn range(&self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let most = if self.one_in(4) { length } else { 16 };
        start..length.min(start + self.below(most + 1))
    }
}
