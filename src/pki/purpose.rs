//! What a key is for, and where it is in its life.

use std::fmt;

use crypto::Suite;

/// What a key is for. A key never has two purposes: a signature made for one thing can then not be passed off as
/// another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// Access tokens (ES256).
    AccessToken,
    /// Identity and logout tokens for clients that chose ES256.
    IdTokenEs256,
    /// Identity and logout tokens for all others (RS256 is what every client understands).
    IdTokenRs256,
    /// Certificates of seals and services, and their revocation list.
    IssuingAuthority,
    /// Heads of the event log, for who keeps them outside (ES256).
    LogHead,
    /// The issuing authority's certificate, and nothing else.
    Root,
    /// Sealing files: one key for each seal.
    Seal,
}

impl Purpose {
    /// Every purpose that has exactly one current key, in the order in which they are made.
    pub const SINGLE: [Self; 6] =
        [Self::Root, Self::IssuingAuthority, Self::IdTokenRs256, Self::IdTokenEs256, Self::AccessToken, Self::LogHead];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::IdTokenEs256 => "id_token_es256",
            Self::IdTokenRs256 => "id_token_rs256",
            Self::IssuingAuthority => "issuing_authority",
            Self::LogHead => "log_head",
            Self::Root => "root",
            Self::Seal => "seal",
        }
    }

    /// Reads what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::SINGLE.into_iter().chain([Self::Seal]).find(|purpose| purpose.as_str() == text)
    }

    /// The suite of a key of this purpose that is made now; one made before may have another.
    pub fn suite(self) -> Suite {
        match self {
            Self::IdTokenRs256 => Suite::Rs256,
            Self::AccessToken
            | Self::IdTokenEs256
            | Self::IssuingAuthority
            | Self::LogHead
            | Self::Root
            | Self::Seal => Suite::Es256,
        }
    }

    /// The name of a service key's certificate.
    pub(crate) fn certificate_name(self) -> &'static str {
        match self {
            Self::AccessToken => "访问令牌签名",
            Self::IdTokenEs256 => "身份令牌签名 ES256",
            Self::IdTokenRs256 => "身份令牌签名 RS256",
            Self::IssuingAuthority => "电子印章签发机构",
            Self::LogHead => "日志链首签名",
            Self::Root => "根证书",
            Self::Seal => "电子印章",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Signs.
    Active,
    /// Published so that verifiers learn of it before it signs.
    PrePublished,
    /// Signs no more; what it signed can still be checked.
    Retired,
    /// Must not be trusted any more.
    Revoked,
}

impl KeyState {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::PrePublished => "pre_published",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }

    /// Reads what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::PrePublished, Self::Retired, Self::Revoked]
            .into_iter()
            .find(|state| state.as_str() == text)
    }

    /// Whether a key may go from this state to another. Revoked is final, and a retired key never signs again.
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::PrePublished, Self::Active)
                | (Self::PrePublished | Self::Active, Self::Retired)
                | (Self::PrePublished | Self::Active | Self::Retired, Self::Revoked)
        )
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
