//! Every limit of this crate.

use std::time::Duration;

/// Files that are read at once, each for no longer than a [`SLICE`].
pub(crate) const AT_ONCE_MAX: usize = 8;
/// How long a core may work on a file before it goes behind those that take less: an honest licence takes a tenth of it.
pub(crate) const SLICE: Duration = Duration::from_millis(10);
/// Files that wait for their turn; who comes after them is told to come again.
pub(crate) const WAITING_MAX: usize = 64;
/// Files that take long and are read or wait behind the others; who comes after them is told to come again.
pub(crate) const LONG_MAX: usize = 32;
/// How long the files of a client go behind the others from their beginning, after one that took long.
pub(crate) const BEHIND: Duration = Duration::from_secs(10);
/// Clients that are remembered for it; of more, files take their turn as everybody's do.
pub(crate) const BEHIND_MAX: usize = 4_096;
/// How long a core may work on one file.
pub(crate) const TIME_MAX: Duration = Duration::from_millis(1_500);
/// How many times longer a file may wait and be read, all together, on a machine that has other things to do.
pub(crate) const PATIENCE: u32 = 8;
/// Bytes of memory that a process which reads files may write to: the file, what its parts take, and what a stream
/// unpacks to.
pub(crate) const MEMORY_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of memory that a process may keep between two files; one that keeps more ends. A new one keeps two.
pub(crate) const KEPT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of one block of a file that waits.
pub(crate) const BLOCK_BYTES: usize = 64 * 1024;
/// Bytes that lie in the pipe to a process: more than a licence has.
pub(crate) const PIPE_BYTES: usize = 256 * 1024;
/// Bytes of a file that are handed on: more than are read, so that one which is too long is seen to be.
pub(crate) const QUESTION_BYTES_MAX: usize = 24 * 1024 * 1024;
/// Bytes of one answer: sixteen signatures of the greatest size, and what is said of them.
pub(crate) const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How much the processes that read files give way to the one that serves.
pub(crate) const NICENESS: i32 = 10;
/// How much those give way that read files which take long.
pub(crate) const NICENESS_LONG: i32 = 19;
