//! Which rows of this crate an audit holds against the log, and what others rest on in them.

use records::{Acts, After, IfChanged, Marked, OBJECT, Older, Rule};

use crate::events::{
    AccountClosed, AccountLocked, AccountOpened, AccountRenamed, AccountUnlocked, CommandKeyEnded, CommandKeyMade,
    CommandProved, MandateEnded, MandateGiven, OrganisationCeased, OrganisationChanged, OrganisationRegistered,
    OrganisationResumed, OrganisationSuspended, PasswordHandedOut, PasswordResetApproved, PasswordResetFiled,
    PasswordResetRefused, PasswordResetWithdrawn, PasswordSet, PasswordUpgraded, PersonChanged, PersonDied,
    PersonRegistered, ProposalApproved, ProposalMade, ProposalRefused, ProposalWithdrawn, ReasonGiven, SessionClosed,
    SignInSucceeded, StaffAppointed, StaffEnded,
};

/// Who exists, who may do what, and with what people sign in.
pub static MARKED: &[Marked] = &[
    Marked {
        table: "person",
        key: &["person_id"],
        columns: &["name", "identity_lookup", "identity_sealed", "died_on", "profile"],
        after: &[
            After::object::<PersonChanged>(),
            After::object::<PersonDied>(),
            After::object::<PersonRegistered>().first(),
        ],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::First(4),
        rules: PERSON,
    },
    Marked {
        table: "person_renaming",
        key: &["renaming_id"],
        columns: &["person_id", "at", "name_before", "name_after"],
        after: &[After::details::<PersonChanged>(&["renaming"]).first()],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: &[],
    },
    Marked {
        table: "organisation",
        key: &["organisation_id"],
        columns: &["name", "credit_code", "kind", "legal_representative", "state", "registered_at", "address"],
        after: &[
            After::object::<OrganisationCeased>(),
            After::object::<OrganisationChanged>(),
            After::object::<OrganisationRegistered>().first(),
            After::object::<OrganisationResumed>(),
            After::object::<OrganisationSuspended>(),
        ],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: ORGANISATION,
    },
    Marked {
        table: "mandate",
        key: &["person_id", "organisation_id"],
        columns: &["starts_at", "ends_at"],
        after: &[
            After::details::<MandateEnded>(&["person", OBJECT]),
            After::details::<MandateGiven>(&["person", OBJECT]),
        ],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: &[],
    },
    Marked {
        table: "staff",
        key: &["staff_id"],
        columns: &["person_id", "organisation_id", "roles", "appointed_at", "ended_at"],
        after: &[After::object::<StaffAppointed>().first(), After::object::<StaffEnded>()],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: Some(Acts { kinds: &["operator", "staff"], from: "appointed_at", until: "ended_at" }),
        older: Older::AsNow,
        rules: STAFF,
    },
    Marked {
        table: "account",
        key: &["account_id"],
        columns: &["person_id", "username", "username_key", "state", "opened_at"],
        after: &[
            After::object::<AccountClosed>(),
            After::object::<AccountLocked>(),
            After::object::<AccountOpened>().first(),
            After::object::<AccountRenamed>(),
            After::object::<AccountUnlocked>(),
        ],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: ACCOUNT,
    },
    Marked {
        table: "password",
        key: &["account_id"],
        columns: &["phc", "set_at", "ends_at"],
        after: &[
            After::object::<PasswordHandedOut>(),
            After::object::<PasswordSet>(),
            After::object::<PasswordUpgraded>(),
        ],
        is_removed: false,
        if_changed: IfChanged::Replace,
        acts: None,
        older: Older::AsNow,
        rules: &[],
    },
    Marked {
        table: "command_key",
        key: &["key_hash"],
        columns: &["account_id", "made_at", "ends_at", "ended_at"],
        after: &[After::details::<CommandKeyEnded>(&["key"]), After::details::<CommandKeyMade>(&["key"]).first()],
        is_removed: false,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: &[],
    },
    // What was decided is told by the log: whoever decides rests on what was wanted, and by whom.
    Marked {
        table: "proposal",
        key: &["proposal_id"],
        columns: &["kind", "object", "change", "reason", "proposed_by", "proposed_at", "ends_at"],
        after: &[After::object::<ProposalMade>().first()],
        is_removed: true,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: PROPOSAL,
    },
    Marked {
        table: "password_reset",
        key: &["reset_id"],
        columns: &["account_id", "person_id", "organisation_id", "document", "filed_by", "filed_at", "ends_at"],
        after: &[After::details::<PasswordResetFiled>(&["reset"]).first()],
        is_removed: true,
        if_changed: IfChanged::Refuse,
        acts: None,
        older: Older::AsNow,
        rules: RESET,
    },
    Marked {
        table: "session",
        key: &["session_id"],
        columns: &["token_hash", "account_id", "method", "opened_at", "authenticated_at", "ends_at", "closed_at"],
        after: &[After::object::<SessionClosed>(), After::details::<SignInSucceeded>(&["session"]).first()],
        is_removed: true,
        if_changed: IfChanged::Keep,
        acts: None,
        older: Older::AsNow,
        rules: &[],
    },
];

