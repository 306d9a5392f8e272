//! What reading one file may cost. Every loop over what a stranger wrote is charged here, so that a file costs no more
//! than in proportion to its size, whatever its parts say of each other.

use crate::{
    limits,
    pdf::findings::{Limit, ReadError},
};

/// What is left of time, memory and unpacking.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// Bytes that may still be walked over, also those that are walked over again.
    work: usize,
    /// Bytes of memory that may still be kept for what was read.
    memory: usize,
    /// Bytes that streams may still unpack to.
    unpacked: usize,
}

impl Budget {
    /// For a file of so many bytes: a file in order is walked over less than twice.
    pub(crate) fn new(length: usize) -> Self {
        Self {
            work: length.saturating_mul(4) + 65_536,
            memory: limits::PDF_MEMORY_BYTES_MAX,
            unpacked: limits::PDF_STREAMS_BYTES_MAX,
        }
    }

    /// Charges a walk over so many bytes.
    pub(crate) fn walk(&mut self, bytes: usize) -> Result<(), ReadError> {
        self.work = self.work.checked_sub(bytes).ok_or(ReadError::Limit(Limit::Work))?;
        Ok(())
    }

    /// Charges what is kept until the file was read.
    pub(crate) fn keep(&mut self, bytes: usize) -> Result<(), ReadError> {
        self.memory = self.memory.checked_sub(bytes).ok_or(ReadError::Limit(Limit::Memory))?;
        Ok(())
    }

    /// Takes back what was charged for memory since then: what was read is not kept.
    pub(crate) fn give_back(&mut self, before: Self) {
        self.memory = before.memory;
    }

    /// To how many bytes the next stream may unpack.
    pub(crate) fn stream(&self) -> usize {
        limits::PDF_STREAM_BYTES_MAX.min(self.unpacked)
    }

    /// Charges an unpacked stream. What came out of it may be walked over like the file itself.
    pub(crate) fn unpack(&mut self, bytes: usize) -> Result<(), ReadError> {
        self.unpacked = self.unpacked.checked_sub(bytes).ok_or(ReadError::Limit(Limit::Streams))?;
        self.work = self.work.saturating_add(bytes.saturating_mul(2));
        Ok(())
    }
}
