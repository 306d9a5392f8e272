//! Whom we trust, and what the records know: what a file is held against.

use std::collections::HashSet;

use crypto::x509::{Certificate, Crl};

use crate::licence::LicenceFacts;

/// Whom we trust, and what is known of revocation.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Certificates under which everything counts and above which nothing is asked.
    pub roots: Vec<Certificate>,
    /// Our authorities below them. A seal's signature may leave them out.
    pub authorities: Vec<Certificate>,
    /// The revocation lists at hand.
    pub lists: Vec<Crl>,
    /// What our seals are called, [`super::folded`]: whoever signs under one of these names and is not that seal imitates it.
    pub seal_names: HashSet<String>,
    /// The credit codes of the departments that have them: an identifier with one of these is ours, or invented.
    pub issuer_codes: HashSet<String>,
}

/// What the records know of the licences that a file is or says it is.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// The first of them.
    pub licence: Option<&'a LicenceFacts>,
    /// How many there are.
    pub count: usize,
}

impl Trust {
    /// What may lead from a signer to a root: our authorities, which a signature may leave out because everybody who trusts
    /// us has them, and what came along.
    pub(super) fn intermediates(&self, others: &[Certificate]) -> Vec<Certificate> {
        self.authorities.iter().chain(others).cloned().collect()
    }
}
