//! What is written down about licences.

use base::id::{ApplicationId, KeyId, LicenceId, LicenceTypeId, OrganisationId, ReceiptId, SealId, StaffId};

use crate::reason::{ReturnReason, RevocationReason, SuspensionReason};

records::events! {
    /// A reviewer approved an application.
    ApplicationApproved = "application.approved" of application: ApplicationId {
        content_sha256: String,
        licence: LicenceId,
    }
    /// A reviewer returned an application.
    ApplicationReturned = "application.returned" of application: ApplicationId { reason: ReturnReason }
    /// A clerk handed in an application.
    ApplicationSubmitted = "application.submitted" of application: ApplicationId {
        r#type: String,
        content_sha256: String,
    }
    /// A number was given and the intent to issue recorded.
    IssueIntended = "licence.issue_intended" of licence: LicenceId {
        identifier: String,
        maker: StaffId,
        checker: StaffId,
        content_sha256: String,
    }
    /// A repeated request goes on with the number it was given before.
    IssueResumed = "licence.issue_resumed" of licence: LicenceId {}
    /// An intent could not be carried out; its number is not used again.
    IssueVoided = "licence.voided" of licence: LicenceId { reason: String }
    /// The signed document was recorded: the licence exists.
    LicenceIssued = "licence.issued" of licence: LicenceId { sha256: String, seal: SealId, key: KeyId }
    /// A suspended licence is in force again.
    LicenceReinstated = "licence.reinstated" of licence: LicenceId {}
    /// A licence was revoked for good.
    LicenceRevoked = "licence.revoked" of licence: LicenceId { reason: RevocationReason }
    /// A renewed licence took the place of an older one.
    LicenceSuperseded = "licence.superseded" of licence: LicenceId { by: LicenceId }
    /// A licence was suspended.
    LicenceSuspended = "licence.suspended" of licence: LicenceId { reason: SuspensionReason }
    /// Somebody verified a licence, or what looked like one: then the object is the receipt.
    LicenceVerified = "licence.verified" of about: String {
        receipt: ReceiptId,
        method: String,
        outcome: String,
        reason: Option<String>,
    }
    /// A member of staff opened a receipt again. The object is the licence, where there is one.
    ReceiptOpened = "verification.receipt_opened" of about: String { receipt: ReceiptId }
    /// A draft of a licence type was written.
    TypeDrafted = "licence_type.drafted" of licence_type: LicenceTypeId { code: String, version: i64 }
    /// A department may issue licences of a type.
    TypeIssuerAdded = "licence_type.issuer_added" of organisation: OrganisationId { code: String }
    /// A version of a licence type may be used from now on.
    TypePublished = "licence_type.published" of licence_type: LicenceTypeId {}
    /// A version of a licence type may no longer be used.
    TypeRetired = "licence_type.retired" of licence_type: LicenceTypeId {}
    /// A file carried a genuine seal and is not in the records: a key may be in other hands.
    VerificationAlarm = "verification.alarm" of about: String {
        receipt: ReceiptId,
        method: String,
        outcome: String,
        reason: Option<String>,
    }
}
