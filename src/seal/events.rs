//! What is written down about seals.

use base::id::{KeyId, OrganisationId, SealId, StaffId};

records::events! {
    /// A seal was applied for.
    SealApplied = "seal.applied" of seal: SealId {
        organisation: OrganisationId,
        kind: String,
        number: String,
        keeper: StaffId,
    }
    /// A seal was cancelled for good; on a page by the operator who approved what its keeper proposed.
    SealCancelled = "seal.cancelled" of seal: SealId { reason: String, proposed_by: Option<StaffId> }
    /// A seal was enabled.
    SealEnabled = "seal.enabled" of seal: SealId { key: KeyId }
    /// A seal was filed.
    SealFiled = "seal.filed" of seal: SealId { key: KeyId }
    /// A seal was frozen.
    SealFrozen = "seal.frozen" of seal: SealId { reason: String }
    /// A seal's picture, key and certificate were made.
    SealMade = "seal.made" of seal: SealId { key: KeyId }
    /// A seal got a new key and certificate.
    SealRenewed = "seal.renewed" of seal: SealId { key: KeyId, before: KeyId, reason: String }
    /// A frozen seal was enabled again; on a page by the operator who approved what its keeper proposed.
    SealUnfrozen = "seal.unfrozen" of seal: SealId { reason: String, proposed_by: Option<StaffId> }
}
