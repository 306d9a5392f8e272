//! What a client knows a person and a session by.

use base::id::{PersonId, SessionId};
use crypto::encoding::base64url;

use crate::{
    Provider,
    client::{Client, ClientId, SubjectType},
};

/// The `sub` of a person for a client: keyed, so that nobody can compute one from an identifier, and the same for all
/// clients of one department.
pub fn subject(provider: &Provider, client: &Client, person: &PersonId) -> String {
    let person = person.as_str().as_bytes();
    base64url(&match client.settings.subject {
        SubjectType::Pairwise => {
            provider.subject_mac(&[b"pairwise\0", client.organisation_id.as_str().as_bytes(), b"\0", person])
        }
        SubjectType::Public => provider.subject_mac(&[b"public\0", person]),
    })
}

/// The `sid` of a session for a client: two clients cannot compare theirs.
pub fn session(provider: &Provider, client: &ClientId, session: &SessionId) -> String {
    let mac = provider.session_mac(&[client.as_str().as_bytes(), b"\0", session.as_str().as_bytes()]);
    base64url(mac.get(..16).unwrap_or(&mac))
}
