//! Which rows of this crate an audit holds against the log, and what others rest on in them.

use records::{After, IfChanged, Marked, Older, Rule};

use crate::events::{
    CertificateIssued, CertificateRevoked, CrlSigned, KeyActivated, KeyBroughtBack, KeyCreated, KeyRetired, KeyRevoked,
    KeyTakenOut,
};

/// Which keys and certificates count.
pub static MARKED: &[Marked] = &[
    Marked {
        table: "pki_key",
        key: &["key_id"],
        columns: &["purpose", "algorithm", "state", "spki", "not_before", "not_after", "created_at", "taken_out_at"],
        after: &[
            After::object::<KeyActivated>(),
            After::object::<KeyBroughtBack>(),
            After::object::<KeyCreated>().first(),
            After::object::<KeyRetired>(),
            After::object::<KeyRevoked>(),
            After::object::<KeyTakenOut>(),
        ],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: KEY,
    },
    Marked {
        table: "pki_certificate",
        key: &["certificate_id"],
        columns: &[
            "key_id",
            "issuer_key_id",
            "serial",
            "subject",
            "der",
            "not_before",
            "not_after",
            "revoked_at",
            "revocation_reason",
        ],
        after: &[After::object::<CertificateIssued>().first(), After::object::<CertificateRevoked>()],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: CERTIFICATE,
    },
];

const KEY: &[Rule] = &[
    Rule::Ends {
        what: "pki_key",
        ends: &[After::object::<KeyRevoked>()],
        begins: &[],
        acts: &[After::object::<KeyActivated>(), After::details::<CertificateIssued>(&["key"])],
        actors: &[],
        is_once: true,
        kept_days: Rule::EVER_DAYS,
    },
    // Nothing leaves a list that was on one before.
    Rule::Counts { what: "pki_key", after: &[After::object::<CrlSigned>()], number: "number", least: "revoked" },
];

const CERTIFICATE: &[Rule] = &[Rule::Ends {
    what: "pki_certificate",
    ends: &[After::object::<CertificateRevoked>()],
    begins: &[],
    acts: &[],
    actors: &[],
    is_once: true,
    kept_days: Rule::EVER_DAYS,
}];
