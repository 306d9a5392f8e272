//! Which rows of this crate an audit holds against the log, and what others rest on in them.

use records::{After, IfChanged, Marked};

use crate::events::{ClientChanged, ClientDisabled, ClientEnabled, ClientRegistered, ClientSecretRenewed};

/// Who may sign people in, where to, and with which secret.
pub static MARKED: &[Marked] = &[Marked {
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
}];
