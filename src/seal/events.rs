//! The kinds of events this crate records.

/// A seal was applied for.
pub const APPLIED: &str = "seal.applied";
/// A seal was cancelled for good.
pub const CANCELLED: &str = "seal.cancelled";
/// A seal was enabled.
pub const ENABLED: &str = "seal.enabled";
/// A seal was filed.
pub const FILED: &str = "seal.filed";
/// A seal was frozen.
pub const FROZEN: &str = "seal.frozen";
/// A seal's picture, key and certificate were made.
pub const MADE: &str = "seal.made";
/// A seal got a new key and certificate.
pub const RENEWED: &str = "seal.renewed";
/// A frozen seal was enabled again.
pub const UNFROZEN: &str = "seal.unfrozen";

/// All kinds.
pub const ALL: &[&str] = &[APPLIED, CANCELLED, ENABLED, FILED, FROZEN, MADE, RENEWED, UNFROZEN];