const PERSON: &[Rule] = &[Rule::Ends {
    what: "person",
    ends: &[After::object::<PersonDied>()],
    begins: &[],
    acts: &[
        After::details::<AccountOpened>(&["person"]),
        After::details::<MandateGiven>(&["person"]),
        After::details::<StaffAppointed>(&["person"]),
    ],
    actors: &["person"],
    is_once: false,
    kept_days: Rule::EVER_DAYS,
}];

const ORGANISATION: &[Rule] = &[Rule::Ends {
    what: "organisation",
    ends: &[After::object::<OrganisationCeased>()],
    begins: &[],
    acts: &[
        After::object::<MandateGiven>(),
        After::object::<OrganisationResumed>(),
        After::object::<OrganisationSuspended>(),
        After::details::<StaffAppointed>(&["organisation"]),
    ],
    actors: &[],
    is_once: true,
    kept_days: Rule::EVER_DAYS,
}];

const ACCOUNT: &[Rule] = &[
    Rule::Ends {
        what: "account",
        ends: &[After::object::<AccountClosed>(), After::object::<AccountLocked>()],
        begins: &[After::object::<AccountUnlocked>()],
        acts: &[After::object::<CommandProved>(), After::object::<SignInSucceeded>()],
        actors: &[],
        is_once: false,
        kept_days: Rule::EVER_DAYS,
    },
    Rule::Ends {
        what: "account",
        ends: &[After::object::<AccountClosed>()],
        begins: &[],
        acts: &[After::object::<AccountUnlocked>()],
        actors: &[],
        is_once: true,
        kept_days: Rule::EVER_DAYS,
    },
];

const PROPOSAL: &[Rule] = &[Rule::decided_once(
    "proposal",
    &[After::object::<ProposalApproved>(), After::object::<ProposalRefused>(), After::object::<ProposalWithdrawn>()],
)];

const RESET: &[Rule] = &[Rule::decided_once(
    "password_reset",
    &[
        After::details::<PasswordResetApproved>(&["reset"]),
        After::details::<PasswordResetRefused>(&["reset"]),
        After::details::<PasswordResetWithdrawn>(&["reset"]),
    ],
)];

/// Accounts of those with powers are opened at no counter, and by no operator alone.
const STAFF: &[Rule] = &[Rule::Holds {
    what: "staff",
    given: After::details::<StaffAppointed>(&["person"]),
    listed: "roles",
    powers: &["auditor", "clerk", "operator", "reviewer", "seal_keeper"],
    ended: After::object::<StaffEnded>(),
    without: &[
        After::details::<PasswordResetApproved>(&["person"]),
        After::details::<PasswordResetFiled>(&["person"]),
        After::details::<ReasonGiven>(&["person"]),
    ],
}];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staff::POWERS;

    #[test]
    fn the_powers_that_an_audit_asks_for_are_those_that_are_asked_for_at_a_counter() {
        let Rule::Holds { powers, .. } = &STAFF[0] else { panic!() };
        assert_eq!(*powers, POWERS.iter().map(|role| role.code()).collect::<Vec<_>>());
    }
}
