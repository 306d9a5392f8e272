//! Which rows of this crate an audit holds against the log, and what others rest on in them.

use records::{After, IfChanged, Marked, Older, Rule};

use crate::events::{
    SealApplied, SealCancelled, SealEnabled, SealFiled, SealFrozen, SealMade, SealRenewed, SealUnfrozen,
};

/// Which seals there are, who keeps them, and with which key they seal.
pub static MARKED: &[Marked] = &[Marked {
    table: "seal",
    key: &["seal_id"],
    columns: &[
        "organisation_id",
        "kind",
        "name",
        "number",
        "ring",
        "below",
        "keeper",
        "state",
        "reason",
        "key_id",
        "applied_at",
        "changed_at",
    ],
    after: &[
        After::object::<SealApplied>().first(),
        After::object::<SealCancelled>(),
        After::object::<SealEnabled>(),
        After::object::<SealFiled>(),
        After::object::<SealFrozen>(),
        After::object::<SealMade>(),
        After::object::<SealRenewed>(),
        After::object::<SealUnfrozen>(),
    ],
    is_removed: false,
    if_changed: IfChanged::Refuse,
    acts: None,
    older: Older::AsNow,
    rules: SEAL,
}];

const SEAL: &[Rule] = &[Rule::Ends {
    what: "seal",
    ends: &[After::object::<SealCancelled>()],
    begins: &[],
    acts: &[
        After::object::<SealEnabled>(),
        After::object::<SealFiled>(),
        After::object::<SealFrozen>(),
        After::object::<SealMade>(),
        After::object::<SealRenewed>(),
        After::object::<SealUnfrozen>(),
    ],
    actors: &[],
    is_once: true,
    kept_days: Rule::EVER_DAYS,
}];
