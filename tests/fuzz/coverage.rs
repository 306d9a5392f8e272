//! Which branches were taken, in a build that counts them (`-C instrument-coverage`). The counters stand in a file that is
//! mapped into this process (`LLVM_PROFILE_FILE` with `%c`), so that they can be read like any other file.

use std::{env, fs::File, ops::Range, os::unix::fs::FileExt};

/// Where the counters are; the command that builds with them says it.
const COUNTERS: &str = "FUZZ_COUNTERS";

/// How often all of the file is looked at, in case that the counters take more of it than was seen.
const WHOLE: u64 = 4_096;

pub struct Coverage {
    file: File,
    /// Which words of the file have been anything but zero.
    seen: Vec<bool>,
    /// The words that have changed since the beginning, and everything between them.
    changing: Range<usize>,
    looks: u64,
    buffer: Vec<u8>,
}

impl Coverage {
    /// None in a build that counts nothing.
    pub fn open() -> Option<Self> {
        let file = File::open(env::var_os(COUNTERS)?).ok()?;
        let words = usize::try_from(file.metadata().ok()?.len()).ok()? / 8;
        let mut coverage = Self { file, seen: vec![false; words], changing: words..0, looks: 0, buffer: Vec::new() };
        // The head of the file, the names in it, and what was counted before anything was read.
        coverage.look(0..words, |_| ());
        Some(coverage)
    }

    /// How many branches were taken for the first time since it was last asked.
    pub fn news(&mut self) -> usize {
        self.looks += 1;
        let words = if self.looks % WHOLE < 8 { 0..self.seen.len() } else { self.changing.clone() };
        let mut changed = Vec::new();
        self.look(words, |word| changed.push(word));
        if let (Some(first), Some(last)) = (changed.first(), changed.last()) {
            self.changing = self.changing.start.min(*first)..self.changing.end.max(last + 1);
        }
        changed.len()
    }

    fn look(&mut self, words: Range<usize>, mut changed: impl FnMut(usize)) {
        self.buffer.resize(words.len() * 8, 0);
        if self.file.read_exact_at(&mut self.buffer, words.start as u64 * 8).is_err() {
            return;
        }
        for (place, word) in self.buffer.chunks_exact(8).enumerate() {
            if word != [0; 8] && !self.seen[words.start + place] {
                self.seen[words.start + place] = true;
                changed(words.start + place);
            }
        }
    }
}
