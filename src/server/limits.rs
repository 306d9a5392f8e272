//! Every limit of this crate.

use std::time::Duration;

/// Jobs of the queue that run at the same time.
pub(crate) const JOBS_AT_ONCE: usize = 64;

/// Jobs that are taken from the queue at once.
pub(crate) const JOBS_CLAIMED_AT_ONCE: usize = 4;

/// Running jobs of one lane with which it gets no more: somebody who never answers leaves the other places to the others.
/// Those that were taken at once with the last of them run too.
pub(crate) const LANE_JOBS_MAX: usize = 4;

/// How long one job may run. Less than the lease, so that no other node starts it meanwhile.
pub(crate) const JOB_TIMEOUT: Duration = Duration::from_secs(45);

/// How long a turn of a task beside requests may take that is a few statements. More than these may take when the database
/// is silent: that is a turn which failed.
pub(crate) const TURN_TIME_MAX: Duration = Duration::from_mins(1);

/// How long a turn may take that makes signatures for as many as wait.
pub(crate) const SIGNING_TURN_TIME_MAX: Duration = Duration::from_mins(5);

/// The most connections at the same time; the next one waits in the kernel's queue.
pub(crate) const CONNECTIONS_MAX: usize = 8192;

/// One client has at most the eighth part of them, however many there are. Many people may be behind one address.
pub(crate) const CONNECTIONS_EACH_DIVISOR: usize = 8;

/// Connections that are refused at once with an answer; more are just closed.
pub(crate) const CONNECTIONS_REFUSED_AT_ONCE: usize = 64;

/// How long the refusal of a connection may take.
pub(crate) const REFUSAL_WITHIN: Duration = Duration::from_secs(1);

/// How long a listener waits that could take nobody: out of open files, most often, and running requests return theirs.
pub(crate) const NOBODY_TAKEN_WAIT: Duration = Duration::from_millis(50);

/// Open files that are kept for the program itself: keys, processes that read files, calls to applications, refusals.
pub(crate) const FILES_KEPT: usize = 320;

/// Open files that a connection to the database may need: SQLite has three.
pub(crate) const FILES_PER_DATABASE_CONNECTION: usize = 4;

/// How long a client may take to send its request line and headers.
pub(crate) const HEADERS_TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of request line and headers together.
pub(crate) const HEADERS_SIZE_MAX: usize = 64 * 1024;

/// The most headers of one request.
pub(crate) const HEADERS_COUNT_MAX: usize = 100;

/// Bytes of a line that are looked at for how long a body is: such a line is a tenth as long.
pub(crate) const FRAMING_LINE_BYTES_MAX: usize = 256;

/// How long a connection that has brought no request yet is waited for when the server stops. Browsers and proxies open
/// some ahead of need and send nothing.
pub(crate) const FIRST_REQUEST_WITHIN: Duration = Duration::from_secs(1);

/// How long a connection that has brought one before is waited for when the server stops: a request may be on its way.
pub(crate) const HEARD_WITHIN: Duration = Duration::from_millis(100);

/// How long a listener may take to look whether somebody connects.
pub(crate) const LISTENER_STANDS_STILL: Duration = Duration::from_secs(10);

/// Bytes of log lines that wait to be written.
pub(crate) const LOG_BYTES_WAITING_MAX: usize = 1024 * 1024;

/// How long the end of the program waits for log lines to be written.
pub(crate) const LOG_END_WITHIN: Duration = Duration::from_secs(1);

/// Heads of the event log that an audit looks at: those of some three years, one in a minute.
pub(crate) const KEPT_HEADS_MAX: usize = 1_600_000;

/// Characters of a reason in the log that a program gave: what follows is in what the command printed.
pub(crate) const TOLD_CHARACTERS_MAX: usize = 300;

/// Findings of an audit that the log has in words, for auditors: the first ones say where to look.
pub(crate) const FINDINGS_TOLD_MAX: usize = 20;

/// Bytes of a line with a head of the event log in it.
pub(crate) const HEAD_LINE_BYTES_MAX: u64 = 16 * 1024;

/// Lines of one file that are no heads of ours, with which an audit reads no more of it: whoever can write there can write
/// without an end.
pub(crate) const HEAD_LINES_DAMAGED_MAX: usize = 1000;

/// Bytes at the end of a file in which the head is looked for that was kept last: first so many, then so many.
pub(crate) const HEAD_TAILS_BYTES: [u64; 2] = [64 * 1024, 16 * 1024 * 1024];

/// Bytes of what is written down beside the heads: where the last sound audit ended, how far the witness has come.
pub(crate) const BESIDE_HEADS_BYTES_MAX: u64 = 1024 * 1024;

/// Bytes without a head in them that the witness is brought past at once.
pub(crate) const WITNESS_PASSED_AT_ONCE: u64 = 16 * 1024 * 1024;

/// How long a witness that took no head is left alone at most.
pub(crate) const WITNESS_WAIT_MAX: Duration = Duration::from_mins(1);

/// How long heads are sent to a witness in one turn.
pub(crate) const WITNESS_TURN_ENDS_AFTER: Duration = Duration::from_secs(30);

/// Bytes of a backup's manifest: it names every key file, of which a province has some ten thousand.
pub(crate) const MANIFEST_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Bytes of the file with a manifest's tag: 32 in hexadecimal.
pub(crate) const TAG_BYTES_MAX: u64 = 64;

/// Bytes of one row in a backup. The longest are revocation lists and documents.
pub(crate) const ROW_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Rows of a backup that are put into a database at once, and the bytes after which no more are added to them.
pub(crate) const ROWS_AT_ONCE: usize = 64;
pub(crate) const ROWS_AT_ONCE_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of a key file in a backup.
pub(crate) const KEY_FILE_BYTES_MAX: u64 = 64 * 1024;
