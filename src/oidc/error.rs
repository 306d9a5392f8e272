//! What can be wrong with a request. Each variant says what is true; what is answered is decided at the edge.

use base::Fault;
use records::MaybeFault;
use thiserror::Error;

/// Why a request of a client or a browser was refused.
#[derive(Debug, Error)]
pub enum Error {
    /// The person said no.
    #[error("the person refused")]
    AccessDenied,
    /// An access token that is forged, expired, of another kind, or whose session or grant is over.
    #[error("the access token is not valid")]
    AccessTokenInvalid,
    /// No access token at all.
    #[error("an access token is needed")]
    AccessTokenMissing,
    /// The access token was given twice, in the header and in the body.
    #[error("the access token was given twice")]
    AccessTokenTwice,
    /// Unknown or disabled client, wrong or missing secret, or a method that this client may not use. Which of them
    /// is not told.
    #[error("the client could not be authenticated")]
    ClientAuthentication,
    /// The client identifier is taken.
    #[error("a client with this identifier exists")]
    ClientExists,
    /// The client used two methods of authentication at once.
    #[error("the client used two methods of authentication at once")]
    ClientAuthenticatedTwice,
    /// No such client, or it is disabled.
    #[error("the client is not registered")]
    ClientUnknown,
    /// The client is not registered for this kind of request.
    #[error("the client is not registered for this")]
    ClientUnauthorized,
    /// The person would have to be asked, and the client said not to.
    #[error("the person has not consented")]
    ConsentRequired,
    /// Ours to repair.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The code or refresh token does not get tokens.
    #[error("{0}")]
    GrantInvalid(GrantFlaw),
    /// We have no such grant type.
    #[error("the grant type is not supported")]
    GrantTypeUnsupported,
    /// What the people's side said when an operator changes a client.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// The parked request is too old. The client can begin again.
    #[error("the sign-in took too long")]
    InteractionExpired,
    /// The parked request was made in another browser, or is forged.
    #[error("the sign-in was begun in another browser")]
    InteractionForeign,
    /// Nobody is signed in, or not recently enough, or somebody else, and the client said not to ask.
    #[error("the person is not signed in")]
    LoginRequired,
    /// A parameter that cannot be as it is.
    #[error("parameter {0} is malformed")]
    ParameterMalformed(&'static str),
    /// A parameter that must be there.
    #[error("parameter {0} is missing")]
    ParameterMissing(&'static str),
    /// A parameter given more than once.
    #[error("a parameter was repeated")]
    ParameterRepeated,
    /// More than can wait while a person signs in.
    #[error("the parameters together are too long")]
    ParametersTooLong,
    /// Not a form, too long, too many parameters, or bytes that are not text.
    #[error("the parameters cannot be read")]
    ParametersUnreadable,
    /// The redirect URI is not registered for the client, byte for byte.
    #[error("the redirect URI is not registered")]
    RedirectUriUnregistered,
    /// A value that a client may not be registered with.
    #[error("{field}: {flaw}")]
    Registration {
        /// Which value.
        field: &'static str,
        /// What is wrong with it.
        flaw: &'static str,
    },
    /// We register no clients on the way.
    #[error("the registration parameter is not supported")]
    RegistrationInRequest,
    /// We read no request objects.
    #[error("request objects are not supported")]
    RequestObject,
    /// We fetch no requests.
    #[error("request URIs are not supported")]
    RequestUri,
    /// Anything but `query` and `form_post`.
    #[error("the response mode is not supported")]
    ResponseModeUnsupported,
    /// Anything but `code`.
    #[error("the response type is not supported")]
    ResponseTypeUnsupported,
    /// A scope that we do not have or that this client may not ask for.
    #[error("a scope is unknown or not allowed for this client")]
    ScopeNotAllowed,
    /// An authorization request without `openid`: nothing would say who signed in.
    #[error("the scope openid is missing")]
    ScopeOpenidMissing,
    /// The access token lacks the scope that the request needs.
    #[error("the access token lacks scope {0}")]
    ScopeMissing(&'static str),
    /// A secret stood in the address, where logs and histories see it.
    #[error("a secret must not stand in the address")]
    SecretInAddress,
    /// Too many wrong secrets of this client from this address.
    #[error("too many wrong secrets")]
    WrongSecrets,
}

/// Why a code or a refresh token gets no tokens.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum GrantFlaw {
    /// Older than [`crate::limits::CODE_SECONDS`].
    #[error("the code has expired")]
    CodeExpired,
    /// Issued to another client.
    #[error("the code was issued to another client")]
    CodeForeign,
    /// Redeemed before: everything that came out of it is revoked.
    #[error("the code was used before")]
    CodeReused,
    /// Not a code of ours.
    #[error("the code is not valid")]
    CodeUnreadable,
    /// The row of its family was changed past the product: the family is revoked.
    #[error("the refresh token has expired or was revoked")]
    FamilyChanged,
    /// Another redirect URI than in the authorization request.
    #[error("the redirect URI is not the one of the authorization request")]
    RedirectUriDiffers,
    /// Past its idle or absolute limit, or its family was revoked, or the account is closed.
    #[error("the refresh token has expired or was revoked")]
    RefreshExpired,
    /// An old token of the family came back: the family is revoked.
    #[error("the refresh token was used before")]
    RefreshReused,
    /// Not a refresh token of ours, or of another client.
    #[error("the refresh token is not valid")]
    RefreshUnreadable,
    /// The person signed out or withdrew, or the account was closed, between the code and its redemption.
    #[error("the session or the consent behind the code is over")]
    SessionOver,
    /// No verifier, or not the one of the challenge, or one where there was no challenge.
    #[error("the code verifier is missing or wrong")]
    VerifierWrong,
}

impl MaybeFault for Error {
    fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            Self::Identity(error) => error.fault(),
            _ => None,
        }
    }
}
