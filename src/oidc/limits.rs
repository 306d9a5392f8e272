//! The limits of everything that comes in. Each has a test at the limit and one beyond it.

/// The longest query or form with an authorization, token or logout request, in bytes.
pub const PARAMETERS_LENGTH_MAX: usize = 16 * 1024;

/// The most parameters of one request, known or not.
pub(crate) const PARAMETERS_MAX: usize = 64;

/// The longest client identifier.
pub(crate) const CLIENT_ID_LENGTH_MAX: usize = 64;

/// The longest URI of a client.
pub(crate) const URI_LENGTH_MAX: usize = 512;

/// The most URIs of one kind that a client may register.
pub(crate) const URIS_MAX: usize = 20;

/// The most names and networks inside that an operator opens.
pub(crate) const EXTRANET_MAX: usize = 200;

/// The most departments besides its own that a client may act for.
pub(crate) const ACTS_FOR_MAX: usize = 200;

/// The longest `state`, decoded: it holds the page to which an application goes on, in whatever form. Written as `%XX` it
/// still comes back in an address that is within what applications and proxies take.
pub(crate) const STATE_LENGTH_MAX: usize = 4 * 1024;

/// The longest `nonce`; it travels inside the code and the ID token.
pub(crate) const NONCE_LENGTH_MAX: usize = 1024;

/// The most scopes of one request.
pub(crate) const SCOPES_MAX: usize = 100;

/// The longest list of scopes.
pub(crate) const SCOPE_LENGTH_MAX: usize = 2048;

/// The longest request that waits in an address while a person signs in: what it becomes there is a third longer, and stays
/// within what is returned to.
pub(crate) const PARKED_LENGTH_MAX: usize = 9 * 1024;

/// The longest `login_hint`.
pub const LOGIN_HINT_LENGTH_MAX: usize = 256;

/// The longest `ui_locales`, of which only the first languages are looked at.
pub(crate) const HINT_LENGTH_MAX: usize = 1024;

/// The longest JWT that is read.
pub(crate) const JWT_LENGTH_MAX: usize = 8 * 1024;

/// The longest authorization code or refresh token that is looked at.
pub(crate) const TOKEN_LENGTH_MAX: usize = 4 * 1024;

/// The longest name or purpose of a client, in characters.
pub(crate) const CLIENT_TEXT_LENGTH_MAX: usize = 100;

/// The most clients kept in memory; beyond it the memory begins anew.
pub(crate) const CLIENTS_IN_MEMORY_MAX: usize = 10_000;

/// The most PKCE challenges kept in memory to notice one that comes back; beyond it the memory begins anew.
pub(crate) const CHALLENGES_IN_MEMORY_MAX: usize = 10_000;

/// How long an authorization code lives.
pub(crate) const CODE_SECONDS: i64 = 60;

/// How long an access token lives.
pub(crate) const ACCESS_TOKEN_SECONDS: i64 = 600;

/// How long an ID token lives.
pub(crate) const ID_TOKEN_SECONDS: i64 = 600;

/// How long a parked authorization request waits for the person to sign in or to decide.
pub(crate) const INTERACTION_SECONDS: i64 = 3600;

/// How long a family without `offline_access` is remembered: longer than any session lives.
pub(crate) const FAMILY_SECONDS: i64 = 24 * 3600;

/// How long a refresh token lives without being used.
pub(crate) const REFRESH_IDLE_SECONDS: i64 = 14 * 24 * 3600;

/// How long refresh tokens of one family live altogether.
pub(crate) const REFRESH_ABSOLUTE_SECONDS: i64 = 90 * 24 * 3600;

/// How long the refresh token before the current one gets the same answer again.
pub(crate) const REFRESH_GRACE_SECONDS: i64 = 10;

/// How long a logout token may be delivered.
pub(crate) const LOGOUT_TOKEN_SECONDS: i64 = 120;

/// How many wrong secrets of one client from one address are looked at in a minute before the answer is "later".
pub(crate) const WRONG_SECRETS_MAX: u64 = 10;

/// Of how many pairs of client and address it is counted what they do wrong; of more together.
pub(crate) const TALLIED_MAX: usize = 1_000;

/// The most entries of one kind that are shown for a request which was counted among others.
pub(crate) const COUNTED_SHOWN_MAX: i64 = 20;

/// The most applications shown on the page of connected applications.
pub(crate) const APPS_SHOWN_MAX: i64 = 200;

/// The most applications told of the end of one session.
pub(crate) const LOGOUT_CLIENTS_MAX: i64 = 500;
