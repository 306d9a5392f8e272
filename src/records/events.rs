//! What this crate writes down itself.

use base::id::JobId;

crate::events! {
    /// A backup was begun, which this stands in too: into which folder, and whether the keys are put into it.
    BackupBegun = "backup.begun" of backup: String { folder: String, with_keys: bool }
    /// A drill looked at a backup: how much is wrong with it, and what is wrong first.
    BackupDrilled = "backup.drilled" of backup: String { findings: usize, why: Option<String> }
    /// A backup is whole: how large it is, what is in it, and how long it took.
    BackupEnded = "backup.ended" of backup: String { bytes: u64, events: i64, rows: u64, seconds: i64 }
    /// A backup was not made, and nothing is left of it.
    BackupFailed = "backup.failed" of backup: String { error: String }
    /// A whole backup was removed when a newer one was there.
    BackupRemoved = "backup.removed" of backup: String {}
    /// This is what was put back from a backup, which had so many events.
    BackupRestored = "backup.restored" of backup: String { events: i64 }
    /// This became a demonstration, of invented people whose passwords everybody knows.
    DemonstrationFounded = "demonstration.founded" of city: String {}
    /// A job was given up after its last try.
    JobDead = "job.dead" of job: JobId { kind: String, error: String }
    /// Events went into a file of the archive, from one number to another: its digest, and the hash of the last of them.
    LogArchived = "log.archived" of log: String { first: i64, last: i64, file: String, sha256: String, hash: String }
    /// The log was audited: up to which event, how many rows, and how much is wrong with them. One that went on behind the
    /// last checked point says which event that was, and when the whole log was audited last.
    LogAudited = "log.audited" of log: String {
        events: i64,
        rows: u64,
        findings: usize,
        checked: Option<i64>,
        whole_at: Option<String>,
        /// The first of what is wrong, in words.
        named: Option<Vec<String>>,
    }
    /// A node kept a head of the log where none was, of the event with this number.
    LogHeadsBegun = "log.heads_begun" of log: String { kept: i64 }
    /// An auditor read what the log says about somebody or something, or what somebody did, or looked for that; or an
    /// operator, of one request.
    LogRead = "log.read" of about: String { by: String, count: usize }
    /// Somebody answers for it that the log ends earlier than it did when a head was kept outside.
    LossAcknowledged = "log.loss_acknowledged" of log: String { kept: i64, found: i64, reason: String }
    /// A node found that the log ends earlier than it did when a head was kept outside: an older copy is in its place.
    LogPutBack = "log.put_back" of log: String { kept: i64, found: i64 }
    /// A row that was damaged, changed or taken away past the product was put back as the last act left it: of which table,
    /// and from which backup.
    RowPutBack = "rows.put_back" of row: String { table: String, backup: String, reason: String }
    /// Rows that an older version left without a mark, or with one that covered less, were marked as they lay there.
    RowsMarked = "rows.marked" of table: String { rows: usize }
    /// Rows of one kind that are over went into a file of the archive.
    RowsArchived = "rows.archived" of what: String {
        first: String,
        last: String,
        count: usize,
        file: String,
        sha256: String,
    }
}
