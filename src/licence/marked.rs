//! Which rows of this crate an audit holds against the log, and what others rest on in them.

use records::{After, Marked, OBJECT};

use crate::events::{
    ApplicationAdopted, ApplicationApproved, ApplicationProposed, ApplicationReturned, ApplicationSubmitted,
    IssueIntended, IssueResumed, IssueVoided, LicenceIssued, LicenceReinstated, LicenceRevoked, LicenceSuperseded,
    LicenceSuspended, RevocationAdopted, RevocationFiled, TypeDrafted, TypeIssuerAdded, TypePublished, TypeRetired,
    TypeRevocationSet,
};

/// What may be issued by whom, what was applied for, and what was issued. The document itself is not among it: its digest
/// is, and what it is sealed with at rest tells a changed byte.
pub static MARKED: &[Marked] = &[
    Marked {
        table: "licence_type",
        key: &["licence_type_id"],
        columns: &["type_code", "version", "state", "definition", "created_at"],
        after: &[After::object::<TypeDrafted>(), After::object::<TypePublished>(), After::object::<TypeRetired>()],
        is_removed: false,
    },
    Marked {
        table: "licence_type_issuer",
        key: &["organisation_id", "type_code"],
        columns: &["type_code", "revoked_by"],
        after: &[
            After::details::<TypeIssuerAdded>(&[OBJECT, "code"]),
            After::details::<TypeRevocationSet>(&[OBJECT, "code"]),
        ],
        is_removed: false,
    },
    Marked {
        table: "application",
        key: &["application_id"],
        columns: &[
            "licence_type_id",
            "issuer_id",
            "holder_kind",
            "holder_id",
            "holder_shown",
            "state",
            "content_digest",
            "renews",
            "maker_staff",
            "maker_person",
            "submitted_at",
            "checker_staff",
            "checker_person",
            "decided_at",
            "return_reason",
            "licence_id",
            "proposed_by",
        ],
        after: &[
            After::object::<ApplicationAdopted>(),
            After::object::<ApplicationApproved>(),
            After::object::<ApplicationProposed>(),
            After::object::<ApplicationReturned>(),
            After::object::<ApplicationSubmitted>(),
        ],
        is_removed: false,
    },
    Marked {
        table: "licence",
        key: &["licence_id"],
        columns: &[
            "identifier",
            "code",
            "origin",
            "licence_type_id",
            "issuer_id",
            "issuer_name",
            "holder_kind",
            "holder_id",
            "holder_shown",
            "status",
            "reason",
            "changed_at",
            "issued_at",
            "valid_from",
            "valid_until",
            "renews",
            "decision",
        ],
        after: &[
            After::object::<IssueIntended>(),
            After::object::<IssueResumed>(),
            After::object::<IssueVoided>(),
            After::object::<LicenceIssued>(),
            After::object::<LicenceReinstated>(),
            After::object::<LicenceRevoked>(),
            After::object::<LicenceSuperseded>(),
            After::object::<LicenceSuspended>(),
        ],
        is_removed: false,
    },
    // What was decided is told by the log: whoever decides rests on what is to be revoked for what, and who filed it.
    Marked {
        table: "licence_revocation",
        key: &["revocation_id"],
        columns: &[
            "licence_id",
            "issuer_id",
            "reason",
            "decision",
            "client",
            "filed_by",
            "filed_person",
            "filed_at",
            "ends_at",
        ],
        after: &[
            After::details::<RevocationAdopted>(&["revocation"]),
            After::details::<RevocationFiled>(&["revocation"]),
        ],
        is_removed: true,
    },
    Marked {
        table: "licence_content",
        key: &["licence_id"],
        columns: &["content_digest", "maker_staff", "maker_person", "checker_staff", "checker_person"],
        after: &[After::object::<IssueIntended>()],
        is_removed: false,
    },
    Marked {
        table: "licence_file",
        key: &["licence_id"],
        columns: &["sha256", "seal_id", "key_id", "made_at"],
        after: &[After::object::<LicenceIssued>()],
        is_removed: false,
    },
];
