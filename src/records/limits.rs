//! How long anything about the database may take, and how many rows at once. All of it is kept on this side of the
//! connection: a server that fell silent keeps nothing.

use std::time::Duration;

/// A connection is replaced after so long, so that memory the server keeps for it does not grow for ever.
pub(crate) const LIFETIME: Duration = Duration::from_mins(30);

/// Connections for looks at what was committed, beside those that do the work; on top of `database.connections`.
pub(crate) const PLACES_BESIDE: usize = 2;

/// What is kept in memory is loaded again after so long, whatever its revisions say.
pub(crate) const LOADED_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// How long one server may take to let us in, unless `connect_timeout` of the URL says otherwise.
pub(crate) const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// The longest `connect_timeout` of a URL, in seconds.
pub(crate) const CONNECT_SECONDS_MAX: u32 = 60;

/// PostgreSQL itself ends a statement that takes too long, and says so. Who heard nothing so long after that will hear
/// nothing more.
pub(crate) const ANSWER_MARGIN: Duration = Duration::from_secs(2);

/// How long one statement of a migration may run: an index over all licences takes its time.
pub(crate) const MIGRATION_WITHIN: Duration = Duration::from_hours(1);

/// A connection that was not used for so long is asked for a sign of life first: what lies on the way may have forgotten
/// it, and its server may be gone.
pub(crate) const QUIET_AFTER: Duration = Duration::from_secs(1);

/// How long a sign of life may take, unless `tcp_user_timeout` of the URL says less; and the end of a transaction that
/// nobody waits for.
pub(crate) const SIGN_OF_LIFE_WITHIN: Duration = Duration::from_secs(2);

/// How long any answer may take while the program stops.
pub(crate) const HURRIED_WITHIN: Duration = Duration::from_secs(5);

/// Who waits looks up so often whether the program stops.
pub(crate) const LOOK_UP_EVERY: Duration = Duration::from_millis(500);

/// How long the goodbyes of all idle connections may take together.
pub(crate) const GOODBYE_WITHIN: Duration = Duration::from_secs(2);

/// How many rows of what is over one statement removes: whoever writes at the same time waits no longer than that takes.
/// The statements say the number themselves: a plan that does not know it makes room for a tenth of the table.
pub const REMOVED_AT_ONCE: i64 = 500;

/// How many events a page may look at that is filtered in two ways: it then holds fewer than asked for, and goes on.
pub(crate) const EXAMINED_MAX: usize = 2000;

/// The most servers in one URL.
pub(crate) const SERVERS_MAX: usize = 16;

/// A clock that differs from the database's by no more than this is left as it is.
pub(crate) const SKEW_BORNE_MICROS: i64 = 1_000_000;

/// Events of what changed nothing that are written at once.
pub(crate) const TOLD_AT_ONCE_MAX: usize = 256;

/// Rows of a table that are read at once for a copy.
pub(crate) const COPY_ROWS: usize = 256;

/// The same of a table that holds bytes: documents and revocation lists may be long.
pub(crate) const COPY_LONG_ROWS: usize = 16;

/// Rows in one file of the archive, and the bytes after which no more are added: so many are in memory at once.
pub(crate) const ARCHIVE_FILE_ROWS: usize = 10_000;
pub(crate) const ARCHIVE_FILE_BYTES: usize = 64 * 1024 * 1024;

/// Rows that are over and are read at once for the archive: revocation lists may be long.
pub(crate) const ARCHIVE_ROWS_READ: i64 = 100;

/// Entries that say what was archived, of which one is looked for.
pub(crate) const TOLD_LOOKED_AT: i64 = 50;

/// Bytes of a file of the archive: so many, and then one row more.
pub(crate) const ARCHIVE_FILE_BYTES_MAX: u64 =
    ARCHIVE_FILE_BYTES as u64 + ARCHIVE_LINE_BYTES + ARCHIVE_FILE_ROWS as u64;

/// Names under which somebody tries to begin a file: whoever was cut off has left one, and nobody leaves so many.
pub(crate) const HALF_NAMES_MAX: u32 = 1000;

/// Bytes of one line in the archive, far above what an act leaves.
pub(crate) const ARCHIVE_LINE_BYTES: u64 = 64 * 1024 * 1024;

/// Entries without a number that an audit holds against rows: more than a sequencer that turns ever leaves.
pub(crate) const WAITING_MAX: usize = 64_000;

/// How long a turn to archive counts without a sign of life of whoever has it.
pub(crate) const ARCHIVE_TURN_SECONDS: i64 = 300;

/// How long others are left to write between two steps that remove, at least and at most: as long as the step took.
pub(crate) const ARCHIVE_PAUSE_MIN: Duration = Duration::from_millis(5);
pub(crate) const ARCHIVE_PAUSE_MAX: Duration = Duration::from_millis(500);

/// Entries of a file that an audit holds against rows at once.
pub(crate) const AUDIT_ENTRIES: usize = 640;
