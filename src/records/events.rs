//! What this crate writes down itself.

use base::id::JobId;

crate::events! {
    /// This became a demonstration, of invented people whose passwords everybody knows.
    DemonstrationFounded = "demonstration.founded" of city: String {}
    /// A job was given up after its last try.
    JobDead = "job.dead" of job: JobId { kind: String, error: String }
    /// The whole log was audited: how many events and rows, and how much is wrong with them.
    LogAudited = "log.audited" of log: String { events: i64, rows: u64, findings: usize }
    /// An auditor read what the log says about somebody or something, or what somebody did.
    LogRead = "log.read" of about: String { by: String, count: usize }
    /// Somebody answers for it that the log ends earlier than it did when a head was kept outside.
    LossAcknowledged = "log.loss_acknowledged" of log: String { kept: i64, found: i64, reason: String }
    /// A node found that the log ends earlier than it did when a head was kept outside: an older copy is in its place.
    LogPutBack = "log.put_back" of log: String { kept: i64, found: i64 }
}
