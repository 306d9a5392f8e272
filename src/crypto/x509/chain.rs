//! From a certificate to a root that we trust.

use base::Instant;
use thiserror::Error;

use super::{Certificate, Crl, crl::Revoked};
use crate::limits::{CHAIN_LENGTH_MAX, CHAIN_SIGNATURES_MAX};

/// Why no certificate chain holds. Each says one thing that is true of the best chain that was found.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ChainError {
    /// A certificate was no longer good at that instant.
    #[error("the certificate of {0} had expired")]
    Expired(String),
    /// A key was used for what its certificate does not allow.
    #[error("the certificate of {0} does not allow this use")]
    KeyUsage(String),
    /// A certificate was signed by one that may not issue.
    #[error("{0} is not a certificate authority")]
    NotAnAuthority(String),
    /// A certificate was not yet good at that instant.
    #[error("the certificate of {0} was not yet valid")]
    NotYetValid(String),
    /// More authorities stand below one than it allows, or the chain is longer than we follow.
    #[error("the chain is longer than {0} allows")]
    PathTooLong(String),
    /// A certificate had been revoked, or its key was compromised.
    #[error("the certificate of {name} was revoked")]
    Revoked {
        /// Whose.
        name: String,
        /// Since when.
        at: Instant,
    },
    /// No current revocation list of an authority on the chain is at hand.
    #[error("no current revocation list of {0}")]
    RevocationUnknown(String),
    /// Looking further would cost more than a stranger's file may cost us.
    #[error("too many possible chains")]
    TooMuchWork,
    /// A certificate has a critical extension that we do not understand.
    #[error("the certificate of {0} has a critical extension that is not understood")]
    UnknownCriticalExtension(String),
    /// No root that we trust issued it, directly or through others.
    #[error("no trusted root for {0}")]
    UnknownIssuer(String),
    /// A key or signature of a kind that we do not use.
    #[error("the certificate of {0} uses an algorithm that is not accepted")]
    UnsupportedAlgorithm(String),
}

/// A chain that holds, from the leaf to a trusted root.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The certificates; the root is the last.
    pub certificates: Vec<Certificate>,
}

/// What is known about revocation.
#[derive(Clone, Copy, Debug)]
pub struct Revocation<'a> {
    /// The lists at hand.
    pub lists: &'a [Crl],
    /// The instant for which a list must be current: now, not when the signature was made.
    pub now: Instant,
    /// Whether a chain without a current list for each of its authorities is refused. Roots publish no list of the
    /// certificates directly under them in a small hierarchy, so only the leaf's issuer is asked for one.
    pub required: bool,
}

impl Revocation<'_> {
    /// Nothing is known and nothing is asked: for checks at issuing, before anything can have been revoked.
    pub fn not_asked() -> Self {
        Self { lists: &[], now: Instant::from_micros(0), required: false }
    }
}

/// Finds a chain from `leaf` over `intermediates` to one of `roots` that holds at the instant `at` (when the signature
/// was made).
///
/// A certificate revoked after `at` still counts at `at`, unless its key was compromised: the caller must know from a
/// source other than the signer that the signature was made at `at`.
///
/// # Errors
///
/// When none is good, the [`ChainError`] of the chain that came furthest.
pub fn build_and_check(
    leaf: &Certificate,
    intermediates: &[Certificate],
    roots: &[Certificate],
    at: Instant,
    revocation: &Revocation<'_>,
) -> Result<Chain, ChainError> {
    let search = Search { intermediates, roots, at, revocation };
    check_leaf(leaf)?;
    check_validity(leaf, at)?;
    let mut budget = CHAIN_SIGNATURES_MAX;
    let mut path = vec![leaf];
    search.extend(&mut path, &mut budget)?;
    Ok(Chain { certificates: path.into_iter().cloned().collect() })
}

struct Search<'a> {
    intermediates: &'a [Certificate],
    roots: &'a [Certificate],
    at: Instant,
    revocation: &'a Revocation<'a>,
}

