//! Licences from a department's own system.

mod crash_during_issue;
mod holders;
mod interface;
