//! What this crate writes down itself.

use base::id::JobId;

crate::events! {
    /// A job was given up after its last try.
    JobDead = "job.dead" of job: JobId { kind: String, error: String }
}
