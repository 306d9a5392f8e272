//! The words of what keys and seals are for.

use base::Text;
use pki::{KeyState, Purpose};
use seal::SealKind;

/// What a key is for.
pub fn purpose_words(purpose: Purpose) -> &'static Text {
    match purpose {
        Purpose::AccessToken => words::operator::ACCESS_TOKEN,
        Purpose::IdTokenEs256 => words::operator::ID_TOKEN_ES256,
        Purpose::IdTokenRs256 => words::operator::ID_TOKEN_RS256,
        Purpose::IssuingAuthority => words::operator::ISSUING_AUTHORITY,
        Purpose::LogHead => words::operator::LOG_HEAD,
        Purpose::Root => words::operator::ROOT,
        Purpose::Seal => words::operator::SEAL,
    }
}

/// Where a key is in its life.
pub fn key_state_words(state: KeyState) -> &'static Text {
    match state {
        KeyState::Active => words::operator::ACTIVE,
        KeyState::PrePublished => words::operator::PRE_PUBLISHED,
        KeyState::Retired => words::operator::RETIRED,
        KeyState::Revoked => words::operator::REVOKED,
    }
}

/// What a kind of seals is called.
pub fn seal_kind_words(kind: SealKind) -> &'static Text {
    match kind {
        SealKind::Licence => words::seals::KIND_LICENCE,
        SealKind::Official => words::seals::KIND_OFFICIAL,
    }
}
