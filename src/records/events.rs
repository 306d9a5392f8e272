//! What this crate writes down itself.

use base::id::JobId;

crate::events! {
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
    }
    /// An auditor read what the log says about somebody or something, or what somebody did.
    LogRead = "log.read" of about: String { by: String, count: usize }
    /// Somebody answers for it that the log ends earlier than it did when a head was kept outside.
    LossAcknowledged = "log.loss_acknowledged" of log: String { kept: i64, found: i64, reason: String }
    /// A node found that the log ends earlier than it did when a head was kept outside: an older copy is in its place.
    LogPutBack = "log.put_back" of log: String { kept: i64, found: i64 }
    /// Rows of one kind that are over went into a file of the archive.
    RowsArchived = "rows.archived" of what: String {
        first: String,
        last: String,
        count: usize,
        file: String,
        sha256: String,
    }
}
