//! A file on its way to the process that reads it.

use crate::limits::BLOCK_BYTES;

/// A file as it came in, in blocks of one size: it grows without being moved, which would stop a thread that others wait
/// for.
#[derive(Debug, Default)]
pub struct Blocks {
    /// All but the last are full.
    blocks: Vec<Vec<u8>>,
    length: usize,
}

impl Blocks {
    /// Adds what came next.
    pub fn add(&mut self, mut bytes: &[u8]) {
        self.length += bytes.len();
        while !bytes.is_empty() {
            match self.blocks.last_mut() {
                Some(last) if last.len() < BLOCK_BYTES => {
                    let (part, rest) = bytes.split_at(bytes.len().min(BLOCK_BYTES - last.len()));
                    last.extend_from_slice(part);
                    bytes = rest;
                }
                _ => self.blocks.push(Vec::with_capacity(if self.blocks.is_empty() { 0 } else { BLOCK_BYTES })),
            }
        }
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The whole file in one piece.
    pub fn to_vec(&self) -> Vec<u8> {
        self.blocks.concat()
    }

    /// No more than so many of its bytes, block by block.
    pub(crate) fn up_to(&self, most: usize) -> impl Iterator<Item = &[u8]> {
        let mut left = most;
        self.blocks.iter().map_while(move |block| {
            let part = block.get(..block.len().min(left))?;
            left -= part.len();
            (!part.is_empty()).then_some(part)
        })
    }
}

impl From<&[u8]> for Blocks {
    fn from(bytes: &[u8]) -> Self {
        let mut blocks = Self::default();
        blocks.add(bytes);
        blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_the_same_however_it_came_in_and_ends_where_it_must() {
        let bytes: Vec<u8> = (0..3 * BLOCK_BYTES + 7).map(|place| place as u8).collect();
        for piece in [1, 1000, BLOCK_BYTES, BLOCK_BYTES + 1, bytes.len()] {
            let mut blocks = Blocks::default();
            bytes.chunks(piece).for_each(|part| blocks.add(part));
            assert_eq!((blocks.len(), blocks.to_vec()), (bytes.len(), bytes.clone()), "{piece}");
            assert_eq!(blocks.blocks.len(), 4, "{piece}");
            for most in [0, 1, BLOCK_BYTES, BLOCK_BYTES + 1, bytes.len(), usize::MAX] {
                let part = blocks.up_to(most).collect::<Vec<_>>().concat();
                assert_eq!(part, bytes[..bytes.len().min(most)], "{piece} {most}");
            }
        }
        assert!(Blocks::default().is_empty() && Blocks::from(&b""[..]).to_vec().is_empty());
    }
}
