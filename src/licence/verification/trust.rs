//! Whom we trust now, from memory.

use std::sync::{Arc, Mutex, PoisonError};

use base::Fault;
use crypto::x509::{Certificate, Crl};
use pki::Custody;
use verify::pdf::Trust;

/// Whom we trust, as it was read last: certificates and lists are taken apart once, not for every file. Cloning it is
/// cheap.
#[derive(Clone)]
pub struct KnownTrust {
    custody: Custody,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    roots: Vec<Vec<u8>>,
    lists: Vec<Arc<pki::Crl>>,
    trust: Arc<Trust>,
}

impl std::fmt::Debug for KnownTrust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KnownTrust(..)")
    }
}

impl KnownTrust {
    /// Whom the custody's roots and lists make trustworthy.
    pub fn new(custody: Custody) -> Self {
        Self { custody, known: Arc::default() }
    }

    /// Our roots, and the newest revocation lists.
    ///
    /// # Errors
    ///
    /// [`Fault`] when a certificate or list of our own cannot be read.
    pub fn now(&self) -> Result<Arc<Trust>, Fault> {
        let roots = self.custody.roots();
        let lists = self.custody.crls();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |(a, b): (&Arc<_>, &Arc<_>)| Arc::ptr_eq(a, b);
        if known.roots != roots || known.lists.len() != lists.len() || !known.lists.iter().zip(&lists).all(is_same) {
            let certificates = roots.iter().map(|der| Certificate::parse(der)).collect::<Result<_, _>>();
            let parsed = lists.iter().map(|list| Crl::parse(&list.der)).collect::<Result<_, _>>();
            let trust = Trust { roots: certificates.map_err(Fault::broken)?, lists: parsed.map_err(Fault::broken)? };
            *known = Known { roots, lists, trust: Arc::new(trust) };
        }
        Ok(Arc::clone(&known.trust))
    }
}
