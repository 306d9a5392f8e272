//! OpenID Connect over HTTP. The rules are in the crate `oidc`; here they get addresses, pages and status codes.

mod authorize;
mod consent;
mod documents;
mod error;
mod interaction;
mod logout;
mod parameters;
mod token;
mod userinfo;

#[cfg(test)]
mod tests;

use ::oidc::discovery::path;

pub use self::interaction::describe;
use crate::kit::{access::Guard, admission::Anyone, table::Table};

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    table
        .get(path::DISCOVERY, Anyone, documents::discovery)
        .get(path::JWKS, Anyone, documents::jwks)
        .get(path::AUTHORIZATION, Anyone, authorize::show)
        .post(
            path::AUTHORIZATION,
            Anyone,
            Guard::Open("OpenID Connect Core 3.1.2.1: it only turns into the same request by GET"),
            authorize::by_post,
        )
        .get("/authorize/continue", Anyone, authorize::go_on)
        .get("/consent", Anyone, consent::show)
        .post("/consent", Anyone, Guard::Form, consent::answer)
        .post(path::TOKEN, Anyone, Guard::Bearer, token::answer)
        .get(path::USERINFO, Anyone, userinfo::by_get)
        .post(path::USERINFO, Anyone, Guard::Bearer, userinfo::by_post)
        .get(path::END_SESSION, Anyone, logout::ask)
        .post(
            path::END_SESSION,
            Anyone,
            Guard::Open("RP-Initiated Logout 1.0 §2: it only turns into the same request by GET"),
            logout::by_post,
        )
        .post("/logout/confirm", Anyone, Guard::Form, logout::confirm)
}
