//! The kinds of events this crate records itself.

/// A job was given up after its last try.
pub const JOB_DEAD: &str = "job.dead";
