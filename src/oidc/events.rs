//! What is written down about clients, grants and tokens.

use base::id::{OrganisationId, PersonId, SessionId};

use crate::ClientId;

records::events! {
    /// An authorization request was answered with an error page. Its client is `-` when it is none of ours.
    AuthorizationRefused = "oidc.authorization_refused" of client: String {
        why: String,
        address: String,
        /// How many of them within a minute.
        count: Option<u64>,
        /// The redirect URI that came, when it is not registered.
        received: Option<String>,
        /// Those that are.
        registered: Option<Vec<String>>,
    }
    /// What a client is registered with was changed: the terms before and after, as JSON.
    ClientChanged = "client.changed" of client: ClientId { before: String, after: String }
    /// A client was disabled: it gets no tokens and its tokens no longer count.
    ClientDisabled = "client.disabled" of client: ClientId {}
    /// A client was enabled again.
    ClientEnabled = "client.enabled" of client: ClientId {}
    /// A wrong secret was used for a client. It is `-` when what came is no identifier of a client.
    ClientRefused = "client.refused" of client: String {
        address: String,
        /// How many of them within a minute.
        count: Option<u64>,
    }
    /// A client was registered.
    ClientRegistered = "client.registered" of client: ClientId {
        name: String,
        organisation: OrganisationId,
        scopes: String,
        pkce_exempted_by: Option<String>,
        identity_number_approved: bool,
        acts_for: Vec<String>,
    }
    /// A client got a new secret; the old one no longer counts.
    ClientSecretRenewed = "client.secret_renewed" of client: ClientId {}
    /// A code came back with something wrong and is burnt.
    CodeBurnt = "token.code_burnt" of family: String { client: ClientId, why: String }
    /// A code was redeemed: the client has tokens.
    CodeRedeemed = "token.code_redeemed" of family: String {
        client: ClientId,
        person: PersonId,
        session: SessionId,
        scopes: String,
        /// The client sent a PKCE challenge that it had sent before.
        pkce_reuse: Option<bool>,
    }
    /// A code came a second time: everything that came out of it is revoked.
    CodeReused = "token.code_reused" of family: String {
        client: ClientId,
        /// How many times within a minute.
        count: Option<u64>,
    }
    /// A person let a client have something.
    GrantGiven = "grant.given" of person: PersonId { client: ClientId, scopes: String }
    /// A person refused.
    GrantRefused = "grant.refused" of person: PersonId { client: ClientId, scopes: String }
    /// A person withdrew what a client had.
    GrantWithdrawn = "grant.withdrawn" of person: PersonId { client: ClientId, families: u64 }
    /// What a family says was changed past the product: it is revoked.
    FamilyChanged = "token.family_changed" of family: String { client: ClientId }
    /// An old refresh token came back: its family is revoked.
    RefreshReused = "token.refresh_reused" of family: String { client: ClientId }
    /// A session ended, and with it the tokens that clients got in it.
    SessionTokensRevoked = "token.session_revoked" of session: SessionId { families: usize, clients_told: usize }
    /// A refresh token was exchanged for its successor.
    TokenRefreshed = "token.refreshed" of family: String {
        client: ClientId,
        /// The answer was given again, because the first one was lost.
        again: Option<bool>,
    }
}

impl records::event::Detail for ClientId {
    const SHAPE: records::event::Shape = records::event::Shape::Text;

    fn json(&self) -> records::event::Value {
        self.as_str().into()
    }

    fn of(value: &records::event::Value) -> Option<Self> {
        Self::parse(value.as_str()?).ok()
    }
}
