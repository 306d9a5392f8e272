//! The kinds of events this crate records.

/// A client was registered.
pub const CLIENT_REGISTERED: &str = "client.registered";
/// A client was enabled again.
pub const CLIENT_ENABLED: &str = "client.enabled";
/// A client was disabled: it gets no tokens and its tokens no longer count.
pub const CLIENT_DISABLED: &str = "client.disabled";
/// A client got a new secret; the old one no longer counts.
pub const CLIENT_SECRET_RENEWED: &str = "client.secret_renewed";
/// A wrong secret was used for a client.
pub const CLIENT_REFUSED: &str = "client.refused";
/// An authorization request was answered with an error page.
pub const AUTHORIZATION_REFUSED: &str = "oidc.authorization_refused";
/// A person let a client have something.
pub const GRANT_GIVEN: &str = "grant.given";
/// A person refused.
pub const GRANT_REFUSED: &str = "grant.refused";
/// A person withdrew what a client had.
pub const GRANT_WITHDRAWN: &str = "grant.withdrawn";
/// A code was redeemed: the client has tokens.
pub const CODE_REDEEMED: &str = "token.code_redeemed";
/// A code came back with something wrong and is burnt.
pub const CODE_BURNT: &str = "token.code_burnt";
/// A code came a second time: everything that came out of it is revoked.
pub const CODE_REUSED: &str = "token.code_reused";
/// A refresh token was exchanged for its successor.
pub const REFRESHED: &str = "token.refreshed";
/// An old refresh token came back: its family is revoked.
pub const REFRESH_REUSED: &str = "token.refresh_reused";
/// A session ended, and with it the tokens that clients got in it.
pub const SESSION_TOKENS_REVOKED: &str = "token.session_revoked";

/// All kinds.
pub const ALL: &[&str] = &[
    CLIENT_REGISTERED,
    CLIENT_ENABLED,
    CLIENT_DISABLED,
    CLIENT_SECRET_RENEWED,
    CLIENT_REFUSED,
    AUTHORIZATION_REFUSED,
    GRANT_GIVEN,
    GRANT_REFUSED,
    GRANT_WITHDRAWN,
    CODE_REDEEMED,
    CODE_BURNT,
    CODE_REUSED,
    REFRESHED,
    REFRESH_REUSED,
    SESSION_TOKENS_REVOKED,
];
