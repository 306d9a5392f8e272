//! What is written down about licences.

use base::id::{
    ApplicationId, KeyId, LicenceId, LicenceTypeId, OrganisationId, PersonId, ReceiptId, RevocationId, SealId, StaffId,
};

use crate::reason::{ReturnReason, RevocationReason, SuspensionReason, WithdrawalReason};

records::events! {
    /// A reviewer approved an application.
    ApplicationApproved = "application.approved" of application: ApplicationId {
        content_sha256: String,
        licence: LicenceId,
    }
    /// A reviewer returned an application.
    ApplicationReturned = "application.returned" of application: ApplicationId { reason: ReturnReason }
    /// Somebody of the department looked at an application.
    ApplicationOpened = "application.opened" of application: ApplicationId { holder: String }
    /// A clerk took on what a system had proposed, and answers for it from now on.
    ApplicationAdopted = "application.adopted" of application: ApplicationId { content_sha256: String }
    /// A clerk changed what an application says that waits for a reviewer or was returned.
    ApplicationAmended = "application.amended" of application: ApplicationId {
        content_sha256: String,
        before_sha256: String,
    }
    /// A system asked for a licence, which two people of the department are to decide.
    ApplicationProposed = "application.proposed" of application: ApplicationId {
        r#type: String,
        content_sha256: String,
        client: String,
        clerk: StaffId,
    }
    /// A clerk handed in an application.
    ApplicationSubmitted = "application.submitted" of application: ApplicationId {
        r#type: String,
        content_sha256: String,
    }
    /// A clerk took an application back that waited for a reviewer.
    ApplicationWithdrawn = "application.withdrawn" of application: ApplicationId { reason: WithdrawalReason }
    /// A number was given and the intent to issue recorded.
    IssueIntended = "licence.issue_intended" of licence: LicenceId {
        identifier: String,
        maker: StaffId,
        checker: StaffId,
        content_sha256: String,
        /// The system that said itself that these two decided.
        attested_by: Option<String>,
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
    LicenceRevoked = "licence.revoked" of licence: LicenceId {
        reason: RevocationReason,
        decision: Option<String>,
        /// What the one who acts approved, and who had filed it.
        revocation: Option<RevocationId>,
        filed_by: Option<StaffId>,
        /// The system that said itself that two people decided.
        attested_by: Option<String>,
    }
    /// A clerk took a revocation on that a system had asked for, and answers for it from now on.
    RevocationAdopted = "licence.revocation_adopted" of licence: LicenceId {
        revocation: RevocationId,
        decision: String,
    }
    /// Somebody filed a revocation, or a system asked for one; another person has to approve it.
    RevocationFiled = "licence.revocation_filed" of licence: LicenceId {
        revocation: RevocationId,
        reason: RevocationReason,
        decision: Option<String>,
        client: Option<String>,
    }
    /// Somebody of the issuer looked at a revocation.
    RevocationOpened = "licence.revocation_opened" of licence: LicenceId { revocation: RevocationId }
    /// A revocation was refused: the licence stays as it was.
    RevocationRefused = "licence.revocation_refused" of licence: LicenceId {
        revocation: RevocationId,
        filed_by: Option<StaffId>,
        why: String,
    }
    /// Whoever filed a revocation took it back.
    RevocationWithdrawn = "licence.revocation_withdrawn" of licence: LicenceId { revocation: RevocationId }
    /// Somebody holds a licence beside its holder: the other parent of a newborn.
    JointHolderAdded = "licence.joint_holder_added" of licence: LicenceId { person: PersonId }
    /// A renewed licence took the place of an older one.
    LicenceSuperseded = "licence.superseded" of licence: LicenceId { by: LicenceId }
    /// Somebody of the issuer, or its system, looked at a licence: at its page, its file or its record.
    LicenceOpened = "licence.opened" of licence: LicenceId { what: String }
    /// The holder, or who acts for it, has seen that the licence is suspended or revoked.
    LicenceNoticeSeen = "licence.notice_seen" of licence: LicenceId {
        status: String,
        /// Since when it stood so; entries from before do not say it.
        since: Option<String>,
    }
    /// Somebody of the issuer, or its system, looked through licences.
    LicencesListed = "licence.listed" of issuer: OrganisationId { count: usize, after: Option<LicenceId> }
    /// Somebody of the issuer looked for licences by a number. The object is whose number it was, `-` when nobody's.
    LicencesSearched = "licence.searched" of about: String { by: String, count: usize }
    /// A licence was suspended.
    LicenceSuspended = "licence.suspended" of licence: LicenceId { reason: SuspensionReason }
    /// Somebody verified a licence, or what looked like one: then the object is the receipt.
    LicenceVerified = "licence.verified" of about: String {
        receipt: ReceiptId,
        method: String,
        outcome: String,
        reason: Option<String>,
    }
    /// Whoever verified a licence said whether the person who showed it is its holder.
    HolderCompared = "verification.holder_compared" of about: String { receipt: ReceiptId, is_holder: bool }
    /// A member of staff opened a receipt again. The object is the licence, where there is one.
    ReceiptOpened = "verification.receipt_opened" of about: String { receipt: ReceiptId }
    /// A draft of a licence type was written.
    TypeDrafted = "licence_type.drafted" of licence_type: LicenceTypeId { code: String, version: i64 }
    /// A department may issue licences of a type.
    TypeIssuerAdded = "licence_type.issuer_added" of organisation: OrganisationId { code: String }
    /// A department revokes licences of a type by one person, or by two as a rule.
    TypeRevocationSet = "licence_type.revocation_set" of organisation: OrganisationId { code: String, people: i64 }
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