impl<'a> Search<'a> {
    /// Extends the path to a root. Depth is bounded by [`CHAIN_LENGTH_MAX`], work by the budget of signatures.
    fn extend(&self, path: &mut Vec<&'a Certificate>, budget: &mut usize) -> Result<(), ChainError> {
        let Some(last) = path.last().copied() else { return Ok(()) };
        if self.roots.iter().any(|root| root.der == last.der) {
            return self.check_revocation(path);
        }
        let mut best = ChainError::UnknownIssuer(name(last));
        if path.len() >= CHAIN_LENGTH_MAX {
            return Err(ChainError::PathTooLong(name(last)));
        }
        // Roots first: the shortest way to what is trusted.
        for candidate in self.roots.iter().chain(self.intermediates) {
            if !last.names_as_issuer(candidate) || path.iter().any(|known| known.der == candidate.der) {
                continue;
            }
            if candidate.public_key.is_none() || last.suite.is_none() {
                best = ChainError::UnsupportedAlgorithm(name(last));
                continue;
            }
            *budget = budget.checked_sub(1).ok_or(ChainError::TooMuchWork)?;
            if !last.is_signed_by(candidate) {
                continue;
            }
            let result =
                check_authority(candidate, path).and_then(|()| check_validity(candidate, self.at)).and_then(|()| {
                    path.push(candidate);
                    let result = self.extend(path, budget);
                    if result.is_err() {
                        path.pop();
                    }
                    result
                });
            match result {
                Ok(()) => return Ok(()),
                Err(ChainError::TooMuchWork) => return Err(ChainError::TooMuchWork),
                Err(ChainError::UnknownIssuer(_)) if !matches!(best, ChainError::UnknownIssuer(_)) => {}
                Err(error) => best = error,
            }
        }
        Err(best)
    }

    fn check_revocation(&self, path: &[&Certificate]) -> Result<(), ChainError> {
        // What is known of one leads, whatever is not known of another.
        let mut unknown = None;
        for (place, pair) in path.windows(2).enumerate() {
            let [certificate, authority] = pair else { continue };
            let current = self
                .revocation
                .lists
                .iter()
                .filter(|list| list.issuer == authority.subject && list.is_current(self.revocation.now))
                .filter(|list| list.is_signed_by(authority))
                .max_by_key(|list| list.this_update);
            match current.map(|list| list.find(&certificate.serial)) {
                None if self.revocation.required && place == 0 => {
                    unknown = Some(ChainError::RevocationUnknown(name(authority)));
                }
                Some(Some(Revoked { at, compromised })) if compromised || at <= self.at => {
                    return Err(ChainError::Revoked { name: name(certificate), at });
                }
                _ => {}
            }
        }
        unknown.map_or(Ok(()), Err)
    }
}

fn check_leaf(leaf: &Certificate) -> Result<(), ChainError> {
    if leaf.has_unknown_critical {
        return Err(ChainError::UnknownCriticalExtension(name(leaf)));
    }
    if leaf.public_key.is_none() {
        return Err(ChainError::UnsupportedAlgorithm(name(leaf)));
    }
    // An authority's own key signs certificates and lists, never documents.
    if leaf.is_authority || leaf.key_usage.is_some_and(|usage| !usage.signatures) {
        return Err(ChainError::KeyUsage(name(leaf)));
    }
    Ok(())
}

fn check_authority(authority: &Certificate, below: &[&Certificate]) -> Result<(), ChainError> {
    if authority.has_unknown_critical {
        return Err(ChainError::UnknownCriticalExtension(name(authority)));
    }
    if !authority.is_authority {
        return Err(ChainError::NotAnAuthority(name(authority)));
    }
    if authority.key_usage.is_some_and(|usage| !usage.certificates) {
        return Err(ChainError::KeyUsage(name(authority)));
    }
    let authorities_below = below.iter().skip(1).filter(|certificate| !certificate.is_self_issued()).count();
    match authority.path_length {
        Some(allowed) if authorities_below > allowed as usize => Err(ChainError::PathTooLong(name(authority))),
        _ => Ok(()),
    }
}

fn check_validity(certificate: &Certificate, at: Instant) -> Result<(), ChainError> {
    if at < certificate.not_before {
        Err(ChainError::NotYetValid(name(certificate)))
    } else if at.as_seconds() > certificate.not_after.as_seconds() {
        Err(ChainError::Expired(name(certificate)))
    } else {
        Ok(())
    }
}

fn name(certificate: &Certificate) -> String {
    certificate.display_name().to_owned()
}
