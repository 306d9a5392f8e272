//! Which rows of this crate an audit holds against the log, and what others rest on in them.

use records::{After, IfChanged, Marked, OBJECT, Older, Rule};
use seal::events::{SealCancelled, SealFrozen, SealUnfrozen};

use crate::events::{
    ApplicationAdopted, ApplicationAmended, ApplicationApproved, ApplicationProposed, ApplicationReturned,
    ApplicationSubmitted, ApplicationWithdrawn, IssueIntended, IssueResumed, IssueVoided, JointHolderAdded,
    LicenceIssued, LicenceReinstated, LicenceRevoked, LicenceSuperseded, LicenceSuspended, RevocationAdopted,
    RevocationFiled, RevocationRefused, RevocationWithdrawn, TypeDrafted, TypeIssuerAdded, TypePublished, TypeRetired,
    TypeRevocationSet,
};

/// What may be issued by whom, what was applied for, and what was issued. The document itself is not among it: its digest
/// is, and what it is sealed with at rest tells a changed byte.
pub static MARKED: &[Marked] = &[
    Marked {
        table: "licence_type",
        key: &["licence_type_id"],
        columns: &["type_code", "version", "state", "definition", "created_at"],
        after: &[
            After::object::<TypeDrafted>().first(),
            After::object::<TypePublished>(),
            After::object::<TypeRetired>(),
        ],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: &[],
    },
    Marked {
        table: "licence_type_issuer",
        key: &["organisation_id", "type_code"],
        columns: &["type_code", "revoked_by"],
        after: &[
            After::details::<TypeIssuerAdded>(&[OBJECT, "code"]).first(),
            After::details::<TypeRevocationSet>(&[OBJECT, "code"]),
        ],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: &[],
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
            After::object::<ApplicationAmended>(),
            After::object::<ApplicationApproved>(),
            After::object::<ApplicationProposed>().first(),
            After::object::<ApplicationReturned>(),
            After::object::<ApplicationSubmitted>().first(),
            After::object::<ApplicationWithdrawn>(),
        ],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: APPLICATION,
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
            After::object::<IssueIntended>().first(),
            After::object::<IssueResumed>(),
            After::object::<IssueVoided>(),
            After::object::<LicenceIssued>(),
            After::object::<LicenceReinstated>(),
            After::object::<LicenceRevoked>(),
            After::object::<LicenceSuperseded>(),
            After::object::<LicenceSuspended>(),
        ],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: LICENCE,
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
            After::details::<RevocationFiled>(&["revocation"]).first(),
        ],
        is_removed: true,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: REVOCATION,
    },
    Marked {
        table: "licence_joint_holder",
        key: &["licence_id"],
        columns: &["person_id"],
        after: &[After::object::<JointHolderAdded>().first()],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: &[],
    },
    Marked {
        table: "licence_content",
        key: &["licence_id"],
        columns: &["content_digest", "maker_staff", "maker_person", "checker_staff", "checker_person"],
        after: &[After::object::<IssueIntended>().first()],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: &[],
    },
    Marked {
        table: "licence_file",
        key: &["licence_id"],
        columns: &["sha256", "seal_id", "key_id", "made_at"],
        after: &[After::object::<LicenceIssued>().first()],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: FILE,
    },
];

// What was returned and then changed is handed in again, and decided again.
const APPLICATION: &[Rule] = &[Rule::Ends {
    what: "application",
    ends: &[
        After::object::<ApplicationApproved>(),
        After::object::<ApplicationReturned>(),
        After::object::<ApplicationWithdrawn>(),
    ],
    begins: &[After::object::<ApplicationAmended>()],
    acts: &[],
    actors: &[],
    is_once: true,
    kept_days: 366,
}];

const LICENCE: &[Rule] = &[
    Rule::Ends {
        what: "licence",
        ends: &[After::object::<IssueVoided>(), After::object::<LicenceIssued>()],
        begins: &[],
        acts: &[After::object::<IssueResumed>()],
        actors: &[],
        is_once: true,
        // There are more licences than anything else.
        kept_days: 31,
    },
    Rule::Ends {
        what: "licence",
        ends: &[After::object::<LicenceRevoked>()],
        begins: &[],
        acts: &[After::object::<LicenceReinstated>(), After::object::<LicenceSuspended>()],
        actors: &[],
        is_once: true,
        kept_days: Rule::EVER_DAYS,
    },
];

const REVOCATION: &[Rule] = &[Rule::decided_once(
    "licence_revocation",
    &[
        After::details::<LicenceRevoked>(&["revocation"]),
        After::details::<RevocationRefused>(&["revocation"]),
        After::details::<RevocationWithdrawn>(&["revocation"]),
    ],
)];

const FILE: &[Rule] = &[Rule::Ends {
    what: "seal",
    ends: &[After::object::<SealCancelled>(), After::object::<SealFrozen>()],
    begins: &[After::object::<SealUnfrozen>()],
    acts: &[After::details::<LicenceIssued>(&["seal"])],
    actors: &[],
    is_once: false,
    kept_days: Rule::EVER_DAYS,
}];
