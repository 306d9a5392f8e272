//! Every limit of this crate.

use std::time::Duration;

/// Files that are read at once: each keeps a core busy for milliseconds, a hostile one for longer.
pub(crate) const AT_ONCE_MAX: usize = 4;
/// Files that wait for their turn; who comes after them is told to come again.
pub(crate) const WAITING_MAX: usize = 64;
/// How long the reading of one file may take.
pub(crate) const TIME_MAX: Duration = Duration::from_millis(1_500);
/// Bytes of memory that a process which reads files may write to: the file, what its parts take, and what a stream
/// unpacks to.
pub(crate) const MEMORY_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Files of more bytes are the last that a process reads, so that the memory they took is given back.
pub(crate) const KEPT_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a file that are handed on: more than are read, so that one which is too long is seen to be.
pub(crate) const QUESTION_BYTES_MAX: usize = 24 * 1024 * 1024;
/// Bytes of one answer: sixteen signatures of the greatest size, and what is said of them.
pub(crate) const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How much the processes that read files give way to the one that serves.
pub(crate) const NICENESS: i32 = 10;
