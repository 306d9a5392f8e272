//! Which rows of this crate an audit holds against the log, and what others rest on in them.

use identity::events::{SessionClosed, SignInSucceeded};
use records::{After, IfChanged, Marked, OBJECT, Older, Rule};

use crate::events::{
    ClientChanged, ClientDisabled, ClientEnabled, ClientRegistered, ClientSecretRenewed, CodeBurnt, CodeRedeemed,
    CodeReused, FamilyChanged, GrantGiven, GrantWithdrawn, RefreshReused, TokenRefreshed,
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
        rules: CLIENT,
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
        rules: TOKENS,
    },
];

const CLIENT: &[Rule] = &[Rule::Ends {
    what: "client",
    ends: &[After::object::<ClientDisabled>()],
    begins: &[After::object::<ClientEnabled>()],
    acts: &[],
    // Its tokens, and what it does through the API.
    actors: &["client"],
    is_once: false,
    kept_days: Rule::EVER_DAYS,
}];

/// What tokens hang on. That a consent or a session took its families with it no event says of each of them.
const TOKENS: &[Rule] = &[
    Rule::Ends {
        what: "token_family",
        ends: &[
            After::object::<CodeBurnt>(),
            After::object::<CodeReused>(),
            After::object::<FamilyChanged>(),
            After::object::<RefreshReused>(),
        ],
        begins: &[],
        acts: &[After::object::<CodeRedeemed>(), After::object::<TokenRefreshed>()],
        actors: &[],
        is_once: false,
        // No family lasts longer.
        kept_days: 366,
    },
    Rule::Ends {
        what: "session",
        ends: &[After::object::<SessionClosed>()],
        begins: &[],
        acts: &[After::details::<CodeRedeemed>(&["session"]), After::details::<SignInSucceeded>(&["session"])],
        actors: &[],
        is_once: false,
        kept_days: 31,
    },
];
