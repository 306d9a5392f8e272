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

/// Every kind with its words in Chinese and English.
pub const ALL: &[(&str, &str, &str)] = &[
    (APPLIED, "申请印章", "seal applied for"),
    (CANCELLED, "注销印章", "seal cancelled"),
    (ENABLED, "启用印章", "seal enabled"),
    (FILED, "印章备案", "seal filed"),
    (FROZEN, "冻结印章", "seal frozen"),
    (MADE, "制作印章", "seal made"),
    (RENEWED, "更换印章证书", "seal renewed"),
    (UNFROZEN, "解冻印章", "seal unfrozen"),
];
