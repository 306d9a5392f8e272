//! Which rows of this crate an audit holds against the log, and what others rest on in them.

use records::{After, IfChanged, Marked, OBJECT, Older};

use crate::events::{
    ClientChanged, ClientDisabled, ClientEnabled, ClientRegistered, ClientSecretRenewed, GrantGiven, GrantWithdrawn,
};

/// Who may sign people in, where to, and with which secret; and what persons let them have.
pub static MARKED: &[Marked] = &[
    Marked {
        table: "client",
        key: &["client_id"],
        columns: &[
            "organisation_id",
            "name_zh",
            "name_en",
            "purpose_zh",
            "purpose_en",
            "secret_hash",
            "backchannel_logout_uri",
            "settings",
            "enabled",
            "created_at",
        ],
        after: &[
            After::object::<ClientChanged>(),
            After::object::<ClientDisabled>(),
            After::object::<ClientEnabled>(),
            After::object::<ClientRegistered>().first(),
            After::object::<ClientSecretRenewed>(),
        ],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
    },
    // Who gives or takes back writes all of it that counts: of what was taken back the scopes do not.
    Marked {
        table: "client_grant",
        key: &["person_id", "client_id"],
        columns: &["scopes", "granted_at", "withdrawn_at"],
        after: &[
            After::details::<GrantGiven>(&[OBJECT, "client"]),
            After::details::<GrantWithdrawn>(&[OBJECT, "client"]),
        ],
        is_removed: false,
        if_changed: IfChanged::Replace,
        acts: None,
        older: Older::Unmarked,
    },
];
